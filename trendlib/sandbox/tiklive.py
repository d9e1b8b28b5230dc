"""TikLiveAPI as the practice world answers it: twelve endpoints, flat bodies or the family's wrapped ones.

An answer is a pure function of the endpoint, its parameters and ``now``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import numpy as np

from trendlib.sandbox.creators import region_of
from trendlib.sandbox.days import RUN_UP
from trendlib.sandbox.draws import Ints
from trendlib.sandbox.feeds import Feeds, Page, Subject
from trendlib.sandbox.quirks import chance, draw
from trendlib.sandbox.regions import REGIONS, region_index
from trendlib.sandbox.shapes import Shapes
from trendlib.sandbox.sounds import Sound
from trendlib.sandbox.world import World

Params: TypeAlias = Mapping[str, str]
URL_FAILED = "Url parsing is failed! Please check url."
_MOST_SUBJECTS, _MOST_FOUND = 12, 240
_DAYS_OF_SEARCH = {"0": 3650, "1": 1, "7": 7, "30": 30, "90": 90, "180": 180}


class RefusedError(Exception):
    """The provider's word for a question it cannot answer; it travels in a body with HTTP 200."""


@dataclass(frozen=True, eq=False)
class TikLive:
    """Answers TikLiveAPI's endpoints from a world."""

    feeds: Feeds
    wrapped: bool = False

    def answer(self, endpoint: str, params: Params, now: int) -> dict[str, Any]:
        """Answer a question as of an instant (Unix time).

        Raises
        ------
        KeyError
            If there is no such endpoint.
        """
        respond = self._endpoints[endpoint]
        spent = round(0.05 + draw(self.world.seed, endpoint, sorted(params.items()), now) % 900 / 1000, 4)
        try:
            data = respond(params, now)
        except RefusedError as refusal:
            return {"code": -1, "msg": str(refusal), "processed_time": spent}
        return {"code": 0, "msg": "success", "processed_time": spent, "data": data} if self.wrapped else data

    @property
    def world(self) -> World:
        """The world that is asked about."""
        return self.feeds.world

    @cached_property
    def shapes(self) -> Shapes:
        """How things are written down."""
        return Shapes(self.world.seed, self.feeds.quirks, self._staged)

    @cached_property
    def _staged(self) -> frozenset[str]:
        """Sounds that are there to be seen: neither removed nor cleaned up."""
        pairs = zip(self.world.catalogue, self.world.cast.is_staged, strict=True)
        return frozenset(sound.sound_id for sound, is_staged in pairs if is_staged)

    @cached_property
    def _endpoints(self) -> dict[str, Callable[[Params, int], dict[str, Any]]]:
        return {
            "/music-info/": self._music_info,
            "/music-posts/": self._music_posts,
            "/search-video/": self._search_video,
            "/user-posts/": self._user_posts,
            "/userinfo-by-username/": self._userinfo,
            "/post-detail/": self._post_detail,
            "/region-list/": lambda _params, _now: {region.code: region.name for region in REGIONS},
            "/download-music/": self._download_music,
            "/challenge-info-name/": self._challenge_by_name,
            "/challenge-info-id/": self._challenge_by_id,
            "/challenge-posts/": self._challenge_posts,
            "/search-challenge/": self._search_challenge,
        }

    def _music_info(self, params: Params, now: int) -> dict[str, Any]:
        sound_id = _needed(params, "music_id")
        sound, uses = self._sound(sound_id, now)
        info = self.shapes.music_info(sound)
        quirks = self.feeds.quirks
        if quirks.missing_counters and chance(50, self.world.seed, sound_id, now, "no counter"):
            return info
        if quirks.clean_ups and sound_id not in self._staged:
            uses = self._cleaned_up(sound_id, uses, now)
        if quirks.two_backends and self._is_split(sound_id) and chance(2, self.world.seed, sound_id, now, "backend"):
            uses = uses * 91 // 100
        return {**info, "video_count": self.shapes.counter(uses)}

    def _is_split(self, sound_id: str) -> bool:
        """Whether two backends know different numbers of a sound: of one in twenty, and of none that is staged."""
        return sound_id not in self._staged and chance(20, self.world.seed, sound_id, "two backends")

    def _cleaned_up(self, sound_id: str, uses: int, now: int) -> int:
        """Take away what the platform deletes overnight, from one sound in thirty."""
        fate = draw(self.world.seed, sound_id, "clean-up")
        night = self.world.calendar.second_of(RUN_UP + fate // 30 % self.world.days)
        row = self.world.sound_rows.get(sound_id)
        if row is None or fate % 30 or now < night:
            return uses
        return uses - self.world.sound_uses(row, night) * (10 + fate // 9_000 % 40) // 100

    def _sound(self, sound_id: str, now: int) -> tuple[Sound, int]:
        """Find a sound of the catalogue, or somebody's own audio, with its exact uses."""
        row = self.world.sound_rows.get(sound_id)
        if row is not None and self.world.catalogue[row].born_at <= now:
            return self.world.catalogue[row], self.world.sound_uses(row, now)
        code = self.world.posts.audio_code(sound_id)
        seen = self._look([code], now) if code is not None else []
        if not seen or seen[0].sound.sound_id != sound_id:
            raise RefusedError(URL_FAILED)
        return seen[0].sound, 1

    def _music_posts(self, params: Params, now: int) -> dict[str, Any]:
        sound_id = _needed(params, "music_id")
        sound, _ = self._sound(sound_id, now)
        row = self.world.sound_rows.get(sound_id)
        start, count = _cursor(params), _count(params, 30)
        if self.shapes.is_removed(sound_id):
            page = Page(np.empty(0, dtype=np.int64), 0, has_more=False)
        elif row is None:
            code = self.world.posts.audio_code(sound.sound_id)
            page = Page(np.array([code])[start:], 1, has_more=False)
        else:
            page = self.feeds.page(Subject("sound", row), now, start, count)
        return self._posts("/music-posts/", sound_id, page, str(page.cursor), now)

    def _download_music(self, params: Params, now: int) -> dict[str, Any]:
        code = self.world.posts.post_code(_post_id(_needed(params, "url")))
        for post in self._look([code] if code is not None else [], now):
            return {"url": self.shapes.music_info(post.sound)["play"]}
        raise RefusedError(URL_FAILED)

    def _post_detail(self, params: Params, now: int) -> dict[str, Any]:
        code = self.world.posts.post_code(_post_id(_needed(params, "url")))
        for post in self._look([code] if code is not None else [], now):
            body = self.shapes.post(post, "/post-detail/")
            return {"id": body.pop("video_id"), **body}
        raise RefusedError(URL_FAILED)

    def _userinfo(self, params: Params, now: int) -> dict[str, Any]:
        number = self._creator(_needed(params, "username"))
        creator = self.world.creators.creator(number)
        seen = int(np.searchsorted(self.world.posts.seconds(self.world.posts.codes_of(number)), now))
        day, _ = self.world.calendar.place(now)
        followers = int(creator.followers * (1 + 0.0006 * max(day, 0)))
        return self.shapes.user(creator, followers, 20 + number % 400 + seen)

    def _user_posts(self, params: Params, now: int) -> dict[str, Any]:
        handle = _needed(params, "unique_id")
        codes = self.world.posts.codes_of(self._creator(handle))
        before, count = _cursor(params), _count(params, 35)
        seconds = self.world.posts.seconds(codes)
        until = min(now, -(-before // 1000)) if before else now
        older = codes[: np.searchsorted(seconds, until)][::-1]
        page, pinned = older[:count], codes[:0]
        if self.feeds.quirks.pinned_and_ads and not before and len(older) > 6:
            pinned = older[3:][np.argsort(-self.world.posts.counters(older[3:], now).views)[: draw(handle) % 4]]
        oldest = int(self.world.posts.seconds(page[-1:])[0]) * 1000 if len(page) else before
        videos = [self.shapes.post(post, "/user-posts/", is_pinned=True) for post in self._look(pinned, now)]
        videos += [self.shapes.post(post, "/user-posts/") for post in self._look(page, now)]
        body = {"videos": videos, "cursor": str(oldest)}
        return self.shapes.has_more(body, has_more=len(older) > len(page), endpoint="/user-posts/", subject=handle)

    def _creator(self, handle: str) -> int:
        number = self.world.creators.number_of(handle.removeprefix("@"))
        if number is None:
            raise RefusedError("unique_id is invalid")
        return number

    def _search_video(self, params: Params, now: int) -> dict[str, Any]:
        keyword = _needed(params, "keyword").casefold()
        since = now - _DAYS_OF_SEARCH.get(params.get("publish_time", "0"), 3650) * 86_400
        subjects = self._matching(keyword)
        each = max(20, _MOST_FOUND // max(len(subjects), 1))
        found = [self.feeds.newest(subject, now, 0, each, since) for subject in subjects]
        codes = np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)
        region = region_index(params.get("region", ""))
        if region is not None and len(codes):
            codes = codes[region_of(self.world.posts.creator_numbers(codes)) == region]
        codes = self._sorted(codes, params.get("sort_by", "0"), keyword, now)
        start, count = _cursor(params), _count(params, 30)
        part = codes[start : start + count]
        page = Page(part, start + len(part), start + count < len(codes))
        return self._posts("/search-video/", keyword, page, page.cursor, now)

    def _matching(self, keyword: str) -> list[Subject]:
        """Sounds and hashtags whose words hold the keyword's, at most a dozen."""
        tag_word = keyword.removeprefix("#")
        sounds = [
            Subject("sound", row)
            for row, sound in enumerate(self.world.catalogue)
            if keyword in sound.title.casefold() or keyword in sound.artist.casefold()
        ]
        tags = [Subject("hashtag", row) for row, tag in enumerate(self.world.tags) if tag_word in tag.name.casefold()]
        ranked = sorted(sounds + tags, key=lambda subject: draw(self.world.seed, keyword, subject))
        return ranked[:_MOST_SUBJECTS]

    def _sorted(self, codes: Ints, sort_by: str, keyword: str, now: int) -> Ints:
        if sort_by == "1":
            return codes[np.argsort(-self.world.posts.counters(codes, now).likes, kind="stable")]
        if sort_by in {"2", "3"}:
            return codes[np.argsort(-self.world.posts.seconds(codes), kind="stable")]
        ranks = [draw(self.world.seed, keyword, code) for code in codes.tolist()]
        return codes[np.argsort(ranks, kind="stable")] if ranks else codes

    def _challenge_by_name(self, params: Params, now: int) -> dict[str, Any]:
        name = _needed(params, "name").removeprefix("#").casefold()
        row = self.world.hashtag_rows.get(name)
        if row is None or (self.feeds.quirks.id_only_hashtags and chance(10, self.world.seed, name, "by id")):
            raise RefusedError(URL_FAILED)
        return self._challenge(row, now)

    def _challenge_by_id(self, params: Params, now: int) -> dict[str, Any]:
        return self._challenge(self._challenge_row(params), now)

    def _challenge_row(self, params: Params) -> int:
        row = self.world.challenge_rows.get(_needed(params, "challenge_id"))
        if row is None:
            raise RefusedError(URL_FAILED)
        return row

    def _challenge(self, row: int, now: int) -> dict[str, Any]:
        return self.shapes.challenge(
            self.world.tags[row], self.world.hashtag_posts(row, now), self.world.hashtag_views(row, now)
        )

    def _challenge_posts(self, params: Params, now: int) -> dict[str, Any]:
        row = self._challenge_row(params)
        region = params.get("region", "").upper()
        subject = Subject("hashtag", row, region)
        page = self.feeds.page(subject, now, _cursor(params), _count(params, 35))
        return self._posts("/challenge-posts/", params["challenge_id"], page, page.cursor, now)

    def _search_challenge(self, params: Params, now: int) -> dict[str, Any]:
        keyword = _needed(params, "keyword").removeprefix("#").casefold()
        rows = [row for row, tag in enumerate(self.world.tags) if keyword in tag.name or tag.name in keyword]
        loose = [row for row, tag in enumerate(self.world.tags) if row not in rows and tag.name[:3] == keyword[:3]]
        found = sorted(rows + loose, key=lambda row: draw(self.world.seed, keyword, row))
        start, count = _cursor(params), _count(params, 30)
        part = found[start : start + count]
        body = {"challenge_list": [self._challenge(row, now) for row in part], "cursor": start + len(part)}
        more = start + count < len(found)
        return self.shapes.has_more(body, has_more=more, endpoint="/search-challenge/", subject=keyword)

    def _posts(self, endpoint: str, subject: str, page: Page, cursor: str | int, now: int) -> dict[str, Any]:
        videos = [self.shapes.post(post, endpoint) for post in self._look(page.codes, now)]
        body = {"videos": videos, "cursor": cursor}
        return self.shapes.has_more(body, has_more=page.has_more, endpoint=endpoint, subject=subject)

    def _look(self, codes: Any, now: int) -> list[Any]:
        return [post for post in self.world.look(np.asarray(codes, dtype=np.int64), now) if post.posted_at < now]


def _needed(params: Params, name: str) -> str:
    value = params.get(name, "")
    if not value:
        raise RefusedError(f"{name} is required")
    return value


def _count(params: Params, most: int) -> int:
    text = params.get("count", str(most))
    return min(max(int(text), 1), most) if text.isdecimal() else most


def _cursor(params: Params) -> int:
    text = params.get("cursor", "") or "0"
    return int(text) if text.isdecimal() else 0


def _post_id(url: str) -> str:
    """Take the post id out of a post's address, or take it as it is."""
    return urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]
