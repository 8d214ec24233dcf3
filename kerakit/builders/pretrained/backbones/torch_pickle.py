"""Reads a pickle of PyTorch tensors without running it.

A pickle is a program: Python's own reader imports what it names, calls it and sets attributes
on it. The reader here knows the few instructions that a state dict needs, and the names of a
dict, a tensor and eight storages; everything else is refused by name. Nothing in it imports,
calls or sets what a file says: `collections.OrderedDict` becomes a dict, a tensor a record of
sizes. (A `pickle.Unpickler` with a `find_class` of its own would still set attributes, and
take the memory that a number in the file claims.)
"""

import dataclasses
import pickletools

__all__ = ["Refused", "Tensor", "quoted", "read_pickle"]

MOST_STEPS = 1_000_000  # per pickle, against some 60 per tensor; one may cost 64 bytes

ORDERED_DICT = "collections OrderedDict"
REBUILD = "torch._utils _rebuild_tensor_v2"
STORAGES = {
    "torch HalfStorage": "<f2",
    "torch FloatStorage": "<f4",
    "torch DoubleStorage": "<f8",
    "torch LongStorage": "<i8",
    "torch IntStorage": "<i4",
    "torch ShortStorage": "<i2",
    "torch CharStorage": "i1",
    "torch ByteStorage": "u1",
}
PUSHED = ("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE")
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
NOT_RUN = (
    "That has no place in a file of tensors and could run code; nothing of it has been run. Save "
    "model.state_dict() alone, of common dtypes."
)
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class Refused(Exception):
    """The file holds something that a file of tensors does not; the text says what."""


class _Global(str):
    """One of the names a file may hold. It is a name only: there is nothing behind it."""


@dataclasses.dataclass(frozen=True)
class _Storage:
    key: str
    dtype: str
    elements: int


@dataclasses.dataclass(frozen=True)
class Tensor:
    """Where a tensor's elements are: offset, shape and strides count elements, from 0 up."""

    storage: _Storage
    offset: int
    shape: tuple
    strides: tuple


def read_pickle(stream):
    """Work through one pickle up to its STOP; return what it describes.

    Args:
        stream: binary stream in memory. It stands behind the pickle afterwards.

    Returns:
        Numbers, strings, tuples, lists and dicts by string, with a `Tensor` where the pickle
        has one. They may hold themselves, and be nested deeper than Python's stack.

    Raises:
        Refused: when it holds anything else.
        ValueError, IndexError, KeyError: when it ends early or makes no sense.
    """
    stack, outer, memo = [], [], {}
    for step, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
        name = opcode.name
        if step == MOST_STEPS:
            raise Refused(f"it takes more than {MOST_STEPS:,} steps.")
        if name == "STOP":
            if len(stack) != 1 or outer:
                raise ValueError
            return stack[0]
        elif name in PUSHED:
            stack.append(argument)
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name == "MARK":
            outer.append(stack)
            stack = []
        elif name in ("TUPLE", "APPENDS", "SETITEMS"):
            items, stack = stack, outer.pop()
            _collect(name, stack, items)
        elif name in TUPLES:
            items = [stack.pop() for _ in range(TUPLES[name])]
            stack.append(tuple(reversed(items)))
        elif name in ("EMPTY_LIST", "EMPTY_DICT"):
            stack.append([] if name == "EMPTY_LIST" else {})
        elif name in ("APPEND", "SETITEM"):
            items = [stack.pop() for _ in range(1 if name == "APPEND" else 2)]
            _collect(f"{name}S", stack, items[::-1])
        elif name == "GLOBAL":
            stack.append(_named(argument))
        elif name == "STACK_GLOBAL":
            names = [stack.pop(), stack.pop()][::-1]
            if any(type(part) is not str for part in names):
                raise ValueError
            stack.append(_named(" ".join(names)))
        elif name == "BINPERSID":
            stack.append(_storage(stack.pop()))
        elif name == "REDUCE":
            arguments = stack.pop()
            stack.append(_made(stack.pop(), arguments))
        elif name == "BUILD":
            # PyTorch hangs the versions of its layers on the dict; they are not needed.
            if type(stack.pop()) is not dict or type(stack[-1]) is not dict:
                raise Refused("it sets the state of something that has none.")
        elif name == "INST":
            raise Refused(f"it makes a {quoted(argument.replace(' ', '.'))}. {NOT_RUN}")
        elif name not in ("PROTO", "FRAME"):
            raise Refused(f"it holds the pickle instruction {name}. {NOT_RUN}")


def _named(name):
    if name not in (ORDERED_DICT, REBUILD, *STORAGES):
        raise Refused(f"it names {quoted(name.replace(' ', '.'))}. {NOT_RUN}")
    return _Global(name)


def _collect(name, stack, items):
    """Put the items after a mark where the instruction says: the end of `stack` changes."""
    if name == "TUPLE":
        stack.append(tuple(items))
    elif name == "APPENDS":
        if type(stack[-1]) is not list:
            raise ValueError
        stack[-1].extend(items)
    else:
        names, values = items[::2], items[1::2]
        # Only strings are names: to hash nested tuples could overflow the C stack.
        if type(stack[-1]) is not dict or any(type(key) is not str for key in names):
            raise Refused("it has a dict whose keys are not strings.")
        for key, value in zip(names, values, strict=True):
            if key in stack[-1]:
                raise Refused(f"it holds {quoted(key)} twice.")
            stack[-1][key] = value


def _storage(reference):
    if type(reference) is not tuple or len(reference) != 6:
        raise Refused("it refers to something outside the file that is not a storage.")
    word, kind, key, _, elements, view = reference
    if type(word) is not str or type(kind) is not _Global or type(key) is not str:
        raise Refused("it refers to something outside the file that is not a storage.")
    if word != "storage" or kind not in STORAGES or view is not None:
        raise Refused("it refers to a storage in a form that is not known.")
    return _Storage(key, STORAGES[kind], *_sizes((elements,)))


def _made(function, arguments):
    """What a call in the file stands for; neither of the two is a call of anything here."""
    if type(function) is _Global and type(arguments) is tuple:
        if function == ORDERED_DICT and not arguments:
            return {}
        if function == REBUILD and len(arguments) == 6 and type(arguments[0]) is _Storage:
            storage, offset, shape, strides, _, _ = arguments
            return Tensor(storage, *_sizes((offset,)), _sizes(shape), _sizes(strides))
    raise Refused("it calls something that is not the making of a tensor.")


def _sizes(values):
    # Bounded, so that their product is quick; NumPy itself takes 64 dimensions.
    if type(values) is not tuple or len(values) > 64:
        raise Refused("it gives the sizes of a tensor in a form that is not known.")
    if any(type(v) is not int or not 0 <= v < 2**62 for v in values):
        raise Refused("it gives a size that is not a number from 0 up.")
    return values


def quoted(name):
    """A name from the file for an error: all of it printable, and not long."""
    return repr(name[:100])
