"""What channels that are asked over the network share: how one is used, and what a refusal means."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from trendlib.api.refusals import OK, words_of
from trendlib.api.wire import Reply
from trendlib.deliver.deliveries import Word
from trendlib.deliver.messages import Message
from trendlib.errors import ApiError, AuthError, RateLimitError, UnavailableError

# a gateway that answers in its server's stead does not know what that did
NOBODY_KNOWS = frozenset({0, 502, 504})
PATIENT = frozenset({408, 409, 425, 429})
SHUT = frozenset({401, 403, 404, 410})
NEXT = "it is sent again by the next run"


class UnansweredError(UnavailableError):
    """Nobody can tell whether the message arrived."""


class LaterError(RateLimitError):
    """It did not arrive; ``reset_s`` says how long to wait, if the channel said so [s]."""

    def __init__(self, text: str, *, reset_s: float | None) -> None:
        super().__init__(text)
        self.reset_s = reset_s


class Channel(ABC):
    """Where messages go, one at a time.

    Attributes
    ----------
    name
        As it is asked for: ``slack``.
    """

    name: str

    @abstractmethod
    def send(self, message: Message, tell: Callable[[Word], None], *, may_be_copy: bool) -> None:
        """Send a message, once.

        Parameters
        ----------
        message
            What to say.
        tell
            Told ``sending`` right before the message leaves, and ``waiting`` when the answer takes long; by a channel
            where sending twice makes two messages.
        may_be_copy
            Whether an earlier attempt may have arrived.

        Raises
        ------
        UnansweredError
            If it may have arrived or not.
        RateLimitError
            If it has not arrived, and may if it is sent later; `UnavailableError` likewise.
        AuthError
            If the channel takes no messages from us; `ConfigError` likewise.
        ApiError
            If the channel does not take this message.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connections."""


def demand_ok(reply: Reply, asked: str, setting: str, *, has_left: bool = True) -> Any:
    """Return what was answered.

    Parameters
    ----------
    reply
        What came back.
    asked
        What was asked for, for the error.
    setting
        Which setting opens the channel, for the error.
    has_left
        Whether the request had left, should no answer have come.
    """
    if reply.status in OK:
        return reply.body
    status = f"HTTP {reply.status} " if reply.status else ""
    found = f"asked {asked}: found {status}{words_of(reply.body)}".rstrip()
    if reply.status in NOBODY_KNOWS and has_left:
        raise UnansweredError(f"{found}; {NEXT}")
    if reply.status in PATIENT:
        raise LaterError(f"{found}; {NEXT}", reset_s=reply.reset_s)
    if reply.status == 0 or reply.status >= 500:
        raise UnavailableError(f"{found}; {NEXT}")
    if reply.status in SHUT or reply.status < 400:
        raise AuthError(f"{found}; check {setting}")
    raise ApiError(f"{found}; this message is passed over until it is taken")
