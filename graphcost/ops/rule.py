"""Rules, and sets of rules that add up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple, Union

from graphcost.dims import Shape
from graphcost.errors import PluginError
from graphcost.faults import shown
from graphcost.ir.literal import Value
from graphcost.ops.cost import Cost, Free
from graphcost.ops.fact import Fact
from graphcost.ops.op import Op
from graphcost.ops.roles import Role

ShapeRule = Callable[[Op], Sequence[Union[Shape, None]]]
CostRule = Callable[[Op], Cost]
ValueRule = Callable[[Op], Sequence[Union[Value, None]]]
ElementRule = Callable[[Op], Sequence[Union[Fact, None]]]


class Override(NamedTuple):
    """What a rule replaced of one that it was laid over: that one's owner, and which of its fields."""

    owner: str
    aspects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known of one operation.

    shape: the shape of each output. Absent: only the file can tell.
    cost: the work of one run, or Free with a reason. Absent: the operation has no rule, and says so.
    value: the value of each output, for shape arithmetic (Shape -> StridedSlice -> Pack -> Reshape).
    element: what each output holds, where it is a handle of a variable, list, array or stack.
    real: the cost is given in real floating operations, whatever its operands are (an FFT's is); otherwise the
        engine files it by their dtype, and multiplies out what is complex.
    opaque: why the kernel's work depends on data, so that its cost has a symbol; without a cost, why there is none.
    role: what the operation is there for, such as Role.VARIABLE. Absent: no role; laid over another rule, that rule's.
    family: the operations that it is listed with: the module's name, for rules that are imported when needed.
    owner: the package or file that the rule comes from, for error messages.
    overrides: what it replaced of the rules that it was laid over.
    """

    op: str
    shape: ShapeRule | None = None
    cost: CostRule | Free | None = None
    value: ValueRule | None = None
    element: ElementRule | None = None
    real: bool = False
    opaque: str | None = None
    role: Role | None = None
    family: str = ""
    owner: str = ""
    overrides: tuple[Override, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        """Raises PluginError where a field isn't what it has to be."""
        if not isinstance(self.op, str):
            raise PluginError(f"a Rule is for an operation's name, not {shown(self.op)}")
        for aspect in ("shape", "value", "element"):
            function = getattr(self, aspect)
            if function is not None and not callable(function):
                raise PluginError(f"the {aspect} of {self.op} is a function of an Op, not {shown(function)}")
        if not (self.cost is None or isinstance(self.cost, Free) or callable(self.cost)):
            raise PluginError(f"the cost of {self.op} is a function of an Op, or FREE, not {shown(self.cost)}")
        if not (self.opaque is None or isinstance(self.opaque, str)):
            raise PluginError(f"{self.op} is opaque for a reason in words, not {shown(self.opaque)}")
        if not (self.role is None or isinstance(self.role, Role)):
            raise PluginError(f"the role of {self.op} is a Role, not {shown(self.role)}")


ASPECTS = ("shape", "cost", "value", "element", "role")
"""What a rule says, field by field."""

NO_ROLES: Mapping[str, Role] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that are loaded when one of their operations is first asked for.

    `roles` are those of the operations that have one: to ask for a role no rule is loaded. A family that lists no
    operations is loaded when one is asked for that nobody lists.
    """

    name: str
    ops: tuple[str, ...]
    load: Callable[[], RuleSet]
    owner: str = ""
    roles: Mapping[str, Role] = field(default_factory=lambda: NO_ROLES)


class RuleSet:
    """Rules by operation. `a + b` refuses two rules for one op; `a | b` lets b win, field by field."""

    __slots__ = ("_ops_in", "_pending", "_rules")

    def __init__(self, *rules: Rule) -> None:
        self._rules: dict[str, Rule] = {}
        self._pending: dict[str, Family] = {}
        self._ops_in: dict[Role, frozenset[str]] = {}
        for rule in rules:
            if not isinstance(rule, Rule):
                raise PluginError(f"a RuleSet takes Rules, not {shown(rule)}")
            self._add(rule)

    @classmethod
    def of_families(cls, families: Iterable[Family]) -> RuleSet:
        """The rules of families that aren't loaded yet; of two that list one op the later one has it."""
        rules = cls()
        rules._pending = {key: family for family in families for key in _keys(family)}
        return rules

    def get(self, op: str) -> Rule | None:
        """The rule of `op`. An op that no family lists is looked for in all of them: a list may be out of date."""
        rule = self._listed(op)
        if rule is None and self._pending:
            self._load_all()
            rule = self._rules.get(op)
        return rule

    def role(self, op: str) -> Role:
        """What an operation is there for. Loads no rule: until a family is loaded, its list tells."""
        if op in self._rules:
            return self._rules[op].role or Role.NONE
        return self._pending[op].roles.get(op, Role.NONE) if op in self._pending else Role.NONE

    def ops_in(self, role: Role) -> frozenset[str]:
        """The operations in this role; of several roles, in any of them."""
        if not self._ops_in:
            self._ops_in = self._by_role()
        if role not in self._ops_in:
            parts = [self.ops_in(each) for each in role]
            self._ops_in[role] = frozenset().union(*parts)
        return self._ops_in[role]

    def with_role(self, role: Role) -> RuleSet:
        """The same rules, all of which have this role too."""
        return RuleSet(*(replace(rule, role=(rule.role or Role.NONE) | role) for rule in self))

    def with_roles(self, roles: Mapping[Role, Iterable[str]]) -> RuleSet:
        """The same rules, where each role is had by these operations too. Raises PluginError where one has no rule."""
        given: dict[str, Role] = {}
        for role, ops in roles.items():
            for op in ops:
                given[op] = given.get(op, self.role(op)) | role
        missing = [op for op in given if op not in self]
        if missing:
            raise PluginError(f"roles for operations that have no rule: {', '.join(missing)}")
        return RuleSet(*(replace(rule, role=given.get(rule.op, rule.role)) for rule in self))

    def __contains__(self, op: object) -> bool:
        return isinstance(op, str) and self.get(op) is not None

    def __iter__(self) -> Iterator[Rule]:
        self._load_all()
        return iter(self._rules.values())

    def __len__(self) -> int:
        self._load_all()
        return len(self._rules)

    def __add__(self, other: RuleSet) -> RuleSet:
        """Both sets. Raises PluginError where both have a rule for one op, naming both owners."""
        both = RuleSet()
        both._rules, both._pending = dict(self._rules), dict(self._pending)
        for rule in other:
            both._add(rule)
        return both

    def __or__(self, other: RuleSet) -> RuleSet:
        """Both sets; where both have a rule for one op, each field that `other` gives replaces this one's."""
        merged = RuleSet()
        merged._rules, merged._pending = dict(self._rules), dict(self._pending)
        for rule in other:
            below = merged._listed(rule.op)
            merged._rules[rule.op] = rule if below is None else _overlay(below, rule)
        return merged

    def owned_by(self, owner: str) -> RuleSet:
        """The same rules; those without an owner get this one."""
        owned = RuleSet(*(rule if rule.owner else replace(rule, owner=owner) for rule in self._rules.values()))
        pending = {id(family): family for family in self._pending.values()}
        families = {key: replace(family, owner=family.owner or owner) for key, family in pending.items()}
        owned._pending = {op: families[id(family)] for op, family in self._pending.items()}
        return owned

    def _by_role(self) -> dict[Role, frozenset[str]]:
        """The operations in each single role."""
        together: dict[Role, list[str]] = {}
        for op in (*self._rules, *self._pending):
            together.setdefault(self.role(op), []).append(op)
        return {each: frozenset(op for role, ops in together.items() if each in role for op in ops) for each in Role}

    def _listed(self, op: str) -> Rule | None:
        if op in self._pending:
            self._load(self._pending[op])
        return self._rules.get(op)

    def _load_all(self) -> None:
        while self._pending:
            self._load(next(iter(self._pending.values())))

    def _load(self, family: Family) -> None:
        """Brings the family's rules, but those that another family or an overlay already answers for."""
        for rule in family.load():
            if rule.op not in self._rules and self._pending.get(rule.op, family) is family:
                self._rules[rule.op] = replace(rule, family=family.name, owner=rule.owner or family.owner)
        for key in _keys(family):
            if self._pending.get(key) is family:
                del self._pending[key]

    def _add(self, rule: Rule) -> None:
        other = self._listed(rule.op)
        if other is not None:
            owners = f"{other.owner or 'an unnamed set'} and {rule.owner or 'an unnamed set'}"
            raise PluginError(f"two rules for {rule.op}: from {owners}; use `|` to let one override the other")
        self._rules[rule.op] = rule


def _keys(family: Family) -> tuple[str, ...]:
    """Under what a family waits to be loaded; without a list under its name, which no operation can have."""
    return family.ops or (f"family {family.name}",)


def _overlay(below: Rule, above: Rule) -> Rule:
    return Rule(
        op=above.op,
        shape=above.shape or below.shape,
        cost=below.cost if above.cost is None else above.cost,
        value=above.value or below.value,
        element=above.element or below.element,
        real=below.real if above.cost is None else above.real,
        opaque=below.opaque if above.cost is None else above.opaque,
        role=below.role if above.role is None else above.role,
        family=above.family or below.family,
        owner=above.owner or below.owner,
        overrides=(*below.overrides, *above.overrides, *_overridden(below, above)),
    )


def _overridden(below: Rule, above: Rule) -> Iterator[Override]:
    """What of the rule below doesn't count any more."""
    aspects = (name for name in ASPECTS if getattr(above, name) is not None and getattr(below, name) is not None)
    replaced = tuple(name for name in aspects if getattr(above, name) is not getattr(below, name))
    if replaced:
        yield Override(below.owner, replaced)
