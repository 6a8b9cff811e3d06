"""Pickles read as data: numbers, texts, plain containers and NumPy arrays, and nothing is run.

A pickle is a program for a small machine whose instructions can call anything. Here the machine is
our own and knows the instructions that build data. Of the callables that a pickle may name, it
knows those that NumPy's arrays and numbers are pickled with, and does their work itself; any other
name refuses the file. Arrays are views of the file's memory map, so a large file costs no memory
before its clips are read.
"""

from __future__ import annotations

import mmap
import pickletools
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from llm_ar.errors import ClipError
from llm_ar.skeletons.readers.pickled_arrays import CALLS, Name, build, call, finished

_INLINE = 4096
"""Bytes below this are copied, longer ones stay in the map."""
_GZIP = b"\x1f\x8b"
_PUSH = frozenset(
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING "
    "UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 "
    "BYTEARRAY8".split()
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, type] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_TUPLE": tuple}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class _File:
    """The map as the file that `pickletools` reads: long pieces are views, not duplicates."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data, self._view, self._at = data, memoryview(data), 0

    def tell(self) -> int:
        return self._at

    def read(self, size: int) -> bytes | memoryview:
        piece = self._view[self._at : self._at + size]
        self._at += len(piece)
        return bytes(piece) if size < _INLINE else piece

    def readline(self) -> bytes:
        start, end = self._at, self._data.find(b"\n", self._at) + 1
        self._at = end or len(self._data)
        return bytes(self._view[start : self._at])


def load_once(path: Path) -> Any:
    """As `load`; to be looked at, not changed: the last file's data are kept.

    Raises:
        ClipError: as `load`.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise ClipError(path, f"cannot be opened ({error.strerror or error})") from None
    return _kept(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=1)
def _kept(path: Path, size: int, changed: int) -> Any:
    return load(path)


def load(path: Path) -> Any:
    """The data in a pickle.

    Raises:
        ClipError: it names something else than arrays and containers (it is named), or is
            no complete pickle.
    """
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise ClipError(path, f"cannot be opened ({error})") from None
    if data[: len(_GZIP)] == _GZIP:
        raise ClipError(path, "is compressed with gzip; unpack it (gunzip) and give the .pkl in it")
    machine = _Machine(path)
    where = 0
    try:
        for opcode, argument, position in pickletools.genops(_File(data)):  # type: ignore[arg-type]
            where = position or 0
            machine.step(opcode.name, argument)
        return machine.result()
    except ClipError:
        raise
    except Exception as error:  # a damaged program can trip over anything
        reason = str(error)[:120] or type(error).__name__
        raise ClipError(
            path, f"is not a complete pickle of arrays (byte {where}: {reason}); copy it again"
        ) from None


class _Machine:
    """The stack and memory of a pickle's program, of which it runs the harmless part."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memory: dict[int, Any] = {}

    def step(self, code: str, argument: Any) -> None:
        """Run one instruction."""
        stack = self._stack
        if code in _PUSH:
            stack.append(argument)
        elif code in _CONSTANTS:
            stack.append(_CONSTANTS[code])
        elif code in _EMPTY:
            stack.append(_EMPTY[code]())
        elif code in ("MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT"):
            self._memory[len(self._memory) if code == "MEMOIZE" else argument] = stack[-1]
        elif code in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(self._memory[argument])
        elif code == "MARK":
            self._marks.append(len(stack))
        elif code in _TUPLES:
            items = [stack.pop() for _ in range(_TUPLES[code])]
            stack.append(tuple(map(finished, reversed(items))))
        elif code == "TUPLE":
            stack.append(tuple(map(finished, self._since_mark())))
        elif code == "LIST":
            stack.append(list(map(finished, self._since_mark())))
        elif code == "DICT":
            items = self._since_mark()
            stack.append({})
            self._set_items(items)
        elif code in ("APPEND", "APPENDS"):
            self._extend([stack.pop()] if code == "APPEND" else self._since_mark())
        elif code in ("SETITEM", "SETITEMS"):
            items = [stack.pop(), stack.pop()][::-1] if code == "SETITEM" else self._since_mark()
            self._set_items(items)
        elif code in ("GLOBAL", "STACK_GLOBAL"):
            if code == "STACK_GLOBAL":
                name, module = stack.pop(), stack.pop()
                argument = f"{module} {name}"
            stack.append(self._named(str(argument).replace(" ", ".")))
        elif code == "REDUCE":
            arguments, called = stack.pop(), stack.pop()
            stack.append(call(called, arguments))
        elif code == "BUILD":
            state = stack.pop()
            build(stack[-1], state)
        elif code == "POP":
            stack.pop()
        elif code not in ("PROTO", "FRAME", "STOP"):
            self._refuse(f"uses the instruction {code}")

    def result(self) -> Any:
        """What the program left on its stack."""
        return finished(self._stack.pop())

    def _since_mark(self) -> list[Any]:
        mark = self._marks.pop()
        items = self._stack[mark:]
        del self._stack[mark:]
        return items

    def _extend(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise ValueError("only lists can be appended to")
        target.extend(map(finished, items))

    def _set_items(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not dict:
            raise ValueError("only dictionaries have items")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if type(key) not in (str, int, float):  # others could be deep, and hashing follows
                raise ValueError("a key is neither text nor number")
            target[key] = finished(value)

    def _named(self, name: str) -> Name:
        if name not in CALLS and name != "numpy.ndarray":
            self._refuse(f"asks for {name[:80]!r}")
        return Name(name)

    def _refuse(self, what: str) -> NoReturn:
        raise ClipError(
            self._path,
            f"{what}, which is more than arrays and plain containers; nothing of it was run, save "
            "the data in another way",
        )
