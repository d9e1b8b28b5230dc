"""Keeps a practice server running for a terminal: prints where it listens, and ends on Ctrl-C or SIGTERM."""

import signal
import sys
import threading
from collections.abc import Callable

from trendlib.sandbox.server import PracticeServer

_LISTENING_S = 0.5


def serve_forever(server: PracticeServer, *, say: Callable[[str], object] | None = None) -> None:
    """Run a practice server until the process is told to end.

    Parameters
    ----------
    server
        The server, not started yet.
    say
        Where lines go; None for standard output.
    """
    tell = say or _print
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with server:
            for line in greeting(server):
                tell(line)
            while not ended.wait(_LISTENING_S):  # a wait without end would not hear Ctrl-C on Windows
                pass
        tell("practice server stopped")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def greeting(server: PracticeServer) -> list[str]:
    """Say where a server listens and which settings point a client at it."""
    names = {"tiklive": "TIKLIVE", "keyapi": "KEYAPI", "layers": "LAYERS"}
    lines = [f"practice server at {server.url} (practice data, time {server.now:%Y-%m-%d %H:%M} UTC)"]
    for provider, text in server.keys.items():
        lines += [f"export {names[provider]}_BASE_URL={server.url}", f"export {names[provider]}_API_KEY={text}"]
    lines.append(
        f'set its time: POST {server.url}/_sandbox/time with a JSON object like {{"now": "2026-09-20T06:00:00Z"}}'
    )
    return lines


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
