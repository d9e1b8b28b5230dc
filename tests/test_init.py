"""The face: its names are there when they are used, and importing it does no work."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import trendlib

HEAVY = ("pandas", "duckdb", "plotly", "requests", "narwhals", "numpy", "pydantic", "typer")


def imported(statement: str, folder: Path) -> set[str]:
    """Return what a fresh Python has imported after a statement."""
    program = f"{statement}\nimport json, sys\nprint(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    command = [sys.executable, "-W", "error", "-B", "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_importing_it_loads_nothing_heavy_and_writes_nothing(nobody: Path) -> None:
    assert imported("import trendlib", nobody).isdisjoint(HEAVY)
    assert list(nobody.iterdir()) == []


def test_a_name_loads_its_room_when_it_is_used_and_no_more(nobody: Path) -> None:
    assert "duckdb" not in imported("import trendlib; trendlib.Status", nobody)
    assert "duckdb" in imported("import trendlib; trendlib.Store", nobody)
    assert list(nobody.iterdir()) == []


def test_every_name_is_there_and_says_what_it_is() -> None:
    assert len(trendlib.__all__) == len(set(trendlib.__all__))
    for name in trendlib.__all__:
        assert getattr(trendlib, name) is not None
    assert set(dir(trendlib)) == {*trendlib.__all__, "__version__"}
    assert trendlib.open.__name__ == "open_monitor"
    assert trendlib.metrics.__name__ == "trendlib.metrics"


def test_a_star_import_gives_the_names_and_no_more(nobody: Path) -> None:
    before = "names = set(globals()); exec('from trendlib import *'); new = set(globals()) - names - {'names'}"
    check = f"{before}; import trendlib; assert new == set(trendlib.__all__), new"
    imported(check, nobody)


def test_a_name_it_lacks_is_an_attribute_error_that_lists_those_it_has() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'leaderbord'; it has TABLES, Config, .*open"):
        trendlib.leaderbord  # noqa: B018 - looking is the test
    assert not hasattr(trendlib, "__nothing__")


def test_it_knows_its_version() -> None:
    assert trendlib.__version__.count(".") == 2
