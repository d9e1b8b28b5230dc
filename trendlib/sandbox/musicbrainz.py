"""MusicBrainz as the practice world answers it: every second artist of a song is known there, with a release a song.

Without a key, as the real one; without its limit of one question a second, which is the asker's to keep.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trendlib.sandbox.quirks import draw
from trendlib.sandbox.regions import REGIONS
from trendlib.sandbox.sounds import Sound
from trendlib.sandbox.world import World

ARTIST, RELEASE = "/ws/2/artist", "/ws/2/release"
_LABELS = ("Northern Lantern", "Paper Boat Records", "Halb & Halb", "Selo Azul")
_SELF_RELEASED = "[no label]"


@dataclass(frozen=True, eq=False)
class MusicBrainz:
    """Answers the two questions of an artist look-up from a world: pure."""

    world: World

    def answer(self, endpoint: str, params: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer a question: HTTP status and body.

        Raises
        ------
        KeyError
            If there is no such endpoint.
        """
        return {ARTIST: self._artists, RELEASE: self._releases}[endpoint](params)

    def _artists(self, params: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        if not params.get("query"):
            return 400, {"error": "Your query was blank."}
        wanted = re.sub(r"\\(.)", r"\1", params["query"].removeprefix('"').removesuffix('"')).casefold()
        found = [
            {
                "id": artist_id, "type": "Person", "score": 100 if name.casefold() == wanted else 70, "name": name,
                "sort-name": ", ".join(reversed(name.split(maxsplit=1))), "country": REGIONS[sounds[0].home].code,
                "life-span": {"begin": str(1980 + draw(name, "begin") % 25), "ended": None},
            }
            for artist_id, (name, sounds) in self._known.items()
            if wanted and wanted in name.casefold()
        ]  # fmt: skip
        found.sort(key=lambda artist: -int(str(artist["score"])))
        limit = int(params.get("limit", "25"))
        return 200, {"count": len(found), "offset": 0, "artists": found[:limit]}

    def _releases(self, params: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        if params.get("artist") not in self._known:
            return 404, {"error": "Not Found"}
        _, sounds = self._known[params["artist"]]
        limit, offset = int(params.get("limit", "25")), int(params.get("offset", "0"))
        part = [_release(sound) for sound in sounds[offset : offset + limit]]
        return 200, {"release-count": len(sounds), "release-offset": offset, "releases": part}

    @cached_property
    def _known(self) -> dict[str, tuple[str, list[Sound]]]:
        """Artists by their id there, each with their official sounds."""
        songs: dict[str, list[Sound]] = {}
        for sound in self.world.catalogue:
            if sound.version == "official" and sound.artist and draw(sound.artist, "known") % 2:
                songs.setdefault(sound.artist, []).append(sound)
        return {_number(name, "artist"): (name, sounds) for name, sounds in songs.items()}


def _release(sound: Sound) -> dict[str, Any]:
    turn = draw(sound.song_id, "label") % (len(_LABELS) + 1)
    label = _LABELS[turn] if turn < len(_LABELS) else _SELF_RELEASED
    number = f"{label[:2].upper()}{draw(sound.song_id, 'number') % 900 + 100}" if label != _SELF_RELEASED else None
    return {
        "id": _number(sound.song_id, "release"),
        "title": sound.title,
        "status": "Official",
        "date": f"{2018 + draw(sound.song_id, 'year') % 8}",
        "country": "XW",
        "label-info": [{"catalog-number": number, "label": {"id": _number(label, "label"), "name": label}}],
    }


def _number(name: str, kind: str) -> str:
    return str(uuid.UUID(int=draw(name, kind) << 64 | draw(name, kind, 2), version=4))
