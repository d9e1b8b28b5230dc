"""Commands around the Monday review: review, announce."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from trendlib.cli.terminal import AsOf, Format, Purpose, app, leave_delivered, moment, opened, printed, screen, stages
from trendlib.config import Config
from trendlib.errors import ConfigError
from trendlib.review import FORMATS, write_example

OUT = Path("out")


@app.command(rich_help_panel=Purpose.TELL)
def review(
    context: typer.Context,
    as_of: AsOf = None,
    since: Annotated[str | None, typer.Option(help="The last review's instant; by default a week before.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the deck, or one file that ends in html, pptx or pdf.")] = OUT,
    format_: Annotated[str, typer.Option("--format", help="Any of html, pptx, pdf, with commas.")] = "html,pptx",
    init: Annotated[bool, typer.Option("--init", help="Write an example of review.toml, then stop.")] = False,
) -> None:
    """Make the Monday review: print its picks, and write it as a deck."""
    if init:
        screen.print(f"wrote {write_example(Config.load(home=context.obj).home)}")
        return
    formats = _formats(format_)
    begin = None if since is None else moment(since, "--since")
    monday = opened(context, as_of).review(since=begin)
    with stages() as on_progress:
        files = monday.save(out, formats, on_progress=on_progress)
    printed(monday.table, Format.TABLE)
    screen.print(f"\n{monday.headline}.")
    if monday.cut.beginning:
        screen.print(f"The {monday.cut.beginning}.")
    screen.print("Written: " + ", ".join(str(path) for path in files))


@app.command(rich_help_panel=Purpose.TELL)
def announce(
    context: typer.Context,
    as_of: AsOf = None,
    deliver: Annotated[str | None, typer.Option(help="slack,notion; by default those that are set up.")] = None,
    link: Annotated[str | None, typer.Option(help="Where the deck can be read: a web address.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be sent, send nothing.")] = False,
) -> None:
    """Deliver the Monday review's summary as the team saved it that day, once to each channel."""
    monitor = opened(context, as_of)
    message, outbox = replace(monitor.review().as_saved().message, link=link), monitor.outbox()
    if dry_run:
        typer.echo(json.dumps(outbox.payloads_of(message, deliver), ensure_ascii=False, indent=1).encode())
        return
    leave_delivered(outbox.message(message, deliver))


def _formats(text: str) -> list[str]:
    wanted = [word.strip().lower() for word in text.split(",") if word.strip()]
    unknown = next((word for word in wanted if word not in FORMATS), None)
    if unknown is not None or not wanted:
        raise ConfigError(f"--format {text}: {unknown or 'nothing'!r} is no format; write any of {', '.join(FORMATS)}")
    return wanted
