"""Slides of what was said before: alerts of 1, 2, 4 and 8 weeks ago, hit rates beside chance; and "why not"."""

from dataclasses import replace

import pandas as pd

from trendlib.boards.ledger import Ledger, first_told
from trendlib.errors import NoDataError
from trendlib.metrics.ledger import HIT, HORIZONS_WEEKS, NOT_YET
from trendlib.review.boards import missing
from trendlib.review.opening import in_parts, told_exhibit
from trendlib.review.week import Agenda, Week
from trendlib.show.deck import Slide
from trendlib.show.theme import day_words, plain_text

NEWEST = 8
NOT_YET_TOLD = "No alert was recorded yet. A sweep records what the rules say; the first outcome comes a week later."


def ledger(agenda: Agenda) -> list[Slide]:
    """Tell what became of the alerts of 1, 2, 4 and 8 weeks ago, and whether that beats chance."""
    week = agenda.week
    if week.kept is None or week.kept.alerts.empty:
        return [missing("The ledger is empty", NOT_YET_TOLD)]
    if week.told.empty and not (week.kept.rates["n"] > 0).any():
        return [missing("No alert is old enough to be told", _too_young(week.kept))]
    return [*_due(week), *_record(week, week.kept)]


def _due(week: Week) -> list[Slide]:
    told = week.told
    if told.empty:
        return [
            missing("No outcome fell due this week", f"Alerts made 1, 2, 4 or 8 weeks before {day_words(week.as_of)}")
        ]
    hits, known = int((told["outcome"] == HIT).sum()), int(told["outcome"].notna().sum())
    title = f"{hits} of {known} outcomes that fell due this week hit" if known else "None of this week's can be told"
    return [
        Slide(
            title=title if number == 0 else f"{title} ({number + 1})",
            finding="" if number else _by_horizon(told),
            exhibits=[told_exhibit(week, "told", "What became of past alerts", part)],
            caveat=""
            if known == len(told)
            else f"{len(told) - known} can't be told: too few days, or a rounded counter",
        )
        for number, part in enumerate(in_parts(told))
    ]


def _too_young(kept: Ledger) -> str:
    count, first = len(kept.alerts), kept.alerts["alerted_at"].min()
    return (
        f"{count} alert{'' if count == 1 else 's'} recorded, the first on {day_words(first)}; an outcome comes after a "
        "week"
    )


def _by_horizon(told: pd.DataFrame) -> str:
    words = []
    for weeks in HORIZONS_WEEKS:
        own = told.loc[(told["weeks"] == weeks) & told["outcome"].notna(), "outcome"]
        if len(own):
            words.append(f"of {weeks} week{'' if weeks == 1 else 's'} ago {(own == HIT).sum()} of {len(own)}")
    return f"Hits among alerts {'; '.join(words)}" if words else "None of them can be told"


def _record(week: Week, kept: Ledger) -> list[Slide]:
    rates = week.desk.hit_rates()
    is_due = kept.alerts["outcome_1w"].notna() & (kept.alerts["outcome_1w"] != NOT_YET)
    newest = (kept.alerts[is_due] if is_due.any() else kept.alerts).head(NEWEST)
    newest = newest.assign(title=newest["title"].fillna(newest["sound_id"]))
    outcomes = kept.outcomes[kept.outcomes["alert_id"].isin(newest["alert_id"])]
    board = week.desk.of_ledger("ledger", "What became of them", replace(kept, alerts=newest, outcomes=outcomes))
    board = replace(board, source=f"{board.source}; the newest that are due, of {len(kept.alerts):,}", subtitle="")
    is_told = rates.frame["n"] > 0
    if not is_told.any():
        return [Slide(title="No alert is old enough to be told", exhibits=[board])]
    first = first_told(rates.frame)
    title = "; ".join(_better(first[first["weeks"] == weeks], weeks) for weeks in sorted(set(first["weeks"])))
    table = replace(rates, frame=rates.frame[is_told].reset_index(drop=True), subtitle="")
    return [
        Slide(title=title, exhibits=[table], bullets=rates.subtitle.split("; ")),
        Slide(title=f"What became of the last {len(newest)} alerts that are due", exhibits=[board]),
    ]


def _better(rates: pd.DataFrame, weeks: int) -> str:
    """Name the rules that beat chance at one horizon."""
    after = f"after {weeks} week{'' if weeks == 1 else 's'}"
    rules = ", ".join(dict.fromkeys(name.replace("_", " ") for name in rates.loc[rates["is_better"], "rule"]))
    return f"Better than chance {after}: {rules}" if rules else f"No rule is surely better than chance {after}"


def why_not(agenda: Agenda) -> list[Slide]:
    """Say of each named sound what keeps it off the list, and what would change that."""
    week, settings = agenda.week, agenda.settings
    slides = []
    for name in settings.why_not:
        try:
            why = week.desk.sound(name).why()
        except NoDataError as error:
            slides.append(missing(f"Why not {plain_text(name, 60)}: can't be told", str(error)))
            continue
        slides.append(Slide(title=why.title, finding=why.subtitle, exhibits=[why]))
    return slides
