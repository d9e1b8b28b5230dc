"""Alerts: what the rules say at an instant, said once an episode and kept for good.

After each sweep the board is asked what its rules flag. What flags for the first time begins an *episode* and is
an alert, with rule, version, thresholds and the counts it rests on; what goes on is only marked as still standing;
after more than 7 days of silence the next flag is another alert. All of it is one archived answer of the provider
``trendlib``, loaded as any other. So a warehouse made anew holds the same alerts, whatever the rules say by then.

What was said for an instant stays said: recording it again adds nothing, and nothing is said in hindsight for
an instant before the last recorded one.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pandas as pd

from trendlib.api import archive, said
from trendlib.api.archive import Archive
from trendlib.boards.board import Board
from trendlib.config import Config
from trendlib.errors import ConfigError, NoDataError
from trendlib.metrics import Rule
from trendlib.metrics.engines import DAY
from trendlib.metrics.ledger import GAP_DAYS
from trendlib.runs.loading import alone, load, sweep_id_of
from trendlib.runs.run import Clock, utc_now
from trendlib.schema import ALERTS, Answer, Status, utc_text
from trendlib.store import Store, frame_of

ASKED = ("breakout", "catch_them_early", "reactivation", "crossover", "hashtag_bump")
INPUT_DAYS = 46
EVER = datetime(9999, 12, 31, tzinfo=UTC)
_KEPT = "-said"
_TIME = "datetime64[us, UTC]"
_NUMBERS = (
    "growth_rate", "growth_low", "growth_high", "evidence", "lift", "total_uses", "posts_last_24h",
    "effective_creators",
)  # fmt: skip
PACE_RULES = ("breakout", "catch_them_early", "reactivation")
_SHIFT = ("p0", "p1", "difference", "low", "high", "n0", "n1", "n_unknown", "rho")
_BUMP = ("counter", "delta", "baseline", "snapshots")


@dataclass(frozen=True)
class Recorded:
    """What a recording added.

    Attributes
    ----------
    as_of
        The instant it is about.
    new
        Alerts that were said for the first time [alerts].
    still
        Alerts said before that still stand [alerts].
    reason
        Why nothing was recorded; None when it was.
    """

    as_of: datetime
    new: int = 0
    still: int = 0
    reason: str | None = None


class Episodes:
    """The alerts said so far; asked with a board, it says what that adds.

    Parameters
    ----------
    before
        What had been said, as ``alerts`` tells it.
    """

    def __init__(self, before: pd.DataFrame | None = None) -> None:
        known = frame_of(ALERTS, []) if before is None else before
        self._said: dict[str, dict[str, Any]] = {str(row["alert_id"]): _plain(row) for row in known.to_dict("records")}

    @property
    def frame(self) -> pd.DataFrame:
        """All alerts said so far, as the table ``alerts`` tells them; the oldest first."""
        frame = frame_of(ALERTS, [{**dict.fromkeys(ALERTS.names), **_plain(row)} for row in self._said.values()])
        return frame.sort_values(["alerted_at", "alert_id"], ignore_index=True)

    def say(self, board: Board, *, recorded_at: datetime) -> said.Words:
        """Tell what the rules say of a board: the episodes that begin, and those that go on."""
        going_on = {
            _name(row): alert_id
            for alert_id, row in self._said.items()
            if board.as_of - row["last_at"] <= GAP_DAYS * DAY
        }
        new, still = [], []
        for flag in flagged(board):
            alert_id = going_on.get(_name(flag))
            if alert_id is not None:
                still.append({"alert_id": alert_id, "last_alert": flag["alert"]})
                self._said[alert_id] |= {"last_alert": flag["alert"], "last_at": board.as_of}
                continue
            alert = {"alert_id": _alert_id(flag, board.as_of), **flag, "last_alert": flag["alert"]}
            new.append(alert)
            times = {"alerted_at": board.as_of, "last_at": board.as_of, "recorded_at": recorded_at}
            texts = {name: json.dumps(alert[name], sort_keys=True) for name in ("thresholds", "inputs")}
            self._said[alert["alert_id"]] = {**alert, **texts, **times}
        return said.Words(runs=list(_runs(board, [*new, *still], self._said)), new=new, still=still)


def flagged(board: Board) -> Iterator[dict[str, Any]]:
    """Give everything that a rule flags on a board, in the columns of ``alerts``, inputs and thresholds as objects."""
    alerts = board.alerts()
    for row in alerts[alerts["status"] != Status.NOT_ENOUGH_COVERAGE.value].to_dict("records"):
        days = board.days_of(row["sound_id"]).tail(INPUT_DAYS)
        counted = [
            [
                utc_text(cast("datetime", one.day)),
                *(_number(value) for value in (one.posts, one.exposure_days)),
                one.source,
            ]
            for one in days.itertuples()
        ]
        inputs = {"days": counted, "window_days": _number(row["window_days"])}
        yield _flag(board.rules[row["rule"]], ("sound", row["sound_id"]), row, inputs)
    facts = board.leaderboard().set_index("sound_id")
    crossing = board.shifts[board.shifts["is_crossover"]] if len(board.shifts) else board.shifts
    for row in crossing.to_dict("records"):
        known = {**facts.loc[row["sound_id"]].to_dict(), "alert": "crossover", "status": row["status"]}
        inputs = {name: _number(row[name]) for name in _SHIFT}
        yield _flag(board.rules["crossover"], ("sound", row["sound_id"]), known, inputs) | {"region": row["region"]}
    bumping = board.bumps[board.bumps["is_bump"]] if len(board.bumps) else board.bumps
    for row in bumping.to_dict("records"):
        inputs = {name: row[name] if name == "counter" else _number(row[name]) for name in _BUMP}
        yield _flag(board.rules["hashtag_bump"], ("hashtag", row["hashtag"]), {**row, "alert": "bump"}, inputs)


def record(config: Config, board: Board, *, clock: Clock = utc_now) -> Recorded:
    """Keep what the rules say of a board: in the archive first, then in the warehouse.

    Parameters
    ----------
    config
        Whose archive and warehouse.
    board
        The sounds at the instant it is about.
    clock
        Gives the instant of writing.

    Returns
    -------
        What was added. Nothing is when this instant, or a later one, was recorded already.
    """
    store = Store(config.warehouse_file)
    with alone(config):
        load_left(config, store)
        last = last_recorded(store)
        if last is not None and last >= board.as_of:
            return Recorded(board.as_of, reason=f"what the rules said was kept already up to {utc_text(last)}")
        with store.as_of(board.as_of) as world:
            episodes = Episodes(world.frame("alerts"))
        recorded_at = clock()
        words = episodes.say(board, recorded_at=recorded_at)
        _keep(config, store, said.alerts(words, as_of=board.as_of, recorded_at=recorded_at))
    return Recorded(board.as_of, len(words.new), len(words.still))


def note(config: Config, alert_id: str, text: str, *, as_of: datetime, clock: Clock = utc_now) -> None:
    """Keep a note on an alert, with the world as of the instant it was written for.

    Parameters
    ----------
    config
        Whose archive and warehouse.
    alert_id
        The alert.
    text
        What to write; the latest note is the one shown.
    as_of
        The instant the writer looks at.
    clock
        Gives the instant of writing.

    Raises
    ------
    ConfigError
        If the text is empty.
    NoDataError
        If no such alert had been said by then.
    """
    words = " ".join(text.split())
    if not words:
        raise ConfigError(f"Asked to note nothing on alert {alert_id}; give a text.")
    store = Store(config.warehouse_file)
    with alone(config):
        with store.as_of(as_of) as world:
            is_known = len(world.frame("alerts", alert_id=alert_id)) > 0
        if not is_known:
            raise NoDataError(f"No alert {alert_id} had been said by {utc_text(as_of)}; `trendlib ledger` lists them.")
        _keep(config, store, said.note(alert_id, words, as_of=as_of, written_at=clock()))


def last_recorded(store: Store) -> datetime | None:
    """Return the latest instant for which alerts were recorded, None when there is none."""
    if not store.is_there:
        return None
    with store.as_of(EVER) as world:
        calls = world.frame("calls", provider=said.PROVIDER, endpoint=said.ALERTS_ENDPOINT)
    if calls.empty:
        return None
    newest: datetime = (calls["observed_at"].max() + said.JUST_BEFORE).to_pydatetime()
    return newest


def load_left(config: Config, store: Store) -> None:
    """Load the words that the archive holds and the warehouse does not; whoever asks is alone in the home."""
    known = store.sweep_ids()
    for path in _said_files(config):
        if sweep_id_of(path) not in known:
            load(((sweep_id_of(path), one) for _, one in archive.read(path)), store, chunk=None)


def notes_kept(config: Config) -> Iterator[Path]:
    """Give the files of the archive that hold notes: somebody wrote them, so nothing makes them anew."""
    for path in _said_files(config):
        if any(isinstance(one, Answer) and one.endpoint == said.NOTES_ENDPOINT for _, one in archive.read(path)):
            yield path


def _keep(config: Config, store: Store, answer: Answer) -> None:
    as_of = answer.fetched_at + said.JUST_BEFORE
    with Archive(config.archive_folder).sweep(f"{as_of:%Y%m%dT%H%M%SZ}{_KEPT}") as writer:
        writer.write(answer)
    load([(sweep_id_of(writer.path), answer)], store)


def _said_files(config: Config) -> list[Path]:
    return [path for path in Archive(config.archive_folder).files() if re.search(rf"{_KEPT}(\.|$)", sweep_id_of(path))]


def marks(alerts: pd.DataFrame, as_of: datetime, *, span_days: int = 1) -> pd.DataFrame:
    """Say in which cells of a time line that ends at an instant alerts were recorded.

    Parameters
    ----------
    alerts
        Rows of ``alerts``, as known at the instant.
    as_of
        Where the last cell ends.
    span_days
        How long a cell is [days].

    Returns
    -------
        ``day``, the beginning of the cell that holds the alert or that it was recorded at the end of; ``alert``,
        what it said at first; ``region``.
    """
    said = alerts[["alert", "region"]].reset_index(drop=True)
    return said.assign(day=pd.Series(_cells(alerts["alerted_at"], as_of, span_days * DAY), dtype=_TIME))


def standing(alerts: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Say on which days of a time line that ends at an instant alerts stood: from their first word to their last.

    Parameters
    ----------
    alerts
        Rows of ``alerts``, as known at the instant.
    as_of
        Where the last day ends.

    Returns
    -------
        One row a day and alert: ``day``, its beginning [UTC]; ``alert``, what it said at first.
    """
    first, last = (_cells(alerts[name], as_of, DAY) for name in ("alerted_at", "last_at"))
    spans = sorted(zip(first, last, alerts["alert"], strict=True))
    stood = [(day, alert) for begin, end, alert in spans for day in pd.date_range(begin, end, freq=DAY)]
    return pd.DataFrame(
        {
            "day": pd.Series([day for day, _ in stood], dtype=_TIME),
            "alert": pd.Series([alert for _, alert in stood], dtype="str"),
        }
    )


def _cells(times: pd.Series, as_of: datetime, cell: pd.Timedelta) -> list[pd.Timestamp]:
    end = pd.Timestamp(as_of)
    return [end - ((end - at) // cell + 1) * cell for at in times]


def _flag(rule: Rule, subject: tuple[str, str], row: Mapping[Any, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "rule_version": rule.version,
        "thresholds": dict(rule.thresholds),
        "subject": subject[0],
        "subject_id": subject[1],
        "region": None,
        "alert": row["alert"],
        **{name: _number(row.get(name)) for name in _NUMBERS},
        "status": str(row["status"]),
        "inputs": dict(inputs),
    }


def _runs(
    board: Board, flags: list[dict[str, Any]], known: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    sounds, hashtags = len(board.leaderboard()), len(board.bumps)
    crossed = board.shifts["sound_id"].nunique() if len(board.shifts) else 0
    looked_at = {"crossover": crossed, "hashtag_bump": hashtags}
    names = [known[flag["alert_id"]]["rule"] for flag in flags]
    for name in ASKED:
        rule = board.rules[name]
        yield {
            "rule": name,
            "rule_version": rule.version,
            "thresholds": dict(rule.thresholds),
            "looked_at": looked_at.get(name, sounds),
            "flagged": names.count(name),
        }


def _name(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    region = row["region"]
    return row["rule"], row["subject"], row["subject_id"], region if isinstance(region, str) else ""


def _alert_id(flag: Mapping[str, Any], as_of: datetime) -> str:
    words = json.dumps([*_name(flag), utc_text(as_of)])
    return hashlib.blake2b(words.encode(), digest_size=8).hexdigest()


def _number(value: Any) -> float | int | None:
    if value is None or pd.isna(value):
        return None
    return int(value) if float(value).is_integer() else round(float(value), 6)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: None if pd.isna(value) else value for name, value in row.items() if name in ALERTS.names}
