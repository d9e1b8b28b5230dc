"""What a rule is worth: its flags of every sound and day, held against the truth of the world.

How it is counted:

* A *breakout* is a sound of the classes jump, slow burner, newborn breakout and reactivated. It is *on* from its
  onset to a week after its peak (its highest three days), or to the last day while it still rises.
* An *episode* is a run of flagged days of a sound; a gap of more than 7 days begins another. It is true when
  one of its days lies in a breakout that is on, else a *false alarm*: spikes of a day, bots, newborn sounds that
  merely exist, and a breakout flagged again when it is over.
* *Precision@10*: on each day with flags, the share of the ten highest-ranked flagged sounds that are on; mean of days.
* *Recall*: breakouts flagged between onset and peak, of those *due*, which had a chance: within the days measured the
  three-day mean reached `LEAST_POSTS` posts a day and twice the level before the onset, `LEAST_DAYS` before
  the last day at the latest.
* *Delay*: days from the onset to the first flag; *lead*: days from there to the peak, where it has one; medians.
* *False alarms*: episodes per 100 sounds and week; *of flat*: per 100 flat sounds of 10 to 5,000 posts a day and week.
* *Bots*: share of the episodes that belong to bot-driven sounds. *Silent*: share of sounds and days without a word.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from trendlib.sandbox import World
from trendlib.sandbox.classes import BOT_DRIVEN, BREAKOUTS, FLAT

Matrix = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Days = np.ndarray[Any, np.dtype[np.int64]]

AFTER_PEAK_DAYS = 7
EPISODE_GAP_DAYS = 7
LEAST_POSTS = 50.0
LEAST_DAYS = 3
LEVEL_DAYS = 3
QUIET_DAYS = 14
TOP = 10
FLAT_LEVELS = (10.0, 5_000.0)
RECALLED = {"jump": "jump", "slow_burner": "slow", "newborn_breakout": "newborn", "reactivated": "reactivated"}


@dataclass(frozen=True)
class Labels:
    """The truth, a row a sound; days count from the first measured one, ``onset`` and ``peak`` -1 where there is none.

    ``is_on`` tells on which day (column) a sound is in a breakout.
    """

    sounds: list[str]
    kind: "np.ndarray[Any, np.dtype[np.str_]]"
    onset: Days
    peak: Days
    is_due: Flags
    is_flat: Flags
    is_on: Flags

    @property
    def days(self) -> int:
        """Days measured."""
        return int(self.is_on.shape[1])


@dataclass(frozen=True)
class Verdicts:
    """What a rule said of each sound (row) on each day (column), and what it paid each day [credits]."""

    name: str
    is_flagged: Flags
    rank: Matrix
    is_told: Flags
    credits: Matrix


def labels(world: World) -> Labels:
    """Read the truth."""
    truth = world.truth()
    sounds = list(truth.classes)
    last = world.days - 1

    def places(dates: Any) -> Days:
        found = [dates.get(one) for one in sounds]
        return np.array([-1 if one is None else (one - world.start).days for one in found])

    kind = np.array([truth.classes[one] for one in sounds])
    onset, peak = places(truth.onsets), places(truth.peaks)
    end = np.where(peak < 0, last, np.minimum(peak + AFTER_PEAK_DAYS, last))
    due = np.array([is_due(truth.daily[one], row) for one, row in zip(sounds, onset, strict=True)])
    level = np.array([truth.daily[one].mean() for one in sounds])
    is_flat = (kind == FLAT) & (level >= FLAT_LEVELS[0]) & (level <= FLAT_LEVELS[1])
    is_breakout, days = np.isin(kind, list(BREAKOUTS)), np.arange(world.days)
    is_on = is_breakout[:, None] & (days >= onset[:, None]) & (days <= end[:, None])
    return Labels(sounds, kind, onset, peak, due & is_breakout, is_flat, is_on)


def is_due(counts: Any, onset: int) -> bool:
    """Tell whether a breakout grew large enough, in time, to be found."""
    grown = counts[onset : len(counts) - LEAST_DAYS]
    if onset < 0 or len(grown) < LEVEL_DAYS:
        return False
    before = counts[max(onset - QUIET_DAYS, 0) : onset].mean() if onset else 0.0
    level = np.convolve(grown, np.ones(LEVEL_DAYS) / LEVEL_DAYS, mode="valid").max()
    return bool(level >= max(LEAST_POSTS, 2 * before))


@dataclass(frozen=True)
class Episode:
    """A run of flagged days of one sound."""

    row: int
    first: int
    last: int
    is_true: bool


def episodes(flagged: Flags, is_on: Flags) -> list[Episode]:
    """Divide flagged days into episodes."""
    found = []
    for row in np.flatnonzero(flagged.any(axis=1)):
        days = np.flatnonzero(flagged[row])
        runs = np.split(days, np.flatnonzero(np.diff(days) > EPISODE_GAP_DAYS) + 1)
        found += [Episode(int(row), int(run[0]), int(run[-1]), bool(is_on[row, run].any())) for run in runs]
    return found


def precision_at_ten(said: Verdicts, is_on: Flags) -> float:
    """Give the mean share of true ones among each day's ten highest-ranked flagged sounds."""
    shares = []
    for day in range(said.is_flagged.shape[1]):
        rows = np.flatnonzero(said.is_flagged[:, day])
        if len(rows):
            best = rows[np.argsort(-np.nan_to_num(said.rank[rows, day], nan=-np.inf), kind="stable")[:TOP]]
            shares.append(is_on[best, day].mean())
    return float(np.mean(shares)) if shares else float("nan")


def score(said: Verdicts, truth: Labels) -> dict[str, float]:
    """Hold a rule's verdicts against the truth: a number a column of the table."""
    runs = episodes(said.is_flagged, truth.is_on)
    false = [run for run in runs if not run.is_true]
    until = np.where(truth.peak < 0, truth.days - 1, truth.peak)
    days = np.arange(truth.days)
    in_time = said.is_flagged & (days >= truth.onset[:, None]) & (days <= until[:, None])
    is_found = in_time.any(axis=1)
    first = np.argmax(in_time, axis=1)
    found = truth.is_due & is_found
    peaked = found & (truth.peak >= 0)
    numbers = {
        "precision@10": precision_at_ten(said, truth.is_on),
        "episodes": _share(len(runs) - len(false), len(runs)),
        "due": float(truth.is_due.sum()),
        "recall": _share(found.sum(), truth.is_due.sum()),
    }
    for kind, name in RECALLED.items():
        of_kind = truth.is_due & (truth.kind == kind)
        numbers[name] = _share((found & of_kind).sum(), of_kind.sum())
    hundred_weeks = len(truth.sounds) / 100 * truth.days / 7
    return numbers | {
        "delay": _median((first - truth.onset)[found]),
        "lead": _median((truth.peak - first)[peaked]),
        "false alarms": len(false) / hundred_weeks,
        "of flat": _share(sum(truth.is_flat[run.row] for run in false), truth.is_flat.sum() / 100 * truth.days / 7),
        "bots": _share(sum(truth.kind[run.row] == BOT_DRIVEN for run in runs), len(runs)),
        "silent": 1 - float(said.is_told.mean()),
        "credits": float(said.credits.mean()) / len(truth.sounds) * 1000,
    }


def _share(part: Any, whole: Any) -> float:
    return float(part) / float(whole) if whole else float("nan")


def _median(values: Any) -> float:
    return float(np.median(values)) if len(values) else float("nan")
