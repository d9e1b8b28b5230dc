"""A page a pick: how fast, where, who, which hashtags and versions, how it may be used, what would change it."""

from functools import partial

from trendlib.errors import NoDataError
from trendlib.review.boards import known, missing
from trendlib.review.picks import Pick
from trendlib.review.week import Agenda, Week
from trendlib.show.deck import Slide


def breakouts(agenda: Agenda) -> list[Slide]:
    """Give each pick its page."""
    week, picks, settings = agenda.week, agenda.picks, agenda.settings
    if not picks:
        return [missing("No breakout this week", "No rule flagged a sound, and nobody put one in by hand.")]
    return [_page(week, pick) for pick in picks[: settings.picks]]


def _page(week: Week, pick: Pick) -> Slide:
    try:
        sound = week.desk.sound(pick.sound_id)
    except NoDataError as error:
        return missing(pick.name, str(error))
    velocity = known(partial(sound.velocity))
    return Slide(title=pick.name, exhibits=[velocity] if velocity else [])
