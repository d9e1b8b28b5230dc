"""Finding sounds that nobody on the team follows yet.

Three places show them early: what people posted in the last day under the team's keywords, market by
market, what the team's tastemakers posted in the last week, and the trending charts that were pulled.
Each find says where it was seen. It is an offer for the watchlist; nothing is added by itself.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from trendlib.api import tiklive
from trendlib.config import Config
from trendlib.errors import ConfigError
from trendlib.runs.run import Clock, OnProgress, Run, RunReport, Walk, silent, utc_now
from trendlib.schema import Answer, Call
from trendlib.watchlist import Watchlist

SEARCH_WINDOW = timedelta(days=1)
TASTEMAKER_WINDOW = timedelta(days=7)
SEARCH_PAGES = 3
CHART_COLUMNS = ("sound_id", "title", "artist", "is_commercial", "best_rank", "charts", "is_new", "found_by")
COLUMNS = ("sound_id", "title", "artist", "is_original", "posts", "creators", "views", "newest_posted_at", "found_by")


@dataclass(frozen=True)
class Discovery:
    """What was found, and what it took.

    Attributes
    ----------
    frame
        One row a sound not yet watched, most creators first: ``sound_id, title, artist, is_original,
        posts`` [posts], ``creators`` [creators], ``views`` [views], ``newest_posted_at`` [UTC],
        ``found_by`` (where it was seen).
    run
        Credits, failures and what was loaded.
    """

    frame: pd.DataFrame
    run: RunReport


def discover(
    config: Config,
    watchlist: Watchlist,
    *,
    budget: int | None = None,
    clock: Clock = utc_now,
    on_progress: OnProgress = silent,
) -> Discovery:
    """Search the watchlist's keywords and read its tastemakers for sounds not watched yet.

    Parameters
    ----------
    config
        Keys, folders and limits.
    watchlist
        Its keywords, in each of its regions, and its creators.
    budget
        Credits it may spend; None for no limit [credits].
    clock
        Gives the instant.
    on_progress
        Told the stage, how many are done and of how many.

    Returns
    -------
        The sounds found.

    Raises
    ------
    ConfigError
        If the watchlist has no keywords and no creators.
    """
    if not (watchlist.keywords or watchlist.creators):
        raise ConfigError("Asked to discover; the watchlist has no keywords and no creators to look by. Add some.")
    markets: Sequence[str | None] = watchlist.regions or (None,)
    searches = [tiklive.search_videos(word, region=one) for word in watchlist.keywords for one in markets]
    accounts = [tiklive.user_posts(handle) for handle in watchlist.creators]
    with Run(config, budget=budget, clock=clock, on_progress=on_progress) as run:
        now = run.clock()
        found = run.walk_all("keywords", [_walk(run, call, SEARCH_PAGES) for call in searches])
        found += run.walk_all("tastemakers", [_walk(run, call, 1) for call in accounts])
    since = [now - SEARCH_WINDOW] * len(searches) + [now - TASTEMAKER_WINDOW] * len(accounts)
    sightings = [
        sighting
        for call, answers, oldest in zip([*searches, *accounts], found, since, strict=True)
        for answer in answers
        for sighting in _sightings(call, answer, oldest)
    ]
    return Discovery(_by_sound(sightings, watchlist.sounds), run.report)


def chart_finds(entries: pd.DataFrame, watched: Sequence[str]) -> pd.DataFrame:
    """Offer the sounds of trending charts that are not watched yet; no credit is spent.

    Parameters
    ----------
    entries
        Rows of ``chart_entries``: of the pulls to look at, such as the last day's.
    watched
        Sounds of the watchlist.

    Returns
    -------
        One row a sound, best rank first: ``sound_id``, ``title``, ``artist``, ``is_commercial``, ``best_rank`` [rank],
        ``charts`` (on how many) [charts], ``is_new`` (the provider called it new on one), ``found_by`` (on which
        charts, at which rank).
    """
    fresh = entries[~entries["sound_id"].isin(list(watched))].sort_values(["observed_at", "rank"])
    latest = fresh.drop_duplicates(["sound_id", "region", "period_days"], keep="last")
    if latest.empty:
        return pd.DataFrame(columns=list(CHART_COLUMNS))
    latest = latest.assign(found_by=[_place(row) for row in latest.to_dict("records")])
    sounds = latest.sort_values(["sound_id", "rank"]).groupby("sound_id")
    board = sounds.agg(
        title=("title", "last"),
        artist=("artist", "last"),
        is_commercial=("is_commercial", "last"),
        best_rank=("rank", "min"),
        charts=("found_by", "size"),
        is_new=("rank_move", lambda moves: bool((moves == "new").any())),
        found_by=("found_by", ", ".join),
    )
    board = board.reset_index().sort_values(["best_rank", "charts", "sound_id"], ascending=[True, False, True])
    return board[list(CHART_COLUMNS)].reset_index(drop=True)


def _place(entry: Mapping[Hashable, Any]) -> str:
    """Say where a sound stands: ``chart BR, 7 days: 3, new``."""
    region = "" if pd.isna(entry["region"]) else f" {entry['region']}"
    period = "" if pd.isna(entry["period_days"]) else f", {entry['period_days']} days"
    rank = "" if pd.isna(entry["rank"]) else f": {entry['rank']}"
    return f"chart{region}{period}{rank}{', new' * (entry['rank_move'] == 'new')}"


def _walk(run: Run, call: Call, max_pages: int) -> Walk:
    return Walk(call, partial(tiklive.walk, run.fetch, call, max_pages=max_pages))


def _sightings(call: Call, answer: Answer, oldest: datetime) -> list[dict[str, object]]:
    """List the dated posts of a page that are young enough; the provider's own filter is not relied on."""
    tables = tiklive.parse(answer).tables
    sounds = {row["sound_id"]: row for row in tables.get("sounds", ())}
    views = {row["post_id"]: row["views"] for row in tables.get("post_observations", ())}
    where = call.params.get("keyword") or f"@{call.params['unique_id']}"
    market = f" in {call.params['region']}" if call.params.get("region") else ""
    return [
        {
            **{name: sounds.get(post["sound_id"], {}).get(name) for name in ("title", "artist", "is_original")},
            "sound_id": post["sound_id"],
            "post_id": post["post_id"],
            "creator_id": post["creator_id"],
            "views": views.get(post["post_id"]),
            "posted_at": post["posted_at"],
            "found_by": where + market,
        }
        for post in tables.get("posts", ())
        if post["sound_id"] and post["posted_at"] and post["posted_at"] >= oldest
    ]


def _by_sound(sightings: list[dict[str, object]], watched: Sequence[str]) -> pd.DataFrame:
    seen = pd.DataFrame(sightings)
    if seen.empty or seen["sound_id"].isin(watched).all():
        return pd.DataFrame(columns=list(COLUMNS))
    fresh = seen[~seen["sound_id"].isin(watched)]
    places = fresh.groupby("sound_id")["found_by"].agg(lambda found: ", ".join(sorted(set(found))))
    posts = fresh.drop_duplicates("post_id").groupby("sound_id")
    board = posts.agg(
        title=("title", "first"),
        artist=("artist", "first"),
        is_original=("is_original", "first"),
        posts=("post_id", "nunique"),
        creators=("creator_id", lambda ids: ids.nunique() or pd.NA),
        views=("views", lambda views: views.sum(min_count=1)),
        newest_posted_at=("posted_at", "max"),
    )
    board = (
        board.join(places).reset_index().sort_values(["creators", "views", "sound_id"], ascending=[False, False, True])
    )
    return board[list(COLUMNS)].reset_index(drop=True)
