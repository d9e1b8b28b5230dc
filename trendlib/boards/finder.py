"""Finding a sound while somebody types: by title, artist, id or pasted TikTok address, accents and case apart."""

import unicodedata

import pandas as pd
from rapidfuzz import fuzz, process

from trendlib.errors import ConfigError
from trendlib.show.theme import plain_text, short_number, times_words
from trendlib.watchlist import NO_SOUND_PAGE, is_other_address, sound_id

_MOST = 8
_ALIKE, _MOST_ALIKE = 60, 3


class Finder:
    """The sounds of a board, to be searched.

    Parameters
    ----------
    board
        A row a sound, in the order in which they are offered: ``sound_id``, ``title``, ``artist``, ``growth_rate``
        [ratio], ``total_uses`` [posts].
    """

    def __init__(self, board: pd.DataFrame) -> None:
        self._rows = dict(zip(board["sound_id"], board.to_dict("records"), strict=True))
        titles, artists = (board[name].fillna("").map(str) for name in ("title", "artist"))
        self._names = dict(zip(board["sound_id"], (titles + " " + artists).map(_folded), strict=True))

    def __contains__(self, wanted: object) -> bool:
        """Whether the board has a sound of this id."""
        return wanted in self._names

    def find(self, text: str) -> tuple[list[dict[str, str]], str]:
        """Find what was typed.

        Parameters
        ----------
        text
            What was typed or pasted.

        Returns
        -------
            At most eight offers, each with what taking it does (``act``: open or follow), ``id``, ``name`` and
            ``beneath``; and what is to be said above them.
        """
        try:
            wanted = sound_id(text)
        except ConfigError:
            return self._named(text)
        if wanted in self:
            return [self._offer(wanted)], ""
        add = {"act": "follow", "id": wanted, "name": f"Add {wanted} to the watchlist"}
        return [{**add, "beneath": "the next sweep reads it"}], "This sound is not watched yet."

    def _named(self, text: str) -> tuple[list[dict[str, str]], str]:
        if is_other_address(text):
            return [], NO_SOUND_PAGE
        typed = _folded(text)
        words = typed.split()
        found = [one for one, name in self._names.items() if all(word in name or word in one for word in words)]
        found.sort(key=lambda one: not self._names[one].startswith(typed))
        if found:
            rest = f"{len(found):,} sounds; type on to narrow them down" if len(found) > _MOST else ""
            return [self._offer(one) for one in found[:_MOST]], rest
        alike = process.extract(typed, self._names, scorer=fuzz.WRatio, score_cutoff=_ALIKE, limit=_MOST_ALIKE)
        said = f"No watched sound has “{plain_text(text, 40)}” in its title, artist or id."
        advice = "Did you mean:" if alike else "Paste a sound's TikTok address to follow it."
        return [self._offer(one) for _, _, one in alike], f"{said} {advice}"

    def _offer(self, one: str) -> dict[str, str]:
        row = self._rows[one]
        growth = "" if pd.isna(row["growth_rate"]) else times_words(row["growth_rate"])
        uses = "" if pd.isna(row["total_uses"]) else f"{short_number(row['total_uses'])} uses"
        beneath = " · ".join(filter(None, (plain_text(row["artist"], 60), growth, uses, one)))
        return {"act": "open", "id": one, "name": plain_text(row["title"], 80) or f"sound {one}", "beneath": beneath}


def _folded(text: str) -> str:
    """Write a text without case and accents."""
    parts = unicodedata.normalize("NFKD", plain_text(text, 200))
    return "".join(sign for sign in parts if not unicodedata.combining(sign)).casefold()
