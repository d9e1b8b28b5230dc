"""Single values as the providers write them, read strictly or refused with a reason.

Conventions, for every reader here:

* Missing (no key, ``null``, ``""``) is None and never 0. A value that is there but cannot be read
  raises `ParseError`; `Fields.read` then reports it as a reject of its own and gives None, so one
  bad field does not cost the item it stands in.
* Ids are text. A float id has already lost digits, a bool is none: both are refused.
* Counters that are negative, not finite or beyond 64 bits are refused, not clipped.
* Text loses NUL and lone surrogates, which no warehouse takes, and blanks around it; longer than any caption, it is
  refused.
"""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Any, TypeVar

from trendlib.errors import ConfigError, ParseError
from trendlib.schema import Rows

T = TypeVar("T")

MAX_COUNT = 2**63 - 1
LONGEST_TEXT = 100_000  # the longest captions have some thousands
FIRST_POST_S = datetime(2014, 1, 1, tzinfo=UTC).timestamp()
CLOCK_SKEW = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SKEW_S = CLOCK_SKEW.total_seconds()
_MILLISECONDS_FROM = 10**11  # as seconds, the year 5138

_COUNT = re.compile(
    r"(?P<whole>\d{1,3}(?:,\d{3})+|\d{1,19})(?P<part>\.\d{1,6})?\s*(?P<unit>[KMB])?\+?"
    r"(?:\s+(?:videos?|posts?|views?|plays?|likes?|comments?|shares?|followers?|users?))?",
    re.ASCII | re.IGNORECASE,
)
_YES_NO = {"true": True, "1": True, "false": False, "0": False}
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9}
_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6})(?:\.\d+)?", re.ASCII)
_POST_URL = re.compile(r"(?:^|/(?:video|photo|v)/)(\d{8,20})(?!\d)", re.ASCII)
_HASHES = "#\uff03"  # the second is full-width
_TAG = re.compile(f"(?<!&)[{_HASHES}]([^\\s{_HASHES}]+)")  # not the 39 of an escaped &#39;
_PICTURES = "\U0001f000-\U0001faff\u2190-\u2bff\u3030\u303d\u3297\u3299"
_EMOJI = re.compile(f"[{_PICTURES}][{_PICTURES}\ufe0f\u200d\u20e3\U000e0020-\U000e007f]*")
_JOINERS = "\u200c\u200d"
_LONGEST_COUNT = 40
_LONGEST_ID = 20
_OBJECTS = (dict, Mapping)  # the first is what nearly all are, and quickly told


def text(value: Any) -> str | None:
    """Read words: blanks around them, NUL and lone surrogates are dropped; nothing left is None."""
    if not isinstance(value, str):
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > MAX_COUNT:
            raise ParseError(f"{_kind(value)} where text was due")
        value = str(value)
    if len(value) > LONGEST_TEXT:
        raise ParseError(f"a text of {len(value):,} characters; {LONGEST_TEXT:,} are the most")
    if not value.isprintable():  # NUL and surrogates are not, nor is much that stays
        value = value.encode(errors="ignore").decode().replace("\0", "")
    return value.strip() or None


def name_id(value: Any) -> str | None:
    """Read an id that may hold letters, as creators' ids do."""
    if isinstance(value, float):
        raise ParseError(f"{value!r} is a float: an id that went through one has lost digits")
    return text(value)


def number_id(value: Any) -> str | None:
    """Read an id made of digits, as those of sounds, posts and challenges are; ``0`` is None."""
    found = name_id(value)
    if found is not None and not (found.isdigit() and found.isascii() and len(found) <= _LONGEST_ID):
        raise ParseError(f"{found[:40]!r} is not an id: 1 to 20 digits were due")
    return None if found is None or not found.strip("0") else found


def counter(value: Any) -> int | None:
    """Read a counter: ``541200``, ``"541.2K"``, ``"3 videos"``, ``"1,234"``."""
    if type(value) is int and 0 <= value <= MAX_COUNT:  # as nearly all come
        return value
    count = _written_count(value) if isinstance(value, str) else _whole(value)
    if count is not None and not 0 <= count <= MAX_COUNT:
        raise ParseError("a counter below 0 or beyond 64 bits")
    return count


def flag(value: Any) -> bool | None:
    """Read yes or no: ``true``, ``1``, ``"1"``, ``"true"`` and their opposites."""
    if isinstance(value, int) and value in (0, 1):  # true and false as well
        return bool(value)
    word = text(value)
    if word is None:
        return None
    if word.lower() not in _YES_NO:
        raise ParseError(f"{word[:40]!r} is neither yes nor no")
    return _YES_NO[word.lower()]


def duration(value: Any) -> int | None:
    """Read a length in seconds: ``58``, ``"58"``, ``"1:02"``; 0 means unknown, so None."""
    if not isinstance(value, str):
        return counter(value) or None
    match = _CLOCK.fullmatch(value.strip())
    if value.strip() and not match:
        raise ParseError(f"{value[:40]!r} is not a length in seconds")
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return hours * 3600 + minutes * 60 + seconds or None


def number(value: Any) -> float | None:
    """Read a number of at least 0 that need not be whole: ``0.87``, ``"0.87"``."""
    words = value.strip() if isinstance(value, str) else value
    if words == "":
        return None
    if not isinstance(words, str | int | float) or isinstance(words, bool):
        raise ParseError(f"{_kind(words)} where a number was due")
    try:
        found = float(words)
    except (ValueError, OverflowError):
        found = math.nan
    if not (math.isfinite(found) and found >= 0):
        raise ParseError(f"{str(words)[:40]!r} is no number of at least 0")
    return found


def address(value: Any) -> str | None:
    """Read a web address; anything else names no place, so it is None."""
    word = text(value)
    return word if word and word.startswith(("https://", "http://")) else None


def day(value: Any, *, known_at: datetime) -> datetime | None:
    """Read the UTC day that an instant, told as `instant` reads it, lies in."""
    found = instant(value, known_at=known_at)
    return found and found.replace(hour=0, minute=0, second=0, microsecond=0)


def region(value: Any) -> str | None:
    """Read a region: two letters, given back in upper case."""
    code = text(value)
    if code is None:
        return None
    if not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise ParseError(f"{code[:40]!r} is not a two-letter region")
    return code.upper()


def handle(value: Any) -> str | None:
    """Read a creator's handle, without @."""
    word = text(value)
    return word and (word.lstrip("@") or None)


def cursor(value: Any) -> str | None:
    """Read a cursor as text; -1 (the end) and 0 (the beginning) are None."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    word = text(value)
    return None if word in ("-1", "0") else word


def post_id_in(value: Any) -> str | None:
    """Find the id of a post in its URL, or in what is the bare id."""
    match = _POST_URL.search(text(value) or "")
    return match and match[1]


def hashtag(value: Any) -> str | None:
    """Read a hashtag: lower case, without #, accents composed (NFC), letters of all scripts kept."""
    word = text(value)
    return word and (unicodedata.normalize("NFC", word.lstrip(_HASHES).strip().lower()) or None)


def hashtags_in(caption: str | None) -> list[str]:
    """Find the hashtags of a caption, each once, in order.

    A hashtag is the run of letters, marks, digits and ``_`` after a ``#`` (or its full-width
    form); where there is none, the run of emoji. So ``#fyp🔥!`` is ``fyp`` and ``#🔥!`` is ``🔥``.
    """
    found: dict[str, None] = {}
    for match in _TAG.finditer(caption or ""):
        if match[1].isascii() and match[1].replace("_", "").isalnum():  # as most are
            found[match[1].lower()] = None
            continue
        word = "".join(takewhile(_stands_in_word, match[1])).strip(_JOINERS)
        emoji = _EMOJI.match(match[1])
        tag = hashtag(word if any(map(str.isalnum, word)) else emoji[0] if emoji else "")
        if tag:
            found[tag] = None
    return list(found)


def instant(value: Any, *, known_at: datetime) -> datetime | None:
    """Read when something was posted: seconds or milliseconds, as number or text; 0 means missing.

    Raises
    ------
    ParseError
        If it is no time between 2014 and a day after ``known_at``.
    """
    ticks = counter(value)
    if not ticks:
        return None
    seconds = ticks // 1000 if ticks >= _MILLISECONDS_FROM else ticks
    if not _is_plausible(seconds, known_at):
        raise ParseError(f"{ticks} is no time between 2014 and a day after the answer")
    return _EPOCH + timedelta(seconds=seconds)  # much quicker than fromtimestamp


def instant_of_post(post_id: str, *, known_at: datetime) -> datetime | None:
    """Give the second a post was created, which its id holds in the upper bits; None if implausible."""
    seconds = int(post_id) >> 32
    return datetime.fromtimestamp(seconds, UTC) if _is_plausible(seconds, known_at) else None


class Fields:
    """One object of an answer, its place there, and the rows that take what cannot be read.

    Parameters
    ----------
    values
        The object.
    place
        Its JSON path in the answer, such as ``videos[3]``.
    rows
        Takes a reject for each field that is there but cannot be read.

    Raises
    ------
    ParseError
        If ``values`` is no object.
    """

    __slots__ = ("place", "rows", "values")

    def __init__(self, values: Any, place: str, rows: Rows) -> None:
        if not isinstance(values, _OBJECTS):
            raise ParseError(f"{_kind(values)} where an object was due")
        self.values: Mapping[str, Any] = values
        self.place = place
        self.rows = rows

    def read(self, reader: Callable[[Any], T | None], name: str, *others: str) -> T | None:
        """Give the first of these fields that says something; what cannot be read is a reject."""
        raw = self.values.get(name)
        if raw is not None:
            try:
                value = reader(raw)
            except ParseError as error:
                reject(self.rows, f"{self.place}.{name}", str(error), raw)
            else:
                if value is not None:
                    return value
        return self.read(reader, *others) if others else None

    def read_key(self, reader: Callable[[Any], str | None], *names: str, asked: str | None = None) -> str:
        """Give the word this object goes by; what was asked for stands in when the object is silent.

        Raises
        ------
        ParseError
            If the word is there but cannot be read, or none is there and none was asked for.
        """
        for name in names:
            raw = self.values.get(name)
            if raw is not None and (said := reader(raw)) is not None:
                return said
        if asked is None:
            raise ParseError(f"no {' or '.join(names)}: it cannot be told from others")
        return asked

    def inside(self, name: str) -> "Fields":
        """Give the object in this field, an empty one if there is none (a URL, a bare name, null)."""
        value = self.values.get(name)
        return Fields(value if isinstance(value, _OBJECTS) else {}, f"{self.place}.{name}", self.rows)


def asked(reader: Callable[[Any], str | None], value: Any) -> str:
    """Read what a question is about, before it is sent.

    Raises
    ------
    ConfigError
        If there is nothing in it, or nothing that can be asked for.
    """
    try:
        word = reader(value)
    except ParseError as error:
        raise ConfigError(f"cannot ask for {value!r}: {error}") from error
    if word is None:
        raise ConfigError(f"cannot ask for {value!r}: it is empty; name what to ask for")
    return word


def unwrapped(body: Any) -> Mapping[str, Any]:
    """Give what a body is about: the object in its envelope's ``data``, or the body when it has none; else nothing."""
    inner = body.get("data", body) if isinstance(body, Mapping) else body
    return inner if isinstance(inner, Mapping) else {}


def reject(rows: Rows, place: str, reason: str, raw: Any) -> None:
    """Set something aside whatever it looks like: too deep, too long or not writable as JSON."""
    try:
        written = json.dumps(raw)
    except (RecursionError, ValueError):
        written = f"({_kind(raw)}, too deep to show)"
    rows.reject(place, text(reason) or "", written)


def _whole(value: Any) -> int | None:
    if isinstance(value, float) and math.isfinite(value):
        return round(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ParseError(f"{_kind(value)} where a number was due")


def _written_count(value: str) -> int | None:
    words = value.strip()
    if not words:
        return None
    match = _COUNT.fullmatch(words) if len(words) <= _LONGEST_COUNT else None
    if not match:
        raise ParseError(f"{words[:40]!r} is not a counter")
    number = Decimal(match["whole"].replace(",", "") + (match["part"] or ""))
    return int(number * _UNITS[(match["unit"] or "").upper()])


def _stands_in_word(character: str) -> bool:
    return character.isalnum() or character in f"_{_JOINERS}" or unicodedata.category(character).startswith("M")


def _is_plausible(seconds: float, known_at: datetime) -> bool:
    return FIRST_POST_S <= seconds <= known_at.timestamp() + _SKEW_S


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {str: "text", dict: "an object", list: "a list", bool: "a yes/no"}
    return names.get(type(value), "a number")
