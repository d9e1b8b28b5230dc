"""Likeness: the few pairs that are compared are all that there are."""

import random
from itertools import combinations

import pytest
from rapidfuzz import fuzz

from trendlib.metrics.likeness import ARTIST_ALIKE, BLOCK_LETTERS, TITLE_ALIKE, nearly_same
from trendlib.metrics.titles import numbers, read_title

WORDS = "love night baby city summer 2 3 ii story".split()
NAMES = "Mara Ilka Venn Kofi Dao Mei Tomas".split()


def misspelled(draw, text):
    if draw.random() < 0.6:
        return text
    place = draw.randrange(len(text))
    return text[:place] + draw.choice(["", "e", "é", "s"]) + text[place + draw.randrange(2) :]


def made_up(seed, count):
    draw = random.Random(seed)  # noqa: S311 - titles are no secrets
    for place in range(count):
        title = ("The " if draw.random() < 0.5 else "") + " ".join(draw.choices(WORDS, k=2))
        artists = " & ".join(" ".join(draw.choices(NAMES, k=1)) for _ in range(draw.choice([1, 1, 2])))
        yield str(place), read_title(misspelled(draw, title), misspelled(draw, artists))


def alike(one, other):
    title = fuzz.ratio(one.song, other.song)
    artist = max(fuzz.ratio(a, b) for a in one.people for b in other.people)
    is_near = title >= TITLE_ALIKE and artist >= ARTIST_ALIKE and (one.song, one.people) != (other.song, other.people)
    is_compared = min(len(one.song), len(other.song)) > BLOCK_LETTERS and numbers(one.song.split()) == numbers(
        other.song.split()
    )
    return is_near and is_compared and one.song[:BLOCK_LETTERS] == other.song[:BLOCK_LETTERS]


@pytest.mark.parametrize("seed", range(3))
def test_every_pair_that_is_alike_is_found_whatever_it_is_compared_with_first(seed, monkeypatch):
    monkeypatch.setattr("trendlib.metrics.likeness._AT_ONCE", 7)
    titles = dict(made_up(seed, 400))
    stands_for = {(title.song, title.people): sound for sound, title in titles.items()}
    expected = {
        frozenset(stands_for[titles[sound].song, titles[sound].people] for sound in pair)
        for pair in combinations(titles, 2)
        if alike(*(titles[sound] for sound in pair))
    }
    found = {frozenset((one, other)): likeness for one, other, likeness in nearly_same(titles)}
    assert len(expected) > 20
    assert set(found) == expected
    assert all(0.88 <= likeness < 1.0001 for likeness in found.values())


def test_a_title_with_another_number_or_another_beginning_is_another_song():
    told = [
        ("Love Story in the City 2", "Mara"),
        ("Love Story in the City 3", "Mara"),
        ("Dove Story in the City 2", "Mara"),
    ]
    assert not list(nearly_same({str(place): read_title(*one) for place, one in enumerate(told)}))
