"""Commands around the other sources: pull, chart, tracks, song, artist."""

import json
from pathlib import Path
from typing import Annotated

import typer

from trendlib.boards.chart_board import PERIOD
from trendlib.cli.terminal import (
    BRIEF,
    AsFormat,
    AsOf,
    Credits,
    Format,
    Purpose,
    app,
    leave,
    opened,
    printed,
    screen,
    stages,
    summarise,
)
from trendlib.monitor import open_monitor
from trendlib.runs.pull import PullPlan, charts_of
from trendlib.show.theme import plain_text


@app.command(rich_help_panel=Purpose.FETCH)
def pull(
    context: typer.Context,
    region: Annotated[list[str] | None, typer.Option(help="Market of a chart, two letters; may be repeated.")] = None,
    period: Annotated[list[int] | None, typer.Option(help="7, 30 or 120 days; 7; may be repeated.")] = None,
    sound: Annotated[list[str] | None, typer.Option(help="Sound id whose audience is pulled; may be repeated.")] = None,
    catalogue: Annotated[bool, typer.Option("--catalogue", help="The licensed-music catalogue.")] = False,
    budget: Credits = None,
) -> None:
    """Pull trending charts, audiences, the licensed-music catalogue; and list what charts and is not watched."""
    charts = charts_of(region or (), period or (PERIOD,))
    plan = PullPlan(charts=charts, sounds=tuple(sound or ()), has_catalogue=catalogue)
    monitor = open_monitor(context.obj)
    with stages() as on_progress:
        report = monitor.pull(plan, budget, on_progress)
    summarise(report.run, f"{report.charts} charts, {report.details} sounds in detail, {report.tracks} tracks")
    if report.charts:
        printed(monitor.charts.finds(*(region or ())), Format.TABLE)
    leave(report.run)


@app.command(rich_help_panel=Purpose.LOOK)
def chart(
    context: typer.Context,
    region: Annotated[str, typer.Option(help="Market, two letters.")],
    period: Annotated[int, typer.Option(help="What it looks back on: 7, 30 or 120 days.")] = PERIOD,
    new_only: Annotated[bool, typer.Option("--new", help="Only sounds new to the chart.")] = False,
    as_of: AsOf = None,
    format_: AsFormat = Format.TABLE,
) -> None:
    """Show a trending chart: ranks, movement, days on it, and what is watched."""
    printed(opened(context, as_of).charts.table(region, period, new_only=new_only), format_)


@app.command(rich_help_panel=Purpose.LOOK)
def tracks(
    context: typer.Context,
    search: Annotated[str, typer.Option(help="Words of title, artist or album; misspelt ones are found too.")] = "",
    top: Annotated[int | None, typer.Option(min=1, help="How many.")] = None,
    as_of: AsOf = None,
    format_: AsFormat = Format.TABLE,
) -> None:
    """Find licensed tracks, and print what a post's request needs to choose the best one."""
    catalogue = opened(context, as_of).catalogue
    exhibit = catalogue.tracks(search, top=top)
    printed(exhibit, format_)
    if search and len(exhibit.frame):
        first = exhibit.frame.iloc[0]
        screen.print(f"\nTo choose {plain_text(first['title'])}: {json.dumps(catalogue.payload(first['track_id']))}")


@app.command(rich_help_panel=Purpose.LOOK)
def song(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Sound id, song id, TikTok address, or part of the title.")],
    out: Annotated[Path | None, typer.Option(help="Write its page: a file that ends in html.")] = None,
    as_of: AsOf = None,
    format_: AsFormat = Format.TABLE,
) -> None:
    """Show a song over all its sounds: growth, versions, charts, audience, creators, what is known of its use."""
    found = opened(context, as_of).song(name)
    if out:
        screen.print(f"wrote {found.save(out)}")
    elif format_ is Format.TABLE:
        for exhibit in found.exhibits():
            printed(exhibit, format_, most=BRIEF)
        screen.print("\nMore of each, with charts: trendlib song … --out song.html")
    else:
        printed(found.sounds(), format_)


@app.command(rich_help_panel=Purpose.LOOK)
def artist(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The artist's name.")],
    as_of: AsOf = None,
    format_: AsFormat = Format.TABLE,
) -> None:
    """Look an artist up in MusicBrainz' public catalogue: releases and labels. Needs a contact in the settings."""
    printed(opened(context, as_of).artist(name), format_)
