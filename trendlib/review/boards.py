"""Slides of the whole board: the top by growth, what crosses borders, old songs that wake up."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pandas as pd

from trendlib.errors import NoDataError
from trendlib.review.opening import in_parts
from trendlib.review.week import Agenda, Week
from trendlib.show import charts
from trendlib.show.deck import Slide
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import day_words, plain_text, ratio_words
from trendlib.sound import MAX_USES

TOP = 20
SHOWN = 3
NAMED = 50


def top(agenda: Agenda) -> list[Slide]:
    """Rank the small sounds by how surely they grow."""
    week = agenda.week
    if week.board is None:
        return [missing("Nothing can be ranked yet", "No counter and no post of a watched sound is known.")]
    board = week.desk.leaderboard(max_uses=MAX_USES, top=TOP)
    if board.frame.empty:
        return [missing(f"No sound below {MAX_USES:,} uses can be ranked", week.desk.tally())]
    first = board.frame.iloc[0]
    rising = int((board.frame["growth_low"] > 1).sum())
    name = plain_text(first["title"], NAMED) or first["sound_id"]
    title = f"{name} leads: {ratio_words(*first[['growth_rate', 'growth_low', 'growth_high']])} its own week before"
    return [
        Slide(
            title=title if number == 0 else f"Places {part['rank'].iloc[0]} and on",
            finding=f"{rising} of the first {len(board.frame)} below {MAX_USES:,} uses grow with their whole interval"
            if number == 0
            else "",
            exhibits=[replace(board, frame=part, draw=partial(charts.leaderboard, part))],
        )
        for number, part in enumerate(in_parts(board.frame))
    ]


def crossovers(agenda: Agenda) -> list[Slide]:
    """Show what crosses into another country, and how its regions shifted."""
    week = agenda.week
    if week.board is None:
        return [missing("No border can be watched yet", "No post of a watched sound is known.")]
    board = week.desk.crossovers()
    if board.frame.empty:
        return [Slide(title="Nothing crosses a border this week", exhibits=[board])]
    said = [f"{plain_text(row.title, NAMED)} reaches {row.region}" for row in board.frame.head(2).itertuples()]
    rest = f", and {len(board.frame) - 2} more" if len(board.frame) > 2 else ""
    return [Slide(title=f"{'; '.join(said)}{rest}", exhibits=[board])]


def reactivated(agenda: Agenda) -> list[Slide]:
    """Show the old sounds that woke up since the last review."""
    week = agenda.week
    alerts = week.read("alerts")
    is_own = (alerts["rule"] == "reactivation") & (alerts["last_at"] > week.since)
    recorded = alerts.loc[is_own].sort_values(["last_at", "alert_id"], ascending=[False, True])["subject_id"].tolist()
    now = pd.Series(dtype="str") if week.board is None else week.board.woken["sound_id"]
    sounds = list(dict.fromkeys((*now, *recorded)))
    rule = week.desk.rules["reactivation"]
    meaning = (
        f"Older than {rule['age_days'] / 365:.0f} years, at most {rule['quiet_posts']:g} posts a day for "
        f"{rule['quiet_days']:.0f} days, and now flagged as a breakout"
    )
    if not sounds:
        return [missing("No old song woke up this week", meaning)]
    pictures = [one for sound in sounds[:SHOWN] if (one := known(partial(_velocity, week, sound))) is not None]
    names = [plain_text(one.title, NAMED) for one in pictures]
    more = f", and {len(sounds) - len(names)} more" if len(sounds) > len(names) else ""
    return [
        Slide(
            title=f"Awake again: {', '.join(names)}{more}",
            finding=meaning,
            exhibits=pictures,
            source=f"alerts recorded since {day_words(week.since)}",
        )
    ]


def _velocity(week: Week, sound: str) -> Exhibit:
    return week.desk.sound(sound).velocity()


def known(make: Callable[[], Exhibit]) -> Exhibit | None:
    """Make an exhibit, or None where nothing is known."""
    try:
        return make()
    except NoDataError:
        return None


def missing(title: str, reason: str) -> Slide:
    """Say what is missing, in its place."""
    return Slide(title=title, finding=reason, source="nothing known")
