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

from trendlib.errors import NoDataError
from trendlib.metrics.engines import board, enter, instant, leave, taken
from trendlib.metrics.rules import BREAKOUT, CATCH_THEM_EARLY, Rule
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
# What a watch takes, and the thresholds of the breakout rule that say how much of it.
_WATCHED = {"evidence": "watch_evidence", "lift": "watch_lift", "posts_last_24h": "watch_posts"}
_WHOLE_FROM = 100  # decimals of larger numbers tell a reader nothing
_FLAGS = ("watch", "confirmed", "new")
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
_ADVICE = {
    Status.ROUNDED: "buy its posts: the counter shows too few digits for this pace",
    Status.NEW: "wait until it has been watched for 8 days; until then look at its level and its creators",
    Status.NOT_ENOUGH_COVERAGE: (
        "read its counter daily for 8 days; where it falls, fetch the pages back to 8 days before the as-of instant"
    ),
    Status.INDEX_ONLY: "read its counter: a 0-1 curve has no volume",
}


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


def why(
    sound_id: str,
    leaders: IntoFrame,
    *,
    max_uses: int | None = MAX_USES,
    top: int | None = TOP,
    rules: Sequence[Rule] = (CATCH_THEM_EARLY,),
    crowd: IntoFrame | None = None,
) -> pd.DataFrame:
    """Tell which check keeps a sound off the list, by how much, and what would change it.

    Parameters
    ----------
    sound_id
        Which sound.
    leaders
        The whole board: `leaderboard` with ``max_uses=None, top=None, include_unrankable=True``.
    max_uses
        The limit of the list in question.
    top
        Its length.
    rules
        The rules to check it against as well: `CATCH_THEM_EARLY` and `BREAKOUT`, with whatever thresholds.
    crowd
        What `trendlib.metrics.crowds` gave of the last 7 days, for `BREAKOUT`'s check of who posts; None leaves it out.

    Returns
    -------
    frame
        A pandas frame of one row a check: ``check``, ``found``, ``needed``, ``passed`` and ``advice`` ("" when
        passed), in plain words.

    Raises
    ------
    NoDataError
        If the sound is not on the board.
    """
    table = board(enter(leaders, ids=["sound_id"], others=list(COLUMNS)))
    rows = table[table["sound_id"] == sound_id]
    if rows.empty:
        raise NoDataError(
            f"sound {sound_id} is not on this board of {len(table)}; add it to the watchlist and sweep once"
        )
    sound = rows.iloc[0]
    checks = [
        _status_check(sound),
        *_uses_check(sound, max_uses),
        *_rank_check(sound, table, max_uses, top),
        *(check for rule in rules for check in _rule_checks(sound, rule)),
        *(check for rule in rules if rule.name == BREAKOUT.name for check in _crowd_check(sound, crowd, rule)),
    ]
    frame = pd.DataFrame(checks, columns=["check", "found", "needed", "passed", "advice"])
    frame["advice"] = frame["advice"].mask(frame["passed"], "")
    return frame


Check = tuple[str, str, str, bool, str]


def _status_check(sound: "pd.Series[Any]") -> Check:
    status, has_ratio = Status(sound["status"]), bool(pd.notna(sound["growth_low"]))
    is_ranked = status.is_rankable and has_ratio
    return (
        "status",
        _found(status, has_ratio=has_ratio),
        "ok, weak or counter only, and a ratio",
        is_ranked,
        _advice(status),
    )


def _found(status: Status, *, has_ratio: bool) -> str:
    return f"{status.words}: {status.meaning}" if has_ratio or not status.is_rankable else "no post in 8 days"


def _advice(status: Status) -> str:
    return _ADVICE.get(status, "a ratio needs at least one post; there is nothing to rank yet")


def unranked(leaders: IntoFrame) -> pd.DataFrame:
    """Tell of all sounds without a rank why: the first check of `why`, for a whole board at once.

    Parameters
    ----------
    leaders
        The whole board, unranked sounds included.

    Returns
    -------
    frame
        A pandas frame of one row a sound without a rank, in the board's order: ``sound_id``, ``found``, ``advice``.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    table = board(enter(leaders, ids=["sound_id"], others=["rank", "status", "growth_low"]))
    table = table[table["rank"].isna()]
    statuses = [Status(one) for one in table["status"]]
    found = [_found(one, has_ratio=has) for one, has in zip(statuses, table["growth_low"].notna(), strict=True)]
    texts = {"sound_id": table["sound_id"], "found": found, "advice": [_advice(one) for one in statuses]}
    return pd.DataFrame(texts).astype("str").reset_index(drop=True)


def _uses_check(sound: "pd.Series[Any]", max_uses: int | None) -> list[Check]:
    if max_uses is None:
        return []
    uses, needed = sound["total_uses"], f"fewer than {max_uses:,}"
    if pd.isna(uses):
        return [("total uses", "unknown", needed, False, "read its counter once (1 credit): unknown uses do not pass")]
    advice = f"it has {uses - max_uses + 1:,} uses too many; raise the limit above {uses:,}, or set it to none"
    return [("total uses", f"{uses:,}", needed, bool(uses < max_uses), advice)]


def _rank_check(sound: "pd.Series[Any]", table: pd.DataFrame, max_uses: int | None, top: int | None) -> list[Check]:
    if top is None or pd.isna(sound["rank"]):
        return []
    rivals = table[table["rank"].notna() & (table["sound_id"] != sound["sound_id"])]
    if max_uses is not None:
        rivals = rivals[(rivals["total_uses"] < max_uses).fillna(value=False).astype(bool)]
    rank = int((rivals["rank"] < sound["rank"]).sum()) + 1
    among = "all sounds" if max_uses is None else f"sounds under {max_uses:,} uses"
    found = f"rank {rank} of {among}, growth at least {sound['growth_low']:.2f}"
    if rank <= top:
        return [("rank", found, f"rank {top} or better", True, "")]
    bar = float(rivals.sort_values("rank")["growth_low"].iloc[top - 1])
    needed = f"rank {top} or better: growth of more than {bar:.2f} at least"
    gap = bar - sound["growth_low"]
    advice = f"its lower bound must rise by more than {gap:.2f}: more growth, or more posts behind the same growth"
    return [("rank", found, needed, False, advice)]


def _rule_checks(sound: "pd.Series[Any]", rule: Rule) -> list[Check]:
    is_breakout = rule.name == BREAKOUT.name
    thresholds = {name: rule[word] for name, word in _WATCHED.items()} if is_breakout else rule.thresholds
    # a slow rise, and a young sound that many use, are flagged by other bounds
    is_flagged = is_breakout and sound["alert"] in _FLAGS
    checks: list[Check] = []
    for name, threshold in thresholds.items():
        value, is_upper, what = sound[name], name == "total_uses", f"{rule.name}: {name}"
        needed = f"{'fewer than' if is_upper else 'at least'} {threshold:,.10g}"
        if is_breakout and name == "lift":
            needed += f", or {rule['slow_lift']:g} and {rule['slow_far_lift']:g} times the pace of five weeks ago"
        if pd.isna(value):
            why = "too young to tell" if sound["alert"] == "new" else "unknown"
            found = f"{why}: flagged as {sound['alert']} by other bounds" if is_flagged else "unknown"
            checks.append((what, found, needed, is_flagged, "unknown does not pass"))
            continue
        is_passed = is_flagged or bool(value < threshold if is_upper else value >= threshold)
        advice = f"{_figure(abs(threshold - value))} {'too many' if is_upper else 'short'}"
        found = _figure(value)
        if name == "posts_last_24h":
            found, advice = _of_a_day(sound, found, advice)
        checks.append((what, found, needed, is_passed, advice))
    return checks


def _figure(value: float) -> str:
    """Write a number as exactly as it is needed: two decimals where it is small and has some."""
    return (f"{value:,.2f}" if value < _WHOLE_FROM and value % 1 else f"{value:,.0f}").replace("-", "−")


def _of_a_day(sound: "pd.Series[Any]", found: str, advice: str) -> tuple[str, str]:
    """Say of posts a day whether they are a lower bound, or the mean of several days."""
    if sound["status"] == Status.NOT_ENOUGH_COVERAGE:
        return f"at least {found}", f"can't be told: {found} were found, and what was fetched does not reach far enough"
    days = sound["window_days"]
    return (f"{found} a day over {days} days" if pd.notna(days) and days > 1 else found), advice


def _crowd_check(sound: "pd.Series[Any]", crowd: IntoFrame | None, rule: Rule) -> list[Check]:
    """Say whether many post it or a handful: what no breakout is sent without."""
    if crowd is None:
        return []
    known = board(enter(crowd, ids=["sound_id"], others=["posts", "creators"]))
    own = known[known["sound_id"] == sound["sound_id"]]
    posts, creators, most = int(own["posts"].sum()), int(own["creators"].sum()), rule["posts_per_creator"]
    what, needed = f"{rule.name}: creators", f"at most {most:g} posts a creator and day, or too few posts to tell"
    if posts < rule["crowd_posts"]:
        return [(what, f"{posts} posts of the week known: too few to tell", needed, True, "")]
    is_passed = bool(posts <= most * creators or sound["alert"] in _FLAGS)
    worth = sound["effective_creators"]
    said = f"{posts / creators:.1f} posts a creator and day"
    few = f"; they are worth {worth:.1f} creators" if pd.notna(worth) else ""
    return [(what, said, needed, is_passed, f"a few accounts post most of it{few}: look at them before you believe it")]
