"""Charts as data: what stands in the figure, for every state the frames can be in."""

import json
import math

import pandas as pd
import plotly.graph_objects as go
import pytest
from pictured import CASES, CHARTS

from trendlib.errors import SchemaError
from trendlib.show import charts
from trendlib.show.canvas import count_axis, ratio_axis
from trendlib.show.charts import Words
from trendlib.show.theme import LIGHT, dressed

HOSTILE = '</script><script>alert(1)</script><b onclick="x()">$x^2$</b>\u202e=1+1' + "y" * 10_000
COLUMNS = "rank title artist growth_rate growth_low growth_high status alert posts_last_24h".split()


def days(count, **changes):
    return pd.DataFrame(
        {
            "day": pd.date_range("2022-02-09", periods=count, tz="UTC"),
            "posts": [100.0 + number for number in range(count)],
            "exposure_days": 1.0,
            "source": "posts",
            "is_flagged": False,
            "rounding_unit": float("nan"),
            **changes,
        }
    )


def readings(count, unit=1000):
    return pd.DataFrame(
        {
            "observed_at": pd.date_range("2022-02-09 12:00", periods=count, tz="UTC"),
            "total_uses": pd.array([50_000 + 1000 * number for number in range(count)], dtype="Int64"),
            "rounding_unit": pd.array([unit] * count, dtype="Int64"),
        }
    )


def board(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


OK = (1, "First Class", "Jack Harlow", 3.4, 2.1, 5.2, "ok", "confirmed", 412)
COUNTER = (2, "As It Was", "Harry Styles", 2.6, 2.0, 3.3, "counter_only", None, 900)
WEAK = (3, "Tiny", "One Post", 21.0, 2.1, 4530.0, "weak", None, 1)
UNCOVERED = (None, "Flat", "Deep", None, None, None, "not_enough_coverage", None, 600)
NEW = (None, "Fresh", "Kid", None, None, None, "new", None, 88)


def trace(figure, name):
    return next(trace for trace in figure.to_dict()["data"] if trace["name"] == name)


def texts(figure):
    notes = [note["text"] for note in figure.to_dict()["layout"].get("annotations", [])]
    return " | ".join([*notes, figure.layout.title.text or ""])


def note(figure, name):
    return next(note.text for note in figure.layout.annotations if note.name == name)


def test_each_known_day_is_a_bar_as_long_as_its_window():
    bars = trace(charts.velocity(days(3)), "posts")
    assert bars["y"] == [100, 101, 102]
    assert bars["width"] == [0.88 * 86_400_000] * 3
    assert [x[:10] for x in bars["x"]] == ["2022-02-09", "2022-02-10", "2022-02-11"]
    assert bars["hovertext"][0] == "<b>100 posts</b><br>24 h from Wed 9 Feb 2022, 00:00 UTC"


def test_windows_that_do_not_begin_at_midnight_stay_where_they_are():
    shifted = days(2, day=pd.date_range("2022-02-09 15:30", periods=2, tz="UTC"))
    assert trace(charts.velocity(shifted), "posts")["hovertext"][1].endswith("Thu 10 Feb 2022, 15:30 UTC")


def test_a_frame_in_another_zone_draws_the_same_figure():
    elsewhere = days(3).assign(day=lambda frame: frame["day"].dt.tz_convert("America/Los_Angeles"))
    assert charts.velocity(elsewhere) == charts.velocity(days(3))


def test_days_of_which_nothing_is_known_are_hatched_and_never_zero():
    frame = days(10)
    frame.loc[3:5, "posts"] = None
    frame.loc[7, "exposure_days"] = 0.0
    figure = charts.velocity(frame)
    hatched = trace(figure, "not covered")
    assert hatched["x"] == ["2022-02-12 00:00:00", "2022-02-16 00:00:00"]
    assert hatched["width"] == [3 * 86_400_000, 86_400_000]
    assert hatched["marker"]["pattern"]["shape"] == "/"
    assert texts(figure).count("not covered") == 2
    assert len(trace(figure, "posts")["y"]) == 6
    assert 0 not in trace(figure, "posts")["y"]


def test_days_without_a_row_are_not_covered_either():
    hatched = trace(charts.velocity(days(10).drop(index=[4, 5])), "not covered")
    assert (hatched["x"], hatched["width"]) == (["2022-02-13 00:00:00"], [2 * 86_400_000])


def test_a_day_of_zero_posts_that_was_covered_is_a_bar_of_zero():
    figure = charts.velocity(days(2, posts=[0.0, 5.0]))
    assert trace(figure, "posts")["y"] == [0, 5]
    assert trace(figure, "not covered")["x"] == []


def test_partly_covered_and_flagged_days_are_lighter_and_say_why():
    figure = charts.velocity(days(3, exposure_days=[1.0, 0.4, 1.0], is_flagged=[False, False, True]))
    bars = trace(figure, "posts")
    assert bars["marker"]["color"] == [LIGHT.slate, LIGHT.slate_soft, LIGHT.slate_soft]
    assert "only 40% of these hours covered" in bars["hovertext"][1]
    assert "the counter fell or jumped" in bars["hovertext"][2]
    assert "covered in part or the counter jumped" in texts(figure)


def test_a_rounded_counter_shows_how_far_it_can_be_off():
    bars = trace(charts.velocity(days(2, source="counter", rounding_unit=1000, posts=[400.0, 5000.0])), "posts")
    assert bars["error_y"]["array"] == [1000, 1000]
    assert bars["error_y"]["arrayminus"] == [400, 1000]
    assert "from the use counter, give or take 1K" in bars["hovertext"][0]
    assert "│</span>" in texts(charts.velocity(days(2, source="counter", rounding_unit=1000)))
    assert "│</span>" not in texts(charts.velocity(days(2)))


def test_the_accent_is_for_what_a_rule_flags():
    figure = charts.leaderboard(board(OK, COUNTER))
    assert trace(figure, "ok")["marker"]["color"] == LIGHT.accent
    assert trace(figure, "counter only")["marker"]["color"] == trace(figure, "counter only")["error_x"]["color"]
    assert trace(figure, "counter only")["marker"]["color"] == LIGHT.slate
    of_hashtags = charts.leaderboard(board(COUNTER).drop(columns="alert"))
    assert trace(of_hashtags, "counter only")["marker"]["color"] == LIGHT.accent


def test_a_board_has_room_for_all_that_rules_say_of_a_sound():
    said = ("none", "watch", "watch, early, reactivation")
    margins = [charts.leaderboard(board(OK).assign(alert=alert)).layout.margin.r for alert in said]
    assert margins[0] == margins[1] < margins[2]


def test_alerts_are_marked_once_an_episode_with_the_day_on_which_each_was_told():
    alerts = pd.DataFrame(
        {"day": days(30)["day"][[5, 6, 6, 7, 20]], "alert": ["watch", "watch", "early", "watch", "watch"]}
    )
    figure = charts.velocity(days(30), alerts=alerts)
    said = [each.text for each in figure.layout.annotations if each.name == "alert"]
    assert said == ["<b>watch 15 Feb, early 16 Feb</b>", "<b>watch 2 Mar</b>"]
    assert "alert: watch, early" in trace(figure, "posts")["hovertext"][6]
    assert [color == LIGHT.accent for color in trace(figure, "posts")["marker"]["color"]].count(True) == 4


def test_what_is_not_covered_before_an_alert_is_written_beside_its_line():
    frame = days(30)
    frame.loc[[10, 19], "posts"] = None
    alerts = pd.DataFrame({"day": [frame["day"][20]], "alert": ["watch"]})
    notes = [one for one in charts.velocity(frame, alerts=alerts).layout.annotations if one.text == "not covered"]
    line = frame["day"][20].strftime("%Y-%m-%d %H:%M:%S")
    assert sorted((one.xanchor or "middle", one.x == line) for one in notes) == [("middle", False), ("right", True)]


def test_the_expected_band_breaks_where_nothing_was_expected():
    expected = pd.DataFrame({"day": days(6)["day"], "low": 90.0, "high": 110.0})
    expected.loc[2, "low"] = None
    band = trace(charts.velocity(days(6), expected=expected), "expected")
    assert band["x"].count(None) == 2
    assert {value for value in band["y"] if value is not None} == {90, 110}


def test_total_uses_stand_beneath_with_their_rounding_band():
    figure = charts.velocity(days(3), readings=readings(3))
    assert trace(figure, "total uses")["y"] == [50_000, 51_000, 52_000]
    assert trace(figure, "rounding")["y"] == [50_500, 51_500, 52_500, 51_500, 50_500, 49_500]
    assert "<b>52K</b>" in texts(figure)
    assert figure.layout.yaxis2.domain == (0, 0.24)


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (lambda: charts.velocity(days(0)), "No day of this sound is known yet"),
        (lambda: charts.velocity(days(0), readings=readings(0)), "total uses: not read in this time"),
        (lambda: charts.velocity(days(0), readings=readings(3)), "so there are no bars to draw"),
        (lambda: charts.velocity(days(1), readings=readings(1)), "only one day is known"),
        (lambda: charts.velocity(days(70, posts=None)), "nothing is known of these 70 days"),
        (lambda: charts.velocity(days(70, exposure_days=0.0), readings=readings(70)), "not the same as no posts"),
        (lambda: charts.velocity(days(10_000)), "the last 800 of 10,000 days"),
        (lambda: charts.velocity(days(3, posts=float("inf"))), "nothing is known"),
        (lambda: charts.leaderboard(board()), "No sound is on this board"),
        (lambda: charts.leaderboard(board(UNCOVERED)), "can't tell: not enough coverage; at least 600 posts in 24 h"),
        (lambda: charts.leaderboard(board(*[OK] * 10_000)), "and 9,950 more rows in the table"),
    ],
)
def test_what_is_missing_is_said_in_the_figure(figure, words):
    drawn = figure()
    assert words in texts(drawn).replace("<br>", " ").replace("&#39;", "'")
    assert len(drawn.to_json()) < 200_000


def test_a_frame_without_a_needed_column_is_refused_by_name():
    with pytest.raises(SchemaError, match="daily needs the column exposure_days"):
        charts.velocity(days(3).drop(columns="exposure_days"))
    with pytest.raises(SchemaError, match="board needs the column growth_low"):
        charts.leaderboard(board(OK).drop(columns="growth_low"))


def test_charts_leave_their_frames_alone_and_draw_the_same_twice():
    frame, counter = days(20), readings(20)
    before = frame.copy(), counter.copy()
    assert charts.velocity(frame, readings=counter).to_json() == charts.velocity(frame, readings=counter).to_json()
    pd.testing.assert_frame_equal(frame, before[0])
    pd.testing.assert_frame_equal(counter, before[1])


def test_words_stand_around_the_figure_and_none_take_no_room():
    worded = charts.velocity(days(3), Words("Title", "The finding", "As of then"))
    assert worded.layout.title.text.startswith("<b>Title</b><br>")
    assert "The finding" in worded.layout.title.text
    assert note(worded, "caption") == "As of then"
    bare = charts.velocity(days(3))
    assert not bare.layout.title.text
    assert bare.layout.margin.t < worded.layout.margin.t
    assert bare.layout.margin.b < worded.layout.margin.b


def test_dots_stand_at_the_growth_with_their_interval_by_status():
    figure = charts.leaderboard(board(OK, COUNTER, WEAK))
    dots = trace(figure, "ok")
    assert (dots["x"], dots["y"]) == ([3.4], [0])
    assert dots["error_x"]["array"] == pytest.approx([1.8])
    assert dots["error_x"]["arrayminus"] == pytest.approx([1.3])
    assert [trace(figure, name)["marker"]["symbol"] for name in ("ok", "counter only", "weak")] == [
        "circle", "diamond", "circle",
    ]  # fmt: skip
    assert trace(figure, "weak")["marker"]["color"] == LIGHT.paper
    assert trace(figure, "weak")["marker"]["line"]["color"] == LIGHT.grey
    assert "<b>3.4×</b> [2.1–5.2]" in texts(figure)
    assert "▲ confirmed" in texts(figure)
    assert figure.layout.xaxis.type == "log"


def test_steady_is_always_in_the_picture_and_one_wild_interval_does_not_dwarf_the_rest():
    low, high = charts.leaderboard(board(OK, WEAK)).layout.xaxis.range
    assert low < math.log10(1) < high
    assert 10**high < 200


def test_rows_that_are_not_ranked_have_words_and_no_dot():
    figure = charts.leaderboard(board(OK, UNCOVERED, NEW))
    assert sum(len(each["y"]) for each in figure.to_dict()["data"]) == 1
    assert "can't tell: new, no week before to compare with; 88 posts in 24 h" in texts(figure)


def test_a_row_whose_growth_is_of_more_than_a_day_says_so():
    frame = board(OK, COUNTER).assign(window_days=[1, 7])
    figure = charts.leaderboard(frame)
    assert texts(figure).count("mean of") == 1
    assert "mean of 7 days" in texts(figure)
    assert "412 posts in 24 h" in trace(figure, "ok")["hovertext"][0]
    assert "900 posts a day over 7 d" in trace(figure, "counter only")["hovertext"][0]
    placed = charts.landscape(frame.assign(sound_id=["1", "2"], total_uses=[500, 9000]))
    assert "900 posts a day over 7 d" in trace(placed, "sounds: counter only")["hovertext"][0]


def test_a_sound_that_stopped_is_drawn_at_the_edge_and_said_to_be_at_zero():
    figure = charts.leaderboard(board((1, "Gone", "Quiet", 0.0, 0.0, 0.4, "ok", None, 0)))
    assert trace(figure, "ok")["x"] == [0.05]
    assert "<b>0×</b> [0–0.4]" in texts(figure)


def test_missing_titles_and_unknown_statuses_are_named_as_such():
    figure = charts.leaderboard(board((1, None, None, 2.0, 1.0, 3.0, None, None, None)))
    assert "untitled" in texts(figure)
    assert "artist unknown" in texts(figure)
    assert "unknown" in figure.to_dict()["data"][0]["name"]


@pytest.mark.parametrize(
    "figure",
    [
        charts.velocity(
            days(3),
            Words(HOSTILE, HOSTILE, HOSTILE),
            alerts=pd.DataFrame({"day": days(3)["day"], "alert": HOSTILE}),
        ),
        charts.leaderboard(board((1, HOSTILE, HOSTILE, 2.0, 1.0, 3.0, HOSTILE, HOSTILE, 9)), Words(HOSTILE)),
        charts.leaderboard(board((None, HOSTILE, HOSTILE, None, None, None, HOSTILE, HOSTILE, 9))),
    ],
)
def test_other_people_s_text_never_becomes_markup(figure):
    written = json.dumps(figure.to_dict()["data"], default=str, ensure_ascii=False)
    written += json.dumps(figure.layout.to_plotly_json(), default=str, ensure_ascii=False)
    assert "&lt;/script&gt;" in written
    assert [part for part in ("<script", "</script", "<b onclick", "$x", "\u202e") if part in written] == []
    assert len(written) < 30_000


def test_axes_are_marked_at_round_numbers():
    assert count_axis(0, 2600)["ticktext"] == ["0", "1K", "2K"]
    assert count_axis(0, 1.25)["ticktext"] == ["0", "0.5", "1"]
    assert ratio_axis(0.5, 12)["ticktext"] == ["0.5×", "1×", "2×", "5×", "10×"]


# Every chart, in every state of its frame

SIZE_LIMIT = 400_000
SAID_BY_ROW = {
    "creators": "views not shown",
    "crossovers": "change not known",
    "hashtags": "share not known",
    "leaderboard": "can't tell",
    "leave_one_out": "can't tell",
    "ledger": "not known",
    "posts": "views not shown",
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", sorted(CHARTS))
def test_every_chart_is_a_figure_plotly_knows_in_every_state(name, case):
    figure = CHARTS[name](case)
    # charts are made unexamined; here plotly examines them
    assert go.Figure(figure).to_dict()["data"] == figure.to_dict()["data"]
    written = figure.to_json()
    assert "NaN" not in written
    assert len(written) < SIZE_LIMIT


def test_every_chart_is_looked_at():
    assert set(CHARTS) == set(charts.__all__) - {"NO_WORDS", "Words"}


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_a_chart_without_rows_says_what_is_missing(name):
    said = note(CHARTS[name]("empty"), "missing")
    assert len(said.split()) > 5


@pytest.mark.parametrize("name", sorted({*CHARTS} - {*SAID_BY_ROW}))
def test_a_chart_of_which_nothing_is_known_says_so(name):
    assert len(note(CHARTS[name]("unknown"), "missing").split()) > 5


@pytest.mark.parametrize(("name", "said"), SAID_BY_ROW.items())
def test_rows_of_which_nothing_is_known_say_so_each(name, said):
    assert said.replace("'", "&#39;") in texts(CHARTS[name]("unknown")).replace("'", "&#39;")


@pytest.mark.parametrize("name", sorted({*CHARTS} - {"forecast", "rank_path"}))
def test_a_chart_of_too_many_rows_says_what_it_leaves_out(name):
    whole = texts(CHARTS[name]("huge"))
    assert any(words in whole for words in ("more", "the last", "the latest", "of 1,500", "of 60"))


@pytest.mark.parametrize("look", ["dark", "slides"])
@pytest.mark.parametrize("name", sorted(CHARTS))
def test_every_chart_wears_every_look(name, look):
    figure = dressed(CHARTS[name]("ordinary"), look)
    assert (LIGHT.paper in figure.to_json()) == (look == "slides")


def test_a_forecast_fans_out_over_its_horizons():
    fan = trace(CHARTS["forecast"]("ordinary"), "80 % interval")
    widths = [high - low for high, low in zip(fan["y"][:4], reversed(fan["y"][4:]), strict=True)]
    assert widths == sorted(widths)
    assert len(set(fan["x"])) == 4


def test_a_hashtag_is_its_share_of_posts_and_how_often_that_is_beside_what_is_usual():
    beside = pd.DataFrame(
        {"hashtag": ["fyp", "<b>own</b>"], "n": [80, 3], "share": [0.8, 0.03], "lift": [1.1, 24.0],
         "status": ["ok", "weak"]}
    )  # fmt: skip
    figure = charts.hashtags(beside)
    shares, lifts = trace(figure, "share"), trace(figure, "lift")
    assert shares["x"] == [0.8, 0.03]
    assert lifts["x"] == [1.1, 24.0]
    assert lifts["marker"]["color"] == [LIGHT.slate, LIGHT.paper]
    assert "#&lt;b&gt;own" in texts(figure)
    assert shares["hovertext"][1].endswith(
        "in 3 posts, 3% of them<br>24.0× what is usual<br>few posts: to be taken with care"
    )
    assert figure.layout.xaxis2.ticktext == ("beside other sounds",)
    assert charts.hashtags(beside, usual="chance").layout.xaxis2.ticktext == ("chance",)


def test_a_hashtag_without_anything_to_compare_with_says_so():
    alone = pd.DataFrame({"hashtag": ["fyp"], "n": [80], "share": [0.8], "lift": [None], "status": ["ok"]})
    figure = charts.hashtags(alone)
    assert "what is usual is not known" in texts(figure)
    assert [one["name"] for one in figure.to_dict()["data"]] == ["share"]


def test_a_post_is_its_views_with_who_posted_it_and_when():
    at = pd.Timestamp("2022-03-01 12:00", tz="UTC")
    top = pd.DataFrame(
        {"rank": [1, 2], "views": [1_200_000, None], "posted_at": [at, pd.NaT], "handle": ["<i>me</i>", None],
         "caption": [HOSTILE, None], "region": ["BR", None]}
    )  # fmt: skip
    figure = charts.posts(top)
    bars = trace(figure, "views")
    assert bars["x"] == [1_200_000, None]
    assert bars["hovertext"][0].startswith(
        "<b>@&lt;i&gt;me&lt;/i&gt;</b><br>1.2M views so far<br>posted Tue 1 Mar 2022, 12:00 UTC<br>account in Brazil"
    )
    assert bars["hovertext"][1] == "<b>creator unknown</b><br>views not shown<br>region unknown"
    said = texts(figure)
    assert "1 Mar 2022, Brazil" in said
    assert "views not shown" in said
    assert "<script" not in said + "".join(bars["hovertext"])


def test_a_crossing_goes_from_one_week_s_share_to_the_next_with_what_is_sure_of_it():
    crossing = pd.DataFrame(
        {"title": ["<b>Song</b>"], "artist": [None], "region": ["BR"], "p0": [0.1], "p1": [0.4], "low": [0.18],
         "n0": [80], "n1": [120], "status": ["weak"]}
    )  # fmt: skip
    figure = charts.crossovers(crossing)
    before, now = trace(figure, "week before"), trace(figure, "last week")
    assert (before["x"], now["x"]) == ([0.1], [0.4])
    assert now["hovertext"][0] == (
        "<b>&lt;b&gt;Song&lt;/b&gt;</b> into Brazil<br>week before: 10% of 80 creators"
        "<br>last week: 40% of 120 creators<br>status: weak"
    )
    assert "at least +18 points" in texts(figure)
    assert "<b>Brazil</b>" in texts(figure)
    assert "n = 80, then 120, weak" in texts(figure)
