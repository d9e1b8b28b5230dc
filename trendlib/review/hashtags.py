"""Slides of hashtags: what bumps."""

from collections import Counter

from trendlib.review.boards import missing
from trendlib.review.week import Agenda
from trendlib.show.deck import Slide


def hashtags(agenda: Agenda) -> list[Slide]:
    """Show the hashtags whose counter leaps."""
    week = agenda.week
    if week.board is None or week.board.bumps.empty:
        return [missing("No hashtag is watched yet", "Add some to the watchlist, and sweep for a week.")]
    bumps = week.board.bumps
    own = bumps[bumps["is_bump"]]
    table = week.exhibit("bumps", "Hashtags that leap", own if len(own) else bumps, tally=Counter(bumps["status"]))
    return [Slide(title=f"{len(own)} of {len(bumps)} hashtags leap", exhibits=[table])]
