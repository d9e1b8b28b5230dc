"""The ledger: what became of every alert, beside what becomes of sounds that no rule flagged; and backtests.

Outcomes are measured on the use counter alone (of hashtags, on the counter of posts), the one measure of all days:
an alert that stood on posts is so held against other evidence. Days on which a week's increment is not worth four of
the counter's rounding units count as unknown. The base rate is of sounds in weeks in which the rule was asked
and did not flag them. A crossover claims no pace, so it has no outcome here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from trendlib import metrics
from trendlib.boards.alerts import PACE_RULES, Episodes
from trendlib.boards.board import board
from trendlib.boards.names import named_sounds
from trendlib.errors import NoDataError
from trendlib.metrics import Rule
from trendlib.metrics.engines import DAY
from trendlib.metrics.ledger import BASELINE, HORIZONS_WEEKS
from trendlib.runs.run import OnProgress, silent
from trendlib.schema import RULE_RUNS
from trendlib.snapshot import Snapshot
from trendlib.store import Store, frame_of

CLAIMS = (*PACE_RULES, "hashtag_bump")
OF_HASHTAGS = ("hashtag_bump",)
CANT_TELL = "can't tell"
WEEK_DAYS, UNITS_A_WEEK = 7, 4
MOST_BASE = 20_000
_CLAIM = ["sound_id", "rule", "rule_version", "alerted_at"]


@dataclass(frozen=True, eq=False)
class Ledger:
    """Alerts and what became of them.

    Attributes
    ----------
    as_of
        Nothing from then on is known.
    alerts
        A row an alert, the newest first: the columns of ``alerts``, ``sound_id`` (of a hashtag, # and its name),
        ``title`` (of a hashtag the same), ``artist``, ``note``; ``outcome_1w`` (hit, miss, not yet, can't tell; NULL
        where no pace is claimed) and ``lift_1w`` [ratio], the same after 2, 4 and 8 weeks; ``lead_days`` [days] from
        alert to peak.
    outcomes
        What `trendlib.metrics.outcomes` gave for them, with ``alert_id``, ``title``, ``alert``.
    rates
        What `trendlib.metrics.hit_rate` gave: each rule and version against chance.
    runs
        How often rules were asked: rows of ``rule_runs``.
    """

    as_of: datetime
    alerts: pd.DataFrame
    outcomes: pd.DataFrame
    rates: pd.DataFrame
    runs: pd.DataFrame

    def only(self, rule: str | None) -> "Ledger":
        """Give the part of one rule; None gives all."""
        if rule is None:
            return self
        alerts, outcomes, rates, runs = (
            frame[frame["rule"] == rule].reset_index(drop=True)
            for frame in (self.alerts, self.outcomes, self.rates, self.runs)
        )
        return Ledger(self.as_of, alerts, outcomes, rates, runs)

    @property
    def standing(self) -> pd.DataFrame:
        """The alerts of sounds that the last recording still said: ``sound_id``, ``rule``, ``alert_id``."""
        last = self.alerts["last_at"].max()
        is_standing = (self.alerts["last_at"] == last) & self.alerts["region"].isna()
        standing: pd.DataFrame = self.alerts.loc[is_standing, ["sound_id", "rule", "alert_id"]]
        return standing

    @property
    def finding(self) -> str:
        """Each rule's hits at the first horizon that is told, the same for all but rarely, in a sentence."""
        told = first_told(self.rates)
        if told.empty:
            return "No alert is old enough to be told: the first outcome comes after a week."
        return "; ".join(_in_words(row) for row in told.itertuples())


def first_told(rates: pd.DataFrame) -> pd.DataFrame:
    """Give each rule and version at the first horizon with a told outcome: which one is quoted is not chosen."""
    told = rates[rates["n"] > 0].sort_values(["rule", "rule_version", "weeks"])
    first: pd.DataFrame = told.drop_duplicates(["rule", "rule_version"])
    return first


def _in_words(row: Any) -> str:
    after = f"after {row.weeks} week{'' if row.weeks == 1 else 's'}"
    own = f"{row.rule.replace('_', ' ')} v{row.rule_version}: {row.hits} of {row.n} hit {after}"
    chance = f", not flagged {row.base_rate:.0%}" if row.base_n else ""
    return f"{own} ({row.low:.0%} to {row.high:.0%}){chance}"


def read_ledger(store: Store, as_of: datetime, *, outcome: Rule = metrics.OUTCOME) -> Ledger:
    """Tell what became of the alerts that were recorded before an instant.

    Parameters
    ----------
    store
        Where they are kept.
    as_of
        Nothing from then on is known.
    outcome
        What counts as a hit.
    """
    with store.as_of(as_of) as world:
        return _ledger(world, world.frame("alerts"), world.frame("rule_runs"), outcome)


def backtest(
    store: Store,
    watched: Sequence[str],
    instants: Sequence[datetime],
    *,
    as_of: datetime,
    rules: Mapping[str, Rule] = metrics.RULES,
    on_progress: OnProgress = silent,
) -> Ledger:
    """Ask the rules as of each of some instants, on what was known then; tell what became of what they said.

    Parameters
    ----------
    store
        The warehouse; it is only read.
    watched
        Sound ids; none given means every sound known at each instant.
    instants
        As of when, the oldest first.
    as_of
        Outcomes are told on what was known by then.
    rules
        The rules by name.
    on_progress
        Told the stage, how many instants are done and of how many.

    Returns
    -------
        The ledger as it would stand, had these rules been asked then.
    """
    episodes, runs = Episodes(), []
    for done, instant in enumerate(instants, start=1):
        try:
            with store.as_of(instant) as world:
                then = board(world, watched, rules=rules)
        except NoDataError:
            continue
        finally:
            on_progress("asking the rules as of each day", done, len(instants))
        words = episodes.say(then, recorded_at=as_of)
        proof = {"asked_as_of": instant, "observed_at": instant, "answer_id": None, "thresholds": None}
        runs += [{**run, **proof} for run in words.runs]
    with store.as_of(as_of) as world:
        return _ledger(world, episodes.frame, frame_of(RULE_RUNS, runs), rules["outcome"])


def days_between(start: datetime, end: datetime) -> list[datetime]:
    """List the instants from one to another, a day apart each."""
    return [start + timedelta(days=back) for back in range((end - start).days + 1)]


def _ledger(world: Snapshot, said: pd.DataFrame, runs: pd.DataFrame, outcome: Rule) -> Ledger:
    is_sound = said["subject"] == "sound"
    said = said.assign(sound_id=said["subject_id"].where(is_sound, "#" + said["subject_id"]))
    claims = said[said["rule"].isin(CLAIMS)]
    asked = runs[runs["rule"].isin(CLAIMS)]
    oldest = min([world.as_of, *claims["alerted_at"], *asked["asked_as_of"]])
    daily = _daily(world, days=(world.as_of - oldest) // timedelta(days=1) + BASELINE.stop + 1)
    became = metrics.outcomes(claims[_CLAIM], daily, as_of=world.as_of, rule=outcome)
    base = metrics.outcomes(_base(claims, asked, daily), daily, as_of=world.as_of, rule=outcome)
    titles = named_sounds(world, world.frame("sounds"))[["sound_id", "title", "artist"]]
    named = said.merge(titles, on="sound_id", how="left").merge(_notes(world), on="alert_id", how="left")
    named["title"] = named["title"].fillna(named["sound_id"])  # a hashtag, or a sound that nobody named
    whose = named[["alert_id", "sound_id", "rule", "alerted_at", "title", "alert"]]
    told = became.merge(whose, on=["sound_id", "rule", "alerted_at"], how="left")
    alerts = named.merge(_wide(told), on="alert_id", how="left")
    alerts = alerts.sort_values(["alerted_at", "rule", "sound_id"], ascending=[False, True, True], ignore_index=True)
    return Ledger(world.as_of, alerts, told, metrics.hit_rate(became, base), runs)


def _daily(world: Snapshot, *, days: int) -> pd.DataFrame:
    """Count uses a day of sounds and hashtags on their counters, without the days that rounding hides."""
    sounds = world.frame("sound_observations")[["sound_id", "observed_at", "total_uses"]]
    tags = metrics.hashtags.readings(world.frame("hashtag_observations"))
    readings = pd.concat([sounds, tags.assign(sound_id="#" + tags["sound_id"])], ignore_index=True)
    daily: pd.DataFrame = metrics.daily.from_counter(readings, as_of=world.as_of, days=days)
    pace = daily.groupby("sound_id")["posts"].rolling(WEEK_DAYS, min_periods=1).mean().reset_index(level=0, drop=True)
    unit = daily["rounding_unit"].astype("float64").fillna(1.0)
    is_told = (unit <= 1) | (unit * UNITS_A_WEEK <= pace.sort_index() * WEEK_DAYS)
    return daily[is_told]


def _base(claims: pd.DataFrame, asked: pd.DataFrame, daily: pd.DataFrame) -> pd.DataFrame:
    """List the sounds and weeks to compare with: a rule was asked in that week, and did not flag the sound."""
    last_runs = asked.sort_values("asked_as_of").assign(
        week=lambda runs: (runs["asked_as_of"].max() - runs["asked_as_of"]) // (DAY * WEEK_DAYS)
    )
    last_runs = last_runs.drop_duplicates(["rule", "rule_version", "week"], keep="last")
    known = pd.DataFrame({"sound_id": daily["sound_id"].drop_duplicates()})
    is_hashtag = known["sound_id"].str.startswith("#")
    cells = []
    for rule, runs in last_runs.groupby("rule"):
        every = runs[["rule", "rule_version", "asked_as_of"]].merge(
            known[is_hashtag == (rule in OF_HASHTAGS)], how="cross"
        )
        cells.append(every.iloc[:: len(every) // MOST_BASE + 1])
    quiet = pd.concat(cells) if cells else asked.assign(sound_id=asked["rule"])
    quiet = quiet.assign(day=quiet["asked_as_of"] - DAY, alert="none")
    flags = [quiet, *(_standing(row) for row in claims.to_dict("records"))]
    columns = ["sound_id", "rule", "rule_version", "day", "alert"]
    base: pd.DataFrame = metrics.unflagged(pd.concat([frame[columns] for frame in flags], ignore_index=True))
    return base


def _standing(alert: Mapping[Any, Any]) -> pd.DataFrame:
    """Give the days on which an alert stood, as flags."""
    days = pd.date_range(alert["alerted_at"], alert["last_at"], freq="D").as_unit("us") - DAY
    return pd.DataFrame({**{name: alert[name] for name in ("sound_id", "rule", "rule_version")}, "day": days}).assign(
        alert="confirmed"
    )


def _notes(world: Snapshot) -> pd.DataFrame:
    notes = world.frame("notes").sort_values(["alert_id", "written_at"])
    return notes.drop_duplicates("alert_id", keep="last")[["alert_id", "note"]]


def _wide(told: pd.DataFrame) -> pd.DataFrame:
    """Put the horizons of each alert side by side."""
    wide = told.drop_duplicates("alert_id")[["alert_id", "lead_days"]]
    for weeks in HORIZONS_WEEKS:
        own = told.loc[told["weeks"] == weeks, ["alert_id", "outcome", "lift"]]
        own = own.assign(outcome=own["outcome"].fillna(CANT_TELL))
        wide = wide.merge(own.set_axis(["alert_id", f"outcome_{weeks}w", f"lift_{weeks}w"], axis=1), on="alert_id")
    return wide
