"""Slides of hashtags: which grow, when they started and stopped, and what to make of them today."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from trendlib.boards import findings
from trendlib.errors import NoDataError
from trendlib.review.boards import missing
from trendlib.review.week import Agenda
from trendlib.show.deck import Link, Slide
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import plain_text, ratio_words, short_number

GROWING, DAYS, SHOWN, LINKS = 10, 14, 14, 6
BRIEF_COLUMNS = ("hashtag_rank", "hashtag", "growth", "status", "post_rank", "views", "posted_at")
NO_HASHTAG = "No hashtag was read before this instant. Add some to the watchlist, and sweep for a week."


def hashtags(agenda: Agenda) -> list[Slide]:
    """Show the hashtags that grow, their calendar, and a brief for creators."""
    board = agenda.week.desk.hashtags
    try:
        names = board.names
    except NoDataError:
        names = []
    if not names:
        return [missing("No hashtag is watched yet", NO_HASHTAG)]
    growing, calendar, brief = (
        board.leaderboard(top=GROWING),
        board.calendar(days=DAYS, top=SHOWN),
        board.creator_brief(),
    )
    bumps = [board.bumps(of=of) for of in ("total_views", "total_posts")]
    return [
        Slide(title=_said("Hashtags that grow", growing.subtitle), exhibits=[growing], bullets=_bumps(bumps)),
        Slide(title=_said("The hashtag calendar", calendar.subtitle), exhibits=[calendar]),
        Slide(
            title="Creator brief: hashtags to post with today",
            finding=brief.subtitle,
            exhibits=[replace(brief, frame=_with_growth(brief.frame), columns=BRIEF_COLUMNS)],
            links=_links(brief.frame),
            caveat=_brief_caveat(brief.frame),
        ),
    ]


def _said(heading: str, finding: str) -> str:
    return f"{heading}: {finding}" if finding else heading


def _with_growth(brief: pd.DataFrame) -> pd.DataFrame:
    """Write each growth with its interval."""
    rates = brief[["growth_rate", "growth_low", "growth_high"]].itertuples(index=False, name=None)
    return brief.assign(growth=pd.Series([ratio_words(*rate) for rate in rates], brief.index, dtype="str"))


def _brief_caveat(brief: pd.DataFrame) -> str:
    unsure = brief.loc[~(brief["growth_low"] > 1), "hashtag"].nunique()
    bare = findings.tags(brief.loc[brief["link"].isna(), "hashtag"].unique(), "")
    untold = f"of {bare} no post of these days was fetched; " if bare else ""
    views = f"{untold}views as last read, and they grow with age: a list to look at, no comparison"
    return (
        f"{unsure} of {brief['hashtag'].nunique()} may not grow: their interval reaches 1×; {views}"
        if unsure
        else views
    )


def _bumps(bumps: Sequence[Exhibit]) -> list[str]:
    return [f"{one.title}: {one.subtitle}" for one in bumps if one.frame["is_bump"].any()] or [
        "No hashtag got more today than its last two weeks explain"
    ]


def _links(brief: pd.DataFrame) -> list[Link]:
    told = brief[brief["link"].notna()].head(LINKS)
    words = [
        f"#{plain_text(tag, 24)} · {short_number(views)} views"
        for tag, views in zip(told["hashtag"], told["views"], strict=True)
    ]
    return [Link(said, str(address)) for said, address in zip(words, told["link"], strict=True)]
