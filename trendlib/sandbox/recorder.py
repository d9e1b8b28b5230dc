"""Records daily sweeps over a practice world: what a patient client would have in its archive, without any HTTP.

A recording has one JSON line an answer: ``{"fetched_at", "provider", "endpoint", "params", "status", "body"}``.
"""

import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from trendlib.sandbox.gate import provider_of
from trendlib.sandbox.practice import Practice
from trendlib.sandbox.world import World, unix

_BASELINE = timedelta(days=8)
_BETWEEN_ANSWERS = timedelta(seconds=1)
_LONG_TEXTS = ("cover", "origin_cover", "wmplay", "avatar", "avatarThumb", "avatarMedium", "avatarLarger")


@dataclass(frozen=True)
class SweepPlan:
    """What a recorded sweep asks for, every day.

    Attributes
    ----------
    first, last
        First and last day swept; None for the world's own.
    at
        Time of day (UTC) at which a sweep begins.
    paged_sounds, paged_hashtags
        Sound ids, and hashtags, whose newest posts are paged through, back to what the sweep before knew; None for
        `teaching_sounds`.
    most_pages
        Pages after which such a walk gives up.
    creators
        Creators looked up: those with the most views on the day's pages.
    chart_regions
        Markets whose charts of 7 days are fetched, to the end.
    detailed_sounds
        Sound ids whose details (audience) are asked for on Mondays, in the first market.
    has_catalogue
        Whether the licensed-music catalogue is fetched.
    """

    first: date | None = None
    last: date | None = None
    at: time = time(6)
    paged_sounds: Sequence[str] | None = None
    paged_hashtags: Sequence[str] = ()
    most_pages: int = 7
    creators: int = 3
    chart_regions: Sequence[str] = ("US",)
    detailed_sounds: Sequence[str] = ()
    has_catalogue: bool = False


def teaching_sounds(world: World) -> list[str]:
    """Choose the sounds worth paging: the one of each class, and the crossover, that can be seen at the world's end."""
    return [sound.sound_id for sound, is_staged in zip(world.catalogue, world.cast.is_staged, strict=True) if is_staged]


def record(practice: Practice, file: Path, plan: SweepPlan | None = None) -> int:
    """Write a recording of daily sweeps and count its answers.

    Long addresses of pictures are left out of bodies; their keys stay.

    Parameters
    ----------
    practice
        Who answers, for example ``Server(world).source``.
    file
        File to write: ``.jsonl``, or ``.jsonl.gz`` with neither name nor time in its head.
    plan
        What to ask for; None for the default plan.
    """
    with _writing(file) as lines:
        number = 0
        for line in _sweeps(practice, plan or SweepPlan()):
            lines.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
            number += 1
    return number


def _sweeps(practice: Practice, plan: SweepPlan) -> Iterator[dict[str, Any]]:
    world = practice.feeds.world
    day = plan.first or world.start
    last = plan.last or (world.end - timedelta(days=1)).date()
    before: datetime | None = None
    while day <= last:
        sweep = _Sweep(practice, datetime.combine(day, plan.at, UTC))
        begun = sweep.now
        yield from sweep.answers(plan, (before or begun - _BASELINE))
        before, day = begun, day + timedelta(days=1)


@dataclass
class _Sweep:
    """One day's sweep: its clock goes on by a second an answer."""

    practice: Practice
    now: datetime

    def answers(self, plan: SweepPlan, known_until: datetime) -> Iterator[dict[str, Any]]:
        world = self.practice.feeds.world
        for sound in world.catalogue:
            if sound.born_at < unix(self.now):
                yield self._ask("/music-info/", music_id=sound.sound_id)
        for tag in world.tags:
            yield self._ask("/challenge-info-name/", name=tag.name)
        paged = teaching_sounds(world) if plan.paged_sounds is None else plan.paged_sounds
        seen: dict[str, int] = {}
        walks = [("/music-posts/", "music_id", sound_id) for sound_id in paged]
        walks += [
            ("/challenge-posts/", "challenge_id", world.tags[world.hashtag_rows[name]].challenge_id)
            for name in plan.paged_hashtags
        ]
        for endpoint, name, subject in walks:
            for line in self._walk(endpoint, {name: subject, "count": "30"}, plan.most_pages, unix(known_until)):
                yield line
                for video in _videos(line["body"]):
                    if isinstance(video.get("author"), dict) and isinstance(video.get("play_count"), int):
                        seen[video["author"]["unique_id"]] = video["play_count"]
        for handle in sorted(seen, key=lambda one: (-seen[one], one))[: plan.creators]:
            yield self._ask("/userinfo-by-username/", username=handle)
        yield from self._market(plan)

    def _market(self, plan: SweepPlan) -> Iterator[dict[str, Any]]:
        for region in plan.chart_regions:
            page, has_more = 0, True
            while has_more:
                page += 1
                params = {"region": region, "period": "7", "page": str(page), "limit": "20"}
                line = self._ask("/v1/tiktok/trending/music", **params)
                yield line
                has_more = line["body"]["data"]["pagination"]["has_more"]
        if self.now.weekday() == 0:
            world = self.practice.feeds.world
            for sound_id in plan.detailed_sounds:
                if world.catalogue[world.sound_rows[sound_id]].born_at < unix(self.now):
                    asked = {"clip_id": sound_id, "period": "7", "region": plan.chart_regions[0]}
                    yield self._ask("/v1/tiktok/trending/music/detail", **asked)
        if plan.has_catalogue:
            yield self._ask("/v1/tiktok-music")

    def _walk(self, endpoint: str, params: Mapping[str, str], most: int, until: int) -> Iterator[dict[str, Any]]:
        cursor = ""
        for _ in range(most):
            line = self._ask(endpoint, **params, **({"cursor": cursor} if cursor else {}))
            yield line
            body = line["body"].get("data", line["body"])
            times = [video["create_time"] for video in _videos(body) if isinstance(video.get("create_time"), int)]
            has_reached = bool(times) and min(times) < until
            if has_reached or not body.get("hasMore", body.get("has_more")) or str(body["cursor"]) == cursor:
                return
            cursor = str(body["cursor"])

    def _ask(self, endpoint: str, **params: str) -> dict[str, Any]:
        status, body = self.practice.answer(endpoint, params, self.now)
        line = {
            "fetched_at": self.now.isoformat().replace("+00:00", "Z"),
            "provider": provider_of(endpoint),
            "endpoint": endpoint,
            "params": params,
            "status": status,
            "body": _lean(body),
        }
        self.now += _BETWEEN_ANSWERS
        return line


def _videos(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    data = body.get("data", body)
    videos: list[dict[str, Any]] = data.get("videos", []) if isinstance(data, dict) else []
    return videos


def _lean(body: Any) -> Any:
    if isinstance(body, dict):
        return {name: "" if name in _LONG_TEXTS else _lean(value) for name, value in body.items()}
    return [_lean(one) for one in body] if isinstance(body, list) else body


@contextmanager
def _writing(file: Path) -> Iterator[io.TextIOBase]:
    """Open a file for text; a compressed one without name and time in its head, so that its bytes can be made again."""
    if file.suffix != ".gz":
        with file.open("w", encoding="utf-8", newline="\n") as lines:
            yield lines
        return
    with (
        file.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as lines,
    ):
        yield lines
