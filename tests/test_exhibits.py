"""Exhibits: captions, displays and files."""

import base64
import csv
import io
import json
import os
import re
import shutil
from array import array
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest
from loopback import wait_until

from trendlib.errors import ConfigError, NoDataError, PictureError, TrendlibError
from trendlib.show import charts, pictures
from trendlib.show.canvas import Words
from trendlib.show.exhibits import Exhibit, csv_text, json_text, records, tally_words, write_file
from trendlib.show.page import embedded, fragment, table, unfolding
from trendlib.show.theme import LIGHT, SCALE

AS_OF = datetime(2022, 4, 20, tzinfo=UTC)
HOSTILE = "</script><script>alert(1)</script>&\u202e\"'$x$"


def made(**changes):
    board = pd.DataFrame(
        {
            "rank": pd.array([1, None], dtype="Int64"),
            "title": ["First Class", HOSTILE],
            "artist": ["=HYPERLINK(1)", None],
            "growth_rate": [3.4, float("inf")],
            "growth_low": [2.1, None],
            "growth_high": [5.2, None],
            "status": ["ok", "not_enough_coverage"],
            "first_seen": pd.to_datetime(["2022-02-09 01:00+01:00", None], utc=True),
        }
    )
    settings = {
        "name": "leaderboard",
        "title": "What is taking off",
        "frame": board,
        "draw": partial(charts.leaderboard, board),
        "as_of": AS_OF,
        "source": "12,300 posts listed by TikLiveAPI",
        "tally": {"ok": 1, "not_enough_coverage": 1},
    }
    return Exhibit(**{**settings, **changes})


def test_the_caption_says_as_of_when_from_where_how_many_and_how_sure():
    assert made(note="not season-adjusted").caption == (
        "As of Wed 20 Apr 2022, 00:00 UTC · 12,300 posts listed by TikLiveAPI"
        " · 2 sounds: 1 ok, 1 not enough coverage · not season-adjusted"
    )
    assert made(is_practice=True).caption.startswith("Practice data: a made-up world")


def test_a_tally_counts_the_surest_first_and_an_empty_one_says_nothing():
    assert tally_words({"odd": 1, "weak": 1200, "ok": 0}) == "1,201 sounds: 1,200 weak, 1 odd"
    assert tally_words({"weak": 1}) == "status: weak"
    assert tally_words({}) == ""


def test_the_figure_is_drawn_once_and_only_when_looked_at():
    drawn = []

    def draw(words):
        drawn.append(words)
        return charts.velocity(pd.DataFrame(columns=["day", "posts", "exposure_days"]), words)

    exhibit = made(draw=draw)
    assert drawn == []
    assert exhibit.figure is exhibit.figure
    assert [words.title for words in drawn] == ["What is taking off"]
    assert drawn[0].caption == exhibit.caption


def test_a_sheet_that_no_figure_was_made_of_is_written_as_its_figure_would_be():
    frame = pd.DataFrame({"day": pd.to_datetime(["2022-04-18", None, "2022-04-19"], utc=True), "posts": [3, 1, None]})
    frame = frame.assign(exposure_days=[1, 1, 0.5])
    drawn, made_of_figure = (made(draw=partial(one, frame)) for one in (charts.velocity.sheet, charts.velocity))
    assert json.loads(drawn.bare_json) == json.loads(made_of_figure.bare_json) == json.loads(drawn.bare.to_json())
    assert drawn.headed_figure.to_dict() == made_of_figure.headed_figure.to_dict()
    assert drawn.figure.to_dict() == made_of_figure.figure.to_dict()
    assert (made(draw=None).bare_json, made(draw=None).bare) == (None, None)


def test_a_look_dresses_the_figure():
    light, dark = made().figure, made(look="dark").figure
    assert light.layout.template.layout.paper_bgcolor != dark.layout.template.layout.paper_bgcolor


def test_a_terminal_sees_title_rows_and_caption():
    shown = repr(made())
    assert shown.startswith("What is taking off\n")
    assert "First Class" in shown
    assert "As of Wed 20 Apr 2022" in shown
    assert "\u202e" not in shown
    wide = made(frame=pd.DataFrame({f"column_{number}": ["x" * 30] for number in range(20)} | {"a": ["\x1b[31m"]}))
    assert "the columns column " in repr(wide)
    assert "\x1b" not in repr(wide)
    assert max(map(len, repr(wide).splitlines()[:4])) <= 140


def test_tables_show_the_named_columns_and_files_hold_all(tmp_path):
    exhibit = made(columns=["rank", "title"])
    assert "growth" not in repr(exhibit)
    assert "growth_rate" in exhibit.save(tmp_path / "board.csv").read_text(encoding="utf-8")


class Shown(list):
    def display(self, bundle, *, raw):
        assert raw
        self.append(bundle)


@pytest.fixture
def shown(monkeypatch):
    outputs = Shown()
    monkeypatch.setattr("IPython.display.display", outputs.display)
    return outputs


def test_jupyter_gets_a_picture_and_beneath_it_table_and_caption(shown):
    made()._ipython_display_()
    picture, words = shown
    sheet = picture["application/vnd.plotly.v1+json"]
    assert sheet["config"]["displaylogo"] is False
    assert sheet["config"]["responsive"] is False  # the notebook's renderer is; both at once leave no height
    assert "What is taking off" in sheet["layout"]["title"]["text"]
    assert "What is taking off" in picture["text/html"]  # for exports that draw nothing
    assert "As of Wed 20 Apr 2022" in words["text/html"]
    assert "First Class" in words["text/html"]
    assert words["text/plain"] == repr(made())
    assert len(json.dumps(shown)) < 100_000


def test_an_exhibit_without_a_picture_is_a_table_everywhere(shown, tmp_path):
    exhibit = made(draw=None)
    exhibit._ipython_display_()
    assert [list(bundle) for bundle in shown] == [["text/html", "text/plain"]]
    page = exhibit.save(tmp_path / "why.html").read_text(encoding="utf-8")
    assert "Plotly" not in page
    assert "First Class" in page
    with pytest.raises(NoDataError, match="a table without a picture"):
        exhibit.save(tmp_path / "why.png")


def test_a_page_needs_nothing_from_outside_and_holds_no_one_else_s_markup(tmp_path):
    page = made(title=HOSTILE, subtitle=HOSTILE, is_practice=True).save(tmp_path / "a" / "b" / "board.html")
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text.split("<script>")[0])
    assert "default-src 'none'" in text
    assert "alert(1)</script>" not in text
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in text
    assert '<div class="ribbon">Practice data' in text
    assert "12,300 posts listed by TikLiveAPI" in text
    assert text.index('<div id="picture"') < text.index("<figcaption>") < text.index("<table>")


@pytest.mark.parametrize("kind", ["html", "csv", "json"])
def test_the_same_exhibit_gives_the_same_bytes(tmp_path, kind):
    first, second = (made().save(tmp_path / f"{name}.{kind}").read_bytes() for name in ("one", "two"))
    assert first == second


def test_data_in_a_script_cannot_end_it():
    text = embedded({"title": HOSTILE + "<!--\u2028"})
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text) == {"title": HOSTILE + "<!--\u2028"}


def test_a_notebook_s_table_tells_missing_from_zero_and_rows_left_out():
    frame = pd.DataFrame({"posts": [0.0, None], "seen": [True, None], "status": ["ok", None], "share": [0.5, 1.0]})
    text = fragment(frame, Words("Title", "", "Caption"))
    assert '<td class="n">0</td>' in text
    assert '<td class="n">–</td>' in text
    assert '<td class="n">50%</td><' in text
    assert "yes" in text
    assert "<i>●</i> ok" in text
    assert "<i>·</i> status unknown" in text
    assert "Nothing to show" in fragment(frame.head(0), Words())


def folded_rows(text):
    """Give what a fold is called, and its rows."""
    summary, rows = re.search("<details><summary[^>]*>(.*?)</summary>(.*?)</details>", text, re.DOTALL).groups()
    return summary, rows.count("<tr>") - 1


def test_a_table_shows_its_first_rows_and_unfolds_the_others_without_a_kernel():
    text = unfolding(pd.DataFrame({"a": range(70)}), 10, "Label")
    first, _, fold = text.partition("<details>")
    assert first.count("<tr>") == 11
    assert 'aria-label="Label"' in first
    assert folded_rows(text) == ("All 70 rows", 70)
    assert 'tabindex="0"' in fold
    assert "<script" not in text
    for few in (10, 13):  # two or three rows more are not worth a click
        assert "<details" not in (whole := unfolding(pd.DataFrame({"a": range(few)}), 10))
        assert whole.count("<tr>") == 1 + few


def test_dates_and_other_short_texts_keep_to_one_line():
    days = pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True)
    text = table(pd.DataFrame({"day": days, "title": ["A song of more than sixteen signs", "b"], "posts": [1, 2]}), 10)
    assert '<th style="text-align:left;min-width:11ch">day</th>' in text
    assert '<th style="text-align:left">title</th><th class="n">posts</th>' in text


def test_what_is_folded_is_bounded_in_rows_and_in_signs():
    assert folded_rows(fragment(pd.DataFrame({"a": range(5_000)}), Words())) == ("The first 300 of 5,000 rows", 300)
    long = unfolding(pd.DataFrame({str(one): ["x" * 150] * 200 for one in range(9)}), 10)
    assert folded_rows(long)[1] < 30
    assert len(long) < 60_000
    wide = unfolding(pd.DataFrame({str(one): ["x" * 150] * 200 for one in range(20)}), 10)
    assert "<details" not in wide
    assert "10 of 200 rows" in wide


def test_what_is_folded_is_as_harmless_as_what_is_not():
    text = unfolding(pd.DataFrame({"title": [HOSTILE] * 20, "posts": range(20)}), 10)
    assert HOSTILE not in text
    assert text.count("&lt;script&gt;") == 30


def test_a_saved_notebook_holds_the_numbers_of_a_chart_as_typed_arrays(shown):
    numbers, few = [0.5 + one for one in range(50)], [1, 2]
    made(draw=lambda _: go.Figure([go.Bar(y=numbers, x=["a"] * 50), go.Bar(y=few)]))._ipython_display_()
    many, other = shown[0]["application/vnd.plotly.v1+json"]["data"]
    assert array("d", base64.b64decode(many["y"]["bdata"])).tolist() == numbers
    assert (many["y"]["dtype"], many["x"][0], other["y"]) == ("f8", "a", few)


def test_a_csv_runs_no_formula_and_changes_no_number():
    seen = ["=1", "+1", "-1", "@a", "\tx", "\rx", "\uff1d1", "\ufe66x", "\ufe621"]
    signs = [*seen, " =1", "\u200b=1", "\ufeff\u00a0@a", "\u202e-1"]
    texts = [*signs, "ok", "7012345678901234567", "", " \u200b", "a=1"]
    frame = pd.DataFrame({"text": texts, "=number": [-1.5, *range(len(texts) - 1)]})
    rows = list(csv.DictReader(io.StringIO(csv_text(frame), newline="")))
    quoted = ["'" + sign for sign in signs] + texts[len(signs) :]
    assert [row["text"].replace("\n", "\r") for row in rows] == quoted
    assert rows[0]["'=number"] == "-1.5"


def test_json_has_utc_times_whole_ranks_and_null_for_what_is_missing():
    rows = json.loads(json_text(made().frame))
    assert rows[0]["first_seen"] == "2022-02-09T00:00:00Z"
    assert rows[0]["rank"] == 1
    assert rows[1] == {
        **dict.fromkeys(("rank", "artist", "growth_rate", "growth_low", "growth_high", "first_seen")),
        "title": HOSTILE,
        "status": "not_enough_coverage",
    }
    assert records(made().frame.head(0)) == []
    assert csv_text(made().frame.head(0)).startswith("rank,title")


def test_practice_data_say_so_in_every_file(tmp_path):
    for kind in ("html", "csv", "json"):
        text = made(is_practice=True).save(tmp_path / f"board.{kind}").read_text(encoding="utf-8")
        assert "practice data" in text.lower()
        assert "practice data" not in made().save(tmp_path / f"real.{kind}").read_text(encoding="utf-8").lower()


def test_an_unknown_ending_names_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match="ends in html, csv, json, png, svg, pdf"):
        made().save(tmp_path / "board.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_a_clear_error_and_leaves_nothing_behind(tmp_path):
    (tmp_path / "taken").write_text("a file, no folder", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot write"):
        made().save(tmp_path / "taken" / "board.csv")
    (tmp_path / "board.csv").mkdir()
    with pytest.raises(ConfigError, match="cannot write"):
        made().save(tmp_path / "board.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["board.csv", "taken"]


def test_an_old_file_is_replaced_whole(tmp_path):
    target = tmp_path / "board.JSON"
    target.write_text("old " * 10_000, encoding="utf-8")
    assert made().save(str(target)) == target
    assert json.loads(target.read_text(encoding="utf-8"))
    assert [path.name for path in tmp_path.iterdir()] == ["board.JSON"]


def test_a_missing_browser_is_a_sentence_with_a_remedy(tmp_path, monkeypatch):
    pytest.importorskip("kaleido")
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nothing-here"))
    with pytest.raises(PictureError, match=r"needs Chrome or Chromium.*html, csv and json need no browser"):
        made().save(tmp_path / "board.png")
    assert list(tmp_path.iterdir()) == []
    assert issubclass(PictureError, TrendlibError)


def test_a_missing_kaleido_is_a_sentence_with_a_remedy(tmp_path, monkeypatch):
    (tmp_path / "kaleido.py").write_text("raise ImportError('not here')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(PictureError, match="pip install kaleido"):
        made().save(tmp_path / "board.svg")


@pytest.mark.skipif(os.name != "posix", reason="the stand-in browser is a shell script")
def test_a_browser_that_hangs_is_given_up_and_ended(tmp_path, monkeypatch):
    pid = tmp_path / "pid"
    (tmp_path / "kaleido.py").write_text(
        "import os, subprocess, time\n"
        "def __getattr__(name): raise AttributeError(name)\n"
        f"child = subprocess.Popen(['sleep', '600']); open({str(pid)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(600)\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for seconds in (0.6, 5, 20, 200):  # on a busy machine the browser may not even have started when it is given up
        with pytest.raises(PictureError, match=rf"longer than {seconds} s to print a png"):
            pictures.printed(made().figure, "png", width=400, drawn_at=AS_OF, seconds=seconds)
        if pid.is_file() and pid.read_text(encoding="utf-8"):
            break
    child = int(pid.read_text(encoding="utf-8"))
    wait_until(lambda: not runs(child))


def runs(pid):
    """Tell whether a process still runs; one that was killed may wait for a moment until it is."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.browser
@pytest.mark.parametrize(("kind", "opening"), [("png", b"\x89PNG"), ("svg", b"<svg"), ("pdf", b"%PDF")])
def test_pictures_are_printed_the_same_twice(tmp_path, kind, opening):
    pytest.importorskip("kaleido")
    if not any(map(shutil.which, ("chromium", "google-chrome", "chrome", "chromium-browser"))):
        pytest.skip("no Chromium on the PATH")
    first, second = (made().save(tmp_path / f"{name}.{kind}").read_bytes() for name in ("one", "two"))
    assert first.startswith(opening)
    assert first == second


def test_a_post_s_address_is_a_link_and_any_other_text_is_not() -> None:
    links = ["https://www.tiktok.com/@a.b_c/video/7012345678901234567", "javascript:alert(1)",
             'https://www.tiktok.com/"onclick="x', None]  # fmt: skip
    shown = table(pd.DataFrame({"link": links}), 10)
    assert re.findall(r'href="([^"]*)"', shown) == links[:1]
    assert "javascript:alert(1)" in shown
    assert 'onclick="' not in shown


def test_the_browser_that_prints_gets_no_key(monkeypatch):
    for name in ("TIKLIVE_API_KEY", "TRENDLIB_SLACK_WEBHOOK", "trendlib_notion_token"):
        monkeypatch.setenv(name, "sesame")
    program = "import json, os, sys; sys.stdout.write(json.dumps(dict(os.environ)))"
    given = json.loads(pictures._run(program, None, "png", 60))  # noqa: SLF001
    assert "PATH" in given
    assert "sesame" not in given.values()


def test_a_save_removes_what_killed_programs_left_of_the_same_file(tmp_path: Path) -> None:
    old, fresh, other = (tmp_path / name for name in (".a[1].html.7.tmp", ".a[1].html.8.tmp", ".b.html.7.tmp"))
    for draft in (old, fresh, other):
        draft.write_bytes(b"half of it")
    for draft in (old, other):
        os.utime(draft, (0, 0))
    write_file(tmp_path / "a[1].html", b"all of it")
    assert {path.name for path in tmp_path.iterdir()} == {"a[1].html", fresh.name, other.name}


def test_tables_say_of_a_days_posts_what_they_are_and_frames_keep_the_number() -> None:
    rows = {"posts_last_24h": [67, 29, 12], "window_days": [7, 1, 1]}
    one = Exhibit(
        name="board",
        title="Board",
        frame=pd.DataFrame({**rows, "status": ["counter_only", "not_enough_coverage", "ok"]}),
        as_of=AS_OF,
        source="3 posts",
    )
    for shown in (one.fragment(), repr(one)):
        assert "67 a day/7 d" in shown
        assert "at least 29" in shown
        assert "window" not in shown
    assert one.frame["posts_last_24h"].tolist() == rows["posts_last_24h"]


def test_a_picture_in_a_notebook_has_the_style_of_its_own_colours():
    styles = re.findall(r"<style>(.*?)</style>", made().fragment(), re.DOTALL)
    worn = styles[-1]
    assert worn.count("{") == worn.count("}") > 4
    assert LIGHT.paper in worn
    assert SCALE[0] not in worn


def test_rows_picked_from_an_exhibit_are_shown_with_its_caption():
    one = made(subtitle="A finding of the whole")
    few = one.listing(one.frame.head(1), "title", "status", title="The first")
    assert few.caption == one.caption
    assert few.table.columns.tolist() == ["title", "status"]
    assert few.bare is None
    assert "The first" in few.fragment()
    assert "A finding" not in few.fragment()


def test_what_is_not_there_is_said_in_a_notebook_without_the_way_through_the_code():
    assert NoDataError("data holds no data yet")._render_traceback_() == ["Nothing to show: data holds no data yet"]
