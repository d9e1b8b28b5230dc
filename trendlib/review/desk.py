"""What a review is made at: the monitor of one instant, as far as a review looks at it."""

from abc import abstractmethod
from datetime import datetime

from trendlib.boards.hashtag_board import HashtagBoard
from trendlib.boards.market import Market
from trendlib.boards.sound import Sound
from trendlib.boards.study import Study
from trendlib.rulebook import Rules


class Desk(Market):
    """The board, the market around it, each sound, and the notes beside alerts, at one instant."""

    @property
    @abstractmethod
    def rules(self) -> Rules:
        """The rules this home goes by."""

    @property
    @abstractmethod
    def study(self) -> Study:
        """What was read of single sounds."""

    @property
    @abstractmethod
    def hashtags(self) -> HashtagBoard:
        """All hashtags that were read."""

    @abstractmethod
    def at(self, as_of: datetime) -> "Desk":
        """Return the same home at another instant."""

    @abstractmethod
    def sound(self, name: str | int) -> Sound:
        """Find a sound by its id, its TikTok address or part of its title."""

    @abstractmethod
    def note(self, alert_id: str, text: str) -> None:
        """Write a note beside an alert."""
