"""KeyAPI's words into ours: trending charts page by page, and what a trending sound's own page says.

Conventions:

* Pure: nothing is sent, read from disk or timed here.
* ``clip_id`` is the sound's id; ``song_id`` is the track's, which several sounds share.
* Answers come as ``{"code": 0, "message": …, "data": {…}}``, as ``{"code": 0, "msg": …, "data": {…}}`` (TikTok's own
  charts), or as the bare data; all are read. A body without what its endpoint is for is an error, never "no sounds".
* A chart is of the region its sounds name, else of the one asked for; its period stands in the question alone.
* ``rank_diff`` has no sign; ``rank_diff_type`` gives the direction: 1 up, 2 same, 3 down, 4 new, else NULL.
* A curve is normalised within its own window: shape, never volume. It is kept as JSON, ``[[day, value], …]``.
* An audience's score has no documented unit: an index, never a share.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trendlib.api import fields as read
from trendlib.api.fields import Fields, reject, unwrapped
from trendlib.api.refusals import demand_object, error
from trendlib.errors import ConfigError, ParseError, UnavailableError
from trendlib.schema import (
    CHART_AUDIENCES,
    CHART_DETAILS,
    CHART_ENTRIES,
    CHART_PULLS,
    Answer,
    Call,
    Rows,
    utc_text,
)

TRENDING = "/v1/tiktok/trending/music"
DETAIL = "/v1/tiktok/trending/music/detail"
CREDITS = 2  # a request, whatever the endpoint
PERIODS = (7, 30, 120)
PAGE_SIZE = 20  # the provider cuts more to this
PAGES = 5  # a chart has a hundred sounds at most
_MOST_PAGES = 2 * PAGES
_NO_SEARCH = "FALSE"
_MOVES = {1: "up", 2: "same", 3: "down", 4: "new"}
_AUDIENCES = {"country": "audience_countries", "interest": "audience_interests", "age": "audience_ages"}


@dataclass(frozen=True, slots=True)
class Chart:
    """One trending chart, as it is asked for.

    Parameters
    ----------
    region
        Market, ISO 3166-1 alpha-2; None for the provider's default.
    period_days
        7, 30 or 120 days.
    search
        Words to search sounds by; None for no search.
    new_to_top_100, commercial_music
        Only sounds new to the top 100, only commercial music; None leaves it to the provider.

    Raises
    ------
    ConfigError
        If the provider knows no such region, period or search.
    """

    region: str | None = None
    period_days: int = 7
    search: str | None = None
    new_to_top_100: bool | None = None
    commercial_music: bool | None = None

    def __post_init__(self) -> None:
        """Refuse what would be paid for in vain."""
        _params(region=self.region, period_days=self.period_days)
        if self.search is not None and self.search.strip() in ("", _NO_SEARCH):
            raise ConfigError(
                f"cannot search for {self.search!r}: the provider takes it for no search; name other words"
            )


def trending(chart: Chart, *, page: int = 1, limit: int = PAGE_SIZE) -> Call:
    """Ask for a page of a trending chart: 2 credits.

    Parameters
    ----------
    chart
        Which chart.
    page
        Which page, from 1.
    limit
        Sounds on a page, 1 to 20.

    Raises
    ------
    ConfigError
        If there is no such page.
    """
    if page < 1 or not 1 <= limit <= PAGE_SIZE:
        raise ConfigError(
            f"page={page}, limit={limit}: pages begin at 1 and hold 1 to {PAGE_SIZE} sounds; ask for these"
        )
    filters = {"new_to_top_100": chart.new_to_top_100, "commercial_music": chart.commercial_music}
    return Call(
        "keyapi",
        TRENDING,
        {
            "search_keyword": chart.search.strip() if chart.search else _NO_SEARCH,
            "page": str(page),
            "limit": str(limit),
            **_params(region=chart.region, period_days=chart.period_days),
            **{name: str(wanted).lower() for name, wanted in filters.items() if wanted is not None},
        },
    )


def detail(sound_id: str | int, *, region: str | None = None, period_days: int = 7) -> Call:
    """Ask for a trending sound's own page: 2 credits.

    Raises
    ------
    ConfigError
        If it is no sound id, or the provider knows no such region or period.
    """
    clip_id = read.asked(read.number_id, sound_id)
    return Call("keyapi", DETAIL, {"clip_id": clip_id, **_params(region=region, period_days=period_days)})


def check(answer: Answer) -> None:
    """Raise unless the answer is data.

    Raises
    ------
    AuthError
        The key is refused (401, 403).
    QuotaError
        The credits are used up (402).
    RateLimitError
        Too many requests (429).
    UnavailableError
        No answer, 5xx, a body that is no JSON or lacks what was asked for.
    ApiError
        Any other refusal: asking the same again will not help.
    ParseError
        KeyAPI has no such endpoint.
    """
    if answer.endpoint not in _ADD:
        raise ParseError(f"keyapi has no endpoint {answer.endpoint[:60]!r}; it has {', '.join(_ADD)}")
    payload = unwrapped(demand_object(answer))
    if answer.endpoint == TRENDING and not isinstance(payload.get("sound_list"), list):
        raise error(UnavailableError, answer, "a body without the sound_list asked for", "try again later")
    if answer.endpoint == DETAIL and not ({"clip_id", "title", "trend"} & set(_sound(payload))):
        raise error(UnavailableError, answer, "a body without the sound asked for", "try again later")


def parse(answer: Answer) -> Rows:
    """Turn an answer into rows; what cannot be read in it is a reject among them.

    Raises
    ------
    ApiError
        If the answer is no data: see `check`.
    ParseError
        If KeyAPI has no such endpoint.
    """
    check(answer)
    rows = Rows()
    _ADD[answer.endpoint](rows, answer, unwrapped(answer.body))
    return rows


def walk(fetch: Callable[[Call], Answer], chart: Chart) -> Iterator[Answer]:
    """Give a chart page by page, to its end.

    It ends when the provider says so, when its total is reached, or with a page that shows nothing new.

    Parameters
    ----------
    fetch
        Gives the answer to a call.
    chart
        Which chart.

    Yields
    ------
    Answer
        One page each.

    Raises
    ------
    ApiError
        If a page is no data: see `check`.
    """
    seen: set[str] = set()
    for page in range(1, _MOST_PAGES + 1):
        answer = fetch(trending(chart, page=page))
        tables = parse(answer).tables
        yield answer
        fresh = {row["sound_id"] for row in tables.get(CHART_ENTRIES.name, ())} - seen
        seen |= fresh
        if not fresh or not _goes_on(tables[CHART_PULLS.name][0], page):
            return


def _goes_on(pull: Mapping[str, Any], page: int) -> bool:
    if pull["has_more"] is not None:
        return bool(pull["has_more"])
    size = pull["size"] or PAGE_SIZE
    return bool(page * size < pull["total"] if pull["total"] is not None else pull["items"] >= size)


def _params(*, region: str | None, period_days: int) -> dict[str, str]:
    if period_days not in PERIODS:
        known = ", ".join(map(str, PERIODS))
        raise ConfigError(f"period={period_days}: charts are of {known} days only; use one of these")
    return {"period": str(period_days), **({} if region is None else {"region": read.asked(read.region, region)})}


def _sound(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = payload.get("sound", payload)
    return inner if isinstance(inner, Mapping) else {}


class _Asked:
    """What a question says of the chart it is about; questions to TikTok's own charts say ``country_code``."""

    def __init__(self, rows: Rows, answer: Answer) -> None:
        params = Fields(answer.params, "params", rows)
        search = params.read(read.text, "search_keyword")
        self.region = params.read(read.region, "region", "country_code")
        self.period_days = params.read(read.counter, "period")
        self.sound_id = params.read(read.number_id, "clip_id")
        self.page = params.read(read.counter, "page")
        self.filters = {
            "search_keyword": None if search == _NO_SEARCH else search,
            "new_to_top_100": params.read(read.flag, "new_to_top_100", "new_on_board"),
            "commercial_music": params.read(read.flag, "commercial_music"),
        }


def _add_page(rows: Rows, answer: Answer, payload: Mapping[str, Any]) -> None:
    asked = _Asked(rows, answer)
    items = payload["sound_list"]
    known: set[str] = set()
    for index, item in enumerate(items):
        place = f"sound_list[{index}]"
        try:
            sound = Fields(item, place, rows)
            clip_id = sound.read_key(read.number_id, "clip_id")
            if clip_id not in known:
                known.add(clip_id)
                _add_entry(rows, answer, sound, clip_id, asked)
        except ParseError as failure:
            reject(rows, place, str(failure), item)
    pagination = Fields(payload, "$", rows).inside("pagination")
    rows.add(
        CHART_PULLS,
        region=asked.region,
        period_days=asked.period_days,
        **asked.filters,
        page=asked.page or pagination.read(read.counter, "page"),
        size=pagination.read(read.counter, "size"),
        total=pagination.read(read.counter, "total"),
        has_more=pagination.read(read.flag, "has_more"),
        items=len(items),
    )


def _add_entry(rows: Rows, answer: Answer, sound: Fields, clip_id: str, asked: _Asked) -> None:
    rows.add(
        CHART_ENTRIES,
        sound_id=clip_id,
        **_of_any_sound(sound, answer, asked),
        rank=sound.read(read.counter, "rank") or None,
        rank_diff=sound.read(read.counter, "rank_diff"),
        rank_move=sound.read(_move, "rank_diff_type"),
        is_promoted=sound.read(read.flag, "promoted"),
        duration_s=sound.read(read.duration, "duration"),
        link=sound.read(read.address, "link"),
        cover_url=sound.read(read.address, "cover"),
        times_on_list=sound.read(read.counter, "on_list_times"),
    )


def _add_detail(rows: Rows, answer: Answer, payload: Mapping[str, Any]) -> None:
    asked = _Asked(rows, answer)
    item = _sound(payload)
    try:
        sound = Fields(item, "sound", rows)
        clip_id = sound.read_key(read.number_id, "clip_id", asked=asked.sound_id)
    except ParseError as failure:
        reject(rows, "sound", str(failure), item)
        return
    said = _of_any_sound(sound, answer, asked)
    longevity = sound.inside("longevity")
    rows.add(
        CHART_DETAILS,
        sound_id=clip_id,
        **said,
        popular_days=longevity.read(read.counter, "popular_days"),
        current_popularity=longevity.read(read.number, "current_popularity"),
        music_url=sound.read(read.address, "music_url"),
    )
    chart = {name: said[name] for name in ("region", "period_days")}
    for kind, name in _AUDIENCES.items():
        for place, part in _listed(sound, name):
            try:
                _add_audience(rows, Fields(part, place, rows), kind, sound_id=clip_id, **chart)
            except ParseError as failure:
                reject(rows, place, str(failure), part)


def _add_audience(rows: Rows, part: Fields, kind: str, **whose: Any) -> None:
    info = part.inside(f"{kind}_info")
    code = (info if info.values else part).read_key(read.text, "label", "id", f"{kind}_level", "value")
    rows.add(
        CHART_AUDIENCES,
        **whose,
        kind=kind,
        code=code,
        name=info.read(read.text, "value"),
        score=part.read(read.number, "score"),
    )


def _of_any_sound(sound: Fields, answer: Answer, asked: _Asked) -> dict[str, Any]:
    """Read what charts and a sound's own page say alike."""
    return {
        "song_id": sound.read(read.number_id, "song_id"),
        "title": sound.read(read.text, "title"),
        "artist": sound.read(read.text, "author"),
        "region": sound.read(read.region, "country_code") or asked.region,
        "period_days": asked.period_days,
        "is_commercial": sound.read(read.flag, "if_cml"),
        "trend": _trend(sound, answer),
    }


def _trend(sound: Fields, answer: Answer) -> str | None:
    points: dict[str, float] = {}
    for place, item in _listed(sound, "trend"):
        try:
            points |= _point(item, answer.fetched_at)
        except ParseError as failure:
            reject(sound.rows, place, str(failure), item)
    return json.dumps(sorted(points.items())) if points else None


def _point(item: Any, known_at: datetime) -> dict[str, float]:
    """Read a point of a curve, day and value; one without a value is none."""
    if not isinstance(item, Mapping):
        raise ParseError("no object where a point was due")
    time, value = item.get("time"), item.get("value")
    day = None if time is None else read.day(time, known_at=known_at)
    height = None if value is None else read.number(value)
    return {} if day is None or height is None else {utc_text(day): height}


def _listed(sound: Fields, name: str) -> list[tuple[str, Any]]:
    items = sound.values.get(name)
    if items is not None and not isinstance(items, list):
        reject(sound.rows, f"{sound.place}.{name}", "no list where one was due", items)
    return [
        (f"{sound.place}.{name}[{index}]", item) for index, item in enumerate(items if isinstance(items, list) else ())
    ]


def _move(value: Any) -> str | None:
    kind = read.counter(value)
    return None if kind is None else _MOVES.get(kind)


_ADD: Mapping[str, Callable[[Rows, Answer, Mapping[str, Any]], None]] = {TRENDING: _add_page, DETAIL: _add_detail}
