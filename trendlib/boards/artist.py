"""What a public catalogue says of an artist: releases and labels, with how well the name fits.

MusicBrainz is written by volunteers: what it lacks may exist. So nobody is called unsigned here; where no release names
a label, that, and as of when, is all that is said. Its own entry for self-released music, "[no label]", is no label.
Of an artist whose releases were not asked for, or not answered to the last page, not even that is said.
"""

import json
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from trendlib.api import musicbrainz
from trendlib.errors import NoDataError
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import day_words, time_words
from trendlib.store import Store

GOOD_SCORE = 90
MOST_LABELS = 4
ONE_LOOK = pd.Timedelta(hours=1)
NO_LABEL = "[no label]"
REMEDY = (
    "Set TRENDLIB_MUSICBRAINZ_CONTACT to an e-mail or web address: MusicBrainz asks for one, and is not asked without."
)


@dataclass(frozen=True)
class LookUp:
    """What is known of a name.

    Attributes
    ----------
    answered_at
        When it was last answered; None when it never was [UTC].
    artists
        Everybody of the latest answer.
    releases
        Their releases.
    listed
        Those of them whose releases were answered, to the last page.
    """

    answered_at: datetime | None
    artists: pd.DataFrame
    releases: pd.DataFrame
    listed: frozenset[str]

    @property
    def fitting(self) -> pd.DataFrame:
        """Those whose name fits, the best first, and of equals those whose releases are known."""
        found = self.artists[self.artists["score"].fillna(0) >= GOOD_SCORE]
        found = found.assign(is_listed=found["artist_id"].isin(self.listed))
        order = ["score", "is_listed", "artist_id"]
        return found.sort_values(order, ascending=[False, False, True], ignore_index=True)

    @property
    def is_whole(self) -> bool:
        """Whether the name was answered, and the releases of who fits it best."""
        return self.answered_at is not None and bool(self.fitting["is_listed"].head(1).all())


def look_up(store: Store, as_of: datetime, asked: str) -> LookUp:
    """Read what is known of a name.

    Raises
    ------
    NoDataError
        If nothing is known of anything.
    """
    call = musicbrainz.artist_search(asked)
    with store.as_of(as_of) as world:
        calls = world.frame("calls", provider=call.provider, endpoint=call.endpoint, params=call.params_text)
        answered = calls[calls["error"].isna()].sort_values("observed_at")
        latest = world.frame("artists", answer_id=answered["answer_id"].tolist()[-1:])
        releases = world.frame("releases", artist_id=latest["artist_id"].tolist())
        pages = world.frame("calls", provider=call.provider, endpoint=musicbrainz.RELEASE)
    pages = pages.assign(artist_id=[json.loads(params).get("artist") for params in pages["params"]])
    last = pages.sort_values("observed_at").drop_duplicates("artist_id", keep="last")
    listed = frozenset(last.loc[last["error"].isna(), "artist_id"])
    return LookUp(None if answered.empty else answered["observed_at"].iloc[-1], latest, releases, listed)


def artist_exhibit(store: Store, as_of: datetime, asked: str, *, why: str = "", is_practice: bool) -> Exhibit:
    """Show who an artist's name may mean, and their releases with labels.

    Parameters
    ----------
    store
        Where the answers are.
    as_of
        The instant.
    asked
        The name, as it was asked for.
    why
        Why not all of it was answered, where somebody has just asked.
    is_practice
        Whether it is the practice world.

    Returns
    -------
        A row a release and label of everybody whose name fits (score of 90 at least), the best first; those without a
        known release have one row. ``is_listed`` says whether their releases were answered at all.

    Raises
    ------
    NoDataError
        If the name was never looked up.
    """
    found = look_up(store, as_of, asked)
    if found.answered_at is None:
        raise NoDataError(f"Artist {asked!r} was not looked up before {time_words(as_of)}. {why or REMEDY}")
    frame = _framed(found)
    note = "written by volunteers: what it lacks may exist; score is how well the name fits, 0 to 100"
    return Exhibit(
        name="artist",
        title=f"In the public catalogue: {asked}",
        subtitle=_finding(frame, found.answered_at),
        frame=frame.drop(columns="place"),
        columns=("name", "kind", "country", "score", "release", "released", "release_status", "label"),
        as_of=as_of,
        source=f"MusicBrainz, asked {time_words(found.answered_at)}: {len(found.artists)} artists under that name, "
        f"{len(found.fitting)} with a score of {GOOD_SCORE} or more",
        note=f"{note}; {why}" if why else note,
        is_practice=is_practice,
    )


def _framed(found: LookUp) -> pd.DataFrame:
    """Put releases beside those who made them, a row each."""
    newest = found.releases.groupby("artist_id")["observed_at"].transform("max")
    releases = found.releases[found.releases["observed_at"] > newest - ONE_LOOK]
    releases = releases.drop_duplicates(["release_id", "label"])
    releases = releases.rename(columns={"title": "release", "country": "released_in"})
    kept = [
        "artist_id",
        "release_id",
        "release",
        "released",
        "released_in",
        "release_status",
        "label",
        "catalog_number",
    ]
    fitting = found.fitting
    known = fitting.drop(columns=["answer_id", "sort_name"]).assign(place=fitting.index)
    frame = known.merge(releases[kept], on="artist_id", how="left")
    return frame.sort_values(["place", "released", "release_id"], ascending=[True, False, True], ignore_index=True)


def _finding(rows: pd.DataFrame, seen_at: datetime) -> str:
    """Say what is known of the artist who fits best."""
    if rows.empty:
        return f"nobody of that name found in MusicBrainz as of {day_words(seen_at)}"
    if not rows["is_listed"].iloc[0]:
        return "releases and labels are not known: MusicBrainz has not answered that question in full"
    best = rows[rows["artist_id"] == rows["artist_id"].iloc[0]]
    labels = best["label"].dropna()
    labels = labels[labels.str.casefold() != NO_LABEL].drop_duplicates().tolist()
    more = f" and {len(labels) - MOST_LABELS} more" if len(labels) > MOST_LABELS else ""
    named = f"labels: {', '.join(labels[:MOST_LABELS])}{more}"
    verdict = named if labels else f"no label found in MusicBrainz as of {day_words(seen_at)}"
    others = rows["artist_id"].nunique() - 1
    namesakes = f"; {others} others fit the name as well" if others else ""
    return f"{best['release_id'].nunique()} releases known, {verdict}{namesakes}"
