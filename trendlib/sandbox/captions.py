"""Captions: a phrase in the creator's language, then hashtags in its script, here and there something hostile."""

from trendlib.sandbox.words import CAPTIONS, CROWD_HASHTAGS, HOSTILE_NICKNAMES


def caption(draw: int, language: str, tracked: list[str]) -> str:
    """Write a caption that carries the given hashtags and some that everybody uses."""
    phrases, crowd = CAPTIONS[language], CROWD_HASHTAGS[language]
    phrase = HOSTILE_NICKNAMES[draw // 7 % len(HOSTILE_NICKNAMES)] if draw % 211 == 0 else phrases[draw % len(phrases)]
    first = draw // 11 % len(crowd)
    names = [*tracked, *(crowd[(first + step) % len(crowd)] for step in range(draw // 23 % 3))]
    if draw % 5 == 0:
        names.reverse()
    separator = "\n" if draw % 17 == 0 else " "
    return separator.join(part for part in (phrase, " ".join(f"#{name}" for name in names)) if part)
