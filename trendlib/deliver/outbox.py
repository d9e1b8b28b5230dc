"""What is due where, sent once, in spite of refusals, time-outs, kills and runs that overlap.

* A channel begins with the alerts that stand when it is first used; from then on every episode is due once, also
  one that ended while the channel was down.
* A refusal that may pass is met by sending again, as patiently as a channel asks for; what still does not go stays
  due, and so do the messages behind it. A message that is refused for itself is passed over.
* A message without an answer is sent again, marked as a possible copy, `MOST_DOUBTS` times a run at most: an alert
  that is missed costs more than one that is read twice.
* One process at a time sends; the next waits, then finds nothing due. What else holds is said in
  `trendlib.deliver.deliveries`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
from filelock import FileLock
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from trendlib.config import Config, is_loopback
from trendlib.deliver import files, notion, slack
from trendlib.deliver.channel import Channel, LaterError, UnansweredError
from trendlib.deliver.deliveries import Deliveries
from trendlib.deliver.messages import Message, messages_of
from trendlib.errors import ApiError, AuthError, ConfigError, NoDataError, StoreError

CHANNELS: Mapping[str, Callable[[Config], Channel]] = MappingProxyType({"slack": slack.Slack, "notion": notion.Notion})
PAYLOADS: Mapping[str, Callable[[Message], Mapping[str, Any]]] = MappingProxyType(
    {"slack": slack.payload, "notion": notion.payload}
)
PLACES = (*CHANNELS, *files.FILES)
MOST_DOUBTS = 3
LONGEST_WAIT_S = 60.0  # a channel that asks for more is left to the next run


@dataclass
class Delivery:
    """What became of one channel's messages.

    Attributes
    ----------
    channel
        Which channel.
    sent
        Messages, or rows of a file, that arrived in this run [messages].
    before
        Messages that had arrived before [messages].
    presumed
        Keys of messages whose sender was killed right after they had left: taken for arrived.
    kept
        Keys of messages that wait for the next run.
    reasons
        Why they do.
    place
        The file that was written.
    """

    channel: str
    sent: int = 0
    before: int = 0
    presumed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    place: Path | None = None


def chosen(text: str | None, config: Config, *, among: Sequence[str] = PLACES) -> tuple[str, ...]:
    """Read which channels are meant.

    Parameters
    ----------
    text
        Names with commas between, like ``slack,csv``; nothing for the channels that are set up.
    config
        What is set up.
    among
        Which names there are.

    Raises
    ------
    ConfigError
        If one is no channel, or none is set up.
    """
    if not text:
        is_set = {"slack": config.slack_webhook, "notion": config.notion_token and config.notion_database}
        names = [name for name, setting in is_set.items() if setting]
        if not names:
            ways = f"Slack: {slack.HOW_TO_SET_UP}. Notion: {notion.HOW_TO_SET_UP}. Files: ask for csv, json or parquet."
            raise ConfigError(f"Asked to deliver; no channel is set up. {ways}")
        return tuple(names)
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    wrong = next((name for name in names if name not in among), None)
    if wrong or not names:
        raise ConfigError(f"{(wrong or text)!r} is no channel; there are: {', '.join(among)}")
    return tuple(dict.fromkeys(names))


class Outbox:
    """Delivers what one home has to say.

    Parameters
    ----------
    config
        Whose home, and how its channels are reached.
    alerts
        Every recorded alert, the columns those of `trendlib.boards.ledger.Ledger.alerts`.
    recorded_at
        The instant of the last recording; None when there is none.
    is_practice
        Everything is of the practice world, and says so.
    """

    def __init__(
        self, config: Config, alerts: pd.DataFrame, recorded_at: datetime | None, *, is_practice: bool = False
    ) -> None:
        self._config = config
        self._alerts = alerts
        self._recorded_at = recorded_at
        self._folder = config.deliver_folder or config.home / "alerts"
        self._is_practice = is_practice

    def alerts(self, channels: str | None = None, *, only: Sequence[str] | None = None) -> list[Delivery]:
        """Deliver alerts: to Slack and Notion those that are due, into files all.

        Parameters
        ----------
        channels
            Some of slack, notion, csv, json, parquet, with commas between; nothing for those that are set up.
        only
            Keys of the alerts to send to Slack and Notion, due or not; None for all that are due.

        Returns
        -------
            What became of each channel's part.

        Raises
        ------
        ConfigError
            If a channel is not set up, or would take the practice world for real; nothing is sent then.
        NoDataError
            If no alerts were ever recorded.
        """
        places, now = self._demand_real(chosen(channels, self._config)), self._demand_recording()
        with self._alone(), ExitStack() as stack:
            said = Deliveries(self._config.delivery_file)
            open_channels = self._opened(stack, places)
            for place in open_channels:
                said.open(place, now)
            return [
                self._sent(open_channels[place], said, self._due(place, said, now, only))
                if place in open_channels
                else self._written(place)
                for place in places
            ]

    def message(self, message: Message, channels: str | None = None) -> list[Delivery]:
        """Deliver one message, a review's summary for example, once to each channel; there are slack and notion.

        Parameters
        ----------
        message
            What to say.
        channels
            Which channels, with commas between; nothing for those that are set up.

        Returns
        -------
            What became of it in each channel.

        Raises
        ------
        ConfigError
            If a channel is not set up, is a file, or would take the practice world for real.
        """
        places = self._demand_real(chosen(channels, self._config, among=tuple(CHANNELS)))
        with self._alone(), ExitStack() as stack:
            said = Deliveries(self._config.delivery_file)
            return [self._sent(channel, said, [message]) for channel in self._opened(stack, places).values()]

    def payloads(self, channels: str | None = None) -> list[dict[str, Any]]:
        """Tell what `alerts` would send; nothing is sent or written, and a channel that is named need not be set up."""
        places, now = chosen(channels, self._config), self._demand_recording()
        said = Deliveries(self._config.delivery_file)
        found: list[dict[str, Any]] = []
        for place in places:
            if place in CHANNELS:
                due = (one for one in self._due(place, said, now) if said.is_due(place, one.key))
                found += [{"channel": place, "key": one.key, "payload": PAYLOADS[place](one)} for one in due]
            else:
                text = files.text_of(place, self._sheet)
                found.append({"channel": place, "file": str(files.target(place, self._folder)), "payload": text})
        return found

    def payloads_of(self, message: Message, channels: str | None = None) -> list[dict[str, Any]]:
        """Tell what `message` would send; nothing is sent."""
        places = chosen(channels, self._config, among=tuple(CHANNELS))
        return [{"channel": place, "key": message.key, "payload": PAYLOADS[place](message)} for place in places]

    def again(self, keys: Iterable[str], channels: str | None = None) -> None:
        """Take messages for not arrived, because somebody looked; the next delivery sends them.

        Raises
        ------
        ConfigError
            If a channel is not set up, is a file, or would take the practice world for real.
        NoDataError
            If no alert has one of the keys, and none was ever sent; nothing is taken for not arrived then.
        """
        places = self._demand_real(chosen(channels, self._config, among=tuple(CHANNELS)))
        with self._alone():
            said, keys = Deliveries(self._config.delivery_file), tuple(keys)
            unknown = [key for key in keys if key not in {*self._alerts["alert_id"], *said.keys}]
            if unknown:
                raise NoDataError(f"Asked to send {', '.join(map(repr, unknown))} again; no alert is of that id. "
                                  "`trendlib ledger` lists them.")  # fmt: skip
            for place in places:
                for key in keys:
                    said.write(place, key, "again")

    @property
    def _sheet(self) -> pd.DataFrame:
        return files.sheet_of(self._alerts, is_practice=self._is_practice)

    def _demand_real(self, places: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse to tell a team of sounds that do not exist; a channel on this machine is somebody's trial.

        Raises
        ------
        ConfigError
            If a channel that is set up lies elsewhere.
        """
        away = [one for one in places if _is_away(self._config, one)]
        if self._is_practice and away:
            raise ConfigError(f"Asked to deliver to {' and '.join(away)}; this is the practice world, and whoever "
                              "reads it there would take it for real. Add --dry-run to see what would be sent, or set "
                              "a key and run `trendlib sweep` for data of your own.")  # fmt: skip
        return places

    def _demand_recording(self) -> datetime:
        if self._recorded_at is None:
            raise NoDataError("Asked to deliver alerts; none were ever recorded. Every `trendlib sweep` records them, "
                              "and `trendlib alerts --record` does.")  # fmt: skip
        return self._recorded_at

    def _written(self, place: str) -> Delivery:
        # A folder that the team named is the team's to open or close.
        is_private = self._config.deliver_folder is None
        written = files.written(place, self._sheet, self._folder, is_private=is_private)
        return Delivery(place, sent=len(self._alerts), place=written)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let nobody else deliver; what cannot be noted down is not sent."""
        record = self._config.delivery_file
        try:
            record.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(record.with_suffix(".lock"), mode=0o600):
                yield
        except OSError as error:
            raise StoreError(
                f"Asked to note in {record} what is delivered; {error}. Make room, or let it be written, then deliver "
                "again: what arrived is not sent twice."
            ) from error

    def _opened(self, stack: ExitStack, places: Sequence[str]) -> dict[str, Channel]:
        return {name: stack.enter_context(closing(CHANNELS[name](self._config))) for name in places if name in CHANNELS}

    def _due(self, place: str, said: Deliveries, now: datetime, only: Sequence[str] | None = None) -> list[Message]:
        """Give what a channel has to know, told already or not, the oldest first."""
        is_due = (
            self._alerts["last_at"] >= said.since(place, now) if only is None else self._alerts["alert_id"].isin(only)
        )
        due = self._alerts[is_due].sort_values(["alerted_at", "alert_id"])
        return list(messages_of(due, is_practice=self._is_practice))

    def _sent(self, channel: Channel, said: Deliveries, messages: Iterable[Message]) -> Delivery:
        """Send what has not arrived yet; at the first failure that is not the message's own, keep the rest."""
        delivery, is_open = Delivery(channel.name), True
        for message in messages:
            if said.is_cut_short(channel.name, message.key):
                said.write(channel.name, message.key, "presumed")
                delivery.presumed.append(message.key)
            elif said.is_done(channel.name, message.key):
                delivery.before += 1
            elif not is_open:
                delivery.kept.append(message.key)
            else:
                is_open = self._try(channel, said, message, delivery)
        return delivery

    def _try(self, channel: Channel, said: Deliveries, message: Message, delivery: Delivery) -> bool:
        """Send one message; tell whether the next one has a chance."""
        try:
            self._retrying()(_attempt, channel, said, message)
        except (ApiError, ConfigError) as error:
            delivery.kept.append(message.key)
            delivery.reasons.append(str(error))
            return isinstance(error, ApiError) and not error.is_transient and not isinstance(error, AuthError)
        delivery.sent += 1
        return True

    def _retrying(self) -> Retrying:
        backoff_s = self._config.backoff_s
        pause = wait_exponential_jitter(multiplier=backoff_s, jitter=backoff_s, max=LONGEST_WAIT_S)
        return Retrying(
            retry=retry_if_exception(_Patience()),
            stop=stop_after_attempt(self._config.attempts),
            wait=partial(_wait, pause),
            reraise=True,
        )


def _attempt(channel: Channel, said: Deliveries, message: Message) -> None:
    """Send once; the record knows of it before and after."""
    tell = partial(said.write, channel.name, message.key)
    try:
        channel.send(message, tell, may_be_copy=said.may_be_copy(channel.name, message.key))
    except UnansweredError:
        tell("waiting")
        raise
    except KeyboardInterrupt:  # nobody waited for the answer any longer
        if said.is_cut_short(channel.name, message.key):
            tell("waiting")
        raise
    except ApiError:
        tell("refused")
        raise
    tell("sent")


class _Patience:
    """Tells whether a message is worth sending again in this run."""

    def __init__(self) -> None:
        self._doubts = 0

    def __call__(self, error: BaseException) -> bool:
        self._doubts += isinstance(error, UnansweredError)
        is_too_long = isinstance(error, LaterError) and (error.reset_s or 0.0) > LONGEST_WAIT_S
        return isinstance(error, ApiError) and error.is_transient and not is_too_long and self._doubts < MOST_DOUBTS


def _wait(pause: Callable[[RetryCallState], float], state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.reset_s if isinstance(error, LaterError) else None
    return pause(state) if asked_s is None else asked_s


def _is_away(config: Config, place: str) -> bool:
    """Tell whether a channel that is set up lies on another machine; a webhook is no local name here."""
    if place == "slack":
        return bool(config.slack_webhook and not is_loopback(config.slack_webhook.get_secret_value()))
    return place == "notion" and not is_loopback(config.notion_base_url)
