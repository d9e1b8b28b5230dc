"""Every public metric, ready to be asked on what a warehouse knows: for tests and for ``benchmarks/engines.py``."""

from datetime import timedelta
from functools import cache, partial
from types import SimpleNamespace

import pandas as pd

from trendlib import metrics
from trendlib.metrics import daily, hashtags
from trendlib.snapshot import PANDAS_TYPES

DAY = timedelta(days=1)
TABLES = (
    "sound_observations", "feed_pages", "sounds", "creator_observations", "hashtags", "hashtag_observations",
    "post_hashtags",
)  # fmt: skip
POST_TYPES = {
    "posted_at": PANDAS_TYPES["time"],
    "views": "Int64",
    "region": "str",
    "creator_id": "str",
    "caption": "str",
}


def known_to(store, as_of):
    """Give what a warehouse knew at an instant as pandas frames, and what metrics make of it."""
    with store.as_of(as_of) as world:
        known = {name: world.frame(name) for name in TABLES}
        watched = set(known["sound_observations"]["sound_id"]) or set(world.frame("sounds")["sound_id"])
        posts = world.frame("posts", sound_id=sorted(watched)).drop(columns=["observed_at", "answer_id", "first_seen"])
        seen = world.frame("post_observations")[["post_id", "observed_at", "views"]]
    posts = posts.merge(seen[["post_id", "views"]], on="post_id", how="left")
    posts = posts[["post_id", "sound_id", "creator_id", "region", "posted_at", "views", "caption"]]
    given = SimpleNamespace(as_of=as_of, posts=posts.sort_values("post_id").astype(POST_TYPES))
    later = seen.assign(observed_at=seen["observed_at"] + DAY, views=seen["views"] * 2)
    given.views = pd.concat([seen, later], ignore_index=True)
    given.readings, given.pages = known["sound_observations"], known["feed_pages"]
    given.sounds, given.observations = known["sounds"], known["hashtag_observations"]
    given.hashtags, given.post_hashtags = known["hashtags"], known["post_hashtags"]
    given.followers = known["creator_observations"]
    return concluded(given)


def concluded(given):
    """Add what some metrics take from others."""
    as_of, posts = given.as_of, given.posts
    given.covered = metrics.coverage(given.pages, as_of=as_of)
    given.stale = given.pages.assign(newest_posted_at=given.pages["newest_posted_at"] - 3 * DAY)
    given.days = daily.from_counter(given.readings, as_of=as_of)
    given.crowd = metrics.crowds(posts, as_of=as_of, days=40)
    given.flags = metrics.breakouts(given.days, as_of=as_of, days=28, crowd=given.crowd)
    given.waking = given.flags.assign(alert="watch")
    given.velocities = metrics.counter_velocity(given.readings, as_of=as_of, daily=given.days)
    given.listed = metrics.velocity(posts, as_of=as_of, coverage=given.covered, daily=given.days)
    given.mix = metrics.region_mix(posts, as_of=as_of)
    uses = given.readings.dropna(subset=["total_uses"]).drop_duplicates("sound_id", keep="last")
    given.facts = uses[["sound_id", "total_uses"]]
    given.leaders = metrics.leaderboard([given.velocities], as_of=as_of, facts=[given.facts], max_uses=None, top=None)
    given.everything = given.leaders.assign(rank=given.leaders["rank"].mask(given.leaders["rank"] > 20))
    given.leader = next(iter(given.leaders["sound_id"]), "")
    given.families = metrics.families(given.sounds)
    given.episodes = metrics.episodes(given.flags)
    given.unflagged = metrics.unflagged(given.flags)
    given.outcomes = metrics.outcomes(given.episodes, given.days, as_of=as_of)
    given.tag_readings = hashtags.readings(given.observations)
    given.tag_days = hashtags.day_by_day(partial(metrics.counter_velocity, given.tag_readings), as_of=as_of, days=10)
    given.tag_counts = daily.from_counter(given.tag_readings, as_of=as_of)
    given.tag_velocities = metrics.counter_velocity(given.tag_readings, as_of=as_of)
    given.tagged = hashtags.tagged(posts, given.post_hashtags)
    given.entries = charted(given.days)
    given.curves = drawn(given.days)
    vars(given).update(listed(given.sounds, as_of))
    given.pulled = metrics.by_pull(given.chart_entries, given.chart_pages, as_of=as_of)
    return given


def charted(days):
    """Make a chart out of daily counts, pulled each day."""
    entries = days[["sound_id", "day"]].assign(region="US", period_days=7, pulled_at=days["day"] + DAY)
    rank = days.groupby("day")["posts"].rank(method="first", ascending=False)
    return entries.assign(rank=rank.astype("Int64"), rank_move="same")


def drawn(days):
    """Make curves of the first sounds, pulled every ten days with the twenty days before."""
    some = days[days["sound_id"].isin(sorted(set(days["sound_id"]))[:6])].dropna(subset=["posts"])
    pulls = [some.assign(pulled_at=some["day"].max() - 10 * DAY * back) for back in range(4)]
    curves = pd.concat(pulls, ignore_index=True)
    curves["pulled_at"] = pd.to_datetime(curves["pulled_at"], utc=True).astype(PANDAS_TYPES["time"])
    is_shown = (curves["day"] < curves["pulled_at"]) & (curves["day"] >= curves["pulled_at"] - 20 * DAY)
    curves = curves[is_shown].assign(value=curves["posts"] / curves["posts"].max())
    return curves[["sound_id", "pulled_at", "day", "value"]].reset_index(drop=True)


def listed(sounds, as_of):
    """Make three pulls of a chart of all sounds, each without one sound, with audiences and a catalogue."""
    sounds = sounds.head(12)
    times = [pd.Timestamp(as_of) - DAY * back for back in (3, 2, 1)]
    pages = pd.DataFrame({"answer_id": ["a1", "a2", "a3"], "observed_at": times, "region": "US", "period_days": 7})
    pages = pages.assign(search_keyword=None, new_to_top_100=False, commercial_music=False, page=1, total=11)
    pages = pages.assign(has_more=False, items=11).astype({"observed_at": PANDAS_TYPES["time"]})
    parts = [
        sounds[["sound_id"]].drop(index=place, errors="ignore").assign(answer_id=f"a{place + 1}") for place in range(3)
    ]
    entries = pd.concat(parts, ignore_index=True).assign(
        region="US", trend='[["2026-03-01", 0.5], ["2026-03-02", 1.0]]'
    )
    scores = sounds[["sound_id"]].merge(pd.DataFrame({"code": ["US", "BR"], "score": [3.0, 1.0]}), how="cross")
    scores = scores.assign(region="US", period_days=7, kind="country", name=scores["code"], observed_at=times[0])
    tracks = sounds[["title", "artist"]].assign(track_id=sounds["sound_id"].str[::-1], album="Album")
    return {
        "chart_pages": pages,
        "chart_entries": entries,
        "scores": scores.astype({"observed_at": PANDAS_TYPES["time"]}),
        "tracks": tracks,
        "asked": next(iter(tracks["title"][3:]), ""),
    }


class On:
    """The sample's frames in one engine, each brought there when it is asked for."""

    def __init__(self, sample, engine):
        self._one = cache(lambda name: self._brought(getattr(sample, name), engine))

    def _brought(self, value, engine):
        return engine(value) if isinstance(value, pd.DataFrame) else value

    def __getattr__(self, name):
        return self._one(name)


# Every public metric, on what was made of it


# bars so low that something passes
WAKING = metrics.REACTIVATION.changed("test", age_days=0.0, quiet_posts=1e9)
EARLY = metrics.CATCH_THEM_EARLY.changed("test", growth_rate=0.5, total_uses=1e12, posts_last_24h=0.0)

METRICS = {
    "coverage": lambda on: metrics.coverage(on.pages, as_of=on.as_of),
    "lagging": lambda on: metrics.lagging(on.covered, on.stale, on.days, as_of=on.as_of),
    "velocity": lambda on: metrics.velocity(on.posts, as_of=on.as_of, coverage=on.covered, daily=on.days),
    "counter_velocity": lambda on: metrics.counter_velocity(on.readings, as_of=on.as_of),
    "daily.from_counter": lambda on: daily.from_counter(on.readings, as_of=on.as_of),
    "daily.from_posts": lambda on: daily.from_posts(on.posts, as_of=on.as_of, coverage=on.covered, posts_per_creator=2),
    "crowds": lambda on: metrics.crowds(on.posts, as_of=on.as_of),
    "breakouts": lambda on: metrics.breakouts(on.days, as_of=on.as_of),
    "breakouts, days": lambda on: metrics.breakouts(on.days, as_of=on.as_of, days=28, crowd=on.crowd),
    "catch_them_early": lambda on: metrics.catch_them_early(on.leaders, rule=EARLY),
    "reactivations": lambda on: metrics.reactivations(on.waking, on.days, as_of=on.as_of, rule=WAKING),
    "region_mix": lambda on: metrics.region_mix(on.posts, as_of=on.as_of),
    "top_region": lambda on: metrics.top_region(on.mix),
    "crossover": lambda on: metrics.crossover(on.posts, as_of=on.as_of),
    "concentration": lambda on: metrics.concentration(on.posts, as_of=on.as_of),
    "top_creators": lambda on: metrics.top_creators(on.posts, as_of=on.as_of, followers=on.followers),
    "leave_one_out": lambda on: metrics.leave_one_out(
        on.posts, as_of=on.as_of, measure=metrics.velocity, coverage=on.covered
    ),
    "leaderboard": lambda on: metrics.leaderboard(
        [on.velocities, on.listed], as_of=on.as_of, facts=[on.facts, on.sounds], max_uses=None, top=None
    ),
    "why": lambda on: metrics.why(on.leader, on.leaders),
    "unranked": lambda on: metrics.unranked(on.everything),
    "families": lambda on: metrics.families(on.sounds),
    "family_totals": lambda on: metrics.family_totals(on.posts, on.families, as_of=on.as_of, coverage=on.covered),
    "version_share": lambda on: metrics.version_share(on.posts, on.families, as_of=on.as_of),
    "forecast": lambda on: metrics.forecast(on.days, as_of=on.as_of),
    "forecast_errors": lambda on: metrics.forecast_errors(on.days, as_of=on.as_of),
    "episodes": lambda on: metrics.episodes(on.flags),
    "unflagged": lambda on: metrics.unflagged(on.flags),
    "outcomes": lambda on: metrics.outcomes(on.episodes, on.days, as_of=on.as_of),
    "hit_rate": lambda on: metrics.hit_rate(on.outcomes, on.outcomes),
    "replay": lambda on: metrics.replay(lambda _: on.days, metrics.BREAKOUT, **span(on)),
    "backtest": lambda on: metrics.backtest(lambda _: on.days, metrics.BREAKOUT, **span(on)),
    "stitch": lambda on: metrics.stitch(on.curves, as_of=on.as_of),
    "longevity": lambda on: metrics.longevity(on.entries, as_of=on.as_of),
    "rank_path": lambda on: metrics.rank_path(on.entries, as_of=on.as_of),
    "by_pull": lambda on: metrics.by_pull(on.chart_entries, on.chart_pages, as_of=on.as_of),
    "curve_points": lambda on: metrics.curve_points(on.pulled, as_of=on.as_of),
    "changes": lambda on: metrics.changes(on.pulled, thing="sound_id", as_of=on.as_of, within=["region"]),
    "audience": lambda on: metrics.audience(on.scores, as_of=on.as_of),
    "match_tracks": lambda on: metrics.match_tracks(on.tracks, on.sounds),
    "find_tracks": lambda on: metrics.find_tracks(on.tracks, on.asked),
    "expected": lambda on: metrics.expected(on.days, as_of=on.as_of),
    "reach": lambda on: metrics.reach(on.posts, on.views, as_of=on.as_of),
    "reach_by_day": lambda on: metrics.reach_by_day(on.posts, on.views, as_of=on.as_of),
    "region_history": lambda on: metrics.region_history(on.posts, as_of=on.as_of, cells=4, span_days=7),
    "top_posts": lambda on: metrics.top_posts(on.posts, as_of=on.as_of),
    "hashtag_counts": lambda on: metrics.hashtag_counts(on.posts, on.post_hashtags, as_of=on.as_of),
    "caption_hashtags": lambda on: metrics.caption_hashtags(on.posts, on.post_hashtags, as_of=on.as_of),
    "hashtags.tagged": lambda on: metrics.velocity(hashtags.tagged(on.posts, on.post_hashtags), as_of=on.as_of),
    "hashtags.readings": lambda on: metrics.counter_velocity(hashtags.readings(on.observations), as_of=on.as_of),
    "hashtags.feeds": lambda on: hashtags.feeds(on.covered, on.hashtags),
    "hashtags.named": lambda on: hashtags.named(on.velocities),
    "hashtags.bumps": lambda on: hashtags.bumps(on.observations, as_of=on.as_of),
    "hashtags.day_by_day": lambda on: hashtags.day_by_day(
        partial(metrics.counter_velocity, on.tag_readings), as_of=on.as_of, days=2
    ),
    "hashtags.calendar": lambda on: hashtags.calendar(on.tag_days, on.tag_counts, as_of=on.as_of),
    "hashtags.creator_brief": lambda on: hashtags.creator_brief(on.tag_velocities, on.tagged, as_of=on.as_of),
    "hashtags.co_occurrence": lambda on: hashtags.co_occurrence(on.tagged, as_of=on.as_of),
}


def span(on):
    return {"detect": metrics.breakouts, "start": on.as_of - 4 * DAY, "end": on.as_of}
