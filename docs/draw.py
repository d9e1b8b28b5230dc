"""Draw the pictures of README and docs from the practice world: ``make pictures``."""

from pathlib import Path

import trendlib as tl

FOLDER = Path(__file__).parent / "pictures"


def draw() -> None:
    """Save the exhibits that the pages show."""
    monitor = tl.open()
    board = monitor.leaderboard(top=10)
    board.save(FOLDER / "leaderboard.png")
    sound = monitor.sound(monitor.alerts().frame["sound_id"].iloc[0])
    sound.velocity().save(FOLDER / "velocity.png")


if __name__ == "__main__":
    draw()
