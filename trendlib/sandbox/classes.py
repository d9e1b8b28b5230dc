"""What happens to each sound: its class, its level, and the days on which something begins and turns.

Every class occurs in every world. The first sound of a class is staged late, so that at the end of the world there is
something of each class to be seen; the others are spread over its days. Days are days of `Calendar` (with the run-up).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trendlib.sandbox.days import RUN_UP, Calendar
from trendlib.sandbox.draws import Flags, Floats, Ints, between, key, normal, order, uniform
from trendlib.sandbox.growth import Drivers

FLAT, DRIFT, JUMP, SLOW_BURNER, NEWBORN, NEWBORN_BREAKOUT, SPIKE, BOT_DRIVEN, REACTIVATED = (
    "flat", "drift", "jump", "slow_burner", "newborn", "newborn_breakout", "spike", "bot_driven", "reactivated",
)  # fmt: skip
BREAKOUTS = frozenset({JUMP, SLOW_BURNER, NEWBORN_BREAKOUT, REACTIVATED})
NEVER = -1
_STAGED_RATIO, _STAGED_TOP, _LEAST_CEILING = 1.9, 25, 12.0


@dataclass(frozen=True)
class Part:
    """What a class draws from: its share of the sounds, and ranges of its numbers.

    ``level`` is the median posts a day and the spread of its logarithm, ``limits`` the least and most posts a day,
    ``late`` how many days before the end its first sound begins, ``lasts`` how many days it grows.
    """

    share: float
    level: tuple[float, float]
    limits: tuple[float, float]
    late: int = 0
    lasts: tuple[float, float] = (1, 1)


PARTS: dict[str, Part] = {
    FLAT: Part(0.40, (40, 1.7), (0.5, 20_000)),
    DRIFT: Part(0.20, (40, 1.5), (2, 8_000)),
    JUMP: Part(0.08, (24, 0.6), (8, 110), late=6, lasts=(7, 14)),
    SLOW_BURNER: Part(0.06, (24, 0.6), (10, 90), late=18, lasts=(21, 28)),
    NEWBORN: Part(0.07, (40, 0.8), (10, 400), late=5),
    NEWBORN_BREAKOUT: Part(0.05, (9, 0.3), (5, 16), late=7, lasts=(8, 13)),
    SPIKE: Part(0.07, (30, 0.8), (8, 400), late=3),
    BOT_DRIVEN: Part(0.04, (18, 0.5), (8, 50), late=4, lasts=(5, 10)),
    REACTIVATED: Part(0.03, (0.9, 0.4), (0.3, 2), late=6, lasts=(8, 14)),
}


@dataclass(frozen=True)
class Cast:
    """The sounds as arrays: ``kind`` names, ``onset`` and ``turn`` days (`NEVER`: none), ``born`` (0: before all days).

    ``crosses`` is the day on which a sound begins to cross over into another region, ``bots`` the posts a day its bots
    add. ``is_staged`` marks the sounds that teach at the end of the world; they keep plain names of their own.
    """

    kind: tuple[str, ...]
    level: Floats
    onset: Ints
    turn: Ints
    born: Ints
    crosses: Ints
    bots: Ints
    earlier_uses: Ints
    is_staged: Flags

    def staged(self, kind: str) -> int:
        """Place of the sound of a class that is staged."""
        return self.kind.index(kind)


def draw_cast(calendar: Calendar, sounds: int) -> Cast:
    """Draw what each sound of the world will be."""
    kinds = _kinds(calendar.seed, sounds)
    rows = np.arange(sounds)

    def place(what: str) -> int:
        return key(calendar.seed, "cast", what)

    is_first = np.array([kind not in kinds[:row] for row, kind in enumerate(kinds)])
    level = _levels(place("level"), kinds)
    crosses = _crossings(calendar, kinds)
    level = np.where(crosses != NEVER, np.exp(between(place("crossing level"), rows, np.log(80), np.log(180))), level)
    giant = kinds.index(FLAT)
    level[giant] = between(place("giant"), rows[:1], 6_000, 18_000)[0]
    onset, turn = _onsets(calendar, kinds, is_first)
    is_newborn = np.isin(kinds, (NEWBORN, NEWBORN_BREAKOUT))
    bots = np.where(np.isin(kinds, (BOT_DRIVEN,)), between(place("bots"), rows, 120, 420), 0).astype(np.int64)
    return Cast(
        kind=tuple(kinds),
        level=level,
        onset=onset,
        turn=turn,
        born=np.where(is_newborn, onset, 0),
        crosses=crosses,
        bots=bots,
        earlier_uses=_earlier_uses(place, kinds, level),
        is_staged=is_first | (crosses == crosses.max()),
    )


def drivers(calendar: Calendar, cast: Cast) -> Drivers:
    """Write each class's days over a steady world."""
    days = np.arange(calendar.length)
    rows = np.arange(len(cast.kind))
    moves = Drivers.steady(cast.level, calendar.length)

    def draw(what: str, low: float, high: float) -> Floats:
        return between(key(calendar.seed, "drivers", what), rows, low, high)

    slope = draw("drift", 0.004, 0.012) * np.where(draw("drift sign", 0, 1) < 0.5, -1, 1)
    climb, spike, spark = draw("climb", 0.05, 0.09), draw("spike", 6, 15), draw("spark", 8, 16)
    for row, kind in enumerate(cast.kind):
        since = days - cast.onset[row]
        if kind == DRIFT:
            moves.trend[row] = np.exp(slope[row] * (days - days.mean()))
        elif kind == SLOW_BURNER:
            grown = np.exp(np.log1p(climb[row]) * np.clip(since, 0, cast.turn[row] - cast.onset[row]))
            moves.trend[row] = grown * 0.97 ** np.maximum(days - cast.turn[row], 0)
        elif kind == SPIKE:
            moves.spikes[row, cast.onset[row]] = spike[row]
        elif kind == REACTIVATED:
            moves.sparks[row] = np.where((since >= 0) & (since < 3), spark[row], 0.0)
        if cast.born[row]:
            moves.trend[row, : cast.born[row]] = 0.0
    _erupt(moves, calendar, cast)
    return moves


def _erupt(moves: Drivers, calendar: Calendar, cast: Cast) -> None:
    """Let what is posted beget more posts while a breakout lasts, and fewer when it is over; in place."""
    days, rows = np.arange(calendar.length), np.arange(len(cast.kind))

    def draw(what: str, low: float, high: float) -> Floats:
        return between(key(calendar.seed, "drivers", what), rows, low, high)

    ratio, decay, top = draw("ratio", 1.25, 2.1), draw("decay", 0.75, 0.9), draw("top", 12, 40)
    ratio = np.where(np.isin(cast.kind, (NEWBORN_BREAKOUT,)), ratio, np.maximum(ratio, draw("jump ratio", 1.5, 2.1)))
    ratio = np.where(cast.is_staged, np.maximum(ratio, _STAGED_RATIO), ratio)
    for row in rows[np.isin(cast.kind, (JUMP, NEWBORN_BREAKOUT, REACTIVATED))]:
        is_over = days >= cast.turn[row]
        is_on = (days >= cast.onset[row]) & ~is_over
        moves.branching[row, is_on], moves.branching[row, is_over] = ratio[row], decay[row]
        moves.ceiling[row] = max(cast.level[row], _LEAST_CEILING) * max(top[row], _STAGED_TOP * cast.is_staged[row])


def bot_posts(calendar: Calendar, cast: Cast) -> Ints:
    """Draw what the bots of each sound (row) would post on each day (column), were they on."""
    shape = (len(cast.kind), calendar.length)
    moods = between(key(calendar.seed, "bot mood"), np.arange(shape[0] * shape[1]), 0.8, 1.2).reshape(shape)
    return (cast.bots[:, None] * moods).astype(np.int64)


def _kinds(seed: int, sounds: int) -> list[str]:
    quotas = {kind: max(1, round(part.share * sounds)) for kind, part in PARTS.items()}
    quotas[FLAT] = max(1, sounds - sum(count for kind, count in quotas.items() if kind != FLAT))
    named = [kind for kind, count in quotas.items() for _ in range(count)][:sounds]
    return [named[place] for place in order(key(seed, "kinds"), sounds)]


def _levels(place: int, kinds: list[str]) -> Floats:
    rows = np.arange(len(kinds))
    parts = [PARTS[kind] for kind in kinds]
    median, spread = np.array([part.level for part in parts]).T
    least, most = np.array([part.limits for part in parts]).T
    return np.asarray(np.clip(median * np.exp(spread * normal(place, rows)), least, most))


def _onsets(calendar: Calendar, kinds: list[str], is_first: Flags) -> tuple[Ints, Ints]:
    rows = np.arange(len(kinds))
    parts = [PARTS[kind] for kind in kinds]
    late = np.array([part.late for part in parts])
    shortest, longest = np.array([part.lasts for part in parts]).T
    first_day = min(10, calendar.days // 3)
    spread = first_day + uniform(key(calendar.seed, "onset"), rows) * (calendar.days - 2 - first_day)
    staged = np.maximum(calendar.days - late, first_day)
    onset = RUN_UP + np.where(is_first, staged, spread.astype(np.int64))
    lasts = np.round(shortest + (longest - shortest) * uniform(key(calendar.seed, "lasts"), rows)).astype(np.int64)
    return np.where(late > 0, onset, NEVER), np.where(late > 0, onset + lasts, NEVER)


def _crossings(calendar: Calendar, kinds: list[str]) -> Ints:
    """Draw which steady sounds cross over, and when; the first nine days before the end."""
    steady = [row for row, kind in enumerate(kinds) if kind in {FLAT, DRIFT} and row != kinds.index(FLAT)]
    wanted = max(1, len(kinds) // 30)
    crosses = np.full(len(kinds), NEVER)
    chosen = order(key(calendar.seed, "crossing"), len(steady))[:wanted]
    moments = uniform(key(calendar.seed, "crossing day"), np.arange(len(chosen)))
    for turn, (place, moment) in enumerate(zip(chosen, moments, strict=True)):
        day = calendar.days - 9 if turn == 0 else 7 + moment * (calendar.days - 14)
        crosses[steady[place]] = RUN_UP + max(int(day), 1)
    return crosses


def _earlier_uses(place: Callable[[str], int], kinds: list[str], level: Floats) -> Ints:
    """Draw uses before the first day of the run-up."""
    rows = np.arange(len(kinds))
    days_of_use = np.exp(between(place("age"), rows, np.log(40), np.log(900)))
    quiet = between(place("old uses"), rows, 15_000, 80_000)
    is_small = np.isin(kinds, list(BREAKOUTS | {BOT_DRIVEN}))
    uses = level * np.where(is_small, np.minimum(days_of_use, 400), days_of_use)
    uses = np.where(np.isin(kinds, (REACTIVATED,)), quiet, uses)
    return np.where(np.isin(kinds, (NEWBORN, NEWBORN_BREAKOUT)), 0, uses).astype(np.int64)
