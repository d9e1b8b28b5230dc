"""The breakout rule alone on daily counts of simulators that are not the practice world.

`breakouts` gets what anybody may hand it: a row a sound and day with ``sound_id, day, posts, exposure_days``, and no
creators. Each simulator draws `KINDS` of sounds, with growth curves of its own, under its own noise:

* *negative binomial*: days scatter on their own, ``var = m + tau2 m^2`` with ``tau2`` of 0.01 to 0.08.
* *restless*: the logarithm of the pace remembers the day before (0.3 to 0.7) and scatters by 0.15 to 0.35.
* Both have weekends 35 to 60 % above weekdays, and on one day in 25 a shock that moves all sounds by up to 40 %.

Counts come as they are (*full counts*, bots held to two posts a creator and day), or as the increments of a counter
read at 06:00 that is exact (*exact counter*, bots in full, one reading in 50 missing) or rounded to three digits above
10,000 (*rounded counter*, through `daily.from_counter`). A breakout is *on* from its onset to a week after the highest
three days of its true pace; it is due, and counted, as in `benchmarks.scoring`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.scoring import AFTER_PEAK_DAYS, FLAT_LEVELS, Flags, Labels, Matrix, Verdicts, is_due, score
from trendlib import metrics
from trendlib.metrics.engines import DAY
from trendlib.metrics.rules import BREAKOUT, Rule
from trendlib.schema import Status

Random = np.random.Generator

RUN_UP = 46
BREAKOUTS = ("jump", "slow_burner", "newborn_breakout", "reactivated")
KINDS = {
    "flat": 0.50, "drift": 0.15, "jump": 0.08, "slow_burner": 0.05, "newborn": 0.05, "newborn_breakout": 0.03,
    "reactivated": 0.02, "spike": 0.08, "bot_driven": 0.04,
}  # fmt: skip
NOISES = ("negative binomial", "restless")
FORMS = ("full counts", "exact counter", "rounded counter")
BOTS, POSTS_PER_CREATOR = 5, 2
AS_OF = datetime(2026, 3, 2, 6, tzinfo=UTC)
TOLD = [Status.OK.value, Status.COUNTER_ONLY.value]
LOUDNESS = {"watch": ("watch", "confirmed", "new"), "confirmed": ("confirmed", "new")}


@dataclass(frozen=True)
class Simulated:
    """Sounds (row) on days (column): true posts of people and bots; the day each is born (0: before all)."""

    kind: "np.ndarray[Any, np.dtype[np.str_]]"
    people: Matrix
    bots: Matrix
    born: "np.ndarray[Any, np.dtype[np.int64]]"
    onset: "np.ndarray[Any, np.dtype[np.int64]]"
    peak: "np.ndarray[Any, np.dtype[np.int64]]"

    @property
    def sounds(self) -> list[str]:
        """Names, in the order of rows."""
        return [str(10_000 + row) for row in range(len(self.kind))]

    def labels(self) -> Labels:
        """Tell the truth, days counting from the first measured one."""
        days = self.people.shape[1] - RUN_UP
        onset = np.where(self.onset >= 0, self.onset - RUN_UP, -1)
        peak = np.where(self.peak >= 0, self.peak - RUN_UP, -1)
        measured, column = self.people[:, RUN_UP:], np.arange(days)
        is_breakout = np.isin(self.kind, BREAKOUTS)
        due = np.array([is_due(counts, int(first)) for counts, first in zip(measured, onset, strict=True)])
        end = np.where(peak < 0, days - 1, np.minimum(peak + AFTER_PEAK_DAYS, days - 1))
        is_on = is_breakout[:, None] & (column >= onset[:, None]) & (column <= end[:, None])
        level = measured.mean(axis=1)
        is_flat = (self.kind == "flat") & (level >= FLAT_LEVELS[0]) & (level <= FLAT_LEVELS[1])
        return Labels(self.sounds, self.kind, onset, peak, due & is_breakout, is_flat, is_on)


def simulate(seed: int, noise: str, *, sounds: int, days: int) -> Simulated:
    """Draw a board of sounds; the first `RUN_UP` days are there for their baselines only."""
    random, length = np.random.default_rng(seed), RUN_UP + days
    kind = random.choice(list(KINDS), sounds, p=list(KINDS.values()))
    weekday = np.array([1.0, 0.95, 0.95, 1.0, 1.1, 1.4, 1.35]) * random.uniform(0.95, 1.05, 7)
    shocks = np.where(random.random(length) < 0.04, random.uniform(0.65, 1.4, length), 1.0)
    pace = np.zeros((sounds, length))
    bots = np.zeros((sounds, length), dtype="int64")
    born, onset, peak = (np.full(sounds, fill) for fill in (0, -1, -1))
    for row in range(sounds):
        curve, begins = _pace(random, str(kind[row]), length)
        pace[row] = curve
        if kind[row].startswith("newborn"):
            born[row] = begins
        if kind[row] == "bot_driven":
            until = begins + int(random.integers(5, 11))
            bots[row, begins:until] = random.integers(100, 420) * random.uniform(0.8, 1.2, length)[begins:until]
        onset[row] = begins if kind[row] != "flat" else -1
        if kind[row] in BREAKOUTS:
            smooth = np.convolve(curve, np.ones(3) / 3, mode="same")
            highest = begins + int(np.argmax(smooth[begins:]))
            peak[row] = highest if highest < length - 2 else -1
    mean = pace * (weekday[np.arange(length) % 7] * shocks)
    people = random.poisson(mean * _noise(random, noise, mean))
    return Simulated(kind, people.astype("float64"), bots.astype("float64"), born, onset, peak)


def _pace(random: Random, kind: str, length: int) -> tuple[Matrix, int]:
    """Draw the true pace of one sound [posts a day], and the day on which something begins."""
    days = np.arange(length)
    begins = int(random.integers(RUN_UP + 3, length - 3))
    since = days - begins
    level = float(np.clip(random.lognormal(np.log(40), 1.5), 0.5, 5_000))
    small = float(np.clip(random.lognormal(np.log(25), 0.7), 6, 150))
    decay = random.uniform(0.8, 0.93)
    slope = random.choice([-1, 1]) * random.uniform(0.003, 0.012)
    curves = {
        "flat": lambda: np.full(length, level),
        "drift": lambda: level * np.exp(slope * (days - length / 2)),
        "jump": lambda: (
            small * _arch(since, random.integers(1, 10), random.uniform(3, 12), random.integers(3, 8), decay)
        ),
        "slow_burner": lambda: small * _arch(since, random.integers(10, 21), random.uniform(3.5, 8), 5, 0.95),
        "newborn": lambda: np.where(since >= 0, level * (1 - slope**2) ** np.maximum(since, 0), 0.0),
        "newborn_breakout": lambda: (
            (since >= 0)
            * random.uniform(6, 16)
            * _arch(since, random.integers(6, 12), random.uniform(15, 50), 3, decay)
        ),
        "reactivated": lambda: random.uniform(0.3, 2) * _arch(since, random.integers(3, 10), 150.0, 3, decay),
        "spike": lambda: level * np.where((since >= 0) & (since < random.integers(1, 3)), random.uniform(4, 14), 1.0),
        "bot_driven": lambda: np.full(length, small),
    }
    return np.asarray(curves[kind]()), begins


def _arch(since: Any, rises: int, top: float, stays: int, decay: float) -> Matrix:
    """Rise by equal ratios to ``top``, stay, and fall back towards 1."""
    risen = top ** np.clip(since / rises, 0, 1)
    fallen = decay ** np.maximum(since - rises - stays, 0)
    return np.asarray(np.where(since < 0, 1.0, 1 + (risen - 1) * fallen))


def _noise(random: Random, noise: str, mean: Matrix) -> Matrix:
    sounds, length = mean.shape
    if noise == "negative binomial":
        tau2 = random.uniform(0.01, 0.08, (sounds, 1))
        return random.gamma(1 / tau2, tau2, mean.shape)
    spread, recall = random.uniform(0.15, 0.35, (sounds, 1)), random.uniform(0.3, 0.7, (sounds, 1))
    logs = np.zeros(mean.shape)
    log = spread * random.normal(size=(sounds, 1))
    for day in range(length):
        log = recall * log + np.sqrt(1 - recall**2) * spread * random.normal(size=(sounds, 1))
        logs[:, day] = log[:, 0]
    return np.asarray(np.exp(logs - spread**2 / 2))


def daily_of(board: Simulated, form: str, seed: int) -> pd.DataFrame:
    """Write a simulated board down as daily counts."""
    people, bots = board.people, board.bots
    counts = people + (np.minimum(bots, BOTS * POSTS_PER_CREATOR) if form == "full counts" else bots)
    random = np.random.default_rng((seed, 1))
    length = counts.shape[1]
    ends = pd.DatetimeIndex([AS_OF - DAY * (length - 1 - day) for day in range(length)])
    row, column = np.nonzero(np.arange(length) >= board.born[:, None])
    names = np.array(board.sounds)[row]
    if form == "rounded counter":
        totals = np.round(random.lognormal(np.log(30_000), 1.2, (len(counts), 1))) * (board.born == 0)[:, None]
        totals = (totals + counts.cumsum(axis=1)).astype("int64")
        unit = 10 ** np.maximum(np.floor(np.log10(np.maximum(totals, 1))).astype("int64") - 2, 0)
        shown = np.where(totals > 10_000, totals // unit * unit, totals)
        is_read = random.random(len(row)) >= 0.02
        readings = pd.DataFrame({"sound_id": names, "observed_at": ends[column] - pd.Timedelta(seconds=1)})
        readings = readings.assign(total_uses=shown[row, column])[is_read]
        readings = readings.astype({"sound_id": "str", "observed_at": "datetime64[us, UTC]", "total_uses": "Int64"})
        return metrics.daily.from_counter(readings, as_of=AS_OF, days=length)  # type: ignore[no-any-return]
    table = pd.DataFrame({"sound_id": names, "day": ends[column] - DAY, "posts": counts[row, column]})
    table["exposure_days"] = 1.0
    if form == "exact counter":
        is_missing = random.random(len(table)) < 0.02
        table.loc[is_missing, ["posts", "exposure_days"]] = [np.nan, 0.0]
    return table.astype({"sound_id": "str", "day": "datetime64[us, UTC]"})


def measure(seed: int, *, sounds: int, days: int, rule: Rule = BREAKOUT) -> pd.DataFrame:
    """Measure the rule on every simulator and form: a row each, columns as `benchmarks.scoring.score` has them."""
    rows: dict[str, dict[str, float]] = {}
    for noise in NOISES:
        board = simulate(seed, noise, sounds=sounds, days=days)
        truth = board.labels()
        for form in FORMS:
            for said in judged(board, form, seed, rule=rule):
                rows[f"{noise}, {form}: {said.name}"] = score(said, truth)
    return pd.DataFrame(rows).T.drop(columns="credits")


def judged(board: Simulated, form: str, seed: int, *, rule: Rule = BREAKOUT) -> Iterator[Verdicts]:
    """Give the rule's two loudnesses on a board."""
    days = board.people.shape[1] - RUN_UP
    flags = metrics.breakouts(daily_of(board, form, seed), as_of=AS_OF, days=days, rule=rule)
    row = pd.Index(board.sounds).get_indexer(flags["sound_id"])
    column = days - np.rint((AS_OF - flags["day"]) / DAY).astype(int)
    rank, told = np.zeros((len(board.kind), days)), np.zeros((len(board.kind), days), dtype=bool)
    rank[row, column] = np.nan_to_num(flags["evidence"])
    told[row, column] = flags["status"].isin(TOLD)
    for name, words in LOUDNESS.items():
        flagged: Flags = np.zeros_like(told)
        flagged[row, column] = flags["alert"].isin(words)
        yield Verdicts(name, flagged, rank, told, np.zeros(days))
