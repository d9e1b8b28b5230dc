"""Exhibits of all watched sounds at one instant.

`Gallery` is the showing half of `trendlib.monitor.Monitor`: it takes the board of an instant and
makes exhibits of it. It fetches nothing and opens nothing.
"""

from abc import ABC, abstractmethod
from collections import Counter
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd

from trendlib import metrics
from trendlib.boards import findings
from trendlib.boards.board import Board
from trendlib.boards.ledger import Ledger
from trendlib.boards.sound import MAX_USES
from trendlib.boards.study import at_least_one
from trendlib.schema import Status
from trendlib.show import charts
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import rule_words

LEADERBOARD_COLUMNS = (
    "rank", "title", "artist", "growth_rate", "growth_low", "growth_high", "posts_last_24h", "window_days",
    "total_uses", "status", "alert",
)  # fmt: skip
ALERT_COLUMNS = (
    "title",
    "artist",
    "rule",
    "alert",
    "status",
    "growth_rate",
    "growth_low",
    "growth_high",
    "effective_creators",
    "posts_last_24h",
    "window_days",
    "total_uses",
)  # fmt: skip
LEDGER_COLUMNS = (
    "alerted_at", "title", "artist", "rule", "alert", "last_alert", "status", "outcome_1w", "outcome_2w",
    "outcome_4w", "outcome_8w", "lead_days",
)  # fmt: skip
RATE_COLUMNS = ("rule", "rule_version", "weeks", "hits", "n", "rate", "low", "high", "base_rate", "lead_days")
CROSSOVER_COLUMNS = ("title", "artist", "region", "p0", "p1", "low", "n0", "n1", "n_unknown", "status")
CAUTION_COLUMNS = ("title", "artist", "caution", "advice")


class Gallery(ABC):
    """What can be shown of a board: the leaderboard, what the rules flag, what crosses borders, what to doubt."""

    is_practice: bool

    @property
    @abstractmethod
    def as_of(self) -> datetime:
        """The instant everything is shown as of."""

    @property
    @abstractmethod
    def board(self) -> Board:
        """All watched sounds, measured as of the instant."""

    @property
    @abstractmethod
    def kept(self) -> Ledger:
        """Every alert that was recorded, and what became of it."""

    def tally(self) -> str:
        """Count the watched sounds by status: how much of the board can be believed."""
        return metrics.tally(self.board.leaderboard())

    def leaderboard(
        self, *, max_uses: int | None = MAX_USES, top: int | None = 20, include_unrankable: bool = False
    ) -> Exhibit:
        """Rank the watched sounds by how surely they accelerate.

        Parameters
        ----------
        max_uses
            Leave out sounds with as many total uses or more; None keeps all [posts].
        top
            How many ranks; None for all.
        include_unrankable
            List also, last, the sounds that can't be ranked and why.

        Returns
        -------
            Table and chart; the columns are those of `trendlib.metrics.leaderboard`.

        Raises
        ------
        ConfigError
            If a number is none, or below 1.
        """
        at_least_one(top=top, max_uses=max_uses)
        frame = self.board.leaderboard(max_uses=max_uses, top=top, include_unrankable=include_unrankable)
        widened = int((frame["window_days"].gt(1) & frame["growth_rate"].notna()).sum())
        windows = f"{widened} on windows of 2 to 14 days, as their counter is rounded" if widened else ""
        size = "of any size" if max_uses is None else f"with fewer than {max_uses:,} uses"
        ranked = (
            f"sounds {size}, ranked among themselves by the lower end of the 90 % interval; 1× is the sound's own week "
            "before, weekdays and what moved everybody taken out"
        )
        return self._of_board(
            "leaderboard",
            "What is accelerating",
            frame,
            subtitle=findings.leads(frame),
            columns=LEADERBOARD_COLUMNS,
            draw=partial(charts.leaderboard.sheet, frame),
            note="; ".join(filter(None, (ranked, windows, findings.young(frame)))),
        )

    def landscape(self) -> Exhibit:
        """Place every watched sound by its size and its growth; small ones that grow fast lie in the corner.

        Returns
        -------
            Table and chart; the columns are those of `trendlib.metrics.leaderboard`.
        """
        frame = self.board.leaderboard()
        rule = self.board.rules["catch_them_early"]
        corner = metrics.catch_them_early(frame, rule=rule)
        found = len(corner)
        return self._of_board(
            "landscape",
            "Size and growth of everything watched",
            frame,
            subtitle=f"{found or 'no'} sound{'s' * (found != 1)} to catch early",
            columns=LEADERBOARD_COLUMNS,
            draw=partial(charts.landscape.sheet, frame, growth=rule["growth_rate"], uses=rule["total_uses"]),
            note=f"rule {rule_words(rule.name)[0]} v{rule.version}: growth of {rule['growth_rate']:g} or more, "
            f"fewer than {rule['total_uses']:,.0f} uses, {rule['posts_last_24h']:g} posts a day or more",
        )

    def alerts(self) -> Exhibit:
        """List the sounds that a rule flags: breakout (watch, confirmed, new), catch_them_early, reactivation.

        Returns
        -------
            The columns of `trendlib.boards.board.Board.alerts`, and ``alert_id`` of what was recorded.
        """
        frame = self.board.alerts().merge(self.kept.standing, on=["sound_id", "rule"], how="left")
        asked = ("breakout", "catch_them_early", "reactivation")
        rules = ", ".join(f"{rule_words(name)[0]} v{self.board.rules[name].version}" for name in asked)
        return self._of_board(
            "alerts",
            "What the rules flag",
            frame,
            subtitle=findings.flagged(frame),
            columns=ALERT_COLUMNS,
            draw=partial(charts.leaderboard.sheet, _once(frame)),
            note="; ".join(filter(None, (f"rules: {rules}", findings.young(frame)))),
        )

    def ledger(self) -> Exhibit:
        """List every recorded alert and what became of it after 1, 2, 4 and 8 weeks, the newest first.

        Returns
        -------
            Table and chart; the columns are those of `trendlib.boards.ledger.Ledger.alerts`.
        """
        return self.of_ledger("ledger", "What became of the alerts", self.kept)

    def hit_rates(self) -> Exhibit:
        """Hold each rule's recorded alerts against sounds that it did not flag."""
        return self.rates_of(self.kept)

    def of_ledger(self, name: str, title: str, ledger: Ledger) -> Exhibit:
        """Show a ledger, recorded or replayed."""
        told = ledger.alerts["rule"].isin(ledger.rates["rule"]).sum()
        return self._exhibit(
            name,
            title,
            ledger.alerts.drop(columns=["observed_at", "answer_id", "first_seen"], errors="ignore"),
            columns=LEDGER_COLUMNS,
            draw=partial(charts.ledger.sheet, ledger.outcomes, rates=ledger.rates),
            subtitle=ledger.finding,
            source=f"{len(ledger.alerts):,} alerts, {told:,} of them claims of pace; uses a day by the counters",
            tally=Counter(ledger.alerts["status"]),
            things="alerts",
            note="a hit is a week at twice the pace of before the alert or more; the base rate is that of sounds in "
            "weeks in which the same rule was asked and did not flag them",
        )

    def rates_of(self, ledger: Ledger) -> Exhibit:
        """Show how often alerts of a ledger hit, beside chance."""
        return self._exhibit(
            "hit_rates",
            "How often alerts hit, beside sounds that were not flagged",
            ledger.rates,
            columns=RATE_COLUMNS,
            subtitle=ledger.finding,
            source=f"{len(ledger.alerts):,} alerts; uses a day by the counters",
            note="90 % Wilson intervals; lead_days is the median from alert to peak",
        )

    def crossovers(self) -> Exhibit:
        """List the sounds that cross from one country into another: shares of posts this week against last."""
        frame = self.board.crossovers()
        looked_at = self.board.shifts
        enough = looked_at.loc[looked_at["status"] != Status.NOT_ENOUGH_COVERAGE, "sound_id"].nunique()
        return self._of_board(
            "crossovers",
            "What crosses into another country",
            frame,
            columns=CROSSOVER_COLUMNS,
            draw=partial(charts.crossovers.sheet, frame),
            note=f"{enough} of {looked_at['sound_id'].nunique()} sounds with posts have enough of known region in both "
            "weeks; region is that of the poster's account",
        )

    def cautions(self) -> Exhibit:
        """List what not to believe too quickly: rising sounds of a few creators, and what can't be ranked and why."""
        frame = self.board.cautions()
        return self._of_board("cautions", "What to be careful with", frame, columns=CAUTION_COLUMNS)

    def _of_board(self, name: str, title: str, frame: pd.DataFrame, **how: Any) -> Exhibit:
        """Wrap what was asked of the board: its source and its tally are those of all watched sounds."""
        everything = self.board.leaderboard()
        source = f"TikLiveAPI: {self.board.readings_used:,} counter readings, {self.board.posts_used:,} posts"
        return self._exhibit(name, title, frame, source=source, tally=Counter(everything["status"]), **how)

    def _exhibit(self, name: str, title: str, frame: pd.DataFrame, **how: Any) -> Exhibit:
        return Exhibit(name=name, title=title, frame=frame, as_of=self.as_of, is_practice=self.is_practice, **how)


def _once(alerts: pd.DataFrame) -> pd.DataFrame:
    """Give each sound one row, with all that rules say of it."""
    said = alerts.groupby("sound_id")["alert"].agg(", ".join)
    first = alerts.drop_duplicates("sound_id", ignore_index=True)
    return first.assign(alert=first["sound_id"].map(said))
