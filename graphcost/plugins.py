"""Where rules come from: the packages that are installed, and files that the user names. All of it is code."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from graphcost.errors import PluginError
from graphcost.ops.rule import RuleSet

GROUP = "graphcost.rules"
REFERENCES = "graphcost.references"
TF_PROFILER = "tf.profiler"
OWN_PACKAGE = "graphcost"
OWN_ENTRY = "builtin"


def installed_rules() -> RuleSet:
    """The built-in rules, overlaid by the installed rule packs: `builtin | (pack1 + pack2 + ...)`.

    Raises PluginError where a pack can't be loaded, and where two packs have a rule for one operation.
    """
    return combine(entry_points(group=GROUP))


def combine(points: Iterable[EntryPoint]) -> RuleSet:
    """The rules of the entry points, as `installed_rules` has them."""
    builtin: EntryPoint | None = None
    packs: list[EntryPoint] = []
    for point in points:
        if _is_builtin(point):
            builtin = point
        else:
            packs.append(point)
    if builtin is None:
        raise PluginError("graphcost's own rules aren't installed: install the package again (pip install graphcost)")
    overlay = RuleSet()
    for pack in sorted(packs, key=_owner):
        overlay = overlay + _load(pack)
    return _load(builtin) | overlay


def reference_rules(name: str = TF_PROFILER) -> RuleSet:
    """The rule set that reproduces another tool's count: an entry point of the group `graphcost.references`.

    Raises PluginError where it isn't installed or can't be loaded.
    """
    points = [point for point in entry_points(group=REFERENCES) if point.name == name]
    if not points:
        raise PluginError(f"the rules of {name} aren't installed: install the package again (pip install graphcost)")
    return _load(min(points, key=_owner))


def rules_from_file(path: str | os.PathLike[str]) -> RuleSet:
    """The `RULES` of a Python file, which is run for them.

    Raises PluginError where the file can't be read, can't be run, or has no `RULES`.
    """
    file = Path(path)
    try:
        source = file.read_bytes()
    except OSError as error:
        raise PluginError(f"{file}: can't read the rules: {error.strerror or error}") from error
    module = ModuleType("graphcost_user_rules")
    module.__file__ = str(file)
    try:
        exec(compile(source, str(file), "exec"), module.__dict__)
    except PluginError as error:
        raise PluginError(f"{file}: {error}") from error
    except (Exception, SystemExit) as error:
        raise PluginError(f"{file}{_line_of(error, file)}: {_describe(error)}") from error
    return _checked(getattr(module, "RULES", None), str(file)).owned_by(str(file))


def _load(point: EntryPoint) -> RuleSet:
    owner = _owner(point)
    try:
        rules = point.load()
    except PluginError as error:
        raise PluginError(f"the rule pack {owner}: {error}") from error
    except (Exception, SystemExit) as error:
        remedy = f"repair it, or remove it: pip uninstall {owner}"
        raise PluginError(
            f"the rule pack {owner} ({point.value}) can't be loaded: {_describe(error)}; {remedy}"
        ) from error
    return _checked(rules, f"the rule pack {owner} ({point.value})").owned_by(owner)


def _checked(rules: object, where: str) -> RuleSet:
    if isinstance(rules, RuleSet):
        return rules
    if rules is None:
        raise PluginError(f"{where} defines no RULES: end it with RULES = RuleSet(Rule(...), ...)")
    raise PluginError(f"{where}: RULES is of type {type(rules).__name__}, not RuleSet")


def _is_builtin(point: EntryPoint) -> bool:
    return point.name == OWN_ENTRY and point.dist is not None and point.dist.name == OWN_PACKAGE


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.name


def _describe(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _line_of(error: BaseException, file: Path) -> str:
    """Where in the file it went wrong, as ":12"; nothing where that isn't known."""
    if isinstance(error, SyntaxError):
        return f":{error.lineno}" if error.lineno else ""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f":{lines[-1]}" if lines else ""
