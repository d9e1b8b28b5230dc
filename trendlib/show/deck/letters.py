"""How much room words take, and words made to fit: the same on every machine, whatever fonts it has.

Widths are those of Helvetica and Arial, in thousandths of the letter size, with a little to spare,
because the reader's own font may be wider.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from trendlib.show.cells import HELD, held_dates
from trendlib.show.theme import plain_text

LINE = 1.28
_SLACK = 1.04
_BOLD = 1.07
# The signs from space to tilde.
_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
)  # fmt: skip
_OTHERS = {"·": 278, "–": 556, "’": 222, "\u2018": 222, "×": 584, "−": 584, "…": 1000, "—": 1000}
_USUAL, _WIDE, _PICTURE = 650, 1000, 1350
# Hebrew, Arabic, Syriac, Thaana, N'Ko and their presentation forms.
_LEFTWARD_SIGNS = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff"
_LEFTWARD_WORD = rf"[#@]?\w*[{_LEFTWARD_SIGNS}](?:\S*[\w{_LEFTWARD_SIGNS}])?"
_LEFTWARD = re.compile(rf"{_LEFTWARD_WORD}(?:[:!?]?\s+{_LEFTWARD_WORD})*")


@dataclass(frozen=True)
class Fitted:
    """Words cut into lines of a letter size [px].

    Attributes
    ----------
    lines, size
        The lines, and how large their letters are.
    is_cut
        Whether something was left out, which an ellipsis says.
    """

    lines: Sequence[str]
    size: float
    is_cut: bool = False

    @property
    def height(self) -> float:
        """How high they stand [px]."""
        return len(self.lines) * self.size * LINE

    @property
    def text(self) -> str:
        """The words in one line."""
        return " ".join(self.lines)


def isolated(text: str) -> str:
    """Isolate words that run from right to left, so that numbers and words beside them keep their places.

    Examples
    --------
    >>> isolated("#שיר 2.3×, new") == "\u2068#שיר\u2069 2.3×, new"
    True
    """
    return text if "\u2068" in text else _LEFTWARD.sub("\u2068\\g<0>\u2069", text)


def width(text: str, size: float, *, is_bold: bool = False) -> float:
    """Measure a line [px].

    Examples
    --------
    >>> round(width("Velocity", 10))
    36
    >>> width("א", 10) < width("中", 10) < width("😀", 10)
    True
    """
    return _scaled(_thousandths(text), size, is_bold=is_bold)


def _scaled(thousandths: int, size: float, *, is_bold: bool) -> float:
    return thousandths / 1000 * size * _SLACK * (_BOLD if is_bold else 1)


def _thousandths(text: str) -> int:
    return sum(map(_width, text if text.isascii() else unicodedata.normalize("NFD", text)))


@cache
def _width(sign: str) -> int:
    code = ord(sign)
    if 32 <= code <= 126:
        return _WIDTHS[code - 32]
    if sign in _OTHERS:
        return _OTHERS[sign]
    if unicodedata.category(sign) in {"Mn", "Me", "Cf"}:
        return 0
    if code >= 0x1F000:
        return _PICTURE
    return _WIDE if unicodedata.east_asian_width(sign) in {"W", "F"} else _USUAL


def wrapped(text: str, room: float, size: float, *, is_bold: bool = False) -> list[str]:
    """Cut words into lines no wider than ``room`` [px]; a word that is too wide alone is cut too."""
    lines: list[list[str]] = [[]]
    reach = 0
    for word in _words(text, room, size, is_bold=is_bold):
        wide = _thousandths(word)
        longer = reach + _width(" ") + wide
        if lines[-1] and _scaled(longer, size, is_bold=is_bold) > room:
            lines.append([word])
            reach = wide
        else:
            reach = longer if lines[-1] else wide
            lines[-1].append(word)
    return [" ".join(words) for words in lines]


def _words(text: str, room: float, size: float, *, is_bold: bool) -> Iterator[str]:
    for word in (part.replace(HELD, " ") for part in held_dates(" ".join(text.split())).split(" ")):
        if width(word, size, is_bold=is_bold) <= room:
            yield word
            continue
        piece = ""
        for sign in word:
            if piece and width(piece + sign, size, is_bold=is_bold) > room:
                yield piece
                piece = ""
            piece += sign
        yield piece


def fitted(text: str, room: float, lines: int, sizes: Sequence[float], *, is_bold: bool = False) -> Fitted:
    """Fit words into at most so many lines: by smaller letters first, then by leaving out the end.

    Parameters
    ----------
    text
        The words, of whomever.
    room
        How wide a line may be [px].
    lines
        How many there may be.
    sizes
        The letter sizes to try, the largest first [px].
    is_bold
        Whether the letters are bold.
    """
    plain = plain_text(text, 1200)
    tried = [Fitted(wrapped(plain, room, size, is_bold=is_bold), size) for size in sizes]
    fitting = next((one for one in tried if len(one.lines) <= lines), None)
    if fitting is not None:
        return fitting
    smallest = tried[-1]
    kept, last = list(smallest.lines[: lines - 1]), smallest.lines[lines - 1]
    while last and width(f"{last}…", smallest.size, is_bold=is_bold) > room:
        last = last[:-1]
    return Fitted([*kept, f"{last.rstrip()}…"], smallest.size, is_cut=True)
