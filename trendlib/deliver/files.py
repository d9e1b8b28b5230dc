"""Files: every recorded alert a row, written whole or not at all; so each alert stands in a file once."""

import tempfile
from pathlib import Path

import pandas as pd

from trendlib.schema import ALERTS
from trendlib.show.exhibits import csv_text, json_text, write_file
from trendlib.store import write_parquet

FILES = ("csv", "json", "parquet")
_FIRST = ("alert_id", "title", "artist")
_LEFT_OUT = ("thresholds", "inputs", "observed_at", "answer_id")  # the ledger has them
COLUMNS = (*_FIRST, *(name for name in ALERTS.names if name not in {*_FIRST, *_LEFT_OUT}))


def sheet_of(alerts: pd.DataFrame, *, is_practice: bool) -> pd.DataFrame:
    """Choose the columns that leave the house, the newest alert first; practice data says so in a last one."""
    sheet = alerts[list(COLUMNS)]
    return sheet.assign(origin="practice data") if is_practice else sheet


def text_of(kind: str, sheet: pd.DataFrame) -> str:
    """Give what a file would hold; Parquet is no text, so it is told as CSV."""
    return json_text(sheet) if kind == "json" else csv_text(sheet)


def target(kind: str, folder: Path) -> Path:
    """Name a file."""
    return folder / f"alerts.{kind}"


def written(kind: str, sheet: pd.DataFrame, folder: Path, *, is_private: bool) -> Path:
    """Write all alerts into ``alerts.csv``, ``alerts.json`` or ``alerts.parquet`` of a folder."""
    path = target(kind, folder)
    if kind != "parquet":
        write_file(path, text_of(kind, sheet).encode(), is_private=is_private)
        return path
    with tempfile.TemporaryDirectory() as draft:
        write_parquet(sheet, Path(draft) / path.name)
        write_file(path, (Path(draft) / path.name).read_bytes(), is_private=is_private)
    return path
