"""Twenty markets, three periods, pulled daily for four weeks over HTTP: what the warehouse then says, beside the truth.

``python -m benchmarks.charts`` prints its proof, and fails where the two differ. It takes a few minutes.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from trendlib.config import Config
from trendlib.metrics.curves import stitch
from trendlib.metrics.pulls import by_pull, curve_points
from trendlib.runs.pull import PullPlan, charts_of, pull
from trendlib.sandbox import Server, World
from trendlib.sandbox.regions import REGIONS, region_index
from trendlib.store import Store

MARKETS = tuple(region.code for region in REGIONS[:20])
PERIODS = (7, 30, 120)
DAYS = 28
LEAST_CORRELATION = 0.98
FEWEST_DAYS = 14
FOREVER = datetime(9000, 1, 1, tzinfo=UTC)

Key = tuple[str, int, date]


def main() -> int:
    """Pull, compare, print."""
    world = World(seed=7, sounds=150, hashtags=1, days=40)
    with tempfile.TemporaryDirectory() as home, Server(world, rate_per_minute=None) as server:
        key = server.keys["keyapi"]
        config = Config(
            home=Path(home), keyapi_base_url=server.url, keyapi_api_key=key, requests_per_minute=0, page_gap_s=0
        )
        started = time.monotonic()
        truth = dict(_four_weeks(world, server, config))
        took = time.monotonic() - started
        with Store(config.warehouse_file).as_of(FOREVER) as known:
            calls, pages, entries = (known.frame(name) for name in ("calls", "chart_pulls", "chart_entries"))
        charged = server.credits[key]
    entries = by_pull(entries, pages, as_of=FOREVER)
    seen = _seen(entries)
    segments, correlations = _correlations(entries, world)
    print(f"calls {len(calls):,} in {took:,.0f} s; ledger {calls['credits'].sum():,} credits, provider {charged:,}")
    print(f"charts {len(truth):,}; ranks equal to the truth in {sum(seen[one] == truth[one] for one in truth):,}")
    print(f"entries {_moves(seen, of='entered'):,} and exits {_moves(seen, of='left'):,}; the truth has "
          f"{_moves(truth, of='entered'):,} and {_moves(truth, of='left'):,}")  # fmt: skip
    print(f"curves: {segments:,} stitched; {len(correlations):,} of {FEWEST_DAYS} days and more, not refused: "
          f"correlation with truth at least {min(correlations):.4f}, median {np.median(correlations):.4f}")  # fmt: skip
    is_true = seen == truth and calls["credits"].sum() == charged and min(correlations) >= LEAST_CORRELATION
    return 0 if is_true else 1


def _four_weeks(world: World, server: Server, config: Config) -> Iterator[tuple[Key, list[str]]]:
    """Pull every morning; give what a perfect observer would have seen."""
    for back in range(DAYS, 0, -1):
        server.now = world.end - timedelta(days=back) + timedelta(hours=6)
        report = pull(config, PullPlan(charts_of(MARKETS, PERIODS)), clock=lambda: server.now)
        print(f"{server.now:%Y-%m-%d}: {report.charts} charts, {report.run.spent} credits", file=sys.stderr)
        day = world.calendar.place(int(server.now.timestamp()))[0]
        for market in MARKETS:
            for period in PERIODS:
                yield (market, period, server.now.date()), _true_chart(world, market, period, day)


def _true_chart(world: World, market: str, period: int, day: int) -> list[str]:
    rows = np.arange(world.sounds)
    uses = world.posts.counts[: world.sounds, max(day - period, 0) : day].sum(axis=1)
    score = uses * world.posts.mix.shares(rows, np.full(len(rows), day - 1))[:, region_index(market)]
    return [world.catalogue[row].sound_id for row in np.argsort(-score, kind="stable")[:100] if score[row] > 0]


def _seen(entries: pd.DataFrame) -> dict[Key, list[str]]:
    whole = entries[entries["is_whole"]].sort_values("rank")
    charts = whole.groupby(["region", "period_days", "pulled_at"])["sound_id"]
    return {(market, period, at.date()): list(sounds) for (market, period, at), sounds in charts}


def _moves(charts: dict[Key, list[str]], *, of: str) -> int:
    """Count what entered, or left, a chart from one day to the next."""
    moves = 0
    for (market, period, day), sounds in charts.items():
        before = charts.get((market, period, day - timedelta(days=1)))
        if before is not None:
            moves += len(set(sounds) - set(before) if of == "entered" else set(before) - set(sounds))
    return moves


def _correlations(entries: pd.DataFrame, world: World) -> tuple[int, list[float]]:
    """Correlate every long stitched segment with the sound's true daily posts."""
    truth = world.truth()
    days = pd.DatetimeIndex(truth.days, tz=UTC)
    segments, found = 0, []
    for _, chart in entries[entries["period_days"] == min(PERIODS)].groupby("region"):
        for (sound, _), curve in stitch(curve_points(chart, as_of=FOREVER), as_of=FOREVER).groupby(
            ["sound_id", "segment"]
        ):
            segments += 1
            if len(curve) >= FEWEST_DAYS:
                true = pd.Series(truth.daily[sound], index=days).reindex(curve["day"])
                found.append(float(np.corrcoef(true, curve["value"])[0, 1]))
    return segments, found


if __name__ == "__main__":
    sys.exit(main())
