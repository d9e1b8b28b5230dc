"""The evidence: every answer that was paid for, append-only, one JSON line each.

Conventions:

* A line holds ``fetched_at, provider, endpoint, params, status, body`` and never a key. Recordings
  of other people with these six read just as well.
* A sweep writes ``<sweep_id>.jsonl``, line by line, unbuffered: killing the process loses at most the
  line in flight. When the sweep ends well the file becomes ``<sweep_id>.jsonl.gz``, the same bytes
  for the same lines. Files of killed sweeps are read as they are.
* Nothing is ever appended to a file of an earlier run: a sweep that is taken up again writes
  ``<sweep_id>.02.jsonl``, and so on.
* Reading never stops at a bad line: it comes out as a `Reject` with its number.
"""

import gzip
import hashlib
import json
import os
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from itertools import chain, count
from pathlib import Path
from shutil import copyfileobj
from typing import Any, Self, TypeVar

from trendlib.errors import ConfigError, ParseError
from trendlib.schema import YEARS, Answer, utc_text

LONGEST_LINE = 64 * 2**20
DEEPEST_BODY = 100  # far above any answer, far below what stops Python from writing it again
TOO_DEEP = "(nested too deeply to be kept)"
_CHUNK = 2**18
_GZIP_MAGIC = b"\x1f\x8b"
_DAMAGES = (EOFError, zlib.error, gzip.BadGzipFile)
_OWNER_ONLY = 0o600
_SWEEP_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_FORMS = (".jsonl", ".jsonl.gz")
_T = TypeVar("_T", str, int, dict[str, Any])


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is no answer: which, why, and how it begins."""

    line: int
    reason: str
    raw: str


class Archive:
    """A folder of recordings.

    Parameters
    ----------
    folder
        Where they lie; made when the first sweep is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def __repr__(self) -> str:
        """Name the folder."""
        return f"Archive({str(self.folder)!r})"

    @contextmanager
    def sweep(self, sweep_id: str) -> Iterator["Writer"]:
        """Open a recording for the answers of one sweep; compress it when the sweep ends well.

        Parameters
        ----------
        sweep_id
            Names the file. Ids should begin with the time, so that files sort by it.

        Yields
        ------
        Writer
            Takes the answers, from any thread.

        Raises
        ------
        ConfigError
            If ``sweep_id`` holds anything but letters, digits, ``-`` and ``_``.
        """
        if not _SWEEP_ID.fullmatch(sweep_id):
            raise ConfigError(f"sweep_id={sweep_id!r} would name a file: use letters, digits, - and _ only")
        with Writer(self._new_file(sweep_id)) as writer:
            yield writer
        seal(writer.path)

    def files(self) -> list[Path]:
        """Give the recordings in the order of their sweeps."""
        found = (path for path in self.folder.glob("*.jsonl*") if path.name.endswith(_FORMS))
        names = {path.name: path for path in found if path.is_file()}
        # Both forms of one recording stand side by side if the process died between the two.
        whole = (path for name, path in names.items() if f"{name}.gz" not in names)
        return sorted(whole, key=lambda path: path.name.removesuffix(".gz").removesuffix(".jsonl"))

    def _new_file(self, sweep_id: str) -> Path:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = {path.name.removesuffix(".gz") for path in self.folder.iterdir()}
        names = chain([f"{sweep_id}.jsonl"], (f"{sweep_id}.{number:02}.jsonl" for number in count(2)))
        return self.folder / next(name for name in names if name not in taken)


class Writer:
    """Appends answers to one recording, from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = FileIO(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb")
        self._lock = threading.Lock()
        self._is_torn = False

    def __enter__(self) -> Self:
        """Give the writer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def write(self, answer: Answer) -> None:
        """Append an answer; it has left the process when this returns.

        Raises
        ------
        OSError
            If the disk refuses it. The next line still begins on a line of its own.
        """
        line = _line(answer)
        with self._lock:
            left = memoryview(b"\n" + line if self._is_torn else line)
            self._is_torn = True
            while left:
                left = left[self._file.write(left) :]
            self._is_torn = False


def read(path: Path, *, on_bytes: Callable[[int], None] | None = None) -> Iterator[tuple[int, Answer | Reject]]:
    """Read a recording, compressed or not, line by line; memory does not grow with the file.

    Parameters
    ----------
    path
        The recording.
    on_bytes
        Told, again and again, how many more bytes of the file have been read.

    Yields
    ------
    tuple of int and Answer or Reject
        The number of the line, from 1, and what stands there.

    Raises
    ------
    OSError
        If the file cannot be opened or the disk fails.
    """
    number = 0
    try:
        for number, line in enumerate(_lines(_chunks(Path(path), on_bytes)), 1):
            if line is None:
                yield number, Reject(number, f"a line of more than {LONGEST_LINE // 2**20} MB", "")
            elif line.strip():
                yield number, _answer_or_reject(number, line)
    except _DAMAGES as error:
        yield number + 1, Reject(number + 1, f"the compressed file breaks off or is damaged here: {error}", "")


def is_packed(path: Path) -> bool:
    """Tell whether a file is compressed, whatever its name says."""
    with path.open("rb") as file:
        return file.read(2) == _GZIP_MAGIC


def digest(path: Path) -> str:
    """Name a recording by what it says, compressed or not; of a damaged one, by what can be read."""
    found = hashlib.blake2b(digest_size=8)
    with suppress(*_DAMAGES):
        for chunk in _chunks(path):
            found.update(chunk)
    return found.hexdigest()


def _line(answer: Answer) -> bytes:
    record = {
        "fetched_at": utc_text(answer.fetched_at),
        "provider": answer.provider,
        "endpoint": answer.endpoint,
        "params": dict(answer.params),
        "status": answer.status,
        "body": TOO_DEEP if is_too_deep(answer.body) else answer.body,
    }
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def is_too_deep(body: Any) -> bool:
    """Tell whether a body is nested deeper than any answer; it is what JSON gives, so dicts and lists alone nest."""
    level: list[Any] = [[body]]
    for _ in range(DEEPEST_BODY + 1):
        if not level:
            return False
        insides = [outer.values() if type(outer) is dict else outer for outer in level]
        level = [inner for inside in insides for inner in inside if type(inner) is dict or type(inner) is list]
    return True


def seal(path: Path) -> None:
    """Replace a recording by its compressed form, never leaving neither; an empty one goes."""
    if path.stat().st_size == 0:
        path.unlink()
        return
    target = path.with_name(f"{path.name}.gz")
    part = path.with_name(f"{path.name}.gz.part")
    with (
        path.open("rb") as source,
        os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY), "wb") as sink,
    ):
        with gzip.GzipFile(filename="", mode="wb", fileobj=sink, mtime=0) as squeezed:
            copyfileobj(source, squeezed, _CHUNK)
        sink.flush()
        os.fsync(sink.fileno())
    part.replace(target)
    path.unlink()


def _chunks(path: Path, on_bytes: Callable[[int], None] | None = None) -> Iterator[bytes]:
    with path.open("rb") as file:
        stream = gzip.GzipFile(fileobj=file) if is_packed(path) else file
        told = 0
        while True:
            chunk = stream.read1(_CHUNK)
            if on_bytes:
                on_bytes(file.tell() - told)
                told = file.tell()
            if not chunk:
                return
            yield chunk


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes | None]:
    """Cut chunks into lines; None stands for a line too long to hold."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            is_short = size + len(piece) <= LONGEST_LINE
            yield b"".join((*held, piece)) if is_short else None
            held, size = [], 0
        size += len(rest)
        held.append(rest)
        if size > LONGEST_LINE:
            held = []
    if size:
        yield b"".join(held) if size <= LONGEST_LINE else None


def _answer_or_reject(number: int, line: bytes) -> Answer | Reject:
    try:
        return _answer(json.loads(line.removeprefix(b"\xef\xbb\xbf").decode()))
    except ParseError as error:
        reason = str(error)
    except UnicodeDecodeError:
        reason = "not UTF-8"
    except json.JSONDecodeError as error:
        reason = f"not JSON, or torn: {error.msg} at character {error.pos + 1}"
    except (RecursionError, ValueError) as error:
        reason = f"not readable JSON: {error}"
    return Reject(number, reason, line[:2000].decode(errors="replace").replace("\0", ""))


def _answer(record: Any) -> Answer:
    if not isinstance(record, dict):
        raise ParseError("not an object")
    if "body" not in record:
        raise ParseError("no body")
    if is_too_deep(record["body"]):
        raise ParseError(f"a body nested more than {DEEPEST_BODY} deep")
    params = _of(dict, record, "params")
    return Answer(
        fetched_at=_instant(_of(str, record, "fetched_at")),
        provider=_word(_of(str, record, "provider")),
        endpoint=_word(_of(str, record, "endpoint")),
        params={_word(name): _word(_as_text(value)) for name, value in params.items() if value is not None},
        status=_status(_of(int, record, "status")),
        body=record["body"],
    )


def _of(kind: type[_T], record: Mapping[str, Any], name: str) -> _T:
    value = record.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ParseError(f"{name} is not of type {kind.__name__}" if name in record else f"no {name}")
    return value


def _status(number: int) -> int:
    if not 0 <= number <= 999:
        raise ParseError(f"status {str(number)[:20]} is no HTTP status")
    return number


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise ParseError(f"fetched_at {text[:40]!r} is no time") from error
    if instant.tzinfo is None:
        raise ParseError(f"fetched_at {text[:40]!r} has no time zone, so it is no instant")
    if instant.year not in YEARS:
        raise ParseError(f"fetched_at {text[:40]!r} lies outside the years {YEARS[0]} to {YEARS[-1]}")
    return instant.astimezone(UTC)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _word(text: str) -> str:
    """Refuse what no warehouse takes: NUL and lone surrogates."""
    if "\0" in text or text.encode(errors="ignore").decode() != text:
        raise ParseError(f"{text[:40]!r} is not text")
    return text
