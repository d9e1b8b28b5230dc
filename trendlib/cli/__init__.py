"""The same acts for a terminal and for cron.

What was asked for goes to standard output; progress, summaries and errors go to standard error. So
``--format json`` prints JSON and nothing else. Exit codes: 0 done, 1 done with failures, 2 bad input,
3 could not run.
"""

import os
import sys
from io import TextIOWrapper
from pathlib import Path

from trendlib.cli import boards, closeups, homes, reviews, runs, sources
from trendlib.cli.terminal import BAD_INPUT, COULD_NOT_RUN, DONE, DONE_WITH_FAILURES, app, screen
from trendlib.errors import ConfigError, TrendlibError
from trendlib.show.theme import plain_text

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
LONGEST_WORD = 4_096
LONGEST_SENTENCE = 2_000


def main() -> None:
    """Run the command line; every error of ours ends in one plain sentence and an exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # whoever started us closed it
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - it stays open
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a title the terminal has no letters for is spelt out
    sys.exit(_ended())


def _ended() -> str | int | None:
    """Run a command, and give its exit code."""
    try:
        app(_home_first(_channels_said(_understood(sys.argv[1:]))))
    except ConfigError as error:
        _complain(str(error))
        return BAD_INPUT
    except TrendlibError as error:
        _complain(str(error))
        return COULD_NOT_RUN
    except OSError as error:
        _complain(f"{error}. Choose a place that exists, can be written and has room.")
        return COULD_NOT_RUN
    except SystemExit as end:
        if end.code != INTERRUPTED:
            return end.code
        screen.print("Stopped. What was fetched is kept; the same command goes on from there.")
        sys.stdout.flush()
        sys.stderr.flush()
        # all is on disk; what the interrupt left open can't be taken apart in order, and the database would complain
        os._exit(COULD_NOT_RUN)
    return DONE


def _complain(sentence: str) -> None:
    """Say what went wrong in one line; what a provider or a file put into it means nothing to the terminal."""
    screen.print(f"Error: {plain_text(sentence, LONGEST_SENTENCE)}", style="red")


def _understood(words: list[str]) -> list[str]:
    """Refuse arguments that are no text, or far too long to be meant."""
    for number, word in enumerate(words, start=1):
        if len(word) > LONGEST_WORD:
            raise ConfigError(f"argument {number} has {len(word):,} characters; {LONGEST_WORD:,} are the most")
        if "\0" in word or word.encode(errors="ignore").decode() != word:
            raise ConfigError(f"argument {number}, {word[:40]!r}, holds what is no text; type it again")
    return words


def _home_first(words: list[str]) -> list[str]:
    """Let ``--home H`` stand behind the command too."""
    place = next((number for number, word in enumerate(words) if word == "--home" or word.startswith("--home=")), 0)
    width = 2 if place and words[place] == "--home" else 1
    return [*words[place : place + width], *words[:place], *words[place + width :]] if place else words


def _channels_said(words: list[str]) -> list[str]:
    """Let ``--deliver`` stand alone: the channels that are set up are meant."""
    pairs = zip(words, [*words[1:], "-"], strict=False)
    return [f"{word}=" if word == "--deliver" and after.startswith("-") else word for word, after in pairs]
