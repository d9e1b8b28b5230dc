"""A Spark standalone cluster on loopback: a master and two workers of one core each, on whatever ports are free."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

ROOT = Path(__file__).parents[1]
SPARK = Path(pyspark.__file__).parent
DEPLOY = "org.apache.spark.deploy"
PATIENCE_S = 600


@contextmanager
def cluster(folder: Path, *, memory: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Start it, each worker with so much memory for executors; give its address, and the environment to submit in."""
    here = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(folder), "SPARK_DAEMON_MEMORY": "256m"}
    environment = {**os.environ, **here, "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    run = (str(SPARK / "bin" / "spark-class"),)
    at = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
    work = ("--cores", "1", "--memory", memory, "--work-dir", str(folder / "work"))
    master_log, logs = folder / "master.log", [folder / f"worker{number}.log" for number in (1, 2)]
    with ExitStack() as stack:
        stack.enter_context(started(master_log, *run, f"{DEPLOY}.master.Master", *at, environment=environment))
        address = said(master_log, "Starting Spark master at ").rpartition(" ")[2]
        worker = (*run, f"{DEPLOY}.worker.Worker", *at, *work, address)
        for log in logs:
            stack.enter_context(started(log, *worker, environment=environment))
        said(master_log, "Registering worker", times=2)
        yield address, environment


@contextmanager
def started(log: Path, *command: str, environment: dict[str, str]) -> Iterator[None]:
    """Run one of the cluster's processes, and end it and what it started whatever happens."""
    with log.open("wb") as stream:
        process = subprocess.Popen(  # noqa: S603 - Spark's own programs
            command, stdout=stream, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )
    try:
        yield
    finally:
        # a worker's executors end with it: they stand in its session
        os.killpg(process.pid, 15)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def said(log: Path, words: str, times: int = 1) -> str:
    """Wait until a log says something; give the first line that does."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        lines = [line for line in log.read_text().splitlines() if words in line] if log.exists() else []
        if len(lines) >= times:
            return lines[0]
        time.sleep(0.1)
    raise TimeoutError(f"{log.name} never said {words!r}: {log.read_text()[-2000:]}")
