"""Where rules and rewrites come from: the packages that are installed, and files that the user names. All is code."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Generic, TypeVar, Union

from graphcost.errors import GraphcostError, PluginError
from graphcost.faults import described
from graphcost.ops.rule import RuleSet

if TYPE_CHECKING:
    from graphcost.passes.rewrite import RewriteSet

GROUP = "graphcost.rules"
REWRITES_GROUP = "graphcost.rewrites"
REFERENCES = "graphcost.references"
TF_PROFILER = "tf.profiler"
OWN_PACKAGE = "graphcost"
OWN_ENTRY = "builtin"


S = TypeVar("S", "RuleSet", "RewriteSet")
Asked = Union[str, "os.PathLike[str]", "RewriteSet"]
"""Rewrites: the name of an installed one, the path of a file that defines REWRITES, or a set."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[S]):
    """What a plugin brings: its name in messages, the variable that holds it, its type, and how a file ends."""

    noun: str
    variable: str
    type: type[S]
    example: str


RULES = Kind("rule", "RULES", RuleSet, "RULES = RuleSet(Rule(...), ...)")


def _rewrites() -> Kind[RewriteSet]:
    from graphcost.passes.rewrite import RewriteSet

    return Kind("rewrite", "REWRITES", RewriteSet, "REWRITES = RewriteSet(Rewrite(...), ...)")


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
        overlay = overlay + _load(pack, RULES)
    return _load(builtin, RULES) | overlay


def installed_rewrites(points: Iterable[EntryPoint] | None = None) -> RewriteSet:
    """All installed rewrites: graphcost's own, and those of packs; nobody applies one that isn't asked for.

    Raises PluginError where a pack can't be loaded, and where two rewrites have one name.
    """
    found = entry_points(group=REWRITES_GROUP) if points is None else points
    kind = _rewrites()
    rewrites = kind.type()
    for point in sorted(found, key=lambda point: (not _is_builtin(point), _owner(point))):
        rewrites = rewrites + _load(point, kind)
    return rewrites


def chosen_rewrites(asked: Iterable[Asked], points: Iterable[EntryPoint] | None = None) -> RewriteSet:
    """The rewrites that are asked for, in that order; one that is asked for twice is there once.

    Raises PluginError for what is neither an installed rewrite nor a file, and where two rewrites have one name.
    """
    from graphcost.passes.rewrite import RewriteSet

    chosen = RewriteSet()
    installed: RewriteSet | None = None
    for item in dict.fromkeys(asked):
        if isinstance(item, RewriteSet):
            chosen = chosen + item
            continue
        if installed is None and not isinstance(item, os.PathLike):
            installed = installed_rewrites(points)
        rewrite = installed.get(os.fspath(item)) if installed is not None else None
        if rewrite is not None:
            chosen = chosen + RewriteSet(rewrite)
        elif os.path.exists(item):
            chosen = chosen + rewrites_from_file(item)
        else:
            names = ", ".join(known.name for known in installed or ()) or "none"
            raise PluginError(f"no file and no installed rewrite {os.fspath(item)!r}; installed are {names}")
    return chosen


def reference_rules(name: str = TF_PROFILER) -> RuleSet:
    """The rule set that reproduces another tool's count: an entry point of the group `graphcost.references`.

    Raises PluginError where it isn't installed or can't be loaded.
    """
    points = [point for point in entry_points(group=REFERENCES) if point.name == name]
    if not points:
        raise PluginError(f"the rules of {name} aren't installed: install the package again (pip install graphcost)")
    return _load(min(points, key=_owner), RULES)


def rules_from_file(path: str | os.PathLike[str]) -> RuleSet:
    """The `RULES` of a Python file, which is run for them.

    Raises PluginError where the file can't be read, can't be run, or has no `RULES`.
    """
    return _from_file(path, RULES)


def rewrites_from_file(path: str | os.PathLike[str]) -> RewriteSet:
    """The `REWRITES` of a Python file, which is run for them.

    Raises PluginError where the file can't be read, can't be run, or has no `REWRITES`.
    """
    return _from_file(path, _rewrites())


def _from_file(path: str | os.PathLike[str], kind: Kind[S]) -> S:
    file = Path(path)
    try:
        source = file.read_bytes()
    except OSError as error:
        raise PluginError(f"{file}: can't read the {kind.noun}s: {error.strerror or error}") from error
    module = ModuleType(f"graphcost_user_{kind.noun}s")
    module.__file__ = str(file)
    try:
        exec(compile(source, str(file), "exec"), module.__dict__)
    except KeyboardInterrupt:
        raise
    except GraphcostError as error:
        raise PluginError(f"{file}{_line_of(error, file)}: {error}") from error
    except BaseException as error:
        raise PluginError(f"{file}{_line_of(error, file)}: {described(error)}") from error
    return _checked(getattr(module, kind.variable, None), str(file), kind).owned_by(str(file))


def _load(point: EntryPoint, kind: Kind[S]) -> S:
    owner = _owner(point)
    try:
        loaded = point.load()
    except KeyboardInterrupt:
        raise
    except PluginError as error:
        raise PluginError(f"the {kind.noun} pack {owner}: {error}") from error
    except BaseException as error:
        remedy = f"repair it, or remove it: pip uninstall {owner}"
        raise PluginError(
            f"the {kind.noun} pack {owner} ({point.value}) can't be loaded: {described(error)}; {remedy}"
        ) from error
    return _checked(loaded, f"the {kind.noun} pack {owner} ({point.value})", kind).owned_by(owner)


def _checked(loaded: object, where: str, kind: Kind[S]) -> S:
    if isinstance(loaded, kind.type):
        return loaded
    if loaded is None:
        raise PluginError(f"{where} defines no {kind.variable}: end it with {kind.example}")
    raise PluginError(f"{where}: {kind.variable} is of type {type(loaded).__name__}, not {kind.type.__name__}")


def _is_builtin(point: EntryPoint) -> bool:
    return point.name == OWN_ENTRY and point.dist is not None and point.dist.name == OWN_PACKAGE


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.name


def _line_of(error: BaseException, file: Path) -> str:
    """Where in the file it went wrong, as ":12"; nothing where that isn't known."""
    if isinstance(error, SyntaxError):
        return f":{error.lineno}" if error.lineno else ""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f":{lines[-1]}" if lines else ""
