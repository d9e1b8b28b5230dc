"""Are the alerts right, and early? Our breakout rule beside CUSUM and the tutorials' rules, where the truth is known.

``python benchmarks/signal.py --seeds 101 102 --sounds 300 --order likes`` prints one table. Every rule sees only what
a client can buy: one sweep a day at 06:00 UTC through the practice world's APIs, 30 posts a page, 600 posts a feed,
in the feed's order; each morning is judged on what was known that morning. Sounds stand on the watchlist from their
first morning on; sweeps begin four weeks before the first measured day. How hits are counted: `benchmarks.scoring`;
what the rivals do: `benchmarks.rivals`; what our client buys: `benchmarks.client`.

* ``--quirks`` makes the answers as untrue as outside ones (rounded counters, two backends, clean-ups, missing counters,
  short and empty pages, missing fields); rivals that read posts or counters straight from the world are left out.
* ``--direct`` hands the rule daily counts of other simulators, without creators: `benchmarks.direct`.
* ``--calibration`` measures velocity's interval, the 600-post limit, crossovers, families: `benchmarks.calibration`.
* ``--shared FOLDER`` measures on real series that are no part of this project: see `benchmarks.recorded`.
"""
# ruff: noqa: E402 - the path has to be right before anything is imported

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

# this file is named like a module of Python's own: take its folder off the path before anybody asks for that one
sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import pandas as pd

from benchmarks import calibration as calibrated
from benchmarks import direct, ours, recorded, rivals
from benchmarks.client import Client
from benchmarks.scoring import Labels, Matrix, Verdicts, labels, score
from trendlib.sandbox import Quirks, World

DECIMALS = {"due": 0, "delay": 1, "lead": 1, "credits": 0, "forecasts": 0, "sounds": 0} | dict.fromkeys(
    ("seed", "pairs", "titled pairs"), 0
)


def measure(seed: int, *, sounds: int, days: int, order: str, has_quirks: bool = False) -> pd.DataFrame:
    """Measure every rule on one world; with quirks, only those that go through its answers.

    Returns
    -------
        A row a rule, a column a number of `benchmarks.scoring.score`; ``calibration`` is the share of the flat sounds'
        mornings on which the 90 % interval of their growth lies above 1.
    """
    world = World(seed=seed, sounds=sounds, hashtags=1, days=days)
    truth = labels(world)
    quirks = Quirks.real() if has_quirks else Quirks.none()
    found = ours.record(world, Client(world, order, quirks).mornings())
    said: list[Verdicts] = found.verdicts()
    said.append(rivals.cusum(found.adjusted, _posts_of(found), found.run_up))
    said += rivals.z_scores(found.totals, found.run_up)
    if not has_quirks:
        said.append(ours.on_all_posts(world, found))
        said += rivals.tutorial(world, order, found.mornings)
    table = pd.DataFrame({one.name: score(one, truth) for one in said}).T
    table.loc[table.index.str.startswith("breakout: "), "calibration"] = calibration(found.growth_low, truth)
    table.loc[table.index == ours.ALL_POSTS, "calibration"] = np.nan
    return table.loc[[one.name for one in said]]


def _posts_of(found: ours.Record) -> Matrix:
    """Give the posts of the last 24 h; unknown, hence never flagged, before the first measured morning."""
    return np.hstack([np.zeros((len(found.sounds), found.run_up)), found.posts])


def calibration(growth_low: Matrix, truth: Labels) -> float:
    """Give the share of flat sounds' mornings on which the interval lies above 1."""
    flat = growth_low[truth.is_flat]
    told = flat[np.isfinite(flat)]
    return float((told > 1).mean()) if len(told) else float("nan")


def written(table: pd.DataFrame) -> str:
    """Write a table down, a line a rule."""
    numbers = table.select_dtypes("number").columns
    texts = table.assign(
        **{name: [f"{value:.{DECIMALS.get(str(name), 2)}f}" for value in table[name]] for name in numbers}
    )
    return str(texts.replace("nan", "·").to_string())


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="*", default=[], help="worlds to measure on")
    parser.add_argument("--sounds", type=int, default=300, help="sounds in each")
    parser.add_argument("--days", type=int, default=77, help="days measured, after four weeks of run-up")
    parser.add_argument("--order", choices=["likes", "newest"], default="likes", help="order of the feeds")
    parser.add_argument("--quirks", action="store_true", help="let the answers be as untrue as outside ones")
    parser.add_argument(
        "--direct", action="store_true", help="measure the rule on daily counts of other simulators too"
    )
    parser.add_argument(
        "--calibration", action="store_true", help="measure intervals, the 600-post limit, crossovers, families"
    )
    parser.add_argument("--shared", type=Path, help="folder with series/attention-daily.csv.gz and recordings/")
    asked = parser.parse_args(arguments)
    if not asked.seeds and not asked.shared:
        parser.error("say --seeds, --shared, or both")
    size = {"sounds": asked.sounds, "days": asked.days}
    of = f"mean of seeds {', '.join(map(str, asked.seeds))}; {asked.sounds} sounds, {asked.days} days"
    if asked.direct or asked.calibration:
        if asked.direct:
            _print(f"other simulators, {of}", _mean([direct.measure(seed, **size) for seed in asked.seeds]))
        if asked.calibration:
            for title, table in calibrated.measure(asked.seeds[0]).items():
                _print(title, table)
    elif asked.seeds:
        feeds = f"feeds by {asked.order}, answers {'with quirks' if asked.quirks else 'exact'}"
        tables = [measure(seed, **size, order=asked.order, has_quirks=asked.quirks) for seed in asked.seeds]
        _print(f"{of}, {feeds}", _mean(tables))
    if asked.shared:
        for title, table in recorded.measure(asked.shared).items():
            _print(title, table)


def _mean(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables).groupby(level=0, sort=False).mean()


def _print(title: str, table: pd.DataFrame) -> None:
    sys.stdout.write(f"\n{title}\n{written(table)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
