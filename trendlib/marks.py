"""Which rows of millions have company: equal things have equal marks, and marks are sorted as numbers.

A *mark* is a 64-bit hash, made in the database. To group long texts takes a database many times as long as to sort
numbers, and most posts have no company: they stand in one answer, and their creator used the sound once that day. So
only rows whose mark occurs more than once are grouped by the texts themselves. Unequal things that have one mark are
looked at in vain, and are never taken for each other: what is counted is exact.
"""

from typing import Any

import numpy as np

AT_ONCE = 2**24  # marks, of 8 bytes each, so that many more rows than fit in memory can be told apart


def mark_of(*columns: str) -> str:
    """Write down the mark of some columns as SQL."""
    return f"hash({', '.join(columns)})"


def repeated(rows: Any, mark: str) -> "np.ndarray[Any, np.dtype[np.uint64]]":
    """Give the marks that occur more than once.

    Parameters
    ----------
    rows
        A relation of DuckDB.
    mark
        The mark of a row, as SQL.
    """
    marked = rows.project(f"{mark} AS mark")
    parts = 1 + rows.count("*").fetchall()[0][0] // AT_ONCE
    return np.concatenate([_repeated(marked.filter(f"mark % {parts} = {part}")) for part in range(parts)])


def _repeated(marked: Any) -> "np.ndarray[Any, np.dtype[np.uint64]]":
    marks = np.ma.getdata(marked.fetchnumpy()["mark"])
    marks.sort()
    return np.unique(marks[1:][marks[1:] == marks[:-1]])
