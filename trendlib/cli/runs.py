"""Commands that ask providers: demo, sweep, discover."""

from pathlib import Path
from typing import Annotated

import typer

from trendlib import practice
from trendlib.cli.terminal import (
    AsFormat,
    Credits,
    DryRun,
    Format,
    Purpose,
    app,
    bytes_bar,
    leave,
    opened,
    printed,
    screen,
    stages,
    summarise,
    summarise_sweep,
)
from trendlib.config import Config
from trendlib.errors import AuthError
from trendlib.monitor import NO_KEY, Monitor, open_monitor
from trendlib.runs.sweep import Limits, plan
from trendlib.watchlist import READERS


@app.command(rich_help_panel=Purpose.BEGIN)
def demo(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for what is made.")] = Path("out"),
) -> None:
    """Show the main job on practice data: sweep, leaderboard, alerts, a chart, Monday's deck. Needs no key."""
    config = Config.load(home=context.obj)
    with bytes_bar("replaying ten weeks") as on_bytes, stages() as on_progress:
        report = practice.live_through(config.home, on_bytes=on_bytes, on_progress=on_progress)
    if report:
        summarise_sweep(report)
    if not (config.home / practice.SAMPLE / practice.ALERTS).is_file():
        screen.print(
            "No alert of the ten weeks is recorded here, only this morning's: they come with the repository "
            f"({practice.SAMPLE}/{practice.ALERTS} in the home). The review has nothing to compare with, and says so."
        )
    monitor = Monitor.of_practice(config.home)
    board, alerts = monitor.leaderboard(), monitor.alerts()
    for exhibit in (board, alerts, monitor.crossovers(), monitor.cautions()):
        printed(exhibit, Format.TABLE)
    shown = alerts.frame if len(alerts.frame) else board.frame
    best = monitor.sound(shown["sound_id"].iloc[0])
    made = [board.save(out / "leaderboard.csv"), best.velocity().save(out / "velocity.html")]
    with stages() as on_progress:
        made += monitor.review().save(out, on_progress=on_progress)
    screen.print("\nWritten: " + ", ".join(str(path) for path in made))
    screen.print("Next: `make lab` opens the notebooks; notebooks/00_start_here.ipynb is the place to begin.")


@app.command(rich_help_panel=Purpose.FETCH)
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
    with stages() as on_progress:
        report = monitor.sweep(
            top=top, region=region, limits=Limits(budget=budget, max_pages=max_pages), on_progress=on_progress
        )
    summarise_sweep(report)
    if report.sounds:
        screen.print(monitor.tally())
    leave(report.run)


@app.command(rich_help_panel=Purpose.FETCH)
def discover(context: typer.Context, budget: Credits = None, format_: AsFormat = Format.TABLE) -> None:
    """Search keywords and tastemakers for sounds not watched yet."""
    with stages() as on_progress:
        exhibit, report = opened(context).discover(budget=budget, on_progress=on_progress)
    summarise(report, f"{len(exhibit.frame)} sounds found")
    printed(exhibit, format_)
    leave(report)


def _dry_run(monitor: Monitor, top: int | None, region: str | None) -> None:
    if region is not None:
        READERS["regions"](region)
    calls = plan(monitor.config, monitor.watched(top))
    for one in calls:
        typer.echo(f"{'cached ' if one.is_cached else '1 credit'}  {one.call.endpoint} {one.call.params_text}")
    cost = sum(not one.is_cached for one in calls)
    screen.print(f"{len(calls)} calls, {cost} credits, {len(calls) - cost} cached. Pages of posts come on top: which "
                 "sounds get them is decided by these counters. Limit them with --budget.")  # fmt: skip
