"""The last slides: what the words mean, which rules spoke, where the numbers come from, and what "known then" means."""

from collections.abc import Mapping
from importlib.metadata import version

import pandas as pd

from trendlib.review.boards import missing
from trendlib.review.opening import in_parts
from trendlib.review.week import Agenda, Week
from trendlib.schema import Status
from trendlib.show.deck import Slide
from trendlib.show.theme import day_words, time_words

DEFINITIONS = (
    (
        "velocity",
        "posts of the last 24 h over the mean day of the week before, without weekdays and common shocks; 1× is steady",
    ),
    ("its interval", "90 %: the band is what chance alone may do at so many posts; lists go by its lower end"),
    ("breakout", "a pace that the three weeks before can't explain, carried by many creators"),
    ("catch them early", "small sounds at three times their pace: a list to listen to, not a proof"),
    ("reactivation", "a breakout of a sound over two years old that was quiet for four weeks"),
    ("crossover", "a region's share of posts rises from one week to the next by more than chance"),
    ("effective creators", "how many equally busy creators would give the same concentration"),
    ("leave one out", "the velocity without its busiest creator: a pace that one account carries falls"),
    ("forecast", "a damped trend of 21 days; the interval is that of other sounds' past errors, 80 %"),
    ("hit", "a week at twice the pace of before the alert, or more, on the use counter"),
    ("base rate", "how often sounds do that in weeks in which the same rule was asked and did not flag them"),
    ("audience index", "1 is the mean of what is listed; no share, and not to be compared between sounds"),
)
KNOWN_THEN = (
    "Data: what was fetched before the as-of instant; nothing that was learned later.",
    "Alerts: as recorded on their day, with that day's rule version and thresholds; nothing is said in hindsight.",
    "All else: computed from those data with today's rules, songs (families.toml) and watchlist of this home.",
    "Notes: those made while looking at the world up to this instant; one written over a week later says when.",
)


def appendix(agenda: Agenda) -> list[Slide]:
    """Define the words, name rules and versions, sources and credits, and what is wrong with the data."""
    week = agenda.week
    return [*_definitions(week), _statuses(week), _rules(week), _sources(week), *_quality(week)]


def _definitions(week: Week) -> list[Slide]:
    frame = pd.DataFrame(DEFINITIONS, columns=["word", "meaning"])
    table = week.exhibit("definitions", "What the words mean", frame, source="trendlib's definitions")
    return [Slide(title="What the words mean", exhibits=[table])]


def _statuses(week: Week) -> Slide:
    frame = pd.DataFrame(
        [(one.words, one.meaning, one.shown_as) for one in Status], columns=["status", "meaning", "shown as"]
    )
    table = week.exhibit("statuses", "How far a number can be trusted", frame, source="trendlib's definitions")
    return Slide(title="How far a number can be trusted", exhibits=[table])


def _rules(week: Week) -> Slide:
    rows = []
    for name, rule in week.desk.rules.items():
        said = ", ".join(week.spoken.get(name, ())) or "not asked"
        rows.append((name.replace("_", " "), rule.version, said, _thresholds(rule.thresholds)))
    frame = pd.DataFrame(rows, columns=["rule", "version now", "asked since the last review as", "thresholds now"])
    table = week.exhibit("rules", "Rules and versions", frame, source=f"trendlib {version('trendlib')}, rules.toml")
    changed = [
        name.replace("_", " ")
        for name, versions in week.spoken.items()
        if name in week.desk.rules and versions != [week.desk.rules[name].version]
    ]
    is_one = len(changed) == 1
    said = (
        f"{', '.join(changed)} {'has' if is_one else 'have'} changed since {'it was' if is_one else 'they were'} asked"
    )
    return Slide(
        title="What stands here as it was known then",
        finding=f"Asked as of {time_words(week.as_of)}, since {time_words(week.since)}",
        exhibits=[table],
        bullets=KNOWN_THEN,
        caveat=f"{said}: alerts keep the older version, figures go by the newer" if changed else "",
    )


def _thresholds(thresholds: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in thresholds.items())


def _sources(week: Week) -> Slide:
    calls = week.calls
    if calls.empty:
        return missing("Nothing was asked of any source since the last review", "No answer is known of this time.")
    frame = (
        calls.assign(failed=calls["error"].notna(), credits=calls["credits"].fillna(0))
        .groupby(["provider", "endpoint"], as_index=False)
        .agg(
            answers=("credits", "size"),
            failed=("failed", "sum"),
            credits=("credits", "sum"),
            last_answer=("observed_at", "max"),
        )
    )
    table = week.exhibit(
        "sources", "Sources and credits", frame, source=f"{len(calls):,} answers since {day_words(week.since)}"
    )
    failed = int(frame["failed"].sum())
    return Slide(
        title=f"{len(calls):,} answers for {week.credits:,} credits since the last review",
        finding=f"{failed:,} of them gave no data; {week.rejects:,} items were set aside",
        exhibits=[table],
    )


def _quality(week: Week) -> list[Slide]:
    if week.board is None:
        return [missing("Nothing can be said of the data's quality", "There are no data of any watched sound.")]
    cautions = week.desk.cautions()
    if cautions.frame.empty:
        return [Slide(title="Nothing to be careful with", finding=week.desk.tally(), source=cautions.source)]
    parts = in_parts(cautions.frame)
    shown = cautions if len(parts) == 1 else week.exhibit(
        cautions.name, cautions.title, parts[0], columns=cautions.columns, source=cautions.source, tally=cautions.tally,
        note=f"the first {len(parts[0])} of {len(cautions.frame)}",
    )  # fmt: skip
    return [
        Slide(title=f"{len(cautions.frame)} sounds to be careful with", finding=week.desk.tally(), exhibits=[shown])
    ]
