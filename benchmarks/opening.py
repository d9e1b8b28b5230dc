"""How long a cold kernel waits: imports, the first chart of the practice world, and the same a second time.

    python -m benchmarks.opening [ROUNDS]

Every line is a Python started for it alone, by turns, so that a busy machine is busy for all of them; what is printed
is the quickest and the middle of the rounds. The first chart is made in a new folder that holds ``sample/`` and nothing
else.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
ROUNDS = 5
LIBRARIES = "import pandas, plotly.graph_objects, duckdb"
IMPORTED = "import trendlib"
CHART = """
import sys
import trendlib as tl
monitor = tl.open(sys.argv[1])
monitor.sound(sys.argv[2]).velocity().figure.to_json()
"""
EXPLORED = "import sys, trendlib as tl; tl.explore(tl.open(sys.argv[1]))"
OPENED = "import sys, trendlib as tl; tl.open(sys.argv[1])"
ROOMS = "import trendlib and all that a first chart uses"
USED = f"{CHART}print(*(name for name in sys.modules if name.startswith('trendlib')))"
ANY_SOUND = "import sys, trendlib as tl; print(tl.open(sys.argv[1]).leaderboard().frame['sound_id'].iloc[0])"


def seconds(code: str, *arguments: str) -> float:
    """Run code in a Python of its own."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *arguments], check=True)  # noqa: S603 - this very Python
    return time.perf_counter() - began


def measure(rounds: int, folder: Path) -> dict[str, list[float]]:
    """Measure everything by turns."""
    found: dict[str, list[float]] = {}
    home = _new_home(folder / "known")
    sound = _said(ANY_SOUND, home)
    rooms = "import pandas, plotly.graph_objects, " + ", ".join(_said(USED, home, sound).split())
    for number in range(rounds):
        fresh = str(_new_home(folder / str(number)))
        for name, took in (
            ("pandas, plotly.graph_objects, duckdb", seconds(LIBRARIES)),
            ("import trendlib", seconds(IMPORTED)),
            (ROOMS, seconds(rooms)),
            ("both", seconds(f"{LIBRARIES}; {IMPORTED}")),
            ("first chart, new folder", seconds(CHART, fresh, sound)),
            ("opened again", seconds(OPENED, fresh)),
            ("explorer, opened again", seconds(EXPLORED, fresh)),
            ("first chart, opened again", seconds(CHART, fresh, sound)),
        ):
            found.setdefault(name, []).append(took)
    return found


def _said(code: str, home: Path, *arguments: str) -> str:
    command = [sys.executable, "-c", code, str(home), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - this very Python


def _new_home(home: Path) -> Path:
    shutil.copytree(SAMPLE, home / "sample")
    return home


def main() -> None:
    """Print what was measured."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        found = measure(rounds, Path(folder))
    print(f"{'from starting Python [s]':<50} {'quickest':>9} {'middle':>9}   of {rounds}")
    for name, took in found.items():
        print(f"{name:<50} {min(took):>9.2f} {statistics.median(took):>9.2f}")
    libraries = min(found["pandas, plotly.graph_objects, duckdb"])
    for name in ("import trendlib", ROOMS):
        print(f"{name} ÷ the three libraries: {min(found[name]) / libraries:.2f}")
    print(f"the three libraries and trendlib ÷ the three: {min(found['both']) / libraries:.2f}")


if __name__ == "__main__":
    main()
