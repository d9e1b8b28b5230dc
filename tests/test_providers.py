"""Providers: how each is reached, what is missing for it, and a client for one that knows no keys."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from trendlib.api import musicbrainz
from trendlib.api.budget import Budget
from trendlib.api.client import Client
from trendlib.api.providers import PROVIDERS, fingerprint, layers_provider, musicbrainz_provider
from trendlib.config import Config
from trendlib.errors import ConfigError
from trendlib.runs.loading import CREDITS, PARSERS
from trendlib.sandbox import Server, World
from trendlib.schema import Answer

CONTACT = "me@sandbox.invalid"


def test_every_provider_that_can_be_asked_can_be_read_at_the_same_price() -> None:
    config = Config(layers_base_url="https://layers.sandbox.invalid", musicbrainz_contact=CONTACT)
    providers = {name: reach(config) for name, reach in PROVIDERS.items()}
    assert {name: one.name for name, one in providers.items()} == {name: name for name in providers}
    assert {name: one.credits for name, one in providers.items()} == {name: CREDITS[name] for name in providers}
    assert set(providers) <= set(PARSERS)


def test_keys_go_into_the_header_of_their_provider() -> None:
    config = Config(layers_base_url="https://layers.sandbox.invalid", musicbrainz_contact=CONTACT)
    headers = {name: (reach(config).header, reach(config).prefix) for name, reach in PROVIDERS.items()}
    bearer = ("Authorization", "Bearer ")
    assert headers == {"tiklive": ("X-Api-Key", ""), "keyapi": bearer, "layers": bearer, "musicbrainz": (None, "")}


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match="Set LAYERS_BASE_URL"):
        layers_provider(Config())
    with pytest.raises(ConfigError, match="Set TRENDLIB_MUSICBRAINZ_CONTACT"):
        musicbrainz_provider(Config())


@pytest.mark.parametrize("contact", ["nobody", "me@sandbox.invalid\nX-Evil: 1", "m\u00fc@sandbox.invalid", "a b@c"])
def test_a_contact_that_nobody_can_write_to_is_refused(contact: str) -> None:
    with pytest.raises(ConfigError, match="MUSICBRAINZ_CONTACT is neither an e-mail nor a web address"):
        Config.load(musicbrainz_contact=contact)


def test_musicbrainz_is_asked_once_a_second_whatever_the_settings_say() -> None:
    provider = musicbrainz_provider(Config(musicbrainz_contact=CONTACT, requests_per_minute=0))
    assert provider.gap_s >= 1
    assert CONTACT in provider.user_agent


@pytest.mark.parametrize("changed", [{"keyapi_api_key": "another"}, {"layers_base_url": "https://b.sandbox.invalid"}])
def test_other_keys_and_other_servers_have_another_fingerprint(changed: dict[str, str]) -> None:
    one = Config(keyapi_api_key="a-key", layers_base_url="https://a.sandbox.invalid")
    assert fingerprint(one) == fingerprint(one.model_copy())
    assert fingerprint(
        Config(**{"keyapi_api_key": "a-key", "layers_base_url": "https://a.sandbox.invalid", **changed})
    ) != (fingerprint(one))
    assert len(fingerprint(one)) == 8


def test_a_provider_without_keys_is_asked_without_any_also_not_one_of_netrc(
    small_world: World, tmp_path: Path, nobody: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (nobody / ".netrc").write_text("default login eve password other\n")
    (nobody / ".netrc").chmod(0o600)
    seen: list[dict[str, Any]] = []
    answers: list[Answer] = []
    with Server(small_world) as server:
        decide = server._decide  # noqa: SLF001 - what arrives is seen nowhere else

        def look(path: str, params: Any, headers: Any, now: Any) -> Any:
            seen.append({name.lower(): value for name, value in headers.items()})
            return decide(path, params, headers, now)

        monkeypatch.setattr(server, "_decide", look)
        config = Config(home=tmp_path, musicbrainz_base_url=server.url, musicbrainz_contact=CONTACT)
        provider = musicbrainz_provider(config)
        with Client(provider, config, budget=Budget(0), record=answers.append) as client:
            found = client.fetch(musicbrainz.artist_search("Nobody & Sons"))
            again = client.fetch(musicbrainz.artist_search("Nobody & Sons"), max_age=timedelta(hours=1))
    assert found.body == again.body == {"count": 0, "offset": 0, "artists": []}
    assert (len(answers), len(seen)) == (1, 1)
    assert "authorization" not in seen[0]
    assert seen[0]["user-agent"].endswith(f"( {CONTACT} )")
