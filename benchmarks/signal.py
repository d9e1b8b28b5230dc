"""Are the alerts right, and early? Our breakout rule beside CUSUM and the tutorials' rules, where the truth is known.

``python benchmarks/signal.py --seeds 101 102 --sounds 300 --order likes`` prints one table. Every rule sees only what
a client can buy: one sweep a day at 06:00 UTC through the practice world's APIs, 30 posts a page, 600 posts a feed,
in the feed's order; each morning is judged on what was known that morning. Sounds stand on the watchlist from their
first morning on; sweeps begin four weeks before the first measured day. How hits are counted: `benchmarks.scoring`;
what the rivals do: `benchmarks.rivals`; what our client buys: `benchmarks.client`.

``--shared FOLDER`` does the same on real series that are no part of this project: see `benchmarks.recorded`.
"""
# ruff: noqa: E402 - the path has to be right before anything is imported

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

# this file is named like a module of Python's own: take its folder off the path before anybody asks for that one
sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import pandas as pd

from benchmarks import ours, recorded, rivals
from benchmarks.client import Client
from benchmarks.scoring import Labels, Matrix, Verdicts, labels, score
from trendlib.sandbox import World

DECIMALS = {"due": 0, "delay": 1, "lead": 1, "credits": 0}


def measure(seed: int, *, sounds: int, days: int, order: str, with_tutorials: bool = True) -> pd.DataFrame:
    """Measure every rule on one world.

    Returns
    -------
        A row a rule, a column a number of `benchmarks.scoring.score`; ``calibration`` is the share of the flat sounds'
        mornings on which the 90 % interval of their growth lies above 1.
    """
    world = World(seed=seed, sounds=sounds, hashtags=1, days=days)
    truth = labels(world)
    found = ours.record(world, Client(world, order).mornings())
    said: list[Verdicts] = found.verdicts()
    said.append(rivals.cusum(found.adjusted, _posts_of(found), found.run_up))
    if with_tutorials:
        said.append(ours.on_all_posts(world, found))
        said += rivals.tutorial(world, order, found.mornings)
        said += rivals.z_scores(found.totals, found.run_up)
    table = pd.DataFrame({one.name: score(one, truth) for one in said}).T
    table.loc[table.index.str.startswith("breakout: "), "calibration"] = calibration(found.growth_low, truth)
    table.loc[ours.ALL_POSTS, "calibration"] = np.nan
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
    texts = table.apply(lambda column: [f"{value:.{DECIMALS.get(str(column.name), 2)}f}" for value in column])
    return str(texts.replace("nan", "·").to_string())


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="*", default=[], help="worlds to measure on")
    parser.add_argument("--sounds", type=int, default=300, help="sounds in each")
    parser.add_argument("--days", type=int, default=77, help="days measured, after four weeks of run-up")
    parser.add_argument("--order", choices=["likes", "newest"], default="likes", help="order of the feeds")
    parser.add_argument("--shared", type=Path, help="folder with series/attention-daily.csv.gz and recordings/")
    asked = parser.parse_args(arguments)
    if not asked.seeds and not asked.shared:
        parser.error("say --seeds, --shared, or both")
    tables = []
    for seed in asked.seeds:
        start = time.perf_counter()
        tables.append(measure(seed, sounds=asked.sounds, days=asked.days, order=asked.order))
        sys.stdout.write(f"seed {seed}: {time.perf_counter() - start:.0f} s\n")
    if tables:
        mean = pd.concat(tables).groupby(level=0, sort=False).mean()
        title = f"mean of seeds {', '.join(map(str, asked.seeds))}; {asked.sounds} sounds, {asked.days} days"
        sys.stdout.write(f"\n{title}, feeds by {asked.order}\n{written(mean)}\n")
    if asked.shared:
        for title, table in recorded.measure(asked.shared).items():
            sys.stdout.write(f"\n{title}\n{written(table)}\n")


if __name__ == "__main__":
    main()
