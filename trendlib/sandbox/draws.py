"""Randomness by position: every draw is a pure function of a key and a counter.

No stream is consumed, so any post of any sound on any day can be drawn alone, in any order and on any thread, and
comes out the same. All of it is 64-bit integer arithmetic (the splitmix64 finaliser) up to the last step to a float,
so neither the machine, the time zone, the hash seed nor a new release of numpy changes a draw.
"""

import hashlib
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Bits: TypeAlias = NDArray[np.uint64]
Flags: TypeAlias = NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_SMALL_MEAN = 25.0
_ALL_ONES = (1 << 64) - 1


def key(*words: object) -> int:
    """Sixty-four bits that stand for a place in the world, for example ``key(7, "sounds", "level")``."""
    text = "|".join(str(word) for word in words)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def bits(place: int, counters: Ints) -> Bits:
    """Draw 64 bits at each counter."""
    z: Bits = counters.astype(np.uint64) * _GOLDEN + np.uint64(place)
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


def one(place: int) -> int:
    """Draw 64 bits at counter 0, without an array around them."""
    z = (place ^ place >> 30) * int(_FIRST) & _ALL_ONES
    z = (z ^ z >> 27) * int(_SECOND) & _ALL_ONES
    return z ^ z >> 31


def uniform(place: int, counters: Ints) -> Floats:
    """Draw from [0, 1) at each counter."""
    return (bits(place, counters) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(place: int, counters: Ints) -> Floats:
    """Draw from the standard normal distribution at each counter."""
    radius = np.sqrt(-2.0 * np.log1p(-uniform(place, counters * 2)))
    return np.asarray(radius * np.cos(2.0 * np.pi * uniform(place, counters * 2 + 1)))


def bell(place: int, counters: Ints) -> Floats:
    """Draw roughly standard normal numbers at each counter, cheaply: the sum of four sixteen-bit draws."""
    drawn, part = bits(place, counters), np.uint64(0xFFFF)
    summed = (
        (drawn & part) + (drawn >> np.uint64(16) & part) + (drawn >> np.uint64(32) & part) + (drawn >> np.uint64(48))
    )
    return np.asarray((summed.astype(np.float64) / 65_536 - 2.0) * 3**0.5)


def between(place: int, counters: Ints, low: float, high: float) -> Floats:
    """Draw from [low, high) at each counter."""
    return low + (high - low) * uniform(place, counters)


def poisson(place: int, counters: Ints, mean: Floats) -> Ints:
    """Draw counts with the given means: by inversion when small, by rounding a normal draw when large."""
    draw = uniform(place, counters)
    small = np.minimum(mean, _SMALL_MEAN)
    term = np.exp(-small)
    below = term.copy()
    count = np.zeros(mean.shape, dtype=np.int64)
    for step in range(1, 80):
        is_above = draw > below
        count += is_above
        term = term * small / step
        below = below + term
    large = np.floor(mean + np.sqrt(mean) * normal(place ^ 1, counters) + 0.5).astype(np.int64)
    return np.where(mean > _SMALL_MEAN, np.maximum(large, 0), count)


def order(place: int, size: int) -> Ints:
    """Shuffle 0 … size-1."""
    return np.argsort(bits(place, np.arange(size)), kind="stable")


def shuffle(numbers: Ints, salts: Bits, width: int) -> Ints:
    """Send each number below ``2**width`` to another one, one to one, in a way its salt decides."""
    mask, half = np.uint64((1 << width) - 1), np.uint64((width + 1) // 2)
    x = numbers.astype(np.uint64)
    for factor, shift in _rounds(salts):
        x = (x * factor + shift) & mask
        x = x ^ (x >> half)
    return x.astype(np.int64)


def unshuffle(numbers: Ints, salts: Bits, width: int) -> Ints:
    """Undo `shuffle`."""
    mask, half = np.uint64((1 << width) - 1), np.uint64((width + 1) // 2)
    x = numbers.astype(np.uint64)
    for factor, shift in reversed(_rounds(salts)):
        x = x ^ (x >> half)
        x = ((x - shift) * _inverse(factor)) & mask
    return x.astype(np.int64)


def _rounds(salts: Bits) -> list[tuple[Bits, Bits]]:
    first = salts | np.uint64(1)
    second = (salts >> np.uint64(17)) * _FIRST | np.uint64(1)
    third = (salts >> np.uint64(29)) * _SECOND | np.uint64(1)
    return [(first, second), (second, third), (third, first)]


def _inverse(factor: Bits) -> Bits:
    """Inverse of odd numbers modulo 2**64, by Newton's steps (each doubles the right bits)."""
    found = factor
    for _ in range(6):
        found = found * (np.uint64(2) - factor * found)
    return found
