"""Sweeps that overlap, and notebooks that look while they write: who has to wait, waits, and sees whole sweeps only.

``TRENDLIB_CHAOS_SECONDS`` says for how long the notebooks look.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

from chaos.acts import looked_again_and_again, swept_again_and_again, trendlib
from chaos.kills import Job
from chaos.sweeping import serving_a_sweep
from told import assert_same, tables

from trendlib.sandbox import World

SECONDS = float(os.environ.get("TRENDLIB_CHAOS_SECONDS", "4"))
NOTEBOOKS, SWEEPS = 4, 2
WAITING = "Still waiting for the warehouse"


def test_two_sweeps_at_once(small_world: World, tmp_path: Path, promise: Any) -> None:
    with serving_a_sweep(small_world, tmp_path / "calm") as (server, settings):
        (tmp_path / "both").mkdir()
        watchlist = (tmp_path / "calm" / "watchlist.toml").read_text()
        (tmp_path / "both" / "watchlist.toml").write_text(watchlist)

        def sweep(home: str, number: int) -> Job:
            words = ["--home", str(tmp_path / home), "sweep", "--max-pages", "2"]
            return Job(trendlib, words, tmp_path / f"work {number}", settings)

        assert sweep("calm", 0).run().code == 0
        price = sum(server.credits.values())
        running = [sweep("both", number).start() for number in range(SWEEPS)]
        for one in running:
            one.finish()
            assert one.code == 0, one.said
        spent = sum(server.credits.values()) - price
        assert_same(tables(tmp_path / "calm"), tables(tmp_path / "both"))
    promise(
        "Two sweeps at once buy what one buys, and leave the same tables",
        f"{spent} credits; one alone {price}",
        is_held=spent == price,
    )


def test_notebooks_that_look_while_sweeps_write(small_world: World, tmp_path: Path, promise: Any) -> None:
    home = tmp_path / "home"
    with serving_a_sweep(small_world, home) as (_, settings):
        assert (
            Job(trendlib, ["--home", str(home), "sweep", "--max-pages", "1"], tmp_path / "work", settings).run().code
            == 0
        )
        began_s = str(time.time())
        sweeps = [
            Job(
                swept_again_and_again, [str(home), began_s, str(SECONDS)], tmp_path / f"sweep {number}", settings
            ).start()
            for number in range(SWEEPS)
        ]
        notebooks = [
            Job(looked_again_and_again, [str(home), str(SECONDS)], tmp_path / f"notebook {number}").start()
            for number in range(NOTEBOOKS)
        ]
        for one in (*sweeps, *notebooks):
            one.finish()
    failed = [one.said for one in (*sweeps, *notebooks) if one.code != 0]
    assert not failed, failed[0]
    # who waits long for the warehouse says so between the lines
    said = [[line for line in one.said.splitlines() if not line.startswith(WAITING)] for one in (*sweeps, *notebooks)]
    swept = [line.split() for lines in said[:SWEEPS] for line in lines]
    looks = [json.loads(line) for lines in said[SWEEPS:] for line in lines]
    written = sum(int(added) for _, _, added in swept)
    halves = {name for look in looks for name, found in look["seen"].items() if len(found) > 1}
    assert all(failures == "0" for _, failures, _ in swept)
    assert all(look["looks"] for look in looks)
    promise(
        "Notebooks that look while sweeps write: no error, and nobody sees half a sweep",
        f"{NOTEBOOKS} notebooks looked {sum(look['looks'] for look in looks):,} times in {SECONDS:g} s, "
        f"{len(swept)} sweeps wrote {written:,} answers, {len(halves)} half ones seen",
        is_held=not halves and written > 0,
    )
