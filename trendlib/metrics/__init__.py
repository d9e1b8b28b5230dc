"""Metrics: pure functions of frames and an explicit as-of instant, each definition in a room of its own.

They stand alone: ``velocity(posts, as_of=...)`` takes pandas, polars, DuckDB or Spark. Where a room and its
metric share a name, the name here is the metric; ``daily``, ``creators``, ``hashtags``, ``regions``
and ``season`` are rooms.
"""

from trendlib.metrics import creators, daily, hashtags, regions, season
from trendlib.metrics.audience import audience
from trendlib.metrics.breakouts import breakouts, crowds
from trendlib.metrics.captions import caption_hashtags, hashtag_counts
from trendlib.metrics.catalogue import find_tracks, match_tracks
from trendlib.metrics.changes import changes
from trendlib.metrics.checks import unranked, why
from trendlib.metrics.coverage import coverage, lagging
from trendlib.metrics.creators import concentration, leave_one_out, top_creators
from trendlib.metrics.curves import longevity, rank_path, stitch
from trendlib.metrics.expected import expected
from trendlib.metrics.families import Overrides, families, family_totals, version_share
from trendlib.metrics.forecast import forecast, forecast_errors
from trendlib.metrics.leaderboard import leaderboard, tally
from trendlib.metrics.ledger import backtest, episodes, hit_rate, outcomes, replay, unflagged
from trendlib.metrics.picks import catch_them_early, reactivations
from trendlib.metrics.pulls import by_pull, curve_points
from trendlib.metrics.reach import reach, reach_by_day
from trendlib.metrics.regions import crossover, region_history, region_mix, top_region
from trendlib.metrics.rules import (
    BREAKOUT,
    CATCH_THEM_EARLY,
    CROSSOVER,
    HASHTAG_BUMP,
    HASHTAG_CALENDAR,
    OUTCOME,
    REACTIVATION,
    RULES,
    Rule,
)
from trendlib.metrics.velocity import counter_velocity, velocity
from trendlib.metrics.viewed import top_posts

__all__ = [
    "BREAKOUT",
    "CATCH_THEM_EARLY",
    "CROSSOVER",
    "HASHTAG_BUMP",
    "HASHTAG_CALENDAR",
    "OUTCOME",
    "REACTIVATION",
    "RULES",
    "Overrides",
    "Rule",
    "audience",
    "backtest",
    "breakouts",
    "by_pull",
    "caption_hashtags",
    "catch_them_early",
    "changes",
    "concentration",
    "counter_velocity",
    "coverage",
    "creators",
    "crossover",
    "crowds",
    "curve_points",
    "daily",
    "episodes",
    "expected",
    "families",
    "family_totals",
    "find_tracks",
    "forecast",
    "forecast_errors",
    "hashtag_counts",
    "hashtags",
    "hit_rate",
    "lagging",
    "leaderboard",
    "leave_one_out",
    "longevity",
    "match_tracks",
    "outcomes",
    "rank_path",
    "reach",
    "reach_by_day",
    "reactivations",
    "region_history",
    "region_mix",
    "regions",
    "replay",
    "season",
    "stitch",
    "tally",
    "top_creators",
    "top_posts",
    "top_region",
    "unflagged",
    "unranked",
    "velocity",
    "version_share",
    "why",
]
