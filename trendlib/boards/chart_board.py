"""Trending charts as exhibits: who is on them, who came and went, and how ranks moved.

Ranks are the provider's. Everything else rests on the pulls of this home: a sound's first day, its days on the chart
and what left it are known from whole pulls only, as a sound that stands on a missing page is not off the chart. A
curve shows shape, never volume; an audience index is no share.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any, TypeAlias

import pandas as pd

from trendlib import metrics
from trendlib.boards.charted import NOT_PULLED, Charted, stale_note
from trendlib.errors import ConfigError, NoDataError
from trendlib.runs.discover import chart_finds
from trendlib.runs.pull import PullPlan, PullReport, charts_of
from trendlib.runs.run import OnProgress, silent
from trendlib.schema import Status
from trendlib.show import charts
from trendlib.show.exhibits import Exhibit
from trendlib.show.places import region_name
from trendlib.show.theme import time_words
from trendlib.watchlist import READERS

Ask: TypeAlias = Callable[[PullPlan, int | None, OnProgress], PullReport]

PERIOD = 7
TOP = 10
MOVES = {"up": "▲ up", "down": "▼ down", "same": "= same", "new": "✦ new"}
TABLE_COLUMNS = (
    "rank", "move", "title", "artist", "days_on_chart", "best_rank", "first_seen", "is_new", "is_commercial",
    "is_watched", "status",
)  # fmt: skip
CHANGE_COLUMNS = ("change", "title", "artist", "rank_before", "rank_now", "is_watched")
PATH_COLUMNS = ("day", "region", "rank", "move", "title", "artist")
_SINCE = "days on the chart are days on which our pulls saw it there: at least so many"
AN_INDEX = "An index: 1 is the mean of its list. It is no share, and can't be compared with another sound's."


@dataclass(frozen=True, eq=False, repr=False)
class ChartBoard:
    """The trending charts of a home, shown.

    Parameters
    ----------
    charted
        What is known of them at one instant.
    followed
        Tells the sound ids that the team follows; asked once, by whoever shows them.
    ask
        Pulls from the provider.
    is_practice
        Whether it is the practice world; every exhibit says so.
    """

    charted: Charted
    followed: Callable[[], Collection[str]]
    ask: Ask
    is_practice: bool = False

    def __repr__(self) -> str:
        """Name the charts that are known."""
        known = ", ".join(f"{row.region} {row.period_days} days" for row in self.charted.known.itertuples())
        return f"ChartBoard({known or 'no chart pulled yet'}; as of {time_words(self.as_of)})"

    @cached_property
    def watched(self) -> Collection[str]:
        """Sound ids that the team follows."""
        return self.followed()

    @property
    def as_of(self) -> datetime:
        """The instant everything is shown as of."""
        return self.charted.as_of

    def pulls(self) -> Exhibit:
        """List the charts that are known, and how old each is."""
        known = self.charted.known
        frame = known.assign(age_h=((self.as_of - known["pulled_at"]).dt.total_seconds() / 3600).round(1))
        return self._exhibit(
            "charts", "Charts pulled", frame, source=f"KeyAPI: {len(frame)} charts", note="age in hours"
        )

    def table(self, region: str, period: int = PERIOD, *, new_only: bool = False) -> Exhibit:
        """Show a chart: rank, movement, days on the chart, best rank, and whether we watch it.

        Parameters
        ----------
        region
            The market, two letters.
        period
            What the chart looks back on: 7, 30 or 120 [days].
        new_only
            Only sounds that are new to the chart.

        Returns
        -------
            The latest whole pull, a row a sound by ``rank``; ``days_on_chart``, ``best_rank`` and ``first_seen`` are
            those of this home's whole pulls.

        Raises
        ------
        NoDataError
            If the chart was never pulled.
        """
        chart = self.charted.chart(region, period)
        lives = metrics.longevity(chart.whole, as_of=self.as_of)
        lives = lives.rename(columns={"days_seen": "days_on_chart", "first_day": "first_seen"})
        lives = lives[["sound_id", "days_on_chart", "best_rank", "first_seen", "status"]]
        frame = chart.latest.drop(columns="trend").merge(lives, on="sound_id", how="left")
        frame = frame.assign(
            move=pd.Series(map(_move_words, frame["rank_move"], frame["rank_diff"]), dtype="str"),
            is_new=(frame["rank_move"] == "new").where(frame["rank_move"].notna()).astype("boolean"),
            is_watched=frame["sound_id"].isin(self.watched),
            status=frame["status"].fillna(Status.NOT_ENOUGH_COVERAGE.value),
        )
        number = len(frame)
        if new_only:
            frame = frame[frame["is_new"].fillna(value=False)]
        frame = frame.sort_values(["rank", "sound_id"], ignore_index=True)
        first = [*TABLE_COLUMNS, "sound_id"]
        unwatched, new = int((~frame["is_watched"]).sum()), int(frame["is_new"].sum())
        return self._exhibit(
            "chart",
            f"{'New on the chart' if new_only else 'Trending chart'}: {chart.words}",
            frame[[*first, *(name for name in frame.columns if name not in first)]],
            subtitle=f"{new} of {number} sounds are new; {unwatched} not watched yet",
            columns=TABLE_COLUMNS,
            source=chart.source(self.as_of),
            note="; ".join(filter(None, (_SINCE, chart.note(self.as_of)))),
            tally=Counter(frame["status"]),
        )

    def changes(self, region: str, period: int = PERIOD) -> Exhibit:
        """List what entered and left a chart between its last two whole pulls.

        Raises
        ------
        NoDataError
            If there are no two whole pulls yet.
        """
        chart = self.charted.chart(region, period)
        if chart.whole["pulled_at"].nunique() < 2:
            raise NoDataError(
                f"Asked what entered and left the chart {chart.words}; fewer than two whole pulls were known at "
                f"{time_words(self.as_of)}, and a sound on a missing page has not left. {chart.remedy}"
            )
        found = metrics.changes(chart.whole, thing="sound_id", as_of=self.as_of, within=["region", "period_days"])
        times = sorted(chart.whole["pulled_at"].unique())[-2:]
        for name, when in zip(("rank_before", "rank_now"), times, strict=True):
            ranks = chart.whole.loc[chart.whole["pulled_at"] == when, ["sound_id", "rank"]]
            found = found.merge(ranks.rename(columns={"rank": name}), on="sound_id", how="left")
        names = chart.whole.drop_duplicates("sound_id", keep="last")[["sound_id", "title", "artist"]]
        frame = found.merge(names, on="sound_id", how="left")
        frame["is_watched"] = frame["sound_id"].isin(self.watched)
        counts = Counter(frame["change"])
        return self._exhibit(
            "chart_changes",
            f"Who came and who went: {chart.words}",
            frame,
            subtitle=f"{counts['entered']} entered, {counts['left']} left",
            columns=CHANGE_COLUMNS,
            source=f"KeyAPI: whole pulls of {time_words(times[0])} and of {time_words(times[1])}",
            note=chart.note(self.as_of),
        )

    def rank_paths(
        self, *regions: str, period: int = PERIOD, sound: str | int | None = None, top: int = TOP
    ) -> Exhibit:
        """Follow ranks from day to day: of one chart's leaders, or of one sound on its charts.

        Parameters
        ----------
        *regions
            One market for its leaders; those to look at for a sound, none for all.
        period
            What the charts look back on [days].
        sound
            Sound id, TikTok address or part of the title; None for the leaders of one market.
        top
            How many leaders.

        Raises
        ------
        ConfigError
            If neither a sound nor exactly one region is named.
        NoDataError
            If there is no such chart, or the sound was on none.
        """
        if sound is None and len(regions) != 1:
            raise ConfigError("Asked for rank paths; name one region to see its leaders, or a sound: sound='…'.")
        if sound is None:
            chart = self.charted.chart(regions[0], period)
            leaders = chart.latest.nsmallest(top, "rank")
            rows = chart.whole[chart.whole["sound_id"].isin(leaders["sound_id"])]
            return self._paths(f"How they got there: {chart.words}", rows, chart.source(self.as_of))
        wanted = self.charted.find(sound)
        rows = self.charted.of_sounds([wanted])
        markets = [READERS["regions"](region) for region in regions] or rows["region"].unique().tolist()
        rows = rows[rows["region"].isin(markets) & (rows["period_days"] == period)]
        if rows.empty:
            where = f" of {', '.join(markets)}" if regions else ""
            raise NoDataError(f"Sound {wanted} was on no {period}-day chart{where} known at {time_words(self.as_of)}.")
        return self._paths(f"Ranks of {self.charted.name_of(wanted)}", rows, f"KeyAPI: {len(rows):,} chart entries")

    def curve(self, sound: str | int, region: str | None = None, period: int = PERIOD) -> Exhibit:
        """Show a sound's 0-1 curve over all pulls, put together where they overlap; shape only.

        Parameters
        ----------
        sound
            Sound id, TikTok address or part of the title.
        region
            Market; None for the one with the most pulls.
        period
            What the chart looks back on [days].

        Raises
        ------
        NoDataError
            If no curve of it is known.
        """
        wanted = self.charted.find(sound)
        rows = self.charted.curves_of(wanted)
        rows = rows[rows["period_days"] == period]
        market = READERS["regions"](region) if region else next(iter(rows["region"].mode()), None)
        rows = rows[rows["region"] == market]
        if rows.empty:
            raise NoDataError(
                f"No {period}-day curve of sound {wanted} was known at {time_words(self.as_of)}"
                f"{f' for {market}' if market else ''}. " + NOT_PULLED.format(region=market or "US", period=period)
            )
        points = metrics.curve_points(rows, as_of=self.as_of)
        frame = metrics.stitch(points, as_of=self.as_of)
        refused = frame.drop_duplicates("segment")["reason"].dropna()
        apart = f"; {len(refused)} joins refused: {', '.join(sorted(set(refused)))}" if len(refused) else ""
        return self._exhibit(
            "curve",
            f"Shape of {self.charted.name_of(wanted)}",
            frame,
            subtitle="When it rose and fell. The curve has no volume and can't be compared with another sound's.",
            draw=partial(charts.curve.sheet, frame),
            source=f"KeyAPI: {rows['pulled_at'].nunique()} pulls, {region_name(market)}, {period} days",
            note=f"scale error up to {frame['scale_error'].max():.0%}{apart}",
            tally={Status.INDEX_ONLY.value: 1},
        )

    def audience(self, sound: str | int, region: str | None = None) -> Exhibit:
        """Show who hears a sound, as an index relative to its own list; never a share.

        Raises
        ------
        NoDataError
            If its details were never pulled.
        """
        wanted = self.charted.find(sound)
        frame = self.charted.audience_of([wanted], region)
        if frame.empty:
            raise NoDataError(
                f"Nothing was known of the audience of sound {wanted} at {time_words(self.as_of)}. Pull its details: "
                f"`trendlib pull --region {region or 'US'} --sound {wanted}` (KeyAPI, needs KEYAPI_API_KEY)."
            )
        return self.audience_exhibit(frame)

    def audience_exhibit(self, frame: pd.DataFrame) -> Exhibit:
        """Show a frame that `trendlib.boards.charted.Charted.audience_of` gave."""
        first = frame.iloc[0]
        return self._exhibit(
            "audience",
            f"Who hears {self.charted.name_of(str(first['sound_id']))}",
            frame,
            subtitle=AN_INDEX,
            draw=partial(charts.audience.sheet, frame.assign(score=frame["index"])),
            columns=("kind", "name", "code", "index", "n"),
            source=f"KeyAPI: details of {region_name(first['region'])}, {first['period_days']} days, pulled "
            f"{time_words(first['observed_at'])}; {len(frame)} parts listed",
            note=stale_note(self.as_of, first["observed_at"]),
            tally={Status.INDEX_ONLY.value: 1},
        )

    def longevity(self, sound: str | int) -> Exhibit:
        """Tell how long a sound has been on each chart, with its best and its latest rank.

        Raises
        ------
        NoDataError
            If it was on no whole pull.
        """
        wanted = self.charted.find(sound)
        on = self.charted.of_sounds([wanted])[["region", "period_days"]].drop_duplicates()
        pulled = [self.charted.chart(region, days) for region, days in on.itertuples(index=False, name=None)]
        lives = [metrics.longevity(one.whole, as_of=self.as_of) for one in pulled if len(one.whole)]
        found = pd.concat(lives) if lives else pd.DataFrame({"sound_id": []})
        frame = found[found["sound_id"] == wanted].reset_index(drop=True)
        if frame.empty:
            raise NoDataError(f"Sound {wanted} was on no whole pull of a chart known at {time_words(self.as_of)}.")
        return self._exhibit(
            "longevity",
            f"Days on the charts: {self.charted.name_of(wanted)}",
            frame,
            source=f"KeyAPI: {len(frame)} charts",
            tally=Counter(frame["status"]),
        )

    def finds(self, *regions: str) -> Exhibit:
        """List sounds on the last pulled charts that nobody here watches; each can join the watch by its id.

        Parameters
        ----------
        *regions
            Markets; none for all.
        """
        entries = self.charted.last_pulls(regions)
        frame = chart_finds(entries, tuple(self.watched))
        return self._exhibit(
            "chart_finds",
            "On the charts, and not watched yet",
            frame,
            source=f"KeyAPI: {entries['sound_id'].nunique()} sounds on the last pulls of "
            f"{len(entries[['region', 'period_days']].drop_duplicates())} charts",
            note="to follow one, add its sound_id to the watchlist",
        )

    def pull(
        self,
        *regions: str,
        periods: Sequence[int] = (PERIOD,),
        sounds: Sequence[str] = (),
        budget: int | None = None,
        on_progress: OnProgress = silent,
    ) -> PullReport:
        """Pull charts, and the details of some sounds, from KeyAPI; 2 credits a page and a detail.

        Parameters
        ----------
        *regions
            Markets.
        periods
            What the charts look back on: 7, 30, 120 [days].
        sounds
            Sound ids whose details (audience, longevity) are asked for as well.
        budget
            Credits it may spend; None for no limit.
        on_progress
            Told the stage, how many are done and of how many.

        Returns
        -------
            What was pulled and what it cost; open the monitor's charts anew to see it.

        Raises
        ------
        AuthError
            If the key is missing or refused.
        """
        plan = PullPlan(charts=charts_of(regions, periods), sounds=tuple(sounds))
        return self.ask(plan, budget, on_progress)

    def _paths(self, title: str, rows: pd.DataFrame, source: str) -> Exhibit:
        named = rows.drop_duplicates("sound_id", keep="last")[["sound_id", "title", "artist"]]
        frame = metrics.rank_path(rows, as_of=self.as_of).merge(named, on="sound_id", how="left")
        frame = frame.sort_values(["day", "rank"], ascending=[False, True], ignore_index=True)
        return self._exhibit(
            "rank_paths",
            title,
            frame,
            columns=PATH_COLUMNS,
            draw=partial(charts.rank_path.sheet, frame.rename(columns={"period_days": "period"})),
            source=source,
            note="a day without a pull says nothing; the day's last pull counts",
        )

    def _exhibit(self, name: str, title: str, frame: pd.DataFrame, **how: Any) -> Exhibit:
        return Exhibit(name=name, title=title, frame=frame, as_of=self.as_of, is_practice=self.is_practice, **how)


def _move_words(move: Any, places: Any) -> str | None:
    """Say a movement: ``▲ up 3``; None where it is not known."""
    words = MOVES.get(str(move))
    return f"{words} {places}" if words and move in {"up", "down"} and pd.notna(places) else words
