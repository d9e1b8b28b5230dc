"""Ledger: what rules said, what became of it, and whether that beats chance.

* *Episode*: the flagged days of one sound under one rule; a gap of more than 7 days begins another. An alert is sent
  once an episode, on its first day.
* *Outcome* after 1, 2, 4 and 8 weeks: ``lift`` = mean of the 7 days up to then over the baseline frozen at the alert
  (mean of days t-24 ... t-4, as the breakout rule counts them). A *hit* is a lift of 2 or more. "not yet" where the
  horizon lies after the as-of instant; NULL where under 4 of the 7 days, or under 3 of the baseline's, are known: a
  newborn has no baseline.
* *Peak*: the highest 3-day mean from the alert on, within 8 weeks; *reached* once a week has passed since, or the 8
  weeks. Lead time = days from the alert to the middle of those three.
* *Hit rate*: hits over told outcomes, with its Wilson interval (90 %), beside that of sounds that were not flagged.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from scipy.special import ndtri

from trendlib.metrics.daily import grid
from trendlib.metrics.engines import DAY, board, days_before, enter, instant, leave
from trendlib.metrics.rules import OUTCOME, Rule
from trendlib.metrics.season import WEEK, Vector
from trendlib.metrics.shares import wilson
from trendlib.metrics.windows import Matrix

SENT = ("watch", "confirmed", "new", "early", "reactivation")
GAP_DAYS = 7
HORIZONS_WEEKS = (1, 2, 4, 8)
BASELINE = slice(4, 25)
BASELINE_NEEDED, WEEK_NEEDED = 3, 4
PEAK_DAYS = 3
LAST_DAYS = WEEK * HORIZONS_WEEKS[-1]
CONFIDENCE = 0.9
HIT, MISS, NOT_YET = "hit", "miss", "not yet"
_FLAG = ["sound_id", "rule", "rule_version", "day", "alert"]

Detect = Callable[..., Any]


def episodes(flags: IntoFrame) -> Any:
    """Gather flagged days into episodes.

    Parameters
    ----------
    flags
        ``sound_id``, ``day`` [UTC, start of the window], ``alert``, ``rule``, ``rule_version``: a row a sound, rule and
        day, as `breakouts` gives it for a span of days.

    Returns
    -------
    frame
        A row an episode: ``sound_id``, ``rule``, ``rule_version`` and ``alert`` of its first day, ``episode`` (1 is the
        oldest), ``alerted_at`` [UTC, end of the first flagged window], ``last_at`` [UTC, end of the last], ``days``
        flagged.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    return leave(_episodes(_flagged(flags)), flags)


def _flagged(flags: IntoFrame) -> pd.DataFrame:
    frame = enter(flags, ids=["sound_id"], times=["day"], others=["alert", "rule", "rule_version"])
    table = board(frame.select(*_FLAG))
    return table[table["alert"].isin(SENT)].sort_values(["sound_id", "rule", "day", "rule_version"])


def _episodes(flagged: pd.DataFrame) -> pd.DataFrame:
    keys = ["sound_id", "rule"]
    is_next = flagged.groupby(keys)["day"].diff() > DAY * GAP_DAYS
    number = is_next.astype("int64").groupby([flagged[key] for key in keys]).cumsum() + 1
    grouped = flagged.assign(episode=number).groupby([*keys, "episode"])
    table = grouped.agg(
        rule_version=("rule_version", "first"),
        alert=("alert", "first"),
        alerted_at=("day", "min"),
        last_at=("day", "max"),
        days=("day", "nunique"),
    ).reset_index()
    table["alerted_at"] += DAY
    table["last_at"] += DAY
    return table.astype({"episode": "Int64", "days": "Int64"})


def unflagged(flags: IntoFrame) -> Any:
    """List what hit rates are compared with: each sound once a week, in weeks in which no rule flagged it.

    Parameters
    ----------
    flags
        As `episodes` takes them, with the days that were not flagged (``alert`` "none" or "unusual").

    Returns
    -------
    frame
        ``sound_id``, ``rule``, ``rule_version``, ``alerted_at`` [UTC], as if there had been an alert.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    frame = enter(flags, ids=["sound_id"], times=["day"], others=["alert", "rule", "rule_version"])
    table = board(frame.select(*_FLAG))
    if table.empty:
        return leave(table.assign(alerted_at=table["day"])[["sound_id", "rule", "rule_version", "alerted_at"]], flags)
    table["week"] = (table["day"].max() - table["day"]) // (DAY * WEEK)
    keys = ["sound_id", "rule", "week"]
    is_quiet = ~table["alert"].isin(SENT).groupby([table[key] for key in keys]).transform("any")
    last = table[is_quiet].sort_values([*keys, "day"]).drop_duplicates(keys, keep="last")
    last = last.assign(alerted_at=last["day"] + DAY).sort_values(["sound_id", "rule", "alerted_at"])
    return leave(last[["sound_id", "rule", "rule_version", "alerted_at"]], flags)


def outcomes(alerts: IntoFrame, daily: IntoFrame, *, as_of: datetime, rule: Rule = OUTCOME) -> Any:
    """Tell what became of each alert.

    Parameters
    ----------
    alerts
        ``sound_id``, ``rule``, ``rule_version``, ``alerted_at`` [UTC]: episodes, unflagged weeks, a backtest's alerts.
    daily
        A row a sound and day, from 24 days before the oldest alert on.
    as_of
        Nothing from then on is known.
    rule
        What counts as a hit.

    Returns
    -------
    frame
        A row an alert and horizon: ``sound_id``, ``rule``, ``rule_version``, ``alerted_at``, ``weeks``, ``baseline``
        and ``level`` [posts a day], ``lift`` [ratio], ``outcome`` (hit, miss, not yet, NULL unknown), ``peak_level``
        [posts a day] so far, ``has_peaked``, ``lead_days`` [days] (NULL before the peak is reached).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    now = instant(as_of)
    names = ["sound_id", "rule", "rule_version", "alerted_at"]
    given = enter(alerts, ids=["sound_id"], times=["alerted_at"], others=["rule", "rule_version"])
    table = board(given.select(*names)).drop_duplicates()
    table = table[table["alerted_at"] <= now].sort_values(["alerted_at", "sound_id", "rule"], ignore_index=True)
    age = np.rint(days_before(table["alerted_at"], now)).astype("int64")
    counts = grid(daily, as_of=now, days=int(age.max(initial=0)) + BASELINE.stop)
    rows = counts.sounds.get_indexer(pd.Index(table["sound_id"]))
    before, after = _around(counts.rate, rows, age)
    baseline = _mean(before[:, BASELINE], BASELINE_NEEDED)
    frames = [_after(table, baseline, after, weeks, age, rule) for weeks in HORIZONS_WEEKS]
    result = pd.concat(frames).sort_values(["alerted_at", "sound_id", "rule", "weeks"])
    columns = ["weeks", "baseline", "level", "lift", "outcome", "peak_level", "has_peaked", "lead_days"]
    return leave(result.astype({"weeks": "Int64", "outcome": "str"})[[*names, *columns]], alerts)


def _around(rate: Matrix, rows: Any, age: Any) -> tuple[Matrix, Matrix]:
    """Lay out each alert's days before it (the latest first) and after it (the earliest first); NaN unknown."""
    wide = np.pad(rate, ((0, 1), (LAST_DAYS, LAST_DAYS)), constant_values=np.nan)
    # a sound without any day meets the empty row at the end
    at = LAST_DAYS + age[:, None]
    before = wide[rows[:, None], at + np.arange(BASELINE.stop)]
    after = wide[rows[:, None], at - 1 - np.arange(LAST_DAYS)]
    return before, after


def _after(table: pd.DataFrame, baseline: Vector, after: Matrix, weeks: int, age: Any, rule: Rule) -> pd.DataFrame:
    end = WEEK * weeks
    level = _mean(after[:, end - WEEK : end], WEEK_NEEDED)
    is_due = age >= end
    level = np.where(is_due, level, np.nan)
    floor = np.maximum(baseline, rule["least_baseline"])
    lift = level / floor
    words = np.where(lift >= rule["hit_lift"], HIT, MISS).astype("object")
    words[~np.isfinite(lift)] = None
    words[~is_due] = NOT_YET
    peak, at = _peak(after)
    has_peaked = np.isfinite(peak) & (np.minimum(age, LAST_DAYS) >= np.minimum(at + 1 + WEEK, LAST_DAYS))
    return table.assign(
        weeks=weeks,
        baseline=baseline,
        level=level,
        lift=lift,
        outcome=words,
        peak_level=peak,
        has_peaked=has_peaked,
        lead_days=np.where(has_peaked, at + 0.5, np.nan),
    )


def _peak(after: Matrix) -> tuple[Vector, Vector]:
    """Give the highest mean of three days, two of them known, and its middle day (0 is the first after the alert)."""
    triples = np.lib.stride_tricks.sliding_window_view(after, PEAK_DAYS, axis=1)
    known = np.isfinite(triples).sum(axis=2)
    means = np.where(known >= PEAK_DAYS - 1, np.nansum(triples, axis=2) / np.maximum(known, 1), -np.inf)
    at = np.argmax(means, axis=1)
    highest = np.max(means, axis=1, initial=-np.inf)
    return np.where(np.isfinite(highest), highest, np.nan), np.asarray(at + PEAK_DAYS // 2, dtype="float64")


def _mean(days: Matrix, needed: int) -> Vector:
    known = np.isfinite(days).sum(axis=1)
    total = np.nansum(days, axis=1)
    return np.asarray(np.divide(total, known, out=np.full(len(days), np.nan), where=known >= needed))


def hit_rate(outcomes: IntoFrame, base: IntoFrame) -> Any:
    """Compare how often alerts hit with how often sounds do that were not flagged.

    Parameters
    ----------
    outcomes
        What `outcomes` gave for the alerts.
    base
        What `outcomes` gave for `unflagged`.

    Returns
    -------
    frame
        A row a rule, version and horizon: ``rule``, ``rule_version``, ``weeks``, ``hits``, ``n`` told outcomes,
        ``rate``, ``low`` and ``high`` [0-1, 90 % Wilson interval] (NULL without any), ``base_n``, ``base_rate``,
        ``base_low`` and ``base_high``, ``is_better`` (``low`` above ``base_high``), ``lead_days`` [days, median].

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    needed = ["rule", "rule_version", "weeks", "outcome", "lead_days"]
    told, others = (board(enter(frame, others=needed).select(*needed)) for frame in (outcomes, base))
    rows = []
    for (name, version, weeks), own in told.groupby(["rule", "rule_version", "weeks"]):
        chance = others[(others["rule"] == name) & (others["rule_version"] == version) & (others["weeks"] == weeks)]
        hits, n = _tally(own)
        base_hits, base_n = _tally(chance)
        rows.append((name, version, weeks, hits, n, *_rated(hits, n), base_n, *_rated(base_hits, base_n),
                     own["lead_days"].median()))  # fmt: skip
    names = ["hits", "n", "rate", "low", "high", "base_n", "base_rate", "base_low", "base_high", "lead_days"]
    table = pd.DataFrame(rows, columns=["rule", "rule_version", "weeks", *names])
    table.insert(len(table.columns) - 1, "is_better", table["low"] > table["base_high"])
    whole = dict.fromkeys(("weeks", "hits", "n", "base_n"), "Int64")
    ratios = dict.fromkeys(("rate", "low", "high", "base_rate", "base_low", "base_high", "lead_days"), "float64")
    return leave(table.astype({**whole, **ratios, "rule": "str", "rule_version": "str"}), outcomes)


def _tally(table: pd.DataFrame) -> tuple[int, int]:
    hits, misses = int((table["outcome"] == HIT).sum()), int((table["outcome"] == MISS).sum())
    return hits, hits + misses


def _rated(hits: int, n: int) -> tuple[float, float, float]:
    """Give a rate and the ends of its 90 % Wilson interval; NaN for nothing out of nothing."""
    if n == 0:
        return np.nan, np.nan, np.nan
    share = hits / n
    low, high = wilson(share, n, ndtri((1 + CONFIDENCE) / 2))
    return share, min(max(float(low), 0.0), share), max(min(float(high), 1.0), share)


def replay(
    read_daily: Callable[[datetime], IntoFrame], rule: Rule, *, detect: Detect, start: datetime, end: datetime
) -> pd.DataFrame:
    """Apply a rule as of each day, on what was known that day.

    Parameters
    ----------
    read_daily
        Gives the daily frame as it was known at an instant.
    rule
        The rule.
    detect
        What applies it, such as `breakouts`: called with the daily frame, ``as_of`` and ``rule``.
    start, end
        First and last instant, a day apart each.

    Returns
    -------
        What ``detect`` gave, of all days, with ``as_of`` [UTC].

    Raises
    ------
    ValueError
        If ``start`` lies after ``end``.
    """
    first, last = instant(start), instant(end)
    frames = []
    for back in range((last - first) // DAY + 1):
        then = (first + DAY * back).to_pydatetime()
        found = board(enter(detect(read_daily(then), as_of=then, rule=rule), ids=["sound_id"]))
        frames.append(found.assign(as_of=pd.Timestamp(then).as_unit("us")))
    if not frames:
        raise ValueError(f"nothing to replay: {first} lies after {last}")
    return pd.concat(frames, ignore_index=True)


def backtest(
    read_daily: Callable[[datetime], IntoFrame], rule: Rule, *, detect: Detect, start: datetime, end: datetime
) -> pd.DataFrame:
    """List the alerts that a rule would have sent, each resting only on what was known on its day.

    Parameters
    ----------
    read_daily
        Gives the daily frame as it was known at an instant.
    rule
        The rule.
    detect
        What applies it, such as `breakouts`: called with the daily frame, ``as_of`` and ``rule``.
    start, end
        First and last instant, a day apart each.

    Returns
    -------
        A row an episode: ``sound_id``, ``rule``, ``rule_version``, ``alert``, ``as_of`` and ``alerted_at`` [UTC],
        ``inputs`` [JSON: thresholds, and what the rule saw].

    Raises
    ------
    ValueError
        If ``start`` lies after ``end``.
    """
    flags = replay(read_daily, rule, detect=detect, start=start, end=end)
    # a day's flag is what was said when it ended
    said = flags[flags["day"] + DAY == flags["as_of"]]
    first = _episodes(_flagged(said))[["sound_id", "rule", "alerted_at"]]
    sent = said.merge(first, left_on=["sound_id", "rule", "as_of"], right_on=["sound_id", "rule", "alerted_at"])
    seen = [name for name in sent.columns if name not in {*_FLAG, "as_of", "alerted_at"}]
    sent["inputs"] = [_inputs(rule.thresholds, row) for row in sent[seen].to_dict("records")]
    columns = ["sound_id", "rule", "rule_version", "alert", "as_of", "alerted_at", "inputs"]
    return sent.sort_values(["as_of", "sound_id"])[columns].reset_index(drop=True)


def _inputs(thresholds: Mapping[str, float], seen: Mapping[Any, Any]) -> str:
    plain = {str(name): None if pd.isna(value) else value for name, value in seen.items()}
    return json.dumps({"thresholds": dict(thresholds), "seen": plain}, sort_keys=True, default=float)
