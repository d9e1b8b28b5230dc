"""A pull: trending charts, the pages of their sounds, the licensed-music catalogue, artists of a public catalogue.

What was planned is asked of every provider at once in one run. A provider that refuses ends its own part; the others go
on. A chart is followed to its end, five pages of twenty sounds, 2 credits each; a sound's own page costs 2. The
catalogue and the public one cost nothing; the first is made anew every 12 hours, and is not asked before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from trendlib.api import keyapi, layers, musicbrainz
from trendlib.api.keyapi import Chart
from trendlib.config import Config
from trendlib.errors import ConfigError
from trendlib.runs.run import Clock, OnProgress, Run, RunReport, Walk, silent, utc_now
from trendlib.schema import ARTISTS, Answer, Call, Rows
from trendlib.watchlist import READERS, sound_id

GOOD_SCORE = 90
MOST_NAMESAKES = 3


@dataclass(frozen=True, slots=True)
class PullPlan:
    """What to pull.

    Parameters
    ----------
    charts
        Charts, each followed to its end.
    sounds
        Sound ids or addresses whose own pages are pulled, for each region and period of ``charts``; without charts
        for the provider's default region and 7 days.
    has_catalogue
        Whether the licensed-music catalogue is pulled.
    artists
        Names to look up.

    Raises
    ------
    ConfigError
        If there is no such market, or a sound or a name cannot be asked for.
    """

    charts: tuple[Chart, ...] = ()
    sounds: tuple[str, ...] = ()
    has_catalogue: bool = False
    artists: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a plan that would be paid for in vain."""
        for chart in self.charts:
            if chart.region is not None:
                READERS["regions"](chart.region)
        if not self.calls():
            raise ConfigError("Asked to pull; the plan is empty. Name charts, sounds, artists, or the catalogue.")

    def calls(self) -> list[Call]:
        """List the calls it is sure to make: the first page of each chart, and all others."""
        charts = [keyapi.trending(chart) for chart in self.charts]
        catalogue = [layers.catalogue()] * self.has_catalogue
        return [*charts, *self.details(), *catalogue, *map(musicbrainz.artist_search, self.artists)]

    def details(self) -> list[Call]:
        """List the calls for the sounds' own pages."""
        markets = dict.fromkeys((one.region, one.period_days) for one in self.charts or (Chart(),))
        calls = (
            keyapi.detail(sound_id(one), region=market, period_days=days)
            for one in self.sounds
            for market, days in markets
        )
        return list({call.key: call for call in calls}.values())

    @property
    def credits(self) -> int:
        """What it costs, none of it cached, with charts of a hundred sounds [credits]."""
        return keyapi.CREDITS * (keyapi.PAGES * len(self.charts) + len(self.details()))


@dataclass(repr=False)
class PullReport:
    """What a pull did: the run's own report, and how much was answered.

    Attributes
    ----------
    run
        Credits, failures, who ended early, and what was loaded.
    charts
        Charts that gave at least their first page [charts].
    details
        Sounds' own pages [pages].
    tracks
        Tracks of the catalogue [tracks].
    artists
        Names that were looked up [names].
    """

    run: RunReport
    charts: int = 0
    details: int = 0
    tracks: int = 0
    artists: int = 0

    def __repr__(self) -> str:
        """Say what was pulled, what it cost, and whose part ended early."""
        what = {"charts": self.charts, "sounds in detail": self.details, "tracks": self.tracks, "artists": self.artists}
        return self.run.told(", ".join(f"{number:,} {name}" for name, number in what.items() if number) or "nothing")


def charts_of(
    regions: Sequence[str | None], periods: Sequence[int] = (7,), *, new_to_top_100: bool | None = None
) -> tuple[Chart, ...]:
    """Give the charts of every region and period.

    Raises
    ------
    ConfigError
        If the provider knows no such region or period.
    """
    return tuple(Chart(market, days, new_to_top_100=new_to_top_100) for market in regions for days in periods)


def pull(
    config: Config,
    plan: PullPlan,
    *,
    budget: int | None = None,
    clock: Clock = utc_now,
    on_progress: OnProgress = silent,
) -> PullReport:
    """Pull once, and load all of it in one transaction.

    Parameters
    ----------
    config
        Keys, folders and limits.
    plan
        What to pull.
    budget
        Credits it may spend at each provider; None for no limit [credits].
    clock
        Gives the instant.
    on_progress
        Told the stage, how many are done and of how many.

    Returns
    -------
        What was done. Failures are in it; they do not raise.

    Raises
    ------
    AuthError
        If a key was refused, or is missing, and no provider answered anything.
    ConfigError
        If a provider's setting is missing, and no provider answered anything.
    StoreError
        If the warehouse cannot be written. What was fetched stays in the archive, and the next run loads it.
    """
    with Run(config, budget=budget, clock=clock, on_progress=on_progress) as run:
        report = PullReport(run.report)
        charts = run.walk_all("charts", [_chart_walk(run, chart) for chart in plan.charts])
        report.charts = sum(map(bool, charts))
        report.details = len(run.fetch_all("sounds in detail", plan.details()))
        if plan.has_catalogue:
            snapshots = run.fetch_all("catalogue", [layers.catalogue()])
            report.tracks = sum(len(layers.parse(one).tables.get("catalog_tracks", ())) for one in snapshots)
        report.artists = sum(map(bool, run.walk_all("artists", [_artist_walk(run, name) for name in plan.artists])))
    return report


def _chart_walk(run: Run, chart: Chart) -> Walk:
    return Walk(keyapi.trending(chart), partial(keyapi.walk, run.fetch, chart))


def _artist_walk(run: Run, name: str) -> Walk:
    call = musicbrainz.artist_search(name)
    return Walk(call, partial(_artist_answers, run, call))


def _artist_answers(run: Run, call: Call) -> Iterator[Answer]:
    """Look a name up, then the releases of those it fits best."""
    found = run.fetch(call)
    yield found
    for artist_id in _best(musicbrainz.parse(found)):
        yield from musicbrainz.walk(run.fetch, artist_id)


def _best(rows: Rows) -> list[str]:
    fitting = [row for row in rows.tables.get(ARTISTS.name, ()) if (row["score"] or 0) >= GOOD_SCORE]
    return [row["artist_id"] for row in sorted(fitting, key=lambda row: -row["score"])[:MOST_NAMESAKES]]
