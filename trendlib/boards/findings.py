"""The finding of an exhibit, in a sentence: what a reader takes away without looking at the chart."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import pandas as pd

from trendlib.schema import Status
from trendlib.show.places import region_name, the_region
from trendlib.show.theme import daily_words, plain_text, ratio_words, share_words, short_number, times_words

MOST_NAMED = 3
NAME_LETTERS = 40
POST_COLUMNS = ("rank", "views", "posted_at", "region", "handle", "caption", "link")


def pace(row: "pd.Series[Any]") -> str:
    """Say how fast a sound moves, or why that can't be told."""
    if pd.isna(row["growth_rate"]):
        return f"Can't tell how fast it moves: {Status(row['status']).meaning}"
    words = ratio_words(row["growth_rate"], row["growth_low"], row["growth_high"])
    days, posts = row["window_days"], daily_words(row["posts_last_24h"], row["window_days"], row["status"])
    is_widened = pd.notna(days) and days > 1
    return f"{words}{f': the last {days} days against the days' if is_widened else ' its own week'} before, {posts}"


def leads(board: pd.DataFrame) -> str:
    """Say which sound leads a board, and how many of its rows stand out."""
    ranked = board[board["rank"].notna()]
    if ranked.empty:
        return "of no sound growth can be told yet"
    first = ranked.iloc[0]
    words = ratio_words(first["growth_rate"], first["growth_low"], first["growth_high"])
    alerts = ranked.loc[ranked["alert"].notna() & (ranked["alert"] != "none"), "alert"].value_counts(sort=False)
    counts = ", ".join(f"{number} {alert}" for alert, number in alerts.items())
    return f"{plain_text(first['title'], NAME_LETTERS) or 'untitled'} leads: {words}; standing out: {counts or 'none'}"


def flagged(alerts: pd.DataFrame) -> str:
    """Name the sounds that rules flag."""
    titles = [plain_text(one, NAME_LETTERS) or "untitled" for one in alerts.drop_duplicates("sound_id")["title"]]
    more = f" and {len(titles) - MOST_NAMED} more" if len(titles) > MOST_NAMED else ""
    number = f"{len(titles)} sound{'' if len(titles) == 1 else 's'}"
    return f"{number}: {', '.join(titles[:MOST_NAMED])}{more}" if titles else "no rule flags a sound this time"


def young(alerts: pd.DataFrame) -> str:
    """Explain the alert ``new`` where it stands, maybe beside the status ok: posts may be covered from the first."""
    if not alerts["alert"].eq("new").any():
        return ""
    return "the alert new: too young for the rules' baseline, but many use it already; growth is over the days it has"


def listed_too(row: "pd.Series[Any]", listed: float | None) -> str:
    """Say how many posts are listed of the last 24 h where the pace is the counter's, and that shows another number."""
    is_counted = row["evidence_kind"] == "counter" and pd.notna(row["growth_rate"])
    if listed is None or not is_counted or listed == row["posts_last_24h"]:
        return ""
    return f"that is by its counter; listed are {daily_words(listed, 1)}"


def translated(row: "pd.Series[Any]", dialect: str) -> str:
    """Say what another rule would call its velocity."""
    if pd.isna(row["growth_rate"]):
        return f"in the dialect {dialect}: can't tell"
    unit = " views" if dialect == "tutorial_engagement" else "×"
    return f"in the dialect {dialect}: {short_number(row['growth_rate'])}{unit}"


def evidence_used(days: pd.DataFrame, readings: pd.DataFrame) -> str:
    """Say what daily counts rest on."""
    sources = " and ".join(sorted(days["source"].unique())) or "nothing"
    return f"TikLiveAPI: {len(readings):,} counter readings; daily counts from {sources}"


def top_regions(mix: pd.DataFrame) -> str:
    """Say which regions lead over all cells."""
    known = mix[mix["region"].notna()].groupby("region")["posts"].sum()
    if known.empty:
        return "of no post the region is known"
    leaders = known.reset_index().sort_values(["posts", "region"], ascending=[False, True]).head(MOST_NAMED)
    shares = leaders["posts"].astype("float64") / float(known.sum())
    named = leaders["region"].map(region_name)
    return ", ".join(f"{region} {share_words(share)}" for region, share in zip(named, shares, strict=True))


def shift(shifts: pd.DataFrame) -> str:
    """Say into which regions a sound crosses."""
    crossing = shifts[shifts["is_crossover"]]
    if len(crossing):
        found = (
            f"{the_region(row.region)} {share_words(row.p0)} → {share_words(row.p1)}" for row in crossing.itertuples()
        )
        return f"crosses into {', '.join(found)}"
    if shifts.empty:
        return "can't tell: no post of it with a region is known in these two weeks"
    reasons = shifts.loc[shifts["reason"] != "", "reason"]
    return f"can't tell: {reasons.iloc[0]}" if len(reasons) else "crosses into no other region"


def concentration(few: pd.DataFrame) -> str:
    """Say how few creators the last week's posts rest on, and how many of them are new to it."""
    if few.empty or pd.isna(few["effective_creators"].iloc[0]):
        return "how few creators it rests on is not known"
    row = few.iloc[0]
    posts, creators, worth = (short_number(row[name]) for name in ("posts", "creators", "effective_creators"))
    verdict = "a few creators carry it: " if row["is_concentrated"] else ""
    if row["creators"] == 1:
        is_new = pd.notna(row["first_time_share"]) and row["first_time_share"] == 1
        who = f"one creator{', who is new to it' if is_new else ''}"
        return f"{posts} post{'' if row['posts'] == 1 else 's'} of the last 7 days, all by {who}"
    shares = f"the busiest makes {share_words(row['top_creator_share'])}"
    new = f", {share_words(row['first_time_share'])} are new to it" if pd.notna(row["first_time_share"]) else ""
    return (
        f"{verdict}{posts} posts of the last 7 days by {creators} creators weigh like {worth} equally busy ones; "
        f"{shares}{new}"
    )


def without(frame: pd.DataFrame) -> str:
    """Say how growth changes without whoever matters most."""
    told = frame[frame["growth_rate"].notna() & frame["growth_rate_without"].notna() & frame["who"].notna()]
    if told.empty:
        return "what it would be without its biggest can't be told"
    drop = told["growth_rate_without"] / told["growth_rate"]
    row = told.iloc[int(drop.to_numpy().argmin())]
    who = plain_text(row["who_name"], NAME_LETTERS)
    return f"without {who}: {times_words(row['growth_rate'])}, then {times_words(row['growth_rate_without'])}"


def carried(days: pd.DataFrame) -> str:
    """Say how far the posts of the last week carry."""
    told = days[days["reach_median"].notna()].tail(7)
    if told.empty:
        return "of no post the views are known 24 to 96 h after posting"
    weights = told["n"].astype("float64")
    mean = float((told["reach_median"] * weights).sum() / weights.sum())
    span = f"over the last {len(told)} days with posts seen at that age"
    return f"a post carries {times_words(mean)} what is usual, {span}"


def most_typical(hashtags: pd.DataFrame) -> str:
    """Say which hashtags stand here far more often than elsewhere."""
    if hashtags.empty:
        return "no hashtag is known of its posts"
    sure = hashtags[(hashtags["status"] == Status.OK) & hashtags["lift"].notna()]
    if sure.empty:
        return "too few posts to tell which hashtags are its own"
    told = sure[sure["lift"] > 1]
    if told.empty:
        return "no hashtag stands here more often than elsewhere"
    leaders = told.sort_values(["lift", "hashtag"], ascending=[False, True]).head(MOST_NAMED)
    return "most its own: " + ", ".join(
        f"#{plain_text(row.hashtag, NAME_LETTERS)} {times_words(row.lift)}" for row in leaders.itertuples()
    )


def tags(names: Iterable[str], none: str = "none") -> str:
    """Write hashtags in a row, or what to say of none."""
    return ", ".join(f"#{plain_text(one, NAME_LETTERS)}" for one in names) or none


def ahead(frame: pd.DataFrame, days: int) -> str:
    """Say how many uses the next days bring."""
    row = frame.iloc[-1] if len(frame) else None
    if row is None or pd.isna(row["uses_next"]):
        status = Status.NOT_ENOUGH_COVERAGE if row is None else Status(row["status"])
        return f"no forecast: {status.meaning}"
    span = (
        f" ({short_number(row['uses_low'])} to {short_number(row['uses_high'])})" if pd.notna(row["uses_low"]) else ""
    )
    before = short_number(row["uses_before"])
    return (
        f"about {short_number(row['uses_next'])} uses in the next {days} days{span}, after {before} in as many before"
    )


def counted(frame: pd.DataFrame, column: str) -> str:
    """Add up a column for a caption."""
    return f"{int(frame[column].fillna(0).sum()):,}"


def post_link(handle: Any, post_id: str) -> str:
    """Write the address of a post; TikTok finds it by its id whatever the handle."""
    who = quote(handle, safe="") if isinstance(handle, str) and handle else "_"
    return f"https://www.tiktok.com/@{who}/video/{quote(post_id, safe='')}"


def linked(posts: pd.DataFrame) -> pd.DataFrame:
    """Add the address of each post: ``link``, missing where there is no post."""
    links = [
        post_link(handle, post) if isinstance(post, str) else None
        for handle, post in zip(posts["handle"], posts["post_id"], strict=True)
    ]
    return posts.assign(link=pd.Series(links, posts.index, dtype="str"))
