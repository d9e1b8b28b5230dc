"""Configuration: where a setting may come from, and what is refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from trendlib import config as config_room
from trendlib.config import Config, default_home, is_loopback
from trendlib.errors import ConfigError

KEY = "tk_live_0123456789abcdef"


def test_an_argument_beats_the_environment_which_beats_the_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("TIKLIVE_API_KEY=from-file\nKEYAPI_API_KEY=from-file\nLAYERS_API_KEY=from-file\n")
    monkeypatch.setenv("TIKLIVE_API_KEY", "from-env")
    monkeypatch.setenv("KEYAPI_API_KEY", "from-env")
    config = Config.load(tiklive_api_key="from-argument")
    keys = (config.tiklive_api_key, config.keyapi_api_key, config.layers_api_key)
    assert [key.get_secret_value() for key in keys if key] == ["from-argument", "from-env", "from-file"]


def test_a_notebook_finds_the_env_file_of_the_project_above_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("TIKLIVE_API_KEY=from-above\n")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    key = Config.load().tiklive_api_key
    assert key is not None
    assert key.get_secret_value() == "from-above"


def test_a_home_may_hold_keys_of_its_own_and_the_nearest_env_file_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".env").write_text("TIKLIVE_API_KEY=from-home\nKEYAPI_API_KEY=from-home\n")
    Path(".env").write_text("KEYAPI_API_KEY=from-here\n")
    given = Config.load(home=tmp_path / "home")
    monkeypatch.setenv("TRENDLIB_HOME", str(tmp_path / "home"))
    for config in (given, Config.load()):
        keys = (config.tiklive_api_key, config.keyapi_api_key)
        assert [key.get_secret_value() for key in keys if key] == ["from-home", "from-here"]


def test_the_home_that_the_nearest_env_file_names_holds_the_keys(tmp_path: Path) -> None:
    for folder, key in (("data", "from-elsewhere"), ("real", "from-home")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "watchlist.toml").touch()
        (tmp_path / folder / ".env").write_text(f"TIKLIVE_API_KEY={key}\n")
    Path(".env").write_text(f"TRENDLIB_HOME={tmp_path / 'real'}\n")
    config = Config.load()
    assert config.home == tmp_path / "real"
    assert config.tiklive_api_key is not None
    assert config.tiklive_api_key.get_secret_value() == "from-home"


def test_an_env_file_that_is_no_text_is_said() -> None:
    Path(".env").write_bytes(b"TIKLIVE_API_KEY=sesame-\xff\xfe")
    with pytest.raises(ConfigError, match="it is no UTF-8 text") as caught:
        Config.load()
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("value", ["inf", "nan", "1e300", "-1"])
def test_a_time_that_nobody_waits_for_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRENDLIB_TIMEOUT_S", value)
    with pytest.raises(ConfigError, match="TRENDLIB_TIMEOUT_S"):
        Config.load()


def test_the_keyring_is_asked_only_for_what_nothing_else_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Ring:
        @staticmethod
        def get_password(service: str, name: str) -> str:
            asked.append((service, name))
            return "https://hooks.slack.com/from-keyring" if "WEBHOOK" in name else "from-keyring"

    monkeypatch.setattr(config_room, "keyring", Ring)
    monkeypatch.setenv("TIKLIVE_API_KEY", "from-env")
    config = Config.load()
    assert config.tiklive_api_key is not None
    assert config.keyapi_api_key is not None
    assert config.tiklive_api_key.get_secret_value() == "from-env"
    assert config.keyapi_api_key.get_secret_value() == "from-keyring"
    assert ("trendlib", "TIKLIVE_API_KEY") not in asked
    assert {("trendlib", "TRENDLIB_SLACK_WEBHOOK"), ("trendlib", "TRENDLIB_NOTION_TOKEN")} < set(asked)


def test_an_empty_variable_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKLIVE_API_KEY", "")
    assert Config.load().tiklive_api_key is None


def test_a_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKLIVE_API_KEY", KEY)
    config = Config.load()
    assert KEY not in f"{config!r} {config} {config.model_dump()}"


def test_a_key_that_cannot_be_one_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigError, match="TIKLIVE_API_KEY holds spaces") as caught:
        Config.load(tiklive_api_key=f"{KEY} and more")
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.example.com", "unencrypted"),
        ("ftp://api.example.com", "is not an address"),
        ("https://me:secret@api.example.com", "no user, password"),
        ("https://", "is not an address"),
        ("https://api.example.com:99999", "is not an address"),
        ("https://api.example.com:https", "is not an address"),
        ("https://api.example.com:0", "is not an address"),
        ("https://api example.com", "is not an address"),
        ("https://api..example.com", "is not an address"),
        ("https://[::1", "Invalid IPv6 URL"),
    ],
)
def test_an_address_that_would_leak_or_cannot_work_is_refused(url: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"TIKLIVE_BASE_URL.*{reason}") as caught:
        Config.load(tiklive_base_url=url)
    assert "secret" not in str(caught.value)


def test_a_home_that_cannot_be_entered_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="which cannot be entered: File name too long"):
        Config.load(home=tmp_path / ("x" * 300))


def test_plain_http_is_fine_on_this_machine() -> None:
    assert Config.load(tiklive_base_url="http://127.0.0.1:8080/").tiklive_base_url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:80", True),
        ("http://127.0.0.1.evil.com", False),
        ("http://10.0.0.1", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, expected: bool) -> None:  # noqa: FBT001 - a table of cases
    assert is_loopback(url) is expected


def test_a_setting_that_does_not_exist_is_an_error_that_lists_those_that_do() -> None:
    with pytest.raises(ConfigError, match=r"hme is no setting.*home"):
        Config.load(hme="x")


def test_a_configuration_does_not_change() -> None:
    config = Config.load()
    with pytest.raises(ValidationError):
        config.home = Path("elsewhere")


def test_home_is_the_nearest_data_folder_with_a_watchlist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "watchlist.toml").write_text("")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert default_home() == tmp_path / "data"


def test_all_folders_stand_in_the_home(tmp_path: Path) -> None:
    config = Config.load(home=tmp_path)
    places = (
        config.watchlist_file,
        config.archive_folder,
        config.cache_folder,
        config.warehouse_file,
        config.reviews_folder,
    )
    assert [str(place.relative_to(tmp_path)) for place in places] == [
        "watchlist.toml",
        "archive",
        "http_cache",
        "warehouse/trendlib.duckdb",
        "reviews",
    ]


def test_a_home_may_begin_with_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRENDLIB_HOME", "~/music")
    assert Config.load().home == Path.home() / "music"


def test_a_home_of_an_unknown_user_is_refused() -> None:
    with pytest.raises(ConfigError, match="HOME begins with a user"):
        Config.load(home="~nobody-of-that-name/music")


def test_a_home_that_the_database_can_not_write_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"HOME is .*what\?/data; the database can write in no folder with a \?"):
        Config.load(home=tmp_path / "what?" / "data")
    (tmp_path / "what?").mkdir()
    monkeypatch.chdir(tmp_path / "what?")
    for home in (None, "data"):
        with pytest.raises(ConfigError, match="Give another"):
            Config.load(home=home)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("TIKLIVE_APIKEY", "TIKLIVE_API_KEY"),
        ("TIKLVE_API_KEY", "TIKLIVE_API_KEY"),
        ("KEYAPI_BASEURL", "KEYAPI_BASE_URL"),
        ("export TRENDLIB_TIMEOUT", "TRENDLIB_TIMEOUT_S"),
        ("trendlib_worker", "TRENDLIB_WORKERS"),
    ],
)
def test_a_misspelt_name_in_the_env_file_is_said_with_its_line_and_the_right_one(typed: str, meant: str) -> None:
    Path(".env").write_text(f"# ours\n{typed}=sesame-0123456789\n")
    with pytest.raises(ConfigError, match=rf"line 2: \w+ is no setting.*{meant}") as caught:
        Config.load()
    assert "sesame" not in str(caught.value)


def test_names_of_others_in_the_env_file_are_left_alone() -> None:
    Path(".env").write_text("OPENAI_API_KEY=x\nDATABASE_URL=x\nTRENDLIB_SHARED=x\ntrendlib_workers=2\n")
    assert Config.load().workers == 2
