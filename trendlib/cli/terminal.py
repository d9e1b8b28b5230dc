"""What all commands share: the app, exit codes, how answers and progress are printed."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn, cast

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from typer.core import TyperCommand, TyperGroup

from trendlib.deliver import Delivery
from trendlib.errors import ConfigError
from trendlib.monitor import Monitor, open_monitor
from trendlib.runs import loading
from trendlib.runs.run import OnProgress, RunReport
from trendlib.runs.sweep import SweepReport
from trendlib.show.exhibits import Exhibit, csv_text, json_text
from trendlib.show.terminal import print_exhibit
from trendlib.show.theme import CONTROLS

DONE, DONE_WITH_FAILURES, BAD_INPUT, COULD_NOT_RUN = range(4)
MOST_SHOWN = 5
PIPE_WIDTH = 120
BRIEF = 14  # rows of each exhibit in an overview: two weeks of days


class Purpose(StrEnum):
    """What a command is for: the headings of the help, in their order."""

    BEGIN = "To begin"
    FETCH = "Fetch"
    LOOK = "Look"
    TELL = "Tell the team, and what became of it"
    KEEP = "Keep"


class ByPurpose(TyperGroup):
    """Lists commands under their purposes, not in the order in which files are read."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer hands it in
        """Name the commands in the order of the help."""
        commands = cast("dict[str, TyperCommand]", self.commands)
        return sorted(commands, key=lambda name: list(Purpose).index(Purpose(str(commands[name].rich_help_panel))))


app = typer.Typer(
    name="trendlib",
    cls=ByPurpose,
    help="Which TikTok sounds accelerate, who drives them, and what each number rests on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Screen(Console):
    """A console whose texts may hold other people's words: what would steer the terminal is taken out."""

    def render_str(self, text: str, **settings: Any) -> Text:
        """Read a text that is to be printed."""
        return super().render_str(CONTROLS.sub("", text), **settings)


screen = Screen(stderr=True, highlight=False, markup=False, soft_wrap=True)


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


AsOf = Annotated[str | None, typer.Option(help="As known at this instant, like 2026-11-16T07:00:00Z.")]
AsFormat = Annotated[Format, typer.Option("--format", help="How to print it.")]
Credits = Annotated[int | None, typer.Option(min=0, help="Spend at most this many credits.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be called, then stop.")]


@app.callback()
def settings(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option(help="Folder of the watchlist, archive and warehouse.")] = None,
) -> None:
    """Read the settings that every command shares."""
    context.obj = home


def opened(context: typer.Context, as_of: str | None = None) -> Monitor:
    """Open the data, and say where no caption can that it is practice data."""
    monitor = open_monitor(context.obj, as_of=instant(as_of))
    if monitor.is_practice:
        screen.print("Practice data: a made-up world, no real sounds. Set TIKLIVE_API_KEY to see your own.")
    return monitor


def printed(exhibit: Exhibit, format_: Format, *, most: int | None = None) -> None:
    """Print an exhibit on standard output: for people, or for programs, which get UTF-8 in any terminal."""
    if format_ is Format.TABLE:
        print_exhibit(exhibit, Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH), most=most)
    else:
        typer.echo((csv_text if format_ is Format.CSV else json_text)(exhibit.frame).encode(), nl=False)


def instant(text: str | None) -> datetime | None:
    """Read the as-of instant from the command line, if one was given."""
    return None if text is None else moment(text, "--as-of")


def moment(text: str, option: str) -> datetime:
    """Read an instant from the command line."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} {text} is no instant; write it like 2026-11-16T07:00:00Z") from None
    if instant.tzinfo is None:
        raise ConfigError(f"{option} {text} has no time zone; did you mean {instant.isoformat()}Z (UTC)?")
    return instant


def summarise_sweep(report: SweepReport) -> None:
    """Say what a sweep did."""
    screen.print(str(report))


def summarise(run: RunReport, what: str) -> None:
    """Say what a run cost, and which questions stayed without an answer."""
    screen.print(run.told(what))


def summarise_load(report: loading.LoadReport) -> None:
    """Say what was loaded."""
    screen.print(f"{report.read:,} answers read, {report.added:,} of them new, {report.failed:,} of them errors.")
    for name, rows in sorted(report.rows.items()):
        screen.print(f"  {name:<22} {rows:>9,} rows")
    for reason, times in report.reasons.most_common(MOST_SHOWN):
        screen.print(f"  set aside {times:,} times: {reason}")


def leave(run: RunReport) -> None:
    """End the command; the exit code tells whether anything failed."""
    raise typer.Exit(DONE_WITH_FAILURES if run.failures or run.stopped else DONE)


def leave_delivered(deliveries: Sequence[Delivery]) -> NoReturn:
    """Say what arrived where, and end the command; the exit code tells whether anything waits for the next run."""
    for one in deliveries:
        if one.place:
            screen.print(f"{one.channel}: {one.sent:,} alerts in {one.place}")
            continue
        screen.print(f"{one.channel}: {one.sent:,} delivered, {one.before:,} before, {len(one.kept):,} kept for later.")
        for reason in dict.fromkeys(one.reasons[:MOST_SHOWN]):
            screen.print(f"  {reason}")
        if one.presumed:
            found = f"The program was killed right after {len(one.presumed)} had left, so they most probably arrived."
            screen.print(f"  {found} If not: trendlib resend --channel {one.channel} {' '.join(one.presumed)}")
    raise typer.Exit(DONE_WITH_FAILURES if any(one.kept for one in deliveries) else DONE)


@contextmanager
def _bars(*columns: ProgressColumn) -> Iterator[Progress]:
    """Show bars, and end when the thread that draws them has: left alive at exit, it keeps duckdb from closing."""
    with ExitStack() as ending:
        progress = Progress(*columns, console=screen, transient=True)
        with progress:
            if drawing := getattr(progress.live, "_refresh_thread", None):
                ending.callback(drawing.join)
            yield progress


@contextmanager
def bytes_bar(name: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show how many bytes are done."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with _bars(*columns) as progress:
        task = progress.add_task(name, total=total)
        yield partial(_advance, progress, task)


def _advance(progress: Progress, task: TaskID, size: int) -> None:
    progress.advance(task, size)


@contextmanager
def stages() -> Iterator[OnProgress]:
    """Show the stages of a run, a bar each."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with _bars(*columns) as progress:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done)

        yield show
