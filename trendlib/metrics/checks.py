"""Checks: which of them keep a sound off the list, by how much, and what would change it.

They are those of the list itself (a rankable status, fewer uses than the limit, a rank) and of the rules that flag
sounds. What is unknown does not pass.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.errors import NoDataError
from trendlib.metrics.engines import board, enter
from trendlib.metrics.leaderboard import COLUMNS, MAX_USES, TOP
from trendlib.metrics.rules import BREAKOUT, CATCH_THEM_EARLY, Rule
from trendlib.schema import Status

# What a watch takes, and the thresholds of the breakout rule that say how much of it.
_WATCHED = {"evidence": "watch_evidence", "lift": "watch_lift", "posts_last_24h": "watch_posts"}
_WHOLE_FROM = 100  # decimals of larger numbers tell a reader nothing
_FLAGS = ("watch", "confirmed", "new")
_ADVICE = {
    Status.ROUNDED: "buy its posts: the counter shows too few digits for this pace",
    Status.NEW: "wait until it has been watched for 8 days; until then look at its level and its creators",
    Status.NOT_ENOUGH_COVERAGE: (
        "read its counter daily for 8 days; where it falls, fetch the pages back to 8 days before the as-of instant"
    ),
    Status.INDEX_ONLY: "read its counter: a 0-1 curve has no volume",
}
Check = tuple[str, str, str, bool, str]


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
    table, week = board(enter(leaders, ids=["sound_id"], others=list(COLUMNS))), None
    if crowd is not None:
        known = board(enter(crowd, ids=["sound_id"], others=["posts", "creators"]))
        posts, creators = known.loc[known["sound_id"] == sound_id, ["posts", "creators"]].sum()
        week = int(posts), int(creators)
    return checked(row_of(table, sound_id), table, max_uses=max_uses, top=top, rules=rules, week=week)


def row_of(leaders: pd.DataFrame, sound_id: str) -> "pd.Series[Any]":
    """Find a sound's row.

    Raises
    ------
    NoDataError
        If the sound is not on the board.
    """
    rows = leaders[leaders["sound_id"] == sound_id]
    if rows.empty:
        raise NoDataError(
            f"sound {sound_id} is not on this board of {len(leaders)}; add it to the watchlist and sweep once"
        )
    return rows.iloc[0]


def checked(
    sound: "pd.Series[Any]",
    leaders: pd.DataFrame | None,
    *,
    max_uses: int | None,
    top: int | None,
    rules: Sequence[Rule],
    week: tuple[int, int] | None,
) -> pd.DataFrame:
    """Check a row of a leaderboard as `why` does; None for the whole board leaves its rank out.

    ``week`` is how many of its posts of the last 7 days are known, and how many creators each day, added up.
    """
    checks = [
        _status_check(sound),
        *_uses_check(sound, max_uses),
        *_rank_check(sound, leaders, max_uses, top),
        *(check for rule in rules for check in _rule_checks(sound, rule)),
        *(check for rule in rules if rule.name == BREAKOUT.name for check in _crowd_check(sound, week, rule)),
    ]
    told = [(*found, is_passed, "" if is_passed else advice) for *found, is_passed, advice in checks]
    return pd.DataFrame(told, columns=["check", "found", "needed", "passed", "advice"])


def _status_check(sound: "pd.Series[Any]") -> Check:
    status, has_ratio = Status(sound["status"]), bool(pd.notna(sound["growth_low"]))
    is_ranked = status.is_rankable and has_ratio
    found, needed = _found(status, has_ratio=has_ratio), "ok, weak or counter only, and a ratio"
    return "status", found, needed, is_ranked, _advice(status)


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


def _rank_check(
    sound: "pd.Series[Any]", leaders: pd.DataFrame | None, max_uses: int | None, top: int | None
) -> list[Check]:
    if leaders is None or top is None or pd.isna(sound["rank"]):
        return []
    ranks, uses = (leaders[name].to_numpy("float64", na_value=np.nan) for name in ("rank", "total_uses"))
    ahead = np.flatnonzero((ranks < sound["rank"]) & (max_uses is None or uses < max_uses))
    rank = len(ahead) + 1
    among = "all sounds" if max_uses is None else f"sounds under {max_uses:,} uses"
    found = f"rank {rank} of {among}, growth at least {sound['growth_low']:.2f}"
    if rank <= top:
        return [("rank", found, f"rank {top} or better", True, "")]
    bar = float(leaders["growth_low"].iloc[ahead[np.argsort(ranks[ahead])[top - 1]]])
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


def _crowd_check(sound: "pd.Series[Any]", week: tuple[int, int] | None, rule: Rule) -> list[Check]:
    """Say whether many post it or a handful: what no breakout is sent without."""
    if week is None:
        return []
    (posts, creators), most = week, rule["posts_per_creator"]
    what, needed = f"{rule.name}: creators", f"at most {most:g} posts a creator and day, or too few posts to tell"
    if posts < rule["crowd_posts"]:
        return [(what, f"{posts} posts of the week known: too few to tell", needed, True, "")]
    is_passed = bool(posts <= most * creators or sound["alert"] in _FLAGS)
    worth = sound["effective_creators"]
    said = f"{posts / creators:.1f} posts a creator and day"
    few = f"; they are worth {worth:.1f} creators" if pd.notna(worth) else ""
    return [(what, said, needed, is_passed, f"a few accounts post most of it{few}: look at them before you believe it")]
