"""The archive: nothing paid for is lost, and nothing found in a file ends the reading of it."""

import gzip
import json
import os
import signal
import stat
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from io import FileIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trendlib.api import archive
from trendlib.api.archive import Archive, Reject, Writer
from trendlib.errors import ConfigError
from trendlib.schema import Answer

FETCHED_AT = datetime(2026, 11, 20, 7, 0, 0, 123456, tzinfo=UTC)
SWEEP_ID = "20261120T070000Z-1a2b"


def answer(number: int = 0, body: Any = None) -> Answer:
    at = FETCHED_AT + timedelta(seconds=number)
    return Answer(
        at, "tiklive", "/music-info/", {"music_id": str(number)}, 200, {"id": str(number)} if body is None else body
    )


def line(**changes: Any) -> bytes:
    record = {
        "fetched_at": "2026-11-20T07:00:00Z",
        "provider": "tiklive",
        "endpoint": "/music-info/",
        "params": {"music_id": "7", "count": 30},
        "status": 200,
        "body": {"id": "7"},
    }
    return json.dumps({key: value for key, value in {**record, **changes}.items() if value is not ...}).encode()


def file_of(folder: Path, *lines: bytes, name: str = "recording.jsonl") -> Path:
    path = folder / name
    data = b"\n".join([*lines, b""])
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def answers(path: Path) -> list[Answer]:
    return [one for _, one in archive.read(path) if isinstance(one, Answer)]


def rejects(path: Path) -> list[Reject]:
    return [one for _, one in archive.read(path) if isinstance(one, Reject)]


def write(folder: Path, *written: Answer, sweep_id: str = SWEEP_ID) -> Path:
    with Archive(folder).sweep(sweep_id) as writer:
        for one in written:
            writer.write(one)
    return folder / f"{sweep_id}.jsonl.gz"


# Writing


def test_what_is_written_is_read_back_equal(tmp_path: Path) -> None:
    bodies = [{"title": "“Où” 🔥 \ud800 \0"}, "ratelimit triggered", "", None, [1, 2.5, True], {"n": 2**63}]
    written = [answer(number, body) for number, body in enumerate(bodies, 1)]
    path = write(tmp_path / "archive", *written)
    assert [(number, one) for number, one in archive.read(path)] == list(enumerate(written, 1))
    assert [one.answer_id for one in answers(path)] == [one.answer_id for one in written]


def test_times_are_written_in_utc_whatever_zone_they_came_in(tmp_path: Path) -> None:
    moved = Answer(FETCHED_AT.astimezone(timezone(timedelta(hours=9))), "tiklive", "/region-list/", {}, 200, {})
    (read,) = answers(write(tmp_path, moved))
    assert (read.fetched_at, read.fetched_at.tzinfo, read.answer_id) == (FETCHED_AT, UTC, moved.answer_id)


def test_each_answer_has_left_the_process_when_write_returns(tmp_path: Path) -> None:
    with Archive(tmp_path).sweep(SWEEP_ID) as writer:
        for number in range(3):
            writer.write(answer(number))
            assert answers(tmp_path / f"{SWEEP_ID}.jsonl")[-1] == answer(number)


def test_a_finished_sweep_leaves_one_compressed_file_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "archive"
    path = write(folder, answer())
    assert list(folder.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_open_recording_is_for_its_owner_only(tmp_path: Path) -> None:
    with Archive(tmp_path).sweep(SWEEP_ID) as writer:
        assert stat.S_IMODE(writer.path.stat().st_mode) == 0o600


def test_the_same_answers_make_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write(tmp_path / name, answer(1), answer(2)).read_bytes() for name in ("one", "two"))
    assert first == second
    assert first[3:8] == bytes(5)  # neither the file's name nor the hour it was packed


def test_a_sweep_that_bought_nothing_leaves_no_file(tmp_path: Path) -> None:
    write(tmp_path / "archive")
    assert list((tmp_path / "archive").iterdir()) == []


def test_a_sweep_that_fails_keeps_its_lines_as_they_are(tmp_path: Path) -> None:
    def fail() -> None:
        with Archive(tmp_path).sweep(SWEEP_ID) as writer:
            writer.write(answer())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert Archive(tmp_path).files() == [tmp_path / f"{SWEEP_ID}.jsonl"]
    assert answers(tmp_path / f"{SWEEP_ID}.jsonl") == [answer()]


def test_many_threads_write_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole_write = FileIO.write

    class ShortWrites(FileIO):
        def write(self, data: Any) -> int:
            return whole_write(self, data[:7_000])

    monkeypatch.setattr(archive, "FileIO", ShortWrites)
    written = [answer(number, {"text": "x" * 20_000}) for number in range(200)]
    with Archive(tmp_path).sweep(SWEEP_ID) as writer, ThreadPoolExecutor(8) as pool:
        list(pool.map(writer.write, written))
    found = sorted(answers(tmp_path / f"{SWEEP_ID}.jsonl.gz"), key=lambda one: one.fetched_at)
    assert found == written


def test_an_answer_nested_too_deeply_is_kept_without_its_body(tmp_path: Path) -> None:
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]
    (read,) = answers(write(tmp_path, answer(1, deep)))
    assert read.params == answer(1).params
    assert "deeply" in read.body


def test_after_a_full_disk_the_next_line_stands_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole_write = FileIO.write

    class FullDisk(FileIO):
        is_full = False

        def write(self, data: Any) -> int:
            if self.is_full:
                raise OSError(28, "No space left on device")
            FullDisk.is_full = len(data) > 200
            return whole_write(self, data[:50] if self.is_full else data)

    monkeypatch.setattr(archive, "FileIO", FullDisk)
    with Writer(tmp_path / "a.jsonl") as writer:
        writer.write(answer(1))
        with pytest.raises(OSError, match="No space"):
            writer.write(answer(2, "x" * 500))
        FullDisk.is_full = False
        writer.write(answer(3))
    assert answers(tmp_path / "a.jsonl") == [answer(1), answer(3)]
    assert [one.line for one in rejects(tmp_path / "a.jsonl")] == [2]


WRITE_FOR_EVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from trendlib.api.archive import Archive
from trendlib.schema import Answer
with Archive(Path(sys.argv[1])).sweep("killed") as writer:
    number, body = 0, "x" * 9000
    while True:
        number += 1
        writer.write(Answer(datetime(2026, 1, 1, tzinfo=UTC), "tiklive", "/music-info/", {"n": str(number)}, 200, body))
        print(number, flush=True)
"""


def test_kill_loses_at_most_the_line_in_flight(tmp_path: Path) -> None:
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        command = [sys.executable, "-c", WRITE_FOR_EVER, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as process:
            assert process.stdout
            for _ in range(20 + attempt * 7):
                process.stdout.readline()
            os.kill(process.pid, signal.SIGKILL)
            acknowledged = int([str(20 + attempt * 7), *process.stdout.read().split()][-1])
        (path,) = Archive(folder).files()
        found = [int(one.params["n"]) for one in answers(path)]
        assert found == list(range(1, len(found) + 1))
        assert len(found) >= acknowledged
        assert len(rejects(path)) <= 1


def test_a_sweep_taken_up_again_never_touches_the_torn_file(tmp_path: Path) -> None:
    torn = file_of(tmp_path, line(), line()[:40], name=f"{SWEEP_ID}.jsonl")
    before = torn.read_bytes()
    write(tmp_path, answer(1))
    write(tmp_path, answer(2))
    assert torn.read_bytes() == before
    names = [path.name for path in Archive(tmp_path).files()]
    assert names == [f"{SWEEP_ID}.jsonl", f"{SWEEP_ID}.02.jsonl.gz", f"{SWEEP_ID}.03.jsonl.gz"]


@pytest.mark.parametrize("sweep_id", ["", "../up", "a/b", "a.b", ".hidden", "a\0", "a b"])
def test_a_sweep_id_cannot_lead_out_of_the_folder(tmp_path: Path, sweep_id: str) -> None:
    with pytest.raises(ConfigError, match="sweep_id"):
        write(tmp_path, answer(), sweep_id=sweep_id)


# Files


def test_files_come_in_the_order_of_their_sweeps_and_nothing_else_comes(tmp_path: Path) -> None:
    for name in ("20261121T0-b.jsonl", "20261120T0-z.jsonl.gz", "20261119T0-c.jsonl", "notes.txt", "x.jsonl.gz.part"):
        (tmp_path / name).touch()
    names = [path.name for path in Archive(tmp_path).files()]
    assert names == ["20261119T0-c.jsonl", "20261120T0-z.jsonl.gz", "20261121T0-b.jsonl"]


def test_a_sweep_killed_while_it_was_compressed_is_read_once(tmp_path: Path) -> None:
    file_of(tmp_path, line(), name="a.jsonl")
    file_of(tmp_path, line(), name="a.jsonl.gz")
    assert Archive(tmp_path).files() == [tmp_path / "a.jsonl.gz"]


def test_what_is_no_file_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "endless.jsonl").symlink_to("/dev/zero")
    (tmp_path / "nowhere.jsonl.gz").symlink_to("gone.jsonl.gz")
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "kept.jsonl").write_text("")
    assert [path.name for path in Archive(tmp_path).files()] == ["kept.jsonl"]


def test_a_folder_that_is_not_there_holds_no_files(tmp_path: Path) -> None:
    assert Archive(tmp_path / "nowhere").files() == []


# Reading


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_recording_of_others_is_read_with_params_as_text(tmp_path: Path, name: str) -> None:
    params = {"music_id": "7", "count": 30, "cursor": None, "new": True}
    path = file_of(tmp_path, line(params=params), b"", line() + b"\r", b"\xef\xbb\xbf" + line(), name=name)
    found = list(archive.read(path))
    assert [number for number, _ in found] == [1, 3, 4]
    assert found[0][1].params == {"music_id": "7", "count": "30", "new": "true"}
    assert found[1][1] == found[2][1]


def test_compression_is_told_by_content_and_files_may_be_joined(tmp_path: Path) -> None:
    path = tmp_path / "joined.jsonl"
    path.write_bytes(gzip.compress(line() + b"\n") + gzip.compress(line(status=503) + b"\n"))
    assert [one.status for one in answers(path)] == [200, 503]


def test_a_last_line_without_end_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(line() + b"\n" + line(status=404))
    assert [one.status for one in answers(path)] == [200, 404]


BROKEN = {
    "torn": line()[:-9],
    "not JSON": b"hello",
    "a number": b"7",
    "a list": b"[]",
    "no body": line(body=...),
    "no time": line(fetched_at=...),
    "time as number": line(fetched_at=1_700_000_000),
    "no such time": line(fetched_at="2026-13-01T00:00:00Z"),
    "a time without zone": line(fetched_at="2026-11-20T07:00:00"),
    "a day": line(fetched_at="2026-11-20"),
    "a time before time": line(fetched_at="0001-01-01T00:00:00+14:00"),
    "provider null": line(provider=None),
    "endpoint a list": line(endpoint=[]),
    "params a list": line(params=[]),
    "params with half a letter": line(params={"a": "\ud800"}),
    "provider with NUL": line(provider="a\0"),
    "status as text": line(status="200"),
    "status yes": line(status=True),
    "status beyond HTTP": line(status=10**30),
    "not UTF-8": line().replace(b"tiklive", b"tik\xfflive"),
    "half a letter as bytes": line().replace(b"tiklive", b"\xed\xa0\x80"),
    "nested for ever": line(body=0).replace(b'"body": 0', b'"body": ' + b"[" * 90_000 + b"]" * 90_000),
    "nested too deeply": line(body=0).replace(b'"body": 0', b'"body": ' + b"[" * 150 + b"]" * 150),
    "a number without end": line(body=0).replace(b'"body": 0', b'"body": ' + b"9" * 9_000),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_broken_line_is_set_aside_with_its_number_and_reading_goes_on(
    tmp_path: Path, name: str, broken: bytes
) -> None:
    path = file_of(tmp_path, line(), broken, line(status=404), name=name)
    (first, (number, reject), last) = archive.read(path)
    assert (first[0], number, last[0]) == (1, 2, 3)
    assert isinstance(reject, Reject)
    assert reject.line == 2
    assert reject.reason
    assert 0 < len(reject.raw) <= 2000
    assert reject.raw.encode()


def test_a_time_without_zone_says_so(tmp_path: Path) -> None:
    (reject,) = rejects(file_of(tmp_path, line(fetched_at="2026-11-20T07:00:00")))
    assert "no time zone" in reject.reason


def test_a_body_that_is_null_is_a_body(tmp_path: Path) -> None:
    assert answers(file_of(tmp_path, line(body=None)))[0].body is None


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_of_a_truncated_file_all_that_can_be_read_is_read(tmp_path: Path, share: float) -> None:
    lines = [line(params={"n": str(number)}, body=os.urandom(300).hex()) for number in range(1000)]
    path = file_of(tmp_path, *lines, name="a.jsonl.gz")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    readable = zlib.decompressobj(31).decompress(path.read_bytes()).count(b"\n")
    *found, (number, reject) = archive.read(path)
    assert [one for _, one in found] == [one for _, one in archive.read(file_of(tmp_path, *lines[:readable]))]
    assert isinstance(reject, Reject)
    assert number == reject.line == readable + 1
    assert "breaks off" in reject.reason


def test_a_damaged_file_ends_in_a_reject(tmp_path: Path) -> None:
    path = file_of(tmp_path, *[line(body=os.urandom(300).hex())] * 100, name="a.jsonl.gz")
    data = bytearray(path.read_bytes())
    data[-8:] = b"damaged!"
    path.write_bytes(data)
    assert isinstance(list(archive.read(path))[-1][1], Reject)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(archive.read(tmp_path / "nowhere.jsonl"))


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_the_bytes_told_add_up_to_the_file(tmp_path: Path, name: str) -> None:
    path = file_of(tmp_path, *[line(body=os.urandom(3000).hex())] * 400, name=name)
    told: list[int] = []
    assert len(list(archive.read(path, on_bytes=told.append))) == 400
    assert sum(told) == path.stat().st_size
    assert len(told) > 2


@pytest.mark.parametrize("length", [-1, 0, 1])
def test_a_line_may_be_as_long_as_the_limit_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.setattr(archive, "LONGEST_LINE", len(line(body="x" * 5000)) + 1)
    path = file_of(tmp_path, line(), line(body="x" * (5001 + length)), line())
    assert len(answers(path)) == (3 if length <= 0 else 2)
    assert [one.line for one in rejects(path)] == ([] if length <= 0 else [2])


def test_memory_does_not_grow_with_the_file_or_with_an_endless_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "LONGEST_LINE", 2**20)
    path = tmp_path / "big.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(2_000):
            file.write(line(body="x" * 10_000) + b"\n")
        for _ in range(40):
            file.write(b"y" * 2**20)
        file.write(b"\n" + line() + b"\n")
    tracemalloc.start()
    kinds = [type(one) for _, one in archive.read(path)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kinds == [Answer] * 2_000 + [Reject, Answer]
    assert peak < 8 * 2**20


def lines_of(pieces: list[bytes]) -> Iterator[bytes]:
    yield from archive._lines(iter(pieces))  # noqa: SLF001 - how chunks fall cannot be set from outside


@given(
    data=st.binary(max_size=60).map(lambda data: data.replace(b"\x01", b"\n")),
    cuts=st.lists(st.integers(0, 60), max_size=8),
)
def test_lines_are_the_same_however_the_chunks_fall(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(edges)]
    assert list(lines_of(pieces)) == data.removesuffix(b"\n").split(b"\n") * bool(data)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.binary(max_size=80) | st.sampled_from(list(BROKEN.values())) | st.just(line()), max_size=5))
def test_whatever_a_file_holds_it_is_read_to_its_end(tmp_path: Path, lines: list[bytes]) -> None:
    path = tmp_path / "any.jsonl"
    path.write_bytes(b"\n".join([*lines, line(status=418)]))
    if path.read_bytes()[:2] != b"\x1f\x8b":
        *_, (_, last) = archive.read(path)
        assert isinstance(last, Answer)
        assert last.status == 418


@pytest.mark.parametrize("year", ["0001", "1999", "2101", "9999"])
def test_an_answer_of_another_century_is_rejected_with_its_reason(tmp_path: Path, year: str) -> None:
    (reject,) = rejects(file_of(tmp_path, line(fetched_at=f"{year}-03-02T12:00:00Z")))
    assert "lies outside the years 2000 to 2100" in reject.reason
