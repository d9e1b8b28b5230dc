"""How each provider is reached: address, key, price, pace. Whom the house can ask stands here and nowhere else."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from types import MappingProxyType

from trendlib.api import keyapi, layers, musicbrainz, tiklive
from trendlib.api.client import Provider
from trendlib.config import Config
from trendlib.errors import ConfigError

_SECOND_S = 1.1  # requests take unequally long on their way, and the server counts arrivals


def tiklive_provider(config: Config) -> Provider:
    """Say how TikLiveAPI is reached with this configuration."""
    return Provider(
        name="tiklive",
        base_url=config.tiklive_base_url,
        key=config.tiklive_api_key,
        header="X-Api-Key",
        requests_per_minute=config.requests_per_minute or None,
        credits=tiklive.CREDITS,
        check=tiklive.check,
    )


def keyapi_provider(config: Config) -> Provider:
    """Say how KeyAPI is reached with this configuration."""
    return Provider(
        name="keyapi",
        base_url=config.keyapi_base_url,
        key=config.keyapi_api_key,
        header="Authorization",
        prefix="Bearer ",
        requests_per_minute=config.requests_per_minute or None,
        credits=keyapi.CREDITS,
        check=keyapi.check,
    )


def layers_provider(config: Config) -> Provider:
    """Say how Layers is reached with this configuration.

    Raises
    ------
    ConfigError
        If its address is not set: its document gives none.
    """
    if config.layers_base_url is None:
        raise ConfigError("Asked for the catalogue of Layers; its address is not set. Set LAYERS_BASE_URL to its host.")
    return Provider(
        name="layers",
        base_url=config.layers_base_url,
        key=config.layers_api_key,
        header="Authorization",
        prefix="Bearer ",
        requests_per_minute=config.requests_per_minute or None,
        credits=layers.CREDITS,
        check=layers.check,
    )


def musicbrainz_provider(config: Config) -> Provider:
    """Say how MusicBrainz is reached with this configuration.

    Raises
    ------
    ConfigError
        If there is no contact: it asks everybody to say whom to write to.
    """
    if config.musicbrainz_contact is None:
        raise ConfigError(
            "Asked MusicBrainz; it wants to know whom to write to, and no contact is set. "
            "Set TRENDLIB_MUSICBRAINZ_CONTACT to your e-mail or web address."
        )
    return Provider(
        name="musicbrainz",
        base_url=config.musicbrainz_base_url,
        key=None,
        header=None,
        user_agent=f"trendlib/{version('trendlib')} ( {config.musicbrainz_contact} )",
        gap_s=_SECOND_S,
        credits=musicbrainz.CREDITS,
        check=musicbrainz.check,
    )


PROVIDERS: Mapping[str, Callable[[Config], Provider]] = MappingProxyType(
    {
        "tiklive": tiklive_provider,
        "keyapi": keyapi_provider,
        "layers": layers_provider,
        "musicbrainz": musicbrainz_provider,
    }
)


def fingerprint(config: Config) -> str:
    """Return eight digits that tell these servers and keys from others; none of them can be had from it."""
    found = []
    for provider in PROVIDERS.values():
        with suppress(ConfigError):
            found.append(provider(config).fingerprint)
    return hashlib.blake2b("-".join(found).encode(), digest_size=4).hexdigest()
