"""The record of deliveries: a line before a message leaves, and a line for what came of it.

Each line is on the disk before the next step is taken, so whoever is killed leaves behind how far it was:

=============  ============================================================  ===============================
last word      what is known                                                 what the next run does
=============  ============================================================  ===============================
none           it never left                                                 sends it
``sending``    killed within moments of its leaving: servers do what they    leaves it, and says so once
               were asked whoever waits for the answer, so it is taken for
               arrived
``waiting``    the answer was long in coming, or never came                  sends it again, marked as a copy
``refused``    the channel said no                                           sends it
``sent``       the channel said yes                                          leaves it
``again``      somebody looked, and it was not there                         sends it
=============  ============================================================  ===============================

Lines hold ids, never texts, addresses or keys.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Literal

from trendlib.schema import utc_text

Word = Literal["since", "sending", "waiting", "refused", "sent", "presumed", "again"]
DONE: frozenset[Word] = frozenset({"sent", "presumed"})
_OWNER_ONLY = 0o600


class Deliveries:
    """What was sent where; held by one process at a time.

    Parameters
    ----------
    path
        The file; made by the first line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: dict[tuple[str, str], Word] = {}
        self._waited: set[tuple[str, str]] = set()
        self._since: dict[str, str] = {}
        for channel, key, word in self._lines():
            self._learn(channel, key, word)

    @property
    def keys(self) -> set[str]:
        """The keys of all messages that ever were to be sent."""
        return {key for _, key in self._last}

    def since(self, channel: str, now: datetime) -> datetime:
        """Tell since when a channel has been told of alerts; the first asking is its beginning."""
        return datetime.fromisoformat(self._since.get(channel) or utc_text(now))

    def open(self, channel: str, now: datetime) -> None:
        """Begin to tell a channel of the alerts that stand at an instant, and of all that come later."""
        if channel not in self._since:
            self.write(channel, utc_text(now), "since")

    def is_done(self, channel: str, key: str) -> bool:
        """Tell whether a message needs no more sending."""
        return self._last.get((channel, key)) in DONE

    def is_due(self, channel: str, key: str) -> bool:
        """Tell whether the next delivery sends it."""
        return not self.is_done(channel, key) and not self.is_cut_short(channel, key)

    def is_cut_short(self, channel: str, key: str) -> bool:
        """Tell whether somebody was killed right after a message left."""
        return self._last.get((channel, key)) == "sending"

    def may_be_copy(self, channel: str, key: str) -> bool:
        """Tell whether an earlier attempt may have arrived."""
        return (channel, key) in self._waited

    def write(self, channel: str, key: str, word: Word) -> None:
        """Write a line, and come back when it is on the disk."""
        line = json.dumps({"channel": channel, "key": key, "word": word})
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileIO(os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, _OWNER_ONLY), "r+") as file:
            is_torn = file.seek(0, os.SEEK_END) > 0 and file.seek(-1, os.SEEK_END) >= 0 and file.read(1) != b"\n"
            file.write(b"\n" * is_torn + f"{line}\n".encode())
            os.fsync(file.fileno())
        self._learn(channel, key, word)

    def _learn(self, channel: str, key: str, word: Word) -> None:
        if word == "since":
            self._since.setdefault(channel, key)
            return
        self._last[channel, key] = word
        if word == "waiting":
            self._waited.add((channel, key))
        elif word == "again":
            self._waited.discard((channel, key))

    def _lines(self) -> Iterator[tuple[str, str, Word]]:
        lines = self._path.read_text(encoding="utf-8", errors="replace") if self._path.exists() else ""
        for line in lines.splitlines():
            try:
                said = json.loads(line)
                yield said["channel"], said["key"], said["word"]
            except (
                ValueError,
                KeyError,
                TypeError,
                RecursionError,
            ):  # torn by a kill; what it would have said is not so yet
                continue
