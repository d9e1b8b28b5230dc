"""What the alerts cost, beside the tutorials' job: every sound's counter and up to 20 pages of its feed, every day.

    python -m benchmarks.spending [SOUNDS …] [--days DAYS] [--seed SEED]

Both sweep the same practice world, likes-ordered and cut off after 600 posts; what they then say is held beside the
truth, as `benchmarks.signal` does it. So a credit saved by looking away would show in the recall.
"""

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks import ours, rivals
from benchmarks.client import Client
from benchmarks.promises import Promise, table
from benchmarks.scoring import labels, score
from trendlib.sandbox import World

SOUNDS = (100, 1_000)
DAYS, SEED = {100: 28, 1_000: 14}, 9_501  # measured, after the weeks that rules learn from; more take minutes
ENOUGH = {100: 0.20, 1_000: 0.10}
TUTORIAL = "tutorial sound, 20 pages"
JUDGED = ("precision@10", "recall", "false alarms")


def measure(sounds: int, *, days: int | None = None, seed: int = SEED) -> Promise:
    """Let both sweep, and tell what they paid and what it was worth."""
    days = days or DAYS.get(sounds, min(DAYS.values()))
    world = World(seed=seed, sounds=sounds, hashtags=1, days=days)
    truth = labels(world)
    found = ours.record(world, Client(world, "likes").mornings())
    own = score(found.verdicts()[0], truth)
    rules = {rule.name: score(rule, truth) for rule in rivals.tutorial(world, "likes", found.mornings)}
    theirs = rules[TUTORIAL]
    # the rule reads pages only; the tutorials' job asks for the counter as well
    paid = theirs["credits"] + 1_000 * np.mean(_are_born(world, found.mornings))
    share, bar = own["credits"] / paid, ENOUGH.get(sounds, max(ENOUGH.values()))
    is_worth = own["precision@10"] >= theirs["precision@10"] and own["recall"] >= theirs["recall"]
    worth = "; ".join(f"{name} {own[name]:.2f} against {theirs[name]:.2f}" for name in JUDGED)
    what = f"credits a day, {sounds:,} sounds, {days} days, at equal or better alerts"
    return Promise(
        f"{what}: at most {bar:.0%} of the tutorials' job",
        f"{share:.1%} ({own['credits']:,.0f} against {paid:,.0f} a 1,000 sounds); {worth}",
        bool(share <= bar and is_worth),
    )


def _are_born(world: World, mornings: Sequence[pd.Timestamp]) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    born = np.array([sound.born_at for sound in world.catalogue])
    return np.array([born < morning.timestamp() for morning in mornings]).ravel()


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sounds", type=int, nargs="*", default=list(SOUNDS))
    parser.add_argument("--days", type=int)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    print(table([measure(sounds, days=given.days, seed=given.seed) for sounds in given.sounds]))


if __name__ == "__main__":
    main()
