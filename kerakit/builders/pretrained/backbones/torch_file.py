"""Reads the tensors of a PyTorch file without PyTorch, and without running anything in it.

The format is that of PyTorch before 1.6 (`torch/serialization.py`, `_legacy_load`): five
pickles (magic number, version, system, state dict, list of storage keys), then, for each key,
the number of elements (int64) and the elements, little-endian.
"""

import io
import math
import pathlib

import numpy as np

from kerakit.builders.pretrained.backbones.torch_pickle import Refused, Tensor, quoted, read_pickle
from kerakit.errors import ArgumentError

__all__ = ["read_torch_file"]

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001


def read_torch_file(path):
    """Read the state dict of a `.pth` file in the format of PyTorch before 1.6.

    Args:
        path: str or `pathlib.Path`. File written by `torch.save(model.state_dict(), path,
            _use_new_zipfile_serialization=False)`.

    Returns:
        Dict of read-only arrays by name, in the file's order, of the dtype (float16 to
        float64, int8 to int64, uint8) and shape they were saved in.

    Raises:
        ArgumentError: when the file is not there, in another format, damaged, or holds
            anything but tensors by name; then nothing of it has been run.
    """
    path = pathlib.Path(path)
    try:
        return _read(_content(path))
    except Refused as error:
        raise ArgumentError(f"Cannot read {path}: {error}") from None
    except (ValueError, IndexError, KeyError, OverflowError):
        # What pickletools and the stacks below say of a file that ends early or makes no sense.
        raise ArgumentError(
            f"Cannot read {path}: it is damaged or cut short. Get the file again."
        ) from None


def _content(path):
    try:
        if not path.is_file():
            raise Refused("there is no such file.")
        with path.open("rb") as file:
            start = file.read(32)
            if start.startswith(b"PK"):
                raise Refused(
                    "it is in the zip format of PyTorch 1.6 and later. Save it by "
                    "torch.save(..., _use_new_zipfile_serialization=False)."
                )
            if MAGIC.to_bytes(10, "little") not in start:
                raise Refused("it is not a file of torch.save.")
            return start + file.read()
    except OSError as error:
        raise Refused(f"{error.strerror}.") from None


def _read(content):
    stream = io.BytesIO(content)
    for expected in (MAGIC, VERSION):
        value = read_pickle(stream)
        if type(value) is not int or value != expected:
            raise Refused("it is not a file of torch.save, or of another version than 1001.")
    read_pickle(stream)  # sizes of C types where it was written; the elements do not depend on them
    tensors, keys = read_pickle(stream), read_pickle(stream)
    if type(tensors) is not dict or type(keys) is not list:
        raise Refused("it does not hold a state dict, tensors by name.")
    for name, tensor in tensors.items():
        if type(tensor) is not Tensor:
            raise Refused(f"{quoted(name)} is not a tensor; save model.state_dict() alone.")
    buffers = _buffers(content, stream.tell(), tensors, keys)
    return {name: _array(name, tensor, buffers) for name, tensor in tensors.items()}


def _buffers(content, position, tensors, keys):
    """Find the bytes of every storage: a dict of memoryviews by key."""
    storages = {}
    for tensor in tensors.values():
        if storages.setdefault(tensor.storage.key, tensor.storage) != tensor.storage:
            raise Refused(f"it describes storage {quoted(tensor.storage.key)} in two ways.")
    if any(type(key) is not str for key in keys) or sorted(keys) != sorted(storages):
        raise Refused("its list of storages is not that of its tensors.")
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
        raise Refused(f"tensor {quoted(name)} reaches beyond its storage.")
    size = np.dtype(tensor.storage.dtype).itemsize
    return np.ndarray(
        tensor.shape,
        tensor.storage.dtype,
        buffers[tensor.storage.key],
        tensor.offset * size if elements else 0,
        [stride * size for stride in tensor.strides] if elements else None,
    )
