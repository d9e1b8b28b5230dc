"""`make lab` and `make app` open their doors to this machine only, and to who has the token."""

import shutil
import socket
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from chaos.conftest import Promise
from doors import STARTUP_S, opened


def status_of(url: str) -> int:
    """Ask for a page, and follow no way elsewhere."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    try:
        with urllib.request.build_opener(Stay).open(url, timeout=STARTUP_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.skipif(
    not (shutil.which("make") and Path("/proc/net/tcp").exists()), reason="needs make, and Linux to tell who listens"
)
@pytest.mark.parametrize(("target", "inside"), [("lab", "/api/contents"), ("app", "/")])
def test_a_door_opens_to_this_machine_and_to_the_token_only(
    target: str, inside: str, tmp_path: Path, promise: Promise
) -> None:
    pytest.importorskip("voila" if target == "app" else "jupyterlab")
    with opened(target, tmp_path) as address:
        parts = urlsplit(address)
        door = f"http://127.0.0.1:{parts.port}"
        without, wrong = status_of(door + inside), status_of(f"{door}{inside}?token=0123456789abcdef")
        within = status_of(f"{door}{inside}?{parts.query}")
        listening = listeners_on(parts.port or 0)
    assert len(parts.query.removeprefix("token=")) >= 32
    assert (without in {302, 401, 403}, wrong in {302, 401, 403}, within) == (True, True, 200)
    assert listening
    assert listening <= {"127.0.0.1", "::1"}
    promise(
        f"`make {target}` listens on this machine, and asks for a token",
        f"{', '.join(sorted(listening))}: without it HTTP {without}, with a wrong one {wrong}, with it {within}",
    )


def listeners_on(port: int) -> set[str]:
    """Give the addresses of this machine at which a port is listened on."""
    found = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        rows = [line.split() for line in Path("/proc/net", table).read_text().splitlines()[1:]]
        ours = [row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port]
        # each word of four bytes stands in the order of this machine
        words = [b"".join(bytes.fromhex(one[at : at + 8])[::-1] for at in range(0, len(one), 8)) for one in ours]
        found |= {socket.inet_ntop(family, word) for word in words}
    return found
