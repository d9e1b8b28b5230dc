"""The rules this team goes by: those of `trendlib.metrics.rules`, with thresholds set otherwise in ``rules.toml``.

A table a rule, a line a threshold::

    [breakout]
    watch_evidence = 6

A rule that was changed says so in its version: ``3+1a2b3c``, where the letters stand for what was changed. So
every alert shows which thresholds spoke, and two teams' alerts are never mixed up.
"""

import hashlib
import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from trendlib.errors import ConfigError
from trendlib.metrics import RULES, Rule

Rules = Mapping[str, Rule]


def read_rules(path: Path) -> Rules:
    """Read the thresholds that were set, and give all rules with them.

    Parameters
    ----------
    path
        The file; where there is none, the rules stand as they are.

    Returns
    -------
        Every rule by its name.

    Raises
    ------
    ConfigError
        If the file is no TOML, or names a rule or a threshold that does not exist, or a threshold is no number.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return RULES
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    changed = {name: _changed(path, name, table) for name, table in tables.items()}
    return MappingProxyType({**RULES, **changed})


def _changed(path: Path, name: str, table: Any) -> Rule:
    if name not in RULES:
        raise ConfigError(f"{path}: {name!r} is no rule{_hint(name, RULES)}")
    rule = RULES[name]
    if not isinstance(table, Mapping):
        raise ConfigError(f"{path}: {name} must be a table of thresholds; write [{name}] and below it a line each")
    for threshold, value in table.items():
        if threshold not in rule.thresholds:
            raise ConfigError(f"{path}: [{name}] has no threshold {threshold!r}{_hint(threshold, rule.thresholds)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ConfigError(f"{path}: [{name}] {threshold} = {value!r} is no number")
    others = {key: float(value) for key, value in table.items() if value != rule[key]}
    if not others:
        return rule
    mark = hashlib.blake2b(json.dumps(others, sort_keys=True).encode(), digest_size=3).hexdigest()
    return rule.changed(f"{rule.version}+{mark}", **others)


def _hint(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(names)}"
