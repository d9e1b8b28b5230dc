"""Who may ask: keys, credits and the rate limit, each provider in its own words."""

import re
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Provider = Literal["tiklive", "keyapi", "layers", "musicbrainz"]
PRICES: Mapping[Provider, int] = {"tiklive": 1, "keyapi": 2, "layers": 0, "musicbrainz": 0}
_MINUTE_S = 60.0
_CONTACT = re.compile(r"\(.*(@|://).*\)")


@dataclass(frozen=True)
class Key:
    """A key the practice server knows, and how many credits it is worth (None: no end)."""

    text: str
    provider: Provider
    credits: int | None = None


PRACTICE_KEYS = (
    Key("practice-tiklive-key", "tiklive"),
    Key("sk_live_practice", "keyapi"),
    Key("practice-layers-key", "layers"),
)


def provider_of(path: str) -> Provider:
    """Say whose endpoint a path is."""
    if path.startswith("/v1/tiktok/"):
        return "keyapi"
    if path.startswith("/ws/2/"):
        return "musicbrainz"
    return "layers" if path == "/v1/tiktok-music" else "tiklive"


def refusal(provider: Provider, status: int) -> dict[str, Any]:
    """Word an error the way its provider does."""
    if provider == "keyapi":
        words = {
            401: "apiKey is null",
            402: "apiKey quota is not enough",
            429: "qps limit exceeded",
            400: "Bad request",
        }
        return {"code": status, "data": None, "message": words.get(status, "Internal server error")}
    if provider == "musicbrainz":
        words = {403: "Say in your User-Agent whom to write to.", 404: "Not Found"}
        return {"error": words.get(status, "Your requests are exceeding the allowable rate limit.")}
    if provider == "layers":
        words = {401: "UNAUTHENTICATED", 403: "FORBIDDEN_SCOPE"}
        return {"error": {"code": words.get(status, "INTERNAL"), "message": "The request was refused."}}
    words = {
        401: "Invalid API key",
        402: "Insufficient credits",
        403: "Forbidden",
        429: "Too many requests",
        404: "Not found",
    }
    return {"code": status, "msg": words.get(status, "Internal server error")}


@dataclass
class Gate:
    """Lets questions in, or says with which HTTP status they are refused, and counts what was spent."""

    keys: tuple[Key, ...] = PRACTICE_KEYS
    rate_per_minute: int | None = 200
    spent: dict[str, int] = field(default_factory=dict)
    _recent: dict[str, deque[float]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        """Start every key at nothing spent."""
        for known in self.keys:
            self.spent.setdefault(known.text, 0)

    def enter(self, provider: Provider, headers: Mapping[str, str]) -> tuple[int, Key | None]:
        """Look at the key, its credits and its last minute: 200 or the status of the refusal, and the key.

        MusicBrainz knows no keys: it looks for a contact in the User-Agent, and counts nothing.
        """
        if provider == "musicbrainz":
            given = {name.lower(): value for name, value in headers.items()}
            return (200 if _CONTACT.search(given.get("user-agent", "")) else 403), None
        text = _key_text(provider, headers)
        known = next((one for one in self.keys if one.text == text and one.provider == provider), None)
        if known is None:
            return 401, None
        with self._lock:
            if known.credits is not None and self.spent[text] + PRICES[provider] > known.credits:
                return 402, known
            if self.rate_per_minute is not None and not self._has_room(text, self.rate_per_minute):
                return 429, known
        return 200, known

    def charge(self, known: Key) -> None:
        """Count an answer that was given."""
        with self._lock:
            self.spent[known.text] += PRICES[known.provider]

    def limits(self, known: Key) -> dict[str, str]:
        """Headers that tell how much of the minute is left."""
        if self.rate_per_minute is None:
            return {}
        with self._lock:
            recent = self._recent.get(known.text, deque())
            left = max(self.rate_per_minute - len(recent), 0)
            reset = max(_MINUTE_S - (time.monotonic() - recent[0]), 0.0) if recent else 0.0
        return {"x-limit-request-remaining": str(left), "x-limit-request-reset": str(int(reset) + 1)}

    def _has_room(self, text: str, limit: int) -> bool:
        recent, moment = self._recent.setdefault(text, deque()), time.monotonic()
        while recent and moment - recent[0] >= _MINUTE_S:
            recent.popleft()
        if len(recent) >= limit:
            return False
        recent.append(moment)
        return True


def _key_text(provider: Provider, headers: Mapping[str, str]) -> str:
    given = {name.lower(): value for name, value in headers.items()}
    if provider == "tiklive":
        return given.get("x-api-key", "")
    return given.get("authorization", "").removeprefix("Bearer ").strip()
