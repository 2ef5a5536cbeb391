"""Small faults that can be planted into a module: each changes one place of its text.

Comparisons flip, constants are off by one, `and` is `or`, operators are others, a `not` or a keyword is missing, None
is returned, the least is the greatest, a table has an entry less. Docstrings, annotations, decorators, imports,
assertions, `__all__` and texts stay as they are.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
FUNCTIONS = {
    "min": "max",
    "max": "min",
    "dim_min": "dim_max",
    "dim_max": "dim_min",
    "any": "all",
    "all": "any",
    "ceil_div": "floor_div",
    "floor_div": "ceil_div",
}
NEUTRAL_KEYWORDS = frozenset({"strict", "encoding", "help", "metavar"})
"""Keywords that change nothing where the code is right and the machine's encoding UTF-8, and those that are texts."""


@dataclass(frozen=True)
class Mutant:
    """One fault: what replaces the bytes `begin` to `end` of a module. `function` is the qualified name of the function
    that holds it; None where it's told when the module is imported.
    """

    module: str
    line: int
    function: str | None
    what: str
    begin: int
    end: int
    text: str

    def applied(self, source: bytes) -> bytes:
        return source[: self.begin] + self.text.encode() + source[self.end :]


def mutants_of(root: Path, module: str) -> list[Mutant]:
    """All faults for one module, in the order of its lines; `module` is a path below `root`."""
    source = (root / module).read_bytes()
    finder = _Finder(module, source)
    finder.visit(ast.parse(source))
    return sorted(finder.found, key=lambda each: (each.begin, each.end, each.text))


def sampled(root: Path, modules: Iterable[str], size: int, seed: int) -> list[Mutant]:
    """So many of the faults of these modules, drawn with a seed, that still are Python; in the order of the tree."""
    every = [mutant for module in sorted(modules) for mutant in mutants_of(root, module)]
    drawn = random.Random(seed).sample(every, len(every))
    valid = (mutant for mutant in drawn if is_python(mutant.applied((root / mutant.module).read_bytes())))
    return sorted(islice(valid, size), key=lambda each: (each.module, each.begin, each.end, each.text))


def is_python(source: bytes) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


class _Finder(ast.NodeVisitor):
    """Collects the faults of a module, and knows in which function it is."""

    def __init__(self, module: str, source: bytes) -> None:
        self._module = module
        self._source = source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._names: list[str] = []
        self._in_function = False
        self.found: list[Mutant] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        defaults = [*node.args.defaults, *(each for each in node.args.kw_defaults if each is not None)]
        self._within(node.name, True, [*defaults, *node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._within(node.name, False, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._within("<lambda>", True, [node.body])

    def _within(self, name: str, is_function: bool, body: Sequence[ast.AST]) -> None:
        before, in_function = list(self._names), self._in_function
        self._names += ["<locals>", name] if in_function else [name]
        self._in_function = is_function
        for each in body:
            self.visit(each)
        self._names, self._in_function = before, in_function

    def visit_Assign(self, node: ast.Assign) -> None:
        if not any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets):
            self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Assert(self, node: ast.Assert) -> None:
        """An assertion tells a type checker what the code knows."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Texts are for people; and Python 3.11 doesn't say where in them its expressions stand."""

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if self._names or not isinstance(node.value, ast.Name) or node.value.id not in ("tuple", "dict", "Callable"):
            self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        if len(node.ops) == 1:
            for other in COMPARISONS[type(node.ops[0])]:
                turned = ast.Compare(node.left, [other()], node.comparators)
                self._rewrite(node, turned, f"{_sign(node.ops[0])} is {_sign(other())}")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other, what = (ast.Or(), "and is or") if isinstance(node.op, ast.And) else (ast.And(), "or is and")
        self._rewrite(node, ast.BoolOp(other, node.values), what)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if (other := OPERATORS.get(type(node.op))) is not None and not self._is_text(node):
            self._rewrite(node, ast.BinOp(node.left, other(), node.right), f"{_sign(node.op)} is {_sign(other())}")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if (other := OPERATORS.get(type(node.op))) is not None:
            changed = ast.AugAssign(node.target, other(), node.value)
            self._rewrite(node, changed, f"{_sign(node.op)}= is {_sign(other())}=")
        self.visit(node.value)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._rewrite(node, node.operand, "not is gone")
        elif isinstance(node.op, ast.USub):
            self._rewrite(node, node.operand, "minus is gone")
        self.visit(node.operand)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._rewrite(node, ast.Constant(not node.value), f"{node.value} is {not node.value}")
        elif isinstance(node.value, int | float):
            self._rewrite(node, ast.Constant(node.value + 1), f"{node.value} is {node.value + 1}")

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            if not _is_none_or_false(node.value):
                self._rewrite(node.value, ast.Constant(None), "returns None")
            self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._condition(test)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and (other := FUNCTIONS.get(node.func.id)) is not None:
            self._rewrite(node.func, ast.Name(other), f"{node.func.id} is {other}")
        for keyword in node.keywords:
            if keyword.arg is not None and keyword.arg not in NEUTRAL_KEYWORDS:
                others = [each for each in node.keywords if each is not keyword]
                self._rewrite(node, ast.Call(node.func, node.args, others), f"{keyword.arg}= is gone")
        if isinstance(node.func, ast.Name) and node.func.id == "frozenset" and node.args:
            self._rewrite(node, ast.Call(node.func, [], []), "the set is empty")
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for position, key in enumerate(node.keys):
            if key is not None:
                keys = node.keys[:position] + node.keys[position + 1 :]
                values = node.values[:position] + node.values[position + 1 :]
                self._rewrite(node, ast.Dict(keys, values), f"{_short(key)} is gone", line=key.lineno)
        self.generic_visit(node)

    def _condition(self, test: ast.expr) -> None:
        """A condition that nothing else turns round."""
        if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant | ast.NamedExpr):
            self._rewrite(test, ast.UnaryOp(ast.Not(), test), "the condition is negated")

    def _is_text(self, node: ast.BinOp) -> bool:
        """Whether a message is put together."""
        parts = [part.value if isinstance(part, ast.Constant) else part for part in (node.left, node.right)]
        return any(isinstance(part, ast.JoinedStr | str) for part in parts)

    def _rewrite(self, old: ast.expr | ast.stmt, new: ast.AST, what: str, *, line: int | None = None) -> None:
        text = ast.unparse(ast.fix_missing_locations(new))
        is_bare = isinstance(old, ast.stmt) or isinstance(new, ast.Name | ast.Constant | ast.Dict | ast.Call)
        self.found.append(Mutant(
            self._module,
            line or old.lineno,
            ".".join(self._names) if self._in_function else None,
            what,
            self._starts[old.lineno - 1] + old.col_offset,
            self._starts[(old.end_lineno or old.lineno) - 1] + (old.end_col_offset or 0),
            text if is_bare else f"({text})",
        ))  # fmt: skip


def _sign(operator: ast.cmpop | ast.operator) -> str:
    """An operator as Python writes it."""
    a, b = ast.Name("a"), ast.Name("b")
    both = ast.Compare(a, [operator], [b]) if isinstance(operator, ast.cmpop) else ast.BinOp(a, operator, b)
    return ast.unparse(both)[2:-2]


def _is_none_or_false(node: ast.expr) -> bool:
    """Whether callers that ask for its truth can't tell a value from None."""
    return isinstance(node, ast.Constant) and (node.value is None or node.value is False)


def _short(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 30 else text[:27] + "..."
