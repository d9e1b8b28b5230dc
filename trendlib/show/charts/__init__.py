"""Metric frames drawn as plotly figures: one noun, one chart, one room.

Conventions of every chart:

* A chart is a pure function of finished frames (pandas). It aggregates nothing, reads no clock and
  leaves its frames alone.
* What is not known is drawn as not known: hatched or in words, never as zero and never left out.
  A chart with nothing to draw says what is missing; it does not raise.
* Names of sounds, artists and alerts are other people's text and made safe.
* It is drawn in the light palette; `trendlib.show.theme.dressed` changes the look.
"""

from trendlib.show.canvas import NO_WORDS, Words
from trendlib.show.charts.leaderboard import leaderboard
from trendlib.show.charts.velocity import velocity

__all__ = ["NO_WORDS", "Words", "leaderboard", "velocity"]
