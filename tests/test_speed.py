"""The speed benchmark: its counting agrees with SQL, its table says what was promised. Nothing here is timed."""

import pytest

from benchmarks import counting, filling, scale, speed
from benchmarks.promises import Promise, table


def test_a_table_says_what_is_held_what_is_not_and_why():
    told = table(
        [
            Promise("fast", "2 s", is_held=True),
            Promise("small", "9 GB", is_held=False, why="it grew"),
            Promise("told", "3"),
        ]
    )
    lines = told.splitlines()
    assert [line.split("|")[3].strip() for line in lines[2:5]] == ["held", "NOT HELD", "-"]
    assert lines[-1] == "* small: it grew"


def test_our_boards_count_what_sql_by_hand_counts(tmp_path):
    found = counting.measure(tmp_path, 0.02)
    assert "counts equal" in found[0].measured
    assert "counts equal" in found[-1].measured
    few = counting.within(tmp_path, 0.02, "1GB")
    assert few.is_held


def test_posts_said_twice_count_once(tmp_path):
    store = scale.make(tmp_path, 20_000, are_alone=True)
    before = counting.ours(store)
    with counting.duckdb.connect(str(store.path)) as connection:
        connection.execute("INSERT INTO posts SELECT * REPLACE (observed_at + INTERVAL 1 MINUTE AS observed_at, "
                           "'later' AS answer_id) FROM posts WHERE observed_at < TIMESTAMPTZ '2026-11-16 06:00Z' "
                           "AND hash(post_id) % 2 = 0")  # fmt: skip
    after = counting.ours(store)
    for name, frame in before.items():
        counting.pd.testing.assert_frame_equal(after[name], frame)


def test_a_replay_by_hand_holds_the_posts_of_ours(tmp_path):
    whole, days = filling.recorded(tmp_path, 10)
    filling.replayed(whole, tmp_path / "ours")
    filling.by_hand(whole, tmp_path / "hand")
    with counting.duckdb.connect(str(tmp_path / "hand" / "by_hand.duckdb")) as connection:
        found = connection.table("posts").df()
    assert len(days) == 10
    assert found.iloc[:, 1].nunique() == filling.posts_in(tmp_path / "ours") > 0


def test_the_runner_prints_one_table(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(speed, "measured", lambda parts, _: [Promise(" ".join(parts), "now", is_held=True)])
    speed.main(["imports", "boards", "--out", str(tmp_path / "out" / "bench.md")])
    told = capsys.readouterr().out
    assert "| imports boards" in told
    assert "cores" in told
    assert (tmp_path / "out" / "bench.md").read_text() == told


def test_without_a_name_all_parts_are_meant_and_a_strange_one_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(speed, "measured", lambda parts, _: [Promise(" ".join(parts), "now", is_held=True)])
    speed.main([])
    assert f"| {' '.join(speed.PARTS)} " in capsys.readouterr().out
    with pytest.raises(SystemExit):
        speed.main(["imports", "boats"])
    assert "there is no part boats" in capsys.readouterr().err


def test_a_part_has_a_process_of_its_own_and_what_fails_ends_alone(tmp_path):
    asked = speed.Asked(tmp_path, millions=0.02, spilled=0.02, memory="none")  # the database refuses that
    found = speed.measured(["boards"], asked)
    assert "counts equal" in found[0].measured
    assert found[-1].what == "boards: measured whole"
    assert "failed" in found[-1].measured
    assert not found[-1].is_held


def test_what_finds_no_time_says_so_and_is_not_begun(tmp_path):
    found = speed.measured(["boards", "sweeps"], speed.Asked(tmp_path, minutes=0))
    assert [one.measured for one in found] == ["not begun: no time was left"] * 2
