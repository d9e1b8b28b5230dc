"""Every chart in the states that its frame can be in: ordinary, empty, a single point, nothing known, and huge."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from trendlib.show import charts

CASES = ("ordinary", "empty", "one", "unknown", "huge")
HUGE = 1500
START, NOW = pd.Timestamp("2022-02-01", tz="UTC"), pd.Timestamp("2022-03-15 07:00", tz="UTC")
REGIONS = "US BR ID MX DE GB PH FR TR JP IT ES".split()
LONG = "A title that goes on and on, as titles of remixes (sped up) [feat. everybody] do"

Frames = Mapping[str, pd.DataFrame]


def _days(count: int) -> pd.DatetimeIndex:
    return pd.date_range(START, periods=count, tz="UTC")


def _waves(count: int, size: float = 100.0) -> np.ndarray:
    place = np.arange(count)
    return np.round(size * (1.5 + np.sin(place / 4) + place / max(count, 1)))


def _blank(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    return frame.assign(**dict.fromkeys(names, np.nan))


def _cased(
    make: Callable[[int], pd.DataFrame], unknown: tuple[str, ...], ordinary: int = 42, huge: int = HUGE
) -> Frames:
    sizes = {"ordinary": ordinary, "empty": 0, "one": 1, "unknown": ordinary, "huge": huge}
    return {case: _blank(make(size), *unknown) if case == "unknown" else make(size) for case, size in sizes.items()}


def _daily(count: int) -> pd.DataFrame:
    frame = pd.DataFrame({"day": _days(count), "posts": _waves(count), "exposure_days": 1.0, "source": "posts"})
    frame["is_flagged"] = np.arange(count) == 20
    if count > 10:
        frame.loc[5:8, ["posts", "exposure_days"]] = np.nan, 0.0
        frame.loc[[30, 31], "exposure_days"] = 0.6
    return frame


def _readings(count: int) -> pd.DataFrame:
    at = _days(count) + pd.Timedelta(hours=7)
    return pd.DataFrame({"observed_at": at, "total_uses": 50_000 + 1000 * np.arange(count), "rounding_unit": 1000.0})


def _band(count: int) -> pd.DataFrame:
    return pd.DataFrame({"day": _days(count), "low": 60.0, "high": 60 + 4.0 * np.arange(count)})


def _velocity(case: str) -> go.Figure:
    daily = _cased(_daily, ("posts",))[case]
    marks = pd.DataFrame({"day": daily["day"].iloc[25:27], "alert": ["watch", "confirmed"][: len(daily.iloc[25:27])]})
    band = _band(len(daily)).tail(28) if case in {"ordinary", "huge"} else None
    return charts.velocity(daily, readings=_readings(len(daily)), expected=band, alerts=marks)


def _forecast(case: str) -> go.Figure:
    daily = _cased(_daily, ("posts",))[case]
    ahead = pd.DataFrame(
        {"days": [1, 3, 7], "uses_next": [240.0, 690.0, 1500.0], "uses_low": [200.0, 520.0, 900.0],
         "uses_high": [290.0, 900.0, 2400.0], "status": "ok", "is_past_inflection": True,
         "uses_to_come": [None, None, 4e3]}
    )  # fmt: skip
    told = {
        "empty": ahead.head(0),
        "one": ahead.tail(1),
        "unknown": _blank(ahead, "uses_next", "uses_low", "uses_high"),
    }
    given = told.get(case, ahead)
    return charts.forecast(daily, ahead=given.assign(status="new") if case == "unknown" else given, as_of=NOW)


def _mix(count: int) -> pd.DataFrame:
    rows = [
        (day, region, 60.0 / (place + 1) + at % 7, 200.0, 20.0 + at % 5)
        for at, day in enumerate(_days(count)) if at not in {4, 5} for place, region in enumerate(REGIONS)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["day", "region", "posts", "n", "n_unknown"])
    return frame.assign(share=frame["posts"] / 230, unknown_share=frame["n_unknown"] / 220)


def _region_mix(case: str) -> go.Figure:
    mix = _cased(_mix, (), 14)[case]
    if case == "unknown":
        mix = _blank(mix, "share").assign(region="", n=0.0, unknown_share=1.0).drop_duplicates("day")
    return charts.region_mix(mix, crossovers=pd.DataFrame({"region": ["BR"], "day": [START + pd.Timedelta(days=9)]}))


def _shifts(count: int) -> pd.DataFrame:
    names = (REGIONS * (count // len(REGIONS) + 1))[:count]
    p0 = 0.4 / (1 + np.arange(count))
    frame = pd.DataFrame({"region": names, "p0": p0, "p1": p0 * 1.5, "difference": p0 / 2, "low": p0 / 4, "high": p0})
    return frame.assign(n0=400, n1=500, n_unknown=30, status="ok", reason="", is_crossover=frame["difference"] > 0.15)


def _crossovers(case: str) -> go.Figure:
    frames = _cased(lambda count: _shifts(count).assign(title=LONG, artist="Somebody"), ("p0", "p1", "low"), 6)
    return charts.crossovers(frames[case])


def _shifts_unknown(count: int) -> pd.DataFrame:
    frame = _blank(_shifts(count), "p0", "p1", "difference", "low", "high").head(1)
    return frame.assign(region=None, n0=0, n1=0, status="not_enough_coverage", reason="not enough posts (n = 0)")


def _hashtags(tags: int, count: int) -> pd.DataFrame:
    parts = []
    for tag in range(tags):
        rate = 2 ** np.sin((np.arange(count) + 3 * tag) / 3)
        part = pd.DataFrame({"day": _days(count), "growth_rate": rate, "growth_low": rate / 2, "growth_high": rate * 2})
        mark = np.where(np.arange(count) == 3 + tag % 5, "start", np.where(np.arange(count) == 9 + tag % 5, "stop", ""))
        parts.append(part.assign(hashtag=f"hashtag{tag}" + "verylong" * (tag == 1) * 5, status="ok", mark=mark,
                                 is_on=np.arange(count) % 14 > 7))  # fmt: skip
    names = ["hashtag", "day", "growth_rate", "growth_low", "growth_high", "status", "mark", "is_on"]
    return pd.concat(parts)[names] if parts else pd.DataFrame(columns=names)


def _calendar(case: str) -> go.Figure:
    size = {"ordinary": (8, 28), "empty": (0, 0), "one": (1, 1), "unknown": (6, 28), "huge": (60, 120)}[case]
    rows = _hashtags(*size)
    if case == "unknown":
        rows = _blank(rows, "growth_rate", "growth_low", "growth_high").assign(status="not_enough_coverage", mark="")
    return charts.hashtag_calendar(rows)


def _year(count: int) -> pd.DataFrame:
    frame = pd.DataFrame({"day": _days(count), "posts": _waves(count, 900), "exposure_days": 1.0, "mark": ""})
    frame.loc[frame.index[12:13], "mark"], frame.loc[frame.index[30:31], "mark"] = "start", "stop"
    return frame


def _sounds(count: int) -> pd.DataFrame:
    rate = 0.3 * 1.5 ** (np.arange(count) % 12)
    titles = [LONG if place == 2 else f"Song {place}" for place in range(count)]
    frame = pd.DataFrame({"sound_id": [f"{place}" for place in range(count)], "title": titles, "artist": "Somebody"})
    return frame.assign(
        rank=pd.Series(range(1, count + 1), dtype="Int64"), total_uses=900.0 * 1.9 ** (np.arange(count) % 15),
        growth_rate=rate, growth_low=rate / 2, growth_high=rate * 3, posts_last_24h=40, alert=None,
        status=(["ok", "counter_only", "weak"] * (count // 3 + 1))[:count],
    )  # fmt: skip


def _sounds_unknown(frame: pd.DataFrame) -> pd.DataFrame:
    blank = _blank(frame, "growth_rate", "growth_low", "growth_high", "total_uses")
    return blank.assign(rank=pd.NA, status="not_enough_coverage")


def _board(chart: Callable[..., go.Figure], case: str) -> go.Figure:
    frame = _cased(_sounds, (), 12)[case]
    return chart(_sounds_unknown(frame) if case == "unknown" else frame)


def _people(count: int) -> pd.DataFrame:
    names = [LONG if place == 1 else f"Name {place}" for place in range(count)]
    views = 9e6 / 2.0 ** np.minimum(np.arange(count), 30)
    frame = pd.DataFrame(
        {"rank": range(1, count + 1), "creator_id": [f"c{one}" for one in range(count)], "views": views}
    )
    return frame.assign(posts=3, followers=views / 2, handle=frame["creator_id"], nickname=names)


def _creators(case: str) -> go.Figure:
    return charts.creators(_cased(_people, ("views", "followers"), 10)[case])


def _left_out(case: str) -> go.Figure:
    frame = pd.DataFrame({"left_out": ["creator", "post", "region"], "who": ["c1", "7001", "US"],
                          "posts_left_out": [9, 1, 40], "growth_rate": 3.0, "growth_low": 2.0, "growth_high": 5.0,
                          "status": "ok", "who_name": ["@" + LONG, "post 7001", "US"]})  # fmt: skip
    for name in ("growth_rate", "growth_low", "growth_high"):
        frame[f"{name}_without"] = frame[name] * [0.4, 0.95, 0.7]
    frame["status_without"] = "ok"
    rates = [name for name in frame if name.startswith("growth")]
    unknown = _blank(frame, *rates).assign(status="not_enough_coverage", status_without="not_enough_coverage")
    huge = pd.concat([frame] * 50, ignore_index=True)
    given = {"ordinary": frame, "empty": frame.head(0), "one": frame.head(1), "unknown": unknown, "huge": huge}
    return charts.leave_one_out(given[case])


def _reach(case: str) -> go.Figure:
    def days(count: int) -> pd.DataFrame:
        middle = 1 + 0.5 * np.sin(np.arange(count) / 5)
        frame = pd.DataFrame({"day": _days(count), "posts": _waves(count), "reach_median": middle, "status": "ok"})
        return frame.assign(reach_low=middle / 3, reach_high=middle * 3, n=12)

    frame = _cased(days, ("reach_median", "reach_low", "reach_high"), 28)[case]
    dots = pd.DataFrame({"posted_at": frame["day"] + pd.Timedelta(hours=5), "reach": frame["reach_median"] * 2})
    return charts.reach(frame, posts=dots)


def _versions(case: str) -> go.Figure:
    def shares(count: int) -> pd.DataFrame:
        parts = [
            pd.DataFrame({"day": _days(count), "version": name, "posts": _waves(count, size), "share": size / 100})
            for name, size in (("original", 60.0), ("sped up", 25.0), ("remix", 10.0), ("cover", 5.0))
        ]
        return pd.concat(parts).assign(n=_waves(count, 100).sum() if count else 0, status="ok")

    frame = _cased(shares, (), 28)[case]
    lost = _blank(frame, "share").assign(posts=0.0, n=0, status="not_enough_coverage") if case == "unknown" else frame
    return charts.versions(lost)


def _paths(case: str) -> go.Figure:
    def ranks(count: int) -> pd.DataFrame:
        parts = [
            pd.DataFrame({"region": region, "day": _days(count), "period": 7,
                          "rank": 1 + (np.arange(count) * (3 + place) // 4) % 100})
            for place, region in enumerate(REGIONS[:5])
        ]  # fmt: skip
        return pd.concat(parts)

    return charts.rank_path(_cased(ranks, ("rank",), 20, 400)[case])


def _audience(case: str) -> go.Figure:
    def scores(count: int) -> pd.DataFrame:
        kinds = (["country", "age", "interest"] * (count // 3 + 1))[:count]
        names = [f"{kind} {place}" for place, kind in enumerate(kinds)]
        return pd.DataFrame({"kind": kinds, "name": names, "score": 60 + 7.0 * (np.arange(count) % 20)})

    return charts.audience(_cased(scores, ("score",), 18)[case])


def _curve(case: str) -> go.Figure:
    def points(count: int) -> pd.DataFrame:
        value = 0.5 + 0.4 * np.sin(np.arange(count) / 6)
        frame = pd.DataFrame({"day": _days(count), "segment": np.arange(count) // 25, "value": value, "pulls": 3})
        return frame.assign(scale_error=0.05, reason="its scale can't be joined: too few days in common")

    return charts.curve(_cased(points, ("value",))[case])


def _ledger(case: str) -> go.Figure:
    def outcomes(count: int) -> pd.DataFrame:
        what = np.array(["hit", "miss", "not yet", None], dtype=object)[np.arange(count) % 4]
        at = START + pd.Timedelta(days=1) * (np.arange(count) // 4)
        frame = pd.DataFrame(
            {"alerted_at": at, "rule": "breakout", "weeks": np.array([1, 2, 4, 8])[np.arange(count) % 4]}
        )
        return frame.assign(
            lift=2.5, outcome=what, sound_id=[f"{one // 4}" for one in range(count)], title=LONG, alert="watch"
        )

    rates = pd.DataFrame({"rule": "breakout", "weeks": [1, 2], "hits": [6, 5], "n": [10, 9], "rate": [0.6, 0.55],
                          "low": [0.3, 0.3], "high": [0.8, 0.8], "base_n": 90, "base_rate": 0.1, "base_low": 0.05,
                          "base_high": 0.15, "is_better": True})  # fmt: skip
    return charts.ledger(_cased(outcomes, ("outcome", "lift"), 32)[case], rates=rates if case != "empty" else None)


def _tags(case: str) -> go.Figure:
    def beside(count: int) -> pd.DataFrame:
        share = 0.5 / (1 + np.arange(count))
        frame = pd.DataFrame({"hashtag": [f"tag{one}" for one in range(count)], "n": np.round(200 * share)})
        return frame.assign(share=share, lift=9 * share, status=np.where(share < 0.1, "weak", "ok"))

    return charts.hashtags(_cased(beside, ("share", "lift"), 14)[case])


def _posts(case: str) -> go.Figure:
    return charts.posts(
        _cased(
            lambda count: _people(count).assign(
                posted_at=START + pd.Timedelta(hours=7) * np.arange(count), caption=LONG, region="US"
            ),
            ("views",),
            10,
        )[case]
    )


CHARTS: Mapping[str, Callable[[str], go.Figure]] = {
    "audience": _audience,
    "creators": _creators,
    "crossovers": _crossovers,
    "curve": _curve,
    "forecast": _forecast,
    "hashtag_calendar": _calendar,
    "hashtag_year": lambda case: charts.hashtag_year(_cased(_year, ("posts",), 200)[case]),
    "hashtags": _tags,
    "landscape": partial(_board, charts.landscape),
    "leaderboard": partial(_board, charts.leaderboard),
    "leave_one_out": _left_out,
    "ledger": _ledger,
    "posts": _posts,
    "rank_path": _paths,
    "reach": _reach,
    "region_mix": _region_mix,
    "region_shift": lambda case: charts.region_shift(
        _shifts_unknown(1) if case == "unknown" else _cased(_shifts, (), 6)[case]
    ),
    "velocity": _velocity,
    "versions": _versions,
}
