"""Store: append whole answers once, read the world as it was known, survive other programs."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from loopback import LONGEST_S, wait_until

from trendlib import snapshot, warehouse
from trendlib.boards.memory import attached
from trendlib.errors import (
    ConfigError,
    NoDataError,
    OldFormatError,
    SchemaError,
    StoreBusyError,
    StoreError,
    StoreFormatError,
)
from trendlib.schema import POST_OBSERVATIONS, POSTS, SOUND_OBSERVATIONS, SOUNDS, TABLES, Answer, Rows
from trendlib.snapshot import PANDAS_TYPES
from trendlib.store import Loaded, Store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SOUND = "7012345678901234567"


def loaded(hours: float, *, title: str | None = "Song", uses: int | None = 100) -> Loaded:
    answer = Answer(NOON + timedelta(hours=hours), "tiklive", "/music-info/", {"music_id": SOUND}, 200, {"n": uses})
    rows = Rows()
    rows.add(SOUNDS, sound_id=SOUND, title=title)
    rows.add(SOUND_OBSERVATIONS, sound_id=SOUND, total_uses=uses)
    return Loaded(answer, "sweep-1", rows, 1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "warehouse" / "trendlib.duckdb", wait_s=0.02)


def test_the_same_answers_again_add_nothing(store: Store) -> None:
    answers = [loaded(0), loaded(1)]
    assert store.append(answers) == 2
    assert store.append([*answers, loaded(2)]) == 1
    with store.as_of(NOON + timedelta(days=1)) as world:
        assert len(world.frame("sound_observations")) == 3
        assert len(world.frame("calls")) == 3


def test_an_answer_twice_in_one_batch_counts_once(store: Store) -> None:
    assert store.append([loaded(0), loaded(0)]) == 1


def test_only_what_was_observed_before_the_instant_is_known(store: Store) -> None:
    store.append([loaded(0, title="Old"), loaded(2, title="New")])
    with store.as_of(NOON + timedelta(hours=2)) as world:
        assert list(world.frame("sounds")["title"]) == ["Old"]
    with store.as_of(NOON + timedelta(hours=2, microseconds=1)) as world:
        assert list(world.frame("sounds")["title"]) == ["New"]


def test_the_order_of_loading_changes_nothing(tmp_path: Path) -> None:
    answers = [loaded(hours, title=f"t{hours}", uses=hours) for hours in range(5)]
    frames = []
    for name, order in (("a", answers), ("b", answers[::-1])):
        one = Store(tmp_path / name)
        for answer in order:
            one.append([answer])
        with one.as_of(NOON + timedelta(days=1)) as world:
            frames.append([world.frame(table) for table in TABLES])
    for left, right in zip(*frames, strict=True):
        assert left.equals(right)


def test_a_word_that_is_gone_does_not_hide_the_word_that_was_known(store: Store) -> None:
    store.append([loaded(0, title="Song"), loaded(1, title=None)])
    with store.as_of(NOON + timedelta(days=1)) as world:
        known = world.table("sounds").df()
    assert list(known["title"]) == ["Song"]
    assert list(known["first_seen"]) == [NOON]


def test_a_missing_counter_stays_missing(store: Store) -> None:
    store.append([loaded(0, uses=0), loaded(1, uses=None)])
    with store.as_of(NOON + timedelta(days=1)) as world:
        uses = world.frame("sound_observations")["total_uses"]
    assert uses.iloc[0] == 0
    assert uses.isna().tolist() == [False, True]


@pytest.mark.parametrize("table", TABLES)
def test_frames_have_the_declared_types_whatever_the_data(store: Store, table: str) -> None:
    store.append([loaded(0)])
    with store.as_of(NOON + timedelta(days=1)) as world:
        types = world.frame(table).dtypes.astype(str).to_dict()
    assert types.pop("first_seen", "datetime64[us, UTC]") == "datetime64[us, UTC]"
    assert types == {column.name: PANDAS_TYPES[column.kind] for column in TABLES[table].columns}


def test_a_post_is_read_with_its_latest_counters(store: Store) -> None:
    for hours, views in ((0, 10), (5, 70)):
        rows = Rows()
        rows.add(POSTS, post_id="1", sound_id=SOUND, posted_at=NOON)
        rows.add(POST_OBSERVATIONS, post_id="1", views=views)
        answer = Answer(NOON + timedelta(hours=hours), "tiklive", "/music-posts/", {"music_id": SOUND}, 200, hours)
        store.append([Loaded(answer, "sweep-1", rows, 1)])
    with store.as_of(NOON + timedelta(hours=6)) as world:
        assert world.posts([SOUND]).df()["views"].tolist() == [70]
    with store.as_of(NOON + timedelta(hours=5)) as world:
        assert world.posts([SOUND]).df()["views"].tolist() == [10]


def test_other_peoples_text_is_data_in_every_query(store: Store) -> None:
    nasty = "'; DROP TABLE calls; --"
    store.append([loaded(0, title=nasty)])
    with store.as_of(NOON + timedelta(days=1)) as world:
        assert world.frame("sounds", sound_id=[nasty, SOUND])["title"].tolist() == [nasty]
        with pytest.raises(SchemaError, match="has no column"):
            world.frame("sounds", **{"title = title OR 1": "x"})


def test_a_wrong_value_is_refused_and_nothing_of_the_batch_is_kept(store: Store) -> None:
    rows = Rows()
    rows.add(SOUNDS, sound_id=7012345678901234567)
    answer = Answer(NOON, "tiklive", "/music-info/", {}, 200, None)
    with pytest.raises(SchemaError, match=r"sounds\.sound_id holds text"):
        store.append([loaded(0), Loaded(answer, "sweep-1", rows, 1)])
    assert store.append([loaded(0)]) == 1


def test_a_warehouse_that_was_never_made_says_how_to_make_it(store: Store) -> None:
    with pytest.raises(NoDataError, match=r"does not exist yet.*trendlib sweep"), store.as_of(NOON):
        pass


def test_a_folder_that_may_not_be_entered_is_an_error_of_the_store(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", shut)
    for look in (store.last_observed_at, store.sweep_ids, lambda: store.append([])):
        with pytest.raises(StoreError, match="Permission denied"):
            look()


def test_another_databases_file_is_refused_before_anything_is_fetched_to_read_it(store: Store) -> None:
    store.path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(store.path)) as other:
        other.execute("CREATE TABLE calls (a)")
    with pytest.raises(StoreFormatError, match="not a valid DuckDB file"):
        store.last_observed_at()


def test_a_folder_named_like_a_service_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(Path("md:home") / "w.duckdb")
    assert store.append([]) == 0
    assert (tmp_path / "md:home" / "w.duckdb").is_file()


def test_a_damaged_file_says_what_to_do(store: Store) -> None:
    store.path.parent.mkdir(parents=True)
    store.path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match="rebuild"):
        store.append([loaded(0)])


def test_a_block_that_is_spoiled_says_what_to_do_when_it_is_read(store: Store) -> None:
    store.append([loaded(hours) for hours in range(2_000)])
    content = store.path.read_bytes()
    store.path.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))
    with pytest.raises(StoreFormatError, match="rebuild"), store.as_of(NOON + timedelta(days=900)) as world:
        assert all(len(world.frame(name)) >= 0 for name in TABLES)


def test_a_slip_of_ours_is_no_mishap(store: Store) -> None:
    store.append([loaded(0)])
    with pytest.raises(duckdb.CatalogException), store.as_of(NOON) as world:
        world._connection.execute("SELECT * FROM nowhere")  # noqa: SLF001 - a slip of ours


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("ALTER TABLE sounds DROP COLUMN title", "made by an older version.*Run `trendlib rebuild`"),
        ("ALTER TABLE sounds ALTER duration_s TYPE VARCHAR", "made by an older version.*Run `trendlib rebuild`"),
        ("DROP TABLE notes", "made by an older version.*Run `trendlib rebuild`"),
        ("ALTER TABLE sounds ADD COLUMN mood VARCHAR", r"newer version.*it holds sounds\.mood.*Update trendlib"),
        ("CREATE TABLE moods (mood VARCHAR)", r"newer version.*it holds moods\.mood.*Update trendlib"),
    ],
)
def test_a_warehouse_of_another_version_says_what_to_do(store: Store, change: str, message: str) -> None:
    store.append([loaded(0)])
    with duckdb.connect(str(store.path)) as connection:
        connection.execute(change)
        connection.execute("COMMENT ON TABLE calls IS 'of another version'")
    with pytest.raises(StoreFormatError, match=message) as caught:
        store.append([loaded(1)])
    assert isinstance(caught.value, OldFormatError) is ("older" in message)


def test_a_warehouse_appears_with_all_its_tables_or_not_at_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(warehouse, "_put", killed)
        with pytest.raises(KeyboardInterrupt):
            store.append([loaded(0)])
    assert not store.path.exists()
    assert store.append([loaded(0)]) == 1


def test_one_that_another_program_made_meanwhile_stays(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put = warehouse._put  # noqa: SLF001 - the moment between looking and making

    def late(fresh: Path, path: Path) -> None:
        monkeypatch.setattr(warehouse, "_put", put)
        Store(path).append([loaded(1)])
        put(fresh, path)

    monkeypatch.setattr(warehouse, "_put", late)
    assert store.append([loaded(0)]) == 1
    with store.as_of(NOON + timedelta(days=1)) as world:
        assert len(world.frame("calls")) == 2


def test_who_holds_the_file_is_named_and_the_wait_ends_when_it_is_free(store: Store) -> None:
    store.append([loaded(0)])
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.readline()"
    command = [sys.executable, "-c", hold, str(store.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(StoreBusyError, match=f"process {holder.pid} has held it"):
            store.append([loaded(1)])
        holder.stdin.close()
        patient = Store(store.path, wait_s=LONGEST_S)
        assert patient.append([loaded(1)]) == 1


def test_two_threads_of_one_program_do_not_disturb_each_other(store: Store) -> None:
    store.append([loaded(0)])
    patient = Store(store.path, wait_s=5)
    with store.as_of(NOON + timedelta(days=1)) as world:
        with pytest.raises(StoreBusyError):
            store.append([loaded(1)])
        assert len(world.frame("calls")) == 1
    assert patient.append([loaded(1)]) == 1


def test_who_copies_from_the_file_in_one_thread_is_waited_for_by_who_writes_in_another(store: Store) -> None:
    store.append([loaded(0)])
    with duckdb.connect() as memory, attached(store.path, memory), pytest.raises(StoreBusyError):
        store.append([loaded(1)])
    assert store.append([loaded(1)]) == 1


def test_a_long_wait_says_who_is_waited_for_once(store: Store, monkeypatch, caplog) -> None:
    monkeypatch.setattr(warehouse, "SILENCE_S", 0)
    store.append([loaded(0)])
    patient = Store(store.path)
    with ThreadPoolExecutor(1) as pool:
        with store.as_of(NOON + timedelta(days=1)):
            waiting = pool.submit(patient.append, [loaded(1)])
            wait_until(lambda: bool(caplog.records))
        assert waiting.result() == 1
    assert [record.getMessage().split(". ")[0] for record in caplog.records] == ["Still waiting for the warehouse"]


def test_export_writes_every_table_partitioned_by_day(store: Store, tmp_path: Path) -> None:
    store.append([loaded(0), loaded(24)])
    folders = store.export(tmp_path / "out")
    assert "sound_observations" in {folder.name for folder in folders}
    days = sorted(path.name for path in (tmp_path / "out" / "sound_observations").iterdir())
    assert days == ["observed_on=2026-03-02", "observed_on=2026-03-03"]
    files = str(tmp_path / "out" / "sound_observations" / "**" / "*.parquet")
    read = duckdb.sql(f"SELECT sound_id, total_uses FROM read_parquet('{files}') ORDER BY observed_at").fetchall()
    assert read == [(SOUND, 100), (SOUND, 100)]


@pytest.mark.parametrize("name", ["posts", "calls/observed_on=2026-01-01/../mine"])
def test_an_export_leaves_alone_what_no_export_made(store: Store, tmp_path: Path, name: str) -> None:
    store.append([loaded(0)])
    mine = tmp_path / "out" / name / "my-blog.md"
    mine.parent.mkdir(parents=True)
    mine.write_text("ours")
    with pytest.raises(ConfigError, match="which no export made"):
        store.export(tmp_path / "out")
    assert mine.read_text() == "ours"
    assert not list((tmp_path / "out").rglob("*.parquet"))


def test_an_export_holds_no_folder_of_a_table_without_rows_and_none_of_a_killed_one(
    store: Store, tmp_path: Path
) -> None:
    store.append([loaded(0)])
    for left in ("notes/observed_on=2025-01-01", ".calls.part/observed_on=2025-01-01"):
        (tmp_path / "out" / left).mkdir(parents=True)
        (tmp_path / "out" / left / "data_0.parquet").write_bytes(b"half of it")
    folders = store.export(tmp_path / "out")
    assert {folder.name for folder in folders} == {path.name for path in (tmp_path / "out").iterdir()}
    assert "calls" in {folder.name for folder in folders}
    assert "notes" not in {folder.name for folder in folders}


def test_a_replaced_warehouse_is_the_new_one(store: Store, tmp_path: Path) -> None:
    store.append([loaded(0)])
    fresh = Store(tmp_path / "fresh" / "trendlib.duckdb")
    fresh.append([loaded(1), loaded(2)])
    store.replace_with(fresh)
    assert store.last_observed_at() == NOON + timedelta(hours=2)


def test_posts_of_one_mark_are_never_taken_for_each_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for hours, posts in ((0, "12"), (5, "23")):
        rows = Rows()
        for post_id in posts:
            rows.add(POSTS, post_id=post_id, sound_id=SOUND, posted_at=NOON, region=f"{hours}")
        answer = Answer(NOON + timedelta(hours=hours), "tiklive", "/music-posts/", {"music_id": SOUND}, 200, hours)
        store.append([Loaded(answer, "sweep-1", rows, 1)])
    found = []
    for mark in ("hash(post_id)", "7::UBIGINT"):
        monkeypatch.setattr(snapshot, "mark_of", lambda *_, mark=mark: mark)
        with store.as_of(NOON + timedelta(hours=6)) as world:
            found.append(sorted(world.posts([SOUND], ["post_id", "region"]).fetchall()))
    assert found == [[("1", "0"), ("2", "5"), ("3", "5")]] * 2
