"""Layers' words into ours: the licensed-music catalogue, a snapshot at a time.

Conventions:

* Pure: nothing is sent, read from disk or timed here.
* The catalogue is made anew every 12 hours, so asking more often buys nothing: `config.EXPIRY` keeps an answer so long.
* A track's id is the catalogue's own. Which sound it is, nobody says; matching the two is a guess.
"""

import re

from trendlib.api import fields as read
from trendlib.api.fields import Fields, reject, unwrapped
from trendlib.api.refusals import demand_object, error, words_of
from trendlib.errors import AuthError, ParseError, UnavailableError
from trendlib.schema import CATALOG_PULLS, CATALOG_TRACKS, Answer, Call, Rows

CATALOGUE = "/v1/tiktok-music"
CREDITS = 0
_SCOPE = "publish:read"
_ANY_SCOPE = re.compile(r"\b[a-z]{2,20}:[a-z]{2,20}\b")


def catalogue() -> Call:
    """Ask for the whole catalogue."""
    return Call("layers", CATALOGUE, {})


def check(answer: Answer) -> None:
    """Raise unless the answer is data.

    Raises
    ------
    AuthError
        The key is refused (401), or lacks the scope that the message names (403).
    UnavailableError
        No answer, 5xx, a body that is no JSON or has no tracks.
    ApiError
        Any other refusal: asking the same again will not help.
    ParseError
        Layers has no such endpoint.
    """
    if answer.endpoint != CATALOGUE:
        raise ParseError(f"layers has no endpoint {answer.endpoint[:60]!r}; it has {CATALOGUE}")
    if answer.status == 403:
        scope = _ANY_SCOPE.search(words_of(answer.body))
        found = f"HTTP 403 FORBIDDEN_SCOPE: the key lacks the scope {scope[0] if scope else _SCOPE}"
        raise error(AuthError, answer, found, "give LAYERS_API_KEY a key that has it")
    if not isinstance(unwrapped(demand_object(answer)).get("tracks"), list):
        raise error(UnavailableError, answer, "a body without the tracks asked for", "try again later")


def parse(answer: Answer) -> Rows:
    """Turn an answer into rows; what cannot be read in it is a reject among them.

    Raises
    ------
    ApiError
        If the answer is no data: see `check`.
    ParseError
        If Layers has no such endpoint.
    """
    check(answer)
    rows = Rows()
    payload = unwrapped(answer.body)
    known: set[str] = set()
    for index, item in enumerate(payload["tracks"]):
        place = f"tracks[{index}]"
        try:
            track = Fields(item, place, rows)
            track_id = track.read_key(read.name_id, "id")
        except ParseError as failure:
            reject(rows, place, str(failure), item)
            continue
        if track_id not in known:
            known.add(track_id)
            _add_track(rows, track, track_id)
    total = Fields(payload, "$", rows).read(read.counter, "total")
    rows.add(CATALOG_PULLS, total=total, items=len(payload["tracks"]))
    return rows


def _add_track(rows: Rows, track: Fields, track_id: str) -> None:
    language = track.read(read.text, "language")
    rows.add(
        CATALOG_TRACKS,
        track_id=track_id,
        title=track.read(read.text, "title"),
        artist=track.read(read.text, "author"),
        album=track.read(read.text, "album"),
        duration_s=track.read(read.duration, "duration"),
        preview_url=track.read(read.address, "previewUrl"),
        cover_url=track.read(read.address, "coverUrl"),
        language=language and language.lower(),
        uses=track.read(read.counter, "userCount"),
        is_commerce_music=track.read(read.flag, "isCommerceMusic"),
    )
