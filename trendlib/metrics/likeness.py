"""Likeness: songs whose artists and titles are nearly the same, by their letters.

Both count: RapidFuzz's ``ratio`` of two titles must reach 90, and that of any artist of one and any of the other 88.
Titles are compared only where they begin with the same four letters and hold the same numbers, and only among artists
who are alike: there are fewer of those than of titles, and most pairs end there.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from rapidfuzz import fuzz, process

from trendlib.metrics.titles import Title, numbers

TITLE_ALIKE, ARTIST_ALIKE = 90.0, 88.0
BLOCK_LETTERS = 4
_AT_ONCE = 500
_ROUNDING = 0.01

_Name = tuple[str, tuple[str, ...]]
_Songs = dict[_Name, str]


def nearly_same(titles: Mapping[str, Title]) -> Iterator[tuple[str, str, float]]:
    """Pair sounds whose songs are nearly the same, with how alike they are [0-1].

    Of sounds that agree in song and artists to the letter, one stands for all.
    """
    blocks: dict[tuple[str, ...], dict[str, _Songs]] = {}
    for sound, title in titles.items():
        if len(title.song) > BLOCK_LETTERS:
            block = blocks.setdefault((title.song[:BLOCK_LETTERS], *numbers(title.song.split())), {})
            for person in title.people:
                block.setdefault(person, {})[title.song, title.people] = sound
    for block in blocks.values():
        for one, other in _people(sorted(block)):
            yield from _songs(block[one], block[other])


def _people(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pair names that are nearly the same, each with itself too; some at a time, as all at once need much memory."""
    for begin in range(0, len(names), _AT_ONCE):
        scores = process.cdist(
            names[begin : begin + _AT_ONCE], names[begin:], scorer=fuzz.ratio, score_cutoff=ARTIST_ALIKE - _ROUNDING
        )
        for place, other in zip(*np.nonzero(scores), strict=True):
            if place <= other:
                yield names[begin + place], names[begin + other]


def _songs(ones: _Songs, others: _Songs) -> Iterator[tuple[str, str, float]]:
    """Pair the songs of two people, or of one, whose titles are nearly the same."""
    rows, columns = [*ones], [*others]
    if rows == columns and len(rows) == 1:
        return
    scores = process.cdist(
        [song for song, _ in rows], [song for song, _ in columns], scorer=fuzz.ratio, score_cutoff=TITLE_ALIKE
    )
    for row, column in zip(*np.nonzero(scores), strict=True):
        one, other = rows[row], columns[column]
        artists = max(fuzz.ratio(a, b) for a in one[1] for b in other[1])
        if one != other and artists >= ARTIST_ALIKE:
            yield ones[one], others[other], float(min(artists, scores[row, column])) / 100
