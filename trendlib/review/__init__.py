"""Monday's review as data: what changed, the picks, what became of past alerts; printed by `trendlib.show.deck`.

`picks` says which songs are picks, `week` what was known at both ends, `settings` what ``review.toml`` sets; a room
each makes the slides of some sections; `content` is the review that the team edits and saves.
"""

from trendlib.review.content import FORMATS, Review, Reviewed, Section
from trendlib.review.cut import Cut
from trendlib.review.picks import Pick
from trendlib.review.settings import SECTIONS, Settings, write_example

__all__ = ["FORMATS", "SECTIONS", "Cut", "Pick", "Review", "Reviewed", "Section", "Settings", "write_example"]
