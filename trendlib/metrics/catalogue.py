"""Catalogue: which track of a licensed-music catalogue a sound may be, and tracks found by words.

A track has no TikTok id, so a match is a guess from title and artist, with its reason and a confidence:

* *artist and title*: one credited artist, one song and one version, as `trendlib.metrics.titles` reads them: 0.9.
* *another version*: the same but the version: the catalogue holds the song, perhaps not this recording: 0.6.
* *fuzzy artist and title*: both alike (RapidFuzz ``ratio`` of 90 and 88 at least) with the same numbers in the title
  and one version: 0.75 times how alike.

Titles that are the platform's own ("original sound") match nothing; so do sounds without an artist. Where several
tracks match equally well the confidence is divided by their number: nobody can tell which of them it is.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from rapidfuzz import fuzz, process

from trendlib.metrics.engines import board, enter, leave
from trendlib.metrics.likeness import ARTIST_ALIKE, BLOCK_LETTERS, TITLE_ALIKE
from trendlib.metrics.titles import Title, fold, numbers, read_title

TITLE, OTHER_VERSION, FUZZY = "artist and title", "another version", "fuzzy artist and title"
CONFIDENCE = {TITLE: 0.9, OTHER_VERSION: 0.6, FUZZY: 0.75}
FOUND_FROM = 60.0
_MATCH = {"sound_id": "str", "track_id": "str", "reason": "str", "confidence": "float64", "candidates": "Int64"}


def match_tracks(tracks: IntoFrame, sounds: IntoFrame) -> Any:
    """Guess which track each sound is.

    Parameters
    ----------
    tracks
        ``track_id``, ``title``, ``artist``, a row a track.
    sounds
        ``sound_id``, ``title``, ``artist``, a row a sound.

    Returns
    -------
    frame
        A row a sound that may be a track, by ``sound_id``: ``track_id`` of the surest (the first of several by id),
        ``reason``, ``confidence`` [0-1], ``candidates`` [tracks that match equally well].

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    offered, wanted = _titles(tracks, "track_id"), _titles(sounds, "sound_id")
    blocks: dict[str, list[str]] = {}
    for track, title in offered.items():
        blocks.setdefault(title.song[:BLOCK_LETTERS], []).append(track)
    rows = []
    for sound, title in wanted.items():
        found = list(_candidates(title, blocks.get(title.song[:BLOCK_LETTERS], []), offered))
        if not found:
            continue
        most = max(sure for _, _, sure in found)
        best = sorted(one for one in found if one[2] == most)
        rows.append((sound, *best[0][:2], most / len(best), len(best)))
    return leave(pd.DataFrame(rows, columns=list(_MATCH)).astype(_MATCH).sort_values("sound_id"), sounds)


def find_tracks(tracks: IntoFrame, text: str) -> Any:
    """Find tracks by words of title, artist and album, misspelt ones too.

    Parameters
    ----------
    tracks
        ``title``, ``artist``, ``album`` and whatever else, a row a track.
    text
        Words to look for; none finds every track.

    Returns
    -------
    frame
        The tracks found with all their columns and ``score`` [0-100, how alike], the best first; equals keep their
        order.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    known = board(enter(tracks, others=["title", "artist", "album"]))
    if not text.strip():
        return leave(known.assign(score=100.0), tracks)
    names = [fold(" ".join(word for word in row if isinstance(word, str))) for row in _words(known)]
    asked = fold(text)
    found = process.cdist([asked], names, scorer=fuzz.token_set_ratio)[0] if names else np.array([])
    part = process.cdist([asked], names, scorer=fuzz.partial_ratio)[0] if names else np.array([])
    known["score"] = np.maximum(found, part).astype("float64")
    known = known[known["score"] >= FOUND_FROM].sort_values("score", ascending=False, kind="stable")
    return leave(known, tracks)


def _words(known: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    return known[["title", "artist", "album"]].itertuples(index=False, name=None)


def _titles(frame: IntoFrame, name: str) -> dict[str, Title]:
    """Read the titles that name a song and somebody who is credited with it."""
    known = board(enter(frame, ids=[name], others=["title", "artist"]).select(name, "title", "artist"))
    known = known.sort_values([name, "title", "artist"]).drop_duplicates(name)
    texts = ([one if isinstance(one, str) else None for one in row] for row in known.itertuples(index=False, name=None))
    read = {str(thing): read_title(title, artist) for thing, title, artist in texts}
    return {thing: title for thing, title in read.items() if title.song and title.people}


def _candidates(title: Title, block: list[str], offered: Mapping[str, Title]) -> Iterator[tuple[str, str, float]]:
    """Give the tracks that a sound may be: id, reason, confidence."""
    for track in block:
        other = offered[track]
        reason, likeness = _reason(title, other)
        if reason:
            yield track, reason, CONFIDENCE[reason] * likeness


def _reason(one: Title, other: Title) -> tuple[str, float]:
    is_same_version = one.version == other.version
    if one.song == other.song and set(one.people) & set(other.people):
        return (TITLE if is_same_version else OTHER_VERSION), 1.0
    songs = fuzz.ratio(one.song, other.song, score_cutoff=TITLE_ALIKE)
    has_same_numbers = numbers(one.song.split()) == numbers(other.song.split())
    if not (songs and is_same_version and has_same_numbers):
        return "", 0.0
    artists = max(fuzz.ratio(a, b) for a in one.people for b in other.people)
    return (FUZZY, min(songs, artists) / 100) if artists >= ARTIST_ALIKE else ("", 0.0)
