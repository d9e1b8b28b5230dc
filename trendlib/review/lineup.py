"""What is known of the picks, read and measured together: sixty picks cost little more than one.

The numbers are those of the board, and of `trendlib.boards.sound.Sound` where the board has none: hashtags, forecasts
and what is left without the busiest are measured beside the same company of sounds.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import pandas as pd

from trendlib import metrics
from trendlib.boards import findings
from trendlib.boards.alerts import PACE_RULES, marks, standing
from trendlib.boards.board import Board
from trendlib.boards.chart_board import PERIOD
from trendlib.boards.licence import CONFIRM, NOT_KNOWN, licence_lines, licence_sentence
from trendlib.boards.posted import CREATOR_COLUMNS
from trendlib.boards.sound import DAY_COLUMNS
from trendlib.boards.study import GRID_DAYS
from trendlib.errors import NoDataError
from trendlib.metrics.windows import Grid
from trendlib.review.desk import Desk
from trendlib.schema import Status
from trendlib.show import charts
from trendlib.show.exhibits import Exhibit
from trendlib.show.places import region_name
from trendlib.show.theme import plain_text, share_words, short_number

CELLS, TAG_DAYS, AHEAD_DAYS = 14, 28, 7
TOP_CREATORS, TOP_POSTS, TOP_RANKS = 4, 3, 3
SHOWN_DAYS = 35
SHORT_COLUMNS = ("handle", "posts", "views", "followers")
REGION_COLUMNS = ("day", "region", "posts", "share", "n", "n_unknown")
HANDLE = 30


@dataclass(frozen=True)
class _Posted:
    """What the posts of all picks show."""

    mix: pd.DataFrame
    few: pd.DataFrame
    creators: pd.DataFrame
    without: pd.DataFrame
    tags: pd.DataFrame
    best: pd.DataFrame
    versions: pd.DataFrame
    number: dict[str, int]
    people: pd.DataFrame
    followers: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Lineup:
    """Some sounds of the board, measured together.

    Parameters
    ----------
    desk
        The monitor of the instant.
    board
        Its board.
    songs
        ``sound_id``, ``song_id``, ``version``, ``title``, ``artist`` of every sound known.
    ids
        The sounds.
    """

    desk: Desk
    board: Board
    songs: pd.DataFrame
    ids: tuple[str, ...]

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Their rows of the leaderboard."""
        everything = self.board.leaderboard()
        return everything[everything["sound_id"].isin(self.ids)].reset_index(drop=True)

    def row(self, sound: str) -> "pd.Series[Any]":
        """Give the leaderboard's row of one of them."""
        return self.rows[self.rows["sound_id"] == sound].iloc[0]

    @cached_property
    def _family(self) -> pd.DataFrame:
        """All sounds of their songs."""
        own = self.songs[self.songs["sound_id"].isin(self.ids)]
        return self.songs[self.songs["song_id"].isin(own["song_id"])]

    @cached_property
    def _days(self) -> Grid:
        """Daily counts of them and of the company."""
        own = self.board.days[self.board.days["sound_id"].isin(self.ids)]
        grid = metrics.daily.grid(own, as_of=self.desk.as_of, days=GRID_DAYS)
        return self.desk.study.company_days(self.desk.as_of).beside(grid)

    @cached_property
    def _readings(self) -> pd.DataFrame:
        with self.desk.store.as_of(self.desk.as_of) as world:
            return world.frame("sound_observations", sound_id=list(self.ids))

    @cached_property
    def _alerts(self) -> pd.DataFrame:
        """What the rules said of them, as it was recorded."""
        with self.desk.store.as_of(self.desk.as_of) as world:
            alerts = world.frame("alerts")
        is_theirs = (alerts["subject"] == "sound") & alerts["subject_id"].isin(self.ids)
        return alerts[is_theirs].rename(columns={"subject_id": "sound_id"})

    @cached_property
    def _ahead(self) -> pd.DataFrame:
        found: pd.DataFrame = metrics.forecast(self._days, as_of=self.desk.as_of, days=AHEAD_DAYS)
        return found[found["sound_id"].isin(self.ids)]

    @cached_property
    def _expected(self) -> pd.DataFrame:
        found: pd.DataFrame = metrics.expected(self._days, as_of=self.desk.as_of, days=SHOWN_DAYS)
        return found[found["sound_id"].isin(self.ids)]

    @cached_property
    def _licences(self) -> pd.DataFrame:
        named = self.rows[["sound_id", "title", "artist"]]
        return licence_lines(self.desk.store, self.desk.as_of, named)

    @cached_property
    def _charted(self) -> pd.DataFrame:
        """Chart entries of all sounds of their songs, the oldest first."""
        try:
            rows = self.desk.charts.charted.of_sounds(sorted({*self.ids, *self._family["sound_id"]}))
        except NoDataError:
            return pd.DataFrame(columns=["sound_id", "region", "period_days", "rank", "pulled_at"])
        return rows[rows["period_days"] == PERIOD]

    @cached_property
    def _audiences(self) -> dict[str, pd.DataFrame]:
        try:
            return self.desk.charts.charted.audiences_of(self.ids)
        except NoDataError:
            return {}

    @cached_property
    def _posted(self) -> _Posted:
        as_of = self.desk.as_of
        family = sorted({*self.ids, *self._family["sound_id"]})
        world = self.desk.study.excerpt(*family).at(as_of)
        totals = self.rows[["sound_id", "total_uses"]].dropna()
        totals = totals.set_axis(["subject_id", "total"], axis=1)
        covered = metrics.coverage(world.frame("feed_pages"), as_of=as_of, totals=totals)
        listed, viewed = (world.posts_known(has_counters=has) for has in (False, True))
        creators = metrics.top_creators(viewed, as_of=as_of, top=TOP_CREATORS)
        without = metrics.leave_one_out(
            viewed, as_of=as_of, measure=metrics.velocity, coverage=covered, daily=self._days
        )
        best = metrics.top_posts(viewed, as_of=as_of, top=TOP_POSTS)
        elsewhere = self.desk.study.company_hashtags(as_of, TAG_DAYS)
        tags = metrics.caption_hashtags(
            listed, world.table("post_hashtags"), as_of=as_of, days=TAG_DAYS, elsewhere=elsewhere
        )
        counted = listed.aggregate("sound_id, count(*) AS n").df()
        named = without.loc[without["left_out"] == "creator", "who"]
        people = sorted({*creators["creator_id"], *best["creator_id"].dropna(), *named.dropna()})
        with self.desk.store.as_of(as_of) as known:
            names = known.frame("creators", creator_id=people)
            followers = known.frame("creator_observations", creator_id=people)
        return _Posted(
            mix=metrics.region_history(listed, as_of=as_of, cells=CELLS),
            few=metrics.concentration(listed, as_of=as_of),
            creators=creators,
            without=without,
            tags=tags,
            best=best,
            versions=metrics.version_share(listed, self._family, as_of=as_of, days=7, coverage=covered),
            number=dict(zip(counted["sound_id"].astype("str"), counted["n"].tolist(), strict=True)),
            people=names[["creator_id", "handle", "nickname"]],
            followers=followers[["creator_id", "followers"]],
        )

    # pictures

    def velocity(self, sound: str) -> Exhibit:
        """Show its posts a day with what was expected, its total uses, and when it was flagged."""
        days, readings = self.board.days_of(sound).tail(SHOWN_DAYS), _of(self._readings, sound)
        readings = readings[readings["observed_at"] >= days["day"].min()] if len(days) else readings
        status = Status(self.row(sound)["status"])
        told = _of(self._alerts, sound)
        stood = standing(told[told["rule"].isin(PACE_RULES)], self.desk.as_of)
        return self._exhibit(
            "velocity",
            "How fast",
            days.iloc[::-1].reset_index(drop=True),
            subtitle=self.pace(sound),
            columns=DAY_COLUMNS,
            draw=partial(
                charts.velocity.sheet, days, readings=readings, expected=_of(self._expected, sound), alerts=stood
            ),
            source=findings.evidence_used(days, readings),
            tally={status.value: 1},
            note=status.meaning,
        )

    def regions(self, sound: str) -> Exhibit:
        """Show where its posters live, and when it crossed a border."""
        mix = _of(self._posted.mix, sound)
        told = _of(self._alerts, sound)
        crossed = told[(told["rule"] == "crossover") & told["region"].notna()]
        cells = mix.drop_duplicates("day")
        return self._exhibit(
            "regions",
            "Where",
            mix,
            subtitle=findings.top_regions(mix),
            columns=REGION_COLUMNS,
            draw=partial(charts.region_mix.sheet, mix, crossovers=marks(crossed, self.desk.as_of), span_days=1),
            source=f"{findings.counted(cells, 'n')} posts with a region, "
            f"{findings.counted(cells, 'n_unknown')} without",
            note="region of the poster's account",
        )

    def creators(self, sound: str) -> Exhibit:
        """Show who reaches most people with it."""
        top = _of(self._posted.creators, sound).drop(columns="followers")
        frame = top.merge(self._posted.followers, on="creator_id", how="left")
        frame = frame.merge(self._posted.people, on="creator_id", how="left")[["creator_id", *CREATOR_COLUMNS]]
        return self._exhibit(
            "creators",
            "Who, by all posts known",
            frame,
            subtitle=self.crowd(sound),
            columns=SHORT_COLUMNS,
            draw=partial(charts.creators.sheet, frame),
            source=f"{self.number_of_posts(sound):,} posts known",
        )

    # sentences

    def pace(self, sound: str) -> str:
        """Say how fast it moves."""
        return findings.pace(self.row(sound))

    def number_of_posts(self, sound: str) -> int:
        """Count the posts known of it."""
        return self._posted.number.get(sound, 0)

    def crowd(self, sound: str) -> str:
        """Say how few creators it rests on."""
        return findings.concentration(_of(self._posted.few, sound))

    def without(self, sound: str) -> str:
        """Say what its velocity is without its biggest creator, post or region."""
        frame = _of(self._posted.without, sound)
        handles = dict(zip(self._posted.people["creator_id"], self._posted.people["handle"], strict=True))
        who = [
            f"@{plain_text(handles[one], HANDLE)}"
            if kind == "creator" and isinstance(handles.get(one), str)
            else f"its biggest {kind}"
            for kind, one in zip(frame["left_out"], frame["who"], strict=True)
        ]
        return findings.without(frame.assign(who_name=who))

    def forecast(self, sound: str) -> str:
        """Say how many uses the next week brings."""
        return findings.ahead(_of(self._ahead, sound), AHEAD_DAYS)

    def versions(self, sound: str) -> str:
        """Say which version of its song leads in the last week's posts."""
        own = self.songs[self.songs["sound_id"] == sound]
        family = self._family[self._family["song_id"].isin(own["song_id"])]
        if len(family) < 2:
            return "no other version of the song is known"
        shares = self._posted.versions
        posts = shares[shares["song_id"].isin(own["song_id"])].groupby("version")["posts"].sum()
        said = f"{len(family)} sounds of the song known"
        if not posts.sum():
            return f"{said}; which version leads can't be told"
        leader = str(posts.sort_index().idxmax())
        return f"{said}; {leader} has {share_words(posts[leader] / posts.sum())} of the week's posts known"

    def ranks(self, sound: str) -> str:
        """Say where its song charts."""
        own = self.songs.loc[self.songs["sound_id"] == sound, "song_id"]
        family = {sound, *self._family.loc[self._family["song_id"].isin(own), "sound_id"]}
        rows = self._charted[self._charted["sound_id"].isin(family)]
        if rows.empty:
            return "on no chart that was pulled"
        latest = rows.drop_duplicates(["sound_id", "region"], keep="last").sort_values(["rank", "region"])
        best = latest.drop_duplicates("region").head(TOP_RANKS)
        whose = "" if set(best["sound_id"]) == {sound} else ", by the song's best sound there"
        ranked = (f"no. {row.rank} {region_name(row.region)}" for row in best.itertuples())
        return f"charts{whose}: {', '.join(ranked)}"

    def audience(self, sound: str) -> str:
        """Say who hears it more than the mean of its list."""
        scores = self._audiences.get(sound, pd.DataFrame(columns=["kind", "name", "index"]))
        told = scores[scores["index"].notna()].sort_values(["index", "name"], ascending=[False, True])
        leaders = told.drop_duplicates("kind").head(TOP_RANKS)
        words = [f"{plain_text(row.name, HANDLE)} {short_number(row.index)}" for row in _rows(leaders)]
        return f"audience index: {', '.join(words)}" if words else "who hears it is not known"

    def hashtags(self, sound: str) -> str:
        """Say which hashtags carry it."""
        return findings.most_typical(_of(self._posted.tags, sound))

    def licence(self, sound: str) -> str:
        """Say in short what each source knows of its use."""
        library, track, commerce, original = _of(self._licences, sound)["answer"].tolist()
        catalogue = track.partition(":")[0] + ("" if commerce == NOT_KNOWN else f", commerce music {commerce}")
        parts = (
            f"Commercial Music Library {library} (KeyAPI)",
            f"catalogue {catalogue} (Layers)",
            f"original audio {original} (TikLiveAPI)",
        )
        return "; ".join((*parts, CONFIRM))

    def licence_sentence(self, sound: str) -> str:
        """Say what each source knows of its use, and when it said so."""
        return licence_sentence(_of(self._licences, sound))

    def best_posts(self, sound: str) -> list[tuple[str, str]]:
        """Name its most viewed posts of the last week, each with its address."""
        named = _of(self._posted.best, sound).merge(self._posted.people, on="creator_id", how="left")
        who = [f"@{plain_text(one, HANDLE)}" if isinstance(one, str) else "a post" for one in named["handle"]]
        words = [f"{name} · {short_number(views)} views" for name, views in zip(who, named["views"], strict=True)]
        posts = zip(named["handle"], named["post_id"], strict=True)
        return list(zip(words, (findings.post_link(handle, post) for handle, post in posts), strict=True))

    def _exhibit(self, name: str, title: str, frame: pd.DataFrame, **how: Any) -> Exhibit:
        is_practice = self.desk.is_practice
        return Exhibit(name=name, title=title, frame=frame, as_of=self.desk.as_of, is_practice=is_practice, **how)


def _of(frame: pd.DataFrame, sound: str) -> pd.DataFrame:
    return frame[frame["sound_id"] == sound].reset_index(drop=True)


@dataclass(frozen=True)
class _Row:
    name: str
    index: float


def _rows(frame: pd.DataFrame) -> list[_Row]:
    """Give rows whose columns are called as what tuples have of their own."""
    return [_Row(str(name), float(index)) for name, index in zip(frame["name"], frame["index"], strict=True)]
