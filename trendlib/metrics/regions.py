"""Regions: where a sound's posters live.

The region of a post is the region of its poster's account; chart regions and audience indices are other
things under other names. Shares are among the posts WITH a region, and never travel without ``n`` (those
posts), ``n_unknown`` and the share of unknown.

*Crossover*: from one week to the next a sound's posters come from another region. With ``p0`` and ``p1`` the
region's shares among the ``n0`` and ``n1`` posters of the two weeks, a creator counted once a week, and posts of
unknown creators one by one::

    difference = p1 - p0 >= 0.15
    low        > 0.05        lower end of Newcombe's interval of the difference (Wilson intervals of the shares)
    n0, n1     >= 100        else "not enough posts (n = 37)": nothing is said

The interval's lower end has a chance of 2 % for all regions of a sound together (Bonferroni over those that hold at
least 5 % of the two weeks, as a mean of the shares: no other could pass). Posters of a week resemble each other, so
``n`` of them count as ``n / (1 + (n - 1) rho)``. Each sound's ``rho`` is learnt from how its shares moved:

* in the weeks before, and, but for the region looked at, in these two: when one region truly comes, the others keep
  their shares among themselves, while posters who resemble each other shake all of them;
* a pair of weeks whose ``k`` regions moved by ``X = sum (p1 - p0)^2 / p`` gives ``rho = (X / (k - 1) - 1/n0 - 1/n1) /
  (2 - 1/n0 - 1/n1)``, worth ``k - 1`` degrees of freedom;
* it is shrunk to the board's median, and that to a cautious ``rho = 0.0075``: worth 16 degrees of freedom where
  nothing else is known, less the more is known, 6 at least. As ``rho`` is an estimate, Student's quantile stands for
  the normal one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from scipy.special import stdtrit

from trendlib.metrics.engines import DAY, between, board, enter, instant, leave
from trendlib.metrics.posters import counted
from trendlib.metrics.rules import CROSSOVER, Rule
from trendlib.metrics.shares import effective, wilson
from trendlib.schema import Status

CROSSOVER_COLUMNS = (
    "sound_id",
    "region",
    "p0",
    "p1",
    "difference",
    "low",
    "high",
    "n0",
    "n1",
    "n_unknown",
    "rho",
    "status",
    "reason",
    "is_crossover",
    "rule",
    "rule_version",
)
WEEK_DAYS = 7
HISTORY_WEEKS = 8
SHARE_LOOKED_AT = 0.05
ONE_SIDED = 0.02
WEEK_NEEDED = 50
POSTERS_NEEDED = 5
PRIOR_RHO = 0.0075
PRIOR_FREEDOM = 8
CAUTION_LEAST, CAUTION_MOST = 6, 16
FREEDOM_OK = 4
_KEY = ["sound_id", "region"]

Cube = np.ndarray[Any, np.dtype[np.float64]]


def region_mix(posts: IntoFrame, *, as_of: datetime, days: int = 7) -> Any:
    """Give the shares of regions among each sound's recent posts.

    Parameters
    ----------
    posts
        ``sound_id``, ``region``, ``posted_at``; ``post_id`` so that no post counts twice.
    as_of
        End of the window.
    days
        Its length.

    Returns
    -------
    frame
        A row a sound and region, largest share first; ``region`` is NULL in the one row of a sound without any
        known region: ``sound_id``, ``region`` [ISO 3166-1 alpha-2], ``posts``, ``share`` [0-1], ``n`` and
        ``n_unknown`` [posts], ``unknown_share`` [0-1].

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    now = instant(as_of)
    frame = enter(posts, ids=["sound_id"], times=["posted_at"], others=["region"])
    number = nw.col("post_id").n_unique() if "post_id" in frame.collect_schema().names() else nw.len()
    recent = frame.filter(between("posted_at", now - DAY * days, now))
    spelled = recent.with_columns(nw.col("region").str.to_uppercase().alias("region"))
    return leave(_shares(board(spelled.group_by(_KEY).agg(number.alias("posts")))), posts)


def region_history(posts: IntoFrame, *, as_of: datetime, cells: int = 14, span_days: int = 1) -> Any:
    """Give the shares of regions in each of the last days or weeks: `region_mix` of every cell, in one pass.

    Parameters
    ----------
    posts
        As `region_mix` takes them.
    as_of
        End of the last cell.
    cells
        How many cells back.
    span_days
        How long a cell is [days].

    Returns
    -------
    frame
        A row a sound, cell and region, the latest cell first: the columns of `region_mix`, and ``day`` [UTC, start of
        the cell]. A cell without posts has no row.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    now = instant(as_of)
    step = DAY * span_days
    frame = enter(posts, ids=["sound_id"], times=["posted_at"], others=["region"])
    number = nw.col("post_id").n_unique() if "post_id" in frame.collect_schema().names() else nw.len()
    recent = frame.filter(between("posted_at", now - step * cells, now))
    older = [(nw.col("posted_at") < nw.lit((now - step * past).to_pydatetime())) for past in range(1, cells)]
    place = nw.sum_horizontal(nw.lit(1), *(one.cast(nw.Int64) for one in older)).cast(nw.Int64).alias("cell")
    spelled = recent.with_columns(nw.col("region").str.to_uppercase().alias("region"), place)
    counts = board(spelled.group_by([*_KEY, "cell"]).agg(number.alias("posts")))
    return leave(mixed(counts, as_of=now, span_days=span_days), posts)


def mixed(counts: pd.DataFrame, *, as_of: datetime, span_days: int) -> pd.DataFrame:
    """Make `region_history` of counts: ``sound_id``, ``region``, ``cell`` (1 is the last), ``posts``."""
    now, step = instant(as_of), DAY * span_days
    counts = counts.astype({"posts": "Int64"})
    table = _shares(counts, by=["sound_id", "cell"])
    table["day"] = (now - step * table["cell"]).astype("datetime64[us, UTC]")
    return table[["sound_id", "day", *(name for name in table if name not in {"sound_id", "day", "cell"})]]


def _shares(counts: pd.DataFrame, by: Sequence[str] = ("sound_id",)) -> pd.DataFrame:
    key = list(by)
    is_known = counts["region"].notna() & (counts["region"] != "")
    parts = counts[key].assign(n=counts["posts"].where(is_known, 0), n_unknown=counts["posts"].where(~is_known, 0))
    sounds = parts.groupby(key, as_index=False).sum().astype({"n": "Int64", "n_unknown": "Int64"})
    table = sounds.merge(counts[is_known], on=key, how="left")
    table["posts"] = table["posts"].fillna(0)
    posts, total, unknown = (table[name].to_numpy(dtype="float64") for name in ("posts", "n", "n_unknown"))
    table["share"] = np.divide(posts, total, out=np.full(len(table), np.nan), where=total > 0)
    table["unknown_share"] = unknown / (total + unknown)
    ascending = [True] * len(key)
    table = table.sort_values([*key, "share", "region"], ascending=[*ascending, False, True])
    return table[[*key, "region", "posts", "share", "n", "n_unknown", "unknown_share"]]


def top_region(mix: IntoFrame) -> Any:
    """Pick each sound's largest region from a region mix.

    Parameters
    ----------
    mix
        What `region_mix` gave.

    Returns
    -------
    frame
        One row a sound: ``sound_id``, ``top_region`` (NULL where none is known), ``top_region_share`` [0-1], ``n``,
        ``n_unknown`` [posts].

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    table = board(enter(mix, ids=["sound_id"], others=["region", "share", "n", "n_unknown"]))
    table = table.sort_values(["sound_id", "share", "region"], ascending=[True, False, True]).drop_duplicates(
        "sound_id"
    )
    table = table.rename(columns={"region": "top_region", "share": "top_region_share"})
    return leave(table[["sound_id", "top_region", "top_region_share", "n", "n_unknown"]], mix)


def crossover(posts: IntoFrame, *, as_of: datetime, rule: Rule = CROSSOVER) -> Any:
    """Look for sounds whose posters, from one week to the next, come from another region.

    Parameters
    ----------
    posts
        ``sound_id``, ``region``, ``posted_at``; ``creator_id`` so that creators are counted, and ``post_id`` so that
        no post counts twice. Ten weeks of posts are used where they are known; two are enough.
    as_of
        End of the second week; may be any instant.
    rule
        Thresholds.

    Returns
    -------
    frame
        A row a sound and region looked at (``region`` is NULL in the one row of a sound without any known region):
        ``sound_id``, ``region`` [ISO 3166-1 alpha-2]; ``p0`` and ``p1`` [0-1], shares in the week before and the
        last; ``difference`` with ``low`` and ``high`` [-1 to 1] (NULL without posts enough); ``n0``, ``n1`` and
        ``n_unknown`` [creators] (of both weeks); ``rho`` [0-1]; ``status`` (``weak`` where ``rho`` is only assumed),
        ``reason`` ("" or why nothing is said); ``is_crossover``, ``rule``, ``rule_version``.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.

    References
    ----------
    Newcombe (1998), Interval estimation for the difference between independent proportions, method 10.
    """
    verdict = weeks_compared(*_cube(_posters(posts, instant(as_of))), rule=rule)
    return leave(verdict.sort_values(["sound_id", "p1", "region"], ascending=[True, False, True]), posts)


def _posters(posts: IntoFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Count, in their engine, each week's posters of each sound and region; ``week`` 0 is the last."""
    frame = enter(posts, ids=["sound_id"], times=["posted_at"], others=["region"])
    weeks = 2 + HISTORY_WEEKS
    recent = frame.filter(between("posted_at", as_of - DAY * WEEK_DAYS * weeks, as_of))
    starts = [(as_of - DAY * WEEK_DAYS * past).to_pydatetime() for past in range(1, weeks)]
    before = [(nw.col("posted_at") < nw.lit(start)).cast(nw.Int64) for start in starts]
    region = nw.col("region").str.to_uppercase().alias("region")
    dated = recent.with_columns(region, nw.sum_horizontal(*before).cast(nw.Int64).alias("week"))
    key = [*_KEY, "week"]
    counts = counted(dated, key, posts_per_creator=1)
    return board(counts.select(*key, nw.col("posts").alias("posters")))


def _cube(posters: pd.DataFrame) -> tuple[Any, Any, Cube, Any]:
    """Lay the counts out by sound, week and region; give the posters without a region, of two weeks, apart."""
    posters = posters.astype({"week": "int64", "posters": "float64"})
    is_known = (posters["region"].notna() & (posters["region"] != "")).to_numpy()
    row, sounds = pd.factorize(posters["sound_id"], sort=True)
    column, regions = pd.factorize(posters["region"].where(is_known), sort=True)
    counts = np.zeros((len(sounds), 2 + HISTORY_WEEKS, max(len(regions), 1)))
    known = posters[is_known]
    counts[row[is_known], known["week"], column[is_known]] = known["posters"]
    lost = posters["posters"].where(~is_known & (posters["week"] < 2), 0.0)
    unknown = np.bincount(row, weights=lost, minlength=len(sounds))
    return np.asarray(sounds), np.asarray(regions if len(regions) else [None], dtype="object"), counts, unknown


def weeks_compared(sounds: Any, regions: Any, counts: Cube, unknown: Any, *, rule: Rule) -> pd.DataFrame:
    """Compare the last two weeks of each sound in every region worth looking at: `crossover` on counts.

    ``counts`` are posters by sound, week (the last first) and region; ``unknown`` those of both weeks without one.
    """
    n = counts.sum(axis=2)
    shares = np.divide(counts, n[:, :, None], out=np.zeros_like(counts), where=n[:, :, None] > 0)
    both = shares[:, 0] + shares[:, 1]
    is_looked_at = both >= 2 * SHARE_LOOKED_AT
    is_looked_at[np.arange(len(both)), both.argmax(axis=1)] = True
    row, column = np.nonzero(is_looked_at)
    rho, freedom = _likeness(counts, row, column)
    z = -stdtrit(freedom + _caution(freedom), ONE_SIDED / is_looked_at.sum(axis=1)[row])
    table = pd.DataFrame({"sound_id": sounds[row], "region": regions[column]})
    table = table.assign(p0=shares[row, 1, column], p1=shares[row, 0, column], n0=n[row, 1], n1=n[row, 0])
    table = table.assign(n_unknown=unknown[row], rho=rho)
    table["region"] = table["region"].where(table["n0"] + table["n1"] > 0)
    best = np.where(freedom >= FREEDOM_OK, Status.OK.value, Status.WEAK.value)
    return _judged(table, z, best, rule)


def _likeness(counts: Cube, row: Any, column: Any) -> tuple[Any, Any]:
    """Learn ``rho`` for each sound (row) and region (column) looked at, and the degrees of freedom behind it."""
    earlier = [_moved(counts[:, week], counts[:, week + 1]) for week in range(1, counts.shape[1] - 1)]
    own = np.sum([freedom for _, freedom in earlier], axis=0)[row]
    told = np.sum([likeness * freedom for likeness, freedom in earlier], axis=0)[row]
    others = counts[row, :2].copy()
    others[np.arange(len(row)), :, column] = 0.0
    likeness, freedom = _moved(others[:, 0], others[:, 1])
    own, told = own + freedom, told + likeness * freedom
    each = np.divide(told, own, out=np.zeros(len(row)), where=own > 0)
    # a sound counts once on the board, by the region that came most: without it, the others tell least of a shift
    share = counts[:, :2] / np.maximum(counts[:, :2].sum(axis=2, keepdims=True), 1)
    is_first = column == (share[:, 0] - share[:, 1]).argmax(axis=1)[row]
    is_told = is_first & (own > 0)
    median = float(np.median(each[is_told])) if is_told.any() else 0.0
    known = own[is_told].sum()
    common = (known * median + PRIOR_FREEDOM * PRIOR_RHO) / (known + PRIOR_FREEDOM)
    caution = _caution(own)
    return np.clip((told + caution * common) / (own + caution), 0.0, 1.0), own


def _caution(freedom: Any) -> Any:
    """Give how many degrees of freedom the board's likeness is worth beside a sound's own."""
    return np.maximum(CAUTION_LEAST, CAUTION_MOST - 2 * freedom)


def _moved(later: Any, earlier: Any) -> tuple[Any, Any]:
    """Tell how alike posters must be for shares to move so far from one week to the other; rare regions go together."""
    weeks = np.stack([later, earlier])
    is_rare = later + earlier < POSTERS_NEEDED
    weeks = np.concatenate([np.where(is_rare, 0, weeks), (weeks * is_rare).sum(axis=2, keepdims=True)], axis=2)
    n = np.maximum(weeks.sum(axis=2, keepdims=True), 1)
    total, step = weeks.sum(axis=0), (weeks[0] / n[0] - weeks[1] / n[1]) ** 2
    moved = np.divide(step, total / n.sum(axis=0), out=np.zeros_like(step), where=total > 0).sum(axis=1)
    by_chance = (1 / n).sum(axis=(0, 2))
    is_enough = n.min(axis=(0, 2)) >= WEEK_NEEDED
    freedom = np.where(is_enough, np.maximum((total > 0).sum(axis=1) - 1, 0), 0)
    return (moved / np.maximum(freedom, 1) - by_chance) / np.maximum(2 - by_chance, 1 / WEEK_NEEDED), freedom


def _judged(table: pd.DataFrame, z: Any, best: Any, rule: Rule) -> pd.DataFrame:
    p0, p1, n0, n1, rho = (table[name].to_numpy() for name in ("p0", "p1", "n0", "n1", "rho"))
    table.loc[n0 == 0, "p0"], table.loc[n1 == 0, "p1"] = np.nan, np.nan
    fewest = np.minimum(n0, n1)
    is_enough = fewest >= rule["posts"]
    low0, high0 = wilson(p0, effective(n0, rho), z)
    low1, high1 = wilson(p1, effective(n1, rho), z)
    difference = p1 - p0
    low = difference - np.hypot(p1 - low1, high0 - p0)
    high = difference + np.hypot(high1 - p1, p0 - low0)
    table[["difference", "low", "high"]] = np.where(is_enough, [difference, low, high], np.nan).T
    table["status"] = np.where(is_enough, best, Status.NOT_ENOUGH_COVERAGE.value)
    reasons = [f"not enough posts (n = {number:.0f})" for number in fewest]
    table["reason"] = np.where(is_enough, "", reasons)
    table["is_crossover"] = is_enough & (difference >= rule["difference"]) & (low > rule["low"])
    text = dict.fromkeys(("sound_id", "region", "status", "reason", "rule", "rule_version"), "str")
    whole_numbers = dict.fromkeys(("n0", "n1", "n_unknown"), "Int64")
    table = table.assign(rule=rule.name, rule_version=rule.version)
    return table.astype({**text, **whole_numbers})[list(CROSSOVER_COLUMNS)]
