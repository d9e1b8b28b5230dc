"""What a warehouse tells, so that two of them can be held beside each other."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd

from trendlib.api import said
from trendlib.config import Config
from trendlib.schema import TABLES
from trendlib.store import Store

MADE_ANEW = {
    "observed_at", "answer_id", "sweep_id", "first_seen", "recorded_at", "alert_id", "alerted_at", "last_at",
    "asked_as_of",
}  # fmt: skip
# An alert's numbers are those of its minute, and a killed sweep ends minutes later
OF_THE_MINUTE = {"growth_rate", "growth_low", "growth_high", "evidence", "lift", "posts_last_24h", "inputs"}


def tables(home: Path, *, without: frozenset[str] = frozenset()) -> dict[str, pd.DataFrame]:
    """Everything in a warehouse but the marks of when it was fetched, in an order of its own."""
    with Store(Config.load(home=home).warehouse_file).as_of(datetime.now(UTC) + timedelta(days=1)) as world:
        frames = {name: world.frame(name).drop(columns=list(MADE_ANEW), errors="ignore") for name in TABLES}
    frames["alerts"] = frames["alerts"].drop(columns=list(OF_THE_MINUTE))
    calls = frames["calls"]
    frames["calls"] = calls.assign(params=calls["params"].mask(calls["provider"] == said.PROVIDER, "of the minute"))
    return {
        name: frame.astype("str").sort_values(list(frame.columns), ignore_index=True)
        for name, frame in frames.items()
        if name not in without
    }


def make_older(home: Path) -> None:
    """Make a home's warehouse one of an older version, which knew no titles and no alerts."""
    with duckdb.connect(str(Config.load(home=home).warehouse_file)) as connection:
        for change in ("ALTER TABLE sounds DROP COLUMN title", "DROP TABLE alerts", "DROP TABLE notes"):
            connection.execute(change)
        connection.execute("COMMENT ON TABLE calls IS 'of another version'")


def assert_same(left: dict[str, pd.DataFrame], right: dict[str, pd.DataFrame]) -> None:
    for name, frame in left.items():
        pd.testing.assert_frame_equal(frame, right[name], obj=name)
