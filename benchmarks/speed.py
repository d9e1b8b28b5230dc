"""All promises about speed, in one table: promise, measured, held or not.

    python -m benchmarks.speed [PART …] [--millions 10] [--spilled 10] [--memory 1GB] [--minutes 25] [--out FILE]

Each part is a benchmark of its own; what it does, and how fair it is to its rivals, stands in its room. Without parts
all are measured, which takes about a quarter of an hour on two idle cores. Ratios are taken within one run, by turns;
seconds are those of the processor where nothing else is said. Lines are printed as they come, the table at the end.

Each part has a process of its own, so its memory is its own, and what fails or takes too long ends alone: the table
says so, and the others go on. What is left of ``--minutes`` bounds each part too.
"""

import argparse
import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks import counting, explorer, filling, opening, review, scale, spending, sweeping
from benchmarks.promises import Promise, descendants, machine, table
from benchmarks.promises import spending as spent_by
from trendlib.config import Config
from trendlib.monitor import Monitor

ROUNDS = 3
LIBRARIES = "pandas, plotly.graph_objects, duckdb"
SPARK_MILLIONS = 1.0
MEGABYTE = 2**20


@dataclass(frozen=True)
class Asked:
    """How large, how long, and where to work."""

    folder: Path
    millions: float = 10.0
    spilled: float = 10.0
    memory: str = "1GB"
    minutes: float = 25.0


def boards(asked: Asked) -> Iterator[Promise]:
    """Make boards of many posts, beside SQL, pandas and loops; and with little memory."""
    yield from counting.measure(asked.folder, asked.millions)
    yield counting.within(asked.folder, asked.spilled, asked.memory)


def sweeps(_: Asked) -> Iterator[Promise]:
    """Count questions a minute."""
    yield from sweeping.measure()


def credit(_: Asked) -> Iterator[Promise]:
    """Count credits a day."""
    for sounds in spending.SOUNDS:
        yield spending.measure(sounds)


def loading(_: Asked) -> Iterator[Promise]:
    """Fill a warehouse."""
    yield from filling.measure()


def imports(asked: Asked) -> Iterator[Promise]:
    """Wait as a cold kernel does; the quickest of some rounds counts, by the clock."""
    found = {name: min(took) for name, took in opening.measure(ROUNDS, asked.folder / "opening").items()}
    lazy, used = (found[name] / found[LIBRARIES] for name in ("import trendlib", opening.ROOMS))
    yield Promise(
        f"`import trendlib`, which imports its rooms when they are used: at most 1.15 × {LIBRARIES}",
        f"{lazy:.2f} × ({found['import trendlib']:.2f} s; the three {found[LIBRARIES]:.2f} s)",
        lazy <= 1.15,
    )
    yield Promise(
        "the same with every room and library that opening a home and a first chart use",
        f"{used:.2f} × ({found[opening.ROOMS]:.2f} s)",
        why="what `import trendlib` puts off comes with the first use: the three libraries, and those beside them",
    )
    for name in ("opened again", "first chart, new folder", "first chart, opened again", "explorer, opened again"):
        yield Promise(f"{name}, from starting Python", f"{found[name]:.1f} s")


def windows(asked: Asked) -> Iterator[Promise]:
    """Look at the explorer's answers while the slider moves and sounds change."""
    home = asked.folder / "explorer"
    explorer.write_store(home)
    hand = explorer.Hand(Monitor(Config.load(home=home), as_of=explorer.AS_OF))
    slow: dict[str, dict[str, float]] = {}
    largest = 0
    for name in explorer.TABS:
        for case, _, works, message in explorer.looked(hand, name):
            slow.setdefault(case, {})[name] = float(np.quantile(works[1:], 0.95))
            largest = max(largest, message)
    for case, tabs in slow.items():
        told = ", ".join(f"{name} {ms:.0f}" for name, ms in tabs.items()) + " ms of processor"
        if case == explorer.READING:  # after the answer: nobody waits for it
            yield Promise(f"explorer, {case}, while nothing is typed", told)
            continue
        yield Promise(f"explorer, {case}: 95 % of answers within 100 ms on every tab", told, max(tabs.values()) <= 100)
    yield Promise("size sent to the browser for an answer", f"at most {largest / MEGABYTE:.2f} MB")


def decks(asked: Asked) -> Iterator[Promise]:
    """Write a review of 60 picks."""
    folder = asked.folder / "review"
    config = review.write_home(folder / "home")
    with contextlib.redirect_stdout(io.StringIO()), spent_by() as spent:
        review.measure(config, folder / "out")
    page = max(file.stat().st_size for file in (folder / "out").rglob("*.html")) / MEGABYTE
    what = f"a review of {review.PICKS} picks from {review.SOUNDS:,} sounds"
    yield Promise(f"{what}: within 60 s", f"{spent.processor_s:.0f} s of processor", spent.processor_s <= 60)
    yield Promise("its page: at most 8 MB", f"{page:.1f} MB", page <= 8)


def cluster(asked: Asked) -> Iterator[Promise]:
    """Make the same boards by Spark, where it is installed; weigh a million posts on disk."""
    folder, posts = asked.folder / "scale", round(SPARK_MILLIONS * scale.A_MILLION)
    folder.mkdir(parents=True, exist_ok=True)
    scale.measure_apart("duckdb", folder, SPARK_MILLIONS)
    own = scale.measured(folder)[posts, "duckdb"]
    size = (folder / f"{posts}.duckdb").stat().st_size / posts * scale.A_MILLION / 1e9
    yield Promise("size on disk, a million posts with counters, creators and hashtags", f"{size:.2f} GB")
    whole = f"the whole board of {posts / scale.A_MILLION:g} million posts"
    yield Promise(f"{whole}, every metric on it", f"{own['processor_s']:.1f} s, {own['memory_gb']:.1f} GB")
    if not (find_spec("pyspark") and shutil.which("java")):
        yield Promise("Spark makes the same boards", "not measured", why="pyspark or Java is missing here")
        return
    scale.measure_apart("spark", folder, SPARK_MILLIONS)
    is_same = scale.are_equal(folder, posts)
    ratio = scale.measured(folder)[posts, "spark"]["processor_s"] / own["processor_s"]
    told = f"{'equal' if is_same else 'DIFFERENT'}; Spark takes {ratio:.0f} × the processor"
    yield Promise("Spark, a master and two workers, makes the same boards", told, is_same)


PARTS: dict[str, Callable[[Asked], Iterator[Promise]]] = {
    "boards": boards, "loading": loading, "credits": credit, "sweeps": sweeps, "imports": imports,
    "windows": windows, "decks": decks, "cluster": cluster,
}  # fmt: skip


LONGEST_S = {
    "boards": 480, "loading": 240, "credits": 420, "sweeps": 300, "imports": 240, "windows": 360, "decks": 240,
    "cluster": 420,
}  # fmt: skip


def measured(parts: Sequence[str], asked: Asked) -> list[Promise]:
    """Measure parts, each in a process of its own, in the time there is."""
    ends = time.monotonic() + asked.minutes * 60
    return [promise for part in parts for promise in _apart(part, asked, min(LONGEST_S[part], ends - time.monotonic()))]


def _apart(part: str, asked: Asked, seconds: float) -> list[Promise]:
    if seconds <= 0:
        return [Promise(f"{part}: measured whole", "not begun: no time was left", is_held=False)]
    told = asked.folder / f"{part}.jsonl"
    sizes = [f"--millions={asked.millions}", f"--spilled={asked.spilled}", f"--memory={asked.memory}"]
    command = [sys.executable, "-m", "benchmarks.speed", part, *sizes, "--here", str(told)]
    began = time.monotonic()
    process = subprocess.Popen(command)  # noqa: S603 - this very program
    try:
        failure = "" if process.wait(seconds) == 0 else "failed, and said why above the table"
    except subprocess.TimeoutExpired:
        failure = f"not finished in {seconds:.0f} s"
    finally:
        _end(process)
    print(f"{part}: {time.monotonic() - began:.0f} s of the clock", file=sys.stderr, flush=True)
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    found = [Promise(**json.loads(line)) for line in lines]
    return [*found, Promise(f"{part}: measured whole", failure, is_held=False)] if failure else found


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process and all that it started, whatever session that stands in."""
    if process.poll() is None:
        for one in list(descendants(process.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(one.name), signal.SIGKILL)
    process.wait()


def _here(part: str, asked: Asked, told: Path) -> None:
    """Measure a part, and write down each promise as it comes."""
    with tempfile.TemporaryDirectory(dir=told.parent) as folder, told.open("w", encoding="utf-8") as file:
        for promise in PARTS[part](replace(asked, folder=Path(folder))):
            print(f"{part}: {promise.what}: {promise.measured}", file=sys.stderr, flush=True)
            print(json.dumps(asdict(promise)), file=file, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(PARTS)}; none given means all")
    parser.add_argument("--millions", type=float, default=Asked.millions, help="posts for the boards [millions]")
    parser.add_argument("--spilled", type=float, default=Asked.spilled, help="posts where boards spill [millions]")
    parser.add_argument("--memory", default=Asked.memory, help="what DuckDB may hold when it spills")
    parser.add_argument("--out", type=Path, help="where the table goes as well, as Markdown")
    parser.add_argument("--minutes", type=float, default=Asked.minutes, help="how long all may take by the clock")
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if strange := set(given.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(strange))}; there are {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as scratch:
        asked = Asked(Path(scratch), given.millions, given.spilled, given.memory, given.minutes)
        if given.here:
            _here(given.parts[0], asked, given.here)
            return
        found = measured(given.parts or list(PARTS), asked)
    told = f"{table(found)}\n\nMeasured {datetime.now(UTC):%Y-%m-%d} on {machine()}."
    print(told)
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(told + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
