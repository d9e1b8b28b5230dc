"""The same acts for a terminal and for cron.

What was asked for goes to standard output; progress, summaries and errors go to standard error. So
``--format json`` prints JSON and nothing else. Exit codes: 0 done, 1 done with failures, 2 bad input,
3 could not run.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from trendlib import doctor as doctor_room
from trendlib import loading, practice
from trendlib.api.archive import Archive
from trendlib.config import Config
from trendlib.errors import AuthError, ConfigError, TrendlibError
from trendlib.monitor import NO_KEY, Monitor, open_monitor
from trendlib.run import OnProgress, RunReport
from trendlib.sandbox import Faults, Quirks, Server, World, serve_forever
from trendlib.show.exhibits import Exhibit, csv_text, json_text
from trendlib.show.terminal import print_exhibit
from trendlib.sound import MAX_USES
from trendlib.sweep import Limits, SweepReport, plan
from trendlib.watchlist import READERS

DONE, DONE_WITH_FAILURES, BAD_INPUT, COULD_NOT_RUN = range(4)
INTERRUPTED = 130  # Typer's word for Ctrl-C
MOST_SHOWN = 5
TOP = 20
PIPE_WIDTH = 120

app = typer.Typer(
    name="trendlib",
    help="Which TikTok sounds accelerate, who drives them, and what each number rests on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
screen = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class FeedOrder(StrEnum):
    """In which order the practice server's feeds stand."""

    NEWEST = "newest"
    LIKES = "likes"
    MIXED = "mixed"


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


@app.command()
def demo(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for what is made.")] = Path("out"),
) -> None:
    """Show the main job on practice data: sweep, leaderboard, alerts, a chart. Needs no key."""
    config = Config.load(home=context.obj)
    with _bytes_bar("replaying ten weeks") as on_bytes, _stages() as on_progress:
        report = practice.prepare(config.home, on_bytes=on_bytes, on_progress=on_progress)
    if report:
        _summarise_sweep(report)
    monitor = Monitor.of_practice(config.home)
    board, alerts = monitor.leaderboard(), monitor.alerts()
    for exhibit in (board, alerts, monitor.crossovers(), monitor.cautions()):
        _print(exhibit, Format.TABLE)
    shown = alerts.frame if len(alerts.frame) else board.frame
    best = monitor.sound(shown["sound_id"].iloc[0])
    made = [board.save(out / "leaderboard.csv"), best.velocity().save(out / "velocity.html")]
    screen.print("\nWritten: " + ", ".join(str(path) for path in made))
    screen.print("Next: `make lab` opens the notebooks; notebooks/01_explore_a_sound.ipynb is the place to begin.")


@app.command()
def sweep(
    context: typer.Context,
    budget: Credits = None,
    top: Annotated[int | None, typer.Option(min=1, help="Only the first N sounds of the leaderboard.")] = None,
    region: Annotated[str | None, typer.Option(help="Market for hashtag feeds, two letters.")] = None,
    max_pages: Annotated[int, typer.Option(min=1, help="Pages of one feed at most.")] = 20,
    dry_run: DryRun = False,
) -> None:
    """Read every watched counter, buy posts where something moves, and load it all."""
    if Config.load(home=context.obj).tiklive_api_key is None:
        raise AuthError(NO_KEY)
    monitor = open_monitor(context.obj)
    if dry_run:
        _dry_run(monitor, top, region)
        return
    with _stages() as on_progress:
        report = monitor.sweep(
            top=top, region=region, limits=Limits(budget=budget, max_pages=max_pages), on_progress=on_progress
        )
    _summarise_sweep(report)
    if report.sounds:
        screen.print(open_monitor(context.obj).tally())
    _leave(report.run)


@app.command()
def discover(context: typer.Context, budget: Credits = None, format_: AsFormat = Format.TABLE) -> None:
    """Search keywords and tastemakers for sounds not watched yet."""
    with _stages() as on_progress:
        exhibit, report = _opened(context).discover(budget=budget, on_progress=on_progress)
    _summarise(report, f"{len(exhibit.frame)} sounds found")
    _print(exhibit, format_)
    _leave(report)


@app.command()
def leaderboard(
    context: typer.Context,
    as_of: AsOf = None,
    top: Annotated[int | None, typer.Option(min=1, help="How many sounds; 20, or with --all every one.")] = None,
    max_uses: Annotated[
        str | None,
        typer.Option(help="Leave out sounds with as many uses or more, or `none`; 100000, or with --all none."),
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Every watched sound, unranked ones last.")] = False,
    format_: AsFormat = Format.TABLE,
) -> None:
    """Rank the watched sounds by how surely they accelerate."""
    limit = _max_uses(max_uses or ("none" if show_all else str(MAX_USES)))
    monitor = _opened(context, as_of)
    board = monitor.leaderboard(max_uses=limit, top=top or (None if show_all else TOP), include_unrankable=show_all)
    _print(board, format_)


@app.command()
def alerts(context: typer.Context, as_of: AsOf = None, format_: AsFormat = Format.TABLE) -> None:
    """List the sounds that a rule has flagged."""
    _print(_opened(context, as_of).alerts(), format_)


@app.command()
def why(
    context: typer.Context,
    sound: Annotated[str, typer.Argument(help="Sound id, TikTok address, or part of the title.")],
    as_of: AsOf = None,
    format_: AsFormat = Format.TABLE,
) -> None:
    """Say which rule keeps a sound off the list, by how much, and what would change it."""
    _print(_opened(context, as_of).sound(sound).why(), format_)


@app.command()
def replay(
    context: typer.Context, files: Annotated[list[Path], typer.Argument(help="Recordings: .jsonl, .jsonl.gz.")]
) -> None:
    """Load recordings; the same file again adds nothing."""
    config = Config.load(home=context.obj)
    with _bytes_bar("replaying", sum(path.stat().st_size for path in files if path.is_file())) as on_bytes:
        report = loading.replay(files, config, on_bytes=on_bytes)
    _summarise_load(report)
    raise typer.Exit(DONE_WITH_FAILURES if report.lines_rejected else DONE)


@app.command()
def rebuild(context: typer.Context) -> None:
    """Make the warehouse anew from the archive."""
    config = Config.load(home=context.obj)
    size = sum(path.stat().st_size for path in Archive(config.archive_folder).files())
    with _bytes_bar("rebuilding", size) as on_bytes:
        _summarise_load(loading.rebuild(config, on_bytes=on_bytes))


@app.command()
def export(context: typer.Context, folder: Annotated[Path, typer.Argument(help="Where the Parquet files go.")]) -> None:
    """Write every table as Parquet, partitioned by day."""
    for path in _opened(context).export(folder):
        screen.print(f"wrote {path}")


@app.command()
def doctor(context: typer.Context) -> None:
    """Check keys, folders, store and versions, and say what to do about what is wrong."""
    findings = doctor_room.examine(Config.load(home=context.obj))
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.is_fine else 'look'}  {finding.name}: {finding.found}")
        if finding.remedy:
            typer.echo(f"      {finding.remedy}")
    raise typer.Exit(DONE if all(one.is_fine or not one.is_needed for one in findings) else DONE_WITH_FAILURES)


@app.command()
def sandbox(
    seed: Annotated[int, typer.Option(help="What the world is drawn from.")] = 7,
    sounds: Annotated[int, typer.Option(help="Number of sounds, 10 to 10,000.")] = 60,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    order: Annotated[FeedOrder, typer.Option(help="Order of the feeds.")] = FeedOrder.MIXED,
    faults: Annotated[float, typer.Option(min=0, max=1, help="Share of questions that meet a fault.")] = 0.0,
    record: Annotated[Path | None, typer.Option(help="Write the sample recording into this folder, then stop.")] = None,
) -> None:
    """Serve the practice world on loopback: three APIs with a truth behind them."""
    if record:
        typer.echo(f"wrote {practice.write_sample(record)}")
        return
    world = World(seed=seed, sounds=sounds, days=practice.DAYS)
    serve_forever(
        Server(world, port=port, order=order.value, faults=Faults(rate=faults, seed=seed), quirks=Quirks.real())
    )


def main() -> None:
    """Run the command line; every error of ours ends in one plain sentence and an exit code."""
    try:
        app(_home_first(sys.argv[1:]))
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


def _opened(context: typer.Context, as_of: str | None = None) -> Monitor:
    """Open the data, and say where no caption can that it is practice data."""
    monitor = open_monitor(context.obj, as_of=_instant(as_of))
    if monitor.is_practice:
        screen.print("Practice data: a made-up world, no real sounds. Set TIKLIVE_API_KEY to see your own.")
    return monitor


def _print(exhibit: Exhibit, format_: Format) -> None:
    if format_ is Format.TABLE:
        print_exhibit(exhibit, Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH))
    else:
        typer.echo((csv_text if format_ is Format.CSV else json_text)(exhibit.frame), nl=False)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--as-of {text} is no instant; write it like 2026-11-16T07:00:00Z") from None
    if instant.tzinfo is None:
        raise ConfigError(f"--as-of {text} has no time zone; did you mean {instant.isoformat()}Z (UTC)?")
    return instant


def _max_uses(text: str) -> int | None:
    if text.lower() == "none":
        return None
    if not text.isascii() or not text.isdigit():
        raise ConfigError(f"--max-uses {text} is no number of uses; write a whole number, or none")
    return int(text)


def _dry_run(monitor: Monitor, top: int | None, region: str | None) -> None:
    if region is not None:
        READERS["regions"](region)
    calls = plan(monitor.config, monitor.watched(top))
    for one in calls:
        typer.echo(f"{'cached ' if one.is_cached else '1 credit'}  {one.call.endpoint} {one.call.params_text}")
    cost = sum(not one.is_cached for one in calls)
    screen.print(f"{len(calls)} calls, {cost} credits, {len(calls) - cost} cached. Pages of posts come on top: which "
                 "sounds get them is decided by these counters. Limit them with --budget.")  # fmt: skip


def _summarise_sweep(report: SweepReport) -> None:
    posts = report.run.loaded.rows["posts"]
    screen.print(
        f"{report.sounds} sounds and {report.hashtags} hashtags read; {len(report.candidates)} moved or were new, "
        f"so their posts were bought: {posts:,} posts."
    )
    _summarise(report.run, "")


def _summarise(run: RunReport, what: str) -> None:
    if run.taken_over:
        screen.print(f"Taken over from a run that was killed: {run.taken_over:,} answers.")
    rejects = sum(run.loaded.reasons.values())
    screen.print(
        f"{what + ': ' if what else ''}{run.spent:,} credits spent, {run.saved:,} saved by the cache, "
        f"{rejects:,} items set aside, {len(run.failures):,} questions without an answer."
    )
    for failure in run.failures[:MOST_SHOWN]:
        screen.print(f"  {failure.reason}")
    if run.stopped:
        screen.print(f"Ended early: {run.stopped.rstrip('.')}. What was bought is loaded.")


def _summarise_load(report: loading.LoadReport) -> None:
    screen.print(f"{report.read:,} answers read, {report.added:,} of them new, {report.failed:,} of them errors.")
    for name, rows in sorted(report.rows.items()):
        screen.print(f"  {name:<22} {rows:>9,} rows")
    for reason, times in report.reasons.most_common(MOST_SHOWN):
        screen.print(f"  set aside {times:,} times: {reason}")


def _leave(run: RunReport) -> None:
    raise typer.Exit(DONE_WITH_FAILURES if run.failures or run.stopped else DONE)


@contextmanager
def _bytes_bar(name: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task(name, total=total)
        yield partial(_advance, progress, task)


def _advance(progress: Progress, task: TaskID, size: int) -> None:
    progress.advance(task, size)


@contextmanager
def _stages() -> Iterator[OnProgress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=screen, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done)

        yield show
