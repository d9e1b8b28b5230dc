"""The practice home: prepared once, the same for everybody, and nothing of it leaves this machine."""

import shutil
from datetime import datetime, time, timedelta
from pathlib import Path

import pandas as pd
import pytest

from trendlib import practice
from trendlib.boards import alerts
from trendlib.boards.alerts import EVER
from trendlib.config import Config, is_loopback
from trendlib.errors import StoreError
from trendlib.monitor import Monitor
from trendlib.runs.loading import rebuild, replay
from trendlib.runs.sweep import SweepReport
from trendlib.schema import TABLES
from trendlib.store import Store


@pytest.fixture
def copied_home(practice_home: Path, tmp_path: Path) -> Path:
    return shutil.copytree(practice_home, tmp_path / "home")


def table(home: Path, name: str) -> pd.DataFrame:
    store = Store(home / practice.FOLDER / "warehouse" / "trendlib.duckdb")
    last = store.last_observed_at()
    assert last is not None
    with store.as_of(last + timedelta(minutes=1)) as world:
        return world.frame(name)


def test_it_holds_ten_weeks_of_mornings_and_this_monday(practice_home: Path) -> None:
    kept = {file.read_bytes() for file in (practice_home / practice.FOLDER / "archive").glob("replay-*")}
    shipped = (practice.RECORDING, practice.ALERTS, practice.MORNING)
    expected = {(practice_home / practice.SAMPLE / name).read_bytes() for name in shipped}
    assert kept == expected, "the shipped warehouse is not of these recordings: run `make sample`"
    readings = table(practice_home, "sound_observations")
    days = readings["observed_at"].dt.date.unique()
    assert len(days) == 7 * practice.WEEKS + 1
    last = readings["observed_at"].max()
    assert (last.weekday(), last.time().replace(second=0, microsecond=0)) == (0, practice.AT)
    assert readings["sound_id"].nunique() == len(practice.world().catalogue)


def everything(home: Path) -> dict[str, pd.DataFrame]:
    with Store(home / practice.FOLDER / "warehouse" / "trendlib.duckdb").as_of(EVER) as world:
        # the same answers stand in other files
        frames = {name: world.frame(name).drop(columns="sweep_id", errors="ignore") for name in TABLES}
    return {name: frame.sort_values(list(frame), ignore_index=True) for name, frame in frames.items()}


@pytest.fixture(scope="module")
def lived_home(practice_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SweepReport]:
    home = tmp_path_factory.mktemp("lived")
    shutil.copytree(practice_home / practice.SAMPLE, home / practice.SAMPLE)
    report = practice.live_through(home)
    assert report is not None
    return home, report


def test_the_shipped_warehouse_holds_what_living_through_the_morning_makes(
    practice_home: Path, lived_home: tuple[Path, SweepReport]
) -> None:
    shipped, lived = everything(practice_home), everything(lived_home[0])
    for name, frame in lived.items():
        pd.testing.assert_frame_equal(shipped[name], frame, obj=f"{name}: run `make sample`, as")


def test_the_shipped_warehouse_is_what_its_archive_rebuilds(copied_home: Path) -> None:
    before = everything(copied_home)
    rebuild(Config.load(home=copied_home / practice.FOLDER))
    for name, frame in everything(copied_home).items():
        pd.testing.assert_frame_equal(frame, before[name], obj=name)


def test_living_through_the_morning_sweeps_for_real(lived_home: tuple[Path, SweepReport]) -> None:
    home, report = lived_home
    assert report.run.spent > report.sounds > 0
    assert not report.run.failures
    assert practice.live_through(home) is None


@pytest.mark.parametrize("spoiled", [b"no gzip", b""])
def test_a_warehouse_that_cannot_be_unpacked_is_made_anew(
    practice_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoiled: bytes
) -> None:
    shutil.copytree(practice_home / practice.SAMPLE, tmp_path / practice.SAMPLE)
    (tmp_path / practice.SAMPLE / practice.WAREHOUSE).write_bytes(spoiled)
    lived = []
    monkeypatch.setattr(practice, "live_through", lived.append)
    practice.prepare(tmp_path)
    assert lived == [tmp_path]
    assert not (tmp_path / practice.FOLDER / "warehouse" / "trendlib.duckdb").exists()


def test_a_warehouse_of_other_recordings_is_not_taken(
    practice_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(practice_home / practice.SAMPLE, tmp_path / practice.SAMPLE)
    shutil.copyfile(practice_home / practice.SAMPLE / practice.ALERTS, tmp_path / practice.SAMPLE / practice.MORNING)
    lived = []
    monkeypatch.setattr(practice, "live_through", lived.append)
    practice.prepare(tmp_path)
    assert lived == [tmp_path]


def test_a_home_that_is_prepared_is_left_alone(copied_home: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in copied_home.rglob("*") if path.is_file()}
    practice.prepare(copied_home)
    assert {path: path.stat().st_mtime_ns for path in copied_home.rglob("*") if path.is_file()} == before


def test_a_damaged_warehouse_is_made_anew_and_what_somebody_wrote_stays(copied_home: Path) -> None:
    config = Config.load(home=copied_home / practice.FOLDER)
    said = Store(config.warehouse_file)
    with said.as_of(EVER) as world:
        alert = world.frame("alerts").iloc[0]
    alerts.note(config, alert["alert_id"], "mine", as_of=alert["alerted_at"] + timedelta(minutes=1))
    (config.home / "reviews").mkdir()
    written = [config.home / "reviews" / "review.toml", config.delivery_file]
    for path in written:
        path.write_text("ours", encoding="utf-8")
    config.warehouse_file.write_bytes(config.warehouse_file.read_bytes()[:5000])
    practice.prepare(copied_home)
    assert [path.read_text(encoding="utf-8") for path in written] == ["ours", "ours"]
    with said.as_of(EVER) as world:
        assert world.frame("notes")["note"].tolist() == ["mine"]
    assert Monitor.of_practice(copied_home).is_practice


def test_a_warehouse_that_cannot_be_opened_for_another_reason_is_left_alone(copied_home: Path) -> None:
    config = Config.load(home=copied_home / practice.FOLDER)
    config.warehouse_file.unlink()
    config.warehouse_file.mkdir()
    before = sorted(config.home.rglob("*"))
    with pytest.raises(StoreError, match="directory"):
        practice.prepare(copied_home)
    assert sorted(config.home.rglob("*")) == before


def test_a_morning_that_was_cut_short_is_gone_on_with(
    practice_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = tmp_path / practice.SAMPLE
    shutil.copytree(practice_home / practice.SAMPLE, sample)
    config = Config.load(home=tmp_path / practice.FOLDER)
    replay([sample / name for name in (practice.RECORDING, practice.ALERTS)], config)
    with monkeypatch.context() as patch:
        patch.setattr(practice, "pull", interrupt)
        with pytest.raises(KeyboardInterrupt):
            practice.live_through(tmp_path)
    practice.prepare(tmp_path)
    last = alerts.last_recorded(Store(config.warehouse_file))
    assert last is not None
    assert last.weekday() == 0
    assert practice.live_through(tmp_path) is None


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_its_server_is_on_this_machine_and_its_key_is_not_the_users(
    practice_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKLIVE_API_KEY", "sesame-0123456789")
    monkeypatch.setenv("TIKLIVE_BASE_URL", "https://example.com")
    with practice.running(practice_home) as running:
        assert is_loopback(running.config.tiklive_base_url)
        assert running.config.tiklive_api_key is not None
        assert "sesame" not in running.config.tiklive_api_key.get_secret_value()
        assert running.config.home == practice_home / practice.FOLDER
        assert set(running.watchlist.sounds) == {sound.sound_id for sound in practice.world().catalogue}
        assert running.clock() == datetime.combine(running.clock().date(), time(7), running.clock().tzinfo)


def test_no_practice_key_is_written_into_the_home(practice_home: Path) -> None:
    with practice.running(practice_home) as running:
        assert running.config.tiklive_api_key is not None
        key = running.config.tiklive_api_key.get_secret_value().encode()
    holders = [path for path in practice_home.rglob("*") if path.is_file() and key in path.read_bytes()]
    assert holders == []


def test_exploring_it_costs_nobody_anything_and_offers_new_sounds(copied_home: Path) -> None:
    found = practice.explore(copied_home)
    watched = {sound.sound_id for sound in practice.world().catalogue}
    assert len(found.frame)
    assert not set(found.frame["sound_id"]) & watched
    exhibit, _ = Monitor.of_practice(copied_home).discover()
    assert exhibit.caption.startswith("Practice data")
    assert exhibit.frame["sound_id"].tolist() == found.frame["sound_id"].tolist()


def test_practice_and_own_data_never_mix(practice_home: Path) -> None:
    own = Config.load(home=practice_home)
    assert not own.warehouse_file.exists()
    assert not own.archive_folder.exists()
    assert {path.name for path in practice_home.iterdir()} == {"sample", practice.FOLDER}


def test_what_the_world_hides_is_on_the_boards(practice_home: Path) -> None:
    """A breakout, a crossover, a bot-driven sound that is flagged, and a sound that can't be ranked and says why."""
    world, board = practice.world(), Monitor.of_practice(practice_home).board
    truth = world.truth()
    recent = board.as_of.date() - timedelta(days=14)
    classes = {truth.classes[one] for one in board.alerts()["sound_id"]}
    assert classes & {"jump", "slow_burner"}
    assert "newborn_breakout" in classes
    true = {(one.sound_id, one.into_region) for one in truth.crossovers if one.day >= recent}
    found = board.crossovers()
    assert set(zip(found["sound_id"], found["region"], strict=True)) == true
    cautions = board.cautions().set_index("sound_id")["caution"]
    bots = {one for one, kind in truth.classes.items() if kind == "bot_driven" and truth.onsets[one] >= recent}
    assert bots
    assert cautions[list(bots)].str.contains("creators' worth of posts").all()
    assert cautions.str.startswith("can't be ranked").any()
