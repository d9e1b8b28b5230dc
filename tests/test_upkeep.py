"""Exhibits of the home itself: what is to be mended stands first, every status has its meaning, credits add up."""

from datetime import UTC, datetime, timedelta

import pandas as pd

from trendlib.boards import upkeep
from trendlib.doctor import Finding
from trendlib.schema import Status

AS_OF = datetime(2026, 3, 2, 7, 1, tzinfo=UTC)


def test_what_is_to_be_mended_stands_first() -> None:
    shown = upkeep.setup(
        [Finding("disk", "41 GiB free"), Finding("home", "gone", is_fine=False, remedy="Make it."),
         Finding("key", "not set", is_fine=False, remedy="Set it.", is_needed=False)], AS_OF
    )  # fmt: skip
    assert shown.subtitle == "1 to mend; 1 not set up yet, and not needed to begin"
    assert shown.frame["thing"].tolist() == ["home", "key", "disk"]
    assert [state.split(" ", 1)[1] for state in shown.frame["state"]] == ["to mend", "not yet", "fine"]
    assert "Make it." in shown.fragment()


def test_every_status_is_counted_and_told() -> None:
    board = pd.DataFrame({"status": ["ok", "ok", "weak"]})
    shown = upkeep.statuses(board, AS_OF, is_practice=True).frame.set_index("status")
    assert shown["sounds"].to_dict() == {status.value: {"ok": 2, "weak": 1}.get(status.value, 0) for status in Status}
    assert shown["means"].str.len().min() > 0


def test_credits_are_summed_by_day_and_provider_and_who_took_none_has_no_column() -> None:
    ages = [0, 0, 1, 13, 14]
    calls = pd.DataFrame(
        {"observed_at": pd.Series([AS_OF - timedelta(days=age) for age in ages], dtype="datetime64[us, UTC]"),
         "provider": ["tiklive", "keyapi", "tiklive", "trendlib", "tiklive"], "credits": [3, 2, 5, 0, 9]}
    )  # fmt: skip
    shown = upkeep.spending(calls, AS_OF, days=14, is_practice=False)
    assert shown.frame.to_dict("records") == [
        {"day": "2026-03-02", "keyapi": 2, "tiklive": 3, "total": 5},
        {"day": "2026-03-01", "keyapi": 0, "tiklive": 5, "total": 5},
        {"day": "2026-02-17", "keyapi": 0, "tiklive": 0, "total": 0},
    ]
    assert shown.subtitle == "10 credits"
    assert "0 credits" in upkeep.spending(calls.head(0), AS_OF, days=14, is_practice=False).subtitle
