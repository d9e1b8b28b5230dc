"""The first slides: the week in one look, what changed since the last review, and where we were wrong."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from trendlib.review.picks import BY_HAND, COOLING, DROPPED, MERGED, NEW, RISING, UNTOLD, Pick
from trendlib.review.settings import Settings
from trendlib.review.week import Agenda, Week
from trendlib.schema import Status
from trendlib.show.deck import Slide
from trendlib.show.exhibits import Exhibit
from trendlib.show.places import region_name
from trendlib.show.theme import day_words, plain_text, ratio_words, short_number, time_words

ROWS_A_SLIDE = 12
NAMED = 40
CHANGES = (NEW, RISING, UNTOLD, COOLING, BY_HAND, MERGED, DROPPED)
PICK_COLUMNS = ("place", "title", "artist", "change", "growth", "status", "said", "note")
CHANGE_COLUMNS = ("change", "title", "artist", "growth", "status", "why")
TOLD_COLUMNS = ("alerted_at", "title", "rule", "weeks", "lift", "outcome", "note")
_MEASURED = ["growth_rate", "growth_low", "growth_high", "posts_last_24h", "total_uses", "status"]


def summary(agenda: Agenda) -> list[Slide]:
    """Say the week in one look: the picks, what the numbers cover, what they cost."""
    week, picks, settings = agenda.week, agenda.picks, agenda.settings
    table = pick_exhibit(week, picks, settings)
    coverage = week.desk.tally() if len(week.everything) else "nothing is known of any sound: sweep first"
    span = f"{day_words(week.since)} to {time_words(week.as_of)}"
    spent = f"{week.credits:,} credits spent since the last review"
    quiet = (
        "No rule flagged a sound since the last review, and nobody put one in by hand"
        if len(week.everything)
        else "Nothing to review yet; trendlib follow puts sounds on the watchlist, and trendlib sweep reads them"
    )
    return [
        Slide(
            title=headline(week, picks),
            finding=" · ".join((span, markets_words(week), coverage, spent)),
            exhibits=[table] if picks else [],
            bullets=[] if picks else [quiet],
            caveat="; ".join(filter(None, (agenda.taken_over, _unrecorded(week)))),
            source=_asked(week),
        )
    ]


def pick_exhibit(week: Week, picks: Sequence[Pick], settings: Settings) -> Exhibit:
    """List the picks with what is measured of each, and the team's notes."""
    return week.exhibit(
        "picks",
        "The picks",
        pick_table(week, picks),
        columns=PICK_COLUMNS,
        source=f"{_asked(week)}; {len(week.everything):,} sounds watched",
        tally=Counter(week.everything["status"]),
        note=f"the first {settings.picks} have a page each" if len(picks) > settings.picks else "",
    )


def headline(week: Week, picks: Sequence[Pick]) -> str:
    """Say the whole review in one sentence."""
    if week.board is None:
        return "Nothing is known yet: no sound was ever read"
    counts = Counter(pick.change for pick in picks) + Counter(change for _, change, _ in week.gone(picks))
    words = [f"{counts[change]} {change}" for change in CHANGES if counts[change]]
    wrong = week.wrong["alert_id"].nunique()
    said = ", ".join(words) or "a quiet week without a pick"
    sentence = f"{said}; {wrong} alert{'' if wrong == 1 else 's'} proved wrong" if wrong else said
    return sentence[:1].upper() + sentence[1:]


def markets_words(week: Week) -> str:
    """Name the markets that are looked at."""
    return (
        f"markets {', '.join(map(region_name, week.markets))}"
        if week.markets
        else "all markets, none named in the watchlist"
    )


def pick_table(week: Week, picks: Sequence[Pick]) -> pd.DataFrame:
    """Give the picks with what is measured of each, a row each."""
    frame = pd.DataFrame(
        {
            "place": pd.Series(range(1, len(picks) + 1), dtype="Int64"),
            **{name: pd.Series([getattr(pick, name) for pick in picks], dtype="str") for name in _PICKED},
        }
    )
    return _measured(week, frame)


_PICKED = ("sound_id", "song_id", "title", "artist", "change", "said", "note")


def _measured(week: Week, frame: pd.DataFrame) -> pd.DataFrame:
    own = week.everything[["sound_id", *_MEASURED]].astype({"sound_id": "str"})
    joined = frame.merge(own, on="sound_id", how="left")
    joined["status"] = joined["status"].fillna(Status.NOT_ENOUGH_COVERAGE.value)
    rates = joined[["growth_rate", "growth_low", "growth_high"]].itertuples(index=False, name=None)
    joined["growth"] = pd.Series([ratio_words(*rate) for rate in rates], joined.index, dtype="str")
    return joined


def changes(agenda: Agenda) -> list[Slide]:
    """Say what changed since the last review, pick by pick, and where we were wrong."""
    week, picks = agenda.week, agenda.picks
    frame = change_table(week, picks)
    counts = Counter(frame["change"])
    said = ", ".join(f"{counts[change]} {change}" for change in CHANGES if counts[change])
    title = f"Since {day_words(week.since)}: {said}" if said else f"Nothing changed since {day_words(week.since)}"
    slides = [
        Slide(
            title=title if number == 0 else f"{title} ({number + 1})",
            finding="" if number else _ruler(week),
            exhibits=[change_exhibit(week, part)],
            caveat="" if week.is_recorded or number else _unrecorded(week),
        )
        for number, part in enumerate(in_parts(frame))
    ]
    if frame.empty:
        slides = [Slide(title=title, finding=f"{_ruler(week)}. {_why_nothing(week)}", source=_asked(week))]
    return [*slides, *_wrong(week)]


def change_table(week: Week, picks: Sequence[Pick]) -> pd.DataFrame:
    """Give what became of this review's and the last one's picks.

    Returns
    -------
        ``change``, ``sound_id``, ``title``, ``artist``, ``why`` and what is measured, a row a song.
    """
    rows = [*((pick, pick.change, pick.said) for pick in picks), *week.gone(picks)]
    rows.sort(key=lambda row: CHANGES.index(row[1]))
    frame = pd.DataFrame(
        [(change, pick.sound_id, pick.title, pick.artist, why) for pick, change, why in rows],
        columns=["change", "sound_id", "title", "artist", "why"],
    ).astype("str")
    return _measured(week, frame)


def in_parts(frame: pd.DataFrame, rows: int = ROWS_A_SLIDE) -> list[pd.DataFrame]:
    """Divide a table evenly into pieces that fit on a slide."""
    pieces = max(-(-len(frame) // rows), 1)
    ends = [len(frame) * piece // pieces for piece in range(pieces + 1)]
    return [frame.iloc[begin:end].reset_index(drop=True) for begin, end in pairwise(ends) if end > begin]


def change_exhibit(week: Week, frame: pd.DataFrame) -> Exhibit:
    """List what became of this review's and the last one's picks."""
    return week.exhibit(
        "changes",
        "What changed",
        frame,
        columns=CHANGE_COLUMNS,
        source=_asked(week),
        tally=Counter(frame["status"]),
        note="a song whose sounds were flagged since the last review is a pick",
    )


def _wrong(week: Week) -> list[Slide]:
    wrong = week.wrong
    told = week.told["outcome"].notna().sum()
    if wrong.empty:
        title = "No alert proved wrong this week" if told else "No outcome fell due this week"
        finding = f"{told} outcomes fell due since {day_words(week.since)}; {len(week.told) - told} can't be told"
        return [Slide(title=title, finding=finding, source="uses a day by the counters", section="We were wrong")]
    alerts = wrong["alert_id"].nunique()
    return [
        Slide(
            title=f"We were wrong: {alerts} alert{'' if alerts == 1 else 's'} did not hold twice the pace",
            finding=f"{len(wrong)} of {told} outcomes that fell due since {day_words(week.since)} are misses",
            exhibits=[told_exhibit(week, "wrong", "We were wrong", part)],
            bullets=[_confessed(row) for row in part.head(4).itertuples()],
        )
        for part in in_parts(wrong)
    ]


def told_exhibit(week: Week, name: str, title: str, frame: pd.DataFrame) -> Exhibit:
    """Wrap outcomes of alerts."""
    told = frame.assign(
        title=frame["title"].fillna(frame["sound_id"]),
        outcome=frame["outcome"].fillna("can't tell"),
        status=Status.COUNTER_ONLY.value,
    )
    return week.exhibit(
        name,
        title,
        told,
        columns=TOLD_COLUMNS,
        source=f"{len(told):,} outcomes; uses a day by the counters",
        tally={Status.COUNTER_ONLY.value: len(told)},
        things="outcomes",
        note="a hit is a week at twice the pace of before the alert or more",
    )


def _confessed(row: Any) -> str:
    name = plain_text(row.title, NAMED) or row.sound_id
    after = f"{row.weeks} week{'' if row.weeks == 1 else 's'}"
    rule = str(row.rule).replace("_", " ")
    pace = f"after {after} it runs at {short_number(row.lift)}× its old pace"
    return f"{name}: {rule} said so on {day_words(row.alerted_at)}; {pace}"


def _ruler(week: Week) -> str:
    if week.is_first:
        return f"No alert was recorded before {day_words(week.since)}: there is no last review to compare with"
    return (
        f"The last review stood at {time_words(week.since)} with {len(week.picks_then)} "
        f"pick{'' if len(week.picks_then) == 1 else 's'}"
    )


def _why_nothing(week: Week) -> str:
    if week.board is None:
        return "Nothing is known of any sound: sweep, and come back in a week"
    return "No rule flagged a sound since the last review, and none of its picks is left"


def _asked(week: Week) -> str:
    return (
        f"rules asked last {time_words(week.last_look)}" if week.last_look else "rules asked anew, nothing was recorded"
    )


def _unrecorded(week: Week) -> str:
    if week.board is None:
        return "Nothing is known at this instant"
    if week.is_recorded and week.is_first:
        return f"No alert was recorded before {day_words(week.since)}, so every pick counts as new"
    if week.is_recorded:
        return ""
    return (
        f"No alert was recorded between {day_words(week.since)} and {day_words(week.as_of)}: the rules are asked anew, "
        "so everything they flag counts as new"
    )
