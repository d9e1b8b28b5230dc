"""A practice server and a home to sweep it into."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trendlib.sandbox import Server, World


@contextmanager
def serving_a_sweep(
    world: World, home: Path, *, latency_s: float = 0.01, a_minute: int = 0
) -> Iterator[tuple[Server, dict[str, str]]]:
    """Serve a world, make a home that follows six of its sounds, and give the settings that a sweep needs."""
    home.mkdir(parents=True)
    lists = {"sounds": [one.sound_id for one in world.catalogue[:6]], "hashtags": [world.tags[0].name]}
    text = "".join(f"{name} = {json.dumps(entries)}\n" for name, entries in lists.items())
    (home / "watchlist.toml").write_text(text)
    with Server(world, rate_per_minute=None, latency_s=latency_s) as server:
        yield (
            server,
            {
                "TIKLIVE_BASE_URL": server.url,
                "TIKLIVE_API_KEY": server.keys["tiklive"],
                "TRENDLIB_REQUESTS_PER_MINUTE": str(a_minute),
                "TRENDLIB_PAGE_GAP_S": "0",
            },
        )
