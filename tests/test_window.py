"""The window: what it tells the browser, and what the browser tells it."""

import asyncio
import gc
import gzip
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from trendlib.errors import NoDataError
from trendlib.show import charts, window
from trendlib.show.exhibits import Exhibit
from trendlib.show.window import Window, button, choice, keeping

HOSTILE = "<script>alert(1)</script>\u202e" + "y" * 10_000


def exhibit(**how: Any) -> Exhibit:
    frame = pd.DataFrame({"title": ["=1+1", HOSTILE], "status": ["ok", "weak"], "link": ["javascript:alert(1)", None]})
    return Exhibit(**{"name": "a", "title": HOSTILE, "frame": frame, "as_of": datetime(2026, 1, 5, tzinfo=UTC),
                      "source": "one source", "subtitle": HOSTILE, **how})  # fmt: skip


@pytest.fixture
def heard() -> list[tuple[str, Any]]:
    return []


@pytest.fixture
def one(heard: list[tuple[str, Any]]) -> Window:
    return Window("A window", "", lambda what, value: heard.append((what, value)))


@pytest.fixture
def sent(one: Window, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    said: list[Any] = []
    monkeypatch.setattr(one, "send", lambda content, buffers=None: said.append((content, buffers)))
    return said


def test_what_is_done_is_passed_on_and_answered(one: Window, heard: list[Any], sent: list[Any]) -> None:
    one.hear({"what": "tab", "value": "Why"})
    assert heard == [("tab", "Why")]
    assert sent == [({"answered": True}, None)]


def test_the_library_that_draws_comes_from_the_kernel_when_it_is_asked_for(
    one: Window, sent: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "get_plotlyjs", lambda: "window.Plotly = 1")
    window.library.cache_clear()
    one.hear({"what": "plotly"})
    window.library.cache_clear()
    [(content, [packed])] = sent
    assert content == {"plotly": True}
    assert gzip.decompress(packed) == b"window.Plotly = 1"


@pytest.mark.parametrize("error", [NoDataError("No sound <b>x</b> is known."), KeyError("a bug")])
def test_an_error_of_ours_is_said_and_any_other_is_still_answered(error: Exception) -> None:
    def refuse(_: str, __: Any) -> None:
        raise error

    one, answers = Window("A window", "", refuse), []
    one.send = answers.append
    with suppress(KeyError):
        one.hear({"what": "open"})
    assert one.said == ("No sound <b>x</b> is known." if isinstance(error, NoDataError) else "")
    assert answers == [{"answered": True}]


def test_a_figure_folds_the_table_up_and_texts_are_cut_and_plain(one: Window) -> None:
    board = pd.DataFrame({"title": [HOSTILE], "artist": ["a"], "growth_rate": [2.0], "growth_low": [1.0],
                          "growth_high": [3.0], "status": ["ok"]})  # fmt: skip
    one.show(exhibit(draw=partial(charts.leaderboard, board)), chosen="7")
    sheet = one.sheet
    assert sheet["figure"]["data"]
    assert sheet["fold"] == "Table, 2 rows"
    assert sheet["chosen"] == "7"
    assert len(sheet["heading"]) == 160
    assert "\u202e" not in sheet["heading"] + sheet["subtitle"]
    assert "<script" not in sheet["table"]
    assert "href" not in sheet["table"]
    assert len(json.dumps(sheet)) < 30_000


def test_a_table_alone_is_not_folded_and_an_exhibit_can_stand_beneath_a_map(one: Window) -> None:
    one.show(exhibit())
    assert (one.sheet["figure"], one.sheet["fold"]) == (None, "")
    one.show(exhibit(), beneath=exhibit(title="Posts of the day", draw=go.Figure))
    assert "<h4>Posts of the day</h4>" in one.sheet["table"]


@pytest.mark.parametrize(
    "words", ["../../../up", "/root", "a\\b", "x" * 10_000, "\u202egnp", "CON.", "a\0b", "한국어" * 100]
)
def test_no_word_in_a_name_leads_out_of_the_folder(one: Window, words: str) -> None:
    Path("out").mkdir()
    one.save(exhibit(), f"map-{words}", "csv")
    (made,) = (path for path in Path().rglob("*") if path.is_file())
    assert made.parent == Path("out")
    assert re.fullmatch(r"map-[\w-]*\.csv", made.name)
    assert made.name.isprintable()


def test_what_is_shown_is_saved_beside_the_notebook_and_copied_without_formulas(one: Window, sent: list[Any]) -> None:
    one.save(exhibit(), "a-7", "csv")
    assert one.said == f"Saved {Path('out') / 'a-7.csv'}"
    assert Path("out/a-7.csv").read_text().startswith("title,status,link\n'=1+1,ok")
    one.copy(exhibit())
    [(content, _)] = sent
    assert content["copy"].splitlines()[:2] == ["title\tstatus\tlink", "'=1+1\tok\tjavascript:alert(1)"]
    assert content["done"] == "Copied 2 rows: paste them into a spreadsheet."


def test_controls_are_described_in_plain_values() -> None:
    every = [choice("a", "top", "A", [("one", "1")], "1"), button("b", "foot", "B", "does b"), *keeping("csv")]
    assert json.loads(json.dumps(every)) == [
        {**one, "options": [list(option) for option in one["options"]]} if "options" in one else one for one in every
    ]
    assert [one["name"] for one in every] == ["a", "b", "kind", "save", "copy"]


# While nothing is done


@pytest.mark.parametrize("before", [gc.enable, gc.disable])
def test_no_garbage_is_collected_while_somebody_waits(before: Callable[[], None]) -> None:
    seen: list[bool] = []

    def heard(_: str, value: str) -> None:
        seen.append(gc.isenabled())
        if value == "fails":
            raise NoDataError("nothing")

    listening = Window("A window", "", heard)
    try:
        before()
        for value in ("Why", "fails"):
            listening.hear({"what": "tab", "value": value})
            assert gc.isenabled() is (before is gc.enable)
    finally:
        gc.enable()
    assert seen == [False, False]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass before a rest and between its steps."""
    monkeypatch.setattr(window, "_REST_S", 0)
    monkeypatch.setattr(window, "_STEP_S", 0)


def in_steps(done: list[int], number: int = 3) -> Iterator[None]:
    for step in range(number):
        done.append(step)
        yield


def rested(*acts: Callable[[], Any]) -> None:
    """Do one thing after the other where a loop runs, and let it run on after each."""

    async def rest() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: pytest.fail(str(told)))
        for act in acts:
            act()
            for _ in range(20):
                await asyncio.sleep(0)

    # a thread of its own: a browser that another test left open keeps a loop running in this one
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, rest()).result()


@pytest.mark.usefixtures("at_once")
def test_a_rest_is_spent_step_by_step(one: Window) -> None:
    done: list[int] = []
    rested(partial(one.spend_rest, in_steps(done)))
    assert done == [0, 1, 2]


@pytest.mark.usefixtures("at_once", "sent")
def test_whatever_is_done_ends_a_rest(one: Window) -> None:
    done: list[int] = []

    rested(lambda: (one.spend_rest(in_steps(done)), one.hear({"what": "tab", "value": "Why"})))
    assert done == []
    rested(lambda: one.spend_rest(in_steps(done, 10_000)), lambda: one.hear({"what": "tab", "value": "Why"}))
    assert 0 < len(done) < 100


@pytest.mark.usefixtures("at_once")
def test_an_error_of_ours_ends_a_rest_in_silence(one: Window) -> None:
    def refused() -> Iterator[None]:
        yield
        raise NoDataError("nothing")

    rested(lambda: one.spend_rest(refused()))
    assert one.said == ""


def test_a_script_has_no_rest(one: Window) -> None:
    done: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        pool.submit(one.spend_rest, in_steps(done)).result()
    assert done == []
