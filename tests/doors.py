"""`make lab` and `make app` as a stranger's checkout runs them: doors of their own on loopback, with a token."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STARTUP_S = 300
RUNNING = re.compile(r"http://127\.0\.0\.1:\d+/\S*\?token=\w+")


@contextmanager
def opened(target: str, place: Path) -> Iterator[str]:
    """Run a target of the Makefile in a checkout's folders; give the address it names."""
    shutil.copytree(ROOT / "notebooks", place / "notebooks", ignore=shutil.ignore_patterns("out", ".*"))
    (place / "config").mkdir()
    settings = {"ServerApp": {"allow_root": True, "open_browser": False, "port": 0}, "Voila": {"open_browser": False}}
    (place / "config" / "jupyter_config.json").write_text(json.dumps(settings))
    folders = {f"JUPYTER_{name.upper()}_DIR": str(place / name) for name in ("config", "data", "runtime")}
    environment = {**os.environ, **folders, "BROWSER": "true", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    environment.pop("JUPYTER_TOKEN", None)
    command = ["make", "-f", ROOT / "Makefile", target, "READY=", f"BIN={Path(sys.executable).parent}"]
    log = place / "log.txt"
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=place, env=environment, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        for _ in range(STARTUP_S * 4):
            if found := RUNNING.search(log.read_text()):
                break
            assert process.poll() is None, log.read_text()[-2000:]
            time.sleep(0.25)
        else:
            pytest.fail(log.read_text()[-2000:])
        yield found[0]
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
