"""Marks that occur more than once, whatever the parts they are sorted in."""

import duckdb
import pytest

from trendlib import marks


@pytest.mark.parametrize("at_once", [marks.AT_ONCE, 300])
def test_who_has_company_is_found_and_nobody_else(at_once, monkeypatch):
    monkeypatch.setattr(marks, "AT_ONCE", at_once)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE posts AS SELECT printf('7%018d', i) AS post_id FROM range(1000) AS t(i)")
        connection.execute(
            "INSERT INTO posts SELECT post_id FROM posts LIMIT 10; INSERT INTO posts VALUES ('7'), ('7')"
        )
        found = marks.repeated(connection.table("posts"), marks.mark_of("post_id"))
        counted = "SELECT hash(post_id) FROM posts GROUP BY post_id HAVING count(*) > 1"
        assert sorted(found.tolist()) == sorted(row[0] for row in connection.execute(counted).fetchall())
    assert len(found) == 11


def test_nothing_has_no_company():
    with duckdb.connect() as connection:
        none = connection.sql("SELECT '7' AS post_id WHERE false")
        assert marks.repeated(none, marks.mark_of("post_id")).tolist() == []
