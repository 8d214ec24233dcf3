"""Reads the tensors of a PyTorch file without PyTorch and without running any code in it.

The format is that of PyTorch before 1.6 (`torch/serialization.py`, `_legacy_load`): five
pickles (magic number, version, system, state dict, list of storage keys), then, for each key,
the number of elements (int64) and the elements, little-endian.

A pickle can import and call anything. Two checks make it safe. Before a pickle is loaded, a scan
of its instructions refuses all that a state dict does not need and all that would claim memory.
Then a `pickle.Unpickler` loads it, whose `find_class` knows three kinds of names: an ordered
dict, the making of a tensor, and eight storages. What it returns for them cannot be changed by
the pickle.
"""

from __future__ import annotations

import io
import math
import os
import pathlib
import pickle
import pickletools
from typing import NamedTuple

import numpy as np

from kerakit.checks import short_repr
from kerakit.errors import ArgumentError

__all__ = ["read_torch_file"]

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001

# Instructions of one pickle; a state dict has some 60 per tensor.
MAX_STEPS = 1_000_000
# Tuples of one pickle; a state dict has 5 per tensor. Python hashes a tuple inside a tuple by
# recursion: without a limit a key of a dict could overflow the stack.
MAX_TUPLES = 20_000

_DICT = ("collections", "OrderedDict")
_TENSOR = ("torch._utils", "_rebuild_tensor_v2")
_STORAGES = {
    ("torch", "HalfStorage"): "<f2",
    ("torch", "FloatStorage"): "<f4",
    ("torch", "DoubleStorage"): "<f8",
    ("torch", "LongStorage"): "<i8",
    ("torch", "IntStorage"): "<i4",
    ("torch", "ShortStorage"): "<i2",
    ("torch", "CharStorage"): "i1",
    ("torch", "ByteStorage"): "u1",
}
_TUPLES = {"TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"}
_MEMO = {"BINPUT", "LONG_BINPUT"}
_INSTRUCTIONS = {
    *("PROTO", "FRAME", "STOP", "MARK", "BUILD", "REDUCE", "BINPERSID", "GLOBAL", "STACK_GLOBAL"),
    *("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE", "NONE"),
    *("NEWTRUE", "NEWFALSE", "EMPTY_TUPLE", "EMPTY_LIST", "EMPTY_DICT", "APPEND", "APPENDS"),
    *("SETITEM", "SETITEMS", "MEMOIZE", "BINGET", "LONG_BINGET", *_TUPLES, *_MEMO),
}
_NOT_RUN = (
    "A file of tensors has no use for that, and it could run code. No code of the file has been "
    "run. Save model.state_dict() alone, of common dtypes."
)


class _Refused(Exception):
    """The file holds something that a file of tensors does not; the text says what."""


class _Storage(NamedTuple):
    key: str
    dtype: str
    elements: int


class _Tensor(NamedTuple):
    """Where a tensor's elements are. Offset, shape and strides count elements, from 0 up."""

    storage: _Storage
    offset: int
    shape: tuple
    strides: tuple


class _StateDict(dict):
    """Tensors by name, each name once. PyTorch's versions of the layers are left out."""

    def __setitem__(self, name, value):
        _check_name(name)
        if name in self:
            raise _Refused(f"it holds {_quoted(name)} twice.")
        super().__setitem__(name, value)

    def __setstate__(self, state):
        if type(state) is not dict:
            raise _Refused("it sets the state of something that has none.")


class _Global:
    """One of the names that a file may hold. Calling it makes a record, or is refused."""

    __slots__ = ("path",)

    def __init__(self, path):
        object.__setattr__(self, "path", path)

    def __setattr__(self, name, value):
        raise _Refused("it sets the state of something that has none.")

    def __setstate__(self, state):
        raise _Refused("it sets the state of something that has none.")

    def __call__(self, *arguments):
        if self.path == _DICT and not arguments:
            return _StateDict()
        if self.path == _TENSOR and len(arguments) == 6 and type(arguments[0]) is _Storage:
            storage, offset, shape, strides, _, _ = arguments
            return _Tensor(storage, *_sizes((offset,)), _sizes(shape), _sizes(strides))
        raise _Refused("it calls something that is not the making of a tensor.")


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        _check_global(module, name)
        return _Global((module, name))

    def persistent_load(self, reference):
        if type(reference) is not tuple or len(reference) != 6:
            raise _Refused("it refers to something outside the file that is not a storage.")
        word, kind, key, _, elements, view = reference
        if type(word) is not str or type(kind) is not _Global or type(key) is not str:
            raise _Refused("it refers to something outside the file that is not a storage.")
        if word != "storage" or kind.path not in _STORAGES or view is not None:
            raise _Refused("it refers to a storage in a form that is not known.")
        return _Storage(key, _STORAGES[kind.path], *_sizes((elements,)))


def read_torch_file(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read the state dict of a `.pth` file in the format of PyTorch before 1.6.

    Args:
        path: str or path. File written by `torch.save(model.state_dict(), path,
            _use_new_zipfile_serialization=False)`.

    Returns:
        Dict of read-only arrays by name, in the file's order, of the dtype (float16 to
        float64, int8 to int64, uint8) and shape they were saved in.

    Raises:
        ArgumentError: when the file does not exist, has another format, is damaged, or holds
            anything but tensors by name. No code of the file is run.
    """
    path = pathlib.Path(path)
    try:
        return _read(_content(path))
    except _Refused as error:
        raise ArgumentError(f"Cannot read {short_repr(str(path))}: {error}") from None
    except _DAMAGED:
        raise ArgumentError(
            f"Cannot read {short_repr(str(path))}: it is damaged or cut short. Get the file again."
        ) from None


# What pickletools, the unpickler and the arrays say of a file that ends early or makes no sense.
_DAMAGED = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    IndexError,
    KeyError,
    OverflowError,
    TypeError,
    AttributeError,
)


def _content(path):
    try:
        if not path.is_file():
            raise _Refused("there is no such file.")
        with path.open("rb") as file:
            start = file.read(32)
            if start.startswith(b"PK"):
                raise _Refused(
                    "it is in the zip format of PyTorch 1.6 and later. Save it by "
                    "torch.save(..., _use_new_zipfile_serialization=False)."
                )
            if MAGIC.to_bytes(10, "little") not in start:
                raise _Refused("it is not a file of torch.save.")
            return start + file.read()
    except OSError as error:
        raise _Refused(f"{error.strerror}.") from None


def _read(content):
    stream = io.BytesIO(content)
    for expected in (MAGIC, VERSION):
        value = _read_pickle(stream)
        if type(value) is not int or value != expected:
            raise _Refused("it is not a file of torch.save, or of another version than 1001.")
    _read_pickle(stream)  # sizes of C types on the machine that wrote it, which are not needed
    tensors, keys = _read_pickle(stream), _read_pickle(stream)
    if type(tensors) not in (dict, _StateDict) or type(keys) is not list:
        raise _Refused("it does not hold a state dict, tensors by name.")
    for name, tensor in tensors.items():
        _check_name(name)
        if type(tensor) is not _Tensor:
            raise _Refused(f"{_quoted(name)} is not a tensor; save model.state_dict() alone.")
    buffers = _buffers(content, stream.tell(), tensors, keys)
    return {name: _array(name, tensor, buffers) for name, tensor in tensors.items()}


def _read_pickle(stream):
    """Load one pickle; the stream stands behind it afterwards."""
    start = stream.tell()
    _check_instructions(stream)
    end = stream.tell()
    return _Unpickler(io.BytesIO(stream.getbuffer()[start:end]), fix_imports=False).load()


def _check_instructions(stream):
    tuples = 0
    for step, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
        name = opcode.name
        if step == MAX_STEPS:
            raise _Refused(f"it takes more than {MAX_STEPS:,} steps.")
        if name in ("GLOBAL", "INST"):
            _check_global(*argument.split(" ", 1))
        if name not in _INSTRUCTIONS:
            raise _Refused(f"it holds the pickle instruction {name}. {_NOT_RUN}")
        tuples += name in _TUPLES
        if tuples > MAX_TUPLES:
            raise _Refused(f"it holds more than {MAX_TUPLES:,} tuples.")
        if name in _MEMO and argument > step:
            raise ValueError  # objects are numbered one by one; a large number claims memory


def _check_global(module, name):
    if (module, name) not in (_DICT, _TENSOR, *_STORAGES):
        raise _Refused(f"it names {_quoted(f'{module}.{name}')}. {_NOT_RUN}")


def _check_name(name):
    if type(name) is not str:
        raise _Refused("it has a dict whose keys are not strings.")


def _sizes(values):
    # Bounded, so that their product is quick; NumPy itself takes 64 dimensions.
    if type(values) is not tuple or len(values) > 64:
        raise _Refused("it gives the sizes of a tensor in a form that is not known.")
    if any(type(v) is not int or not 0 <= v < 2**62 for v in values):
        raise _Refused("it gives a size that is not a number from 0 up.")
    return values


def _quoted(name):
    """A name from the file for an error: printable, and at most 100 characters of it."""
    return repr(name[:100])


def _buffers(content, position, tensors, keys):
    """Find the bytes of every storage: a dict of memoryviews by key."""
    storages = {}
    for tensor in tensors.values():
        if storages.setdefault(tensor.storage.key, tensor.storage) != tensor.storage:
            raise _Refused(f"it describes storage {_quoted(tensor.storage.key)} in two ways.")
    if any(type(key) is not str for key in keys) or sorted(keys) != sorted(storages):
        raise _Refused("its list of storages is not that of its tensors.")
    buffers = {}
    for key in keys:
        storage = storages[key]
        start = position + 8
        length = storage.elements * np.dtype(storage.dtype).itemsize
        elements = int.from_bytes(content[position:start], "little")
        if elements != storage.elements or len(content) - start < length:
            raise ValueError
        buffers[key] = memoryview(content)[start : start + length]
        position = start + length
    if position != len(content):
        raise ValueError
    return buffers


def _array(name, tensor, buffers):
    elements = math.prod(tensor.shape)
    last = sum((n - 1) * stride for n, stride in zip(tensor.shape, tensor.strides, strict=True))
    # A view may not be larger than what it looks at: a stride of 0 would make any size.
    if elements > tensor.storage.elements or (
        elements and tensor.offset + last >= tensor.storage.elements
    ):
        raise _Refused(f"tensor {_quoted(name)} reaches beyond its storage.")
    size = np.dtype(tensor.storage.dtype).itemsize
    return np.ndarray(
        tensor.shape,
        tensor.storage.dtype,
        buffers[tensor.storage.key],
        tensor.offset * size if elements else 0,
        [stride * size for stride in tensor.strides] if elements else None,
    )
