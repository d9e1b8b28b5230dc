"""The track picker: search a catalogue, listen, and pick, by mouse or by keyboard.

It shows a finished frame and makes no request by itself: covers are loaded when "Show covers" is pressed and a preview
when "Play" is, by the reader's browser, from the https addresses that the catalogue gave. Everything else about a track
is other people's text and put on the page as text. It keeps nothing but which track is picked.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import traitlets
from anywidget import AnyWidget

from trendlib.errors import NoDataError
from trendlib.show.exhibits import Exhibit, records
from trendlib.show.theme import plain_text, short_number

HONOURED = "a track chosen by hand is honoured with mode managed only; with mode publish it degrades to automatic music"
_MOST_ADDRESS = 2_000
_SHOWN = ("title", "artist", "album")


class TrackPicker(AnyWidget):
    """A searchable list of catalogue tracks with cover and preview on demand.

    Parameters
    ----------
    exhibit
        The tracks: a frame with ``track_id``, ``title``, ``artist``, ``album``, ``duration_s``, ``language``, ``uses``,
        ``preview_url``, ``cover_url``, ``is_commerce_music``.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = Path(__file__).with_suffix(".css")

    tracks: traitlets.List[Any] = traitlets.List().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    honoured = traitlets.Unicode().tag(sync=True)
    picked = traitlets.Unicode("").tag(sync=True)

    def __init__(self, exhibit: Exhibit) -> None:
        self.exhibit = exhibit
        super().__init__(
            tracks=[_shown(row) for row in records(exhibit.frame)],
            label=plain_text(exhibit.title, 120),
            honoured=_sentence(HONOURED),
        )

    @property
    def track(self) -> dict[str, Any]:
        """The picked track, every column of it.

        Raises
        ------
        NoDataError
            If none is picked yet.
        """
        frame: pd.DataFrame = self.exhibit.frame
        found = records(frame[frame["track_id"] == self.picked])
        if not found:
            raise NoDataError("No track is picked yet; click one in the picker, or press Enter on it.")
        return found[0]

    @property
    def payload(self) -> dict[str, dict[str, str]]:
        """What a post's request holds to choose the picked track."""
        return payload_of(str(self.track["track_id"]))


def payload_of(track_id: str) -> dict[str, dict[str, str]]:
    """Return what a post's request holds to choose a track; honoured with mode ``managed`` only.

    Examples
    --------
    >>> payload_of("8f1d6c3e-4b2a-4a18-9e4f-c2d7a1b0e999")
    {'tiktokMusic': {'trackId': '8f1d6c3e-4b2a-4a18-9e4f-c2d7a1b0e999'}}
    """
    return {"tiktokMusic": {"trackId": track_id}}


def https_address(text: Any) -> str:
    """Return an address that a browser may load, or nothing: https, with a host, without a name and password.

    Examples
    --------
    >>> [https_address(one) for one in ("https://a.example/x.mp3", "javascript:alert(1)", "http://a.example/", None)]
    ['https://a.example/x.mp3', '', '', '']
    """
    if not isinstance(text, str) or len(text) > _MOST_ADDRESS or not text.isprintable() or " " in text:
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme == "https" and parts.hostname and "@" not in parts.netloc else ""


def _shown(row: Mapping[str, Any]) -> dict[str, str]:
    """Make what the browser gets of a track: texts made plain, addresses only if they may be loaded."""
    length = row.get("duration_s")
    facts = (
        f"{length // 60}:{length % 60:02}" if isinstance(length, int) else "",
        plain_text(row.get("language"), 8),
        f"{short_number(row.get('uses'))} uses" if row.get("uses") is not None else "",
        "" if row.get("is_commerce_music") is None else "commerce" if row["is_commerce_music"] else "not commerce",
    )
    track_id = str(row["track_id"])
    return {
        "id": track_id,
        "title": plain_text(row.get("title"), 120) or "untitled",
        "artist": plain_text(row.get("artist"), 80) or "artist unknown",
        "facts": " · ".join(filter(None, facts)),
        "search": " ".join(plain_text(row.get(name), 200) for name in _SHOWN),
        "preview": https_address(row.get("preview_url")),
        "cover": https_address(row.get("cover_url")),
        "payload": f'{{"tiktokMusic": {{"trackId": "{plain_text(track_id, 80)}"}}}}',
    }


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
