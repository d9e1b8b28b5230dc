"""Metric frames drawn as plotly figures: one noun, one chart, one room.

Conventions of every chart:

* A chart is a pure function of finished frames (pandas). Called, it gives a plotly figure; exhibits take its
  ``sheet``, which is a figure only if somebody asks for one. It aggregates nothing, reads no clock and
  leaves its frames alone.
* What is not known is drawn as not known: hatched or in words, never as zero and never left out.
  A chart with nothing to draw says what is missing; it does not raise.
* Names of sounds, artists and alerts are other people's text and made safe.
* It is drawn in the light palette; `trendlib.show.theme.dressed` changes the look.
"""

from trendlib.show.canvas import NO_WORDS, Words
from trendlib.show.charts.audience import audience
from trendlib.show.charts.creators import creators
from trendlib.show.charts.crossovers import crossovers
from trendlib.show.charts.curve import curve
from trendlib.show.charts.forecast import forecast
from trendlib.show.charts.hashtag_calendar import hashtag_calendar
from trendlib.show.charts.hashtag_year import hashtag_year
from trendlib.show.charts.hashtags import hashtags
from trendlib.show.charts.landscape import landscape
from trendlib.show.charts.leaderboard import leaderboard
from trendlib.show.charts.leave_one_out import leave_one_out
from trendlib.show.charts.ledger import ledger
from trendlib.show.charts.posts import posts
from trendlib.show.charts.rank_path import rank_path
from trendlib.show.charts.reach import reach
from trendlib.show.charts.region_mix import region_mix
from trendlib.show.charts.region_shift import region_shift
from trendlib.show.charts.velocity import velocity
from trendlib.show.charts.versions import versions

__all__ = [
    "NO_WORDS",
    "Words",
    "audience",
    "creators",
    "crossovers",
    "curve",
    "forecast",
    "hashtag_calendar",
    "hashtag_year",
    "hashtags",
    "landscape",
    "leaderboard",
    "leave_one_out",
    "ledger",
    "posts",
    "rank_path",
    "reach",
    "region_mix",
    "region_shift",
    "velocity",
    "versions",
]
