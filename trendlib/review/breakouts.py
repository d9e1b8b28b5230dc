"""A page a pick: how fast, where, who, which hashtags and versions, how it may be used, what would change it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pandas as pd

from trendlib.metrics import Rule
from trendlib.review.boards import crossing_words, missing
from trendlib.review.lineup import TAG_DAYS, Lineup
from trendlib.review.picks import Pick
from trendlib.review.week import Agenda, Week
from trendlib.schema import Status
from trendlib.show.deck import Link, Slide
from trendlib.show.theme import daily_words, plain_text, ratio_words, short_number

NAMED = 60
YOUNG = timedelta(days=8)
LEVEL = "3 days over the 3 weeks before"
NOT_WATCHED = "It was not watched at this instant: nothing is known of it. Add it to the watchlist, and sweep."


def breakouts(agenda: Agenda) -> list[Slide]:
    """Give each pick its page."""
    week, picks = agenda.week, agenda.picks[: agenda.settings.picks]
    if not picks:
        return [missing("No breakout this week", "No rule flagged a sound, and nobody put one in by hand.")]
    lineups = week.lined_up([pick.sound_id for pick in picks])
    cautions, crossings = _cautions(week), _crossings(week)
    return [_page(week, pick, lineups.get(pick.sound_id), cautions, crossings) for pick in picks]


def _cautions(week: Week) -> dict[str, str]:
    if week.board is None:
        return {}
    cautions = week.board.cautions()
    return dict(zip(cautions["sound_id"], cautions["caution"], strict=True))


def _crossings(week: Week) -> dict[str, str]:
    """Say of each sound that crosses borders, which."""
    if week.board is None:
        return {}
    crossing = week.board.crossovers()
    words = [crossing_words(row) for row in crossing.to_dict("records")]
    found: dict[str, str] = {}
    for sound, said in zip(crossing["sound_id"], words, strict=True):
        found[sound] = f"{found[sound]}, {said}" if sound in found else f"Crosses into {said}"
    return found


def _page(
    week: Week, pick: Pick, lineup: Lineup | None, cautions: Mapping[str, str], crossings: Mapping[str, str]
) -> Slide:
    sound = pick.sound_id
    if lineup is None:
        return Slide(
            title=f"{plain_text(pick.name, NAMED)}: nothing is known",
            finding=NOT_WATCHED,
            bullets=_notes(pick),
            source=pick.said,
        )
    row = lineup.row(sound)
    change = what_would_change(row, pick, week.desk.rules)
    exhibits = [lineup.velocity(sound)]
    if lineup.number_of_posts(sound):
        exhibits += [lineup.regions(sound), lineup.creators(sound)]
    return Slide(
        title=f"{plain_text(pick.name, NAMED)}: {_moves(row)}, {pick.change}",
        finding=". ".join(part for part in (pick.said, lineup.pace(sound), crossings.get(sound)) if part),
        exhibits=exhibits,
        bullets=[
            *_notes(pick),
            f"Next: {lineup.forecast(sound)}",
            _posts(lineup, sound),
            f"With, last {TAG_DAYS} days: {lineup.hashtags(sound)}",
            f"Song: {lineup.versions(sound)}; {lineup.ranks(sound)}; {lineup.audience(sound)}",
            f"What would change this: {change}",
            f"Use: {lineup.licence(sound)}",
        ],
        caveat=cautions.get(sound) or _caveat(row),
        links=_links(lineup.best_posts(sound)),
        notes=f"{pick.name}, sound {sound}. What would change this: {change}. {lineup.licence_sentence(sound)}. "
        "Links: its most viewed posts of the last 7 days; who: by all posts known.",
    )


def _links(posts: Sequence[tuple[str, str]]) -> list[Link]:
    """Lead to posts, and say of which days they are."""
    return [Link(words, address) for words, address in (("Most viewed, last 7 days:", ""), *posts)] if posts else []


def _caveat(row: "pd.Series[Any]") -> str:
    status, age = Status(row["status"]), row["as_of"] - row["first_seen"]
    if pd.notna(age) and age < YOUNG:
        days = "under a day" if age < timedelta(days=1) else f"{age.days} day{'' if age.days == 1 else 's'}"
        return f"first seen {days} ago, so there is no whole week to compare with; {status.meaning}"
    return f"none known; {status.meaning}" if status is Status.OK else status.meaning


def _notes(pick: Pick) -> list[str]:
    return [f"Our note: {pick.note}"] if pick.note else []


def _posts(lineup: Lineup, sound: str) -> str:
    if not lineup.number_of_posts(sound):
        return "Who: no post of it was bought, so where, by whom and with which hashtags is not known"
    return f"Who: {lineup.crowd(sound)}; {lineup.without(sound)}"


def _moves(row: "pd.Series[Any]") -> str:
    if pd.isna(row["growth_rate"]):
        return daily_words(row["posts_last_24h"], row["window_days"], row["status"])
    return ratio_words(row["growth_rate"], row["growth_low"], row["growth_high"])


def what_would_change(row: "pd.Series[Any]", pick: Pick, rules: Mapping[str, Rule]) -> str:
    """Say at which numbers the flags on a pick end, or come back.

    Parameters
    ----------
    row
        Its row of the leaderboard.
    pick
        The pick.
    rules
        The rules as they stand.
    """
    status = Status(row["status"])
    if status is Status.NEW:
        return "eight days of readings; until then it has no week to be compared with"
    if not status.is_rankable:
        return f"better data; {status.meaning}"
    if "breakout" not in pick.said:
        return _early(row, rules["catch_them_early"], is_standing=pick.is_standing)
    return _breakout(row, rules["breakout"], is_standing=pick.is_standing)


def _breakout(row: "pd.Series[Any]", rule: Rule, *, is_standing: bool) -> str:
    lift, evidence = rule["watch_lift"], rule["watch_evidence"]
    if pd.isna(row["lift"]) or pd.isna(row["evidence"]):
        return "more days: its three weeks before are too few to compare with"
    level = f"its level ({LEVEL}) is {short_number(row['lift'])}×"
    proof = f"its evidence {short_number(row['evidence'])}"
    if is_standing:
        return (
            f"it leaves the list once its level is under {lift:g}× or its evidence under {evidence:g}; {level}, {proof}"
        )
    if row["lift"] < lift or row["evidence"] < evidence:
        return f"it comes back with a level of {lift:g}× and an evidence of {evidence:g}; {level}, {proof}"
    crowd = f"; the week's posts are those of {short_number(row['effective_creators'])} creators"
    return f"another rise by many creators: {level}, {proof}, but the rule sees no new one" + (
        crowd if pd.notna(row["effective_creators"]) else ""
    )


def _early(row: "pd.Series[Any]", rule: Rule, *, is_standing: bool) -> str:
    growth, posts, uses = (rule[name] for name in ("growth_rate", "posts_last_24h", "total_uses"))
    found = ", ".join((
        f"{short_number(row['growth_rate'])}×", daily_words(row["posts_last_24h"], row["window_days"]),
        f"{short_number(row['total_uses'])} uses",
    ))  # fmt: skip
    if is_standing:
        return (
            f"it leaves the list under {growth:g}×, under {posts:g} posts a day or at {uses:,.0f} uses; it has {found}"
        )
    return f"it comes back at {growth:g}× and {posts:g} posts a day, below {uses:,.0f} uses; it has {found}"
