"""The house's own contracts: what its files promise each other, and the sizes its rooms keep."""

import ast
import doctest
import importlib
import json
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from enum import EnumType
from pathlib import Path

import pytest
from numpydoc.validate import validate
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import trendlib

ROOT = Path(__file__).parents[1]
HOME = Path.home()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
ROOMS = sorted((ROOT / "trendlib").rglob("*.py"))
FOR_THE_NOTEBOOK = {"anywidget", "ipywidgets", "jupyterlab", "kaleido", "voila"}  # plotly and people import these
IMPORT_NAMES = {"python_pptx": "pptx"}
CONDA_NAMES = {"duckdb": "python-duckdb", "kaleido": "python-kaleido"}


def shipped_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def shipped_text() -> Iterator[tuple[str, str]]:
    for path in shipped_files():
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def dependencies() -> list[Requirement]:
    project = PROJECT["project"]
    extras = (entry for extra in project["optional-dependencies"].values() for entry in extra)
    return [Requirement(entry) for entry in (*project["dependencies"], *extras, *PROJECT["dependency-groups"]["dev"])]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, its docstring left out."""
    first = function.body[0]
    has_docstring = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = function.args
    named = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in named if name not in {"self", "cls"}])


def layers() -> set[str]:
    contract = next(c for c in PROJECT["tool"]["importlinter"]["contracts"] if c["name"].startswith("Floors"))
    return {name.strip(" ()") for layer in contract["layers"] for name in re.split(r"[|:]", layer)}


# Files that promise each other something


def test_conda_users_get_the_same_dependencies() -> None:
    lines = (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines()
    entries = {line.removeprefix("  - ") for line in lines if line.startswith("  - ")}
    ours = {CONDA_NAMES.get(canonicalize_name(one.name), canonicalize_name(one.name)) for one in dependencies()}
    entries |= {line.removeprefix("      - ") for line in lines if line.startswith("      - ")}
    assert entries - {"conda-forge", "pip", "pip:", "-e ."} == ours | {f"python{PROJECT['project']['requires-python']}"}
    assert "      - -e ." in lines


def test_the_lock_holds_every_dependency_with_hashes_and_no_address() -> None:
    pinned = dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", LOCK, flags=re.MULTILINE))
    for one in dependencies():
        assert one.specifier.contains(pinned[canonicalize_name(one.name)]), one
    for entry in re.split(r"\n(?=\S)", LOCK):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
    assert not re.search(r"://|file:|--(?!hash=)", LOCK)


def test_no_lock_that_records_addresses_is_shipped() -> None:
    names = {path.name for path in shipped_files()}
    assert not names & {"uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "package-lock.json", "yarn.lock"}


def test_bounds_are_lower_bounds_and_each_is_justified() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for one in dependencies():
        assert {bound.operator for bound in one.specifier} <= {">="}, one
        assert re.search(rf"^\| `{re.escape(one.name)}` \| \S", contributing, flags=re.MULTILINE), one.name


def test_what_rooms_import_is_declared_and_what_is_declared_is_imported() -> None:
    project = PROJECT["project"]
    extras = [entry for extra in project["optional-dependencies"].values() for entry in extra]
    names = {Requirement(entry).name.replace("-", "_") for entry in (*project["dependencies"], *extras)}
    declared = {IMPORT_NAMES.get(name, name) for name in names}
    imported = {name for room in ROOMS for name in imports(room)} - sys.stdlib_module_names - {"trendlib"}
    assert imported <= declared
    assert declared - imported <= FOR_THE_NOTEBOOK


def test_the_changelog_has_room_for_the_next_change() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_version_stands_in_pyproject_only() -> None:
    version = re.escape(PROJECT["project"]["version"])
    pattern = re.compile(rf"""(?:__version__|version) *= *["']{version}|__version__ *= *["']\d""")
    holders = [name for name, text in shipped_text() if pattern.search(text)]
    assert holders == ["pyproject.toml"]


def test_no_file_names_a_machine_or_a_download() -> None:
    folders = [re.escape(f"{folder}/") for folder in (ROOT, HOME) if folder != folder.parent]
    pattern = re.compile("|".join([*folders, r"/(?:home|Users)/\w", r"/packages/[0-9a-f]{2}/[0-9a-f]{2}/"]))
    found = {name: match[0] for name, text in shipped_text() if (match := pattern.search(text))}
    assert not found


def test_notebooks_are_shipped_without_outputs() -> None:
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")], path.name


# Rooms and their sizes


def test_every_room_stands_on_a_floor() -> None:
    names = [module.name for module in pkgutil.walk_packages(trendlib.__path__, "trendlib.") if not module.ispkg]
    homeless = [name for name in names if not any(f"{name}.".startswith(f"{layer}.") for layer in layers())]
    assert homeless == ["trendlib.__main__"] * ("trendlib.__main__" in names)


def test_rooms_have_at_most_400_lines() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in ROOMS}
    assert {name: count for name, count in lines.items() if count > 400} == {}


def test_functions_have_at_most_50_lines_and_6_parameters() -> None:
    found = [
        f"{path.name}:{function.lineno} {function.name}: {length(function)} lines, {parameters(function)} parameters"
        for path in ROOMS
        for function in functions(path)
        if length(function) > 50 or parameters(function) > 6
    ]
    assert found == []


def test_nothing_catches_every_exception() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in ROOMS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and ast.unparse(node.body[-1]) != "raise"
        and (node.type is None or {"Exception", "BaseException"} & set(re.findall(r"\w+", ast.unparse(node.type))))
    ]
    assert found == []


# The face


def test_the_face_holds_what_it_names() -> None:
    assert sorted(trendlib.__all__) == sorted(set(trendlib.__all__))
    assert [name for name in trendlib.__all__ if not hasattr(trendlib, name)] == []


def called(name: str) -> bool:
    """Tell whether people call it: functions, and classes but for enumerations, which are looked up."""
    thing = getattr(trendlib, name, None)
    return callable(thing) and not isinstance(thing, EnumType)


@pytest.mark.parametrize("name", [name for name in trendlib.__all__ if called(name)])
def test_the_face_documents_every_parameter(name: str) -> None:
    errors = validate(f"trendlib.{name}")["errors"]
    assert [text for code, text in errors if code in {"PR01", "PR02", "PR03", "PR07"}] == []


def test_importing_trendlib_writes_nothing(nobody: Path) -> None:
    subprocess.run([sys.executable, "-B", "-c", "import trendlib"], cwd=nobody, check=True)
    assert list(nobody.iterdir()) == []


@pytest.mark.parametrize("room", [room.name for room in pkgutil.walk_packages(trendlib.__path__, "trendlib.")])
def test_examples_in_docstrings_run(room: str) -> None:
    if not room.endswith("__main__"):
        assert doctest.testmod(importlib.import_module(room)).failed == 0
