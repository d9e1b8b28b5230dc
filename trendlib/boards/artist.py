"""What a public catalogue says of an artist: releases and labels, with how well the name fits.

MusicBrainz is written by volunteers: what it lacks may exist. So nobody is called unsigned here; where no release names
a label, that, and as of when, is all that is said. Its own entry for self-released music, "[no label]", is no label.
"""

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


def artist_exhibit(store: Store, as_of: datetime, asked: str, *, is_practice: bool) -> Exhibit:
    """Show who an artist's name may mean, and their releases with labels.

    Parameters
    ----------
    store
        Where the answers are.
    as_of
        The instant.
    asked
        The name, as it was asked for.
    is_practice
        Whether it is the practice world.

    Returns
    -------
        A row a release and label of everybody whose name fits (score of 90 at least), the best first; those without a
        known release have one row.

    Raises
    ------
    NoDataError
        If the name was never looked up.
    """
    call = musicbrainz.artist_search(asked)
    with store.as_of(as_of) as world:
        calls = world.frame("calls", provider=call.provider, endpoint=call.endpoint, params=call.params_text)
        answered = calls[calls["error"].isna()].sort_values("observed_at")
        latest = world.frame("artists", answer_id=answered["answer_id"].tolist()[-1:])
        releases = world.frame("releases", artist_id=latest["artist_id"].tolist())
    if answered.empty:
        raise NoDataError(f"Artist {asked!r} was not looked up before {time_words(as_of)}. {REMEDY}")
    seen_at = answered["observed_at"].iloc[-1]
    is_fitting = latest["score"].fillna(0) >= GOOD_SCORE
    fitting = latest[is_fitting].sort_values(["score", "artist_id"], ascending=[False, True], ignore_index=True)
    newest = releases.groupby("artist_id")["observed_at"].transform("max")
    releases = releases[releases["observed_at"] > newest - ONE_LOOK].drop_duplicates(["release_id", "label"])
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
    known = fitting.drop(columns=["answer_id", "sort_name"]).assign(place=fitting.index)
    frame = known.merge(releases[kept], on="artist_id", how="left")
    frame = frame.sort_values(["place", "released", "release_id"], ascending=[True, False, True], ignore_index=True)
    return Exhibit(
        name="artist",
        title=f"In the public catalogue: {asked}",
        subtitle=_finding(frame, seen_at),
        frame=frame.drop(columns="place"),
        columns=("name", "kind", "country", "score", "release", "released", "release_status", "label"),
        as_of=as_of,
        source=f"MusicBrainz, asked {time_words(seen_at)}: {len(latest)} artists under that name, "
        f"{len(fitting)} with a score of {GOOD_SCORE} or more",
        note="written by volunteers: what it lacks may exist; score is how well the name fits, 0 to 100",
        is_practice=is_practice,
    )


def _finding(rows: pd.DataFrame, seen_at: datetime) -> str:
    """Say what is known of the artist who fits best."""
    if rows.empty:
        return f"nobody of that name found in MusicBrainz as of {day_words(seen_at)}"
    best = rows[rows["artist_id"] == rows["artist_id"].iloc[0]]
    labels = best["label"].dropna()
    labels = labels[labels.str.casefold() != NO_LABEL].drop_duplicates().tolist()
    more = f" and {len(labels) - MOST_LABELS} more" if len(labels) > MOST_LABELS else ""
    named = f"labels: {', '.join(labels[:MOST_LABELS])}{more}"
    verdict = named if labels else f"no label found in MusicBrainz as of {day_words(seen_at)}"
    others = rows["artist_id"].nunique() - 1
    namesakes = f"; {others} others fit the name as well" if others else ""
    return f"{best['release_id'].nunique()} releases known, {verdict}{namesakes}"
