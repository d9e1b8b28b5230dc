"""What a provider's refusal means: which error it is, said in the house's words.

Providers word their errors alike: an HTTP status, or a ``code`` in a body with status 200, and a message. What a
message says is repeated only as far as it can hold no key.
"""

import re
from collections.abc import Mapping
from typing import Any

from trendlib.api import fields as read
from trendlib.errors import ApiError, AuthError, QuotaError, RateLimitError, RefusalError, UnavailableError
from trendlib.schema import Answer

OK = range(200, 300)
_SLOW_DOWN = re.compile(r"rate.?limit|api limit|requests?/second|too many|qps", re.IGNORECASE)
_HOPELESS = re.compile(r"invalid|missing|required|not exist|not found", re.IGNORECASE)
_LONG_WORD = re.compile(r"[\w.-]{21,}")  # may be a key sent back; ids are shorter


def demand_object(answer: Answer) -> Mapping[str, Any]:
    """Return the JSON object that answers, past its status and its ``code``.

    Raises
    ------
    ApiError
        If the provider refused, or sent no JSON object.
    """
    if answer.status not in OK:
        raise refusal(answer, answer.status, f"HTTP {answer.status}")
    body = answer.body
    if isinstance(body, str):
        raise no_json(answer, body)
    if not isinstance(body, Mapping):
        raise error(UnavailableError, answer, "JSON that is no object", "try again later")
    code = body.get("code")
    if code not in (None, 0, "0"):
        raise refusal(answer, code, f"code {str(code)[:20]}")
    return body


def no_json(answer: Answer, body: str) -> ApiError:
    """Say what an answer is that is no JSON: a plea to slow down, nothing at all, torn, a page."""
    head = body[:500].strip()
    if head and not head.startswith("<") and _SLOW_DOWN.search(head):
        return error(RateLimitError, answer, f"{words_of(body)!r}", "ask more slowly")
    found = {"": "an empty body", "{": "truncated JSON", "[": "truncated JSON"}.get(head[:1], words_of(body))
    return error(UnavailableError, answer, found, "try again later")


def refusal(answer: Answer, code: Any, found: str) -> ApiError:
    """Say what a refusal is, by its number, then by its words."""
    number = int(code) if re.fullmatch(r"-?[0-9]{1,9}", str(code)) else None
    words = words_of(answer.body)
    if number in (401, 403):  # its words may hold the key
        return error(AuthError, answer, found, f"check {answer.provider.upper()}_API_KEY")
    if number == 402:
        return error(QuotaError, answer, f"{found} {words}", "buy credits or wait; what was bought is kept")
    if number == 429 or _SLOW_DOWN.search(words):
        return error(RateLimitError, answer, f"{found} {words}", "ask more slowly")
    if number is not None and (number in (0, 408) or number >= 500):
        return error(UnavailableError, answer, f"{found} {words}", "try again later")
    if _HOPELESS.search(words) or (number is not None and 400 <= number < 500):
        return error(ApiError, answer, f"{found} {words}", "check what was asked")
    return error(RefusalError, answer, f"{found} {words}", "it may be gone, private or region-locked; try again later")


def words_of(body: Any) -> str:
    """Return what the provider says, cut short, and long words left out; also of ``{"error": {"message": …}}``."""
    said = body
    if isinstance(body, Mapping):
        inner = body.get("error")
        said = inner if isinstance(inner, Mapping) else body
        said = next((said[key] for key in ("msg", "message", "error", "detail") if isinstance(said.get(key), str)), "")
    if not isinstance(said, str):
        return ""
    if said.lstrip()[:1] == "<":
        return "an HTML page"
    return _LONG_WORD.sub("…", read.text(said[:500]) or "")[:120]


def error(kind: type[ApiError], answer: Answer, found: str, advice: str) -> ApiError:
    """Word an error: what was asked, what was found, what to do next."""
    asked = ", ".join(f"{name}={value}" for name, value in answer.params.items())[:200]
    return kind(read.text(f"asked {answer.provider} {answer.endpoint} {asked}: found {found.strip()}; {advice}"))
