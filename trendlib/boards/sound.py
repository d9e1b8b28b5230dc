"""One sound, looked at closely: how it moves, where, by whom, what comes next, and why it is on a list or not.

Every exhibit rests on what is known of this one sound (`trendlib.boards.study`), so none needs the board of all
sounds, but for a rank. ``sound.at(as_of)`` is the same sound at another instant, at the cost of a filter.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd

from trendlib import metrics
from trendlib.boards import findings
from trendlib.boards.evidence import Evidence, evidence
from trendlib.boards.licence import licence_exhibit, licence_lines
from trendlib.boards.posted import Posted, known_dialect
from trendlib.boards.songbook import told_shares
from trendlib.boards.study import Study, at_least_one, in_utc, named_exhibit
from trendlib.errors import ConfigError
from trendlib.metrics.checks import checked, row_of
from trendlib.metrics.forecast import RECENT_DAYS as MOST_AHEAD
from trendlib.metrics.leaderboard import TOP
from trendlib.metrics.titles import OFFICIAL
from trendlib.metrics.velocity import Dialect
from trendlib.schema import Status
from trendlib.show import charts
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import rule_words

MAX_USES = int(metrics.CATCH_THEM_EARLY["total_uses"])
EXHIBITS = (
    "velocity", "regions", "region_shift", "creators", "leave_one_out", "reach", "hashtags", "forecast", "family",
    "versions", "posts", "why", "licence",
)  # fmt: skip
DAY_COLUMNS = ("day", "posts", "exposure_days", "source")
AHEAD_COLUMNS = ("days", "uses_next", "uses_low", "uses_high", "uses_before", "daily_growth", "status")
FAMILY_COLUMNS = ("title", "artist", "version", "reason", "confidence")


@dataclass(frozen=True, eq=False, repr=False)
class Sound(Posted):
    """One sound at one instant.

    Parameters
    ----------
    study
        What was read of the sounds of its home.
    sound_id
        Which one.
    as_of
        The instant.
    is_practice
        Whether it is a sound of the practice world; every exhibit says so.
    """

    study: Study
    sound_id: str
    as_of: datetime
    is_practice: bool = False

    def __repr__(self) -> str:
        """Name the sound."""
        return f"Sound({self.name!r}, {self.sound_id})"

    def at(self, as_of: datetime) -> "Sound":
        """Return the same sound at another instant; what was read of it is shared.

        Raises
        ------
        ConfigError
            If the instant has no time zone.
        """
        return replace(self, as_of=in_utc(as_of))

    @property
    def evidence(self) -> Evidence:
        """What is known of it at the instant, and measured."""
        return evidence(self.study, self.sound_id, self.as_of)

    @property
    def name(self) -> str:
        """Title and artist, or the id when it has no title."""
        identity = self.evidence.identity
        words = [word for name in ("title", "artist") for word in identity[name].head(1).dropna()]
        return " · ".join(words) or f"sound {self.sound_id}"

    def exhibit(self, name: str, **how: Any) -> Exhibit:
        """Return one of its exhibits by name.

        Parameters
        ----------
        name
            One of ``trendlib.boards.sound.EXHIBITS``.
        **how
            What the method of that name takes.

        Raises
        ------
        ConfigError
            If there is no exhibit of that name.
        """
        return named_exhibit(self, EXHIBITS, name, **how)

    def velocity(self, *, dialect: str = "trendlib") -> Exhibit:
        """Show its posts a day and its total uses, with what is not covered and what was flagged.

        Parameters
        ----------
        dialect
            Whose velocity stands beside ours in the subtitle: a key of ``trendlib.metrics.velocity.DIALECTS``.
        """
        evidence = self.evidence
        status = Status(evidence.row["status"])
        expected = "expected is the 90 % band of its own quiet days, three weeks before"
        return self._exhibit(
            "velocity",
            self.name,
            evidence.days.iloc[::-1].reset_index(drop=True),
            subtitle=self._pace(known_dialect(dialect)),
            columns=DAY_COLUMNS,
            draw=partial(
                charts.velocity.sheet,
                evidence.days,
                readings=evidence.rounded_readings,
                expected=evidence.expected,
                alerts=evidence.standing,
            ),
            source=findings.evidence_used(evidence.days, evidence.readings),
            tally={status.value: 1},
            note="; ".join(filter(None, (status.meaning, expected, findings.young(evidence.standing)))),
        )

    def forecast(self, *, days: int = 7) -> Exhibit:
        """Forecast its uses, with the interval that other sounds' past errors have earned: a row for each horizon.

        Parameters
        ----------
        days
            How many days ahead the last horizon is, 1 to 14.
        """
        if not 1 <= days <= MOST_AHEAD:
            raise ConfigError(f"a forecast of {days} days: ask for 1 to {MOST_AHEAD}")
        frame = self.evidence.forecast(days)
        return self._exhibit(
            "forecast",
            f"What comes next for {self.name}",
            frame,
            subtitle=findings.ahead(frame, days),
            columns=AHEAD_COLUMNS,
            draw=partial(charts.forecast.sheet, self.evidence.days, ahead=frame, as_of=self.as_of),
            source=findings.evidence_used(self.evidence.days, self.evidence.readings),
            tally=Counter(frame["status"].tail(1)),
            note="80 % interval from the errors of past forecasts of other sounds; daily growth is the slope of the "
            "trend fitted to its last days, which fades ahead and starts from that trend's level, not the last day's",
        )

    def family(self) -> Exhibit:
        """List the sounds that are versions of the same song, and why each is taken for one."""
        frame = self._family
        others = len(frame) - 1
        return self._exhibit(
            "family",
            f"The family of {self.name}",
            frame[["sound_id", "title", "artist", "song_id", "version", "reason", "confidence"]],
            subtitle=f"{others} other sound{'s' * (others != 1)} of the same song known"
            if others
            else "no other version known",
            columns=FAMILY_COLUMNS,
            source=f"{len(self.study.songbook(self.as_of).sounds):,} sounds known by title",
            note="families.toml of the home wins over every other reason",
        )

    def versions(self, *, days: int = 28) -> Exhibit:
        """Show how its song's posts divide among versions, day by day.

        Parameters
        ----------
        days
            How many days back.
        """
        at_least_one(days=days)
        family = self._family
        world = self.study.excerpt(*sorted(family["sound_id"])).at(self.as_of)
        covered = metrics.coverage(world.frame("feed_pages"), as_of=self.as_of)
        posts = world.posts_known(has_counters=False)
        shares = metrics.version_share(posts, family, as_of=self.as_of, days=days, coverage=covered)
        own = shares[shares["song_id"] == family["song_id"].iloc[0]].drop(columns="song_id").reset_index(drop=True)
        listed = {*posts.project("sound_id").distinct().df()["sound_id"], *covered["subject_id"]}
        frame, note = told_shares(own, family, listed)
        return self._exhibit(
            "versions",
            f"Which version of {self.name}",
            frame,
            draw=partial(charts.versions.sheet, frame),
            source=f"posts of {len(family)} sound{'' if len(family) == 1 else 's'}, each counted once",
            tally=Counter(frame.drop_duplicates("day")["status"]),
            things="days",
            note=note,
        )

    def why(self, *, ranked: bool = True) -> Exhibit:
        """Say which check keeps it off the list, by how much, and what would change it.

        Parameters
        ----------
        ranked
            Compare it with all watched sounds as well; that takes their board.
        """
        if ranked:
            board = self.study.board(self.as_of)
            leaders, alerts, week = board.everything, board.alerts(), board.crowd_of_week(self.sound_id)
            sound = row_of(leaders, self.sound_id)
            flagged = alerts.loc[alerts["sound_id"] == self.sound_id, "rule"].tolist()
            place = "not ranked" if pd.isna(sound["rank"]) else f"rank {sound['rank']} of all that is watched"
        else:
            evidence = self.evidence
            leaders, sound, flagged, week = None, evidence.flagged, evidence.flagged_by, evidence.crowd_of_week
            place = ""
        checks = checked(
            sound,
            leaders,
            max_uses=MAX_USES,
            top=TOP,
            rules=[self.study.rules[name] for name in ("catch_them_early", "breakout")],
            week=week,
        )
        unusual = "unusual, but " if sound["alert"] == "unusual" else ""
        rules = ", ".join(rule_words(one)[0] for one in flagged)
        flags = f"flagged by {rules}" if rules else f"{unusual}flagged by no rule"
        failed = int((~checks["passed"]).sum())
        against = f"{failed or 'none'} of {len(checks)} checks below {'says' if failed == 1 else 'say'} no"
        return self._exhibit(
            "why",
            f"Why, or why not: {self.name}",
            checks,
            subtitle="; ".join(filter(None, (place, flags, against))),
            source="the whole leaderboard of this instant" if ranked else "this sound alone, without its rank",
            tally={sound["status"]: 1},
        )

    def licence(self) -> Exhibit:
        """Say what each source knows of its use, in one sentence and one table; rights must be confirmed."""
        one = self.evidence.leaders[["sound_id", "title", "artist"]]
        lines = licence_lines(self.study.store, self.as_of, one)
        return licence_exhibit(self.name, lines, self.as_of, is_practice=self.is_practice)

    @property
    def _family(self) -> pd.DataFrame:
        """The sounds of its song, as the songbook has them; of a sound without a title, itself alone."""
        songbook = self.study.songbook(self.as_of)
        if self.sound_id in set(songbook.sounds["sound_id"]):
            return songbook.family(self.sound_id)
        alone = {"sound_id": self.sound_id, "song_id": self.sound_id, "version": OFFICIAL}
        return pd.DataFrame([alone]).reindex(columns=songbook.sounds.columns)

    def _pace(self, dialect: Dialect) -> str:
        """Say how fast it moves, and what another dialect says beside it."""
        evidence = self.evidence
        beside = findings.listed_too(evidence.row, evidence.listed_last_day)
        said = "; ".join(filter(None, (findings.pace(evidence.row), beside)))
        if dialect == "trendlib":
            return said
        row = evidence.row_of(evidence.velocities(dialect)).iloc[0]
        return f"{said}; {findings.translated(row, dialect)}"
