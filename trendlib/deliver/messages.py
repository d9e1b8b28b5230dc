"""What is said once: an alert, or a summary, in words that know no channel's dialect.

Titles, artists and hashtags are other people's. They stand here as they came; each channel escapes all of a
message, so nobody has to remember which part was whose.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

import pandas as pd

from trendlib.show.places import region_words, the_region
from trendlib.show.theme import (
    daily_words,
    plain_text,
    points_words,
    ratio_words,
    rule_words,
    share_words,
    short_number,
    status_words,
    time_words,
)

Kind = Literal["text", "number", "time", "link"]
Fact = str | int | float | datetime | None
# What a table of messages holds beside title and key, and of which kind.
FACTS: Mapping[str, Kind] = {
    "Artist": "text", "Rule": "text", "Alert": "text", "Region": "text", "Alerted at": "time", "Velocity": "number",
    "Velocity low": "number", "Velocity high": "number", "Posts in 24 h": "number", "Window days": "number",
    "Total uses": "number",
    "Effective creators": "number", "Status": "text", "Link": "link", "Practice": "text",
}  # fmt: skip
_WEB_ADDRESS = re.compile(r"https?://[^\s<>|]{1,2000}")
PRACTICE = "Practice data: a made-up world, no real sounds"
COUNTS: Mapping[str, str] = {"total_uses": "uses", "effective_creators": "effective creators"}


@dataclass(frozen=True, kw_only=True)
class Message:
    """Something to be said once in each channel.

    Attributes
    ----------
    key
        What makes it one: an alert's id, or a name such as ``review 2026-11-16``.
    title
        Its heading.
    lines
        What it says, a line each.
    link
        A web address to go on from; anything else is left out.
    small_print
        As of when, by which rule.
    facts
        Values of some of `FACTS`, for channels that are tables.
    """

    key: str
    title: str
    lines: tuple[str, ...] = ()
    link: str | None = None
    small_print: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def address(self) -> str | None:
        """The link, if it is a web address."""
        return self.link if self.link and _WEB_ADDRESS.fullmatch(self.link) else None


def messages_of(alerts: pd.DataFrame, *, is_practice: bool = False) -> Iterator[Message]:
    """Put alerts into words, the columns those of `trendlib.boards.ledger.Ledger.alerts`."""
    for row in alerts.to_dict("records"):
        yield _message({str(name): _known(value) for name, value in row.items()}, is_practice=is_practice)


def _message(row: Mapping[str, Any], *, is_practice: bool) -> Message:
    is_sound = row["subject"] == "sound"
    title = (row.get("title") or f"sound {row['subject_id']}") if is_sound else f"#{row['subject_id']}"
    artist = row.get("artist") if is_sound else None
    where = f" in {the_region(row['region'])}" if row["region"] else ""
    region = region_words(row["region"]) if row["region"] else None
    rule = f"{' → '.join(rule_words(row['rule'], row['alert'], row['last_alert']))}{where}"
    small_print = (
        PRACTICE if is_practice else "",
        f"as of {time_words(row['alerted_at'])}",
        f"rule {row['rule']} v{row['rule_version']}",
        f"alert {row['alert_id']}",
    )
    return Message(
        key=row["alert_id"],
        title=f"{plain_text(title, 50)} – {plain_text(artist, 30)}" if artist else plain_text(title),
        lines=(rule, " · ".join(_numbers(row))),
        link=_link(row["subject"], row["subject_id"]),
        small_print=" · ".join(part for part in small_print if part),
        facts={
            "Artist": artist, "Rule": row["rule"], "Alert": row["alert"], "Region": region,
            "Alerted at": row["alerted_at"], "Velocity": row["growth_rate"], "Velocity low": row["growth_low"],
            "Velocity high": row["growth_high"], "Posts in 24 h": row["posts_last_24h"],
            "Window days": _window_days(row["inputs"]), "Total uses": row["total_uses"],
            "Effective creators": row["effective_creators"],
            "Status": status_words(row["status"]), "Practice": "practice data" if is_practice else None,
        },
    )  # fmt: skip


def _numbers(row: Mapping[str, Any]) -> Iterator[str]:
    inputs = json.loads(row["inputs"] or "{}")
    is_crossing = row["rule"] == "crossover"  # a crossover is told by shares, and knows no window of its posts
    if is_crossing and "p1" in inputs:
        yield _shift(inputs)
    if row["growth_rate"] is not None:
        yield f"velocity {ratio_words(row['growth_rate'], row['growth_low'], row['growth_high'])}"
    if row["posts_last_24h"] is not None and not is_crossing:
        yield daily_words(row["posts_last_24h"], inputs.get("window_days"), row["status"])
    for name, words in COUNTS.items():
        if row[name] is not None:
            yield f"{short_number(row[name])} {words}"
    yield f"status: {status_words(row['status'])}"


def _shift(inputs: Mapping[str, Any]) -> str:
    """Say from what share of its creators to what share a region came."""
    low = inputs.get("low")
    surely = "" if low is None else f", at least {points_words(low)}"
    return f"{share_words(inputs['p0'])} → {share_words(inputs['p1'])} of its creators{surely}"


def _window_days(inputs: str | None) -> int | None:
    """Read of how many days its posts of a day are the mean; of alerts that do not say so it is not known."""
    days = json.loads(inputs or "{}").get("window_days")
    return None if days is None else int(days)


def _link(subject: str, subject_id: str) -> str | None:
    if subject == "hashtag":
        return f"https://www.tiktok.com/tag/{quote(subject_id, safe='')}"
    is_id = subject_id.isascii() and subject_id.isdigit()
    return f"https://www.tiktok.com/music/x-{subject_id}" if is_id else None


def _known(value: Any) -> Any:
    return None if pd.isna(value) else value
