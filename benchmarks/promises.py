"""A promise, what was measured of it, and on which machine; how processor and memory of a run are measured (Linux)."""

import os
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("duckdb", "pandas", "polars", "numpy", "narwhals", "plotly")
_WORDS = {True: "held", False: "NOT HELD", None: "-"}


@dataclass(frozen=True)
class Promise:
    """A line of the table.

    Attributes
    ----------
    what
        What is promised, with its bar; or what is only told.
    measured
        What was found.
    is_held
        Whether it is held; None where nothing was promised, or nothing could be measured.
    why
        The reason, where it is not held; what else has to be known.
    """

    what: str
    measured: str
    is_held: bool | None = None
    why: str = ""


@dataclass
class Spent:
    """What a block of code took: seconds of processor, its children's included, and of the clock."""

    processor_s: float = 0.0
    clock_s: float = 0.0


@contextmanager
def spending() -> Iterator[Spent]:
    """Measure a block; seconds of processor hold on a busy machine too."""
    spent, busy, began = Spent(), processor(), time.perf_counter()
    yield spent
    spent.processor_s, spent.clock_s = processor() - busy, time.perf_counter() - began


def descendants(of: int | None = None) -> Iterator[Path]:
    """Give what the system tells of a process, this one if none is named, and of those it started."""
    parents = {}
    for told in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(told.parent.name)] = int(told.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
    family = {of or os.getpid()}
    while grown := {one for one, parent in parents.items() if parent in family} - family:
        family |= grown
    return (Path("/proc") / str(one) for one in family)


def processor() -> float:
    """Seconds of processor that this process and those it started have used; ended ones count once waited for."""
    ticks = [sum(map(int, (one / "stat").read_text().rpartition(")")[2].split()[11:15])) for one in descendants()]
    return sum(ticks) / os.sysconf("SC_CLK_TCK")


def memory() -> int:
    """Most memory that this process and those it started have held [kB]."""
    lines = [line for one in descendants() for line in (one / "status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def machine() -> str:
    """Describe the machine and what runs on it."""
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {pages / 2**30:.0f} GB of memory"
    return f"{system}, Python {platform.python_version()}; {libraries}"


def table(promises: Sequence[Promise]) -> str:
    """Write promises down as a table that reads well in a terminal and as Markdown."""
    rows = [("promise", "measured", "held or not")]
    rows += [(one.what, one.measured, _WORDS[one.is_held]) for one in promises]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in padded]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([*lines, "", *(f"* {one.what}: {one.why}" for one in promises if one.why)])
