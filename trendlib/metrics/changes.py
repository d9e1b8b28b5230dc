"""Changes: what entered a list, and what left it, between its last two whole snapshots.

A list is read snapshot by snapshot: a trending chart pull by pull, a catalogue answer by answer. Only whole snapshots
are compared, as a thing that stands on a missing page has not left. An empty snapshot is no evidence that everything
left, so it is none at all. With a single whole snapshot nothing can be said.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import narwhals as nw
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.engines import board, enter, instant, leave

ENTERED, LEFT = "entered", "left"


def changes(rows: IntoFrame, *, thing: str, as_of: datetime, within: Sequence[str] = ()) -> Any:
    """Compare the last two whole snapshots of each list.

    Parameters
    ----------
    rows
        The thing's column, ``pulled_at`` [UTC] (one instant a snapshot), ``is_whole``, and the columns of ``within``:
        a row a thing and snapshot.
    thing
        Name of the column of ids: ``sound_id``, ``track_id``.
    as_of
        Snapshots from then on don't count.
    within
        Columns that tell lists apart: ``region``, ``period_days``.

    Returns
    -------
    frame
        A row a thing that came or went, by list, change and thing: the columns of ``within``, ``thing``, ``change``
        (entered, left), ``before_at`` and ``now_at`` [UTC, the two snapshots].

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    names = [*within, thing]
    known = enter(rows, ids=[thing], times=["pulled_at"], others=["is_whole", *within])
    known = known.filter(nw.col("pulled_at") < nw.lit(instant(as_of).to_pydatetime()), nw.col("is_whole"))
    table = board(known.select(*names, "pulled_at")).drop_duplicates()
    parts = [_compared(own, thing) for _, own in table.groupby(list(within) or (lambda _: 0), dropna=False)]
    found = pd.concat(parts or [_compared(table, thing)])
    columns = [*names, "change", "before_at", "now_at"]
    return leave(found.sort_values([*within, "change", thing])[columns].astype({"change": "str"}), rows)


def _compared(own: pd.DataFrame, thing: str) -> pd.DataFrame:
    times = own["pulled_at"].drop_duplicates().sort_values()
    # an empty list keeps the type of its times
    before, now = pd.Series(pd.NaT, index=[0, 1], dtype="datetime64[us, UTC]") if len(times) < 2 else times.iloc[-2:]
    old, new = own[own["pulled_at"] == before], own[own["pulled_at"] == now]
    came = new[~new[thing].isin(old[thing])].assign(change=ENTERED)
    went = old[~old[thing].isin(new[thing])].assign(change=LEFT)
    both = pd.concat([came, went])
    for name, instants in (("before_at", before), ("now_at", now)):
        both[name] = pd.Series(instants, index=both.index, dtype="datetime64[us, UTC]")
    return pd.DataFrame(both)
