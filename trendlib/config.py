"""What trendlib is told before it starts: keys, folders, addresses, limits.

A `Config` is made once, from the first of these that names a setting: arguments, environment
variables, the nearest ``.env`` (here or above), the home's ``.env``, the system's keyring (when the
``keyring`` package is installed; service ``trendlib``). It never changes afterwards and is handed on,
never looked up.
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Annotated, Any, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from trendlib.errors import ConfigError

try:
    import keyring as installed_keyring
    from keyring.errors import KeyringError
except ImportError:
    keyring: ModuleType | None = None
else:
    keyring = installed_keyring

# How long an answer of an endpoint stays fresh. Counters and feeds outlive an interrupted sweep and
# its repetition, yet not the way from the morning's sweep to the midday one.
EXPIRY: Mapping[str, timedelta] = MappingProxyType(
    {
        "/music-info/": timedelta(hours=4),
        "/music-posts/": timedelta(hours=4),
        "/search-video/": timedelta(hours=4),
        "/user-posts/": timedelta(hours=4),
        "/userinfo-by-username/": timedelta(days=3),
        "/post-detail/": timedelta(hours=4),
        "/region-list/": timedelta(days=30),
        "/download-music/": timedelta(hours=1),
        "/challenge-info-name/": timedelta(hours=4),
        "/challenge-info-id/": timedelta(hours=4),
        "/challenge-posts/": timedelta(hours=4),
        "/search-challenge/": timedelta(days=7),
        "/v1/tiktok/trending/music": timedelta(hours=12),
        "/v1/tiktok/trending/music/detail": timedelta(hours=12),
        "/v1/tiktok-music": timedelta(hours=12),
        "/ws/2/artist": timedelta(days=7),
        "/ws/2/release": timedelta(days=7),
    }
)


_NOTION_ID = re.compile(r"[0-9a-f]{32}$")
_SECRETS = ("_api_key", "_token", "_webhook")
_NAME = re.compile(r"\s*(?:export\s+)?(\w+)\s*=")
_LIKENESS = 0.88
_LONGEST_S = 3_600.0


def is_loopback(url: str) -> bool:
    """Tell whether an address can only be this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_door(parts: SplitResult) -> bool:
    """Tell whether a server can be called there: by a host's name, and a port if one is given."""
    try:
        host = (parts.hostname or "").encode("idna")
        return bool(host) and not re.search(rb"\s", host) and parts.port != 0
    except ValueError:
        return False


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not _is_door(parts):
        message = "is not an address; write it like https://api.example.com"
        raise ValueError(message)
    if parts.username or parts.query or parts.fragment:
        message = "must hold no user, password, query or fragment"
        raise ValueError(message)
    if parts.scheme == "http" and not is_loopback(value):
        message = "would send the key unencrypted; use https (plain http is for servers on this machine)"
        raise ValueError(message)
    return value.rstrip("/")


def _api_key(value: SecretStr) -> SecretStr:
    key = value.get_secret_value().strip()
    if not key.isascii() or not key.isprintable() or " " in key or not key:
        message = "holds spaces, line breaks or characters that no API key has; copy it again"
        raise ValueError(message)
    return SecretStr(key)


def _webhook(value: SecretStr) -> SecretStr:
    """Take an address whose path is the secret."""
    _api_key(value)
    parts = urlsplit(value.get_secret_value().strip())
    if parts.path in {"", "/"}:
        message = "is not a webhook's address; copy the whole of it, like https://hooks.slack.com/services/…"
        raise ValueError(message)
    _base_url(f"{parts.scheme}://{parts.netloc}")
    return SecretStr(parts.geturl())


def _database(value: str) -> str:
    """Find the id in the address of a Notion database."""
    found = _NOTION_ID.search(urlsplit(value.strip()).path.replace("-", ""))
    if found is None:
        message = "is no Notion database; copy its link, like https://www.notion.so/team/1f2e…?v=…"
        raise ValueError(message)
    return found[0]


def _contact(value: str) -> str:
    contact = value.strip()
    if not contact.isascii() or not contact.isprintable() or " " in contact or not ("@" in contact or "://" in contact):
        message = "is neither an e-mail nor a web address; write it like you@example.com"
        raise ValueError(message)
    return contact


def _folder(value: Path) -> Path:
    try:
        return value.expanduser()
    except RuntimeError:
        message = f"begins with a user whom this machine does not know: {value}"
        raise ValueError(message) from None


def _home(value: Path) -> Path:
    home = _folder(value)
    if "?" in str(home.absolute()):
        message = f"is {home.absolute()}; the database can write in no folder with a ? in its path. Give another"
        raise ValueError(message)
    try:
        (home / ".env").lstat()
    except (FileNotFoundError, NotADirectoryError):
        return home
    except OSError as error:
        message = f"is {home.absolute()}, which cannot be entered: {error.strerror}. Let this user in, or give another"
        raise ValueError(message) from None
    return home


Folder = Annotated[Path, AfterValidator(_folder)]
Home = Annotated[Path, AfterValidator(_home)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Contact = Annotated[str, AfterValidator(_contact)]
ApiKey = Annotated[SecretStr, AfterValidator(_api_key)]
Webhook = Annotated[SecretStr, AfterValidator(_webhook)]
Database = Annotated[str, AfterValidator(_database)]


def default_home() -> Path:
    """Return the nearest ``data/`` with a watchlist, here or above, else ``data/`` here."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "data" / "watchlist.toml").is_file():
            return folder / "data"
    return here / "data"


class _Home(BaseSettings):
    """Where the home is, as the environment says or a file."""

    model_config = SettingsConfigDict(env_prefix="TRENDLIB_", env_file_encoding="utf-8", extra="ignore")
    home: str | None = None


def env_files(home: Path | str | None = None) -> list[Path]:
    """List the ``.env`` files that are read, the later before the earlier: the home's, and the nearest here or above.

    A notebook's folder lies below the project's, and a scheduled run begins anywhere.
    """
    here = Path.cwd()
    near = next((folder / ".env" for folder in (here, *here.parents) if _is_file(folder / ".env")), None)
    try:
        own = Path(home or _Home(_env_file=near).home or default_home()).expanduser() / ".env"
    except (RuntimeError, OSError, UnicodeDecodeError):  # the home, or the file, is refused in its turn
        own = None
    return [file for file in dict.fromkeys((own, near)) if file is not None and _is_file(file)]


def _is_file(path: Path) -> bool:
    """Tell whether a file is there; a folder that may not be entered is refused in its turn."""
    with suppress(OSError):
        return path.is_file()
    return False


def _variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return name.upper() if name.endswith(("_api_key", "_base_url")) else f"TRENDLIB_{name}".upper()


def _check_names(env_file: Path, known: Sequence[str]) -> None:
    """Refuse a name that is nearly a setting's: it was meant, and would be passed over in silence."""
    try:
        lines = env_file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ConfigError(f"{env_file} cannot be read: {reason}. Write it anew, a line a setting: NAME=value") from None
    for number, line in enumerate(lines, start=1):
        found = _NAME.match(line)
        name = found[1].upper() if found else ""
        if name not in known and (near := get_close_matches(name, known, n=1, cutoff=_LIKENESS)):
            raise ConfigError(f"{env_file}, line {number}: {name} is no setting of trendlib; did you mean {near[0]}?")


class _KeyringSource(PydanticBaseSettingsSource):
    """Keys from the system's keyring, asked only for what nothing before it gave."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic's
        if keyring is None or not field_name.endswith(_SECRETS) or field_name in self.current_state:
            return None, field_name, False
        try:
            return keyring.get_password("trendlib", _variable(field_name)), field_name, False
        except KeyringError:
            return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value}


def _named(name: str) -> Any:
    return Field(default=None, validation_alias=AliasChoices(name, name.upper()))


class Config(BaseSettings):
    """Keys, folders, addresses and limits of one run. Frozen; its ``repr`` shows no key.

    Parameters
    ----------
    home
        Folder of ``watchlist.toml``, ``archive/``, ``http_cache/``, ``warehouse/`` and ``reviews/``
        (``TRENDLIB_HOME``; by default the nearest ``data/``).
    tiklive_api_key, keyapi_api_key, layers_api_key
        Keys (``TIKLIVE_API_KEY``, ``KEYAPI_API_KEY``, ``LAYERS_API_KEY``).
    tiklive_base_url, keyapi_base_url, layers_base_url
        Addresses (``TIKLIVE_BASE_URL`` and so on), https only unless on this machine.
    musicbrainz_base_url, musicbrainz_contact
        Its address (``MUSICBRAINZ_BASE_URL``), and whom it may write to, an e-mail or web address; it is told
        to nobody else. Without a contact MusicBrainz is never asked.
    slack_webhook
        Where alerts go in Slack (``TRENDLIB_SLACK_WEBHOOK``): the address of an incoming webhook, which is a secret.
    notion_token, notion_database, notion_base_url
        Token of a Notion connection (``TRENDLIB_NOTION_TOKEN``), the database that alerts go to, by its link or id
        (``TRENDLIB_NOTION_DATABASE``), and Notion's address (``NOTION_BASE_URL``).
    deliver_folder
        Where alerts go as files (``TRENDLIB_DELIVER_FOLDER``); by default ``alerts`` in the home.
    requests_per_minute
        Requests to a provider in any 60 s [requests], shared by all processes of this home; 0 for
        none, yet with one under way they leave no faster than at 200 a minute. MusicBrainz is asked once
        a second at most, whatever this says.
    workers
        Most requests under way at once; one while answers are quicker than the limit asks for [requests].
    page_gap_s
        Least time between the starts of two pages of one feed [s].
    timeout_s
        How long one answer is waited for [s].
    attempts
        How often one question is asked at most, the first time included [attempts].
    backoff_s
        Pause before the first repetition [s]; it doubles each time, with jitter.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        env_prefix="TRENDLIB_",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    home: Home = Field(default_factory=default_home, validate_default=True)
    tiklive_api_key: ApiKey | None = _named("tiklive_api_key")
    keyapi_api_key: ApiKey | None = _named("keyapi_api_key")
    layers_api_key: ApiKey | None = _named("layers_api_key")
    tiklive_base_url: BaseUrl = Field(
        default="https://api.tikliveapi.com", validation_alias=AliasChoices("tiklive_base_url", "TIKLIVE_BASE_URL")
    )
    keyapi_base_url: BaseUrl = Field(
        default="https://api.keyapi.ai", validation_alias=AliasChoices("keyapi_base_url", "KEYAPI_BASE_URL")
    )
    layers_base_url: BaseUrl | None = _named("layers_base_url")
    musicbrainz_base_url: BaseUrl = Field(
        default="https://musicbrainz.org",
        validation_alias=AliasChoices("musicbrainz_base_url", "MUSICBRAINZ_BASE_URL"),
    )
    musicbrainz_contact: Contact | None = None
    slack_webhook: Webhook | None = None
    notion_token: ApiKey | None = None
    notion_database: Database | None = None
    notion_base_url: BaseUrl = Field(
        default="https://api.notion.com", validation_alias=AliasChoices("notion_base_url", "NOTION_BASE_URL")
    )
    deliver_folder: Folder | None = None
    requests_per_minute: int = Field(default=200, ge=0)
    workers: int = Field(default=3, ge=1, le=3)
    page_gap_s: float = Field(default=0.3, ge=0, le=_LONGEST_S)
    timeout_s: float = Field(default=15.0, gt=0, le=_LONGEST_S)
    attempts: int = Field(default=7, ge=1)
    backoff_s: float = Field(default=0.8, ge=0, le=_LONGEST_S)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)

    @classmethod
    def load(cls, **arguments: Any) -> Self:
        """Read the settings; arguments that are None count as not given.

        Raises
        ------
        ConfigError
            If a setting cannot be used, or ``.env`` holds one that is nearly one; the message names
            it and never shows a key.
        """
        given = {name: value for name, value in arguments.items() if value is not None}
        unknown = sorted(set(given) - set(cls.model_fields))
        if unknown:
            message = f"{unknown[0]} is no setting of trendlib; there are: {', '.join(cls.model_fields)}"
            raise ConfigError(message)
        found = env_files(given.get("home"))
        for env_file in found:
            _check_names(env_file, [_variable(name) for name in cls.model_fields])
        try:
            return cls(**given, _env_file=found)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = _variable(str(first["loc"][0]).lower()) if first["loc"] else "a setting"
            reason = str(first["msg"]).removeprefix("Value error, ")
            # The cause would show what was typed, which may be a key.
            message = f"{name} {reason}"
            raise ConfigError(message) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic passes it by name
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order where settings come from; pydantic asks for it."""
        return init_settings, env_settings, dotenv_settings, _KeyringSource(settings_cls)

    @property
    def watchlist_file(self) -> Path:
        """What the team follows."""
        return self.home / "watchlist.toml"

    @property
    def rules_file(self) -> Path:
        """Thresholds that the team set otherwise."""
        return self.home / "rules.toml"

    @property
    def archive_folder(self) -> Path:
        """Every answer, as it came."""
        return self.home / "archive"

    @property
    def cache_folder(self) -> Path:
        """Answers that are still fresh, and the count of recent requests."""
        return self.home / "http_cache"

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file, derived from the archive."""
        return self.home / "warehouse" / "trendlib.duckdb"

    @property
    def delivery_file(self) -> Path:
        """What was sent where."""
        return self.home / "deliveries.jsonl"

    @property
    def reviews_folder(self) -> Path:
        """Monday's decks and the notes made in them."""
        return self.home / "reviews"
