"""Delivery: each alert once, whatever the other side answers, whoever is killed, however often it is run."""

import csv
import json
import logging
import os
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback import (
    DATABASE,
    DROP,
    DROP_AFTERWARDS,
    HANG,
    LONGEST_S,
    TOKEN,
    WEBHOOK_PATH,
    Fault,
    Loopback,
    key_of,
    serving,
    wait_until,
)

from trendlib.config import Config
from trendlib.deliver import Delivery, Message, Outbox, notion, outbox, slack
from trendlib.deliver.deliveries import Deliveries
from trendlib.deliver.messages import messages_of
from trendlib.errors import ConfigError, NoDataError
from trendlib.schema import ALERTS
from trendlib.store import frame_of

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOSTILE = '<!channel> @here <https://evil.example|click> & *bold* =HYPERLINK("x") \u202e'


def alert(key: str, *, title: str = "Song", days: float = 0, **facts: Any) -> dict[str, Any]:
    """A row of the ledger, said first some days after the last recording."""
    at = NOW + days * DAY
    return {
        **dict.fromkeys(ALERTS.names), "alert_id": key, "rule": "breakout", "rule_version": "3", "subject": "sound",
        "subject_id": "7012345678901234567", "alert": "watch", "last_alert": "watch", "alerted_at": at, "last_at": at,
        "recorded_at": at, "growth_rate": 2.0, "growth_low": 1.5, "growth_high": 2.5, "total_uses": 100, "status": "ok",
        "title": title, "artist": "Me", **facts,
    }  # fmt: skip


def sheet(*alerts: dict[str, Any]) -> pd.DataFrame:
    names = pd.DataFrame(
        [{"title": one["title"], "artist": one["artist"]} for one in alerts], columns=["title", "artist"]
    )
    return pd.concat([frame_of(ALERTS, alerts), names.astype("str")], axis=1)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving(Loopback()) as one:
        yield one


@pytest.fixture
def config(server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Give a home whose Slack and Notion are the loopback server."""
    settings = {
        "TRENDLIB_HOME": str(tmp_path / "home"),
        "TRENDLIB_SLACK_WEBHOOK": server.webhook,
        "TRENDLIB_NOTION_TOKEN": TOKEN,
        "TRENDLIB_NOTION_DATABASE": f"https://www.notion.so/team/Alerts-{DATABASE}?v=1",
        "NOTION_BASE_URL": server.url,
        "TRENDLIB_TIMEOUT_S": str(LONGEST_S),
        "TRENDLIB_BACKOFF_S": "0.01",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return Config.load()


def box(config: Config, *alerts: dict[str, Any], now: datetime = NOW) -> Outbox:
    return Outbox(config, sheet(*alerts), now)


def send(config: Config, place: str, *alerts: dict[str, Any], now: datetime = NOW) -> Delivery:
    (one,) = box(config, *alerts, now=now).alerts(place)
    return one


# In words


@pytest.mark.parametrize(
    ("inputs", "said", "days"),
    [('{"window_days": 7}', "67 posts a day over 7 d", 7), ('{"window_days": 1}', "67 posts in 24 h", 1),
     ('{"window_days": null}', "67 posts in 24 h", None), ('{"p0": 0.1}', "67 posts in 24 h", None),
     (None, "67 posts in 24 h", None)],
)  # fmt: skip
def test_a_message_says_of_how_many_days_its_posts_are(inputs: str | None, said: str, days: int | None) -> None:
    (message,) = messages_of(sheet(alert("a", posts_last_24h=67, inputs=inputs)))
    assert f" · {said} · " in message.lines[1]
    assert (message.facts["Posts in 24 h"], message.facts["Window days"]) == (67, days)


def test_a_message_names_the_country_that_is_crossed_into() -> None:
    (message,) = messages_of(
        sheet(alert("a", rule="crossover", alert="crossover", last_alert="crossover", region="US"))
    )
    assert message.lines[0] == "crossover in the United States"
    assert message.facts["Region"] == "United States (US)"


def test_a_crossover_is_told_by_shares_and_claims_no_posts_of_a_day() -> None:
    inputs = '{"p0": 0.04, "p1": 0.41, "low": 0.264}'
    crossing = alert("a", rule="crossover", alert="crossover", region="SE", posts_last_24h=67, inputs=inputs)
    (message,) = messages_of(sheet(crossing))
    assert message.lines[1].startswith("4% → 41% of its creators, at least +26 points · ")
    assert "24 h" not in message.lines[1]


# Once


@pytest.mark.parametrize("place", ["slack", "notion"])
def test_what_arrived_is_not_sent_again(config: Config, server: Loopback, place: str) -> None:
    first = send(config, place, alert("a"), alert("b"))
    asked = len(server.requests)
    again = send(config, place, alert("a"), alert("b"))
    assert (first.sent, first.kept) == (2, [])
    assert (again.sent, again.before) == (0, 2)
    assert len(server.requests) == asked


def test_an_episode_that_goes_on_is_one_and_the_next_one_another(config: Config, server: Loopback) -> None:
    send(config, "slack", alert("a"))
    send(config, "slack", alert("a", last_at=NOW + 3 * DAY, last_alert="confirmed"), now=NOW + 3 * DAY)
    send(config, "slack", alert("a", last_at=NOW + 3 * DAY), alert("b", days=30), now=NOW + 30 * DAY)
    assert server.keys == ["a", "b"]


def test_a_channel_begins_with_what_stands_and_misses_nothing_afterwards(config: Config, server: Loopback) -> None:
    old = alert("old", days=-20)
    send(config, "slack", old, alert("standing", last_at=NOW))
    ended = alert("ended meanwhile", days=1)
    send(config, "slack", old, ended, alert("new", days=5), now=NOW + 5 * DAY)
    assert server.keys == ["standing", "ended meanwhile", "new"]


def test_channels_know_nothing_of_each_other(config: Config, server: Loopback) -> None:
    send(config, "slack", alert("a"))
    assert send(config, "notion", alert("a")).sent == 1
    assert len(server.arrived) == len(server.rows) == 1


# Refusals


@pytest.mark.parametrize("place", ["slack", "notion"])
@pytest.mark.parametrize("faults", [[429], [500], [503, 429, 500], [DROP], [DROP, 500, DROP]])
def test_what_may_pass_is_met_by_sending_again(
    config: Config, server: Loopback, place: str, faults: list[Fault]
) -> None:
    server.faults.extend(faults)
    assert send(config, place, alert("a"), alert("b")).sent == 2
    arrived = server.keys if place == "slack" else [key_of(row) for row in server.rows.values()]
    assert Counter(arrived) == {"a": 1, "b": 1}


def test_a_row_that_was_made_without_an_answer_stays_one(config: Config, server: Loopback) -> None:
    send(config, "notion", alert("first"))
    server.faults.extend([None, None, None, DROP_AFTERWARDS])
    assert send(config, "notion", alert("first"), alert("a")).sent == 1
    assert [key_of(row) for row in server.rows.values()] == ["first", "a"]


def test_a_channel_is_given_the_time_it_asks_for(
    config: Config, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waits.append)
    server.faults.extend([429, 429])
    server.retry_after = "7"
    assert send(config, "slack", alert("a")).sent == 1
    assert waits == [7.0, 7.0]


def test_a_channel_that_asks_for_more_than_a_minute_is_left_to_the_next_run(config: Config, server: Loopback) -> None:
    server.faults.append(429)
    server.retry_after = "61"
    first = send(config, "slack", alert("a"), alert("b"))
    assert (first.sent, first.kept) == (0, ["a", "b"])
    assert "HTTP 429" in first.reasons[0]
    assert send(config, "slack", alert("a"), alert("b")).sent == 2
    assert server.keys == ["a", "b"]


def test_what_still_does_not_go_is_kept_even_when_the_alert_ends(config: Config, server: Loopback) -> None:
    server.faults.extend([500] * config.attempts)
    assert send(config, "slack", alert("a")).kept == ["a"]
    assert len(server.requests) == config.attempts
    assert send(config, "slack", alert("a"), alert("b", days=9), now=NOW + 9 * DAY).sent == 2
    assert server.keys == ["a", "b"]


@pytest.mark.parametrize("status", [302, 403, 404, 410])
def test_a_channel_that_is_shut_is_asked_once(config: Config, server: Loopback, status: int) -> None:
    server.faults.append(status)
    found = send(config, "slack", alert("a"), alert("b"))
    assert found.kept == ["a", "b"]
    assert "check TRENDLIB_SLACK_WEBHOOK" in found.reasons[0]
    assert [path for _, path, _, _ in server.requests] == [WEBHOOK_PATH]


def test_a_message_that_is_refused_holds_up_no_other(config: Config, server: Loopback) -> None:
    server.faults.append(400)
    found = send(config, "slack", alert("a"), alert("b"))
    assert (found.sent, found.kept) == (1, ["a"])


# Time-outs and kills


@pytest.fixture
def impatient(config: Config, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Give the same home, where four seconds are long for an answer."""
    monkeypatch.setenv("TRENDLIB_TIMEOUT_S", "4")
    return Config.load(home=config.home)


@pytest.mark.parametrize("place", ["slack", "notion"])
def test_what_got_no_answer_in_time_is_sent_again(impatient: Config, server: Loopback, place: str) -> None:
    server.faults.append(HANG)
    assert send(impatient, place, alert("a")).sent == 1
    assert len(server.arrived) + len(server.rows) == 1


@pytest.mark.parametrize("fault", [DROP, 502, 504])
def test_what_may_have_arrived_says_when_it_is_sent_again_that_it_may_be_a_copy(
    config: Config, server: Loopback, fault: Fault
) -> None:
    server.faults.append(fault)
    assert send(config, "slack", alert("a"), alert("b")).sent == 2
    assert [slack.COPY in json.dumps(message) for message in server.arrived] == [True, False]


def test_what_never_gets_an_answer_is_sent_three_times_a_run_at_most(config: Config, server: Loopback) -> None:
    server.faults.extend([DROP] * 10)
    assert send(config, "slack", alert("a")).kept == ["a"]
    assert len(server.requests) == outbox.MOST_DOUBTS


def test_what_never_left_is_no_copy(config: Config, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRENDLIB_SLACK_WEBHOOK", "http://127.0.0.1:1" + WEBHOOK_PATH)
    assert send(Config.load(), "slack", alert("a")).kept == ["a"]
    assert send(config, "slack", alert("a")).sent == 1
    assert slack.COPY not in json.dumps(server.arrived)


PROGRAM = """
import sys
sys.path[:0] = [{tests!r}, {root!r}]
from test_deliver import alert, box
from trendlib.config import Config
for one in box(Config.load(), *(alert(f"a{{number}}") for number in range(6))).alerts({place!r}):
    print(one.sent, one.presumed)
"""


def started(place: str) -> subprocess.Popen[str]:
    program = PROGRAM.format(tests=str(ROOT / "tests"), root=str(ROOT), place=place)
    return subprocess.Popen([sys.executable, "-c", program], env=dict(os.environ), stdout=subprocess.PIPE, text=True)


def kill_when(is_so: Callable[[], bool], place: str) -> None:
    process = started(place)
    wait_until(is_so)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=LONGEST_S)


@pytest.mark.parametrize("place", ["slack", "notion"])
@pytest.mark.usefixtures("impatient")
def test_after_kills_refusals_and_time_outs_each_alert_has_arrived_once(server: Loopback, place: str) -> None:
    server.latency_s = 0.1
    server.faults.extend([500, 429, HANG])
    for asked in (5, 7):
        kill_when(lambda least=asked: len(server.requests) >= least, place)
    last = started(place)
    assert last.communicate(timeout=LONGEST_S)[0]
    assert last.returncode == 0
    found = server.keys if place == "slack" else [key_of(row) for row in server.rows.values()]
    assert Counter(found) == {f"a{number}": 1 for number in range(6)}


def test_what_was_killed_right_after_leaving_is_taken_for_arrived_and_said_so(config: Config, server: Loopback) -> None:
    server.is_open.clear()
    kill_when(lambda: len(server.requests) == 1, "slack")
    server.is_open.set()
    wait_until(lambda: len(server.arrived) == 1)
    found = send(config, "slack", alert("a0"), alert("a1"))
    assert (found.presumed, found.sent) == (["a0"], 1)
    assert send(config, "slack", alert("a0"), alert("a1")).presumed == []
    assert server.keys == ["a0", "a1"]
    box(config).again(["a0"], "slack")
    assert send(config, "slack", alert("a0"), alert("a1")).sent == 1
    assert server.keys == ["a0", "a1", "a0"]


def test_what_was_killed_while_the_answer_was_long_in_coming_is_sent_again(impatient: Config, server: Loopback) -> None:
    server.faults.extend([HANG] * outbox.MOST_DOUBTS)
    record = impatient.delivery_file
    kill_when(lambda: record.exists() and "waiting" in record.read_text(), "slack")
    server.faults.clear()
    assert send(impatient, "slack", alert("a0")).sent == 1
    assert server.keys == ["a0"]


@pytest.mark.usefixtures("config")
def test_runs_that_overlap_send_once(server: Loopback) -> None:
    server.latency_s = 0.02
    both = [started("slack"), started("slack")]
    assert {process.wait(timeout=LONGEST_S) for process in both} == {0}
    assert [process.communicate() for process in both]
    assert Counter(server.keys) == {f"a{number}": 1 for number in range(6)}


def test_a_torn_line_of_the_record_is_no_word(tmp_path: Path) -> None:
    path = tmp_path / "deliveries.jsonl"
    path.write_text('{"channel": "slack", "key": "a", "word": "sent"}\n{"channel": "slack", "ke')
    said = Deliveries(path)
    said.write("slack", "b", "sent")
    again = Deliveries(path)
    assert again.is_done("slack", "a")
    assert again.is_done("slack", "b")


# Dialects


def texts(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for inner in part.values():
            yield from texts(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from texts(inner)
    elif isinstance(part, str):
        yield part


def test_other_peoples_words_mean_nothing_to_slack(config: Config, server: Loopback) -> None:
    send(config, "slack", alert("a", title=HOSTILE, artist=HOSTILE))
    (message,) = server.arrived
    said = [text for text in texts(message) if not text.startswith("<https://www.tiktok.com/")]
    assert not [text for text in said if "<" in text or ">" in text or "@here" in text or "\u202e" in text]
    assert {block["text"]["type"] for block in message["blocks"][:2]} == {"plain_text"}
    assert (message["unfurl_links"], message["unfurl_media"]) == (False, False)


@pytest.mark.parametrize("sign", ["&", "<", "😀", "@here", "ש", "\n", "a"])
def test_slack_is_told_no_more_than_it_takes(sign: str) -> None:
    lines = tuple(sign * 5000 for _ in range(200))
    made = slack.payload(Message(key="k", title=sign * 500, lines=lines, small_print=sign * 5000))
    assert len(made["blocks"]) <= 50
    for block in made["blocks"]:
        most = 150 if block["type"] == "header" else 3000
        assert all(0 < len(text.encode("utf-16-le")) // 2 <= most for text in texts(block) if text not in {"", "\n"})


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_words_make_a_message_that_a_channel_refuses_for_its_size(data: st.DataObject) -> None:
    signs = ("@here", "@everyone", "&", "<", "😀", "א", "\u202e", "\x00", "a", " ", "👩\u200d🎤")
    words = st.lists(st.sampled_from(signs), max_size=600).map("".join)
    link = "https://a.example/?" + data.draw(st.sampled_from(["a", "&"])) * data.draw(st.integers(1, 1980))
    said = Message(key="k", title=data.draw(words), lines=tuple(data.draw(st.lists(words, max_size=5))) * 20, link=link,
                   small_print=data.draw(words), facts={"Artist": data.draw(words)})  # fmt: skip
    blocks = slack.payload(said, may_be_copy=True)["blocks"]
    assert len(blocks) <= 50
    for block in blocks:
        for part in [block["text"]] if "text" in block else block["elements"]:
            most = 150 if block["type"] == "header" else 3000
            assert 0 < len(part["text"].encode("utf-16-le")) // 2 <= most
    row = notion.payload(said)
    assert len(row["children"]) <= 100
    assert all(len(text.encode("utf-16-le")) // 2 <= 2000 for text in texts(row))


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "https://a.example/<!channel>", "a|b"])
def test_only_web_addresses_are_links(link: str) -> None:
    assert "mrkdwn" not in json.dumps(slack.payload(Message(key="k", title="t", link=link)))


def test_a_row_of_notion_holds_plain_text_and_numbers_that_know_their_columns(config: Config, server: Loopback) -> None:
    send(config, "notion", alert("a", title=HOSTILE * 99, growth_low=None))
    (row,) = server.rows.values()
    cells = row["properties"]
    assert row["parent"] == {"type": "data_source_id", "data_source_id": "source-1"}
    assert cells["Velocity"] == {"number": 2.0}
    assert cells["Velocity low"] == {"number": None}
    assert cells["Alerted at"] == {"date": {"start": "2026-03-02T12:00:00Z"}}
    (title,) = cells["Song"]["title"]
    assert title["type"] == "text"
    assert set(title["text"]) == {"content"}
    assert max(len(text) for text in texts(row)) <= 2000
    assert server.columns["Notes"] == "rich_text"
    assert {headers["Notion-Version"] for *_, headers in server.requests} == {"2025-09-03"}


@pytest.mark.parametrize(
    ("columns", "sources", "words"),
    [
        ({"Song": "title", "Status": "select"}, ["source-1"], "column 'Status' holds select"),
        ({"Song": "title"}, ["source-1", "source-2"], "2 data sources"),
    ],
)
def test_a_database_that_does_not_fit_is_left_alone_and_said(
    config: Config, server: Loopback, columns: dict[str, str], sources: list[str], words: str
) -> None:
    server.columns, server.sources = columns, sources
    found = send(config, "notion", alert("a"), alert("b"))
    assert (found.kept, len(server.rows)) == (["a", "b"], 0)
    assert words in found.reasons[0]
    assert {method for method, *_ in server.requests} == {"GET"}


# Files


def test_files_hold_every_alert_once_however_often_they_are_written(config: Config, tmp_path: Path) -> None:
    alerts = [alert("a", title="=HYPERLINK(A1)"), alert("b", days=1)]
    for _ in range(2):
        found = box(config, *alerts).alerts("csv,json,parquet")
    assert [one.place for one in found] == [tmp_path / "home" / "alerts" / f"alerts.{one.channel}" for one in found]
    rows = list(csv.DictReader((tmp_path / "home" / "alerts" / "alerts.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["alert_id"], row["title"]) for row in rows] == [("a", "'=HYPERLINK(A1)"), ("b", "Song")]
    listed = json.loads((tmp_path / "home" / "alerts" / "alerts.json").read_text(encoding="utf-8"))
    assert [row["title"] for row in listed] == ["=HYPERLINK(A1)", "Song"]
    table = duckdb.read_parquet(str(tmp_path / "home" / "alerts" / "alerts.parquet")).df()
    assert table["alerted_at"].tolist() == [NOW, NOW + DAY]
    assert len(list((tmp_path / "home" / "alerts").iterdir())) == 3


# Summaries


def test_a_summary_is_said_once_a_channel(config: Config, server: Loopback) -> None:
    review = Message(key="review 2026-03-02", title="Monday <review>", lines=("3 new", "1 was wrong"), link=None)
    first = box(config).message(review)
    again = box(config).message(review)
    assert [(one.channel, one.sent) for one in first] == [("slack", 1), ("notion", 1)]
    assert [one.before for one in again] == [1, 1]
    assert server.arrived[0]["blocks"][0]["text"]["text"] == "Monday &lt;review&gt;"
    assert len(server.rows) == 1


@pytest.mark.parametrize(("link", "kept"), [("https://deck.example/1", "https://deck.example/1"), ("C:/deck", None)])
def test_a_link_reaches_every_channel_if_it_is_a_web_address(link: str, kept: str | None) -> None:
    review = Message(key="review", title="Monday", link=link)
    assert notion.payload(review)["properties"]["Link"] == {"url": kept}
    assert (f"<{link}|Open>" in json.dumps(slack.payload(review))) == (kept is not None)


def test_what_is_sent_again_is_what_was_asked_for(config: Config, server: Loopback) -> None:
    old = alert("old", days=-20)
    send(config, "slack", old, alert("a"))
    made = box(config, old, alert("a"), alert("b"))
    made.again(["old"], "slack")
    assert [one.sent for one in made.alerts("slack", only=["old"])] == [1]
    assert server.keys == ["a", "old"]


def test_nothing_is_sent_again_that_never_was(config: Config) -> None:
    made = box(config, alert("a"))
    with pytest.raises(NoDataError, match=r"'nope'.*trendlib ledger"):
        made.again(["a", "nope"], "slack")
    assert Deliveries(config.delivery_file).keys == set()


# The practice world


def test_the_practice_world_reaches_no_team(config: Config, tmp_path: Path) -> None:
    real = Config.load(
        home=tmp_path, slack_webhook="https://hooks.slack.com/services/T/B/x", notion_base_url="https://a.example"
    )
    made = Outbox(real, sheet(alert("a")), NOW, is_practice=True)
    for place in ("slack", "notion", "slack,csv"):
        with pytest.raises(ConfigError, match=r"practice world.*--dry-run") as caught:
            made.alerts(place)
        # a traceback may show the names of its frames
        ours = [entry.locals for entry in caught.traceback if "trendlib" in str(entry.path.parent)]
        assert ours
        assert "services/T/B" not in repr(ours)
    with pytest.raises(ConfigError, match="practice world"):
        made.message(Message(key="review", title="Monday"))
    assert [one["key"] for one in made.payloads("slack")] == ["a"]
    assert [one.sent for one in made.alerts("csv")] == [1]
    assert [one.sent for one in Outbox(config, sheet(alert("a")), NOW, is_practice=True).alerts("slack")] == [1]


# Set-up and secrets


def test_what_is_not_set_up_says_how_and_nothing_is_sent(server: Loopback, tmp_path: Path) -> None:
    bare = Config.load(home=tmp_path)
    with pytest.raises(ConfigError, match=r"TRENDLIB_SLACK_WEBHOOK=.*TRENDLIB_NOTION_TOKEN=.*csv"):
        box(bare, alert("a")).alerts()
    with pytest.raises(ConfigError, match="'fax' is no channel"):
        box(bare, alert("a")).alerts("fax")
    half = Config.load(home=tmp_path, slack_webhook=server.webhook)
    with pytest.raises(ConfigError, match="Notion; token or database is not set"):
        box(half, alert("a")).alerts("slack,notion")
    assert server.requests == []


def test_without_a_recording_there_is_nothing_to_deliver(config: Config) -> None:
    with pytest.raises(NoDataError, match="none were ever recorded"):
        Outbox(config, sheet(), None).alerts("slack")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("slack_webhook", "http://hooks.example.com/services/T/B/SECRET", "use https"),
        ("slack_webhook", "https://hooks.slack.com", "copy the whole of it"),
        ("slack_webhook", "https://me:SECRET@hooks.slack.com/services/x", "no user"),
        ("slack_webhook", "https://hooks.slack.com/services/SECRET two", "holds spaces"),
        ("notion_token", "SECRET two", "holds spaces"),
        ("notion_database", "https://www.notion.so/SECRET", "no Notion database"),
        ("notion_base_url", "http://api.example.com", "use https"),
    ],
)
def test_what_would_leak_or_cannot_work_is_refused_unseen(name: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        Config.load(**{name: value})
    assert name.upper() in str(caught.value)
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("fault", [None, 302, 400, 403, 429, 500, DROP])
def test_no_secret_is_in_a_log_a_message_a_repr_or_a_file(
    config: Config, server: Loopback, caplog: pytest.LogCaptureFixture, tmp_path: Path, fault: Fault
) -> None:
    caplog.set_level(logging.DEBUG)
    server.faults.extend([] if fault is None else [fault] * 8)
    made = box(config, alert("a"))
    found = made.alerts("slack") + made.alerts("notion")
    held = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    said = " ".join([caplog.text, repr(found), repr(config), repr(made), str(config.model_dump()), *held])
    assert "SECRET" not in said
    assert len(server.requests) > 1
    assert "127.0.0.1" in caplog.text


def test_a_dry_run_tells_what_would_be_sent_and_sends_nothing(config: Config, server: Loopback, tmp_path: Path) -> None:
    found = box(config, alert("a"), alert("b")).payloads("slack,notion,csv")
    assert [(one["channel"], one.get("key")) for one in found] == [
        ("slack", "a"), ("slack", "b"), ("notion", "a"), ("notion", "b"), ("csv", None),
    ]  # fmt: skip
    assert (server.requests, list(tmp_path.rglob("*.*"))) == ([], [])
    send(config, "slack", alert("a"))
    assert [one["payload"] for one in found[:1]] == server.arrived
    assert [one["key"] for one in box(config, alert("a"), alert("b")).payloads("slack")] == ["b"]
    assert "SECRET" not in json.dumps(found)
