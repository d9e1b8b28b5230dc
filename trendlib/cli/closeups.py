"""Commands that look closely: one sound, and hashtags."""

from typing import Annotated

import typer

from trendlib.boards import hashtag_board
from trendlib.boards import sound as sound_room
from trendlib.cli.terminal import BRIEF, AsFormat, AsOf, Format, Purpose, app, opened, printed, screen
from trendlib.errors import ConfigError, NoDataError

OVERVIEW = ("velocity", "regions", "creators", "hashtags", "forecast", "why")
SPEAKING = ("velocity", "leave_one_out")
OF_HASHTAGS = ("calendar",)


@app.command(rich_help_panel=Purpose.LOOK)
def sound(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Sound id, TikTok address, or part of the title.")],
    exhibit: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(sound_room.EXHIBITS)}; without it, an overview.")
    ] = None,
    dialect: Annotated[str | None, typer.Option(help="Whose velocity stands beside ours.")] = None,
    as_of: AsOf = None,
    format_: AsFormat = Format.TABLE,
) -> None:
    """Look at one sound: how it moves, where, by whom, with which hashtags, what comes next, and why."""
    how = _dialect(dialect, exhibit or "velocity", SPEAKING)
    found = opened(context, as_of).sound(name)
    if exhibit is None and format_ is Format.TABLE:
        for one in OVERVIEW:
            printed(found.exhibit(one, **(how if one == "velocity" else {})), format_, most=BRIEF)
        screen.print(f"\nAll rows of one: trendlib sound … --exhibit {'|'.join(OVERVIEW)}")
    else:
        printed(found.exhibit(exhibit or "velocity", **how), format_)


@app.command(rich_help_panel=Purpose.LOOK)
def hashtags(
    context: typer.Context,
    exhibit: Annotated[str, typer.Option(help=f"One of {', '.join(hashtag_board.EXHIBITS)}.")] = "leaderboard",
    dialect: Annotated[str | None, typer.Option(help="Whose velocity the calendar speaks.")] = None,
    as_of: AsOf = None,
    format_: AsFormat = Format.TABLE,
) -> None:
    """Show which hashtags grow, which bumped, when they started and stopped, and what to post with."""
    how = _dialect(dialect, exhibit, OF_HASHTAGS)
    board = opened(context, as_of).hashtags
    if not board.names:
        raise NoDataError("No hashtag was read yet: add some to the watchlist, and sweep.")
    printed(board.exhibit(exhibit, **how), format_)


def _dialect(dialect: str | None, exhibit: str, speaking: tuple[str, ...]) -> dict[str, str]:
    if dialect is None:
        return {}
    if exhibit not in speaking:
        raise ConfigError(f"--dialect {dialect} says nothing to {exhibit}; it goes with {' and '.join(speaking)}")
    return {"dialect": dialect}
