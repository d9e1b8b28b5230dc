"""Commands that look after a home: replay, rebuild, export, doctor, and the practice server."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from trendlib import doctor as doctor_room
from trendlib import practice, watchlist
from trendlib.api.archive import Archive
from trendlib.cli.terminal import (
    DONE,
    DONE_WITH_FAILURES,
    Purpose,
    app,
    bytes_bar,
    opened,
    screen,
    stages,
    summarise_load,
)
from trendlib.config import Config
from trendlib.runs import loading
from trendlib.sandbox import Faults, Quirks, Server, World, serve_forever
from trendlib.store import Store


class FeedOrder(StrEnum):
    """In which order the practice server's feeds stand."""

    NEWEST = "newest"
    LIKES = "likes"
    MIXED = "mixed"


@app.command(rich_help_panel=Purpose.KEEP)
def replay(
    context: typer.Context, files: Annotated[list[Path], typer.Argument(help="Recordings: .jsonl, .jsonl.gz.")]
) -> None:
    """Load recordings; the same file again adds nothing."""
    config = Config.load(home=context.obj)
    loading.demand_recordings(files)
    if Store(config.warehouse_file).is_there:
        with stages() as on_progress, loading.alone(config):
            renewed = loading.renew(config, on_progress=on_progress)
        if renewed is not None:
            screen.print(loading.RENEWED.format(renewed))
    with bytes_bar("replaying", sum(path.stat().st_size for path in files if path.is_file())) as on_bytes:
        report = loading.replay(files, config, on_bytes=on_bytes)
    summarise_load(report)
    raise typer.Exit(DONE_WITH_FAILURES if report.lines_rejected else DONE)


@app.command(rich_help_panel=Purpose.KEEP)
def rebuild(context: typer.Context) -> None:
    """Make the warehouse anew from the archive."""
    config = Config.load(home=context.obj)
    size = sum(path.stat().st_size for path in Archive(config.archive_folder).files())
    with bytes_bar("rebuilding", size) as on_bytes:
        summarise_load(loading.rebuild(config, on_bytes=on_bytes))


@app.command(rich_help_panel=Purpose.KEEP)
def export(context: typer.Context, folder: Annotated[Path, typer.Argument(help="Where the Parquet files go.")]) -> None:
    """Write every table as Parquet, partitioned by day."""
    for path in opened(context).export(folder):
        screen.print(f"wrote {path}")


@app.command(rich_help_panel=Purpose.BEGIN)
def follow(
    context: typer.Context, sounds: Annotated[list[str], typer.Argument(help="Sound ids or TikTok addresses.")]
) -> None:
    """Add sounds to the watchlist; the next sweep reads them."""
    config = Config.load(home=context.obj)
    for sound in sounds:
        said = "added" if watchlist.follow(config.watchlist_file, sound) else "followed already"
        screen.print(f"{sound}: {said} ({config.watchlist_file})")


@app.command(rich_help_panel=Purpose.BEGIN)
def doctor(
    context: typer.Context,
    online: Annotated[
        bool, typer.Option("--online", help="Also see whether providers and channels can be reached; costs nothing.")
    ] = False,
) -> None:
    """Check keys, folders, store and versions, and say what to do about what is wrong."""
    findings = doctor_room.examine(Config.load(home=context.obj), is_online=online)
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.is_fine else 'look'}  {finding.name}: {finding.found}")
        if finding.remedy:
            typer.echo(f"      {finding.remedy}")
    raise typer.Exit(DONE if all(one.is_fine or not one.is_needed for one in findings) else DONE_WITH_FAILURES)


@app.command(rich_help_panel=Purpose.KEEP)
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
        with stages() as on_progress:
            typer.echo(f"wrote {practice.write_alerts(record, on_progress=on_progress)}")
            warehouse = practice.write_morning(record, on_progress=on_progress)
        typer.echo(f"wrote {warehouse.with_name(practice.MORNING)}")
        typer.echo(f"wrote {warehouse}")
        return
    world = World(seed=seed, sounds=sounds, days=practice.DAYS)
    serve_forever(
        Server(world, port=port, order=order.value, faults=Faults(rate=faults, seed=seed), quirks=Quirks.real())
    )
