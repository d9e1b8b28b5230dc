"""Titles: which song a sound's title names, whom it names, and in which version.

Titles are compared *folded*: compatibility forms resolved (NFKD), Latin, Greek and Cyrillic accents dropped, lower
case, no punctuation. What stands in brackets or behind a dash is left out of the song when it only tells the
edition ("sped up", "slowed + reverb", "remix", "live", "short version", "feat. ..."), and kept otherwise.
A *generic* title ("original sound" in whatever language) is the platform's, and names no song at all.
"""
# ruff: noqa: RUF001 - many scripts are meant to stand here

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

OFFICIAL, SPED_UP, SLOWED, REMIX, LIVE, USER_RIP = "official", "sped up", "slowed", "remix", "live", "user rip"
VERSIONS = (OFFICIAL, SPED_UP, SLOWED, REMIX, LIVE, USER_RIP)

# What TikTok calls somebody's own audio, by language of the uploader; several where the wording has changed.
ORIGINAL_SOUND: dict[str, tuple[str, ...]] = {
    "ar": ("الصوت الأصلي", "صوت أصلي"), "bn": ("মূল সাউন্ড", "অরিজিনাল সাউন্ড"), "ca": ("so original",),
    "cs": ("původní zvuk", "originální zvuk"), "da": ("original lyd", "originallyd"),
    "de": ("originalton", "original-ton", "originaler ton"), "el": ("πρωτότυπος ήχος", "αρχικός ήχος"),
    "en": ("original sound", "original audio"), "es": ("sonido original", "audio original"),
    "fa": ("صدای اصلی",), "fi": ("alkuperäinen ääni",),
    "fil": ("orihinal na tunog", "orihinal na sound", "original na tunog"), "fr": ("son original",),
    "ga": ("fuaim bhunaidh",), "he": ("צליל מקורי", "סאונד מקורי"), "hi": ("मूल ध्वनि", "मूल साउंड", "ओरिजिनल साउंड"),
    "hu": ("eredeti hang",), "id": ("suara asli",), "it": ("suono originale", "audio originale"),
    "ja": ("オリジナル楽曲", "オリジナルサウンド", "オリジナル音源"), "jv": ("swara asli",), "km": ("សំឡេងដើម",),
    "ko": ("오리지널 사운드", "원본 사운드"), "ms": ("bunyi asal",), "my": ("မူရင်းအသံ",),
    "nb": ("originallyd", "original lyd"), "nl": ("origineel geluid", "oorspronkelijk geluid"),
    "pl": ("oryginalny dźwięk", "dźwięk oryginalny"), "pt": ("som original", "áudio original"),
    "ro": ("sunet original",), "ru": ("оригинальный звук",), "sk": ("pôvodný zvuk",), "sq": ("tingulli origjinal",),
    "sv": ("originalljud", "originaljud"), "sw": ("sauti asilia",), "th": ("เสียงต้นฉบับ", "เสียงดั้งเดิม"),
    "tr": ("orijinal ses", "özgün ses"), "uk": ("оригінальний звук", "звук оригіналу"), "ur": ("اصل آواز",),
    "vi": ("nhạc nền", "âm thanh gốc", "nhạc gốc"), "zh": ("原聲", "原声", "原创音乐", "原創音樂"),
}  # fmt: skip
# "so-and-so's own sound", with the name in front
OWN_SOUND_ENDINGS = ("创作的原声", "創作的原聲", "的原声", "的原聲")

REMIXER_WORDS = 3

_LETTERS = str.maketrans({"đ": "d", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"})
_ACCENTS = re.compile(r"[\u0300-\u036f\ufe00-\ufe0f]")
_NO_LETTERS = re.compile(r"[^A-Za-z0-9]+")
_BRACKETS = re.compile(r"[(\[{【〔](?P<inside>[^()\[\]{}【】〔〕]*)(?:[)\]}】〕]|$)")
_DASHES = re.compile(r"\s+[-–—|~]+\s+|_+")
_PEOPLE = re.compile(r"\s*[&,;/+、]\s*|\s+(?:x|vs\.?|feat\.?|ft\.?|featuring|with|and|và)\s+")
_FEATURED = re.compile(r"\b(?:feat|ft|featuring)\b\.?\s*(?P<who>.+)$")
_BY = re.compile(r"^(?P<song>.+?)\s+by\s+(?P<who>.+)$")
_REMIXER = re.compile(r"^(?P<who>.+?)\s+(?:remix|rmx|mix|bootleg|flip|edit)\b")
_SPEED = r"(?:sped|speed(?:ed)?)[\s-]*up\b|\bnightcore\b|\bfast(?:er)? ver"
_SLOW = r"\bslow(?:ed)?(?:\s*(?:\+|&|and|n)\s*|\s+)(?:reverb|down|ver)|\bslowed\b|\breverb\b|\bdaycore\b|\bscrewed\b"
_MIXED = r"re-?mix|\brmx\b|\bmix\b|\bbootleg\b|\bmash-?up\b|\brework\b|\bflip\b|\bedit\b"
_ON_STAGE = r"\blive\b|\b(?:en|ao) vivo\b|\ben (?:directo|concierto)\b|\bunplugged\b"
_PLAIN_EDITION = re.compile(
    r"\bver(?:sion|s)?\b|\binstrumental\b|\bkaraoke\b|\bacoustic\b|\bre-?master(?:ed)?\b|\bradio edit\b|\bextended\b"
    r"|\bdemo\b|\bclean\b|\bexplicit\b|\boriginal mix\b|\bsound\s*track\b|\bost\b|^from\b|\btiktok\b|\bshort(?:cut)?\b"
    r"|\bbonus track\b|\bsingle\b|\bofficial\b|\blyrics?\b|\bprod\b|(?:创作的|創作的)原[声聲]"
)
_KINDS = tuple((kind, re.compile(pattern)) for kind, pattern in ((SPED_UP, _SPEED), (SLOWED, _SLOW), (REMIX, _MIXED)))
_KINDS_ASIDE = (*_KINDS, (LIVE, re.compile(_ON_STAGE)))
_BARE_TAIL = re.compile(
    rf"\s+(?P<what>(?:x\s+\S+\s+(?=\w*mix\b|rmx\b))?(?:{_SPEED}|{_SLOW}|\w*re-?mix\b|\brmx\b|\bmix\b|\bver(?:sion)?\b)[\s.+&#\d]*"
    r"(?:(?:ver(?:sion)?|reverb|pitched|tiktok)\b[\s.]*)*)$"
)
_NUMBER = re.compile(r"^(?:\d+|i{2,3}|iv|vi{0,3}|ix|x)$")


@dataclass(frozen=True)
class Title:
    """What a sound's title and artist say.

    Attributes
    ----------
    song
        The song, folded; empty for a generic title.
    head
        The song without a subtitle; equal to ``song`` where there is none.
    people
        Who is credited, folded.
    originals
        Songs it may be a version of: itself, and without the words before a bare "remix", which may name a remixer;
        none where the version is official.
    mentions
        Pairs of a person whom the title names (guest, remixer, "by ...") and the song that would be theirs.
    version
        One of `VERSIONS`.
    is_generic
        The platform's own title.
    is_attributed
        The title says "by" somebody.
    """

    song: str
    head: str
    people: tuple[str, ...]
    originals: tuple[str, ...]
    mentions: tuple[tuple[str, str], ...]
    version: str
    is_generic: bool
    is_attributed: bool


def numbers(words: Iterable[str]) -> list[str]:
    """Give the numbers among folded words, Roman ones too: another number is another song."""
    return [word for word in words if _NUMBER.match(word)]


def fold(text: str) -> str:
    """Resolve compatibility forms, drop accents and invisible characters, lower the case.

    Examples
    --------
    >>> fold("Hoàng Thuỳ Linh"), fold("BEYONCÉ"), fold("①")
    ('hoang thuy linh', 'beyonce', '1')
    """
    if text.isascii():
        return " ".join(text.lower().split())
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", text).casefold()).translate(_LETTERS)
    shown = "".join(" " if char.isspace() else char for char in bare if unicodedata.category(char) != "Cf")
    return " ".join(unicodedata.normalize("NFC", shown).split())


def is_generic(title: str) -> bool:
    """Tell whether a title is the platform's own, "original sound" in whatever language.

    Examples
    --------
    >>> is_generic("sonido original - lucia"), is_generic("nhạc nền"), is_generic("Original Soundtrack")
    (True, True, False)
    """
    folded = fold(title).lstrip("♫♬♪ @")
    return bool(_GENERIC.match(folded)) or folded.endswith(_OWN_ENDINGS)


def read_title(title: str | None, artist: str | None) -> Title:
    """Read what a sound's title and artist say of the song.

    Examples
    --------
    >>> read_title("Glass Lemonade (slowed + reverb) [feat. Mei]", "Ilka Venn & Kofi")
    Title(song='glass lemonade', head='glass lemonade', people=('ilka venn', 'kofi'), originals=('glass lemonade',), mentions=(('mei', 'glass lemonade'),), version='slowed', is_generic=False, is_attributed=False)
    """  # noqa: E501 - what the shell shows
    people = tuple(dict.fromkeys(filter(None, map(plain, _PEOPLE.split(fold(artist or ""))))))
    if title is None or not title.strip() or is_generic(title):
        return Title("", "", people, (), (), OFFICIAL, is_generic=bool(title and title.strip()), is_attributed=False)
    folded = fold(title)
    asides = [found["inside"].strip() for found in _BRACKETS.finditer(folded)]
    segments = [part.strip() for part in _DASHES.split(_BRACKETS.sub(" ", folded)) if part.strip()] or [folded]
    head, *more = [part for part in segments if plain(part) not in people] or segments
    head, guests = _cut_guests(head)
    head, tails = _cut_tails(head, people)
    subtitles, editions, named = _told_apart([*asides, *more])
    kinds = [*(_kind(tail, _KINDS) for tail in tails), *(_kind(edition, _KINDS_ASIDE) for edition in editions)]
    version = next((kind for kind in kinds if kind != OFFICIAL), OFFICIAL)
    song, short = plain(" ".join((head, *subtitles))), plain(head)
    if numbers(plain(" ".join(subtitles)).split()):
        short = song
    songs = tuple(dict.fromkeys((song, short)))
    mentions = [(who, one) for who in (*guests, *named) for one in songs]
    by = _BY.match(head)
    if by:
        mentions.append((plain(by["who"]), plain(by["song"])))
    originals = () if version == OFFICIAL else (*songs, *_without_remixer(short, tails))
    return Title(song, short, people, originals, tuple(mentions), version, is_generic=False, is_attributed=bool(by))


def plain(folded: str) -> str:
    """Keep letters, marks and digits; where that leaves nothing, keep all."""
    joined = re.sub(r"(?<=\w)['’`](?=\w)", "", folded)
    if joined.isascii():
        return " ".join(_NO_LETTERS.sub(" ", joined).split()) or folded.strip()
    kept = "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in joined)
    return " ".join(kept.split()) or folded.strip()


def _is_edition(aside: str) -> bool:
    return bool(_PLAIN_EDITION.search(aside)) or _kind(aside, _KINDS_ASIDE) != OFFICIAL


def _kind(words: str, kinds: tuple[tuple[str, re.Pattern[str]], ...]) -> str:
    if re.search(r"\b(?:original mix|radio edit)\b", words):
        return OFFICIAL
    return next((kind for kind, pattern in kinds if pattern.search(words)), OFFICIAL)


def _cut_guests(words: str) -> tuple[str, list[str]]:
    found = _FEATURED.search(words)
    if not found:
        return words, []
    return words[: found.start()].strip(), [plain(who) for who in _PEOPLE.split(found["who"]) if plain(who)]


def _cut_tails(head: str, people: tuple[str, ...]) -> tuple[str, list[str]]:
    """Take "sped up version", "remix" and the names before them off the end of a song."""
    tails = []
    while found := _BARE_TAIL.search(head):
        tails.append(found["what"])
        head = head[: found.start()].strip()
    for who in people:
        if tails and head.endswith(f" {who}"):
            head = head.removesuffix(f" {who}").strip()
    return head, tails


def _without_remixer(song: str, tails: list[str]) -> list[str]:
    """Give what a song may be called if the last words before a bare "remix" name the remixer."""
    if not any(re.search(_MIXED, tail) for tail in tails):
        return []
    words = song.split()
    return [" ".join(words[:-cut]) for cut in range(1, REMIXER_WORDS + 1) if len(words) > cut]


def _told_apart(asides: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Divide what stands in brackets and behind dashes into subtitles, editions and the people named."""
    subtitles, editions, people = [], [], []
    for aside in asides:
        rest, guests = _cut_guests(aside)
        people += guests
        if _is_edition(rest):
            editions.append(rest)
            remixer = _REMIXER.match(rest)
            people += [plain(who) for who in _PEOPLE.split(remixer["who"]) if plain(who)] if remixer else []
        elif rest:
            subtitles.append(rest)
    return subtitles, editions, people


_GENERIC = re.compile(
    "(?:" + "|".join(re.escape(fold(word)) for words in ORIGINAL_SOUND.values() for word in words) + r")(?!\w)"
)
_OWN_ENDINGS = tuple(fold(ending) for ending in OWN_SOUND_ENDINGS)
