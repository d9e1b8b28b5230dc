"""Posts and creators in cells: every engine counts alike, also where marks mislead."""

import duckdb
import narwhals as nw
import pandas as pd
import pytest

from trendlib.metrics import posters
from trendlib.metrics.posters import counted

CELL = ["sound_id", "week"]
WHOLE = dict.fromkeys(("week", "posts", "creators"), int)
POSTS = pd.DataFrame(
    {
        "sound_id": pd.array(["1", "1", "1", "1", "1", "2", "2", "2"], dtype="str"),
        "week": [0, 0, 0, 0, 1, 0, 0, 0],
        "creator_id": pd.array(["a", "a", "a", "b", "a", None, None, "b"], dtype="str"),
    }
)


def told(frame):
    native = frame.to_native()
    table = native if isinstance(native, pd.DataFrame) else native.df()
    return sorted(
        tuple(row) for row in table[[*CELL, "posts", "creators"]].astype(WHOLE).astype(str).to_numpy().tolist()
    )


@pytest.mark.parametrize(("most", "posts"), [(None, "4"), (2, "3"), (1, "2")])
def test_a_creator_counts_so_often_at_most_and_unknown_ones_always(most, posts):
    expected = [("1", "0", posts, "2"), ("1", "1", "1", "1"), ("2", "0", "3", "1")]
    assert told(counted(nw.from_native(POSTS), CELL, posts_per_creator=most)) == expected
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE posts AS SELECT * FROM POSTS")
        assert told(counted(nw.from_native(connection.table("posts")), CELL, posts_per_creator=most)) == expected


def test_unequal_things_with_one_mark_are_never_taken_for_each_other(monkeypatch):
    monkeypatch.setattr(posters, "mark_of", lambda *_: "7::UBIGINT")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE posts AS SELECT * FROM POSTS")
        found = told(counted(nw.from_native(connection.table("posts")), CELL, posts_per_creator=2))
    assert found == told(counted(nw.from_native(POSTS), CELL, posts_per_creator=2))
