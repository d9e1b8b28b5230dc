"""Leaderboard: finished frames side by side, ranked by the lower bound of growth.

One row a sound. Its velocity rests on one kind of evidence: on its posts when they are ``ok``, or ``weak`` while
the counter is no better; else on its counter. Ranked are the sounds with a rankable status (ok, weak,
counter_only) and a ratio; equal bounds go by ``sound_id``, so the same frames give the same bytes. The default
view asks for fewer than 100,000 uses in all, and unknown uses don't pass.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.engines import board, enter, instant, leave, taken
from trendlib.schema import Status

_DTYPES = {
    "rank": "Int64",
    "sound_id": "str",
    "title": "str",
    "artist": "str",
    "is_original": "boolean",
    "total_uses": "Int64",
    "posts_last_24h": "Int64",
    "posts_last_7d": "Int64",
    "window_days": "Int64",
    "growth_rate": "float64",
    "growth_low": "float64",
    "growth_high": "float64",
    "status": "str",
    "alert": "str",
    "evidence": "float64",
    "lift": "float64",
    "effective_creators": "float64",
    "top_creator_share": "float64",
    "top_region": "str",
    "top_region_share": "float64",
    "first_seen": "datetime64[us, UTC]",
    "song_id": "str",
    "as_of": "datetime64[us, UTC]",
}
COLUMNS = tuple(_DTYPES)
MAX_USES = 100_000
TOP = 20
_PREFERENCE = [
    (Status.OK, "posts"),
    (Status.COUNTER_ONLY, "counter"),
    (Status.WEAK, "posts"),
    (Status.WEAK, "counter"),
    (Status.NEW, "posts"),
    (Status.NEW, "counter"),
    (Status.ROUNDED, "counter"),
    (Status.NOT_ENOUGH_COVERAGE, "posts"),
    (Status.NOT_ENOUGH_COVERAGE, "counter"),
]


def leaderboard(
    velocities: Sequence[IntoFrame],
    *,
    as_of: datetime,
    facts: Sequence[IntoFrame] = (),
    max_uses: int | None = MAX_USES,
    top: int | None = TOP,
    include_unrankable: bool = False,
) -> Any:
    """Rank sounds by the lower bound of their growth.

    Parameters
    ----------
    velocities
        What `velocity` and `counter_velocity` gave; a sound may stand in both.
    as_of
        The instant they were computed for.
    facts
        Frames of one row a sound that carry other columns of the board: identities, latest uses, breakouts,
        concentration, top regions.
    max_uses
        Show only sounds with fewer uses in all; None for all sounds.
    top
        Show so many ranks; None for all.
    include_unrankable
        Show also, last and with ``rank`` NULL, the sounds that can't be ranked.

    Returns
    -------
    frame
        One row a sound, with exactly the columns of `COLUMNS`, by ``rank``; ``as_of`` [UTC] in every row. With
        ``window_days`` over 1, ``posts_last_24h`` is the daily mean of so many days.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    ValueError
        If no velocity is given, or a fact has two rows for one sound.
    """
    if not velocities:
        raise ValueError("no velocity frame given; compute velocity or counter_velocity first")
    table = best_evidence(velocities)
    for fact in facts:
        table = _joined(table, fact)
    table = table.reindex(columns=list(dict.fromkeys([*COLUMNS, *table.columns])))
    table["as_of"] = instant(as_of)
    if max_uses is not None:
        table = table[(table["total_uses"].astype("Int64") < max_uses).fillna(value=False).astype(bool)]
    table = _ranked(table)
    if not include_unrankable:
        table = table[table["rank"].notna()]
    if top is not None:
        table = table[table["rank"].isna() | (table["rank"] <= top).fillna(value=True)]
    table = table[list(COLUMNS)]
    foreign = {name: dtype for name, dtype in _DTYPES.items() if table[name].dtype != dtype}
    return leave(table.astype(foreign), velocities[0])


def best_evidence(velocities: Sequence[IntoFrame]) -> pd.DataFrame:
    """Give each sound its velocity on the evidence that stands: a row a sound, as the leaderboard shows it."""
    counts, rates = ["posts_last_24h", "posts_last_7d", "window_days"], ["growth_rate", "growth_low", "growth_high"]
    needed = [*counts, *rates, "status", "evidence_kind"]
    table = pd.concat([taken(frame, ids=["sound_id"], others=needed) for frame in velocities], ignore_index=True)
    preferred = {(status.value, kind): place for place, (status, kind) in enumerate(_PREFERENCE)}
    kinds = zip(table["status"], table["evidence_kind"], strict=True)
    preference = np.array([preferred.get(kind, len(preferred)) for kind in kinds])
    # a new sound has no week before: its level stands alone
    is_new = (table["status"] == Status.NEW.value).to_numpy()
    if is_new.any():
        table.loc[is_new, ["growth_rate", "growth_low", "growth_high"]] = np.nan
    sound, _ = pd.factorize(table["sound_id"], sort=True)
    order = np.lexsort((preference, sound))
    return table.take(order[np.diff(sound[order], prepend=-1) > 0])


def _joined(table: pd.DataFrame, fact: IntoFrame) -> pd.DataFrame:
    frame = enter(fact, ids=["sound_id"])
    names = [name for name in frame.collect_schema().names() if name in COLUMNS and name not in table.columns]
    known = board(frame.select("sound_id", *names))
    is_twice = known["sound_id"].duplicated()
    if is_twice.any():
        twice = known.loc[is_twice, "sound_id"].iloc[0]
        raise ValueError(f"a fact with {', '.join(names)} has two rows for sound {twice}; give one row a sound")
    found = known.set_index("sound_id").reindex(table["sound_id"])
    return table.assign(**{name: found[name].array for name in names})


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    order = [status.value for status in Status]
    rankable = [status.value for status in Status if status.is_rankable]
    is_ranked = table["status"].isin(rankable) & table["growth_low"].notna()
    table = table.assign(is_unranked=~is_ranked, place=[order.index(status) for status in table["status"]])
    table["place"] = table["place"].where(~is_ranked, 0)
    table["bound"] = -table["growth_low"].fillna(-np.inf)
    table = table.sort_values(["is_unranked", "place", "bound", "sound_id"], ignore_index=True)
    table["rank"] = pd.Series(np.arange(1, len(table) + 1), dtype="Int64").mask(table["is_unranked"])
    return table


def tally(leaders: IntoFrame, *, credits_missing: int | None = None) -> str:
    """Count a board's statuses in one line.

    Parameters
    ----------
    leaders
        Any board with a ``status`` column.
    credits_missing
        How many more credits would settle the sounds without enough coverage, where known.

    Returns
    -------
    str
        Such as "100 sounds: 82 ok, 9 weak, 9 not enough coverage (41 more credits would settle them)".

    Raises
    ------
    SchemaError
        If there is no such column.
    """
    status = board(enter(leaders, others=["status"]).select("status"))["status"]
    counts = [(known, int((status == known.value).sum())) for known in Status]
    parts = [f"{count:,} {known.words}" for known, count in counts if count]
    has_gap = any(known is Status.NOT_ENOUGH_COVERAGE and count for known, count in counts)
    gap = f" ({credits_missing} more credits would settle them)" if has_gap and credits_missing else ""
    sounds = f"{len(status):,} sound{'' if len(status) == 1 else 's'}"
    return f"{sounds}: {', '.join(parts)}{gap}" if parts else sounds
