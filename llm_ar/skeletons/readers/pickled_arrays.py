"""What NumPy pickles its arrays and numbers with, done by ourselves: no named callable is run."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Name(NamedTuple):
    """A callable that the pickle names; only `_call` knows what it does."""

    name: str


class _Dtype:
    """NumPy's type of numbers while it is put together."""

    def __init__(self, code: str) -> None:
        self.dtype = np.dtype(code)
        if self.dtype.kind not in "fiub" or self.dtype.fields is not None:
            raise ValueError(f"an array holds {self.dtype}, not numbers")


class _Array:
    """A NumPy array before its content is known."""

    def __init__(self) -> None:
        self.values: NDArray[Any] = np.zeros(0)


def call(called: Any, arguments: Any) -> Any:
    """What the named callable would give; `ValueError` and the like where it is misused."""
    if not isinstance(called, Name) or type(arguments) is not tuple:
        raise ValueError("what is called is no callable")
    return CALLS[called.name](*arguments)


def build(target: Any, state: Any) -> None:
    """What NumPy does with the state of a type or an array."""
    if isinstance(target, _Dtype):
        order = state[1]
        if order in ("<", ">"):
            target.dtype = target.dtype.newbyteorder(order)
    elif isinstance(target, _Array):
        _, shape, kind, fortran, content = state
        target.values = _array(content, kind, shape, "F" if fortran else "C")
    else:
        raise ValueError("something that is no array has a state")


def _array(content: Any, kind: Any, shape: Any, order: str = "C") -> NDArray[Any]:
    if not isinstance(kind, _Dtype):
        raise ValueError("an array has no type")
    sides = tuple(shape) if isinstance(shape, tuple) else (shape,)
    if not all(type(side) is int and side >= 0 for side in sides):
        raise ValueError(f"an array has the shape {sides}")
    data = content.encode("latin-1") if isinstance(content, str) else content
    if math.prod(sides) * kind.dtype.itemsize != len(data):
        raise ValueError(f"an array of shape {sides} has {len(data)} bytes")
    if not data:
        return np.zeros(sides, kind.dtype)
    return np.frombuffer(data, kind.dtype).reshape(sides, order="F" if order == "F" else "C")


def _scalar(kind: Any, content: Any) -> Any:
    return _array(content, kind, ()).item()


def _encoded(text: str, coding: str = "latin1") -> bytes:
    return text.encode("latin-1")


def _wrapped(content: Any, kind: Any, shape: Any, order: str) -> _Array:
    array = _Array()
    array.values = _array(content, kind, shape, order)
    return array


def finished(value: Any) -> Any:
    """A value as it goes into a container: an array is complete then."""
    return value.values if isinstance(value, _Array) else value


CALLS: dict[str, Callable[..., Any]] = {
    "numpy.dtype": lambda code, *_: _Dtype(code),
    "_codecs.encode": _encoded,
    "collections.OrderedDict": lambda: {},
    "__builtin__.bytes": lambda: b"",  # how the older protocols write empty bytes
    **{
        f"numpy.{core}.{name}": call
        for core in ("core", "_core")
        for name, call in (
            ("multiarray._reconstruct", lambda *_: _Array()),
            ("multiarray.scalar", _scalar),
            ("numeric._frombuffer", _wrapped),
        )
    },
}
"""The callables that NumPy pickles with, as `numpy.core` or, since version 2, `numpy._core`."""
