"""What a team sets of its Monday review: ``review.toml`` in the home. Without the file everything stands as below.

A slip in it is named with its line and what to write instead.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from trendlib.errors import ConfigError
from trendlib.show.deck import Brand

FILE = "review.toml"
SECTIONS = (
    "summary", "changes", "top", "breakouts", "crossovers", "reactivated", "hashtags", "ledger", "why_not", "appendix",
)  # fmt: skip
MOST_PICKS = 200
EXAMPLE = f"""\
# Monday's review: what stands in it, in which order, and whose it is. What you leave out stands as here.

title = "Monday review"

# At most so many picks get a page of their own.
picks = 12

# Sections, in this order; take out what you don't want.
sections = [
    {", ".join(f'"{name}"' for name in SECTIONS[:5])},
    {", ".join(f'"{name}"' for name in SECTIONS[5:])},
]

# Sounds somebody will ask about: why they are not on the list. Id, TikTok address or part of the title.
why_not = []

[brand]
name = ""
# A png, jpg or svg; its path begins at this file.
logo = ""
accent = "{Brand().accent}"
"""


@dataclass(frozen=True)
class Settings:
    """What stands in a review, in which order, and whose it is.

    Attributes
    ----------
    title
        What the review is called.
    sections
        Names of `SECTIONS`, in the order of the deck.
    picks
        How many picks get a page at most.
    why_not
        Sounds that somebody will ask about.
    brand
        Name, logo and colours.
    """

    title: str = "Monday review"
    sections: tuple[str, ...] = SECTIONS
    picks: int = 12
    why_not: tuple[str, ...] = ()
    brand: Brand = Brand()  # noqa: RUF009 - frozen


def read_settings(home: Path) -> Settings:
    """Read ``review.toml`` of a home; where there is none, everything stands as it is.

    Raises
    ------
    ConfigError
        If anything in it is not understood; the message names the line and what to do.
    """
    path = home / FILE
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    return parse_settings(text, home)


def parse_settings(text: str, folder: Path) -> Settings:
    """Read settings from their text; the logo's path begins at the folder.

    Raises
    ------
    ConfigError
        If anything in it is not understood.
    """
    try:
        said = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{FILE} is not valid TOML: {error}. `trendlib review --init` writes an example.") from error
    table = said.pop("brand", {})
    if not isinstance(table, Mapping):
        raise ConfigError(f"{FILE}, line {_line_of(text, 'brand')}: brand must be a table; write [brand]")
    given = {name: _read(text, name, value, _READERS, folder) for name, value in said.items()}
    marks = {name: _read(text, name, value, _BRAND_READERS, folder) for name, value in table.items()}
    try:
        brand = Brand(**marks)
    except ConfigError as error:
        slip = next((name for name in marks if name in str(error)), "brand")
        raise ConfigError(f"{FILE}, line {_line_of(text, slip)}: {error}") from None
    return Settings(**given, brand=brand)


def write_example(home: Path) -> Path:
    """Write an example of ``review.toml`` into a home.

    Raises
    ------
    ConfigError
        If there is one already, or it cannot be written.
    """
    path = home / FILE
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(EXAMPLE)
    except FileExistsError:
        raise ConfigError(f"{path} is there already; edit it, or move it away and ask again") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}; make the folder, or choose another") from error
    return path


Reader = Callable[[Any, Path], Any]


def _words(value: Any, folder: Path) -> str:  # noqa: ARG001 - readers are called alike
    if not isinstance(value, str):
        raise ConfigError(f"{value!r} is no text; put it in quotes")
    return " ".join(value.split())


def _sections(value: Any, folder: Path) -> tuple[str, ...]:
    names = tuple(_words(one, folder) for one in _listed(value))
    for name in names:
        if name not in SECTIONS:
            near = get_close_matches(name, SECTIONS, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(SECTIONS)}"
            raise ConfigError(f"{name!r} is no section; {hint}")
        if names.count(name) > 1:
            raise ConfigError(f"{name!r} stands there {names.count(name)} times; name it once")
    return names


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ConfigError(f'{value!r} is no list; write it like ["…", "…"]')
    return value


def _named(value: Any, folder: Path) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_words(one, folder) for one in _listed(value)))


def _count(value: Any, folder: Path) -> int:  # noqa: ARG001 - readers are called alike
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_PICKS:
        raise ConfigError(f"{value!r} is no number of pages; write a whole number from 0 to {MOST_PICKS}")
    return value


def _path(value: Any, folder: Path) -> Path | None:
    words = _words(value, folder)
    try:
        path = folder / Path(words).expanduser()
        path.exists()
    except (OSError, ValueError, RuntimeError):  # too long, no text, the home of nobody
        raise ConfigError(f"{words[:60]!r} is no path of a file; write one that begins at this file") from None
    return path if words else None


def _color(value: Any, folder: Path) -> str:
    return _words(value, folder).lower()


_READERS: Mapping[str, Reader] = {"title": _words, "sections": _sections, "picks": _count, "why_not": _named}
_BRAND_READERS: Mapping[str, Reader] = {"name": _words, "logo": _path, "accent": _color}


def _read(text: str, name: str, value: Any, readers: Mapping[str, Reader], folder: Path) -> Any:
    where = f"{FILE}, line {_line_of(text, name)}"
    if name not in readers:
        near = get_close_matches(name, readers, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(readers)}, [brand]"
        raise ConfigError(f"{where}: {name!r} is no setting of a review; {hint}")
    try:
        return readers[name](value, folder)
    except ConfigError as error:
        wrong = next((one for one in (value if isinstance(value, list) else ()) if repr(one) in str(error)), None)
        raise ConfigError(f"{FILE}, line {_line_of(text, name, wrong)}: {name}: {error}") from None


def _line_of(text: str, name: str, value: object = None) -> int:
    """Return the line of a setting, or of one value in its list; where it is spelled otherwise, the setting's."""
    lines = text.splitlines()
    opening = re.compile(rf"""\s*\[?\s*["']?{re.escape(name)}["']?\s*[=\].]""")
    begin = next((number for number, line in enumerate(lines) if opening.match(line)), 0)
    if value is None:
        return begin + 1
    return next((number for number in range(begin, len(lines)) if str(value) in lines[number]), begin) + 1
