"""The symbols of one propagation: names for open sizes, and what had to be equal for the graph to be legal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from graphcost.budget import MAX_RANK, affords_terms, shortened
from graphcost.dims import Dim, Expr, Shape, Symbol, bind, floor_div, format_dim, is_at_least, product, symbol
from graphcost.errors import RuleError
from graphcost.ir.node import TensorRef

CHANGING = "value("
"""How symbols begin that stand for a variable of a loop: no size, and not the same in each iteration."""

BATCH = "N"
"""The one symbol that stands for the leading open size of every input that has a batch."""


@dataclass(frozen=True, slots=True)
class Equality:
    """Two sizes that met at `node` and were taken to be equal; with `or_one`, `left` may also be 1."""

    left: Dim
    right: Dim
    node: str
    or_one: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """A size that must be at least so much for a node to be legal, such as the number of windows that fit in an axis.

    `reason` says what is wrong where it is less.
    """

    size: Dim
    least: int
    reason: str


class Sizes:
    """Names open sizes and keeps the equalities. One instance lives as long as one propagation.

    `inputs` maps each input of the graph to the name that its symbols carry; `path` is put before the names of
    nodes, so that the nodes of a function body differ from the caller's. The leading axis of the
    `unbatched` inputs is no batch.
    """

    def __init__(
        self, inputs: Mapping[TensorRef, str] | None = None, path: str = "", unbatched: Collection[TensorRef] = ()
    ) -> None:
        self._inputs = {ref: shortened(name) for ref, name in (inputs or {}).items()}
        self._unbatched = frozenset(unbatched)
        self._path = path
        self._replaced = _Standing()
        self._equalities: dict[Equality, None] = {}

    def within(self, path: str) -> Sizes:
        """The same symbols and equalities, seen from a body that is called at `path`."""
        inner = Sizes(path=f"{path}/")
        inner._replaced, inner._equalities = self._replaced, self._equalities
        return inner

    def fork(self) -> Sizes:
        """A copy that can learn without telling, for what doesn't run when the outputs are computed."""
        copy = Sizes(self._inputs, self._path, self._unbatched)
        copy._replaced, copy._equalities = _Standing(self._replaced), dict(self._equalities)
        return copy

    @property
    def replaced(self) -> Mapping[str, Dim]:
        """For each symbol that another size stands for, that size."""
        return {name: self.resolve(dim) for name, dim in [*self._replaced.items()]}

    @property
    def equalities(self) -> tuple[Equality, ...]:
        """The equalities that no replacement could express; every binding is checked against them."""
        return tuple(self._equalities)

    def open(self, ref: TensorRef, axis: int, least: int = 1) -> Dim:
        """The symbol for the size of `axis` of a tensor that only running the graph could tell; 0 is such a size only
        where `least` says so.

        RuleError where no tensor has so many axes.
        """
        if axis >= MAX_RANK:
            raise RuleError(f"a tensor has {MAX_RANK} axes at the most")
        name = self._inputs.get(ref)
        if name is None:
            return self.resolve(symbol(f"size({shortened(self._path + ref.node)}:{ref.port},{axis})", least))
        return self.resolve(symbol(BATCH if axis == 0 and ref not in self._unbatched else f"{name}[{axis}]"))

    def simple(self, size: Dim, ref: TensorRef, axis: int) -> Dim:
        """The size of `axis` of a tensor; in place of a long formula its symbol."""
        return size if isinstance(size, int) or affords_terms(size.weight) else self.open(ref, axis)

    def elements(self, ref: TensorRef) -> Dim:
        """The symbol for the number of elements of a tensor of unknown rank; none where a size may be 0."""
        return symbol(f"elements({shortened(self._path + ref.node)}:{ref.port})", least=0)

    def count(self, what: str, node: str) -> Dim:
        """The symbol for an amount of work that depends on data."""
        return symbol(f"{what}({shortened(self._path + node)})", least=0)

    def open_shape(self, ref: TensorRef, rank: int) -> Shape:
        return Shape(*(self.open(ref, axis) for axis in range(rank)))

    def folded(self, ref: TensorRef, first: int, last: int) -> Shape:
        """A tensor of unknown rank with all but its `first` and `last` axes as one; the last are -2 and -1, say."""
        before = [self.open(ref, axis) for axis in range(first)]
        after = [self.open(ref, axis) for axis in range(-last, 0)]
        return Shape(*before, floor_div(self.elements(ref), product([*before, *after])), *after)

    def resolve(self, dim: Dim) -> Dim:
        """The dim with every replaced symbol replaced."""
        if isinstance(dim, int) or not self._replaced:
            return dim
        found: Dim = dim
        while isinstance(found, Expr):
            standing = bind(found, self._replaced)
            if standing is found:
                break
            found = standing
        name = None if found is dim else _lone_symbol(dim)
        if name is not None:
            self._replaced[name] = found
        return found

    def resolve_shape(self, shape: Shape) -> Shape:
        if not self._replaced or shape.is_static:
            return shape
        return Shape(*(self.resolve(dim) for dim in shape))

    def equate(self, a: Dim, b: Dim, node: str) -> Dim:
        """The size that stands for both. Raises RuleError where they can't be equal: `2*N + 1` is 7 where N is 3, but
        never 6, nor 0.
        """
        a, b = self.resolve(a), self.resolve(b)
        if a == b:
            return a
        if isinstance(a, int) and isinstance(b, int):
            raise RuleError(f"{node}: sizes {a} and {b} must be equal")
        kept, other = sorted((a, b), key=_preference)
        name = _replaceable(other, kept)
        if name is None:
            solution = _solution(other, kept) if isinstance(kept, int) else None
            if solution is None:
                self._equalities[Equality(other, kept, node)] = None
                return kept
            name, number = solution
            if number is None:
                raise RuleError(f"{node}: sizes {format_dim(other)} and {kept} must be equal")
            self._replaced[name] = number
            return kept
        self._replaced[name] = kept
        return kept

    def broadcast(self, a: Dim, b: Dim, node: str) -> Dim:
        """The size of an axis along which a and b are broadcast. Raises RuleError where they can't be.

        An open size against a number other than 1 may be that number or 1, and the result is the number.
        """
        a, b = self.resolve(a), self.resolve(b)
        if a == 1 or a == b:
            return b
        if b == 1:
            return a
        if isinstance(a, int) != isinstance(b, int):
            number, open_size = (a, b) if isinstance(a, int) else (b, a)
            if isinstance(number, int) and is_at_least(open_size, max(number, 1) + 1):
                raise RuleError(f"{node}: size {format_dim(open_size)} can't be broadcast to {number}")
            self._equalities[Equality(open_size, number, node, or_one=True)] = None
            return number
        return self.equate(a, b, node)

    def broadcast_shapes(self, shapes: Iterable[Shape], node: str) -> Shape:
        """Numpy's broadcasting: axes are aligned at the end."""
        result: list[Dim] = []
        for shape in shapes:
            longer, shorter = (result, list(shape)) if len(result) >= len(shape) else (list(shape), result)
            offset = len(longer) - len(shorter)
            aligned = [self.broadcast(longer[offset + i], dim, node) for i, dim in enumerate(shorter)]
            result = longer[:offset] + aligned
        return Shape(*result)


class _Standing(dict[str, Dim]):
    """What stands for each replaced symbol. Where that is a lone symbol that is replaced too, what stands for that.

    So a chain of n replacements costs n steps, in whatever order they were found, and not n for each.
    """

    def get(self, name: str, default: Dim | None = None) -> Dim | None:  # type: ignore[override]
        passed: list[str] = []
        standing = super().get(name, default)
        while isinstance(standing, Expr):
            last = _lone_symbol(standing)
            following = None if last is None else super().get(last)
            if following is None:
                break
            passed.append(name)
            name, standing = last or name, following
        self.update(dict.fromkeys(passed, standing) if standing is not None else {})
        return standing


def _preference(dim: Dim) -> tuple[int, int, str]:
    """Numbers stand for symbols, the batch for other inputs, inputs for data-dependent sizes, simple for deep."""
    text = format_dim(dim)
    if isinstance(dim, int):
        return 0, 0, text
    name = _lone_symbol(dim)
    if name is None:
        return 2, dim.depth, text
    if name == BATCH:
        return 1, 0, text
    return (3 if name.startswith("size(") else 1), 1, text


def _replaceable(dim: Dim, by: Dim) -> str | None:
    """The name of the lone symbol that `dim` is, where replacing it by `by` isn't circular."""
    name = _lone_symbol(dim)
    if name is None or bind(by, {name: 1}) != by:
        return None
    return name


def _solution(dim: Dim, number: int) -> tuple[str, int | None] | None:
    """What a symbol must be for `a * symbol + b` to be the number, None where no size is; None for other formulas."""
    if not isinstance(dim, Expr):
        return None
    variable = {monomial: coefficient for monomial, coefficient in dim.terms.items() if monomial}
    if len(variable) != 1:
        return None
    ((monomial, coefficient),) = variable.items()
    ((atom, power),) = monomial if len(monomial) == 1 else ((None, 0),)
    if not isinstance(atom, Symbol) or power != 1 or atom.least is None or atom.name.startswith(CHANGING):
        return None
    quotient, rest = divmod(number - dim.terms.get((), 0), coefficient)
    return atom.name, quotient if not rest and quotient >= 0 else None


def _lone_symbol(dim: Dim) -> str | None:
    if not isinstance(dim, Expr) or len(dim.terms) != 1:
        return None
    ((monomial, coefficient),) = dim.terms.items()
    if coefficient != 1 or len(monomial) != 1 or monomial[0][1] != 1:
        return None
    atom = monomial[0][0]
    return atom.name if isinstance(atom, Symbol) else None
