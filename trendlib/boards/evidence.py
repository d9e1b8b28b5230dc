"""What is known of one sound at one instant, and what is measured of it."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from trendlib import metrics
from trendlib.boards.alerts import PACE_RULES, standing
from trendlib.boards.board import COUNTED, POSTS_PER_CREATOR, SENT_ALERTS, not_measured
from trendlib.boards.names import named_sounds
from trendlib.boards.study import GRID_DAYS, Study
from trendlib.metrics.breakouts import CROWD_DAYS, last_day
from trendlib.metrics.captions import hashtag_shares
from trendlib.metrics.counters import Told
from trendlib.metrics.coverage import own_span
from trendlib.metrics.creators import concentrated
from trendlib.metrics.engines import board, days_at, days_before, instant
from trendlib.metrics.forecast import outlook
from trendlib.metrics.leaderboard import best_evidence
from trendlib.metrics.picks import is_early
from trendlib.metrics.regions import mixed
from trendlib.metrics.season import season
from trendlib.metrics.velocity import COUNTED_DAYS, Dialect, of_counts
from trendlib.metrics.windows import HORIZON_DAYS, WHOLE_DAY, Counts, Grid, Listed, laid_out
from trendlib.schema import Status

CONCENTRATION_DAYS = 7
FEW_POSTS = 5000
_AHEAD = (1, 3, 7)


def evidence(study: Study, sound_id: str, as_of: datetime) -> "Evidence":
    """Return what is known of a sound at an instant."""
    return study.evidence(sound_id, as_of, lambda: Evidence(study, sound_id, as_of))


class Evidence:
    """One sound at one instant: what is known, and what is measured of it.

    Parameters
    ----------
    study
        The sounds it is one of.
    sound_id
        Which one.
    as_of
        The instant.
    """

    def __init__(self, study: Study, sound_id: str, as_of: datetime) -> None:
        self.study = study
        self.sound_id = sound_id
        self.as_of = as_of
        self.world = study.excerpt(sound_id).at(as_of)

    @cached_property
    def is_known(self) -> bool:
        """Whether it was watched by then."""
        return self.sound_id in self.study.watched or bool(len(self.readings) or len(self.pages))

    @cached_property
    def identity(self) -> pd.DataFrame:
        """Title, artist and the like: a row, or none."""
        return named_sounds(self.world, self.world.frame("sounds"))

    @cached_property
    def readings(self) -> pd.DataFrame:
        """The readings of its use counter."""
        return self.world.frame("sound_observations")

    @cached_property
    def pages(self) -> pd.DataFrame:
        """The pages of its feed."""
        return self.world.frame("feed_pages")

    @property
    def rounded_readings(self) -> pd.DataFrame:
        """The readings with the rounding unit of each one's window, where it is told: ``rounding_unit`` [posts]."""
        age = pd.Series(np.ceil(days_before(self.readings["observed_at"], instant(self.as_of))), self.readings.index)
        return self.readings.assign(rounding_unit=age.map(pd.Series(self.told.columns["rounding_unit"], self.told.age)))

    @cached_property
    def uses(self) -> pd.DataFrame:
        """Its latest known total uses: a row, or none."""
        is_known = self.readings["total_uses"].notna().to_numpy()
        return self.readings.loc[is_known, ["sound_id", "total_uses"]].tail(1).reset_index(drop=True)

    @property
    def _total(self) -> float | None:
        """Its latest known total uses [posts]."""
        totals = self.readings["total_uses"]
        known = np.flatnonzero(totals.notna())
        return float(totals.iloc[known[-1]]) if len(known) else None

    @property
    def covered(self) -> pd.DataFrame:
        """What its feed's pages prove."""
        return self.study.feed(self.sound_id).coverage(self.as_of, self._total)

    @cached_property
    def posts(self) -> Any:
        """Its posts, one row each, to be counted, without what counting does not need."""
        return self._at_hand(self.world.posts_known(has_counters=False).project(", ".join(COUNTED)))

    @cached_property
    def listed(self) -> Any:
        """Its posts with all that is said of them."""
        return self._at_hand(self.world.posts_known(has_counters=False))

    @cached_property
    def viewed(self) -> Any:
        """Its posts with all that is said of them and their latest counters."""
        return self._at_hand(self.world.posts_known(has_counters=True))

    @cached_property
    def views_read(self) -> Any:
        """Every reading of its posts' counters, the older ones too."""
        return self._at_hand(self.world.readings_of_posts())

    def _at_hand(self, rows: Any) -> Any:
        """Bring the rows of a few posts out of the engine, which takes longer to plan a query than to count them."""
        return board(nw.from_native(rows)) if self.number_of_posts <= FEW_POSTS else rows

    @cached_property
    def counted(self) -> Counts:
        """Its daily counts by the counter."""
        return Counts.of_counter(self.told, HORIZON_DAYS)

    @cached_property
    def told(self) -> Told:
        """What its counter tells of each window."""
        return self.study.counters(self.sound_id).by_day(instant(self.as_of), HORIZON_DAYS)

    @cached_property
    def span(self) -> pd.DataFrame:
        """The stretch of time in which its posts are complete."""
        stretch = self.study.feed(self.sound_id).stretch(self.as_of, self._total)
        return own_span(self.sound_id, self.world.oldest_post(), stretch)

    @cached_property
    def tally(self) -> pd.DataFrame:
        """How many posts, posts of creators counted twice at most, and creators each window holds."""
        bounds = [self.span[name].iloc[0] if len(self.span) else None for name in ("counted_from", "until")]
        return self.world.posts_by_day(HORIZON_DAYS, POSTS_PER_CREATOR, *bounds)

    def listed_by_day(self, posts: str, days: int) -> Listed:
        """Lay the tally of posts, or of those capped, out on windows with what is covered."""
        names = {"seen": posts, "posts": f"{posts}_within", "creators": "creators_within"}
        counts = {name: np.zeros((len(self.span), HORIZON_DAYS)) for name in names}
        places = self.tally["age"].to_numpy() - 1
        for name, column in names.items():
            counts[name][:, places] = self.tally[column].to_numpy()
        near = {name: cells[:, :days] for name, cells in counts.items()}
        return laid_out(near, self.span, as_of=instant(self.as_of))

    @cached_property
    def counts(self) -> Counts:
        """Its daily counts: by the posts where they cover a day whole, else by the counter."""
        return Counts.of_posts(self.listed_by_day("capped", HORIZON_DAYS)).beside(self.counted)

    @cached_property
    def days(self) -> pd.DataFrame:
        """The same as a frame, oldest first."""
        return self.counts.frame(instant(self.as_of))

    @cached_property
    def last_week(self) -> Listed:
        """The tally of its posts of the last day and the week before."""
        return self.listed_by_day("posts", COUNTED_DAYS)

    @property
    def listed_last_day(self) -> float | None:
        """How many posts are listed of the last 24 hours; None where they are not covered whole [posts]."""
        is_whole = self.last_week.exposure[:, 0] >= WHOLE_DAY
        return float(self.last_week.seen[0, 0]) if is_whole.any() else None

    @cached_property
    def grid(self) -> Grid:
        """Its daily counts as a grid of one sound."""
        return self.counts.grid(GRID_DAYS)

    @cached_property
    def company_days(self) -> Grid:
        """Daily counts of the company, this sound's own among them."""
        return self.study.company_days(self.as_of).beside(self.grid)

    def velocities(self, dialect: Dialect = "trendlib") -> Sequence[pd.DataFrame]:
        """Measure its velocity in a dialect: on its posts, and on its counter, which shows no views."""
        if dialect == "tutorial_engagement":
            how: dict[str, Any] = {"as_of": self.as_of, "daily": self.company_days, "dialect": dialect}
            return (metrics.velocity(self.viewed, coverage=self.covered, **how),)
        on_posts = of_counts(self.last_week, season(self.company_days), dialect=dialect)
        if len(on_posts) and on_posts["status"].iloc[0] == Status.OK:
            return (on_posts,)  # no counter tells more
        own = self.counted.grid(GRID_DAYS)
        ordinary = season(self.study.company_days(self.as_of).beside(own))
        return on_posts, of_counts(own, ordinary, dialect=dialect)

    @cached_property
    def measured(self) -> Sequence[pd.DataFrame]:
        """Its velocity on each kind of evidence that matters."""
        return self.velocities()

    def row_of(self, velocities: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """Return a leaderboard of this sound alone; of one that was never seen, a row that says so."""
        row: pd.DataFrame = metrics.leaderboard(
            self._or_unseen(velocities),
            as_of=self.as_of,
            facts=(self.identity, self.uses),
            max_uses=None,
            top=None,
            include_unrankable=True,
        )
        return row

    @cached_property
    def leaders(self) -> pd.DataFrame:
        """Its row as the leaderboard has it, but for what only the board can tell: rank, alert, creators."""
        return self.row_of(self.measured)

    @cached_property
    def row(self) -> "pd.Series[Any]":
        """What its row on the leaderboard says of its velocity."""
        return best_evidence(self._or_unseen(self.measured)).iloc[0]

    def _or_unseen(self, velocities: Sequence[pd.DataFrame]) -> Sequence[pd.DataFrame]:
        """Add a row that says so to the velocities of a sound that was never seen."""
        is_seen = any(map(len, velocities))
        return velocities if is_seen else (*velocities, not_measured([self.sound_id], velocities))

    @cached_property
    def standing(self) -> pd.DataFrame:
        """The days on which what a rule said of its pace stood, as it was recorded: ``day``, ``alert``."""
        return standing(self.alerts[self.alerts["rule"].isin(PACE_RULES)], self.as_of)

    @cached_property
    def alerts(self) -> pd.DataFrame:
        """What the rules said of it, as it was recorded."""
        return self.world.frame("alerts")

    @property
    def crowd_of_week(self) -> tuple[int, int]:
        """How many of its posts of the last 7 days are known, and how many creators each day, added up."""
        is_recent = self.tally["age"].to_numpy() <= CROWD_DAYS
        posts, creators = (int(self.tally[name].to_numpy()[is_recent].sum()) for name in ("posts", "creators"))
        return posts, creators

    @property
    def crowd(self) -> pd.DataFrame:
        """How many creators are known to have posted it, day by day."""
        return (
            self.tally[["posts", "creators"]]
            .astype("Int64")
            .assign(
                sound_id=pd.Series(self.sound_id, self.tally.index, dtype="str"),
                day=days_at(self.tally["age"], instant(self.as_of)),
            )
        )

    @cached_property
    def flagged(self) -> "pd.Series[Any]":
        """What rules need of its row on the leaderboard, with what the breakout rule says of its last day."""
        uses = self.uses["total_uses"].iloc[0] if len(self.uses) else pd.NA
        today = last_day(self.company_days, self.sound_id, self.tally, rule=self.study.rules["breakout"])
        return pd.Series({**self.row, "total_uses": uses, "effective_creators": np.nan, **today}, dtype="object")

    @cached_property
    def flagged_by(self) -> list[str]:
        """The rules that flag it now, but for those that need all sounds."""
        is_sent = self.flagged["alert"] in SENT_ALERTS
        told = {
            "breakout": is_sent,
            "catch_them_early": is_early(self.flagged, self.study.rules["catch_them_early"]),
            "reactivation": is_sent and self._is_woken,  # who wakes up breaks out
        }
        return [rule for rule, is_flagged in told.items() if is_flagged]

    @property
    def _is_woken(self) -> bool:
        rules, days = self.study.rules, self.company_days
        flags = metrics.breakouts(days, as_of=self.as_of, crowd=self.crowd, rule=rules["breakout"])
        woken = metrics.reactivations(flags, days, as_of=self.as_of, rule=rules["reactivation"])
        return bool((woken["sound_id"] == self.sound_id).any())

    @cached_property
    def number_of_posts(self) -> int:
        """How many of its posts are known."""
        return self.world.number_of_posts()

    @cached_property
    def expected(self) -> pd.DataFrame:
        """The band in which its last days would lie if it went on as in its quiet days: ``day``, ``low``, ``high``."""
        bands: pd.DataFrame = metrics.expected(self.company_days, as_of=self.as_of, only=self.sound_id)
        return bands

    def forecast(self, days: int) -> pd.DataFrame:
        """Forecast its uses of the next day, the next three and so on: a row for each number of ``days`` ahead."""
        horizons = sorted({*(one for one in _AHEAD if one < days), days})
        return outlook(self.grid, {ahead: self.study.forecast_errors(self.as_of, ahead) for ahead in horizons})

    def regions(self, cells: int, span_days: int) -> pd.DataFrame:
        """Give its mix of regions, cell by cell."""
        counts = self.world.posts_by_region(cells, span_days).assign(sound_id=self.sound_id)
        return mixed(counts.astype({"region": "str"}), as_of=self.as_of, span_days=span_days)

    def hashtags(self, days: int) -> pd.DataFrame:
        """Give the hashtags of its captions, with their lift over the company's."""
        elsewhere = self.study.company_hashtags(self.as_of, days)
        counts = self.world.hashtags_by_sound(days)
        return hashtag_shares(counts, elsewhere[elsewhere["sound_id"] != self.sound_id])

    def creators(self, top: int, days: int | None) -> pd.DataFrame:
        """Rank its creators by views, with their names."""
        leaders = self.world.leaders(top, days)
        known = self.world.creators(leaders["creator_id"].tolist())
        ranks = pd.array(range(1, len(leaders) + 1), dtype="Int64")
        return leaders.assign(rank=ranks).merge(known, on="creator_id", how="left")

    @cached_property
    def concentration(self) -> pd.DataFrame:
        """Tell how few creators the last week's posts rest on: a row, or none."""
        return concentrated(self.world.creator_totals(CONCENTRATION_DAYS).assign(sound_id=self.sound_id))

    def names(self, creator_ids: Sequence[str]) -> pd.DataFrame:
        """Return handle and nickname of some creators, where known."""
        return self.world.creators(creator_ids)[["creator_id", "handle", "nickname"]]
