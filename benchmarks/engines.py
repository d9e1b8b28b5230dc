"""Whether every metric says the same in pandas, polars, DuckDB and Spark about recordings that are given.

    python -m benchmarks.engines FILE …

Each file is replayed into a warehouse of its own, in a folder that goes again, and every public metric is asked as of
its last answer: in pandas, then in each other engine on the same frames. Numbers may differ by rounding alone (1e-9).
A metric that has nothing to say of a recording, as one of counters knows no posts, is counted as silent; it must be
silent everywhere. Spark is left out where pyspark or Java is missing, and that is said.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from tests.every_metric import METRICS, On, known_to
from tests.frames import to_duckdb, to_polars, to_spark
from trendlib.config import Config
from trendlib.errors import TrendlibError
from trendlib.metrics.engines import board, enter
from trendlib.runs.loading import replay
from trendlib.store import Store

RELATIVE, ABSOLUTE = 1e-9, 1e-12
SAID_NOTHING = (ValueError, KeyError, IndexError, TrendlibError)


def engines() -> dict[str, Callable[[pd.DataFrame], Any]]:
    """Give what puts a pandas frame into each engine that is here."""
    found: dict[str, Callable[[pd.DataFrame], Any]] = {
        "polars": to_polars,
        "polars, lazy": lambda frame: to_polars(frame).lazy(),
        "duckdb": to_duckdb,
    }
    if find_spec("pyspark") and shutil.which("java"):
        from pyspark.sql import SparkSession  # noqa: PLC0415 - Spark is an extra

        builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
        session = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        found["spark"] = partial(to_spark, session=session)
    return found


def answers(of: Any) -> Iterator[tuple[str, pd.DataFrame | str]]:
    """Give each metric's board, or why it has none."""
    for name, metric in METRICS.items():
        try:
            yield name, board(enter(metric(of)))
        except SAID_NOTHING as error:
            yield name, type(error).__name__


def compare(path: Path, into: Mapping[str, Callable[[pd.DataFrame], Any]]) -> int:
    """Replay one recording, compare, print; give the number of differences."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config.load(home=Path(folder))
        report = replay([path], config)
        store = Store(config.warehouse_file)
        newest = store.last_observed_at()
        if newest is None:
            print(f"{path.name}: no answer in it")
            return 0
        given = known_to(store, newest + timedelta(minutes=1))
    expected = dict(answers(given))
    spoke = [name for name, said in expected.items() if isinstance(said, pd.DataFrame) and len(said)]
    rows = sum(len(expected[name]) for name in spoke)
    known = f"{len(given.readings) + len(given.observations):,} counter readings, {len(given.posts):,} posts"
    print(f"{path.name}: {report.added:,} answers, {known}, as of {given.as_of:%Y-%m-%d %H:%M} UTC")
    print(f"  pandas        {len(spoke)} of {len(METRICS)} metrics speak, {rows:,} rows", flush=True)
    different = 0
    for engine, put in into.items():
        wrong = [name for name, found in answers(On(given, put)) if not _is_same(found, expected[name])]
        print(f"  {engine:<13} {'the same' if not wrong else 'DIFFERENT: ' + ', '.join(wrong)}", flush=True)
        different += len(wrong)
    return different


def _is_same(found: pd.DataFrame | str, expected: pd.DataFrame | str) -> bool:
    if isinstance(found, str) or isinstance(expected, str):
        return isinstance(found, str) and isinstance(expected, str) and found == expected
    try:
        pd.testing.assert_frame_equal(found, expected, rtol=RELATIVE, atol=ABSOLUTE)
    except AssertionError:
        return False
    return True


def main() -> None:
    """Compare every file; fail if anything differs."""
    into = engines()
    if "spark" not in into:
        print("without Spark: pyspark or Java is missing here")
    different = sum(compare(Path(name), into) for name in sys.argv[1:])
    sys.exit(f"{different} differences" if different else 0)


if __name__ == "__main__":
    main()
