"""The ways in which answers of the outside world are untrue, incomplete or odd: each can be had alone, all, or none."""

from dataclasses import dataclass, fields

from trendlib.sandbox.draws import key, one


@dataclass(frozen=True)
class Quirks:
    """Which oddities the practice server shows; all off is an exact, clean world.

    Attributes
    ----------
    rounded_counters
        Counters above 10,000 keep two to four significant digits.
    two_backends
        Of one sound in twenty, two backends answer in turn; the second knows nine percent less.
    clean_ups
        Some sounds lose a tenth to a half of their uses overnight.
    missing_counters
        Now and then an answer has no counter at all.
    short_pages
        A page holds 8 to 18 items when 30 were asked for.
    empty_pages
        A page in the middle of a feed is empty, although the feed goes on.
    repeats
        A page begins with the last item of the page before.
    stuck_cursors
        Some feeds never say that they have ended: their last page names itself as the next one.
    pinned_and_ads
        Up to three pinned posts stand before a creator's others; advertisements stand in feeds.
    removed_sounds
        Some sounds have been taken down: their id stays, title, artist and feed are empty.
    id_only_hashtags
        Some hashtags answer only when asked for by their challenge id.
    missing_fields
        Posts without creation time, counters, sound or author.
    mistyped_fields
        Numbers as text, times in milliseconds or zero, the author as bare text, one word for another.
    empty_regions
        A third of the posts has no region.
    lower_regions
        Some posts have their region in lower case, or under their author.
    odd_flags
        ``hasMore`` as number, as text, under another name, or absent.
    """

    rounded_counters: bool = False
    two_backends: bool = False
    clean_ups: bool = False
    missing_counters: bool = False
    short_pages: bool = False
    empty_pages: bool = False
    repeats: bool = False
    stuck_cursors: bool = False
    pinned_and_ads: bool = False
    removed_sounds: bool = False
    id_only_hashtags: bool = False
    missing_fields: bool = False
    mistyped_fields: bool = False
    empty_regions: bool = False
    lower_regions: bool = False
    odd_flags: bool = False

    @classmethod
    def none(cls) -> "Quirks":
        """Show no oddity: exact and clean."""
        return cls()

    @classmethod
    def real(cls) -> "Quirks":
        """Show every oddity, as outside."""
        return cls(**{field.name: True for field in fields(cls)})


def chance(one_in: int, *words: object) -> bool:
    """Whether a thing that happens once in so many times happens here."""
    return draw(*words) % one_in == 0


def draw(*words: object) -> int:
    """Draw a number below 2**63 that is always the same for the same words."""
    return one(key(*words)) >> 1


def rounded(number: int, digits: int = 3) -> int:
    """Keep so many significant digits of a number above 10,000."""
    if number <= 10_000:
        return number
    unit: int = 10 ** (len(str(number)) - digits)
    return number // unit * unit
