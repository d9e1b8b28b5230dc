"""What a sound's posts show: where it is posted, by whom, how far they carry, with which hashtags.

`Posted` is that half of `trendlib.boards.sound.Sound`. Posts are counted where they lie; what leaves the database is
a row a day, region, creator or hashtag.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Literal, cast

import pandas as pd

from trendlib import metrics
from trendlib.boards import findings
from trendlib.boards.alerts import marks
from trendlib.boards.evidence import Evidence
from trendlib.boards.study import Study, at_least_one
from trendlib.errors import ConfigError
from trendlib.metrics.reach import OWN_DAYS
from trendlib.metrics.velocity import DIALECTS, Dialect
from trendlib.show import charts
from trendlib.show.exhibits import Exhibit
from trendlib.show.places import the_region

CREATOR_COLUMNS = ("rank", "handle", "nickname", "posts", "views", "reach_per_post", "followers")
HASHTAG_COLUMNS = ("hashtag", "n", "share", "lift", "status")
MIX_COLUMNS = ("day", "region", "posts", "share", "n", "n_unknown", "unknown_share")
SHIFT_COLUMNS = ("region", "p0", "p1", "low", "high", "n0", "n1", "n_unknown", "is_crossover", "status", "reason")
SPAN_DAYS: Mapping[str, int] = MappingProxyType({"day": 1, "week": 7})


class Posted(ABC):
    """Exhibits of one sound's posts."""

    study: Study
    sound_id: str
    as_of: datetime
    is_practice: bool

    @property
    @abstractmethod
    def name(self) -> str:
        """Title and artist."""

    @property
    @abstractmethod
    def evidence(self) -> Evidence:
        """What is known of it at the instant, and measured."""

    def regions(self, *, by: Literal["day", "week"] = "day", cells: int = 14) -> Exhibit:
        """Show where its posters live, day by day or week by week.

        Parameters
        ----------
        by
            Whether a cell is a day or a week.
        cells
            How many cells back.
        """
        at_least_one(cells=cells)
        if by not in SPAN_DAYS:
            raise ConfigError(f"regions by {by!r}: ask by {' or '.join(SPAN_DAYS)}")
        mix = self.evidence.regions(cells, SPAN_DAYS[by])
        alerts = self.evidence.alerts
        crossed = alerts[(alerts["rule"] == "crossover") & alerts["region"].notna()]
        marked = marks(crossed, self.as_of, span_days=SPAN_DAYS[by])
        cells_known = mix.drop_duplicates("day")
        return self._exhibit(
            "regions",
            f"Where {self.name} is posted",
            mix,
            subtitle=findings.top_regions(mix),
            columns=MIX_COLUMNS,
            draw=partial(charts.region_mix.sheet, mix, crossovers=marked, span_days=SPAN_DAYS[by]),
            source=f"{findings.counted(cells_known, 'n')} posts with a region, "
            f"{findings.counted(cells_known, 'n_unknown')} without",
            note="region of the poster's account; shares are among the posts with one",
        )

    def region_shift(self) -> Exhibit:
        """Compare the regions of this week with those of last week."""
        rule = self.study.rules["crossover"]
        shifts = metrics.crossover(self.evidence.posts, as_of=self.as_of, rule=rule)
        return self._exhibit(
            "region_shift",
            f"Regions this week against last: {self.name}",
            shifts,
            subtitle=findings.shift(shifts),
            columns=SHIFT_COLUMNS,
            draw=partial(charts.region_shift.sheet, shifts),
            source=f"{findings.counted(shifts.head(1), 'n1')} posters this week, "
            f"{findings.counted(shifts.head(1), 'n0')} last week",
            tally=Counter(shifts["status"]),
            things="regions",
            note="how alike posters are is learnt from this sound alone",
        )

    def creators(self, *, top: int = 10, days: int | None = None) -> Exhibit:
        """Show who reaches most people with it, and how few creators it rests on.

        Parameters
        ----------
        top
            How many creators.
        days
            Only posts of the last so many days; None for all that are known.
        """
        at_least_one(top=top, days=days)
        evidence = self.evidence
        frame = evidence.creators(top, days)[["rank", "creator_id", *CREATOR_COLUMNS[1:]]]
        span = "all posts known" if days is None else f"posts of {_last(days)}"
        return self._exhibit(
            "creators",
            f"Who carries {self.name}: {span}",
            frame,
            subtitle=findings.concentration(evidence.concentration),
            columns=CREATOR_COLUMNS,
            draw=partial(charts.creators.sheet, frame),
            source=f"{evidence.number_of_posts:,} posts known",
            note=f"by the views of {span}; concentration is of the last 7 days",
        )

    def leave_one_out(self, *, dialect: str = "trendlib") -> Exhibit:
        """Measure its growth again without its top creator, top post and top region.

        Parameters
        ----------
        dialect
            Whose velocity: a key of ``trendlib.metrics.velocity.DIALECTS``.
        """
        evidence = self.evidence
        frame = metrics.leave_one_out(
            evidence.viewed,
            as_of=self.as_of,
            measure=partial(metrics.velocity, dialect=known_dialect(dialect)),
            coverage=evidence.covered,
            daily=evidence.company_days,
        )
        frame = self._named(frame)
        return self._exhibit(
            "leave_one_out",
            f"{self.name} without its biggest",
            frame,
            subtitle=findings.without(frame),
            columns=("left_out", "who_name", "posts_left_out", "growth_rate", "growth_rate_without", "status_without"),
            draw=partial(charts.leave_one_out.sheet, frame),
            source=f"{evidence.number_of_posts:,} posts known",
            tally=Counter(frame["status"].head(1)),
            note="top of the last 24 h; all their posts are left out"
            + ("" if dialect == "trendlib" else f"; velocities in the dialect {dialect}"),
        )

    def reach(self, *, days: int = 28) -> Exhibit:
        """Show how far its posts carry at equal age, against what their creators are used to.

        Parameters
        ----------
        days
            How many days back, 1 to 90.
        """
        at_least_one(days=days)
        if days > OWN_DAYS:
            raise ConfigError(f"reach of {days} days: ask for 1 to {OWN_DAYS}")
        evidence = self.evidence
        posts, readings = evidence.listed, evidence.views_read
        frame = metrics.reach_by_day(posts, readings, as_of=self.as_of, days=days)
        dots = metrics.reach(posts, readings, as_of=self.as_of, days=days)
        return self._exhibit(
            "reach",
            f"How far posts with {self.name} carry",
            frame.drop(columns="sound_id"),
            subtitle=findings.carried(frame),
            draw=partial(charts.reach.sheet, frame, posts=dots),
            source=f"{findings.counted(frame, 'n')} of {findings.counted(frame, 'posts')} posts "
            "seen 24 to 96 h after posting",
            tally=Counter(frame["status"]),
            things="days",
            note=f"1× is the creator's own median, of {findings.counted(frame, 'n_own')} posts; "
            "of the others the sound's",
        )

    def hashtags(self, *, days: int = 28, top: int = 20) -> Exhibit:
        """List the hashtags that stand in its captions, and how much more often than under other sounds.

        Parameters
        ----------
        days
            Only posts of the last so many days.
        top
            How many hashtags.
        """
        at_least_one(days=days, top=top)
        frame = self.evidence.hashtags(days)
        shown = frame.head(top).drop(columns="sound_id").reset_index(drop=True)
        return self._exhibit(
            "hashtags",
            f"Hashtags beside {self.name}, last {days} days",
            shown,
            subtitle=findings.most_typical(frame),
            columns=HASHTAG_COLUMNS,
            draw=partial(charts.hashtags.sheet, shown),
            source=f"{findings.counted(frame.head(1), 'n_posts')} posts of the last {days} days",
            tally=Counter(shown["status"]),
            things="hashtags",
            note="lift compares with the posts known of other watched sounds; 1 is what they have",
        )

    def posts(self, *, top: int = 10, days: int = 7) -> Exhibit:
        """List its most viewed recent posts, with the address of each.

        Parameters
        ----------
        top
            How many posts.
        days
            Only posts of the last so many days.
        """
        at_least_one(top=top, days=days)
        leaders = metrics.top_posts(self.evidence.viewed, as_of=self.as_of, days=days, top=top)
        known = self.evidence.names(leaders["creator_id"].dropna().tolist())
        frame = findings.linked(leaders.merge(known, on="creator_id", how="left"))
        return self._exhibit(
            "posts",
            f"Most viewed posts with {self.name} of {_last(days)}",
            frame[["rank", "post_id", "link", "views", "posted_at", "region", "handle", "caption"]],
            columns=findings.POST_COLUMNS,
            draw=partial(charts.posts.sheet, frame),
            source=f"{self.evidence.number_of_posts:,} posts known",
            note="views as last read",
        )

    def _named(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Say who was left out in words."""
        ids = frame.loc[frame["left_out"] == "creator", "who"].dropna().tolist()
        known = self.evidence.names(ids).dropna(subset="handle")
        handles = dict(zip(known["creator_id"], known["handle"], strict=True))
        words = [_who(kind, who, handles) for kind, who in zip(frame["left_out"], frame["who"], strict=True)]
        return frame.assign(who_name=pd.Series(words, frame.index, dtype="str"))

    def _exhibit(self, name: str, title: str, frame: pd.DataFrame, **how: Any) -> Exhibit:
        return Exhibit(name=name, title=title, frame=frame, as_of=self.as_of, is_practice=self.is_practice, **how)


def known_dialect(name: str) -> Dialect:
    """Check the name of a velocity dialect.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    if name not in DIALECTS:
        raise ConfigError(f"no velocity dialect {name!r}; there are {', '.join(DIALECTS)}")
    return cast("Dialect", name)


def _who(kind: str, who: Any, handles: Mapping[str, str]) -> str | None:
    if pd.isna(who):
        return None
    if kind == "region":
        return the_region(who)
    return f"@{handles[who]}" if kind == "creator" and who in handles else f"{kind} {who}"


def _last(days: int) -> str:
    return f"the last {days} days" if days > 1 else "the last day"
