"""How often what holds by chance alone is called news: intervals, the 600-post limit, crossovers; and families.

Everything here is flat or unchanged by construction (except where a shift is put in), and hands the metrics frames as
anybody would.

* *Intervals*: posts of flat sounds, each sound's days scattered by ``tau2``, weekends with or without 57 % more posts;
  the share of sounds and mornings on which `velocity` (posts alone) puts the lower end of its 90 % interval above 1.
* *The limit*: flat sounds of 10 to 5,000 posts a day; false alarms per 100 sounds and week, of the whole history, of
  what a client knows who buys the newest 600 posts every morning, and of one who has bought them this morning only.
  The tutorial rule reads this morning's 600 posts, or all.
* *Crossovers*: weeks of posters whose shares scatter by ``rho`` and don't change: percent of sound-weeks with an alert,
  the worst of 20 to 5,000 posters; and percent of true shifts from 5 % to 27 % found among 300 posters.
* *Families*: pairs of versions of one song in practice worlds, linked by title and artist alone. Users' own audio is
  called "original sound" in some language and must never be linked; a pair is *titled* when neither is such a rip.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.direct import LOUDNESS
from benchmarks.scoring import episodes
from trendlib import metrics
from trendlib.metrics import regions
from trendlib.metrics.engines import DAY
from trendlib.metrics.rules import CROSSOVER
from trendlib.sandbox import World

Random = np.random.Generator

AS_OF = datetime(2026, 3, 2, 6, tzinfo=UTC)
LEVELS = (0.5, 1, 3, 10, 40, 150)
SCATTERS = (0.0, 0.04, 0.1)
HISTORY, MORNINGS = 45, 7
CAP = 600
TUTORIAL_LIMIT = 3.0
WEEKEND = np.array([0.86] * 5 + [1.35] * 2)
POSTERS = (20, 100, 300, 1000, 5000)
RHOS = (0.0, 0.01, 0.03, 0.05)
WORLDS, WORLD_SOUNDS = 3, 500


def measure(seed: int) -> dict[str, pd.DataFrame]:
    """Give the tables."""
    random = np.random.default_rng(seed)
    return {
        "percent of mornings on which the 90 % interval of flat sounds lies above 1, by posts a day": intervals(random),
        "false alarms per 100 flat sounds and week behind a 600-post limit": behind_the_limit(random),
        "crossovers: percent of sound-weeks with a false alert by rho, and of true shifts found": crossovers(random),
        "families of practice worlds": pd.DataFrame([families(seed + place) for place in range(WORLDS)]),
    }


def intervals(random: Random, *, sounds: int = 200) -> pd.DataFrame:
    """Measure velocity's interval on posts of flat sounds; a board each."""
    rows = {}
    for tau2 in SCATTERS:
        for has_weekends in (False, True):
            name = f"tau2 {tau2}, {'weekends' if has_weekends else 'no season'}"
            boards = {level: _counts(random, np.full(sounds, level), tau2, has_weekends, HISTORY) for level in LEVELS}
            rows[name] = {f"{level:g}": 100 * _share_above_one(random, counts) for level, counts in boards.items()}
    return pd.DataFrame(rows).T


def _counts(random: Random, levels: Any, tau2: float, has_weekends: bool, days: int) -> Any:  # noqa: FBT001 - a private helper
    rhythm = WEEKEND if has_weekends else np.ones(7)
    mean = np.asarray(levels)[:, None] * rhythm[np.arange(days) % 7]
    return random.poisson(mean * random.gamma(1 / tau2, tau2, mean.shape) if tau2 else mean)


def posts_of(random: Random, counts: Any) -> pd.DataFrame:
    """Spread daily counts (row a sound, column a day, the last ending at `AS_OF`) over their days."""
    row, day = (np.repeat(place.ravel(), counts.ravel()) for place in np.indices(counts.shape))
    microseconds = ((day - counts.shape[1] + random.random(len(day))) * 86_400e6).astype("int64")
    posts = pd.DataFrame({"sound_id": (10_000 + row).astype(str), "post_id": np.arange(len(row)).astype(str)})
    posts["posted_at"] = (pd.Timestamp(AS_OF) + pd.to_timedelta(microseconds, unit="us")).astype("datetime64[us, UTC]")
    return posts.astype({"sound_id": "str", "post_id": "str"})


def _share_above_one(random: Random, counts: Any) -> float:
    posts, since = posts_of(random, counts), AS_OF - DAY * counts.shape[1]
    lows = [metrics.velocity(posts, as_of=AS_OF - DAY * back, coverage=since)["growth_low"] for back in range(MORNINGS)]
    told = pd.concat(lows).dropna()
    return float((told > 1).mean())


def behind_the_limit(random: Random, *, sounds: int = 600, days: int = 70) -> pd.DataFrame:
    """Measure the false alarms of flat sounds with and without the limit."""
    levels = np.exp(random.uniform(np.log(10), np.log(5_000), sounds))
    counts = _counts(random, levels, 0.03, has_weekends=True, days=HISTORY + days)
    bought = np.minimum(counts, CAP)
    daily = bought / np.maximum(counts, 1)
    # the newest 600 of this morning reach back over whole days, and over a part of one
    fresh = np.clip((CAP - (counts[:, ::-1].cumsum(axis=1)[:, ::-1] - counts)) / np.maximum(counts, 1), 0, 1)
    weeks = sounds / 100 * days / 7
    rows: dict[str, dict[str, float]] = {
        name: {} for name in (*(f"breakout: {one}" for one in LOUDNESS), "tutorial sound")
    }
    for name, exposed in (("whole history", np.ones(counts.shape)), ("600 each morning", daily)):
        flags = metrics.breakouts(_daily(counts, exposed), as_of=AS_OF, days=days)
        for loudness, words in LOUDNESS.items():
            is_flagged = flags["alert"].isin(words).to_numpy().reshape(sounds, days)
            rows[f"breakout: {loudness}"][name] = len(episodes(is_flagged, np.zeros_like(is_flagged))) / weeks
    once = metrics.breakouts(_daily(counts, fresh), as_of=AS_OF)
    for loudness, words in LOUDNESS.items():
        rows[f"breakout: {loudness}"]["600 this morning"] = float(once["alert"].isin(words).sum()) / (sounds / 100 / 7)
    for name, seen in (("whole history", counts), ("600 this morning", counts * fresh)):
        speed = seen[:, -1] / np.maximum(seen[:, -7:-1].sum(axis=1) / 7, 0.001)
        rows["tutorial sound"][name] = float((speed > TUTORIAL_LIMIT).sum()) / (sounds / 100 / 7)
    return pd.DataFrame(rows).T


def _daily(counts: Any, exposed: Any) -> pd.DataFrame:
    row, column = np.indices(counts.shape)
    table = pd.DataFrame({"sound_id": (10_000 + row.ravel()).astype(str), "posts": (counts * exposed).ravel()})
    table["day"] = [AS_OF - DAY * (counts.shape[1] - day) for day in column.ravel()]
    table["exposure_days"] = exposed.ravel().astype("float64")
    return table.astype({"sound_id": "str", "day": "datetime64[us, UTC]"})


def crossovers(random: Random, *, sounds: int = 400) -> pd.DataFrame:
    """Measure the crossover rule, on a board of sounds and on each sound alone."""
    rows: dict[str, dict[str, float]] = {}
    for number in (2, 3, 8, 20):
        for weeks in (2, 10):
            for is_alone in (True, False):
                name = f"{number} regions, {weeks} weeks known, {'alone' if is_alone else 'on a board'}"
                posters = POSTERS[1:4] if is_alone else POSTERS
                size = {"sounds": sounds, "weeks": weeks, "is_alone": is_alone}
                false = {
                    f"rho {rho}": 100 * max(alerts(random, number, n, rho, **size) for n in posters) for rho in RHOS
                }
                found = {
                    f"found, rho {rho}": 100 * alerts(random, number, 300, rho, is_shifted=True, **size)
                    for rho in (0.0, 0.005, 0.01)
                }
                rows[name] = false | found
    return pd.DataFrame(rows).T


def alerts(  # noqa: PLR0913 - one simulation, said in full
    random: Random,
    number: int,
    n: int,
    rho: float,
    *,
    sounds: int,
    weeks: int,
    is_alone: bool = False,
    is_shifted: bool = False,
) -> float:
    """Give the share of sounds with an alert; of ``n`` posters a week in ``number`` regions, one of them at 5 %."""
    shares = random.dirichlet(np.ones(number - 1), sounds)
    counts = np.zeros((sounds, 2 + regions.HISTORY_WEEKS, number))
    for week in range(weeks):
        comer = 0.27 if is_shifted and week == 0 else 0.05
        mix = np.concatenate([shares * (1 - comer), np.full((sounds, 1), comer)], axis=1)
        if rho:
            drawn = random.standard_gamma(np.maximum(mix * (1 - rho) / rho, 1e-9))
            mix = drawn / drawn.sum(axis=1, keepdims=True)
        counts[:, week] = random.multinomial(np.full(sounds, n), mix)
    names, places = (
        np.array([f"{sound:05}" for sound in range(sounds)]),
        np.array([f"{one:02}" for one in range(number)]),
    )
    groups = [[sound] for sound in range(sounds)] if is_alone else [list(range(sounds))]
    found = [
        regions.weeks_compared(names[group], places, counts[group], np.zeros(len(group)), rule=CROSSOVER)
        for group in groups
    ]
    table = pd.concat(found)
    return float(table.groupby("sound_id")["is_crossover"].any().mean())


def families(seed: int) -> dict[str, float]:
    """Hold the links of a practice world's sounds against the truth."""
    world = World(seed=seed, sounds=WORLD_SOUNDS, hashtags=1)
    truth = world.truth()
    sounds = pd.DataFrame(
        {
            "sound_id": [one.sound_id for one in world.catalogue],
            "title": [one.title for one in world.catalogue],
            "artist": [one.artist for one in world.catalogue],
        },
        dtype="str",
    )
    found = metrics.families(sounds)
    linked = _pairs(found.groupby("song_id")["sound_id"].apply(list))
    true = _pairs(truth.families.values())
    rips = {sound for sound, version in truth.versions.items() if version == "user rip"}
    titled = {pair for pair in true if not rips & set(pair)}
    return {
        "seed": seed,
        "pairs": len(true),
        "precision": len(linked & true) / len(linked),
        "recall": len(linked & true) / len(true),
        "titled pairs": len(titled),
        "recall, titled": len(linked & titled) / len(titled),
    }


def _pairs(groups: Iterable[Iterable[str]]) -> set[tuple[str, str]]:
    return {pair for members in groups for pair in combinations(sorted(members), 2)}
