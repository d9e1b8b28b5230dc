"""What the team follows: sounds, hashtags, creators, keywords and regions, in one TOML file.

Plain lists, written as people write them: a sound by its id or its TikTok address, a hashtag with
or without ``#``, a creator with or without ``@``. A mistake is an error that names the line and the
nearest right word; nothing is fetched for a file that is not understood whole.
"""

import re
import shutil
import tomllib
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import tomlkit

from trendlib.errors import ConfigError

REGIONS = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA
    CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA
    GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS
    MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS
    RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW
    TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
    """.split()
)
_ALSO_WRITTEN = {"UK": "GB", "EL": "GR"}  # what else stands for a code, and for nothing else
_OFTEN_MEANT = {
    "EN": "GB", "USA": "US", "UNITED STATES": "US", "UNITED KINGDOM": "GB", "AUSTRALIA": "AU",
    "BRASIL": "BR", "BRAZIL": "BR", "CANADA": "CA", "FRANCE": "FR", "GERMANY": "DE", "INDIA": "IN", "INDONESIA": "ID",
    "ITALY": "IT", "JAPAN": "JP", "KOREA": "KR", "MEXICO": "MX", "NETHERLANDS": "NL", "PHILIPPINES": "PH",
    "POLAND": "PL", "SOUTH KOREA": "KR", "SPAIN": "ES", "SWEDEN": "SE", "THAILAND": "TH", "TURKEY": "TR",
    "VIETNAM": "VN",
}  # fmt: skip
_LIKE_DIGITS = str.maketrans("OoIl", "0011")
_SOUND_ID = re.compile(r"[0-9]{8,19}")
_ADDRESS = re.compile(r"(?i)https?://|(?:[\w-]+\.)*tiktok\.com/")
NO_SOUND_PAGE = (
    "This address is not a sound's. Open it in TikTok, tap the sound's name there, "
    "and paste the address with /music/ in it."
)
_SOUND_URL = re.compile(r"(?:https?://)?(?:www\.|m\.)?tiktok\.com/music/(?:[^/?#]*-)?([0-9]{8,19})/?(?:[?#].*)?")
_HANDLE_URL = re.compile(r"(?:https?://)?(?:www\.|m\.)?tiktok\.com/@([^/?#\s]+)/?(?:[?#].*)?")


@dataclass(frozen=True, slots=True)
class Watchlist:
    """What one team follows, each list without repeats and in the file's order.

    Parameters
    ----------
    sounds
        Sound ids; those of ``always_page`` among them.
    hashtags
        Hashtags, lower case, without ``#``.
    creators
        Handles of tastemakers, without ``@``.
    keywords
        Words to search new sounds by.
    regions
        Markets, ISO 3166-1 alpha-2.
    always_page
        Sound ids whose posts are bought in every sweep.
    """

    sounds: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    always_page: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> "Watchlist":
        """Read a watchlist file.

        Raises
        ------
        ConfigError
            If the file is missing or anything in it is not understood.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise ConfigError(_missing(path)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} cannot be read: {error}") from error
        return cls.parse(text, name=path.name)

    @classmethod
    def parse(cls, text: str, *, name: str = "watchlist.toml") -> "Watchlist":
        """Read a watchlist from its text; `name` is what errors call it.

        Raises
        ------
        ConfigError
            If anything in it is not understood.
        """
        try:
            entries = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{name} is not valid TOML: {error}") from error
        lists: dict[str, tuple[str, ...]] = {}
        for key, values in entries.items():
            where = f"{name}, line {_line_of(text, key)}"
            if key not in READERS:
                hint = _nearest(key, READERS) or f"; there are: {', '.join(READERS)}"
                raise ConfigError(f"{where}: {key!r} is no list of a watchlist{hint}")
            if not isinstance(values, list):
                raise ConfigError(f'{where}: {key} must be a list, like {key} = ["…"]')
            lists[key] = tuple(dict.fromkeys(_entry(text, name, key, value) for value in values))
        watchlist = cls(**lists)
        watchlist._check_always_page(text, name)
        sounds = dict.fromkeys((*watchlist.sounds, *watchlist.always_page))
        return cls(**{**lists, "sounds": tuple(sounds)})

    def _check_always_page(self, text: str, name: str) -> None:
        """Refuse an id one or two digits off a watched one: a slip of the pen, not another sound."""
        for sound_id in set(self.always_page) - set(self.sounds):
            near = get_close_matches(sound_id, self.sounds, n=1, cutoff=0.94)
            if near:
                line = _line_of(text, "always_page", sound_id)
                raise ConfigError(f"{name}, line {line}: always_page has {sound_id!r}; did you mean {near[0]!r}?")


def follow(path: Path, sound: str, *, named: str = "") -> bool:
    """Add a sound to a watchlist file, which is made if need be; comments and order stay as they are.

    Parameters
    ----------
    path
        The file.
    sound
        Sound id or TikTok address.
    named
        What stands behind it as a comment.

    Returns
    -------
        Whether it was added; False when it was followed already.

    Raises
    ------
    ConfigError
        If it is no sound, or the file is not understood or cannot be written.
    """
    wanted = sound_id(sound)
    if path.exists() and wanted in Watchlist.read(path).sounds:
        return False
    text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    document = tomlkit.parse(text)
    listed = document.setdefault("sounds", tomlkit.array())
    listed.add_line(wanted, comment=" ".join(named.split()) or None)
    if len(listed) == 1:
        listed.add_line(indent="")
    written = tomlkit.dumps(document)
    Watchlist.parse(written, name=path.name)
    place = path.resolve()  # a link to a list that a team shares stays one
    draft = place.with_name(f".{place.name}.tmp")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(written, encoding="utf-8")
        if place.exists():
            shutil.copymode(place, draft)
        draft.replace(place)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise ConfigError(f"{path} cannot be written: {error.strerror}; add {wanted!r} to it by hand") from error
    return True


def sound_id(value: object) -> str:
    """Return the sound id in an id, an int or a TikTok sound address.

    Raises
    ------
    ConfigError
        If there is none in it, or it is a float and has lost digits already.
    """
    if isinstance(value, float):
        raise ConfigError(f"{value!r} has lost digits; write sound ids as text, in quotes")
    text = str(value).strip()
    if _SOUND_ID.fullmatch(text):
        return text
    if match := _SOUND_URL.fullmatch(text):
        return match[1]
    if re.fullmatch(r"[0-9.,]+(?:e\+?[0-9]+)?", text, re.IGNORECASE) and not text.isdecimal():
        raise ConfigError(f"{text!r} went through a spreadsheet and lost its last digits; take the id from the address")
    digits = re.sub(r"[^0-9]", "", text.translate(_LIKE_DIGITS))
    hint = f"; did you mean {digits!r}?" if _SOUND_ID.fullmatch(digits) else ""
    raise ConfigError(f"{text!r} is neither a sound id (8 to 19 digits) nor a tiktok.com/music/ address{hint}")


def is_other_address(text: str) -> bool:
    """Whether a text is an address, but of no sound: a video's, a creator's, a short link."""
    return bool(_ADDRESS.match(text.strip())) and not _SOUND_URL.fullmatch(text.strip())


def _hashtag(value: object) -> str:
    text = unicodedata.normalize("NFC", str(value).strip().lstrip("#＃").lower())
    if not text or re.search(r"[\s#＃/]", text):
        raise ConfigError(f"{value!r} is no hashtag; write one word, without spaces")
    return text


def _handle(value: object) -> str:
    text = str(value).strip()
    match = _HANDLE_URL.fullmatch(text)
    handle = match[1] if match else text.removeprefix("@")
    if not handle or re.search(r"[\s@/:]", handle):
        raise ConfigError(f"{value!r} is no creator; write the handle, like @name")
    return handle


def _keyword(value: object) -> str:
    text = " ".join(str(value).split())
    if not text:
        raise ConfigError("an empty keyword finds nothing; take it out")
    return text


def _region(value: object) -> str:
    text = str(value).strip().upper()
    text = _ALSO_WRITTEN.get(text, text)
    if text in REGIONS:
        return text
    meant = _OFTEN_MEANT.get(text)
    hint = f"; did you mean {meant!r}?" if meant else ""
    raise ConfigError(f"{value!r} is no region (two letters, ISO 3166-1){hint}")


READERS: dict[str, Callable[[object], str]] = {
    "sounds": sound_id,
    "hashtags": _hashtag,
    "creators": _handle,
    "keywords": _keyword,
    "regions": _region,
    "always_page": sound_id,
}


def _entry(text: str, name: str, key: str, value: Any) -> str:
    try:
        return READERS[key](_as_written(key, value))
    except ConfigError as error:
        raise ConfigError(f"{name}, line {_line_of(text, key, value)}: {key}: {error}") from None


def _as_written(key: str, value: object) -> object:
    """Take text; of sounds also whole numbers, and floats, to be told what is wrong with them."""
    if isinstance(value, str) or (key in {"sounds", "always_page"} and not isinstance(value, bool)):
        return value
    raise ConfigError(f"{value!r} is not text; put it in quotes")


def _nearest(word: str, words: Iterable[str]) -> str:
    near = get_close_matches(word, sorted(words), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def _missing(path: Path) -> str:
    others = [file.name for file in path.parent.glob("*.toml")] if path.parent.is_dir() else []
    near = get_close_matches(path.name, others, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    lists = ", ".join(field.name for field in fields(Watchlist))
    return f"{path} does not exist{hint}. Make it: a TOML file with the lists {lists}"


def _line_of(text: str, key: str, value: object = None) -> int:
    """Return the line of a list, or of an entry in it; its TOML spelling may differ, then the list's line."""
    lines = text.splitlines()
    opening = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
    begin = next((number for number, line in enumerate(lines) if opening.match(line)), 0)
    entry = re.compile(rf"(?<![\w.]){re.escape(str(value))}(?![\w.])" if value is not None else "")
    found = (number for number in range(begin, len(lines)) if entry.search(_without_comment(lines[number])))
    return next(found, begin) + 1


def _without_comment(line: str) -> str:
    """Cut a comment off; a # between quotes is none."""
    return re.sub(r"""^((?:[^"'#]|"[^"]*"|'[^']*')*)#.*$""", r"\1", line)
