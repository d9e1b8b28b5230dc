"""Past one machine: exported Parquet, read by every engine; and a real Spark cluster whose boards are DuckDB's."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest
from pandas.testing import assert_frame_equal

from trendlib import metrics
from trendlib.boards.board import board
from trendlib.errors import NoDataError
from trendlib.metrics.engines import board as brought
from trendlib.metrics.engines import enter
from trendlib.schema import TABLES
from trendlib.store import EXPORTED_BY, Store

pytest.importorskip("pyspark")
if not shutil.which("java"):
    pytest.skip("Spark needs Java 17 or newer on the PATH", allow_module_level=True)

from benchmarks import spark_cluster
from trendlib.exported import Exported

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def store(own_home: Path) -> Store:
    return Store(own_home / "warehouse" / "trendlib.duckdb")


@pytest.fixture(scope="module")
def as_of(store: Store) -> datetime:
    newest = store.last_observed_at()
    assert newest is not None
    return newest.replace(second=0, microsecond=0) + timedelta(minutes=1)


@pytest.fixture(scope="module")
def exported(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    store.export(folder)
    return folder


# What is exported


def test_no_table_has_a_column_named_like_the_folders() -> None:
    assert [table.name for table in TABLES.values() if EXPORTED_BY in table.names] == []


@pytest.mark.parametrize("name", ["posts", "sound_observations", "feed_pages"])
def test_every_engine_reads_an_exported_table_back_as_it_was(store, exported, as_of, spark, name) -> None:
    files, columns = f"{exported}/{name}/*/*.parquet", list(TABLES[name].names)
    with store.as_of(as_of) as world:
        expected = world.frame(name).drop(columns="first_seen", errors="ignore")
    connection = duckdb.connect()
    frames = [
        connection.sql(f"SELECT * FROM read_parquet('{files}', hive_partitioning = true)"),
        pl.scan_parquet(f"{exported}/{name}", hive_partitioning=True),
        spark.read.parquet(f"{exported}/{name}"),
    ]
    order = list(dict.fromkeys((*TABLES[name].key, "observed_at", "answer_id")))
    for frame in frames:
        assert set(enter(frame).collect_schema().names()) == {*columns, EXPORTED_BY}
        found = brought(enter(frame).select(columns)).sort_values(order, ignore_index=True)
        if TABLES[name].role == "identity":
            found = found.drop_duplicates(TABLES[name].key, keep="last", ignore_index=True)
            found, expected = found[[*TABLES[name].key, "posted_at"]], expected[[*TABLES[name].key, "posted_at"]]
        assert_frame_equal(found, expected)
    connection.close()


# The world as Spark sees it


@pytest.mark.parametrize("name", ["sounds", "post_hashtags", "creator_observations", "hashtags", "calls"])
def test_spark_condenses_a_table_as_the_store_does(store, exported, as_of, spark, name) -> None:
    half_way = as_of - timedelta(days=20)
    with store.as_of(half_way) as world:
        expected = world.frame(name)
    found = Exported(spark, str(exported), half_way).frame(name)
    assert len(expected)
    assert_frame_equal(found[list(expected)], expected)


def test_a_table_without_rows_is_empty_and_a_folder_without_tables_has_no_board(exported, as_of, spark, tmp_path):
    world = Exported(spark, str(exported), as_of)
    assert world.frame("releases").empty
    with pytest.raises(NoDataError, match="Nothing was known"):
        board(Exported(spark, str(tmp_path), as_of))


def test_one_sound_s_posts_are_those_of_the_store(store, exported, as_of, spark) -> None:
    with store.as_of(as_of) as world:
        sound = world.frame("posts")["sound_id"].mode()[0]
        expected = world.posts([sound]).df().sort_values("post_id", ignore_index=True)
    found = brought(enter(Exported(spark, str(exported), as_of).posts([sound])))
    found = found.sort_values("post_id", ignore_index=True)
    assert found["post_id"].tolist() == expected["post_id"].tolist()
    assert found["views"].tolist() == expected["views"].astype("Int64").tolist()


# The cluster


@pytest.fixture
def cluster(tmp_path: Path, short_lived_java: None) -> Iterator[tuple[str, dict[str, str]]]:  # noqa: ARG001
    with spark_cluster.cluster(tmp_path, memory="600m") as found:
        yield found


def test_a_cluster_of_two_makes_the_boards_of_one_machine(cluster, store, exported, as_of, tmp_path) -> None:
    address, environment = cluster
    out = tmp_path / "boards"
    job = subprocess.run(
        [
            str(spark_cluster.SPARK / "bin" / "spark-submit"), "--master", address, "--driver-memory", "600m",
            "--executor-memory", "512m", "--conf", "spark.ui.enabled=false", "--conf", "spark.driver.host=127.0.0.1",
            "--conf", "spark.driver.bindAddress=127.0.0.1",
            # plans are read, not compiled: the practice world is small
            "--conf", "spark.sql.codegen.factoryMode=NO_CODEGEN", "--conf", "spark.sql.codegen.wholeStage=false",
            str(ROOT / "examples" / "spark_board.py"),
            str(exported), str(out),
        ],
        capture_output=True, text=True, env=environment, timeout=1200, check=False,
    )  # fmt: skip
    assert job.returncode == 0, job.stderr[-3000:]
    for number in (1, 2):
        spark_cluster.said(tmp_path / f"worker{number}.log", "Asked to launch executor")
    with store.as_of(as_of) as world:
        expected = board(world)
        mix = metrics.region_mix(world.posts(expected.velocities[0]["sound_id"].tolist()), as_of=as_of)
    boards = {"leaderboard": expected.leaderboard(), "breakouts": expected.flags, "region_mix": mix}
    for name, one in boards.items():
        assert_frame_equal(read(out / name), one.reset_index(drop=True), rtol=1e-9, atol=1e-12, check_dtype=False)


def read(folder: Path) -> pd.DataFrame:
    """Read a board in the order in which it was written."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return brought(enter(connection.sql(f"SELECT * FROM read_parquet('{folder}/*.parquet')")))
