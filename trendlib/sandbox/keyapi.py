"""KeyAPI as the practice world answers it: the hundred most used sounds of a market, and one sound in detail.

The chart of a day rests on the days before it: posts of the last ``period`` days times the market's share of them.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from trendlib.sandbox.quirks import draw
from trendlib.sandbox.regions import REGION_COUNT, REGIONS, region_index
from trendlib.sandbox.words import INTERESTS
from trendlib.sandbox.world import World

_PERIODS = {"7": 7, "30": 30, "120": 120}
_TOP, _MOST_ON_A_PAGE = 100, 20
_UP, _SAME, _DOWN, _NEW = 1, 2, 3, 4


@dataclass(frozen=True, eq=False)
class KeyApi:
    """Answers KeyAPI's endpoints from a world: pure, given ``now``."""

    world: World

    def answer(self, endpoint: str, params: Mapping[str, str], now: int) -> tuple[int, dict[str, Any]]:
        """Answer a question as of an instant (Unix time): HTTP status and body.

        Raises
        ------
        KeyError
            If there is no such endpoint.
        """
        respond = {
            "/v1/tiktok/trending/music": self._trending,
            "/v1/tiktok/trending/music/detail": self._detail,
        }[endpoint]
        status, data = respond(params, now)
        if status != 200:
            return status, {"code": status, "data": None, "message": data}
        drawn = draw(self.world.seed, endpoint, sorted(params.items()), now)
        request = uuid.UUID(int=drawn << 64 | draw(drawn, "request"))
        return 200, {"code": 0, "message": "success", "data": data, "requestId": str(request)}

    def _trending(self, params: Mapping[str, str], now: int) -> tuple[int, Any]:
        region = region_index(params.get("region", "") or "US")
        period = _PERIODS.get(params.get("period", "7"), 7)
        day = self.world.calendar.place(now)[0]
        chart = self._chart(-1 if region is None else region, period, day)
        entries = [(rank, row) for rank, row in enumerate(chart, start=1) if self._is_wanted(row, params)]
        if params.get("new_to_top_100", "") == "true":
            entries = [(rank, row) for rank, row in entries if self._move(row, rank, region, period, day)[1] == _NEW]
        page, limit = _number(params, "page", 1), min(_number(params, "limit", _MOST_ON_A_PAGE), _MOST_ON_A_PAGE)
        part = entries[(page - 1) * limit : page * limit]
        sounds = []
        for rank, row in part:
            diff, kind = self._move(row, rank, region, period, day)
            moves = {"rank": rank, "rank_diff": diff, "rank_diff_type": kind}
            sounds.append(self._sound(row, region, period, day) | moves)
        has_more = page * limit < len(entries)
        return 200, {
            "pagination": {"page": page, "size": limit, "total": len(entries), "has_more": has_more},
            "sound_list": sounds,
        }

    def _detail(self, params: Mapping[str, str], now: int) -> tuple[int, Any]:
        clip_id = params.get("clip_id", "")
        if not clip_id:
            return 400, "Missing required parameter: clip_id"
        row = self.world.sound_rows.get(clip_id)
        if row is None or self.world.catalogue[row].born_at > now:
            return 500, "Internal server error"
        region = region_index(params.get("region", "") or "US")
        period = _PERIODS.get(params.get("period", "7"), 7)
        day = min(max(self.world.calendar.place(now)[0], 1), self.world.calendar.length)
        shares = self.world.posts.mix.shares(np.array([row]), np.array([day - 1]))[0]
        usual = np.array([one.weight for one in REGIONS]) / sum(one.weight for one in REGIONS)
        index = np.round(100 * shares / usual).astype(int)
        top = np.argsort(-index, kind="stable")[:10]
        sound = self._sound(row, region, period, day) | {
            "rank": None, "rank_diff": None, "audience_ages": None,
            "audience_countries": [
                {"country_info": {"id": str(100_000 + place), "label": code, "value": name}, "score": int(index[place])}
                for place, code, name in ((place, REGIONS[place].code, REGIONS[place].name) for place in top.tolist())
            ],
            "audience_interests": self._interests(clip_id),
            "longevity": {"popular_days": draw(clip_id, "popular") % 40, "current_popularity": draw(clip_id, day) % 99},
            "music_url": None,
        }  # fmt: skip
        return 200, {"disliked": None, "like_count": None, "liked": None, "sound": sound}

    def _sound(self, row: int, region: int | None, period: int, day: int) -> dict[str, Any]:
        sound = self.world.catalogue[row]
        name = sound.title.replace(" ", "-")
        return {
            "author": sound.artist,
            "clip_id": sound.sound_id,
            "country_code": REGIONS[region].code if region is not None else "US",
            "cover": f"https://cdn.sandbox.invalid/music/{sound.sound_id}.jpg",
            "duration": sound.duration_s,
            "if_cml": sound.is_commercial,
            "is_search": False,
            "link": f"https://www.tiktok.com/music/x-{sound.sound_id}",
            "on_list_times": None,
            "promoted": False,
            "related_items": None,
            "song_id": sound.song_id,
            "title": sound.title,
            "trend": self._trend(row, period, day),
            "url_title": name,
        }

    def _trend(self, row: int, period: int, day: int) -> list[dict[str, Any]]:
        """Daily curve up to the day before, the largest day being 1: shape without volume."""
        calendar = self.world.calendar
        last = min(day, calendar.length)
        days = range(max(last - period, int(self.world.cast.born[row]), 0), last)
        counts = self.world.posts.counts[row, days.start : days.stop] if days else np.zeros(0)
        most = max(int(counts.max(initial=0)), 1)
        return [
            {"time": calendar.second_of(one), "value": round(int(count) / most, 2)}
            for one, count in zip(days, counts.tolist(), strict=True)
        ]

    def _interests(self, clip_id: str) -> list[dict[str, Any]]:
        start = draw(clip_id, "interests")
        places = [(start + step) % len(INTERESTS) for step in range(5)]
        infos = [
            {"id": str(10_001 + place), "label": f"diversify_{10_001 + place}", "value": INTERESTS[place]}
            for place in places
        ]
        return [
            {"interest_info": info, "score": 1_200 // turn + start % 50} for turn, info in enumerate(infos, start=1)
        ]

    def _is_wanted(self, row: int, params: Mapping[str, str]) -> bool:
        sound = self.world.catalogue[row]
        keyword = params.get("search_keyword", "FALSE")
        is_found = keyword in {"", "FALSE"} or keyword.casefold() in f"{sound.title} {sound.artist}".casefold()
        return is_found and (params.get("commercial_music", "") != "true" or sound.is_commercial)

    def _move(self, row: int, rank: int, region: int | None, period: int, day: int) -> tuple[int | None, int]:
        before = self._chart(-1 if region is None else region, period, day - 1)
        if row not in before:
            return None, _NEW
        diff = before.index(row) + 1 - rank
        return abs(diff), _UP if diff > 0 else _DOWN if diff < 0 else _SAME

    @cached_property
    def _chart(self) -> Callable[[int, int, int], list[int]]:
        return lru_cache(maxsize=256)(self._draw_chart)

    def _draw_chart(self, region: int, period: int, day: int) -> list[int]:
        """Places of the top hundred sounds of a region, from the days before this one."""
        last = min(day, self.world.calendar.length)
        if last < 1 or not 0 <= region < REGION_COUNT:
            return []
        rows = np.arange(self.world.sounds)
        uses = self.world.posts.counts[: self.world.sounds, max(last - period, 0) : last].sum(axis=1)
        share = self.world.posts.mix.shares(rows, np.full(len(rows), last - 1))[:, region]
        score = uses * share
        ranked = np.argsort(-score, kind="stable")[:_TOP]
        return [int(row) for row in ranked if score[row] > 0]


def _number(params: Mapping[str, str], name: str, default: int) -> int:
    text = params.get(name, "")
    return max(int(text), 1) if text.isdecimal() else default
