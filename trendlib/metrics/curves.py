"""Curves: the 0-1 curves of charts, put together, and a sound's path on a chart. Shape only, never volume.

*Stitching*: each pull of a sound's curve is scaled so that its own largest day is 1, so two pulls of one sound differ
by a factor. Least squares on the days they share gives it: ``factor = sum(old * new) / sum(new^2)``; its relative
standard error is kept. A pull is refused under 3 shared days, or where either side is flat on them (its range under
0.05 of its largest value, rounding left): then a new segment begins. The values of a segment are means over its pulls,
scaled so that its largest day is 1.

*Longevity*: on how many chart days a sound was seen, its best rank, and its rank from day to day. A day without a pull
of the chart says nothing; a day with one on which the sound is missing means that it was off the chart.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.engines import board, enter, instant, leave
from trendlib.schema import Status

SHARED_DAYS_NEEDED = 3
FLAT_BELOW = 0.05
TOO_FEW, FLAT = "under 3 overlapping days", "flat overlap"
_CHART = ["sound_id", "region", "period_days"]
_CURVE_DTYPES = {
    "sound_id": "str",
    "segment": "Int64",
    "day": "datetime64[us, UTC]",
    "value": "float64",
    "pulls": "Int64",
    "scale_error": "float64",
    "status": "str",
    "reason": "str",
}
_ENTRY = ["sound_id", "region", "period_days", "pulled_at", "rank"]


@dataclass
class _Segment:
    """Pulls that could be joined, on the scale of the first."""

    reason: str | None
    error: float = 0.0
    seen: dict[pd.Timestamp, list[float]] = field(default_factory=dict)
    errors: dict[pd.Timestamp, float] = field(default_factory=dict)

    def add(self, pull: Mapping[pd.Timestamp, float], factor: float) -> None:
        """Take a pull in."""
        for day, value in pull.items():
            self.seen.setdefault(day, []).append(factor * value)
            self.errors.setdefault(day, self.error)

    def shared(self, pull: Mapping[pd.Timestamp, float]) -> tuple[Any, Any]:
        """Give the values of the days that a pull shows too: mean of the pulls before, and its own."""
        days = sorted(self.seen.keys() & pull.keys())
        return np.array([np.mean(self.seen[day]) for day in days]), np.array([pull[day] for day in days])

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Give day, value, pulls and scale error of each day."""
        curve = {day: float(np.mean(self.seen[day])) for day in sorted(self.seen)}
        largest = max(curve.values()) or 1.0
        for day, value in curve.items():
            yield day, value / largest, len(self.seen[day]), self.errors[day]


def stitch(pulls: IntoFrame, *, as_of: datetime) -> Any:
    """Put the curves of successive pulls together.

    Parameters
    ----------
    pulls
        ``sound_id``, ``pulled_at``, ``day`` [UTC], ``value`` [0-1]: a row a sound, pull and day.
    as_of
        Pulls from then on don't count.

    Returns
    -------
    frame
        A row a sound and day: ``sound_id``, ``segment`` (1 is the oldest), ``day`` [UTC], ``value`` [0-1, the largest
        of its segment is 1], ``pulls`` that show the day, ``scale_error`` [relative standard error of the day's scale
        against the segment's first pull], ``status`` (``index_only``; ``not_enough_coverage`` for segments that could
        not be joined to the latest), ``reason`` why a segment could not be joined to the one before (NULL for the
        first).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    known = enter(pulls, ids=["sound_id"], times=["pulled_at", "day"], others=["value"])
    known = known.filter(nw.col("pulled_at") < nw.lit(instant(as_of).to_pydatetime()), ~nw.col("value").is_null())
    table = board(known.select("sound_id", "pulled_at", "day", "value")).dropna()
    table = table.groupby(["sound_id", "pulled_at", "day"]).agg(value=("value", "mean")).reset_index()
    rows: list[tuple[Any, ...]] = []
    for sound, own in table.groupby("sound_id"):
        pulls_of = [dict(zip(one["day"], one["value"], strict=True)) for _, one in own.groupby("pulled_at")]
        segments = _segments(pulls_of)
        for number, segment in enumerate(segments, start=1):
            is_latest = number == len(segments)
            status = Status.INDEX_ONLY.value if is_latest else Status.NOT_ENOUGH_COVERAGE.value
            rows.extend((sound, number, *row, status, segment.reason) for row in segment.rows())
    return leave(pd.DataFrame(rows, columns=list(_CURVE_DTYPES)).astype(_CURVE_DTYPES), pulls)


def _segments(pulls: Iterable[Mapping[pd.Timestamp, float]]) -> list[_Segment]:
    segments: list[_Segment] = []
    for pull in pulls:
        if not segments:
            segments.append(_Segment(None))
            segments[-1].add(pull, 1.0)
            continue
        current = segments[-1]
        shared = current.shared(pull)
        reason = _refusal(*shared)
        if reason is None:
            factor, error = _factor(*shared)
            current.error = float(np.hypot(current.error, error))
        else:
            current, factor = _Segment(reason), 1.0
            segments.append(current)
        current.add(pull, factor)
    return segments


def _refusal(old: Any, new: Any) -> str | None:
    if len(old) < SHARED_DAYS_NEEDED:
        return TOO_FEW
    return FLAT if any(np.ptp(side) <= FLAT_BELOW * max(side.max(), 1e-9) for side in (old, new)) else None


def _factor(old: Any, new: Any) -> tuple[float, float]:
    """Scale the new values onto the old: the factor and its relative standard error."""
    square = float(np.sum(new**2))
    factor = float(np.sum(old * new)) / square
    rest = old - factor * new
    error = np.sqrt(float(np.sum(rest**2)) / (len(old) - 1) / square)
    return factor, error / factor if factor > 0 else np.inf


def longevity(entries: IntoFrame, *, as_of: datetime) -> Any:
    """Tell how long sounds have been on their charts.

    Parameters
    ----------
    entries
        ``sound_id``, ``region``, ``period_days``, ``pulled_at``, ``rank``: a row a sound and pull of a chart, all
        sounds of the chart.
    as_of
        Pulls from then on don't count.

    Returns
    -------
    frame
        A row a sound and chart: ``sound_id``, ``region``, ``period_days``, ``days_seen`` [days on the chart],
        ``days_pulled`` [days on which the chart was pulled, from the sound's first day on], ``first_day``, ``last_day``
        [UTC], ``best_rank``, ``latest_rank``, ``is_on_chart`` (on the chart's latest pulled day), ``status``
        (``index_only``; ``not_enough_coverage`` where over half of the days since the first were never pulled).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    days = _days(entries, as_of)
    pulled = {key: pd.DatetimeIndex(one.unique()).sort_values() for key, one in days.groupby(_CHART[1:])["day"]}
    rows = []
    for (sound, region, period), own in days.groupby(_CHART):
        chart, first, last = pulled[region, period], own["day"].iloc[0], own["day"].iloc[-1]
        days_pulled = int((chart >= first).sum())
        is_followed = 2 * days_pulled > (chart[-1] - first).days
        status = Status.INDEX_ONLY if is_followed else Status.NOT_ENOUGH_COVERAGE
        ranks = (own["rank"].min(), own["rank"].iloc[-1])
        rows.append(
            (sound, region, period, len(own), days_pulled, first, last, *ranks, last == chart[-1], status.value)
        )
    names = ["days_seen", "days_pulled", "first_day", "last_day", "best_rank", "latest_rank", "is_on_chart", "status"]
    table = pd.DataFrame(rows, columns=[*_CHART, *names])
    whole = dict.fromkeys(("period_days", "days_seen", "days_pulled", "best_rank", "latest_rank"), "Int64")
    times = dict.fromkeys(("first_day", "last_day"), "datetime64[us, UTC]")
    text = dict.fromkeys(("sound_id", "region", "status"), "str")
    return leave(table.astype({**whole, **times, **text, "is_on_chart": "bool"}), entries)


def rank_path(entries: IntoFrame, *, as_of: datetime) -> Any:
    """Follow each sound's rank on its charts from day to day.

    Parameters
    ----------
    entries
        As `longevity` takes them; ``rank_move`` (up, same, down, new) as the provider says it, if there.
    as_of
        Pulls from then on don't count.

    Returns
    -------
    frame
        A row a sound, chart and day: ``sound_id``, ``region``, ``period_days``, ``day`` [UTC], ``rank`` (of the day's
        last pull), ``move`` (up, same, down, new; NULL unknown).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    return leave(_days(entries, as_of)[[*_CHART, "day", "rank", "move"]], entries)


def _days(entries: IntoFrame, as_of: datetime) -> pd.DataFrame:
    """Keep each chart day's last pull."""
    known = enter(entries, ids=["sound_id"], times=["pulled_at"], others=["region", "period_days", "rank"])
    names = known.collect_schema().names()
    moves = ["rank_move"] if "rank_move" in names else []
    known = known.filter(nw.col("pulled_at") < nw.lit(instant(as_of).to_pydatetime()), ~nw.col("rank").is_null())
    table = board(known.select(*_ENTRY, *moves)).astype({"region": "str", "period_days": "Int64", "rank": "Int64"})
    table["day"] = table["pulled_at"].dt.floor("D")
    last = table.groupby(["region", "period_days", "day"])["pulled_at"].transform("max")
    table = table[table["pulled_at"] == last].sort_values([*_CHART, "day", "rank"]).drop_duplicates([*_CHART, "day"])
    said = table["rank_move"] if moves else pd.Series(None, index=table.index, dtype="object")
    return table.assign(move=said.astype("str")).reset_index(drop=True)
