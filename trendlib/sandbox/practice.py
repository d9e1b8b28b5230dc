"""Answers of a practice world: every provider behind one function of endpoint, parameters and time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from trendlib.sandbox.feeds import Feeds
from trendlib.sandbox.gate import provider_of, refusal
from trendlib.sandbox.keyapi import KeyApi
from trendlib.sandbox.layers import Layers
from trendlib.sandbox.musicbrainz import MusicBrainz
from trendlib.sandbox.tiklive import TikLive
from trendlib.sandbox.world import unix


@dataclass(frozen=True, eq=False)
class Practice:
    """Answers for all providers from a world; ``wrapped`` puts TikLiveAPI's bodies into the family's envelope."""

    feeds: Feeds
    wrapped: bool = False

    def answer(self, path: str, params: Mapping[str, str], now: datetime) -> tuple[int, Any]:
        """Answer a question as of an instant: HTTP status and JSON body."""
        provider, second = provider_of(path), unix(now)
        if provider == "layers":
            return 200, self._layers.answer(second)
        try:
            if provider == "keyapi":
                return self._keyapi.answer(path, params, second)
            if provider == "musicbrainz":
                return self._musicbrainz.answer(path, params)
            return 200, self._tiklive.answer(path, params, second)
        except KeyError:
            return 404, refusal(provider, 404)

    @cached_property
    def _tiklive(self) -> TikLive:
        return TikLive(self.feeds, wrapped=self.wrapped)

    @cached_property
    def _keyapi(self) -> KeyApi:
        return KeyApi(self.feeds.world)

    @cached_property
    def _layers(self) -> Layers:
        return Layers(self.feeds.world)

    @cached_property
    def _musicbrainz(self) -> MusicBrainz:
        return MusicBrainz(self.feeds.world)
