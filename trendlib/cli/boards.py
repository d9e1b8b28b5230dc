"""Commands that read the store: leaderboard, alerts, ledger, backtest, why."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from trendlib.boards.sound import MAX_USES
from trendlib.cli.terminal import (
    AsFormat,
    AsOf,
    Format,
    Purpose,
    app,
    leave_delivered,
    moment,
    opened,
    printed,
    screen,
    stages,
)
from trendlib.errors import ConfigError

TOP = 20
DELIVER = "Deliver what was recorded, once to each of slack,notion,csv,json,parquet; alone, to those that are set up."


@app.command(rich_help_panel=Purpose.LOOK)
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
    monitor = opened(context, as_of)
    board = monitor.leaderboard(max_uses=limit, top=top or (None if show_all else TOP), include_unrankable=show_all)
    printed(board, format_)


@app.command(rich_help_panel=Purpose.TELL)
def alerts(
    context: typer.Context,
    as_of: AsOf = None,
    format_: AsFormat = Format.TABLE,
    record: Annotated[bool, typer.Option("--record", help="Keep what the rules say, as a sweep does.")] = False,
    deliver: Annotated[str | None, typer.Option(help=DELIVER)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --deliver: print what would be sent.")] = False,
) -> None:
    """List the sounds that a rule has flagged, or deliver what was recorded."""
    if dry_run and deliver is None:
        raise ConfigError("--dry-run shows what would be delivered; write `trendlib alerts --deliver slack --dry-run`")
    monitor = opened(context, as_of)
    if record:
        kept = monitor.record_alerts()
        screen.print(
            f"Nothing to keep: {kept.reason}." if kept.reason else f"{kept.new} new alerts, {kept.still} still on."
        )
    if deliver is not None and dry_run:
        _tell(monitor.outbox().payloads(deliver))
    elif deliver is not None:
        leave_delivered(monitor.outbox().alerts(deliver))
    else:
        printed(monitor.alerts(), format_)


def _tell(payloads: Sequence[Mapping[str, Any]]) -> None:
    """Print what would be sent as JSON, and what would be written as it would stand in the file."""
    files = [one for one in payloads if "file" in one]
    if len(files) < len(payloads) or not payloads:
        typer.echo(json.dumps([one for one in payloads if one not in files], ensure_ascii=False, indent=1).encode())
    for one in files:
        screen.print(f"Would be written to {one['file']}:")
        typer.echo(one["payload"].rstrip("\n"))


@app.command(rich_help_panel=Purpose.TELL)
def resend(
    context: typer.Context,
    alert_ids: Annotated[
        list[str], typer.Argument(help="Alerts that did not arrive, as `trendlib ledger` lists them.")
    ],
    channel: Annotated[str, typer.Option(help="slack, notion, or both with a comma between.")] = "slack",
) -> None:
    """Deliver alerts once more that were taken for arrived, and were not."""
    outbox = opened(context).outbox()
    outbox.again(alert_ids, channel)
    leave_delivered(outbox.alerts(channel, only=alert_ids))


@app.command(rich_help_panel=Purpose.TELL)
def ledger(context: typer.Context, as_of: AsOf = None, format_: AsFormat = Format.TABLE) -> None:
    """Tell what became of every recorded alert, beside sounds that no rule flagged."""
    monitor = opened(context, as_of)
    printed(monitor.ledger(), format_)
    rates = monitor.hit_rates()
    if format_ is Format.TABLE and rates.frame["n"].any():
        printed(rates, format_)


@app.command(rich_help_panel=Purpose.TELL)
def backtest(
    context: typer.Context,
    start: Annotated[str, typer.Option(help="First instant, like 2026-09-01T07:00:00Z.")],
    end: Annotated[str, typer.Option(help="Last instant; the rules are asked once a day between.")],
    rule: Annotated[str | None, typer.Option(help="Only this rule.")] = None,
    format_: AsFormat = Format.TABLE,
) -> None:
    """Ask the rules as of each day of a span, on what was known that day, and tell what became of it."""
    monitor = opened(context)
    first, last = moment(start, "--start"), moment(end, "--end")
    with stages() as on_progress:
        exhibit = monitor.backtest(first, last, rule=rule, on_progress=on_progress)
    printed(exhibit, format_)


@app.command(rich_help_panel=Purpose.LOOK)
def why(
    context: typer.Context,
    sound: Annotated[str, typer.Argument(help="Sound id, TikTok address, or part of the title.")],
    as_of: AsOf = None,
    format_: AsFormat = Format.TABLE,
) -> None:
    """Say which rule keeps a sound off the list, by how much, and what would change it."""
    printed(opened(context, as_of).sound(sound).why(), format_)


def _max_uses(text: str) -> int | None:
    if text.lower() == "none":
        return None
    if not text.isascii() or not text.isdigit():
        raise ConfigError(f"--max-uses {text} is no number of uses; write a whole number, or none")
    return int(text)
