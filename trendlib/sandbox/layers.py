"""Layers as the practice world answers it: commercial tracks, most used first, renewed every 12 hours."""

import uuid
from dataclasses import dataclass
from typing import Any

from trendlib.sandbox.quirks import draw
from trendlib.sandbox.regions import REGIONS
from trendlib.sandbox.world import World

_RENEWED_S = 12 * 3600
_MOST_TRACKS = 200


@dataclass(frozen=True, eq=False)
class Layers:
    """Answers Layers' endpoint from a world: pure, given ``now``."""

    world: World

    def answer(self, now: int) -> dict[str, Any]:
        """Answer as of an instant (Unix time)."""
        renewed = now - now % _RENEWED_S
        tracks = [
            self._track(row, renewed)
            for row, sound in enumerate(self.world.catalogue)
            if sound.is_commercial and sound.born_at < renewed
        ]
        tracks.sort(key=lambda track: -int(track["userCount"]))
        return {"tracks": tracks[:_MOST_TRACKS], "total": len(tracks[:_MOST_TRACKS])}

    def _track(self, row: int, now: int) -> dict[str, Any]:
        sound = self.world.catalogue[row]
        number = uuid.UUID(int=draw(sound.sound_id, "track") << 64 | draw(sound.sound_id, "track", 2), version=4)
        return {
            "id": str(number),
            "title": sound.title,
            "author": sound.artist,
            "album": sound.album if row % 3 == 0 else "",
            "duration": sound.duration_s,
            "previewUrl": f"https://media.sandbox.invalid/music/{number}/preview.mp3",
            "coverUrl": f"https://media.sandbox.invalid/music/{number}/cover.jpg",
            "language": REGIONS[sound.home].language,
            "userCount": self.world.sound_uses(row, now),
            "isCommerceMusic": True,
        }
