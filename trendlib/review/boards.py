"""Slides of the whole board: the top by growth, what crosses borders, old songs that wake up."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from trendlib.boards.sound import MAX_USES
from trendlib.review.opening import in_parts
from trendlib.review.week import Agenda
from trendlib.show import charts
from trendlib.show.deck import Slide
from trendlib.show.places import the_region
from trendlib.show.theme import day_words, plain_text, ratio_words, share_words, status_words

TOP = 20
SHOWN = 3
NAMED = 50
PLAIN_NAMES = {
    "p0": "share_before", "p1": "share_now", "low": "at_least_by", "n0": "posters_before", "n1": "posters_now",
}  # fmt: skip
CROSSED_COLUMNS = (
    "title", "region", "share_before", "share_now", "at_least_by", "posters_before", "posters_now", "status",
)  # fmt: skip


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
    title = f"{name} leads: {ratio_words(*first[['growth_rate', 'growth_low', 'growth_high']])}"
    return [
        Slide(
            title=title if number == 0 else f"Places {part['rank'].iloc[0]} and on",
            finding=f"{rising} of the first {len(board.frame)} below {MAX_USES:,} uses grow with their whole interval"
            if number == 0
            else "",
            exhibits=[replace(board, frame=part, draw=partial(charts.leaderboard.sheet, part))],
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
        return [missing("Nothing crosses a border this week", board.note, board.source)]
    said = [
        f"{plain_text(row.title, NAMED)} reaches {the_region(row.region)}" for row in board.frame.head(2).itertuples()
    ]
    rest = f", and {len(board.frame) - 2} more" if len(board.frame) > 2 else ""
    sounds = list(dict.fromkeys(board.frame["sound_id"]))[:SHOWN]
    lineups = week.lined_up(sounds)
    crossed = replace(board, frame=board.frame.rename(columns=PLAIN_NAMES), columns=CROSSED_COLUMNS)
    pictures = [replace(lineups[one].regions(one), title=f"Where: {_name(board.frame, one)}") for one in sounds]
    shares = [
        f"{plain_text(row['title'], NAMED)} into {crossing_words(row)}"
        for row in board.frame.head(2).to_dict("records")
    ]
    return [Slide(title=f"{'; '.join(said)}{rest}", finding="; ".join(shares), exhibits=[crossed, *pictures])]


def crossing_words(row: Mapping[Any, Any]) -> str:
    """Say a crossing with its doubt: ``Sweden 4% → 41% of its creators, at least +26 points, ok``."""
    gain = f", at least {100 * row['low']:+.0f} points" if pd.notna(row["low"]) else ""
    shares = f"{the_region(row['region'])} {share_words(row['p0'])} → {share_words(row['p1'])} of its creators"
    return f"{shares}{gain}, {status_words(row['status'])}"


def _name(frame: pd.DataFrame, sound: str) -> str:
    titles = frame.loc[frame["sound_id"] == sound, "title"].tolist()
    return plain_text(next(iter(titles), ""), NAMED) or f"sound {sound}"


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
        return [missing("No old song woke up this week", meaning, f"alerts recorded since {day_words(week.since)}")]
    shown = sounds[:SHOWN]
    lineups = week.lined_up(shown)  # one that is no longer watched has none
    names = {one: _name(week.songs, one) for one in shown}
    more = f", and {len(sounds) - len(shown)} more" if len(sounds) > len(shown) else ""
    return [
        Slide(
            title=f"Awake again: {', '.join(names.values())}{more}",
            finding=meaning,
            exhibits=[replace(lineups[one].velocity(one), title=names[one]) for one in shown if one in lineups],
            source=f"alerts recorded since {day_words(week.since)}",
        )
    ]


def missing(title: str, reason: str, source: str = "") -> Slide:
    """Say what is missing, in its place."""
    return Slide(title=title, finding=reason, source=source)
