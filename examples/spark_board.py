"""Boards of exported data, made by Spark: on this machine, or on a cluster.

``trendlib export FOLDER`` writes the folders. Then, on this machine::

    python examples/spark_board.py FOLDER OUT

and on a cluster, whose machines all reach FOLDER and OUT::

    spark-submit --master spark://HOST:7077 examples/spark_board.py FOLDER OUT

OUT gets ``leaderboard``, ``breakouts`` (a row a sound and day of the last four weeks) and ``region_mix`` as Parquet.
Only the machine that submits needs trendlib; the others need Spark alone.
"""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from trendlib import metrics
from trendlib.boards.board import COUNTED, board
from trendlib.exported import Exported


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the boards and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="what `trendlib export` wrote")
    parser.add_argument("out", help="where the boards go")
    parser.add_argument("--as-of", type=datetime.fromisoformat, help="with a time zone; by default the newest answer")
    parser.add_argument("--partitions", type=int, help="into how many parts rows are shuffled; by default 2 a core")
    given = parser.parse_args(arguments)
    session = (
        SparkSession.builder.appName("trendlib boards").config("spark.ui.showConsoleProgress", "false").getOrCreate()
    )
    # Spark's own number, 200, suits a cluster of some hundred cores
    session.conf.set("spark.sql.shuffle.partitions", given.partitions or 2 * session.sparkContext.defaultParallelism)
    world = Exported(session, given.folder, given.as_of or newest(session, given.folder))
    found = board(world)
    sounds = found.velocities[0]["sound_id"].tolist()
    boards = {
        "leaderboard": found.leaderboard(),
        "breakouts": found.flags,
        "region_mix": metrics.region_mix(world.posts(sounds, COUNTED), as_of=world.as_of),
    }
    for name, frame in boards.items():
        world.write(frame, f"{given.out}/{name}")
        print(f"{name}: {len(frame)} rows, as of {world.as_of:%Y-%m-%d %H:%M} UTC")
    session.stop()


def newest(session: SparkSession, folder: str) -> datetime:
    """Return the first whole minute after the newest answer."""
    calls = session.read.parquet(f"{folder.rstrip('/')}/calls")
    minute = calls.select((f.unix_seconds(f.max("observed_at")) / 60).cast("bigint").alias("minute")).collect()[0]
    return datetime.fromtimestamp((minute["minute"] + 1) * 60, UTC)


if __name__ == "__main__":
    main()
