"""Hashtags: measured like sounds, by the same functions; and what is asked of hashtags alone.

*Velocity* of a hashtag is velocity: `tagged` and `readings` give its posts and its counters the names sounds have,
`feeds` its coverage, `named` gives the result back. Frames that enter here may call the hashtag ``hashtag`` or,
fresh from a metric, ``sound_id``; each of these functions raises `SchemaError` where a column is missing.

*Bump*, on daily deltas of a counter, never on the counter itself: with ``c`` = delta per covered day / weekday factor
/ the day's common shock, ``mu`` its trimmed mean and ``n`` the known days among the 14 before today::

    z = (c[today] - mu) / sqrt(phi mu (1 + 1/n))    phi = 1 + mu tau^2; the rounding's u^2 / 6 is added to phi mu
    E = normal score of z among t with n - 1 degrees of freedom: a scatter learnt from few days errs
    bump    E >= 3, from 7 snapshots on

``tau^2`` is a quarter the hashtag's own, three quarters the board's median, over those 14 days.

*Calendar*: START when a breakout is confirmed (or at a velocity of 2.0, meant for the tutorial's dialect), STOP when
the 3-day level falls below 1.25 x the baseline frozen at the start, or after 7 falling days, at least 3 days on.
Level = mean of c over 3 days; baseline = its median over days t-24 ... t-4, the breakout's own quiet days. There is
no next start before the condition has lapsed.

*Co-occurrence*, among posts with a hashtag: share = posts with both / posts with the first; lift = how much more
often the second stands there than among all of these posts.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from scipy.special import ndtri, stdtr

from trendlib.metrics.daily import from_counter, grid
from trendlib.metrics.engines import DAY, Frame, between, board, days_before, enter, instant, leading, leave, whole
from trendlib.metrics.rules import HASHTAG_BUMP, HASHTAG_CALENDAR, Rule
from trendlib.metrics.season import OWN_WEIGHT, Vector, adjusted
from trendlib.metrics.windows import HORIZON_DAYS, Grid, Matrix
from trendlib.schema import Status

Counter = Literal["total_posts", "total_views"]

BASELINE_DAYS = 14
DAYS_OK = 10
DAYS_NEEDED = 3
COARSENESS = 0.25
LEVEL_DAYS = 3
QUIET_FROM, QUIET_UNTIL = 4, 25
PAIRS_OK = 5
TINY = 1e-300
RATIOS = ("growth_rate", "growth_low", "growth_high")


def tagged(posts: IntoFrame, post_hashtags: IntoFrame) -> Any:
    """Give the posts with each hashtag, as a list of posts that every metric of posts takes.

    Parameters
    ----------
    posts
        ``post_id`` and what the metric needs.
    post_hashtags
        ``post_id``, ``hashtag``; in the engine of the posts.

    Returns
    -------
    frame
        The posts' columns, a row a post and hashtag, in the engine they came in (a lazy one stays lazy);
        ``sound_id`` holds the hashtag.
    """
    frame, pairs = enter(posts, ids=["post_id"]), enter(post_hashtags, ids=["post_id"], others=["hashtag"])
    names = [name for name in frame.collect_schema().names() if name not in {"sound_id", "hashtag"}]
    both: Any = pairs.select("post_id", nw.col("hashtag").alias("sound_id")).unique()
    return both.join(frame.select(names), on="post_id", how="inner").select("sound_id", *names).to_native()


def readings(observations: IntoFrame, *, of: Counter = "total_posts") -> Any:
    """Give a hashtag's counter the names of a use counter, which every metric of counters takes.

    Parameters
    ----------
    observations
        ``hashtag``, ``observed_at``, ``total_posts``, ``total_views``.
    of
        Which counter. On views every count of the result is of views.

    Returns
    -------
    frame
        ``sound_id`` (the hashtag), ``observed_at`` [UTC], ``total_uses`` [posts or views], in its engine.
    """
    frame = enter(observations, ids=["hashtag"], times=["observed_at"], others=[of])
    hashtag, uses = nw.col("hashtag").alias("sound_id"), nw.col(of).alias("total_uses")
    return frame.select(hashtag, "observed_at", uses).to_native()


def feeds(coverage: IntoFrame, hashtags: IntoFrame) -> pd.DataFrame:
    """Give the coverage of hashtags' own feeds, as every metric of posts takes it.

    Posts known from sounds' feeds cover no hashtag: without a feed of its own a hashtag has no velocity on posts.

    Parameters
    ----------
    coverage
        What `coverage` gave.
    hashtags
        ``hashtag``, ``challenge_id``: feeds go by either.

    Returns
    -------
    frame
        A pandas frame: ``sound_id`` (the hashtag), ``complete_since`` and ``covered_until`` [UTC].
    """
    frame = enter(coverage, ids=["subject_id"], times=["complete_since", "covered_until"], others=["subject"])
    table = board(frame.filter(nw.col("subject") == nw.lit("hashtag")))
    known = board(enter(hashtags, ids=["hashtag"], others=["challenge_id"]).select("challenge_id", "hashtag"))
    names = known.dropna().drop_duplicates("challenge_id").set_index("challenge_id")["hashtag"]
    table["sound_id"] = table["subject_id"].map(names).fillna(table["subject_id"]).astype("str")
    latest = table.sort_values(["sound_id", "covered_until"]).drop_duplicates("sound_id", keep="last")
    return latest[["sound_id", "complete_since", "covered_until"]].reset_index(drop=True)


def named(frame: IntoFrame) -> Any:
    """Call the hashtag ``hashtag`` again in a metric's result.

    Parameters
    ----------
    frame
        What a metric gave for `tagged` posts or `readings`.
    """
    return enter(frame, ids=["sound_id"]).rename({"sound_id": "hashtag"}).to_native()


def bumps(observations: IntoFrame, *, as_of: datetime, of: Counter = "total_views", rule: Rule = HASHTAG_BUMP) -> Any:
    """Look for hashtags that got more posts or views today than their own last two weeks explain.

    Parameters
    ----------
    observations
        ``hashtag``, ``observed_at`` and the counter, of the whole board.
    as_of
        End of today; readings from then on don't count.
    of
        Which counter.
    rule
        Thresholds.

    Returns
    -------
    frame
        One row a hashtag: ``hashtag``, ``delta`` (today) and ``baseline`` [posts or views a day], ``evidence``
        [E] (NULL where it can't be told), ``snapshots`` [days read of the last 15], ``status``, ``is_bump``, ``rule``,
        ``rule_version``.
    """
    counts = grid(from_counter(readings(observations, of=of), as_of=as_of), as_of=as_of)
    days = slice(0, 1 + BASELINE_DAYS)
    coarse = np.max(np.nan_to_num(np.where(counts.unit > 1, counts.unit, 0.0))[:, days], axis=1, initial=0.0)
    mean, evidence = _surprise(adjusted(counts)[:, days], coarse)
    rate = counts.rate[:, days]
    snapshots = np.isfinite(rate).sum(axis=1) + 1
    is_short = ~np.isfinite(evidence) | (snapshots < rule["snapshots"])
    is_coarse = coarse > COARSENESS * np.fmax(rate[:, 0], mean)
    status = np.where(snapshots < DAYS_OK, Status.WEAK.value, Status.COUNTER_ONLY.value)
    status = np.where(is_coarse, Status.ROUNDED.value, status)
    status = np.where(is_short, Status.NOT_ENOUGH_COVERAGE.value, status)
    evidence = np.where(is_short | is_coarse, np.nan, evidence)
    table = pd.DataFrame({"hashtag": counts.sounds, "delta": rate[:, 0], "baseline": mean, "evidence": evidence})
    table = table.assign(snapshots=snapshots, status=status, is_bump=evidence >= rule["evidence"])
    table = table.assign(rule=rule.name, rule_version=rule.version)
    text = dict.fromkeys(("hashtag", "status", "rule", "rule_version"), "str")
    return leave(table.astype({**text, "snapshots": "Int64"}), observations)


def _surprise(days: Matrix, coarse: Vector) -> tuple[Vector, Vector]:
    """Give the trimmed mean of all days but the first, and the evidence that the first is more."""
    past = np.sort(days[:, 1:], axis=1)
    known = np.isfinite(past).sum(axis=1)
    is_told = known >= DAYS_NEEDED
    place = np.arange(BASELINE_DAYS)
    inner = np.where((place > 0) & (place < known[:, None] - 1), past, 0.0).sum(axis=1)
    mean = np.divide(inner, known - 2, out=np.full(len(days), np.nan), where=is_told)
    centre = np.nansum(past, axis=1) / np.maximum(known, 1)
    seen = np.nansum((past - centre[:, None]) ** 2, axis=1) / np.maximum(known - 1, 1)
    extra = np.maximum(seen - centre - coarse**2 / 6, 0.0)
    own = np.divide(extra, centre**2, out=np.full(len(days), np.nan), where=is_told & (centre > 0))
    common = np.nanmedian(own) if np.isfinite(own).any() else 0.0
    scattered = np.where(np.isfinite(own), OWN_WEIGHT * own + (1 - OWN_WEIGHT) * common, common)
    least = np.maximum(mean, 1 / BASELINE_DAYS)
    variance = least * (1 + least * scattered) + coarse**2 / 6
    z = (days[:, 0] - mean) / np.sqrt(variance * (1 + 1 / np.maximum(known, 1)))
    tail = np.maximum(stdtr(np.maximum(known - 1, 1), -np.abs(z)), TINY)
    return mean, np.where(np.isfinite(z), -np.sign(z) * ndtri(tail), np.nan)


def day_by_day(measure: Callable[..., Any], *, as_of: datetime, days: int = 28) -> pd.DataFrame:
    """Measure at the end of each of the last days, on what was known then, and put the boards below each other.

    Parameters
    ----------
    measure
        A metric with its frame, such as ``partial(counter_velocity, readings(observations))``.
    as_of
        End of the last day.
    days
        How many days, the last included.

    Returns
    -------
    frame
        A pandas frame: the measure's columns and ``day`` [UTC, start of the window].
    """
    ends = [instant(as_of) - DAY * back for back in range(days)]
    boards = [board(enter(measure(as_of=end.to_pydatetime()))).assign(day=end - DAY) for end in ends]
    return pd.concat(boards, ignore_index=True).astype({"day": "datetime64[us, UTC]"})


def calendar(
    velocities: IntoFrame,
    daily: IntoFrame,
    *,
    as_of: datetime,
    flags: IntoFrame | None = None,
    rule: Rule = HASHTAG_CALENDAR,
) -> Any:
    """Mark on which days hashtags start and stop, beside their velocity of each day.

    Parameters
    ----------
    velocities
        What `day_by_day` gave for velocity.
    daily
        Daily counts of the same hashtags, 25 days longer where known.
    as_of
        End of the last day.
    flags
        What `breakouts` gave for the same days: a start is a confirmed breakout. None: a start is a velocity of at
        least 2.0, meant for velocities in the dialect ``tutorial_hashtag``.
    rule
        Thresholds.

    Returns
    -------
    frame
        A row a hashtag and day: ``hashtag``, ``day`` [UTC, start of the window], ``growth_rate``, ``growth_low``,
        ``growth_high`` [ratio], ``status``, ``level`` and ``baseline`` [posts a day] (the baseline frozen while on),
        ``is_on``, ``mark`` (start, stop, or ""), ``rule``, ``rule_version``.
    """
    now = instant(as_of)
    frame = _as_sounds(velocities, times=["day"], others=[*RATIOS, "status"])
    known = frame.filter(nw.col("day") < nw.lit(now.to_pydatetime()))
    table = board(known.select("sound_id", "day", *RATIOS, "status"))
    table["is_calling"] = table["growth_rate"] >= rule["start_velocity"]
    if flags is not None:
        alerts = board(_as_sounds(flags, times=["day"], others=["alert"]).select("sound_id", "day", "alert"))
        table = table.merge(alerts, on=["sound_id", "day"], how="left")
        table["is_calling"] = (table["alert"] == "confirmed").fillna(value=False)
    table["age"] = np.rint(days_before(table["day"], now)).astype(int)
    reached = max(HORIZON_DAYS, int(max(table["age"], default=0)) + QUIET_UNTIL)
    counts = grid(_as_sounds(daily).to_native(), as_of=as_of, days=reached)
    table = table.merge(_levels(counts), on=["sound_id", "age"], how="left")
    table = table.sort_values(["sound_id", "day"], ignore_index=True).astype({"is_calling": "bool"})
    table[["is_on", "frozen", "mark"]] = False, np.nan, ""
    for _, days in table.groupby("sound_id"):
        table.loc[days.index, ["is_on", "frozen", "mark"]] = _marks(days, rule)
    table["baseline"] = table["frozen"].where(table["is_on"], table["baseline"])
    result = table.rename(columns={"sound_id": "hashtag"}).assign(rule=rule.name, rule_version=rule.version)
    text = dict.fromkeys(("hashtag", "status", "mark", "rule", "rule_version"), "str")
    names = ["hashtag", "day", *RATIOS, "status", "level", "baseline", "is_on", "mark", "rule", "rule_version"]
    return leave(result.astype({**text, "is_on": "bool"})[names], velocities)


def _as_sounds(native: IntoFrame, *, times: Sequence[str] = (), others: Sequence[str] = ()) -> Frame:
    frame = enter(native, times=times, others=others)
    names = frame.collect_schema().names()
    return frame.rename({"hashtag": "sound_id"}) if "hashtag" in names and "sound_id" not in names else frame


def _levels(counts: Grid) -> pd.DataFrame:
    """Give each hashtag's 3-day level and quiet baseline on each day."""
    ages = pd.Index(range(counts.posts.shape[1], 0, -1), name="age")
    days = pd.DataFrame(adjusted(counts)[:, ::-1].T, index=ages, columns=counts.sounds.rename("sound_id"))
    level = days.rolling(LEVEL_DAYS, min_periods=1).mean()
    quiet = days.rolling(QUIET_UNTIL - QUIET_FROM, min_periods=DAYS_NEEDED).median().shift(QUIET_FROM)
    return pd.DataFrame({"level": level.unstack(), "baseline": quiet.unstack()}).reset_index()  # noqa: PD010


def _marks(days: pd.DataFrame, rule: Rule) -> list[tuple[bool, float, str]]:
    """Walk through one hashtag's days: whether it is on, the frozen baseline, and where it starts and stops."""
    found = []
    days_on, falling, frozen, was_calling, before = 0, 0.0, np.nan, False, np.nan
    for is_calling, level, baseline in days[["is_calling", "level", "baseline"]].to_numpy(dtype="float64"):
        falling = falling + 1 if level < before else 0
        mark = ""
        if days_on:
            is_over = level < rule["stop_level"] * frozen or falling >= rule["falling_days"]
            mark = "stop" if is_over and days_on >= rule["least_days"] else ""
            days_on = 0 if mark else days_on + 1
        elif is_calling and not was_calling:
            days_on, falling, frozen, mark = 1, 0, baseline, "start"
        found.append((days_on > 0, frozen, mark))
        was_calling, before = bool(is_calling), level
    return found


def creator_brief(
    velocities: IntoFrame, tagged_posts: IntoFrame, *, as_of: datetime, days: int = 7, top: int = 5, posts_each: int = 3
) -> Any:
    """Give creators the hashtags that grow fastest, each with its most viewed recent posts.

    Parameters
    ----------
    velocities
        Velocity of hashtags, on posts or on counters; of a hashtag in it twice, the higher lower bound counts.
    tagged_posts
        What `tagged` gave, with ``posted_at`` and ``views``.
    as_of
        Posts from then on don't count.
    days
        How far back a post is recent.
    top
        How many hashtags, by the lower bound of their growth; those that can't be ranked are left out.
    posts_each
        How many posts each.

    Returns
    -------
    frame
        ``hashtag_rank``, ``hashtag``, ``growth_rate``, ``growth_low``, ``growth_high`` [ratio], ``status``;
        ``post_rank``, ``post_id``, ``posted_at`` [UTC], ``views`` (all NULL in the one row of a hashtag without a
        known recent post).
    """
    leaders = board(_as_sounds(velocities, others=[*RATIOS, "status"]).select("sound_id", *RATIOS, "status"))
    is_rankable = leaders["status"].isin([status.value for status in Status if status.is_rankable])
    leaders = leaders[is_rankable & leaders["growth_low"].notna()]
    leaders = leaders.sort_values(["growth_low", "sound_id"], ascending=[False, True]).drop_duplicates("sound_id")
    leaders = leaders.head(top).reset_index(drop=True).rename_axis("place").reset_index()
    leaders["hashtag_rank"] = whole(leaders["place"] + 1)
    now = instant(as_of)
    frame = enter(tagged_posts, ids=["sound_id", "post_id"], times=["posted_at"], others=["views"])
    known = frame.filter(
        between("posted_at", now - DAY * days, now), nw.col("sound_id").is_in(leaders["sound_id"].tolist())
    )
    once = known.group_by("sound_id", "post_id").agg(nw.col("posted_at").min(), nw.col("views").max())
    posts = board(leading(once, posts_each, of="sound_id", by=["views"], then="post_id"))
    posts = posts.sort_values(["sound_id", "views", "post_id"], ascending=[True, False, True], na_position="last")
    posts["post_rank"] = whole(posts.groupby("sound_id").cumcount() + 1).set_axis(posts.index)
    brief = leaders.merge(posts, on="sound_id", how="left")
    brief = brief.rename(columns={"sound_id": "hashtag"}).sort_values(["hashtag_rank", "post_rank"])
    return leave(
        brief[["hashtag_rank", "hashtag", *RATIOS, "status", "post_rank", "post_id", "posted_at", "views"]], velocities
    )


def co_occurrence(tagged_posts: IntoFrame, *, as_of: datetime, days: int = 28) -> Any:
    """Tell which hashtags stand together in captions.

    Parameters
    ----------
    tagged_posts
        What `tagged` gave, with ``posted_at``.
    as_of
        Posts from then on don't count.
    days
        Only posts of the last so many days.

    Returns
    -------
    frame
        A row a hashtag and each that stands beside it, the most frequent first: ``hashtag``, ``beside``, ``n`` [posts
        with both], ``n_hashtag`` and ``n_beside`` [posts], ``share`` [0-1], ``lift`` [ratio; 1 is chance], ``status``
        (``weak`` under 5 posts). Known posts come from the feeds that were bought: lift compares among these.
    """
    now = instant(as_of)
    frame = enter(tagged_posts, ids=["sound_id", "post_id"], times=["posted_at"])
    pairs: Any = frame.filter(between("posted_at", now - DAY * days, now)).select("sound_id", "post_id").unique()
    others = pairs.rename({"sound_id": "beside"})
    both = pairs.join(others, on="post_id", how="inner").filter(nw.col("sound_id") != nw.col("beside"))
    table = board(both.group_by(["sound_id", "beside"]).agg(nw.len().alias("n")))
    each = board(pairs.group_by("sound_id").agg(nw.len().alias("n"))).set_index("sound_id")["n"]
    everything = int(board(pairs.select("post_id").unique().select(nw.len().alias("n")))["n"].iloc[0])
    table["n_hashtag"], table["n_beside"] = table["sound_id"].map(each), table["beside"].map(each)
    number, first, second = (table[name].astype("float64") for name in ("n", "n_hashtag", "n_beside"))
    table = table.assign(share=number / first, lift=number * everything / (first * second))
    table["status"] = np.where(number < PAIRS_OK, Status.WEAK.value, Status.OK.value)
    whole_numbers = dict.fromkeys(("n", "n_hashtag", "n_beside"), "Int64")
    table = table.rename(columns={"sound_id": "hashtag"}).astype({**whole_numbers, "status": "str"})
    table = table.sort_values(["hashtag", "n", "beside"], ascending=[True, False, True])
    return leave(table[["hashtag", "beside", "n", "n_hashtag", "n_beside", "share", "lift", "status"]], tagged_posts)
