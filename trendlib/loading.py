"""From answers to the warehouse: the one path that sweeps, replays and rebuilds all take.

An answer is parsed by its provider's room and appended whole. What cannot be parsed stands in
``rejects`` with its reason; an answer that is an error stands in ``calls`` with that error, so a
failed call is never mistaken for an empty one.
"""

import gzip
import hashlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

from trendlib.api import archive, tiklive
from trendlib.api.archive import Archive, Reject
from trendlib.config import Config
from trendlib.errors import ApiError, ConfigError, ParseError
from trendlib.schema import REJECTS, Answer, Rows
from trendlib.store import Loaded, Store

PARSERS: Mapping[str, Callable[[Answer], Rows]] = MappingProxyType({"tiklive": tiklive.parse})
CREDITS: Mapping[str, int] = MappingProxyType({"tiklive": tiklive.CREDITS})
CHUNK = 5_000
OnBytes = Callable[[int], None]


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
        Lines that were no answers at all [lines].
    reasons
        Why items and lines were set aside: reason → how often.
    """

    read: int = 0
    added: int = 0
    failed: int = 0
    lines_rejected: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def parsed(answer: Answer, sweep_id: str) -> Loaded:
    """Parse one answer; whatever it is, it comes out as something to append."""
    cost = CREDITS.get(answer.provider, 0)
    parse = PARSERS.get(answer.provider)
    rows = Rows()
    if parse is None:
        rows.reject("provider", f"no parser for the provider {answer.provider!r}", answer.body)
        return Loaded(answer, sweep_id, rows, cost, f"unknown provider {answer.provider!r}")
    try:
        return Loaded(answer, sweep_id, parse(answer), cost)
    except ApiError as error:
        return Loaded(answer, sweep_id, rows, cost, str(error))
    except ParseError as error:
        rows.reject("body", str(error), answer.body)
        return Loaded(answer, sweep_id, rows, cost, str(error))


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
    for part in _chunks(answers, chunk):
        answers_read = [(sweep_id, one) for sweep_id, one in part if isinstance(one, Answer)]
        lines = [_line_row(sweep_id, one) for sweep_id, one in part if isinstance(one, Reject)]
        known = store.known([one.answer_id for _, one in answers_read])
        loaded = [parsed(one, sweep_id) for sweep_id, one in answers_read if one.answer_id not in known]
        report.added += store.append(loaded, lines)
        report.read += len(answers_read)
        report.failed += sum(one.error is not None for one in loaded)
        report.lines_rejected += len(lines)
        for one in loaded:
            report.rows.update({name: len(rows) for name, rows in one.rows.tables.items()})
            report.reasons.update(row["reason"] for row in one.rows.tables.get(REJECTS.name, ()))
        report.reasons.update(row["reason"] for row in lines)
    return report


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
    for path in paths:
        if not path.is_file() or not path.name.endswith((".jsonl", ".jsonl.gz")):
            found = "it does not exist" if not path.exists() else "it is no .jsonl or .jsonl.gz file"
            raise ConfigError(f"Asked to replay {path}; {found}. Give recordings: one JSON answer a line.")
    kept = [_keep(path, config.archive_folder) for path in paths]
    return load(_answers(kept, on_bytes), Store(config.warehouse_file))


def rebuild(config: Config, *, on_bytes: OnBytes | None = None) -> LoadReport:
    """Make the warehouse anew from the archive, then put it in the old one's place.

    Raises
    ------
    ConfigError
        If there is no archive to make it from.
    """
    files = Archive(config.archive_folder).files()
    if not files:
        raise ConfigError(f"Asked to rebuild from {config.archive_folder}; it holds no answers. Sweep or replay first.")
    config.warehouse_file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=config.warehouse_file.parent, prefix=".rebuild-") as folder:
        fresh = Store(Path(folder) / config.warehouse_file.name)
        report = load(_answers(files, on_bytes), fresh)
        Store(config.warehouse_file).replace_with(fresh)
    return report


def sweep_id_of(path: Path) -> str:
    """Return the id of the sweep an archive file belongs to: its name without endings."""
    return path.name.removesuffix(".gz").removesuffix(".jsonl")


def _answers(paths: Iterable[Path], on_bytes: OnBytes | None = None) -> Iterator[tuple[str, Answer | Reject]]:
    for path in paths:
        for _, one in archive.read(path, on_bytes=on_bytes):
            yield sweep_id_of(path), one


def _line_row(sweep_id: str, line: Reject) -> dict[str, Any]:
    words = f"{sweep_id}\n{line.line}\n{line.reason}\n{line.raw}"
    line_id = hashlib.blake2b(words.encode(errors="replace"), digest_size=8).hexdigest()
    return {
        "place": f"{sweep_id}, line {line.line}",
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


def _keep(path: Path, folder: Path) -> Path:
    """Copy a recording into the archive, under a name that its content decides."""
    if path.resolve().parent == folder.resolve():
        return path
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, lambda: hashlib.blake2b(digest_size=4)).hexdigest()
    target = folder / f"replay-{sweep_id_of(path)}-{digest}.jsonl.gz"
    if not target.exists():
        partial = target.with_suffix(".part")
        with path.open("rb") as source, partial.open("wb") as copy:
            if path.suffix == ".gz":
                shutil.copyfileobj(source, copy)
            else:
                with gzip.GzipFile(fileobj=copy, mode="wb", filename="", mtime=0) as packed:
                    shutil.copyfileobj(source, packed)
            copy.flush()
            os.fsync(copy.fileno())
        partial.chmod(0o600)
        partial.replace(target)
    return target
