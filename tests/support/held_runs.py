"""A report beside a run of the same graph: each watched operation as often, and with as much work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optional_tensorflow import tensorflow_module, tf
from run_oracle import ELEMENTWISE, WATCHED, CannotRun, Watch, numbers, run

from graphcost import Report, analyze
from graphcost.dims import Dim, bind, dim_sum, symbols


@dataclass(frozen=True)
class Held:
    """A report with numbers for the sizes of its inputs, and what a run on inputs of these sizes met."""

    report: Report
    watch: Watch

    def check(self) -> None:
        """Fails unless the report says of each watched operation what the run met, and exactly."""
        assert self._sums(1) == self.watch.runs, "how often each operation runs"
        assert self._sums("mac") == self.watch.macs, "multiply-adds of each operation"
        assert self._elements() == self.watch.elements, "elements of each operation"

    def check_bound(self) -> None:
        """Fails where the run met more than the report says: it counts the most expensive way."""
        said = self.report.total.work.flops + self.report.total.work.int_ops
        met = 2 * self.watch.macs.total() + self.watch.elements.total()
        assert not isinstance(said, int) or met <= said

    def check_honest(self) -> None:
        """Fails where the report says a number that is neither exact nor called a bound.

        A formula may stand, and so may a bound that is said to be none where open sizes are large. Beside a formula
        the numbers of each operation are held.
        """
        if not self.is_known and self.report.total.coverage == 1:
            self._check_parts()
        if self.is_known and not any("where open sizes are" in note for note in self.report.notes):
            (self.check_bound if self.is_at_most else self.check)()

    def _check_parts(self) -> None:
        """Fails where a number of one operation is neither exact nor, beside loops that are bounds, high enough."""
        if any("most expensive" in note for note in self.report.notes):
            return
        for said, met in ((self._sums(1), self.watch.runs), (self._sums("mac"), self.watch.macs)):
            numbers = {op: said.get(op, 0) for op in met if isinstance(said.get(op, 0), int)}
            assert all(number >= met[op] for op, number in numbers.items()), "no less than what runs"
            assert self.is_at_most or numbers == {op: met[op] for op in numbers}, "what each operation does"

    @property
    def is_known(self) -> bool:
        """Whether there are numbers for all that runs."""
        work = self.report.total.work
        are_numbers = all(isinstance(each, int) for each in (work.macs, work.flops, work.int_ops))
        return are_numbers and self.report.total.coverage == 1

    @property
    def is_at_most(self) -> bool:
        """Whether the report itself says that it is a bound: of a loop, or of branches that data choose."""
        return any(loop.source == "at most" for loop in self.report.loops) or any(
            "most expensive" in note for note in self.report.notes
        )

    def _sums(self, kind: str | int) -> Mapping[str, Dim]:
        """By operation the work of a kind, or the runs; what is nothing isn't there."""
        sums: Counter[str] = Counter()
        for line in self.report.bound_lines:
            if line.op in WATCHED and (kind != "mac" or line.op not in ELEMENTWISE):
                costs = (line.work.floating, line.work.integer)
                amount = line.count if isinstance(kind, int) else dim_sum(getattr(cost, kind) for cost in costs)
                if amount != 0:
                    sums[line.op] += amount
        return sums

    def _elements(self) -> Mapping[str, Dim]:
        kinds = set(ELEMENTWISE.values())
        sums = {kind: self._sums(kind) for kind in kinds}
        return {op: sums[kind][op] for op, kind in ELEMENTWISE.items() if op in sums[kind]}


def held(source: Path | Any, least: int = 2, **options: Any) -> Held:
    """Analyzes a file or a GraphDef, and runs it on inputs whose first open size is `least`, the next one more.

    Raises CannotRun where an input has an unknown rank, and where TensorFlow can't run the graph.
    """
    report = analyze(source, **options)
    shapes = {each.name: each.shape for each in report.inputs}
    if any(shape is None for shape in shapes.values()):
        raise CannotRun(f"inputs of unknown rank: {shapes}")
    sizes = dict.fromkeys(name for shape in shapes.values() for dim in shape or () for name in sorted(symbols(dim)))
    bindings = {name: least + i for i, name in enumerate(sizes)}
    feeds = {
        _tensor(each.name): numbers(each.dtype or "float32", [_number(dim, bindings) for dim in each.shape or ()])
        for each in report.inputs
    }
    known = {name: number for name, number in bindings.items() if name in report.symbols}
    bound = analyze(source, **{**options, "bind": {**known, **options.get("bind", {})}})
    return Held(bound, run(_graph(source), feeds, [each.name for each in report.outputs]))


def _number(dim: Dim, bindings: Mapping[str, int]) -> int:
    number = bind(dim, bindings)
    if not isinstance(number, int):
        raise CannotRun(f"an input of size {number}")
    return number


def _tensor(name: str) -> str:
    return name if ":" in name else f"{name}:0"


def _graph(source: Path | Any) -> Any:
    """The GraphDef of a file as graphcost reads it, or the message itself."""
    if not isinstance(source, Path):
        return source
    file = source / "saved_model.pb" if source.is_dir() else source
    content = file.read_bytes()
    if "saved_model" in file.name:
        saved = tensorflow_module("tensorflow.core.protobuf.saved_model_pb2").SavedModel.FromString(content)
        return saved.meta_graphs[0].graph_def
    if file.suffix == ".meta":
        return tf.compat.v1.MetaGraphDef.FromString(content).graph_def
    return tf.compat.v1.GraphDef.FromString(content)
