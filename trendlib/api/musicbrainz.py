"""MusicBrainz' words into ours: artists found under a name, and the labels of their releases.

Conventions:

* Pure: nothing is sent, read from disk or timed here.
* Its public web service (version 2, JSON) takes no key and costs nothing. It asks for one request a second at most, and
  for a User-Agent that says whom to write to; it answers 503 to who asks faster.
* A name is data: whatever it holds, it is looked for as it stands.
* ``score`` says how well a name matches, 0 to 100. It is a match of names, not proof of a person.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from trendlib.api import fields as read
from trendlib.api.fields import Fields, reject
from trendlib.api.refusals import demand_object, error, words_of
from trendlib.errors import ApiError, AuthError, ConfigError, ParseError, RateLimitError, UnavailableError
from trendlib.schema import ARTISTS, RELEASES, Answer, Call, Rows

ARTIST = "/ws/2/artist"
RELEASE = "/ws/2/release"
CREDITS = 0
PAGE_SIZE = 100
NAMESAKES = 25
MOST_PAGES = 5
_LIST = {ARTIST: "artists", RELEASE: "releases"}
_SYNTAX = re.compile(r'([+\-&|!(){}\[\]^"~*?:\\/])')  # of Lucene, which reads the query
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MBID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def artist_search(name: str) -> Call:
    """Ask for the artists known under a name.

    Raises
    ------
    ConfigError
        If the name is empty.
    """
    words = " ".join((read.text(name) or "").split())
    if not words:
        raise ConfigError(f"cannot look up {name!r}: it is empty; name an artist")
    escaped = _SYNTAX.sub(r"\\\1", words)
    return Call("musicbrainz", ARTIST, {"query": f'"{escaped}"', "fmt": "json", "limit": str(NAMESAKES)})


def releases(artist_id: str, *, offset: int = 0) -> Call:
    """Ask for a page of an artist's releases, with their labels.

    Raises
    ------
    ConfigError
        If it is no MusicBrainz id.
    """
    if not _MBID.fullmatch(artist_id):
        raise ConfigError(f"{artist_id!r} is no MusicBrainz id; look the artist up by name")
    page = {"offset": str(offset)} if offset else {}
    params = {"artist": artist_id, "inc": "labels", "fmt": "json", "limit": str(PAGE_SIZE), **page}
    return Call("musicbrainz", RELEASE, params)


def check(answer: Answer) -> None:
    """Raise unless the answer is data.

    Raises
    ------
    AuthError
        The User-Agent is not welcome (403).
    RateLimitError
        Asked too fast (429, 503).
    UnavailableError
        No answer, another 5xx, a body that is no JSON or lacks what was asked for.
    ApiError
        Any other refusal: asking the same again will not help.
    ParseError
        MusicBrainz has no such endpoint, or none that is asked here.
    """
    if answer.endpoint not in _LIST:
        raise ParseError(f"musicbrainz is not asked for {answer.endpoint[:60]!r}, only for {', '.join(_LIST)}")
    found = f"HTTP {answer.status} {words_of(answer.body)}"
    if answer.status in (401, 403):
        raise error(AuthError, answer, found, "check TRENDLIB_MUSICBRAINZ_CONTACT")
    if answer.status == 503:
        raise error(RateLimitError, answer, found, "ask more slowly")
    body = demand_object(answer)
    if not isinstance(body.get(_LIST[answer.endpoint]), list):
        kind = ApiError if "error" in body else UnavailableError
        raise error(kind, answer, f"a body without {_LIST[answer.endpoint]} {words_of(body)}", "check what was asked")


def parse(answer: Answer) -> Rows:
    """Turn an answer into rows; what cannot be read in it is a reject among them.

    Raises
    ------
    ApiError
        If the answer is no data: see `check`.
    ParseError
        If it is no endpoint asked here.
    """
    check(answer)
    rows = Rows()
    add = _add_artist if answer.endpoint == ARTIST else _add_release
    for index, item in enumerate(answer.body[_LIST[answer.endpoint]]):
        place = f"{_LIST[answer.endpoint]}[{index}]"
        try:
            add(rows, Fields(item, place, rows), answer.params)
        except ParseError as failure:
            reject(rows, place, str(failure), item)
    return rows


def walk(fetch: Callable[[Call], Answer], artist_id: str, *, max_pages: int = MOST_PAGES) -> Iterator[Answer]:
    """Give the releases of an artist page by page, to the last one or the ``max_pages``-th.

    Parameters
    ----------
    fetch
        Gives the answer to a call.
    artist_id
        Whose releases.
    max_pages
        How many pages to ask for at most.

    Yields
    ------
    Answer
        One page each.

    Raises
    ------
    ApiError
        If a page is no data: see `check`.
    """
    offset = 0
    for _ in range(max_pages):
        answer = fetch(releases(artist_id, offset=offset))
        check(answer)
        yield answer
        items = len(answer.body["releases"])
        offset += items
        total = Fields(answer.body, "$", Rows()).read(read.counter, "release-count")
        if not items or (offset >= total if total is not None else items < PAGE_SIZE):
            return


def asked_name(params: Mapping[str, str]) -> str | None:
    """Give the name that a search asked for."""
    return read.text(_ESCAPED.sub(r"\1", params.get("query", "").removeprefix('"').removesuffix('"')))


def _add_artist(rows: Rows, artist: Fields, params: Mapping[str, str]) -> None:
    rows.add(
        ARTISTS,
        asked=asked_name(params),
        artist_id=artist.read_key(_mbid, "id"),
        name=artist.read(read.text, "name"),
        sort_name=artist.read(read.text, "sort-name"),
        kind=artist.read(read.text, "type"),
        country=artist.read(read.region, "country"),
        begin=artist.inside("life-span").read(read.text, "begin"),
        disambiguation=artist.read(read.text, "disambiguation"),
        score=artist.read(read.counter, "score"),
    )


def _add_release(rows: Rows, release: Fields, params: Mapping[str, str]) -> None:
    said = {
        "artist_id": params.get("artist"),
        "release_id": release.read_key(_mbid, "id"),
        "title": release.read(read.text, "title"),
        "released": release.read(read.text, "date"),
        "country": release.read(read.region, "country"),
        "release_status": release.read(read.text, "status"),
    }
    for label, number in _labels(release) or [(None, None)]:
        rows.add(RELEASES, **said, label=label, catalog_number=number)


def _labels(release: Fields) -> list[tuple[str | None, str | None]]:
    """Read who released it: a label and its number each, none twice."""
    items = release.values.get("label-info")
    found: dict[tuple[str | None, str | None], None] = {}
    for index, item in enumerate(items if isinstance(items, list) else ()):
        place = f"{release.place}.label-info[{index}]"
        try:
            info = Fields(item, place, release.rows)
        except ParseError as failure:
            reject(release.rows, place, str(failure), item)
            continue
        found[info.inside("label").read(read.text, "name"), info.read(read.text, "catalog-number")] = None
    return [pair for pair in found if any(pair)]


def _mbid(value: Any) -> str | None:
    word = read.text(value)
    if word is not None and not _MBID.fullmatch(word):
        raise ParseError(f"{word[:40]!r} is no MusicBrainz id")
    return word
