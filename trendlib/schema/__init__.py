"""The floor both wings stand on: every table and column, and the archived answer they come from.

A column is declared once, here: name, kind, unit, meaning and source. The warehouse's DDL, the
checks at the store's doors, the documentation and the axis labels are read from it.

Conventions of measurement:

* ``observed_at`` is the true fetch time of the answer a row came from, also when the answer was
  served by the cache. "As known at T" means ``observed_at < T``.
* Every row carries the ``answer_id`` of the archived answer it rests on. An answer is loaded whole
  or not at all, so loading the same answer twice adds nothing.
* Ids are text. Times are UTC. Missing is NULL, never 0.
* Tables only grow: an identity table holds what each answer said of a thing; the latest non-NULL
  word before the as-of instant wins.
"""

from collections.abc import Mapping

from trendlib.schema.alerts import ALERTS, NOTES, RULE_RUNS
from trendlib.schema.answers import YEARS, Answer, Call, Rows, utc_text
from trendlib.schema.columns import ANSWER_ID, OBSERVED_AT, Column, Kind, Table
from trendlib.schema.evidence import CALLS, FEED_PAGES, REJECTS
from trendlib.schema.observations import (
    CREATOR_OBSERVATIONS,
    CREATORS,
    HASHTAG_OBSERVATIONS,
    HASHTAGS,
    POST_HASHTAGS,
    POST_OBSERVATIONS,
    POSTS,
    SOUND_OBSERVATIONS,
    SOUNDS,
)
from trendlib.schema.sources import (
    ARTISTS,
    CATALOG_PULLS,
    CATALOG_TRACKS,
    CHART_AUDIENCES,
    CHART_DETAILS,
    CHART_ENTRIES,
    CHART_PULLS,
    RELEASES,
)
from trendlib.schema.status import Status

__all__ = [
    "ALERTS",
    "ANSWER_ID",
    "ARTISTS",
    "CALLS",
    "CATALOG_PULLS",
    "CATALOG_TRACKS",
    "CHART_AUDIENCES",
    "CHART_DETAILS",
    "CHART_ENTRIES",
    "CHART_PULLS",
    "CREATORS",
    "CREATOR_OBSERVATIONS",
    "FEED_PAGES",
    "HASHTAGS",
    "HASHTAG_OBSERVATIONS",
    "NOTES",
    "OBSERVED_AT",
    "POSTS",
    "POST_HASHTAGS",
    "POST_OBSERVATIONS",
    "REJECTS",
    "RELEASES",
    "RULE_RUNS",
    "SOUNDS",
    "SOUND_OBSERVATIONS",
    "TABLES",
    "YEARS",
    "Answer",
    "Call",
    "Column",
    "Kind",
    "Rows",
    "Status",
    "Table",
    "utc_text",
]

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        SOUNDS, SOUND_OBSERVATIONS, POSTS, POST_OBSERVATIONS, CREATORS, CREATOR_OBSERVATIONS, HASHTAGS,
        HASHTAG_OBSERVATIONS, POST_HASHTAGS, FEED_PAGES, CHART_PULLS, CHART_ENTRIES, CHART_DETAILS, CHART_AUDIENCES,
        CATALOG_PULLS, CATALOG_TRACKS, ARTISTS, RELEASES, ALERTS, RULE_RUNS, NOTES, REJECTS, CALLS,
    )
}  # fmt: skip
