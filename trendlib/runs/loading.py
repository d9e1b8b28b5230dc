"""From answers to the warehouse: the one path that sweeps, replays and rebuilds all take.

An answer is parsed by its provider's room and appended whole. What cannot be parsed stands in
``rejects`` with its reason; an answer that is an error stands in ``calls`` with that error, so a
failed call is never mistaken for an empty one.
"""

import gc
import gzip
import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

from filelock import FileLock, Timeout

from trendlib.api import archive, keyapi, layers, musicbrainz, said, tiklive
from trendlib.api.archive import Archive, Reject
from trendlib.config import Config
from trendlib.errors import (
    ApiError,
    AuthError,
    ConfigError,
    OldFormatError,
    ParseError,
    QuotaError,
    StoreError,
    StoreFormatError,
)
from trendlib.schema import REJECTS, Answer, Rows
from trendlib.store import Loaded, Store
from trendlib.warehouse import answer_ids, draft, tidy

PARSERS: Mapping[str, Callable[[Answer], Rows]] = MappingProxyType(
    {
        "tiklive": tiklive.parse,
        "keyapi": keyapi.parse,
        "layers": layers.parse,
        "musicbrainz": musicbrainz.parse,
        said.PROVIDER: said.parse,
    }
)
CREDITS: Mapping[str, int] = MappingProxyType(
    {
        "tiklive": tiklive.CREDITS,
        "keyapi": keyapi.CREDITS,
        "layers": layers.CREDITS,
        "musicbrainz": musicbrainz.CREDITS,
        said.PROVIDER: 0,
    }
)
CHUNK = 5_000
MOST_ITEMS = 50_000
MEGABYTE = 2**20
RENEWAL = "making the warehouse, which is of an older version, anew from the archive [MB]"
RENEWED = "The warehouse was of an older version; it was made anew from the archive: {:,} answers, none bought again."
OnBytes = Callable[[int], None]
OnStage = Callable[[str, int, int], None]


@dataclass
class LoadReport:
    """What a load found and added.

    Attributes
    ----------
    read
        Answers read [answers].
    added
        Answers the warehouse did not know yet [answers].
    failed
        Answers among those added that are errors, so hold no data [answers].
    rows
        Rows added, by table [rows].
    lines_rejected
        Lines read that were no answers at all [lines].
    rejected
        Items and lines that were set aside and that the warehouse did not know yet.
    reasons
        Why, as the warehouse tells it: reason → how often. Of one answer a thousand are told.
    """

    read: int = 0
    added: int = 0
    failed: int = 0
    lines_rejected: int = 0
    rejected: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def parsed(answer: Answer, sweep_id: str) -> Loaded:
    """Parse one answer; whatever it is, it comes out as something to append."""
    cost = CREDITS.get(answer.provider)
    parse = PARSERS.get(answer.provider)
    rows = Rows()
    if parse is None:
        rows.reject("provider", f"no parser for the provider {answer.provider!r}", answer.body)
        return Loaded(answer, sweep_id, rows, cost, f"unknown provider {answer.provider!r}")
    try:
        _demand_bounded(answer.body)
        return Loaded(answer, sweep_id, parse(answer), cost)
    except (AuthError, QuotaError) as error:  # turned away at the door: nobody charges for that
        return Loaded(answer, sweep_id, rows, cost and 0, str(error))
    except ApiError as error:
        return Loaded(answer, sweep_id, rows, cost, str(error))
    except ParseError as error:
        rows.reject("body", str(error), answer.body)
        return Loaded(answer, sweep_id, rows, cost, str(error))


def _demand_bounded(body: Any, depth: int = 3) -> None:
    """Refuse a list longer than any answer's, before its items are looked at one by one."""
    if isinstance(body, list) and len(body) > MOST_ITEMS:
        raise ParseError(f"a list of {len(body):,} items; {MOST_ITEMS:,} are the most")
    if isinstance(body, Mapping) and depth:
        for inner in body.values():
            _demand_bounded(inner, depth - 1)


def load(answers: Iterable[tuple[str, Answer | Reject]], store: Store, *, chunk: int | None = CHUNK) -> LoadReport:
    """Append answers.

    Parameters
    ----------
    answers
        Pairs of the sweep's id and an answer, or what stood in the place of one.
    store
        The warehouse.
    chunk
        Answers in one transaction; None for all of them, so that nobody sees half a sweep [answers].

    Returns
    -------
        What was found and added.
    """
    report = LoadReport()
    with _uncollected():
        for part in _chunks(answers, chunk):
            _load_part(part, store, report)
    return report


def _load_part(part: Sequence[tuple[str, Answer | Reject]], store: Store, report: LoadReport) -> None:
    answers_read = [(sweep_id, one) for sweep_id, one in part if isinstance(one, Answer)]
    lines_read = [_line_row(sweep_id, one) for sweep_id, one in part if isinstance(one, Reject)]
    report.read += len(answers_read)
    report.lines_rejected += len(lines_read)
    firsts = {one.answer_id: (sweep_id, one) for sweep_id, one in reversed(answers_read)}
    known = store.known(list(firsts))
    loaded = [parsed(one, sweep_id) for answer_id, (sweep_id, one) in reversed(firsts.items())
              if answer_id not in known]  # fmt: skip
    known_lines = store.known([row["answer_id"] for row in lines_read], REJECTS)
    lines = [row for row in lines_read if row["answer_id"] not in known_lines]
    report.added += store.append(loaded, lines)
    report.failed += sum(one.error is not None for one in loaded)
    for one in loaded:
        report.rows.update({name: len(rows) for name, rows in one.rows.tables.items()})
        report.reasons.update(row["reason"] for row in one.rows.tables.get(REJECTS.name, ()))
    report.rejected += sum(one.rows.rejected for one in loaded) + len(lines)
    report.reasons.update(row["reason"] for row in lines)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python from looking for circles: rows hold none, and it would go through all of them again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def alone(config: Config, *, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Let nobody else run, replay or rebuild in this home as long as the block lasts.

    Parameters
    ----------
    config
        Whose home.
    on_wait
        Told once, when somebody else is at it and has to be waited for.

    Raises
    ------
    StoreError
        If the disk refuses what is to be written there.
    """
    folder = config.archive_folder
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _held(FileLock(folder / ".run.lock", mode=0o600), on_wait):
            tidy(config.warehouse_file)
            yield
    except OSError as error:
        raise StoreError(
            f"Asked to write in {config.home}; {error}. See that there is room and that it may be written, or give "
            "another home; then run again. What was fetched is safe in the archive."
        ) from error


def _held(lock: FileLock, on_wait: Callable[[], None] | None) -> AbstractContextManager[object]:
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        if on_wait:
            on_wait()
        return lock.acquire()


def replay(paths: Sequence[Path], config: Config, *, on_bytes: OnBytes | None = None) -> LoadReport:
    """Load recordings, ours or another's, and keep a copy of each in the archive.

    Parameters
    ----------
    paths
        Files of JSON lines, ``.jsonl`` or ``.jsonl.gz``.
    config
        Whose archive and warehouse.
    on_bytes
        Told how many more bytes of the files have been read, for a progress bar.

    Returns
    -------
        What was found and added; the same file again adds nothing.

    Raises
    ------
    ConfigError
        If a file does not exist or is no recording by its name.
    """
    demand_recordings(paths)
    with alone(config):
        renew(config)
        kept = dict.fromkeys(keep(path, config.archive_folder) for path in paths)
        return load(_answers(kept, on_bytes), Store(config.warehouse_file))


def demand_recordings(paths: Sequence[Path]) -> None:
    """Refuse what is no recording, before anything is made of the others.

    Raises
    ------
    ConfigError
        If a file does not exist or is no recording by its name.
    """
    for path in paths:
        if not path.is_file() or not path.name.endswith((".jsonl", ".jsonl.gz")):
            found = "it does not exist" if not path.exists() else "it is no .jsonl or .jsonl.gz file"
            raise ConfigError(f"Asked to replay {path}; {found}. Give recordings: one JSON answer a line.")


def rebuild(config: Config, *, on_bytes: OnBytes | None = None) -> LoadReport:
    """Make the warehouse anew from the archive, then put it in the old one's place.

    Raises
    ------
    ConfigError
        If there is no archive to make it from.
    """
    if not Archive(config.archive_folder).files():
        raise ConfigError(f"Asked to rebuild from {config.archive_folder}; it holds no answers. Sweep or replay first.")
    with alone(config):
        return _rebuilt(config, (), on_bytes)


def renew(config: Config, *, on_progress: OnStage | None = None) -> int | None:
    """Make a warehouse anew from the archive if it is of an older version; whoever asks is alone in the home.

    Parameters
    ----------
    config
        Whose archive and warehouse.
    on_progress
        Told how much of the archive is read [MB].

    Returns
    -------
        How many answers it holds now; None when there was nothing to do [answers].

    Raises
    ------
    StoreFormatError
        If it is of a newer version or damaged; or holds answers that the archive does not: it stays as it is.
    """
    store = Store(config.warehouse_file)
    try:
        store.last_observed_at()
    except OldFormatError:
        sizes = [path.stat().st_size for path in Archive(config.archive_folder).files()]
        on_bytes = _Megabytes(on_progress, sum(sizes)) if on_progress else None
        return _rebuilt(config, answer_ids(store.path, wait_s=store.wait_s), on_bytes).added
    return None


class _Megabytes:
    """Tells progress in megabytes to who is told of stages."""

    def __init__(self, on_progress: OnStage, total: int) -> None:
        self._on_progress = on_progress
        self._total = total
        self._done = 0

    def __call__(self, size: int) -> None:
        self._done += size
        self._on_progress(RENEWAL, self._done // MEGABYTE, self._total // MEGABYTE)


def _rebuilt(config: Config, wanted: Sequence[str], on_bytes: OnBytes | None) -> LoadReport:
    """Make a new warehouse, and put it in the old one's place if it holds all the answers that are wanted."""
    with draft(config.warehouse_file) as place:
        fresh = Store(place)
        report = load(_answers(Archive(config.archive_folder).files(), on_bytes), fresh)
        if missing := len(wanted) - len(fresh.known(wanted)):
            raise StoreFormatError(
                f"{config.warehouse_file} was made by an older version of trendlib, and holds {missing:,} answers that "
                f"{config.archive_folder} does not. Put their recordings back there and run again; or run "
                "`trendlib rebuild`: it makes the warehouse anew without them."
            )
        Store(config.warehouse_file).replace_with(fresh)
    return report


def keep(path: Path, folder: Path) -> Path:
    """Copy a recording into an archive's folder, under a name that its content decides, packed or not."""
    if path.resolve().parent == folder.resolve():
        return path
    target = folder / f"replay-{archive.digest(path)}.jsonl.gz"
    if not target.exists():
        partial = target.with_suffix(".part")
        partial.touch(mode=0o600)
        with path.open("rb") as source, partial.open("wb") as copy:
            if archive.is_packed(path):
                shutil.copyfileobj(source, copy)
            else:
                with gzip.GzipFile(fileobj=copy, mode="wb", filename="", mtime=0) as packed:
                    shutil.copyfileobj(source, packed)
            copy.flush()
            os.fsync(copy.fileno())
        partial.replace(target)
    return target


def sweep_id_of(path: Path) -> str:
    """Return the id of the sweep an archive file belongs to: its name without endings."""
    return path.name.removesuffix(".gz").removesuffix(".jsonl")


def _answers(paths: Iterable[Path], on_bytes: OnBytes | None = None) -> Iterator[tuple[str, Answer | Reject]]:
    for path in paths:
        for _, one in archive.read(path, on_bytes=on_bytes):
            yield sweep_id_of(path), one


def _line_row(sweep_id: str, line: Reject) -> dict[str, Any]:
    place = f"{sweep_id}, line {line.line}"
    line_id = hashlib.blake2b(place.encode(), digest_size=8).hexdigest()
    return {
        "place": place,
        "reason": line.reason,
        "raw": line.raw[:2000],
        "observed_at": None,
        "answer_id": line_id,
    }


def _chunks(
    answers: Iterable[tuple[str, Answer | Reject]], size: int | None
) -> Iterator[list[tuple[str, Answer | Reject]]]:
    left = iter(answers)
    while chunk := list(islice(left, size)):
        yield chunk
