"""Exhibits of the home itself: its set-up, how much of its board can be believed, and what was spent."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd

from trendlib.doctor import Finding
from trendlib.runs.discover import Discovery
from trendlib.schema import Status
from trendlib.show.exhibits import Exhibit

_STATES = {(True, True): "● fine", (True, False): "● fine", (False, True): "× to mend", (False, False): "○ not yet"}


def setup(findings: Sequence[Finding], as_of: datetime) -> Exhibit:
    """List what was looked at, what is to be mended first: ``thing, state, found, remedy``.

    Parameters
    ----------
    findings
        What `trendlib.doctor.examine` found.
    as_of
        When it looked.
    """
    rows = [(one.name, _STATES[one.is_fine, one.is_needed], one.found, one.remedy) for one in findings]
    frame = pd.DataFrame(rows, columns=["thing", "state", "found", "remedy"])
    frame = frame.sort_values("state", key=lambda states: states.str[0] == "●", kind="stable", ignore_index=True)
    broken = sum(not one.is_fine and one.is_needed for one in findings)
    lacking = sum(not one.is_fine and not one.is_needed for one in findings)
    return Exhibit(
        name="setup",
        title="The set-up",
        subtitle=f"{broken or 'nothing'} to mend; {lacking or 'nothing'} not set up yet, and not needed to begin",
        frame=frame,
        as_of=as_of,
        most_rows=len(frame),
        source="this machine and the home's files; a key is never shown, only whether there is one",
    )


def discovery(found: Discovery, *, is_practice: bool) -> Exhibit:
    """List the sounds that a search found."""
    posts = int(found.frame["posts"].sum())
    return Exhibit(
        name="discovery",
        title="Sounds nobody here follows yet",
        frame=found.frame,
        as_of=found.run.started_at,
        source=f"{posts:,} recent posts under the watchlist's keywords and by its creators",
        note="a sample, not a count: good for names, not for volume",
        is_practice=is_practice,
    )


def statuses(board: pd.DataFrame, as_of: datetime, *, is_practice: bool) -> Exhibit:
    """Count a board's sounds by status, and say what each means: ``status, sounds, means``."""
    counted = board["status"].value_counts()
    rows = [(status.value, int(counted.get(status.value, 0)), status.meaning) for status in Status]
    return Exhibit(
        name="statuses",
        title="How much of it can be believed",
        frame=pd.DataFrame(rows, columns=["status", "sounds", "means"]),
        as_of=as_of,
        source=f"{len(board):,} watched sounds, each with the status of its growth",
        is_practice=is_practice,
    )


def spending(calls: pd.DataFrame, as_of: datetime, *, days: int, is_practice: bool) -> Exhibit:
    """List the credits of the last days, the newest first: ``day``, a column a provider, ``total`` [credits]."""
    since = pd.Timestamp(as_of - timedelta(days=days - 1)).floor("D")
    recent = calls[calls["observed_at"] >= since]
    recent = recent.assign(day=recent["observed_at"].dt.strftime("%Y-%m-%d"))
    frame = recent.pivot_table(index="day", columns="provider", values="credits", aggfunc="sum", fill_value=0)
    frame = frame.loc[:, frame.sum() > 0].sort_index(ascending=False)
    frame = frame.assign(total=frame.sum(axis=1)).astype("int64").reset_index()
    frame.columns.name = None
    return Exhibit(
        name="spending",
        title=f"Credits spent in {days} days",
        subtitle=f"{int(frame['total'].sum()):,} credits",
        frame=frame,
        as_of=as_of,
        most_rows=days,
        source=f"{len(recent):,} calls",
        note="every call that was paid for, by the UTC day of its answer",
        is_practice=is_practice,
    )
