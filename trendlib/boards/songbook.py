"""The songbook: every sound that a home knows, gathered into songs.

Sounds come from what was watched and found and from the charts. What links them stands in `trendlib.metrics.families`;
an analyst who knows better says so in ``families.toml`` of the home, and wins::

    same = [["7012345678901234567", "7012345678901234568"]]       # one song
    different = [["7012345678901234567", "7012345678901234569"]]  # no two of them are

    [versions]
    "7012345678901234568" = "remix"
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from trendlib import metrics
from trendlib.boards.charted import Charted
from trendlib.errors import ConfigError, NoDataError
from trendlib.metrics import Overrides
from trendlib.schema import Status
from trendlib.show.theme import plain_text, time_words
from trendlib.watchlist import sound_id

FILE = "families.toml"
MOST_NAMED = 5
KNOWN_ONLY = "shares are of the posts known; – where a day was not covered"
_LISTS = ("same", "different")


@dataclass(frozen=True, eq=False)
class Songbook:
    """All sounds known at one instant, and the songs they are versions of.

    Attributes
    ----------
    charted
        What is known of trending charts, and as of when.
    overrides
        What an analyst knows better.
    """

    charted: Charted
    overrides: Overrides

    @cached_property
    def sounds(self) -> pd.DataFrame:
        """Every sound: ``sound_id``, ``title``, ``artist``, ``song_id``, ``version``, ``reason``, ``confidence``."""
        with self.charted.store.as_of(self.charted.as_of) as world:
            known = world.frame("sounds")
        names = ["sound_id", "title", "artist"]
        titled = [known[known["title"].notna()], self.charted.titles, known]
        both = pd.concat(one[names] for one in titled).drop_duplicates("sound_id")
        try:
            found = metrics.families(both, chart_links=self.charted.song_links, overrides=self.overrides)
        except ValueError as error:
            raise ConfigError(f"{FILE}: {error}") from error
        return both.merge(found, on="sound_id").sort_values("sound_id", ignore_index=True)

    def family(self, name: str | int) -> pd.DataFrame:
        """Return the sounds of one song, its head first.

        Parameters
        ----------
        name
            A sound id or address of any of its sounds, the charts' id of the song, or part of a title.

        Raises
        ------
        NoDataError
            If no song, or more than one, is meant.
        """
        sounds = self.sounds
        songs = sounds.loc[sounds["sound_id"].isin(self._meant(name)), "song_id"].unique()
        if len(songs) == 1:
            own: pd.DataFrame = sounds[sounds["song_id"] == songs[0]]
            return own.sort_values("sound_id", key=lambda ids: ids != songs[0], kind="stable").reset_index(drop=True)
        at = time_words(self.charted.as_of)
        if len(songs) == 0:
            raise NoDataError(f"Asked for the song {str(name)!r}; no sound known at {at} has that id or title.")
        heads = sounds[sounds["sound_id"].isin(songs)].head(MOST_NAMED).itertuples()
        some = "; ".join(
            f"{plain_text(row.title, 60)} · {plain_text(row.artist, 40)} ({row.sound_id})" for row in heads
        )
        raise NoDataError(
            f"Asked for the song {str(name)!r}; {len(songs)} songs have it: {some}. Give more, or the id."
        )

    def _meant(self, name: str | int) -> list[str]:
        """List the sounds that a name may mean."""
        try:
            wanted = sound_id(name)
        except ConfigError:
            return self._titled(str(name))
        links = self.charted.song_links
        return [wanted, *links.loc[links["song_id"] == wanted, "sound_id"]]

    def _titled(self, text: str) -> list[str]:
        titles = self.sounds["title"].fillna("")
        exact = self.sounds.loc[titles.str.casefold() == text.casefold(), "sound_id"]
        some = self.sounds.loc[titles.str.contains(text, case=False, regex=False), "sound_id"]
        return (exact if len(exact) else some).tolist()


def told_shares(shares: pd.DataFrame, family: pd.DataFrame, listed: Iterable[str]) -> tuple[pd.DataFrame, str]:
    """Show shares of versions for what they are: of the posts known, and of no day that nobody read.

    Parameters
    ----------
    shares
        What `trendlib.metrics.version_share` gave of one song.
    family
        The song's sounds.
    listed
        The sounds whose feed was read or of which posts are known.

    Returns
    -------
        The shares with ``posts`` and ``n`` missing on days that are not covered, and what the caption has to say.
        No day is ``ok`` while of one of the sounds no post is known.
    """
    is_covered = shares["status"] != Status.NOT_ENOUGH_COVERAGE
    told = shares.assign(**{name: shares[name].where(is_covered) for name in ("posts", "n")})
    without = len(set(family["sound_id"]).difference(listed))
    if not without:
        return told, KNOWN_ONLY
    told["status"] = told["status"].mask(told["status"] == Status.OK, Status.WEAK.value)
    return told, f"{KNOWN_ONLY}; of {without} of its {len(family)} sounds none is known"


def read_overrides(home: Path) -> Overrides:
    """Read what an analyst knows better of songs; no file means nothing.

    Raises
    ------
    ConfigError
        If anything in the file is not understood.
    """
    path = home / FILE
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Overrides()
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    unknown = sorted(set(said) - {*_LISTS, "versions"})
    if unknown:
        raise ConfigError(f"{path}: {unknown[0]!r} is not known; there are same, different and [versions]")
    try:
        groups = {name: [[sound_id(one) for one in group] for group in _groups(said, name)] for name in _LISTS}
        return Overrides(**groups, versions={sound_id(one): kind for one, kind in _versions(said).items()})
    except (ConfigError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from None


def _groups(said: Mapping[str, Any], name: str) -> list[list[Any]]:
    groups = said.get(name, [])
    if not (isinstance(groups, list) and all(isinstance(group, list) for group in groups)):
        raise ConfigError(f'{name} must be a list of groups, like {name} = [["id", "id"]]')
    return groups


def _versions(said: Mapping[str, Any]) -> Mapping[str, Any]:
    versions = said.get("versions", {})
    if not isinstance(versions, dict):
        raise ConfigError('versions must be a table, like [versions] and "id" = "remix"')
    return versions
