"""TensorFlow where it is installed; elsewhere a stand-in for it, of which nothing can be known.

What a kernel would give can be passed on and computed with, and `Tally.gives()` leaves the comparison with it out, with
a warning. A test that looks at it, be it at its shape, ends there as skipped: none passes on what it couldn't see.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, NoReturn

import pytest

HAS_TENSORFLOW = find_spec("tensorflow") is not None
NEEDS_TENSORFLOW = "needs TensorFlow, which the dev extra brings where it has a wheel"


class Unknown:
    """Stands for a module, a function or a tensor of TensorFlow where there is none."""

    def __getattr__(self, name: str) -> Unknown:
        if name.startswith("_"):
            raise AttributeError(name)
        return Unknown()

    def _unknown(self, *operands: Any, **named: Any) -> Unknown:
        return Unknown()

    __call__ = __getitem__ = __enter__ = __neg__ = _unknown
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _unknown
    __array_ufunc__ = None  # so that an array times this is this, not an array of it

    def __exit__(self, *reason: object) -> None:
        """Lets errors through."""

    def _skip(self, *operands: Any, **named: Any) -> NoReturn:
        pytest.skip(NEEDS_TENSORFLOW)

    __array__ = __bool__ = __len__ = __iter__ = __contains__ = __index__ = __int__ = __float__ = _skip
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __instancecheck__ = _skip  # type: ignore[assignment]
    __hash__ = object.__hash__


def need_tensorflow() -> None:
    """Skips the test where there is no TensorFlow to be asked."""
    if not HAS_TENSORFLOW:
        pytest.skip(NEEDS_TENSORFLOW)


def tensorflow_module(name: str = "tensorflow") -> Any:
    """The module of TensorFlow, or what stands for it."""
    return import_module(name) if HAS_TENSORFLOW else Unknown()


def __getattr__(name: str) -> Any:
    """`tf`, imported when it is first asked for: it takes seconds."""
    if name != "tf":
        raise AttributeError(name)
    return tensorflow_module()
