"""The team's hand in a review, kept beside the store: ``reviews/2026-11-16T070100Z.toml`` in the home.

It belongs to one instant. A new review of the same week begins with what the last one was left at, and says so: the
data may have moved on by a minute since the team looked at them.
"""

import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import tomlkit

from trendlib.errors import ConfigError
from trendlib.schema import utc_text
from trendlib.show.exhibits import write_file
from trendlib.show.theme import time_words

NEAR = timedelta(hours=12)
_LISTS = ("order", "dropped", "added")
_STAMP = "%Y-%m-%dT%H%M%SZ"


@dataclass(frozen=True)
class Cut:
    """What the team made of one review.

    Attributes
    ----------
    order
        Sounds in the order the team wants first.
    dropped, added
        Sounds taken out and put in.
    notes
        Notes on picks that no alert stands behind, by sound; others stand beside their alert in the archive.
    taken_over
        The instant of the earlier review that it began with; "" where it began anew.
    """

    order: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    taken_over: str = ""

    @property
    def beginning(self) -> str:
        """What it began with, in words; "" where it began anew."""
        if not self.taken_over:
            return ""
        stood = time_words(datetime.fromisoformat(self.taken_over))
        return f"picks, order and notes are taken over from the review of {stood}"

    def with_dropped(self, sounds: Iterable[str]) -> "Cut":
        """Take sounds out."""
        gone = dict.fromkeys(sounds)
        return replace(
            self,
            dropped=tuple(dict.fromkeys((*self.dropped, *gone))),
            added=tuple(one for one in self.added if one not in gone),
        )

    def with_added(self, sounds: Iterable[str]) -> "Cut":
        """Put sounds in."""
        come = dict.fromkeys(sounds)
        return replace(
            self,
            added=tuple(dict.fromkeys((*self.added, *come))),
            dropped=tuple(one for one in self.dropped if one not in come),
        )


def cut_file(folder: Path, as_of: datetime) -> Path:
    """Name the file of the team's hand in the review of an instant."""
    return folder / f"{as_of.astimezone(UTC):{_STAMP}}.toml"


def read_cut(folder: Path, as_of: datetime) -> Cut:
    """Read the team's hand in the review of an instant; no file means none.

    Raises
    ------
    ConfigError
        If the file is not understood.
    """
    return _cut_in(cut_file(folder, as_of))


def cut_before(folder: Path, as_of: datetime, since: datetime) -> Cut:
    """Read the team's hand in the review of an instant; where it was never saved, in the last one of the same week.

    Parameters
    ----------
    folder
        Where reviews are kept.
    as_of, since
        The review's instants. A saved review is one of the same week if it lies no further back than half the time
        between them.

    Returns
    -------
        The team's hand; what is taken over says from which review.

    Raises
    ------
    ConfigError
        If a file is not understood.
    """
    if cut_file(folder, as_of).exists():
        return read_cut(folder, as_of)
    earlier = [one for one in _saved(folder) if as_of - (as_of - since) / 2 <= one < as_of]
    if not earlier:
        return Cut()
    found = read_cut(folder, max(earlier))
    is_bare = not (found.order or found.dropped or found.added or found.notes)
    return Cut() if is_bare else replace(found, taken_over=found.taken_over or utc_text(max(earlier)))


def _saved(folder: Path) -> list[datetime]:
    """List the instants of saved reviews; a file of another name is none."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        with suppress(ValueError):
            found.append(datetime.strptime(path.stem, _STAMP).replace(tzinfo=UTC))
    return found


def cut_near(folder: Path, instant: datetime, within: timedelta = NEAR, *, is_same_day: bool = False) -> Cut:
    """Read the team's hand in the saved review nearest to an instant; none saved near it means none.

    Two runs of one weekday are never a week apart to the second.

    Parameters
    ----------
    folder
        Where reviews are kept.
    instant
        When the review stood, about.
    within
        How far from it the review may have stood.
    is_same_day
        Whether it must be of the same UTC day.

    Raises
    ------
    ConfigError
        If the file is not understood.
    """
    near = {
        abs(stood - instant): stood
        for stood in _saved(folder)
        if abs(stood - instant) <= within and (stood.date() == instant.astimezone(UTC).date() or not is_same_day)
    }
    return read_cut(folder, near[min(near)]) if near else Cut()


def _cut_in(path: Path) -> Cut:
    """Read a file of the team's hand; no file means none."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Cut()
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read: {error}. Correct it, or delete it to begin anew.") from error
    lists, notes = {name: said.pop(name, []) for name in _LISTS}, said.pop("notes", {})
    taken_over = said.pop("taken_over", "")
    is_lists = all(isinstance(one, list) and all(isinstance(id_, str) for id_ in one) for one in lists.values())
    is_notes = isinstance(notes, dict) and all(isinstance(note, str) for note in notes.values())
    if said or not is_lists or not is_notes or not _is_instant(taken_over):
        raise ConfigError(
            f"{path}: {next(iter(said), 'something')!r} is not understood; there are the lists {', '.join(_LISTS)} of "
            "sound ids in quotes, and the table [notes]. Correct it, or delete it to begin anew."
        )
    return Cut(**{name: tuple(one) for name, one in lists.items()}, notes=notes, taken_over=taken_over)


def _is_instant(text: object) -> bool:
    if not isinstance(text, str):
        return False
    with suppress(ValueError):
        return not text or datetime.fromisoformat(text).tzinfo is not None
    return False


def write_cut(cut: Cut, folder: Path, as_of: datetime) -> Path:
    """Keep the team's hand in the review of an instant.

    Raises
    ------
    ConfigError
        If it cannot be written.
    """
    document = tomlkit.document()
    document.add(tomlkit.comment(f"What the team made of the review as of {utc_text(as_of)}; delete it to begin anew."))
    for name in _LISTS:
        document.add(name, tomlkit.item(list(getattr(cut, name))))
    if cut.taken_over:
        document.add("taken_over", tomlkit.item(cut.taken_over))
    document.add("notes", tomlkit.item(dict(cut.notes)))
    path = cut_file(folder, as_of)
    write_file(path, tomlkit.dumps(document).encode(), is_private=True)
    return path
