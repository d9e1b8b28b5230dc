"""The whole sample, recorded anew: the bytes are those that are shipped, so rules, parsers and worlds are the same."""

import sys
from pathlib import Path

import pytest

from trendlib import practice
from trendlib.cli import main

SHIPPED = Path(__file__).parents[2] / "data" / "sample"


@pytest.mark.long
def test_the_sample_recorded_anew_is_the_one_that_is_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["trendlib", "sandbox", "--record", str(tmp_path / "sample")])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    for name in (practice.RECORDING, practice.ALERTS, practice.MORNING):  # a warehouse's pages lie as its engine likes
        assert (tmp_path / "sample" / name).read_bytes() == (SHIPPED / name).read_bytes(), f"{name}: run `make sample`"
