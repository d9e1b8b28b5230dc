"""The same acts for a terminal and for cron.

What was asked for goes to standard output; progress, summaries and errors go to standard error. So
``--format json`` prints JSON and nothing else. Exit codes: 0 done, 1 done with failures, 2 bad input,
3 could not run.
"""

import sys

from trendlib.cli import boards, closeups, homes, reviews, runs, sources
from trendlib.cli.terminal import BAD_INPUT, COULD_NOT_RUN, DONE, DONE_WITH_FAILURES, app, screen
from trendlib.errors import ConfigError, TrendlibError

__all__ = [
    "BAD_INPUT",
    "COULD_NOT_RUN",
    "DONE",
    "DONE_WITH_FAILURES",
    "app",
    "boards",
    "closeups",
    "homes",
    "main",
    "reviews",
    "runs",
    "sources",
]

INTERRUPTED = 130  # Typer's word for Ctrl-C


def main() -> None:
    """Run the command line; every error of ours ends in one plain sentence and an exit code."""
    try:
        app(_home_first(_channels_said(sys.argv[1:])))
    except ConfigError as error:
        screen.print(f"Error: {error}", style="red")
        sys.exit(BAD_INPUT)
    except TrendlibError as error:
        screen.print(f"Error: {error}", style="red")
        sys.exit(COULD_NOT_RUN)
    except OSError as error:
        screen.print(f"Error: {error}. Choose a place that exists, can be written and has room.", style="red")
        sys.exit(COULD_NOT_RUN)
    except SystemExit as end:
        if end.code != INTERRUPTED:
            raise
        screen.print("Stopped. What was fetched is kept; the same command goes on from there.")
        sys.exit(COULD_NOT_RUN)


def _home_first(words: list[str]) -> list[str]:
    """Let ``--home H`` stand behind the command too."""
    place = next((number for number, word in enumerate(words) if word == "--home" or word.startswith("--home=")), 0)
    width = 2 if place and words[place] == "--home" else 1
    return [*words[place : place + width], *words[:place], *words[place + width :]] if place else words


def _channels_said(words: list[str]) -> list[str]:
    """Let ``--deliver`` stand alone: the channels that are set up are meant."""
    pairs = zip(words, [*words[1:], "-"], strict=False)
    return [f"{word}=" if word == "--deliver" and after.startswith("-") else word for word, after in pairs]
