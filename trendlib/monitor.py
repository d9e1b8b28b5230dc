"""The analyst's handle: one home, one instant, and the questions one asks of them.

Frames are read from the store as of an instant, handed to the metrics, and come back as exhibits.
The instant enters once, when the monitor is made, and is the same for everything it shows. Without
one given, it is the first whole minute after the newest answer: the present, as this home knows it.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from trendlib import doctor, practice
from trendlib.boards import alerts, ledger, upkeep
from trendlib.boards.board import Board, titled
from trendlib.boards.hashtag_board import HashtagBoard
from trendlib.boards.sound import Sound
from trendlib.boards.study import Study, in_utc
from trendlib.config import Config
from trendlib.deliver import Outbox
from trendlib.errors import AuthError, ConfigError, NoDataError
from trendlib.review import Reviewed
from trendlib.rulebook import Rules, read_rules
from trendlib.runs.discover import discover
from trendlib.runs.run import OnProgress, RunReport, silent
from trendlib.runs.sweep import Limits, SweepReport, sweep
from trendlib.schema import utc_text
from trendlib.show import page
from trendlib.show.canvas import Words
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import time_words
from trendlib.store import Store
from trendlib.watchlist import READERS, Watchlist, follow, sound_id

NO_KEY = (
    "Asked to sweep; no key is set. Put TIKLIVE_API_KEY=… into the environment or .env. "
    "To rehearse without a key: `trendlib demo`."
)


def open_monitor(home: Path | str | None = None, *, as_of: datetime | None = None) -> "Monitor":
    """Open your data, or the practice world while there is no key and no data yet.

    Parameters
    ----------
    home
        Folder of the watchlist, archive and warehouse; by default ``TRENDLIB_HOME`` or the nearest
        ``data/``.
    as_of
        Show the world as it was known at this instant; by default just after the newest answer.

    Returns
    -------
        The monitor; printing it says whose data it shows.

    Raises
    ------
    ConfigError
        If a setting cannot be used, or ``as_of`` has no time zone.

    Examples
    --------
    >>> import trendlib as tl
    >>> monitor = tl.open()  # doctest: +SKIP
    >>> monitor.leaderboard()  # doctest: +SKIP
    """
    instant = None if as_of is None else in_utc(as_of)
    if home is not None and not Path(home).expanduser().is_dir():
        raise ConfigError(f"Asked to open {home}; there is no such folder. Make it, or leave the home out.")
    config = Config.load(home=home)
    if config.tiklive_api_key is None and not Store(config.warehouse_file).is_there:
        practice.prepare(config.home)
        return Monitor.of_practice(config.home, as_of=instant)
    return Monitor(config, as_of=instant)


class Monitor(Reviewed):
    """One home at one instant; what it shows stands in `Gallery`, `Market` and `Reviewed`, each upon the last.

    Parameters
    ----------
    config
        Keys, folders and limits.
    as_of
        The instant; by default just after the newest answer.
    is_practice
        Whether this is the practice world; every exhibit says so.
    """

    def __init__(self, config: Config, *, as_of: datetime | None = None, is_practice: bool = False) -> None:
        self.config = config
        self.is_practice = is_practice
        self.store = Store(config.warehouse_file)
        self._as_of = None if as_of is None else in_utc(as_of)

    @classmethod
    def of_practice(cls, home: Path, *, as_of: datetime | None = None) -> "Monitor":
        """Open the practice world of a home, which must have been prepared."""
        return cls(Config.load(home=home / practice.FOLDER), as_of=as_of, is_practice=True)

    def __repr__(self) -> str:
        """Say whose data this is and as of when."""
        whose = "practice data, no key needed" if self.is_practice else str(self.config.home)
        return f"Monitor({whose}; {'no data yet' if self._is_empty else f'as of {utc_text(self.as_of)}'})"

    def _repr_html_(self) -> str:
        whose = "Practice data: a made-up world, no real sounds" if self.is_practice else f"Data in {self.config.home}"
        known = "Nothing fetched yet: run `trendlib sweep`." if self._is_empty else f"As of {time_words(self.as_of)}"
        return page.leaf(page.heading(Words(whose, known)))

    @property
    def _is_empty(self) -> bool:
        return self._as_of is None and self.store.last_observed_at() is None

    @cached_property
    def as_of(self) -> datetime:
        """The instant everything is shown as of."""
        if self._as_of is not None:
            return self._as_of
        last = self.store.last_observed_at()
        if last is None:
            raise NoDataError(f"{self.config.home} holds no data yet. Run `trendlib sweep`, or `trendlib replay FILE`.")
        return last.replace(second=0, microsecond=0) + timedelta(minutes=1)

    @cached_property
    def watchlist(self) -> Watchlist:
        """What is followed; a home without a watchlist file follows what it has data of."""
        if self.is_practice or not self.config.watchlist_file.exists():
            return Watchlist()
        return Watchlist.read(self.config.watchlist_file)

    @cached_property
    def rules(self) -> Rules:
        """The rules this home goes by: those of trendlib, with the thresholds of its ``rules.toml``."""
        return read_rules(self.config.rules_file)

    @cached_property
    def kept(self) -> ledger.Ledger:
        """Every alert that was recorded, and what became of it."""
        return ledger.read_ledger(self.store, self.as_of, outcome=self.rules["outcome"])

    @cached_property
    def board(self) -> Board:
        """All watched sounds, measured as of the instant."""
        return self.study.board(self.as_of)

    @cached_property
    def study(self) -> Study:
        """What was read of single sounds, shared by every instant of this home."""
        return Study(self.store, self.config.home, self.watchlist.sounds, self.rules)

    @cached_property
    def hashtags(self) -> HashtagBoard:
        """All hashtags that were read: `trendlib.boards.hashtag_board.HashtagBoard`."""
        return HashtagBoard(self.study, self.as_of, is_practice=self.is_practice)

    def at(self, as_of: datetime) -> "Monitor":
        """Return the same home at another instant; what was read of single sounds is shared."""
        other = Monitor(self.config, as_of=as_of, is_practice=self.is_practice)
        other.study = self.study
        return other

    def sound(self, name: str | int) -> Sound:
        """Find a watched sound by its id, its TikTok address or part of its title.

        Raises
        ------
        NoDataError
            If none is found, or more than one.
        """
        wanted = _sound_id_in(name) or titled(self.study.known(self.as_of), str(name))
        found = Sound(self.study, wanted, self.as_of, is_practice=self.is_practice)
        if not found.evidence.is_known:
            where = f"Add it to {self.config.watchlist_file} and sweep."
            advice = "The practice world has sounds of its own." if self.is_practice else where
            raise NoDataError(f"Sound {wanted} was not watched at {utc_text(self.as_of)}. {advice}")
        return found

    def sweep(
        self,
        *,
        top: int | None = None,
        region: str | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        on_progress: OnProgress = silent,
    ) -> SweepReport:
        """Read all watched counters, buy posts where something moves, and load it all.

        Parameters
        ----------
        top
            Only the first so many sounds of the leaderboard, as a midday look does; None for all.
        region
            Market that hashtag feeds are asked for.
        limits
            Credits and pages it may spend.
        on_progress
            Told the stage, how many are done and of how many.

        Returns
        -------
            What was done.

        Raises
        ------
        AuthError
            In the practice world, whose one sweep of this Monday was done when it was opened.
        """
        if self.is_practice:
            raise AuthError(NO_KEY)
        market = None if region is None else READERS["regions"](region)
        report = sweep(self.config, self.watched(top), limits=limits, region=market, on_progress=on_progress)
        self.move_on()
        with suppress(NoDataError):  # a sweep of hashtags alone, or one that nobody answered
            (self if self._as_of is None else Monitor(self.config)).record_alerts()
        return report

    def record_alerts(self) -> alerts.Recorded:
        """Keep what the rules say as of this instant; every sweep ends with it, and once is enough."""
        recorded = alerts.record(self.config, self.board)
        self.__dict__.pop("kept", None)
        return recorded

    def outbox(self) -> Outbox:
        """Give what delivers the recorded alerts, each once to a channel: ``monitor.outbox().alerts("slack,csv")``."""
        runs = self.kept.runs
        recorded_at = None if runs.empty else runs["asked_as_of"].max().to_pydatetime()
        return Outbox(self.config, self.kept.alerts, recorded_at, is_practice=self.is_practice)

    def note(self, alert_id: str, text: str) -> None:
        """Write a note beside an alert; it is kept like any evidence.

        Parameters
        ----------
        alert_id
            The alert, as `ledger` lists it.
        text
            The note; the latest is the one shown.

        Raises
        ------
        ConfigError
            If the text is empty.
        NoDataError
            If no such alert had been said by this instant.
        """
        alerts.note(self.config, alert_id, text, as_of=self.as_of)
        self.__dict__.pop("kept", None)

    def backtest(
        self, start: datetime, end: datetime, *, rule: str | None = None, on_progress: OnProgress = silent
    ) -> Exhibit:
        """Ask the rules as of each day of a span, on what was known that day, and tell what became of it.

        Parameters
        ----------
        start, end
            First and last instant, a day apart each.
        rule
            Only this rule; None for all.
        on_progress
            Told how many days are done and of how many.

        Returns
        -------
            The ledger as it would stand, with the thresholds that count now.

        Raises
        ------
        ConfigError
            If there is no such rule, an instant has no time zone, or the span is empty.
        """
        first, last = in_utc(start), in_utc(end)
        if first > last:
            raise ConfigError(f"Asked to go from {utc_text(first)} back to {utc_text(last)}; swap start and end.")
        if rule is not None and rule not in alerts.ASKED:
            raise ConfigError(f"{rule!r} is no rule that flags; there are: {', '.join(alerts.ASKED)}")
        found = ledger.backtest(
            self.store,
            self.watchlist.sounds,
            ledger.days_between(first, last),
            as_of=self.as_of,
            rules=self.rules,
            on_progress=on_progress,
        )
        return self.of_ledger("backtest", "What the rules would have said", found.only(rule))

    def move_on(self) -> None:
        """Forget what was shown, as the present has moved on; a monitor of a given instant stays there."""
        if self._as_of is None:
            kept = {name: value for name, value in vars(self).items() if not _is_cached(type(self), name)}
            self.__dict__ = kept

    def follow(self, sound: str | int) -> str:
        """Add a sound to the watchlist, so that the next sweep reads it.

        Parameters
        ----------
        sound
            Its id or TikTok address, or of a sound that is known the part of its title that `sound` takes.

        Returns
        -------
            What was done, in a sentence.

        Raises
        ------
        ConfigError
            If the watchlist cannot be written, or in the practice world, which follows all its sounds.
        NoDataError
            If it is no id and no address, and no known title.
        """
        if self.is_practice:
            raise ConfigError("The practice world follows all its sounds. With a key of your own, yours go here.")
        wanted = _sound_id_in(sound) or self.sound(sound).sound_id
        was_added = follow(self.config.watchlist_file, wanted)
        for name in ("watchlist", "study"):
            self.__dict__.pop(name, None)
        where = self.config.watchlist_file
        return f"{wanted} is added to {where}; the next sweep reads it." if was_added else f"{wanted} is on {where}."

    def watched(self, top: int | None = None) -> Watchlist:
        """Return what a sweep would look at: the watchlist, or only the head of the leaderboard.

        Raises
        ------
        ConfigError
            If there is no watchlist, or nothing in it.
        NoDataError
            If the head of the leaderboard is asked for, and no sound is ranked yet.
        """
        watchlist = Watchlist.read(self.config.watchlist_file)
        if not (watchlist.sounds or watchlist.hashtags):
            raise ConfigError(f"{self.config.watchlist_file} follows no sound and no hashtag yet; add some first.")
        if top is None:
            return watchlist
        leaders: list[str] = []
        with suppress(NoDataError):
            leaders = self.board.leaderboard(top=top, include_unrankable=False)["sound_id"].tolist()
        if not leaders:
            raise NoDataError(
                f"Asked for the first {top} sounds of the leaderboard; no sound is ranked yet. Leave --top out: "
                "`trendlib sweep` reads all that the watchlist follows, and ranks it after about a week of readings."
            )
        return replace(watchlist, sounds=tuple(leaders), hashtags=(), always_page=())

    def discover(self, *, budget: int | None = None, on_progress: OnProgress = silent) -> tuple[Exhibit, RunReport]:
        """Search keywords and tastemakers for sounds not watched yet.

        Parameters
        ----------
        budget
            Credits it may spend; None for no limit [credits].
        on_progress
            Told the stage, how many are done and of how many.

        Returns
        -------
            What was found, offered for the watchlist, and what it took.
        """
        if self.is_practice:
            found = practice.explore(self.config.home.parent, on_progress=on_progress)
        else:
            wanted = Watchlist.read(self.config.watchlist_file)
            found = discover(self.config, wanted, budget=budget, on_progress=on_progress)
        return upkeep.discovery(found, is_practice=self.is_practice), found.run

    def setup(self) -> Exhibit:
        """Look at keys, store, versions and browser: what is fine, what is not, and how to mend it."""
        config = Config.load(home=self.config.home.parent) if self.is_practice else self.config
        return upkeep.setup(doctor.examine(config), datetime.now(UTC))

    def statuses(self) -> Exhibit:
        """Count the watched sounds by status, and say what each means."""
        return upkeep.statuses(self.board.leaderboard(), self.as_of, is_practice=self.is_practice)

    def spending(self, days: int = 14) -> Exhibit:
        """Show the credits of the last days by provider."""
        with self.store.as_of(self.as_of) as world:
            calls = world.frame("calls")
        return upkeep.spending(calls, self.as_of, days=days, is_practice=self.is_practice)

    def export(self, folder: Path | str) -> list[Path]:
        """Write every table as Parquet, partitioned by day of observation."""
        return self.store.export(Path(folder))


def _is_cached(kind: type, name: str) -> bool:
    return isinstance(getattr(kind, name, None), cached_property)


def _sound_id_in(name: str | int) -> str | None:
    try:
        return sound_id(name)
    except ConfigError:
        return None
