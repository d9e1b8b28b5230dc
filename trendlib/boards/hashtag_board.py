"""Hashtags at one instant: which grow, where they started and stopped, what to make of them.

A hashtag's growth is measured on the posts of its own feed, on its counter of posts, or on its counter of views, on the
first of these that can tell: ``counts`` says whether growth is of posts or of views.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any, Literal

import pandas as pd

from trendlib import metrics
from trendlib.boards import findings
from trendlib.boards.study import Study, at_least_one, in_utc, named_exhibit
from trendlib.errors import ConfigError, NoDataError
from trendlib.metrics import hashtags
from trendlib.metrics.counters import Readings
from trendlib.metrics.velocity import Dialect
from trendlib.schema import Status, utc_text
from trendlib.show import charts
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import day_words, plain_text, ratio_words, short_number

EXHIBITS = ("leaderboard", "bumps", "calendar", "creator_brief")
_STARTS = {"trendlib": "a confirmed breakout", "tutorial_hashtag": "a velocity of 2.0, as tutorials measure it"}
COUNTERS = ("total_views", "total_posts")
LEADERBOARD_COLUMNS = (
    "rank", "hashtag", "growth_rate", "growth_low", "growth_high", "posts_last_24h", "window_days", "status",
    "evidence_kind", "counts",
)  # fmt: skip
BUMP_COLUMNS = ("hashtag", "delta", "baseline", "evidence", "snapshots", "status", "is_bump")
BRIEF_COLUMNS = (
    "hashtag_rank", "hashtag", "growth_rate", "growth_low", "growth_high", "status", "post_rank", "views", "posted_at",
    "link", "note",
)  # fmt: skip
YEAR_DAYS = 365
RECENT_DAYS = 7
NO_POST = f"no post of the last {RECENT_DAYS} days was fetched; its counter says it grows"


class HashtagBoard:
    """All hashtags whose counters or feeds were read, at one instant.

    Parameters
    ----------
    study
        What was read, and the rules that count.
    as_of
        The instant.
    is_practice
        Whether it is the practice world; every exhibit says so.
    """

    def __init__(self, study: Study, as_of: datetime, *, is_practice: bool = False) -> None:
        self.study = study
        self.as_of = as_of
        self.is_practice = is_practice

    def __repr__(self) -> str:
        """Say how many they are, and as of when."""
        return f"HashtagBoard({len(self.names)} hashtags, as of {utc_text(self.as_of)})"

    @cached_property
    def names(self) -> list[str]:
        """The hashtags that were read by the instant, in the order of the alphabet."""
        return sorted({*self._observations["hashtag"], *self._feeds["sound_id"]})

    def exhibit(self, name: str, **how: Any) -> Exhibit:
        """Return one of its exhibits by name.

        Parameters
        ----------
        name
            One of ``trendlib.boards.hashtag_board.EXHIBITS``.
        **how
            What the method of that name takes.

        Raises
        ------
        ConfigError
            If there is no exhibit of that name.
        """
        return named_exhibit(self, EXHIBITS, name, **how)

    def leaderboard(self, *, top: int | None = 20) -> Exhibit:
        """Rank the hashtags by how surely they grow; those that can't be ranked come last.

        Parameters
        ----------
        top
            How many rows; None for all.
        """
        at_least_one(top=top)
        frame = self._leaders.head(len(self._leaders) if top is None else top)
        bumps = pd.concat([self.bumps().frame, self.bumps(of="total_posts").frame]).query("is_bump")
        alerts = frame["hashtag"].isin(bumps["hashtag"]).map({True: "bump", False: ""})
        shown = frame.assign(title="#" + frame["hashtag"], artist="growth of " + frame["counts"], alert=alerts)
        return self._exhibit(
            "hashtags",
            "Hashtags that grow",
            frame,
            subtitle=self._leader_words(),
            columns=LEADERBOARD_COLUMNS,
            draw=partial(charts.leaderboard.sheet, shown),
            note="ranked by the lower end of the 90 % interval; 1× is its own week before; bumps: views or posts",
        )

    def bumps(self, *, of: Literal["total_views", "total_posts"] = "total_views") -> Exhibit:
        """List the hashtags that got more today than their own last two weeks explain, the surest first.

        Parameters
        ----------
        of
            On which counter.
        """
        if of not in COUNTERS:
            raise ConfigError(f"bumps of {of!r}: ask for {' or '.join(COUNTERS)}")
        rule = self.study.rules["hashtag_bump"]
        frame = hashtags.bumps(self._observations, as_of=self.as_of, of=of, rule=rule)
        frame = frame.sort_values(["evidence", "hashtag"], ascending=[False, True], ignore_index=True)
        found = findings.tags(frame.loc[frame["is_bump"], "hashtag"])
        return self._exhibit(
            "hashtag_bumps",
            f"Bumps in {of.removeprefix('total_')}",
            frame,
            subtitle=f"more today than two weeks explain: {found}",
            columns=BUMP_COLUMNS,
            tally=Counter(frame["status"]),
            note=f"delta and baseline are {of.removeprefix('total_')} a day; rule {rule.name} v{rule.version}",
        )

    def calendar(self, *, days: int = 28, dialect: Dialect = "trendlib", top: int = 30) -> Exhibit:
        """Show each hashtag's velocity day by day, and where it started and stopped.

        Parameters
        ----------
        days
            How many days back.
        dialect
            ``trendlib`` starts at a confirmed breakout, ``tutorial_hashtag`` at a velocity of 2.0 in that dialect.
        top
            How many hashtags: those that are on, then those that grow most surely.
        """
        at_least_one(days=days, top=top)
        if dialect not in _STARTS:
            raise ConfigError(f"a calendar in {dialect!r}: ask for {' or '.join(_STARTS)}")
        everything = self._calendar(days, dialect)
        latest = everything.sort_values("day").drop_duplicates("hashtag", keep="last")
        latest = latest.sort_values(["is_on", "growth_low", "hashtag"], ascending=[False, False, True])
        order = {name: place for place, name in enumerate(latest["hashtag"].head(top))}
        frame = everything[everything["hashtag"].isin(order)]
        frame = frame.sort_values(["hashtag", "day"], key=lambda c: c.map(order) if c.name == "hashtag" else c)
        on = findings.tags(latest.loc[latest["is_on"], "hashtag"])
        return self._exhibit(
            "hashtag_calendar",
            "When hashtags started and stopped",
            frame.reset_index(drop=True),
            subtitle=f"on now: {on}",
            draw=partial(charts.hashtag_calendar.sheet, frame),
            tally=Counter(latest["status"]),
            note=f"velocity on the counter of posts; a start is {_STARTS[dialect]}",
        )

    def year(self, tag: str) -> Exhibit:
        """Show one hashtag's posts a day over a year, and where it started and stopped.

        Parameters
        ----------
        tag
            Which one, with or without #.

        Raises
        ------
        NoDataError
            If it was never read.
        """
        name = self._named(tag)
        counted = self._counted[self._counted["sound_id"] == name]
        marks = self._marks(name, len(counted))
        frame = counted[["day", "posts", "exposure_days", "net_change", "is_flagged"]].merge(
            marks, on="day", how="left"
        )
        frame["mark"] = frame["mark"].fillna("")
        starts = int((frame["mark"] == "start").sum())
        return self._exhibit(
            "hashtag_year",
            f"A year of #{plain_text(name, 60)}",
            frame.iloc[::-1].reset_index(drop=True),
            subtitle=f"{frame['posts'].count()} days known, {starts} start{'s' * (starts != 1)}",
            columns=("day", "posts", "exposure_days", "mark"),
            draw=partial(charts.hashtag_year.sheet, frame),
            note="posts a day by its counter; a start is a confirmed breakout",
        )

    def creator_brief(self) -> Exhibit:
        """Give creators the five hashtags that grow fastest, each with three recent posts to look at."""
        brief = hashtags.creator_brief(
            self._leaders.rename(columns={"hashtag": "sound_id"}), self._tagged, as_of=self.as_of
        )
        frame = self._linked(brief, self._posts_of(brief["post_id"].dropna().tolist()))
        frame["note"] = frame["post_id"].isna().map({True: NO_POST, False: ""})
        leaders = frame.drop_duplicates("hashtag")
        return self._exhibit(
            "creator_brief",
            "Hashtags to post with today",
            frame,
            subtitle=findings.tags(leaders["hashtag"], "none can be ranked"),
            columns=BRIEF_COLUMNS,
            tally=Counter(leaders["status"]),
            note=f"each with its most viewed posts of the last {RECENT_DAYS} days",
        )

    def co_occurrence(self, tag: str) -> Exhibit:
        """List which hashtags stand beside one in captions, and how much more often than chance.

        Parameters
        ----------
        tag
            Which one, with or without #.

        Raises
        ------
        NoDataError
            If it was never read, and stands in no caption.
        """
        name = self._named(tag)
        with self.study.store.as_of(self.as_of) as world:
            tagged = hashtags.tagged(world.table("posts"), world.table("post_hashtags"))
            every = hashtags.co_occurrence(tagged, as_of=self.as_of)
        frame = every[every["hashtag"] == name].reset_index(drop=True)
        typical = frame[frame["status"] == Status.OK].sort_values(["lift", "beside"], ascending=[False, True]).head(3)
        said = ", ".join(f"#{plain_text(row.beside, 40)} {short_number(row.lift)}×" for row in typical.itertuples())
        return self._exhibit(
            "co_occurrence",
            f"What stands beside #{plain_text(name, 60)}",
            frame,
            subtitle=f"more often than chance: {said}" if said else "too few posts to tell what is more than chance",
            columns=("beside", "n", "share", "lift", "status"),
            draw=partial(charts.hashtags, frame.rename(columns={"hashtag": "of", "beside": "hashtag"}), usual="chance"),
            tally=Counter(frame["status"]),
            note="among the posts known of the last 28 days; lift 1 is chance",
        )

    def posts(self, tag: str, day: datetime | None = None, *, top: int = 10) -> Exhibit:
        """List the most viewed posts with a hashtag, of one day or of the last week.

        Parameters
        ----------
        tag
            Which one, with or without #.
        day
            Start of the 24 hours, as the calendar has them; None for the last 7 days.
        top
            How many posts.

        Raises
        ------
        ConfigError
            If the day has no time zone, or lies ahead.
        NoDataError
            If the hashtag was never read.
        """
        at_least_one(top=top)
        name, start = self._named(tag), None if day is None else in_utc(day)
        if start is not None and start >= self.as_of:
            raise ConfigError(f"asked for posts from {utc_text(start)}; ask for a day before {utc_text(self.as_of)}")
        end = self.as_of if start is None else min(start + timedelta(days=1), self.as_of)
        own = self._tagged.filter(f"sound_id = '{name.replace(chr(39), chr(39) * 2)}'")
        posts = metrics.top_posts(own, as_of=end, days=RECENT_DAYS if start is None else 1, top=top)
        frame = self._linked(posts.drop(columns="sound_id"), posts[["post_id", "creator_id"]])
        span = "of the last 7 days" if start is None else f"from {day_words(start)}"
        return self._exhibit(
            "hashtag_posts",
            f"Posts with #{plain_text(name, 60)} {span}",
            frame,
            columns=findings.POST_COLUMNS,
            draw=partial(charts.posts.sheet, frame),
            note="those known, the most viewed first; views as last read",
        )

    @cached_property
    def _world(self) -> Any:
        return self.study.tags().at(self.as_of)

    @cached_property
    def _observations(self) -> pd.DataFrame:
        observations: pd.DataFrame = self._world.frame("hashtag_observations")
        return observations

    @cached_property
    def _feeds(self) -> pd.DataFrame:
        covered = metrics.coverage(self._world.frame("feed_pages"), as_of=self.as_of)
        return hashtags.feeds(covered, self._world.frame("hashtags"))

    @cached_property
    def _tagged(self) -> Any:
        """Posts with each hashtag that was read, with their views: a relation, ``sound_id`` holds the hashtag."""
        return hashtags.tagged(self._world.posts_known(has_counters=True), self._world.table("post_hashtags"))

    @cached_property
    def _counted(self) -> pd.DataFrame:
        """Daily counts by the counter of posts; ``sound_id`` holds the hashtag."""
        readings = hashtags.readings(self._observations)
        counted: pd.DataFrame = metrics.daily.from_counter(readings, as_of=self.as_of, days=YEAR_DAYS)
        return counted

    @cached_property
    def _leaders(self) -> pd.DataFrame:
        """Each hashtag once, on the first evidence that can tell how it grows."""
        frames = []
        if len(self._feeds):
            fed = self._tagged.filter(_one_of("sound_id", self._feeds["sound_id"]))
            frames = [metrics.velocity(fed, as_of=self.as_of, coverage=self._feeds).assign(counts="posts")]
        by_counter = {of: hashtags.readings(self._observations, of=of) for of in ("total_posts", "total_views")}
        frames += [
            metrics.counter_velocity(readings, as_of=self.as_of).assign(counts=of.removeprefix("total_"))
            for of, readings in by_counter.items()
        ]
        every = pd.concat([frame.assign(place=place) for place, frame in enumerate(frames)], ignore_index=True)
        order = [status.value for status in Status]
        is_told = every["growth_low"].notna() & every["status"].isin([one.value for one in Status if one.is_rankable])
        every = every.assign(is_told=is_told, doubt=[order.index(one) for one in every["status"]])
        every = every.sort_values(["sound_id", "is_told", "place", "doubt"], ascending=[True, False, True, True])
        best = every.drop_duplicates("sound_id").sort_values(
            ["is_told", "growth_low", "sound_id"], ascending=[False, False, True], ignore_index=True
        )
        best["rank"] = pd.Series(range(1, len(best) + 1), dtype="Int64").where(best["is_told"])
        best = best.drop(columns=["place", "is_told", "doubt", "is_lower_bound"])
        best = best.rename(columns={"sound_id": "hashtag"})
        leaders: pd.DataFrame = best[["rank", "hashtag", *(name for name in best if name not in {"rank", "hashtag"})]]
        return leaders

    def _leader_words(self) -> str:
        ranked = self._leaders[self._leaders["rank"].notna()]
        if ranked.empty:
            return "of no hashtag growth can be told yet"
        first = ranked.iloc[0]
        words = ratio_words(first["growth_rate"], first["growth_low"], first["growth_high"])
        return f"#{plain_text(first['hashtag'], 40)} leads: {words} in {first['counts']}"

    def _calendar(self, days: int, dialect: Dialect) -> pd.DataFrame:
        readings = Readings(hashtags.readings(self._observations))
        measure = partial(metrics.counter_velocity, readings, dialect=dialect)
        velocities = hashtags.day_by_day(measure, as_of=self.as_of, days=days)
        flags = metrics.breakouts(self._counted, as_of=self.as_of, days=days, rule=self.study.rules["breakout"])
        calendar: pd.DataFrame = hashtags.calendar(
            velocities, self._counted, as_of=self.as_of, flags=flags if dialect == "trendlib" else None
        )
        return calendar

    def _marks(self, name: str, days: int) -> pd.DataFrame:
        """Tell where one hashtag started and stopped, over as many days as are known."""
        flags = metrics.breakouts(self._counted, as_of=self.as_of, days=days, rule=self.study.rules["breakout"])
        own = flags[flags["sound_id"] == name]
        blank = own[["sound_id", "day", "status"]].assign(growth_rate=None, growth_low=None, growth_high=None)
        blank = blank.astype(dict.fromkeys(("growth_rate", "growth_low", "growth_high"), "float64"))
        calendar = hashtags.calendar(blank, self._counted, as_of=self.as_of, flags=own)
        marks: pd.DataFrame = calendar[["day", "mark"]]
        return marks

    def _named(self, tag: str) -> str:
        name = tag.strip().lstrip("#").lower()
        if name in set(self.names):
            return name
        some = ", ".join(f"#{plain_text(one, 40)}" for one in self.names[:10]) or "none"
        raise NoDataError(f"Hashtag #{plain_text(name, 40)} was not read by {utc_text(self.as_of)}; there are: {some}.")

    def _posts_of(self, post_ids: Sequence[str]) -> pd.DataFrame:
        known = self._tagged.filter(_one_of("post_id", post_ids)).project("post_id, creator_id").distinct().df()
        posts: pd.DataFrame = known.astype("str")
        return posts

    def _linked(self, frame: pd.DataFrame, creators: pd.DataFrame) -> pd.DataFrame:
        """Add each post's creator's handle, and its address."""
        ids = creators["creator_id"].dropna().unique().tolist()
        with self.study.store.as_of(self.as_of) as world:
            named = world.frame("creators", creator_id=ids)[["creator_id", "handle"]]
        known = creators.drop_duplicates("post_id").merge(named, on="creator_id", how="left")[["post_id", "handle"]]
        return findings.linked(frame.merge(known, on="post_id", how="left"))

    def _exhibit(self, name: str, title: str, frame: pd.DataFrame, **how: Any) -> Exhibit:
        readings = f"{len(self._observations):,} readings of {len(self.names)} hashtags"
        asked: dict[str, Any] = {"tally": Counter(self._leaders["status"]), "things": "hashtags", **how}
        return Exhibit(
            name=name,
            title=title,
            frame=frame,
            as_of=self.as_of,
            source=f"TikLiveAPI: {readings}",
            is_practice=self.is_practice,
            **asked,
        )


def _one_of(column: str, values: Sequence[str] | pd.Series) -> str:
    listed = ", ".join("'" + one.replace("'", "''") + "'" for one in values)
    return f"{column} IN ({listed})" if listed else "false"
