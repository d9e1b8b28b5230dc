"""How TikLiveAPI writes things down: posts, sounds, hashtags and creators as JSON objects, oddities included."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trendlib.sandbox.creators import Creator
from trendlib.sandbox.hashtags import Hashtag
from trendlib.sandbox.quirks import Quirks, chance, draw, rounded
from trendlib.sandbox.sounds import Sound
from trendlib.sandbox.world import SeenPost

_CDN = "https://cdn.sandbox.invalid"


@dataclass(frozen=True)
class Shapes:
    """Writes objects down, for one world (its seed) and one choice of oddities; ``spared`` sounds are never removed."""

    seed: int
    quirks: Quirks
    spared: frozenset[str] = frozenset()

    def post(self, post: SeenPost, endpoint: str, *, is_pinned: bool = False) -> dict[str, Any]:
        """Write a post as list answers hold it."""
        audio = f"{_CDN}/music/{post.sound.sound_id}.mp3"
        media = f"{_CDN}/video/{post.post_id}"
        is_ad = self.quirks.pinned_and_ads and chance(60, self.seed, post.post_id, "ad")
        body: dict[str, Any] = {
            "video_id": post.post_id,
            "region": post.creator.region,
            "title": post.caption,
            "cover": f"{media}.jpg",
            "origin_cover": f"{media}.jpg",
            "duration": 0 if post.is_photo else post.duration_s,
            "play": audio if post.is_photo else f"{media}.mp4",
            "wmplay": audio if post.is_photo else f"{media}.wm.mp4",
            "music": audio,
            "music_info": self.music_info(post.sound),
            "play_count": post.views,
            "digg_count": post.likes,
            "comment_count": post.comments,
            "share_count": post.shares,
            "download_count": post.downloads,
            "collect_count": post.saves,
            "create_time": post.posted_at,
            "is_ad": is_ad,
            "author": self.author(post.creator),
            "is_top": int(is_pinned),
        }
        if post.is_photo:
            body["images"] = [f"{media}-{number}.jpg" for number in (1, 2, 3)]
        return self._odd(body, post, endpoint)

    def music_info(self, sound: Sound) -> dict[str, Any]:
        """Write a sound as posts hold it."""
        is_gone = self.is_removed(sound.sound_id)
        return {
            "id": sound.sound_id,
            "title": "" if is_gone else sound.title,
            "play": "" if is_gone else f"{_CDN}/music/{sound.sound_id}.mp3",
            "cover": f"{_CDN}/music/{sound.sound_id}.jpg",
            "author": "" if is_gone else sound.artist,
            "original": sound.is_original,
            "duration": sound.duration_s,
            "album": sound.album,
        }

    def is_removed(self, sound_id: str) -> bool:
        """Whether a sound has been taken down."""
        may_go = self.quirks.removed_sounds and sound_id not in self.spared
        return may_go and chance(40, self.seed, sound_id, "removed")

    @staticmethod
    def author(creator: Creator) -> dict[str, Any]:
        """Write a creator as posts hold them."""
        return {
            "id": creator.creator_id,
            "unique_id": creator.handle,
            "nickname": creator.nickname,
            "avatar": f"{_CDN}/avatar/{creator.number}.jpg",
        }

    def challenge(self, tag: Hashtag, posts: int, views: int) -> dict[str, Any]:
        """Write a hashtag."""
        return {
            "id": tag.challenge_id,
            "cha_name": tag.name,
            "desc": "",
            "user_count": self.counter(posts),
            "view_count": self.counter(views),
            "is_pgcshow": False,
            "is_commerce": tag.period % 9 == 0,
            "is_challenge": False,
            "is_strong_music": False,
            "type": 1,
            "cover": "",
        }

    def counter(self, exact: int) -> int:
        """Write a counter, rounded if counters are."""
        return rounded(exact, 2 + draw(self.seed, len(str(exact))) % 3) if self.quirks.rounded_counters else exact

    def user(self, creator: Creator, followers: int, videos: int) -> dict[str, Any]:
        """Write a creator's page."""
        return {
            "user": {
                "id": creator.creator_id,
                "uniqueId": creator.handle,
                "nickname": creator.nickname,
                "avatarThumb": f"{_CDN}/avatar/{creator.number}-100.jpg",
                "avatarMedium": f"{_CDN}/avatar/{creator.number}-720.jpg",
                "avatarLarger": f"{_CDN}/avatar/{creator.number}.jpg",
                "signature": creator.signature,
                "verified": creator.is_verified,
                "secUid": f"MS4wLjABAAAA{creator.number:x}",
                "secret": False,
                "ftc": False,
                "relation": 0,
                "openFavorite": creator.number % 2 == 0,
                "commentSetting": 0,
                "duetSetting": 0,
                "stitchSetting": 0,
                "privateAccount": False,
                "isADVirtual": False,
            },
            "stats": {
                "followingCount": creator.following,
                "followerCount": self.counter(followers),
                "heartCount": self.counter(creator.likes),
                "videoCount": videos,
                "diggCount": creator.following * 3,
                "heart": self.counter(creator.likes),
            },
        }

    def has_more(self, body: dict[str, Any], *, has_more: bool, endpoint: str, subject: str) -> dict[str, Any]:
        """Add the word on whether a feed goes on, in one of its spellings."""
        if not self.quirks.odd_flags:
            return {**body, "hasMore": has_more}
        spellings: tuple[dict[str, Any], ...] = (
            {"hasMore": has_more},
            {"hasMore": int(has_more)},
            {"hasMore": "true" if has_more else "false"},
            {"has_more": has_more},
            {"hasMore": has_more} if has_more else {},
        )
        return {**body, **spellings[draw(self.seed, endpoint, subject, "flag") % len(spellings)]}

    def _odd(self, body: dict[str, Any], post: SeenPost, endpoint: str) -> dict[str, Any]:
        place = (self.seed, post.post_id)
        if self.quirks.empty_regions and chance(3, *place, "no region"):
            body["region"] = ""
        elif self.quirks.lower_regions and chance(6, *place, endpoint, "lower"):
            body["region"] = body["region"].lower()
        elif self.quirks.lower_regions and chance(12, *place, "author region"):
            body["author"]["region"] = body.pop("region")
        if self.quirks.missing_fields and chance(6, *place, "missing"):
            _MISSING[draw(*place, "which missing") % len(_MISSING)](body)
        if self.quirks.mistyped_fields and chance(6, *place, "mistyped"):
            _MISTYPED[draw(*place, "which mistyped") % len(_MISTYPED)](body)
        return body


def _short(number: int) -> str:
    return f"{number / 1_000_000:.1f}M" if number >= 1_000_000 else f"{number / 1_000:.1f}K"


def _without(*names: str) -> Callable[[dict[str, Any]], None]:
    def drop(body: dict[str, Any]) -> None:
        for name in names:
            body.pop(name, None)

    return drop


def _with(name: str, write: Callable[[Any], Any]) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        if name in body:
            body[name] = write(body[name])

    return change


_MISSING: tuple[Callable[[dict[str, Any]], None], ...] = (
    _without("create_time"),
    _without("share_count", "download_count", "collect_count"),
    _with("collect_count", lambda _: None),
    _with("digg_count", lambda _: 0),
    _with("play_count", lambda _: None),
    _without("music_info"),
    _with("music_info", lambda _: None),
    _without("author"),
    _without("is_top", "is_ad"),
)
_MISTYPED: tuple[Callable[[dict[str, Any]], None], ...] = (
    _with("create_time", str),
    _with("create_time", lambda second: second * 1000),
    _with("create_time", lambda _: 0),
    _with("play_count", lambda views: _short(views) if views and views >= 1_000 else views),
    _with("comment_count", lambda number: f"{number} comments"),
    _with("author", lambda author: author["unique_id"]),
    _with("music_info", lambda info: info and {**info, "duration": str(info["duration"])}),
    _with("is_top", bool),
)
