"""Keys and webhooks: nowhere but in the request they open, in whatever spelling, whatever goes wrong."""

import base64
import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import nbformat
import pytest
from chaos.conftest import IS_LONG
from loopback import DATABASE, DROP, LONGEST_S, Loopback, serving
from nbclient import NotebookClient

from trendlib.config import Config
from trendlib.sandbox import Faults, Server, World
from trendlib.schema import TABLES
from trendlib.store import Store

ROOT = Path(__file__).parents[2]
# Long, of all the signs that keys have, and without a part that any text would have by chance.
KEYS = {
    "tiklive": "tkCANARY+qZ8x/7Vw~Kp3mRj5=Yt1",
    "keyapi": "sk_live_CANARY-hG6bD4nLc9XsAe2f",
    "layers": "lyCANARY.uT5oPi8yHk3JwQr7Mv0z",
}
WRONG = "tkCANARY-wrong-Bf6Nd2Gh8Jk4Lp0Sx"
TOKEN = "ntn_CANARYr4T8yU2iO6pA0sD5fG9hJ3"  # noqa: S105 - nobody's
HOOK = "T0CANARYe7/B1CANARYq3/CANARYzX9cV5bN1mK8lJ4hG0f"
CANARIES = (*KEYS.values(), WRONG, TOKEN, HOOK)

JOBS = """
import json, logging, os, runpy, sys, threading, traceback
import requests.adapters
from rich.console import Console
from rich.traceback import Traceback

console = Console(file=open("locals.txt", "a", encoding="utf-8"), width=400)
started = open("started.txt", "a", encoding="utf-8")
os._exit = sys.exit  # a command that is stopped ends its process at once; here the next job follows
logging.basicConfig(level=logging.DEBUG, filename="debug.log")
logging.captureWarnings(True)
sys.addaudithook(lambda event, words: event == "subprocess.Popen" and started.write(f"{words[1]}\\n") and None)


def shown(kind, error, trace):
    console.print(Traceback.from_exception(kind, error, trace, show_locals=True, locals_max_string=None, width=400))
    for frame in traceback.StackSummary.extract(traceback.walk_tb(trace), capture_locals=True):
        console.file.write(f"{frame.name}: {frame.locals}\\n")


def run(*words):
    sys.argv = ["trendlib", *words]
    print("$", *words, flush=True)
    try:
        runpy.run_module("trendlib", run_name="__main__")
    except SystemExit as end:
        print("exit", end.code, flush=True)
    except BaseException:
        shown(*sys.exc_info())


threading.excepthook = lambda told: shown(told.exc_type, told.exc_value, told.exc_traceback)
for words in json.loads(sys.stdin.read()):
    if words == ["BUG"]:  # something nobody thought of, deep inside a library
        def broken(*_, **__):
            raise RuntimeError("a bug")
        requests.adapters.HTTPAdapter.send = broken
    elif words == ["INTERRUPT"]:
        def stopped(*_, **__):
            import _thread
            _thread.interrupt_main()
            threading.Event().wait(0.3)
            raise OSError("gone")
        requests.adapters.HTTPAdapter.send = stopped
    else:
        run(*words)
"""


@pytest.fixture
def settings(small_world: World) -> Iterator[dict[str, str]]:
    """Give the settings of a user whose providers and channels are on loopback, and fail in every way they know."""
    faults = Faults(rate=0.3, slow_s=3600, refused_s=0.05)
    slack = Loopback(faults=deque([500, DROP, 429, 403, None, 401]))
    with Server(small_world, rate_per_minute=None, keys=KEYS, faults=faults) as server, serving(slack) as channel:
        addresses = {f"{name.upper()}_BASE_URL": server.url for name in KEYS}
        yield {
            **addresses,
            **{f"{name.upper()}_API_KEY": key for name, key in KEYS.items()},
            "TRENDLIB_SLACK_WEBHOOK": f"{channel.url}/services/{HOOK}",
            "TRENDLIB_NOTION_TOKEN": TOKEN,
            "TRENDLIB_NOTION_DATABASE": DATABASE,
            "NOTION_BASE_URL": channel.url,
            "TRENDLIB_REQUESTS_PER_MINUTE": "0",
            "TRENDLIB_PAGE_GAP_S": "0",
            "TRENDLIB_BACKOFF_S": "0.01",
            "TRENDLIB_TIMEOUT_S": "5",
            "TRENDLIB_ATTEMPTS": "3",
        }


def spellings(secret: str) -> Iterator[bytes]:
    """Write a secret as files and logs might: as it is, escaped, packed, in part."""
    half = len(secret) // 2
    for text in (secret, secret[:half], secret[half:]):
        yield from {one.encode() for one in (text, quote(text), quote(text, safe=""), quote_plus(text), text[::-1])}
        yield json.dumps(text)[1:-1].encode()
        yield text.encode().hex().encode()
        for shift in range(3):  # base64 looks different by where in three bytes it begins
            yield base64.b64encode(b" " * shift + text.encode())[4:-4]


def everything_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Give the bytes of all files, also of what is packed in them."""
    for path in sorted(one for one in folder.rglob("*") if one.is_file() and one.name != ".env"):
        content = path.read_bytes()
        yield str(path), content
        if content.startswith(b"\x1f\x8b"):
            yield f"{path}, unpacked", gzip.decompress(content)
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(path) as packed:
                yield from ((f"{path}, {name}", packed.read(name)) for name in packed.namelist())


def jobs(home: Path) -> list[list[str]]:
    """List what a team runs in a week, and what goes wrong."""
    at = ["--home", str(home)]
    out = str(home.parent / "out")
    return [
        [*at, "sweep", "--max-pages", "1"],
        [*at, "pull", "--region", "US", "--catalogue"],
        [*at, "discover", "--budget", "6"],
        [*at, "alerts", "--record", "--deliver", "slack,notion,csv,json"],
        [*at, "announce", "--deliver", "slack,notion"],
        [*at, "alerts", "--deliver", "slack", "--dry-run"],
        [*at, "review", "--out", out, "--format", "html,pptx"],
        [*at, "export", out],
        [*at, "doctor"],
        ["BUG"],
        [*at, "pull", "--region", "BR"],
        [*at, "announce", "--deliver", "slack,notion", "--as-of", "2026-01-01T00:00:00Z"],
        ["INTERRUPT"],
        [*at, "pull", "--region", "DE"],
        [*at, "announce", "--deliver", "slack"],
    ]


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_no_key_and_no_webhook_is_in_any_byte_that_a_week_of_jobs_leaves(
    place: str, settings: dict[str, str], small_world: World, tmp_path: Path, promise: Any
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    listed = json.dumps([sound.sound_id for sound in small_world.catalogue[:4]])
    (home / "watchlist.toml").write_text(f'sounds = {listed}\nkeywords = ["dance"]\n')
    if place == ".env":
        (tmp_path / ".env").write_text("".join(f"{name}={value!r}\n" for name, value in settings.items()))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(settings if place == "environment" else {})}
    wrong = {**environment, "TIKLIVE_API_KEY": WRONG}
    said = ""
    week = [(environment, jobs(home)), (wrong, [["--home", str(home), "sweep"]])]
    # where keys come from is settled at the beginning, so a few jobs tell
    telling = {"sweep", "--record", "slack,notion", "doctor", "BUG", "BR"}
    brief = [(environment, [one for one in jobs(home) if telling & set(one)])]
    for variables, asked in week if place == "environment" or IS_LONG else brief:
        command = [sys.executable, "-W", "ignore", "-c", JOBS]
        done = subprocess.run(
            command, cwd=tmp_path, env=variables, input=json.dumps(asked), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        said += done.stdout + done.stderr
    (tmp_path / "said.txt").write_text(said)
    with Store(Config.load(home=home).warehouse_file).as_of(datetime(2100, 1, 1, tzinfo=UTC)) as world:
        for name in TABLES:
            (tmp_path / f"{name}.csv").write_text(world.frame(name).to_csv())
    kept = list(everything_in(tmp_path))
    text = b"".join(content for _, content in kept)
    for needed in (b"a bug", b"urllib3.connectionpool", b"/music-info/", b"POST [key] HTTP"):
        assert needed in text, f"nothing was tried: no {needed!r}"
    leaks = [
        (name, spelling)
        for name, content in kept
        for one in CANARIES
        for spelling in spellings(one)
        if spelling in content
    ]
    assert not leaks
    tried = sum(1 for one in CANARIES for _ in spellings(one))
    size = sum(len(content) for _, content in kept)
    promise(
        f"Keys and webhooks are in no byte that jobs leave or say ({place})",
        f"{len(CANARIES)} secrets in {tried} spellings, looked for in {len(kept)} files and {size / 1e6:.1f} MB: none",
    )


CELLS = (
    "%xmode Verbose\nimport trendlib as tl\nfrom trendlib import doctor\nmonitor = tl.open('home')\nmonitor",
    "monitor.config, repr(monitor.config), monitor.config.model_dump(), vars(monitor)",
    "[vars(one(monitor.config)) for one in __import__('trendlib.api.providers').api.providers.PROVIDERS.values()]",
    "from trendlib.deliver.slack import Slack\nslack = Slack(monitor.config)\nslack, vars(slack), vars(slack._wire)",
    "doctor.examine(monitor.config)",
    "monitor.sweep()",
    (
        "from trendlib.runs.run import Run\nwith Run(monitor.config) as run:\n    client = run._client('tiklive')\n"
        "    {run: vars(client)}\n    raise RuntimeError(client)"
    ),
    (
        "from trendlib.api.tiklive_calls import music_info\nwith Run(monitor.config) as run:\n"
        "    run.fetch(music_info('7012345678901234567'))"
    ),
    "tl.Config.load(tiklive_base_url='ftp://x')",
)


def test_a_saved_notebook_shows_no_key_however_verbose_its_tracebacks(
    settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, promise: Any
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "watchlist.toml").write_text('sounds = ["7012345678901234567"]\n')
    for name, value in {
        **settings,
        "TIKLIVE_API_KEY": WRONG,
        "TRENDLIB_ATTEMPTS": "16",  # in the end every question is refused, however busy the machine
        "TRENDLIB_MUSICBRAINZ_CONTACT": "me@here.invalid",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("NO_COLOR", "1")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    client = NotebookClient(
        notebook, allow_errors=True, startup_timeout=LONGEST_S, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    saved = nbformat.writes(notebook)
    (tmp_path / "saved.ipynb").write_text(saved)
    errors = [out["ename"] for cell in notebook.cells for out in cell.outputs if out.output_type == "error"]
    assert errors == ["AuthError", "RuntimeError", "AuthError", "ConfigError"]
    assert "check TIKLIVE_API_KEY" in saved
    kept = list(everything_in(tmp_path))
    leaks = [(name, one) for name, text in kept for secret in CANARIES for one in spellings(secret) if one in text]
    assert not leaks
    promise(
        "A saved notebook shows no key and no webhook, however verbose its tracebacks",
        f"{len(CELLS)} cells with settings, clients and channels, {len(errors)} tracebacks with all names: none",
    )
