"""Slack, by an incoming webhook: a message of blocks each.

All words stand in ``plain_text`` objects, which know no bold, no mention and no emoji code; ``&``, ``<`` and ``>``
are escaped, as Slack reads them everywhere. Only the link is markup, and its words are ours. A webhook takes no
key that would let Slack know a repetition; so what may have arrived is repeated with a line that says so.
"""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from trendlib.api.wire import KeyHeader, Parcel, Wire
from trendlib.config import Config
from trendlib.deliver.channel import Channel, demand_ok
from trendlib.deliver.deliveries import Word
from trendlib.deliver.messages import Message
from trendlib.errors import ConfigError
from trendlib.show.theme import plain_text

LONGEST_TITLE, LONGEST_LINE, MOST_LINES = 75, 400, 60
LONGEST_TEXT = 3_000
LINES_A_BLOCK = 3  # 3,000 characters a block, and 50 blocks a message
COPY = "Slack did not answer when this was sent before, so this may be a copy."
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_EVERYBODY = re.compile(r"@(?=channel|here|everyone)", re.IGNORECASE)
_NO_BREAK = "\u2060"  # unseen, and no mention any more
HOW_TO_SET_UP = (
    "Make an incoming webhook (api.slack.com/messaging/webhooks) and put its address into the environment or "
    ".env: TRENDLIB_SLACK_WEBHOOK=https://hooks.slack.com/services/…"
)


class Slack(Channel):
    """A channel of Slack.

    Parameters
    ----------
    config
        Its webhook, and patience.
    """

    name = "slack"

    def __init__(self, config: Config) -> None:
        if config.slack_webhook is None:
            raise ConfigError(f"Asked to deliver to Slack; no webhook is set. {HOW_TO_SET_UP}.")
        key = KeyHeader(None, "", SecretStr(_path_of(config.slack_webhook)))
        self._wire = Wire(config.slack_webhook.get_secret_value(), key, timeout_s=config.timeout_s,
                          headers={"Connection": "close"})  # fmt: skip

    def send(self, message: Message, tell: Callable[[Word], None], *, may_be_copy: bool = False) -> None:
        """Post a message, once."""
        body = json.dumps(payload(message, may_be_copy=may_be_copy)).encode()
        parcel = Parcel(body, partial(tell, "sending"), partial(tell, "waiting"))
        reply = self._wire.send("POST", "", parcel)
        demand_ok(reply, f"Slack to post {message.key}", "TRENDLIB_SLACK_WEBHOOK", has_left=parcel.has_left)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()


def _path_of(webhook: SecretStr) -> str:
    parts = urlsplit(webhook.get_secret_value())
    return parts.path + (f"?{parts.query}" if parts.query else "")


def payload(message: Message, *, may_be_copy: bool = False) -> dict[str, Any]:
    """Put a message into blocks; what Slack would refuse for its length is cut."""
    # a text without a sign that shows would be refused
    lines = [shown for line in message.lines[:MOST_LINES] if (shown := escaped(line, LONGEST_LINE))]
    told = (message.small_print, COPY if may_be_copy else "")
    small_print = [shown for text in told if (shown := escaped(text, LONGEST_LINE))]
    title = escaped(message.title, LONGEST_TITLE) or escaped(message.key, LONGEST_TITLE)
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(title)}]
    parts = [lines[first : first + LINES_A_BLOCK] for first in range(0, len(lines), LINES_A_BLOCK)]
    blocks += [{"type": "section", "text": _plain("\n".join(part))} for part in parts]
    link = f"<{message.address.translate(_ESCAPES)}|Open>" if message.address else ""
    if 0 < len(link) <= LONGEST_TEXT:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": link, "verbatim": True}})
    if small_print:
        blocks.append({"type": "context", "elements": [_plain(text) for text in small_print]})
    summary = " – ".join([title, *lines[:1]])
    return {"text": summary, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def escaped(text: str, limit: int) -> str:
    """Make other people's text mean nothing to Slack; what it grows by being escaped counts towards the limit."""
    shown = _meaningless(plain_text(text, limit))
    # Slack counts as JavaScript does: an emoji is two
    is_too_long = len(shown.encode("utf-16-le")) // 2 > 2 * limit
    return _meaningless(plain_text(text, limit // 5)) if is_too_long else shown


def _meaningless(shown: str) -> str:
    return _EVERYBODY.sub(f"@{_NO_BREAK}", shown.translate(_ESCAPES))


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
