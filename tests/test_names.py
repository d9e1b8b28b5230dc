"""What sounds are called: the provider's word stands, a chart's fills its place, the last chart of the time."""

import pandas as pd

from trendlib.boards.names import named_sounds


class Charted:
    """A world in which charts were pulled twice."""

    def frame(self, name: str, **where: object) -> pd.DataFrame:
        assert (name, where) == ("chart_entries", {"sound_id": ["2", "3"]})
        told = [("2", "Old", "Somebody", 1), ("2", "New", "Somebody", 2), ("2", None, None, 3)]
        return pd.DataFrame(told, columns=["sound_id", "title", "artist", "observed_at"])


def test_a_sound_that_its_provider_does_not_name_has_the_name_of_its_last_chart() -> None:
    sounds = pd.DataFrame({"sound_id": ["1", "2", "3"], "title": ["Own", None, None], "artist": ["Me", None, None]})
    named = named_sounds(Charted(), sounds.astype("str"))
    assert named["title"].tolist()[:2] == ["Own", "New"]
    assert named["artist"].tolist()[:2] == ["Me", "Somebody"]
    assert pd.isna(named["title"].iloc[2])
