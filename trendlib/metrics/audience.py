"""Audience: who hears a trending sound, as an index relative to its own list; never a share.

KeyAPI lists up to ten countries and some interests of a sound, each with a score of no documented unit: ten countries
were seen to sum to 8,123. So a score is only compared with the others of its list:

``index = score / mean score of the list``: 1 is the mean of what is listed.

Lists hold the highest scores only, so an index under 1 is low within the list, not low among all. What is not listed is
not known. Indices of two sounds, kinds, regions or days have no common unit.
"""

from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
from narwhals.typing import IntoFrame

from trendlib.metrics.engines import board, enter, instant, leave

_LIST = ["sound_id", "region", "period_days"]


def audience(scores: IntoFrame, *, as_of: datetime) -> Any:
    """Give each part of a sound's audience an index within its list.

    Parameters
    ----------
    scores
        ``sound_id``, ``region``, ``period_days``, ``kind`` (country, interest, age), ``code``, ``name``, ``score``
        [no documented unit], ``observed_at``: a row a part and answer.
    as_of
        Answers from then on don't count.

    Returns
    -------
    frame
        The latest answer of each sound, region and period, the highest first within ``kind``: ``sound_id``, ``region``,
        ``period_days``, ``kind``, ``code``, ``name``, ``score`` as it came, ``index`` [1 is the mean of the list; NULL
        where no score is above 0], ``n`` [parts listed], ``observed_at`` [UTC].

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    columns = [*_LIST, "kind", "code", "name", "score", "observed_at"]
    known = enter(scores, ids=["sound_id"], times=["observed_at"], others=columns[1:-1])
    known = known.filter(nw.col("observed_at") < nw.lit(instant(as_of).to_pydatetime()), ~nw.col("score").is_null())
    table = board(known.select(*columns)).astype({"score": "float64"})
    table["region"] = table["region"].astype("str")
    latest = table.groupby(_LIST, dropna=False)["observed_at"].transform("max")
    table = table[table["observed_at"] == latest].drop_duplicates([*_LIST, "kind", "code", "name"])
    own = table.groupby([*_LIST, "kind"], dropna=False)["score"]
    mean = own.transform("mean")
    table["index"] = (table["score"] / mean.where(mean > 0)).astype("float64").replace(np.inf, np.nan)
    table["n"] = own.transform("size").astype("Int64")
    table = table.sort_values([*_LIST, "kind", "score", "name"], ascending=[True, True, True, True, False, True])
    return leave(table[[*columns[:-1], "index", "n", "observed_at"]], scores)
