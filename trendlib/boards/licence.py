"""The licence line: what the sources say of a sound's use, each named with its date.

Four statements, none of which is a licence: KeyAPI's charts say whether a sound is in TikTok's Commercial Music Library
(``if_cml``, market by market); the Layers catalogue may hold a track of its title and artist (a guess), and marks it
as commerce music or not (``isCommerceMusic``); TikTok calls it original audio or not (``original``; label uploads are
called so too). What nobody said is not known. Rights must be confirmed whatever stands here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from trendlib.boards.catalogue import A_GUESS, Tracks
from trendlib.show.exhibits import Exhibit
from trendlib.show.places import region_name
from trendlib.show.theme import day_words
from trendlib.store import Store

CONFIRM = "rights must be confirmed"
COLUMNS = ("sound_id", "source", "statement", "answer", "confidence", "dated")
NOT_KNOWN = "not known"
CML, MAY_BE, COMMERCE, ORIGINAL = (
    "in TikTok's Commercial Music Library",
    "in the licensed-music catalogue",
    "the catalogue's track is commerce music",
    "original audio (label uploads carry it too)",
)
_DTYPES = {"confidence": "float64", "dated": "datetime64[us, UTC]"}


@dataclass(frozen=True)
class _Said:
    """One statement: who says it, of what, what, how sure, when."""

    source: str
    statement: str
    answer: str = NOT_KNOWN
    confidence: float | None = None
    dated: datetime | None = None


def licence_lines(store: Store, as_of: datetime, sounds: pd.DataFrame) -> pd.DataFrame:
    """List what each source says of some sounds.

    Parameters
    ----------
    store
        Where it is known.
    as_of
        The instant.
    sounds
        ``sound_id``, ``title``, ``artist``, a row a sound.

    Returns
    -------
        Four rows a sound: ``sound_id``, ``source``, ``statement``, ``answer`` (in words; "not known" where nobody
        said), ``confidence`` [0-1] of a guess, ``dated`` [UTC, when the source said so; NULL where it did not].
    """
    ids = sounds["sound_id"].tolist()
    tracks = Tracks(store, as_of)
    with store.as_of(as_of) as world:
        own = world.frame("sounds", sound_id=ids)
        charts = pd.concat(world.frame(name, sound_id=ids) for name in ("chart_entries", "chart_details"))
    matches = tracks.matched(sounds)
    rows = []
    for sound in ids:
        said = [
            _library(charts[charts["sound_id"] == sound]),
            *_catalogue(matches[matches["sound_id"] == sound], tracks.latest),
            _original(own[own["sound_id"] == sound]),
        ]
        rows += [(sound, one.source, one.statement, one.answer, one.confidence, one.dated) for one in said]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(_DTYPES)


def licence_sentence(lines: pd.DataFrame) -> str:
    """Say the lines of one sound in one sentence, which ends in what must be done.

    Parameters
    ----------
    lines
        Those rows of `licence_lines`.
    """
    library, track, commerce, original = lines.to_dict("records")
    said = [
        f"{_by('KeyAPI', library)} {_library_words(str(library['answer']))}",
        f"{_by('Layers', track)} {_track_words(track, str(commerce['answer']))}",
        f"{_by('TikLiveAPI', original)} {_original_words(str(original['answer']))}",
    ]
    sentence = "; ".join([*said, CONFIRM])
    return sentence[:1].upper() + sentence[1:]


def _library(charts: pd.DataFrame) -> _Said:
    """Take each market's latest word; where markets differ, name them."""
    known = charts[charts["is_commercial"].notna()].sort_values("observed_at")
    if known.empty:
        return _Said("KeyAPI charts", CML)
    latest = known.fillna({"region": "no market named"}).drop_duplicates("region", keep="last").sort_values("region")
    yes, no = (
        latest.loc[latest["is_commercial"] == is_in, "region"].map(region_name).tolist() for is_in in (True, False)
    )
    split = f"yes in {', '.join(yes)}; no in {', '.join(no)}"
    answer = split if yes and no else f"{'yes' if yes else 'no'} ({', '.join([*yes, *no])})"
    return _Said("KeyAPI charts", CML, answer, dated=known["observed_at"].iloc[-1])


def _catalogue(match: pd.DataFrame, latest: pd.DataFrame) -> list[_Said]:
    source = "Layers catalogue"
    if latest.empty:
        return [_Said(source, MAY_BE), _Said(source, COMMERCE)]
    dated = latest["pulled_at"].iloc[0]
    if match.empty:
        return [_Said(source, MAY_BE, "no track found", dated=dated), _Said(source, COMMERCE)]
    one = match.iloc[0]
    named = " · ".join(word for word in (one["track"], one["track_artist"]) if isinstance(word, str))
    others = f", {one['candidates']} fit equally well" if one["candidates"] > 1 else ""
    found = _Said(source, MAY_BE, f"maybe: {named} ({one['reason']}{others})", one["confidence"], dated)
    if pd.isna(one["is_commerce_music"]):
        return [found, _Said(source, COMMERCE)]
    return [found, _Said(source, COMMERCE, "yes" if one["is_commerce_music"] else "no", one["confidence"], dated)]


def _original(own: pd.DataFrame) -> _Said:
    if own.empty or pd.isna(own["is_original"].iloc[0]):
        return _Said("TikLiveAPI", ORIGINAL)
    answer = "yes" if own["is_original"].iloc[0] else "no"
    return _Said("TikLiveAPI", ORIGINAL, answer, dated=own["observed_at"].iloc[0])


def _by(source: str, line: dict[Any, Any]) -> str:
    return f"{source} has not said" if pd.isna(line["dated"]) else f"by {source} ({day_words(line['dated'])})"


def _library_words(answer: str) -> str:
    if answer == NOT_KNOWN:
        return "whether it is in the Commercial Music Library"
    if answer.startswith("yes in"):
        return f"it is in the Commercial Music Library of some markets only ({answer})"
    return f"it is {'' if answer.startswith('yes') else 'not '}in the Commercial Music Library"


def _track_words(track: dict[Any, Any], commerce: str) -> str:
    if pd.isna(track["dated"]):
        return "whether the catalogue has it"
    if pd.isna(track["confidence"]):
        return "no track of its title and artist is in the catalogue"
    marks = {"yes": "is commerce music", "no": "is not commerce music", NOT_KNOWN: "is in the catalogue"}
    return f"a track that may be it (a guess, {track['confidence']:.2f}) {marks[commerce]}"


def _original_words(answer: str) -> str:
    return {
        "yes": "it is original audio",
        "no": "it is not original audio",
        NOT_KNOWN: "whether it is original audio",
    }[answer]


def licence_exhibit(name: str, lines: pd.DataFrame, as_of: datetime, *, is_practice: bool) -> Exhibit:
    """Show the licence lines of one sound.

    Parameters
    ----------
    name
        The sound's title and artist.
    lines
        Its rows of `licence_lines`.
    as_of
        The instant.
    is_practice
        Whether it is the practice world.
    """
    return Exhibit(
        name="licence",
        title=f"What is known of its use: {name}",
        subtitle=licence_sentence(lines),
        frame=lines,
        columns=COLUMNS[1:],
        as_of=as_of,
        source=f"{lines['dated'].notna().sum()} of {len(lines)} statements known",
        note=f"none of them is a licence; {CONFIRM}; a match with the catalogue is {A_GUESS}",
        is_practice=is_practice,
    )
