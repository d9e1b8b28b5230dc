"""What a home knows of trending charts at one instant, as frames.

A pull has several pages, each with its own fetch time; `trendlib.metrics.pulls` puts them together. Pulls that were
filtered (by a search, to new or to commercial sounds) show a part of a chart on purpose and are no evidence of who is
on it, so they count here as if nobody had asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import pandas as pd

from trendlib import metrics
from trendlib.errors import ConfigError, NoDataError
from trendlib.metrics.engines import board, enter
from trendlib.show.places import region_name
from trendlib.show.theme import plain_text, time_words
from trendlib.store import Store
from trendlib.watchlist import READERS, sound_id

STALE_AFTER = timedelta(hours=36)
LATEST_PULL = timedelta(hours=12)
MOST_NAMED = 5
NOT_PULLED = "Pull it: `trendlib pull --region {region} --period {period}` (KeyAPI, needs KEYAPI_API_KEY)."


@dataclass(frozen=True, eq=False)
class PulledChart:
    """One region's chart of one period.

    Attributes
    ----------
    region, period
        Which one [days].
    pulls
        Its entries with ``pulled_at`` and ``is_whole``, all pulls.
    """

    region: str
    period: int
    pulls: pd.DataFrame

    @property
    def words(self) -> str:
        """The chart in words: ``BR, 7 days``."""
        return f"{region_name(self.region)}, {self.period} days"

    @property
    def remedy(self) -> str:
        """What pulls it anew."""
        return NOT_PULLED.format(region=self.region, period=self.period)

    @property
    def whole(self) -> pd.DataFrame:
        """Entries of whole pulls."""
        return self.pulls[self.pulls["is_whole"]]

    @cached_property
    def latest(self) -> pd.DataFrame:
        """Entries of the latest whole pull; of the latest pull where none is whole."""
        offered = self.whole if len(self.whole) else self.pulls
        latest: pd.DataFrame = offered[offered["pulled_at"] == offered["pulled_at"].max()]
        return latest

    @property
    def pulled_at(self) -> pd.Timestamp:
        """When the pull that is shown began."""
        return pd.Timestamp(self.latest["pulled_at"].iloc[0])

    def source(self, as_of: datetime) -> str:
        """Say what it rests on."""
        return (
            f"KeyAPI: chart {self.words}, pulled {time_words(self.pulled_at)} "
            f"({age_words(as_of, self.pulled_at)} before), {len(self.latest)} sounds"
        )

    def note(self, as_of: datetime) -> str:
        """Say what is wrong with it: old, not whole, or overtaken by a pull with missing pages."""
        is_whole, newest = bool(self.latest["is_whole"].iloc[0]), self.pulls["pulled_at"].max()
        said = {
            stale_note(as_of, self.pulled_at): True,
            "not the whole chart: pages are missing": not is_whole,
            f"the pull of {time_words(newest)} lacks pages and is left out": is_whole and newest > self.pulled_at,
        }
        return "; ".join(words for words, is_so in said.items() if is_so and words)


@dataclass(frozen=True, eq=False)
class Charted:
    """The charts that a home has pulled, as known at one instant.

    Attributes
    ----------
    store
        Where the pulls are.
    as_of
        The instant.
    """

    store: Store
    as_of: datetime

    @cached_property
    def pages(self) -> pd.DataFrame:
        """Rows of ``chart_pulls`` whose question was not filtered."""
        with self.store.as_of(self.as_of) as world:
            pages = world.frame("chart_pulls")
        is_filtered = pages["search_keyword"].notna() | pages["new_to_top_100"].fillna(value=False)
        return pages[~(is_filtered | pages["commercial_music"].fillna(value=False))]

    @cached_property
    def known(self) -> pd.DataFrame:
        """The charts known: ``region``, ``period_days``, ``pulled_at`` [UTC, the last page], ``sounds`` on the pull."""
        with self.store.as_of(self.as_of) as world:
            entries = enter(world.table("chart_entries"), ids=["answer_id"])
            listed = board(entries.select("answer_id", "region", "period_days").unique())
        pages = self.pages.drop(columns=["region", "period_days"]).merge(listed, on="answer_id")
        key = ["region", "period_days"]
        last = pages.groupby(key)["observed_at"].transform("max")
        pages = pages[pages["observed_at"] > last - LATEST_PULL]
        known = pages.groupby(key, as_index=False).agg(pulled_at=("observed_at", "max"), sounds=("items", "sum"))
        return known.sort_values(key, ignore_index=True)

    def chart(self, region: str, period: int) -> PulledChart:
        """Return a chart with all its pulls.

        Raises
        ------
        ConfigError
            If there is no such region.
        NoDataError
            If it was never pulled.
        """
        market = READERS["regions"](region)
        if (market, period) not in self.known[["region", "period_days"]].itertuples(index=False, name=None):
            known = ", ".join(f"{row.region} {row.period_days} days" for row in self.known.itertuples())
            raise NoDataError(
                f"Asked for the trending chart of {market}, {period} days; it was not pulled before "
                f"{time_words(self.as_of)}. Known are: {known or 'none'}. "
                + NOT_PULLED.format(region=market, period=period)
            )
        with self.store.as_of(self.as_of) as world:
            entries = world.frame("chart_entries", region=market, period_days=str(period))
        entries = entries[entries["answer_id"].isin(self.pages["answer_id"])]
        return PulledChart(market, period, metrics.by_pull(entries, self.pages, as_of=self.as_of))

    def of_sounds(self, sounds: Sequence[str]) -> pd.DataFrame:
        """Return the chart entries of some sounds, oldest first, with ``pulled_at``."""
        with self.store.as_of(self.as_of) as world:
            rows = world.frame("chart_entries", sound_id=list(sounds))
        found: pd.DataFrame = metrics.by_pull(rows, self.pages, as_of=self.as_of)
        return found.sort_values(["pulled_at", "region", "period_days"], ignore_index=True)

    def curves_of(self, sound: str) -> pd.DataFrame:
        """Return what pulls and details said of a sound's curve, oldest first, with ``pulled_at``."""
        with self.store.as_of(self.as_of) as world:
            rows = pd.concat(world.frame(name, sound_id=sound) for name in ("chart_entries", "chart_details"))
        rows = rows[rows["trend"].notna()].rename(columns={"observed_at": "pulled_at"})
        return rows.sort_values("pulled_at", ignore_index=True)

    def audience_of(self, sounds: Sequence[str], region: str | None = None) -> pd.DataFrame:
        """Return the latest audience known of any of some sounds, as `trendlib.metrics.audience` gives it."""
        return _latest_answer(self._audiences(sounds, region))

    def audiences_of(self, sounds: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Return the latest audience known of each of some sounds; one of which none is known is left out."""
        found = self._audiences(sounds)
        return {str(sound): _latest_answer(own) for sound, own in found.groupby("sound_id", observed=True)}

    def _audiences(self, sounds: Sequence[str], region: str | None = None) -> pd.DataFrame:
        with self.store.as_of(self.as_of) as world:
            scores = world.frame("chart_audiences", sound_id=list(sounds))
        if region:
            scores = scores[scores["region"] == READERS["regions"](region)]
        found: pd.DataFrame = metrics.audience(scores, as_of=self.as_of)
        return found

    def last_pulls(self, regions: Sequence[str] = ()) -> pd.DataFrame:
        """Return the entries of each chart's last pull, filtered pulls among them.

        Raises
        ------
        NoDataError
            If none was ever pulled.
        """
        wanted = [READERS["regions"](region) for region in regions]
        with self.store.as_of(self.as_of) as world:
            entries = world.frame("chart_entries", **({"region": wanted} if wanted else {}))
        if entries.empty:
            raise NoDataError(
                f"No chart{' of ' + ', '.join(wanted) if wanted else ''} was pulled before {time_words(self.as_of)}. "
                + NOT_PULLED.format(region=wanted[0] if wanted else "US", period=7)
            )
        last = entries.groupby(["region", "period_days"], dropna=False)["observed_at"].transform("max")
        latest: pd.DataFrame = entries[entries["observed_at"] > last - LATEST_PULL]
        return latest

    @cached_property
    def titles(self) -> pd.DataFrame:
        """Sounds on any chart or detail: ``sound_id``, ``title``, ``artist``, by id."""
        named = self._charted("sound_id", "title", "artist")
        return named.drop_duplicates("sound_id").reset_index(drop=True)

    @cached_property
    def song_links(self) -> pd.DataFrame:
        """Which song the provider says a sound is of: ``sound_id``, ``song_id``; a sound may be of several."""
        return self._charted("sound_id", "song_id").dropna()

    def _charted(self, *names: str) -> pd.DataFrame:
        with self.store.as_of(self.as_of) as world:
            tables = [world.table(name).project(", ".join(names)) for name in ("chart_entries", "chart_details")]
            found = pd.concat(one.distinct().df().astype("str") for one in tables)
        known: pd.DataFrame = found.dropna(subset="sound_id").drop_duplicates()
        return known.sort_values(list(names), ignore_index=True)

    def find(self, name: str | int) -> str:
        """Return the id of a charted sound by its id, its TikTok address or part of its title.

        Raises
        ------
        NoDataError
            If no title of the charts has it, or several do.
        """
        try:
            return sound_id(name)
        except ConfigError:
            pass
        text = str(name)
        titled = self.titles[self.titles["title"].str.contains(text, case=False, regex=False).fillna(value=False)]
        for found in (titled[titled["title"].str.casefold() == text.casefold()], titled):
            if len(found) == 1:
                return str(found["sound_id"].item())
        some = "; ".join(
            f"{plain_text(row.title, 60)} ({row.sound_id})" for row in titled.head(MOST_NAMED).itertuples()
        )
        known = f"{len(titled)} titles have it: {some}. Give the id." if len(titled) else "no title has it."
        raise NoDataError(f"Asked for {plain_text(text)!r} on the charts; {known}")

    def name_of(self, sound: str) -> str:
        """Title and artist of a charted sound, or its id."""
        own = self.titles[self.titles["sound_id"] == sound]
        words = [word for row in own[["title", "artist"]].to_numpy() for word in row if isinstance(word, str)]
        return " · ".join(words) or f"sound {sound}"


def age_words(as_of: datetime, instant: datetime) -> str:
    """Say how long before ``as_of`` something was.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> age_words(datetime(2026, 3, 10, 8, tzinfo=UTC), datetime(2026, 3, 10, 7, 40, tzinfo=UTC))
    '20 min'
    >>> age_words(datetime(2026, 3, 10, 8, tzinfo=UTC), datetime(2026, 3, 7, 7, tzinfo=UTC))
    '3 days'
    """
    age = as_of - instant
    hours = age / timedelta(hours=1)
    if hours < 1:
        return f"{age / timedelta(minutes=1):.0f} min"
    return f"{hours:.0f} h" if age <= STALE_AFTER else f"{age.days} days"


def stale_note(as_of: datetime, instant: datetime) -> str:
    """Say that a pull is old, if it is."""
    return f"this pull is {age_words(as_of, instant)} old" if as_of - instant > STALE_AFTER else ""


def _latest_answer(found: pd.DataFrame) -> pd.DataFrame:
    latest: pd.DataFrame = found[found["observed_at"] == found["observed_at"].max()]
    one = latest[["sound_id", "region", "period_days"]].drop_duplicates().head(1)
    return latest.merge(one)
