"""Notion: a row each in a database, found again by the message's key; so sending it twice leaves one row.

The database is the team's. It keeps its own columns, views and order; columns that are missing are added, and the
cells of ours are set, never others. What is written is plain text objects, which know no markup.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from trendlib.api.wire import KeyHeader, Parcel, Wire
from trendlib.config import Config
from trendlib.deliver.channel import Channel, demand_ok
from trendlib.deliver.deliveries import Word
from trendlib.deliver.messages import FACTS, Fact, Kind, Message
from trendlib.errors import ConfigError, UnavailableError
from trendlib.schema import utc_text
from trendlib.show.theme import plain_text

VERSION = "2025-09-03"  # from then on a database holds data sources, and rows belong to one of these
KEY = "Alert id"
MOST_LINES = 90  # Notion takes 100 blocks with a page
LONGEST = 950  # Notion takes 2,000 units; a sign may be two
_TYPES: Mapping[Kind, str] = {"text": "rich_text", "number": "number", "time": "date", "link": "url"}
HOW_TO_SET_UP = (
    "Make a connection (notion.so/my-integrations), share a database with it, and put both into the environment "
    "or .env: TRENDLIB_NOTION_TOKEN=ntn_… and TRENDLIB_NOTION_DATABASE=<link of the database>"
)


class Notion(Channel):
    """A database of Notion.

    Parameters
    ----------
    config
        Its token and database, and patience.
    """

    name = "notion"

    def __init__(self, config: Config) -> None:
        if config.notion_token is None or config.notion_database is None:
            raise ConfigError(f"Asked to deliver to Notion; token or database is not set. {HOW_TO_SET_UP}.")
        key = KeyHeader("Authorization", "Bearer ", config.notion_token)
        self._wire = Wire(config.notion_base_url, key, timeout_s=config.timeout_s, headers={"Notion-Version": VERSION})
        self._database = config.notion_database
        self._place: tuple[str, str] | None = None

    def send(self, message: Message, tell: Callable[[Word], None], *, may_be_copy: bool = False) -> None:  # noqa: ARG002 - a row is found again
        """Make the message's row, or set its cells anew."""
        source, title = self._place = self._place or self._prepared()
        row = payload(message, title=title)
        wanted = {"filter": {"property": KEY, "rich_text": {"equals": message.key}}, "page_size": 1}
        found = _listed(self._ask("POST", f"/v1/data_sources/{source}/query", wanted), "results")
        if found:
            self._ask("PATCH", f"/v1/pages/{found[0]['id']}", {"properties": row["properties"]})
        else:
            self._ask("POST", "/v1/pages", {"parent": {"type": "data_source_id", "data_source_id": source}, **row})

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _prepared(self) -> tuple[str, str]:
        """Find the data source of the database and its title column; add the columns that are missing.

        Raises
        ------
        ConfigError
            If there is no one data source, or a column of ours is of another kind.
        """
        sources = _listed(self._ask("GET", f"/v1/databases/{self._database}"), "data_sources")
        if len(sources) != 1:
            raise ConfigError(f"Asked to deliver to Notion; the database has {len(sources)} data sources, so which is "
                              "meant can't be told. Give alerts a database of their own.")  # fmt: skip
        place = f"/v1/data_sources/{sources[0]['id']}"
        body = self._ask("GET", place)
        there = {name: one.get("type") for name, one in body.get("properties", {}).items()}
        wanted = {KEY: "rich_text", **{name: _TYPES[kind] for name, kind in FACTS.items()}}
        wrong = next((name for name, kind in wanted.items() if there.get(name, kind) != kind), None)
        if wrong:
            raise ConfigError(f"Asked to deliver to Notion; its column {wrong!r} holds {there[wrong]}, and "
                              f"{wanted[wrong]} is needed. Rename that column; ours is then added.")  # fmt: skip
        missing: dict[str, Any] = {name: {kind: {}} for name, kind in wanted.items() if name not in there}
        if missing:
            self._ask("PATCH", place, {"properties": missing})
        return sources[0]["id"], next((name for name, kind in there.items() if kind == "title"), "Name")

    def _ask(self, method: str, endpoint: str, body: Mapping[str, Any] | None = None) -> Any:
        if body is None:
            reply = self._wire.get(endpoint, {})
        else:
            reply = self._wire.send(method, endpoint, Parcel(json.dumps(body).encode()))
        answer = demand_ok(reply, f"Notion {method} {endpoint.rsplit('/', 1)[0]}/…", "TRENDLIB_NOTION_TOKEN, and that "
                           "the database is shared with the connection")  # fmt: skip
        if not isinstance(answer, dict):
            raise UnavailableError(f"asked Notion {method}: found JSON that is no object; tried again by the next run")
        return answer


def payload(message: Message, *, title: str = "Name") -> dict[str, Any]:
    """Put a message into the cells and the page of a row; ``title`` names the column of titles."""
    cells = {name: _cell(FACTS[name], value) for name, value in {**message.facts, "Link": message.address}.items()}
    lines = [*message.lines[:MOST_LINES], message.small_print]
    return {
        "properties": {title: {"title": _text(message.title)}, KEY: {"rich_text": _text(message.key)}, **cells},
        "children": [
            {"object": "block", "type": "paragraph", "paragraph": {"rich_text": _text(line)}} for line in lines if line
        ],
    }


def _cell(kind: Kind, value: Fact) -> dict[str, Any]:
    if kind == "text":
        return {"rich_text": _text(value) if value else []}
    if kind == "time":
        return {"date": {"start": utc_text(value)} if isinstance(value, datetime) else None}
    return {_TYPES[kind]: value}


def _text(text: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": plain_text(text, LONGEST)}}]


def _listed(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = answer.get(name)
    return (
        [one for one in found if isinstance(one, dict) and isinstance(one.get("id"), str)]
        if isinstance(found, list)
        else []
    )
