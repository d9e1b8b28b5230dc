"""The rules alerts are made by, as data: a name, a version, thresholds.

An alert is stored with the rule's name and version, so a changed threshold is a new version (`Rule.changed`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Rule:
    """A named set of thresholds."""

    name: str
    version: str
    thresholds: Mapping[str, float]

    def __getitem__(self, threshold: str) -> float:
        """Give a threshold by its name."""
        return self.thresholds[threshold]

    def changed(self, version: str, **thresholds: float) -> "Rule":
        """Give the rule with other thresholds, under another version.

        Raises
        ------
        KeyError
            If the rule has no such threshold.
        """
        unknown = thresholds.keys() - self.thresholds.keys()
        if unknown:
            raise KeyError(
                f"rule {self.name} has no threshold {', '.join(sorted(unknown))}; it has {', '.join(self.thresholds)}"
            )
        return Rule(self.name, version, {**self.thresholds, **thresholds})


BREAKOUT = Rule(
    "breakout",
    "4",
    {
        "growth_a_day": 1.8,
        "leap_posts": 10.0,
        "unusual_evidence": 3.0,
        "watch_evidence": 4.0,
        "watch_lift": 2.0,
        "slow_lift": 1.5,
        "slow_far_lift": 2.5,
        "watch_posts": 30.0,
        "near_lift": 1.5,
        "new_posts": 40.0,
        "new_creators": 20.0,
        "new_posts_uncounted": 60.0,
        "new_lift": 2.0,
        "crowd_posts": 20.0,
        "posts_per_creator": 2.0,
    },
)
CATCH_THEM_EARLY = Rule("catch_them_early", "1", {"growth_rate": 3.0, "total_uses": 100_000.0, "posts_last_24h": 50.0})
CROSSOVER = Rule("crossover", "2", {"difference": 0.15, "low": 0.05, "posts": 100.0})
HASHTAG_BUMP = Rule("hashtag_bump", "1", {"evidence": 3.0, "snapshots": 7.0})
HASHTAG_CALENDAR = Rule(
    "hashtag_calendar",
    "1",
    {"start_velocity": 2.0, "stop_level": 1.25, "falling_days": 7.0, "least_days": 3.0},
)
REACTIVATION = Rule("reactivation", "1", {"age_days": 730.0, "quiet_days": 28.0, "quiet_posts": 10.0})
OUTCOME = Rule("outcome", "1", {"hit_lift": 2.0, "least_baseline": 1.0})
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            BREAKOUT, CATCH_THEM_EARLY, CROSSOVER, HASHTAG_BUMP, HASHTAG_CALENDAR, REACTIVATION, OUTCOME,
        )
    }
)  # fmt: skip
