"""The lines of docs/schedule.md, run and read as the machines that keep them would."""

import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[1] / "docs" / "schedule.md").read_text(encoding="utf-8")
BLOCKS = [
    "\n".join(line[4:] for line in block.splitlines())
    for block in re.findall(r"(?:^(?: {4}.*)?\n)+", TEXT, re.MULTILINE)
]
MORNING, MIDDAY = ["sweep", "alerts --deliver"], ["sweep --top 20", "alerts --deliver"]


def block(begin: str) -> str:
    (found,) = (one.strip("\n") for one in BLOCKS if one.strip("\n").startswith(begin))
    return found


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Give a home with a trendlib that writes down how it is called and from where, and whose sweeps end with 1."""
    program = tmp_path / "trendlib" / ".venv" / "bin" / "trendlib"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$PWD: $*" >> "$HOME/called"\n[ "$1" != sweep ]\n')
    program.chmod(0o700)
    return tmp_path


def called(home: Path, line: str) -> list[str]:
    # cron gives a line no more than this
    told = {"HOME": str(home), "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin", "LOGNAME": "somebody"}
    ran = subprocess.run(["/bin/sh", "-c", line], env=told, cwd="/", capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    said = (home / "called").read_text().splitlines()
    assert {one.partition(": ")[0] for one in said} == {str(home / "trendlib")}
    return [one.partition(": ")[2] for one in said]


@pytest.mark.parametrize(("place", "wanted"), [(0, MORNING), (1, MIDDAY)])
def test_a_line_of_cron_delivers_whatever_becomes_of_the_sweep(bare: Path, place: int, wanted: list[str]) -> None:
    *when, line = block("0 7 * * *").splitlines()[place].split(maxsplit=5)
    assert all(re.fullmatch(r"[\d*]+", one) for one in when)
    assert "%" not in line, "cron ends a line at a per cent sign"
    assert called(bare, line) == wanted


def test_launchd_runs_the_same(bare: Path) -> None:
    agent = plistlib.loads(block("<?xml").encode())
    (bare / "Library" / "Logs").mkdir(parents=True)
    assert agent["ProgramArguments"][:2] == ["/bin/sh", "-c"]
    assert called(bare, agent["ProgramArguments"][2]) == MORNING
    assert agent["StartCalendarInterval"] == {"Hour": 7, "Minute": 0}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_takes_its_units(bare: Path) -> None:
    for ending, begin in (("service", "[Unit]"), ("timer", "[Timer]")):
        text = block(begin).replace("%h", str(bare))
        (bare / f"trendlib-morning.{ending}").write_text(text + "\n")
    units = [str(bare / f"trendlib-morning.{ending}") for ending in ("service", "timer")]
    said = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert "trendlib-morning" not in said.stderr, said.stderr


def test_every_way_sweeps_then_delivers() -> None:
    for begin in ("schtasks", "name: trendlib", "[Unit]"):
        text = block(begin)
        assert text.index("trendlib sweep") < text.index("trendlib alerts --deliver")
