"""Loading: one path for sweeps, replays and rebuilds; nothing twice, nothing lost without its reason."""

import gzip
import json
import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from filelock import FileLock, Timeout
from told import make_older

from trendlib import store
from trendlib.config import Config
from trendlib.errors import ConfigError, OldFormatError, StoreError, StoreFormatError
from trendlib.runs.loading import alone, load, parsed, rebuild, renew, replay
from trendlib.schema import TABLES, Answer
from trendlib.store import Store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SOUND = "7012345678901234567"


def line(hours: float = 0, *, body: Any = None, endpoint: str = "/music-info/", provider: str = "tiklive") -> str:
    at = (NOON + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
    body = {"id": SOUND, "title": "Song", "author": "Me", "video_count": 100 + hours} if body is None else body
    params = {"music_id": SOUND}
    words = {
        "fetched_at": at,
        "provider": provider,
        "endpoint": endpoint,
        "params": params,
        "status": 200,
        "body": body,
    }
    return json.dumps(words)


def page(hours: float, *post_ids: str) -> str:
    videos = [{"video_id": one, "create_time": int(NOON.timestamp()) - 60, "play_count": 5} for one in post_ids]
    return line(hours, endpoint="/music-posts/", body={"videos": videos, "cursor": "30", "hasMore": False})


def everything(store: Store) -> dict[str, Any]:
    with store.as_of(NOON + timedelta(days=365)) as world:
        return {name: world.frame(name).to_dict("list") for name in TABLES}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config.load(home=tmp_path / "home")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "some.jsonl"
    posts = page(2, "7012345678901234000", "7012345678901234001")
    path.write_text("\n".join([line(0), line(1), posts, "{torn", line(3, body={"code": -1, "msg": "no"})]) + "\n")
    return path


def test_a_recording_is_loaded_once_however_often_it_is_replayed(config: Config, recording: Path) -> None:
    first = replay([recording], config)
    before = everything(Store(config.warehouse_file))
    second = replay([recording], config)
    assert (first.read, first.added, first.failed, first.lines_rejected) == (4, 4, 1, 1)
    assert (second.read, second.added) == (4, 0)
    assert before == everything(Store(config.warehouse_file))
    assert before["posts"]["post_id"] == ["7012345678901234000", "7012345678901234001"]


def test_a_compressed_copy_of_a_loaded_recording_adds_nothing(config: Config, recording: Path, tmp_path: Path) -> None:
    replay([recording], config)
    copy = tmp_path / "copy.jsonl.gz"
    copy.write_bytes(gzip.compress(recording.read_bytes()))
    assert replay([copy], config).added == 0


def test_a_broken_line_is_kept_with_its_number_and_the_rest_goes_on(config: Config, recording: Path) -> None:
    replay([recording], config)
    rejects = everything(Store(config.warehouse_file))["rejects"]
    assert rejects["raw"] == ["{torn"]
    assert rejects["place"][0].endswith("line 4")


def test_a_rebuilt_warehouse_equals_the_old_one_to_the_letter(config: Config, recording: Path) -> None:
    replay([recording], config)
    before = everything(Store(config.warehouse_file))
    config.warehouse_file.write_bytes(b"ruined")
    rebuild(config)
    assert everything(Store(config.warehouse_file)) == before


def test_nothing_to_rebuild_from_is_an_error_and_leaves_the_warehouse_alone(config: Config) -> None:
    with pytest.raises(ConfigError, match="holds no answers"):
        rebuild(config)


def test_an_answer_that_is_an_error_is_a_failed_call_and_gives_no_rows(config: Config, recording: Path) -> None:
    replay([recording], config)
    calls = everything(Store(config.warehouse_file))["calls"]
    errors = [error for error in calls["error"] if isinstance(error, str)]
    assert len(errors) == 1
    assert calls["credits"] == [1, 1, 1, 1]


@pytest.mark.parametrize(("status", "cost"), [(200, 1), (401, 0), (402, 0), (403, 0), (429, 1), (500, 1)])
def test_a_call_that_was_turned_away_at_the_door_cost_nothing(status: int, cost: int) -> None:
    answer = Answer(datetime(2026, 3, 2, tzinfo=UTC), "tiklive", "/music-info/", {"music_id": "1"}, status, {"id": "1"})
    assert parsed(answer, "s").credits == cost


def test_a_list_longer_than_any_answer_is_set_aside_whole() -> None:
    body = {"data": {"videos": [0] * 50_001}, "cursor": "1", "hasMore": False}
    answer = Answer(NOON, "tiklive", "/music-posts/", {"music_id": SOUND}, 200, body)
    one = parsed(answer, "s")
    assert [row["reason"] for row in one.rows.tables["rejects"]] == [one.error]
    assert one.error == "a list of 50,001 items; 50,000 are the most"


def test_of_one_answer_a_thousand_rejects_are_kept_and_the_rest_is_counted() -> None:
    body = {"videos": [0] * 5_000, "cursor": "1", "hasMore": False}
    one = parsed(Answer(NOON, "tiklive", "/music-posts/", {"music_id": SOUND}, 200, body), "s")
    reasons = [row["reason"] for row in one.rows.tables["rejects"]]
    assert len(reasons) == 1_000
    assert (len(set(reasons[:-1])), reasons[-1]) == (1, "4,001 more were set aside")


def test_a_text_longer_than_any_caption_costs_its_field_only() -> None:
    body = {"id": SOUND, "title": "x" * 100_001, "author": "Me", "video_count": 7}
    rows = parsed(Answer(NOON, "tiklive", "/music-info/", {"music_id": SOUND}, 200, body), "s").rows.tables
    assert (rows["sounds"][0]["title"], rows["sounds"][0]["artist"]) == (None, "Me")
    assert "100,001 characters" in rows["rejects"][0]["reason"]


def test_an_unknown_provider_is_kept_as_a_reject(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(line(provider="someone") + "\n")
    report = replay([path], config)
    assert report.reasons == {"no parser for the provider 'someone'": 1}
    assert report.failed == 1


@pytest.mark.parametrize(("name", "reason"), [("nowhere.jsonl", "does not exist"), ("a.csv", "is no .jsonl")])
def test_a_file_that_is_no_recording_is_refused_before_anything_is_loaded(
    config: Config, tmp_path: Path, recording: Path, name: str, reason: str
) -> None:
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(ConfigError, match=reason):
        replay([recording, tmp_path / name], config)
    assert not config.warehouse_file.exists()


def test_progress_adds_up_to_the_size_of_the_files(config: Config, recording: Path) -> None:
    sizes: list[int] = []
    replay([recording], config, on_bytes=sizes.append)
    assert sum(sizes) == sum(path.stat().st_size for path in config.archive_folder.glob("*.jsonl.gz"))


def test_answers_are_loaded_in_any_order_with_the_same_result(tmp_path: Path) -> None:
    answers = [Answer(NOON + timedelta(hours=h), "tiklive", "/music-info/", {"music_id": SOUND}, 200,
                      {"id": SOUND, "title": f"t{h}", "video_count": h}) for h in range(4)]  # fmt: skip
    stores = [Store(tmp_path / name) for name in ("a", "b")]
    load((("s", one) for one in answers), stores[0])
    load((("s", one) for one in reversed(answers)), stores[1])
    assert everything(stores[0]) == everything(stores[1])


def test_what_cannot_be_parsed_at_all_still_comes_out_as_something_to_append() -> None:
    one = parsed(Answer(NOON, "tiklive", "/no-such-endpoint/", {}, 200, {"a": 1}), "s")
    assert one.error
    assert one.rows.tables["rejects"][0]["place"] == "body"


@pytest.mark.parametrize("act", ["replay", "rebuild"])
def test_nobody_loads_beside_a_replay_or_a_rebuild(config: Config, recording: Path, act: str) -> None:
    replay([recording], config)
    is_taken: list[bool] = []

    def look() -> None:
        lock = FileLock(config.archive_folder / ".run.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            is_taken.append(True)
        else:
            lock.release()
            is_taken.append(False)

    def look_from_elsewhere(_: int) -> None:
        other = threading.Thread(target=look)
        other.start()
        other.join()

    if act == "replay":
        replay([recording], config, on_bytes=look_from_elsewhere)
    else:
        rebuild(config, on_bytes=look_from_elsewhere)
    assert is_taken
    assert all(is_taken)


def test_the_same_recording_under_another_name_or_packed_adds_nothing_at_all(
    config: Config, recording: Path, tmp_path: Path
) -> None:
    replay([recording], config)
    before = everything(Store(config.warehouse_file))
    packed, renamed, misnamed = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl", tmp_path / "c.jsonl"
    packed.write_bytes(gzip.compress(recording.read_bytes()))
    renamed.write_bytes(recording.read_bytes())
    misnamed.write_bytes(packed.read_bytes())
    report = replay([packed, renamed, misnamed], config)
    assert (report.added, report.reasons) == (0, {})
    assert repr(everything(Store(config.warehouse_file))) == repr(before)
    (kept,) = config.archive_folder.glob("*.jsonl*")
    assert re.fullmatch(r"replay-[0-9a-f]{16}\.jsonl\.gz", kept.name)


def test_a_recording_that_breaks_off_is_kept_and_read_as_far_as_it_goes(config: Config, tmp_path: Path) -> None:
    whole = gzip.compress("".join(line(hours) + "\n" for hours in range(2_000)).encode())
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(whole[: len(whole) // 2])
    report = replay([broken], config)
    assert 500 < report.added < 2_000
    assert "breaks off" in " ".join(report.reasons)
    (kept,) = config.archive_folder.glob("*.jsonl*")
    assert kept.read_bytes() == broken.read_bytes()


def test_an_answer_that_stands_twice_is_counted_once_and_belongs_to_the_first(config: Config) -> None:
    one = Answer(NOON, "tiklive", "/music-info/", {"music_id": SOUND}, 200, {"id": SOUND, "video_count": 1})
    report = load([("first", one), ("second", one)], Store(config.warehouse_file))
    assert (report.read, report.added, report.rows["sound_observations"]) == (2, 1, 1)
    assert everything(Store(config.warehouse_file))["calls"]["sweep_id"] == ["first"]


def test_the_store_too_keeps_the_first_of_two_equal_answers(config: Config) -> None:
    one = Answer(NOON, "tiklive", "/music-info/", {"music_id": SOUND}, 200, {"id": SOUND, "video_count": 1})
    assert Store(config.warehouse_file).append([parsed(one, "first"), parsed(one, "second")]) == 1
    assert everything(Store(config.warehouse_file))["calls"]["sweep_id"] == ["first"]


@pytest.mark.parametrize(("provider", "cost"), [("tiklive", 1), ("keyapi", 2), ("someone", None)])
def test_an_answer_costs_what_its_provider_charges_if_that_is_known(
    config: Config, provider: str, cost: int | None
) -> None:
    one = Answer(NOON, provider, "/music-info/", {"music_id": SOUND}, 200, {"id": SOUND})
    load([("s", one)], Store(config.warehouse_file))
    with Store(config.warehouse_file).as_of(NOON + timedelta(days=1)) as known:
        (found,) = known.frame("calls")["credits"]
    assert found is pd.NA if cost is None else found == cost


def test_a_rebuild_clears_away_what_a_killed_one_left(config: Config, recording: Path) -> None:
    replay([recording], config)
    folder = config.warehouse_file.parent
    (folder / ".draft-killed").mkdir()
    (folder / ".draft-killed" / "trendlib.duckdb").write_bytes(b"half of it")
    rebuild(config)
    assert [path.name for path in folder.iterdir()] == [config.warehouse_file.name]


def test_a_rebuild_that_finds_no_room_for_all_of_it_leaves_the_old_warehouse(
    config: Config, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay([recording], config)
    before = config.warehouse_file.read_bytes()

    def full(_: object) -> None:
        raise duckdb.TransactionException("Could not write file: No space left on device")

    monkeypatch.setattr(store, "settle", full)
    with pytest.raises(StoreError, match=r"No space left.*See that there is room"):
        rebuild(config)
    assert config.warehouse_file.read_bytes() == before


# A warehouse of an older version


def test_a_replay_first_makes_an_older_warehouse_anew_from_the_archive(
    config: Config, recording: Path, tmp_path: Path
) -> None:
    replay([recording], config)
    before = everything(Store(config.warehouse_file))
    make_older(config.home)
    with pytest.raises(OldFormatError, match="trendlib rebuild"):
        everything(Store(config.warehouse_file))
    other = tmp_path / "other.jsonl"
    other.write_text(line(50) + "\n")
    assert replay([other], config).added == 1
    after = everything(Store(config.warehouse_file))
    assert len(after["calls"]["answer_id"]) == len(before["calls"]["answer_id"]) + 1
    assert set(before["sounds"]["title"]) <= set(after["sounds"]["title"])


def test_a_renewal_says_how_much_is_done_and_what_it_holds(config: Config, recording: Path) -> None:
    report = replay([recording], config)
    before = everything(Store(config.warehouse_file))
    told: list[tuple[int, int]] = []
    with alone(config):
        assert renew(config, on_progress=lambda _, done, total: told.append((done, total))) is None
        assert not told
        make_older(config.home)
        assert renew(config, on_progress=lambda _, done, total: told.append((done, total))) == report.added
        assert renew(config) is None
    assert told[-1] == (0, 0)  # as small as it is
    assert everything(Store(config.warehouse_file)) == before


def test_an_older_warehouse_that_holds_more_than_the_archive_stays_as_it_is(config: Config, recording: Path) -> None:
    added = replay([recording], config).added
    make_older(config.home)
    (kept,) = config.archive_folder.glob("*.gz")
    hidden = kept.rename(config.home / kept.name)
    before = config.warehouse_file.read_bytes()
    with alone(config), pytest.raises(StoreFormatError, match=rf"holds {added} answers that .* does not\. Put their"):
        renew(config)
    assert config.warehouse_file.read_bytes() == before
    hidden.rename(kept)
    with alone(config):
        assert renew(config) == added


def test_who_reads_an_older_warehouse_meanwhile_is_not_disturbed(config: Config, recording: Path) -> None:
    replay([recording], config)
    make_older(config.home)
    with duckdb.connect(str(config.warehouse_file), read_only=True) as reader, alone(config):
        assert renew(config) is not None
        assert reader.execute("SELECT count(*) FROM calls").fetchall()[0][0] > 0
