"""The reader of PyTorch's files: reads what PyTorch writes, and runs nothing of what else is there.

The files are written here as `torch.save(..., _use_new_zipfile_serialization=False)` writes
them, by Python's own pickler; the hostile ones are run by Python's own unpickler first, which
shows that they do what they are made for.
"""

import collections
import copyreg
import io
import os
import pickle
import struct
import sys
import tracemalloc
import types

import numpy as np
import pytest

from kerakit.builders.pretrained.backbones.torch_file import read_torch_file
from kerakit.errors import ArgumentError

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
SYSTEM = {"protocol_version": VERSION, "little_endian": True, "type_sizes": {"int": 4}}
KINDS = {
    "<f2": "Half",
    "<f4": "Float",
    "<f8": "Double",
    "<i8": "Long",
    "<i4": "Int",
    "<i2": "Short",
    "|i1": "Char",
    "|u1": "Byte",
}


class Storage:
    def __init__(self, key, values, **changes):
        self.key, self.values, self.changes = key, np.asarray(values), changes


class Tensor:
    def __init__(self, storage, offset, shape, strides):
        self.parts = (storage, offset, shape, strides, False, collections.OrderedDict())

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.parts


@pytest.fixture
def torch_names(monkeypatch):
    """The few names that the pickler must find under `torch` to write them into a file."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in [*KINDS.values(), "BFloat16"]:
        name = f"{kind}Storage"
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    utils._rebuild_tensor_v2 = types.FunctionType((lambda *parts: None).__code__, {})
    utils._rebuild_tensor_v2.__module__ = "torch._utils"
    utils._rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return torch


def torch_bytes(state, torch, protocol=2):
    """A file of `state`, written as `_legacy_save` of torch/serialization.py does."""
    stream, storages = io.BytesIO(), {}

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            if not isinstance(value, Storage):
                return None
            storages.setdefault(value.key, value)
            kind = value.changes.get("kind", KINDS[value.values.dtype.str])
            elements = value.changes.get("elements", value.values.size)
            view = value.changes.get("view")
            return ("storage", getattr(torch, f"{kind}Storage"), value.key, "cpu", elements, view)

    for value in (MAGIC, VERSION, SYSTEM):
        pickle.dump(value, stream, protocol=protocol)
    Pickler(stream, protocol=protocol).dump(state)
    pickle.dump(sorted(storages), stream, protocol=protocol)
    for key in sorted(storages):
        values = storages[key].values
        stream.write(struct.pack("<q", values.size) + values.tobytes())
    return stream.getvalue()


def around(payload, location=3):
    """A file whose pickle number `location` (0 is the magic number) is `payload`."""
    parts = [pickle.dumps(value, protocol=2) for value in (MAGIC, VERSION, SYSTEM, {}, [])]
    return b"".join([*parts[:location], payload, *parts[location + 1 :]])


def text(value):
    return b"X" + struct.pack("<i", len(value)) + value.encode()


def refused(path, content, *words):
    """Check that reading is refused, a small file without much memory; return the message."""
    path.write_bytes(content)
    if len(content) < 10_000:  # tracing is slow
        tracemalloc.start()
    try:
        with pytest.raises(ArgumentError) as caught:
            read_torch_file(path)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert str(path) in message and all(word in message for word in words), message
    return message


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("dtype", KINDS)
def test_every_dtype_comes_back_exactly(dtype, protocol, torch_names, tmp_path):
    values = np.array([0, 1, 2, 100, 127, 3], dtype)
    state = collections.OrderedDict(a=Tensor(Storage("1", values), 0, (2, 3), (3, 1)))
    (tmp_path / "a.pth").write_bytes(torch_bytes(state, torch_names, protocol))
    read = read_torch_file(tmp_path / "a.pth")
    assert read["a"].dtype == dtype
    np.testing.assert_array_equal(read["a"], values.reshape(2, 3))


def test_views_of_shared_storages_come_back(torch_names, tmp_path):
    shared = Storage("7", np.arange(24, dtype="<f4"))
    half = Storage("10", np.array([0.5, -2, 65504], "<f2"))
    state = collections.OrderedDict()
    state["whole"] = Tensor(shared, 0, (2, 3, 4), (12, 4, 1))
    state["turned"] = Tensor(shared, 0, (4, 2, 3), (1, 12, 4))
    state["part"] = Tensor(shared, 5, (2, 2), (8, 3))  # 5, 8 and 13, 16
    state["half"] = Tensor(half, 1, (2,), (1,))
    state["count"] = Tensor(Storage("2", np.array([2**40], "<i8")), 0, (), ())
    state["none"] = Tensor(half, 3, (0, 4), (4, 1))
    state._metadata = collections.OrderedDict([("", {"version": 1})])
    (tmp_path / "a.pth").write_bytes(torch_bytes(state, torch_names))
    read = read_torch_file(str(tmp_path / "a.pth"))
    assert list(read) == list(state)
    whole = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(read["whole"], whole)
    np.testing.assert_array_equal(read["turned"], whole.transpose(2, 0, 1))
    np.testing.assert_array_equal(read["part"], [[5, 8], [13, 16]])
    assert read["half"].tolist() == [-2, 65504] and read["half"].dtype == np.float16
    assert read["count"].shape == () and read["count"] == 2**40
    assert read["none"].shape == (0, 4)
    assert not any(array.flags.writeable for array in read.values())


def evil(path):
    """Pickles that create `path` when Python's unpickler runs them, and the word for each."""
    command, code = f"touch {path}", f"open({str(path)!r}, 'w').close()"
    line = text(command)

    class Reduce:
        def __init__(self, *parts):
            self.parts = parts

        def __reduce__(self):
            return self.parts

    return {
        "system": (pickle.dumps(Reduce(os.system, (command,)), 2), "'posix.system'"),
        "eval": (pickle.dumps(Reduce(eval, (code,)), 2), "'__builtin__.eval'"),
        "exec, inside": (pickle.dumps({"a": [Reduce(exec, (code,))]}, 2), "'__builtin__.exec'"),
        "protocol 0": (pickle.dumps(Reduce(os.system, (command,)), 0), "'posix.system'"),
        "protocol 4": (pickle.dumps(Reduce(os.system, (command,)), 4), "'posix.system'"),
        "protocol 5": (pickle.dumps(Reduce(eval, (code,)), 5), "'builtins.eval'"),
        "nested": (b"\x80\x04\x8c\x02os\x8c\x0epath.os.system\x93" + line + b"\x85R.",
                   "'os.path.os.system'"),
        "instance": (b"(" + line + b"ios\nsystem\n.", "'os.system'"),
        "object": (b"(cos\nsystem\n" + line + b"o.", "'os.system'"),
        "state": (b"ccollections\nOrderedDict\n)R}" + text("__setstate__")
                  + b"cos\nsystem\nsb" + line + b"b.", "'os.system'"),
        "extension": (b"\x80\x02\x82\xf0" + line + b"\x85R.", "EXT1"),
        "copyreg": (b"ccopyreg\n_reconstructor\n0cos\nsystem\n" + line + b"\x85R.",
                    "'copyreg._reconstructor'"),
    }  # fmt: skip


EVIL = list(evil("p"))


@pytest.fixture
def extension():
    copyreg.add_extension("os", "system", 0xF0)
    yield
    copyreg.remove_extension("os", "system", 0xF0)


@pytest.mark.parametrize("name", EVIL)
def test_nothing_in_a_file_is_run(name, extension, tmp_path):
    touched = tmp_path / "t"
    payload, word = evil(touched)[name]
    pickle.loads(payload)
    assert touched.exists(), "the pickle is to be a real attack"
    touched.unlink()
    for location in (1, 2, 3, 4):
        refused(tmp_path / "a.pth", around(payload, location), word)
    refused(tmp_path / "a.pth", payload)
    refused(tmp_path / "a.pth", b"\x8a\n" + MAGIC.to_bytes(10, "little") + payload, word)
    assert not touched.exists()


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("OrderedDict.__init__.__globals__", "collections"),
        ("OrderedDict.__init__", "collections"),
        ("_rebuild_tensor_v2.__globals__", "torch._utils"),
        ("_rebuild_parameter", "torch._utils"),
        ("BFloat16Storage", "torch"),
        ("load", "torch"),
        ("Storage" + "x" * 5000, "torch"),
        ("\u202e\n"[:1], "torch"),
    ],
)
def test_other_names_are_refused_by_name(name, module, tmp_path):
    payload = b"\x80\x02c" + f"{module}\n{name}\n".encode() + b")R."
    message = refused(tmp_path / "a.pth", around(payload))
    if name.isascii():
        assert f"{module}.{name}"[:100] in message
    assert len(message) < 500 and message.isprintable()


NAMES = b"(ccollections\nOrderedDict\nctorch._utils\n_rebuild_tensor_v2\nctorch\nFloatStorage\n"


@pytest.mark.many
@pytest.mark.parametrize(
    "payload",
    [
        # Calls and states of what is allowed as a name.
        b"ctorch\nFloatStorage\n)R.",
        b"ctorch._utils\n_rebuild_tensor_v2\n)R.",
        b"ccollections\nOrderedDict\n(lR.",
        b"ccollections\nOrderedDict\n((X\x01\0\0\0aX\x01\0\0\0bt\x85\x85R.",
        b"ctorch._utils\n_rebuild_tensor_v2\n}X\x0c\0\0\0__defaults__)sb.",
        b"ctorch._utils\n_rebuild_tensor_v2\nN}X\x08\0\0\0__code__Ns\x86b.",
        b"ccollections\nOrderedDict\n}X\x04\0\0\0itemNsb.",
        b"ccollections\nOrderedDict\n)\x81.",
        b"}}X\x0c\0\0\0__setstate__NsbNb.",
        NAMES + b"t.",
        # Sizes that are not there.
        b"\x8d" + struct.pack("<Q", 2**62) + b"ab.",
        b"\x8d" + struct.pack("<Q", 2**64 - 1) + b"ab.",
        b"\x8e" + struct.pack("<Q", 2**62) + b"ab.",
        b"X" + struct.pack("<I", 2**32 - 1) + b"ab.",
        b"\x8b" + struct.pack("<i", 2**31 - 1) + b"ab.",
        b"\x8b" + struct.pack("<i", -1) + b"ab.",
        b"\x95" + struct.pack("<Q", 2**62) + b"N.",
        b"I" + b"9" * 100_000 + b"\n.",
        b"Nr" + struct.pack("<I", 2**32 - 1) + b".",
        # Depth.
        b"N" + b"\x85" * 200_000 + b".",
        b"(" * 200_000 + b"t" * 200_000 + b".",
        b"]" * 200_000 + b"a" * 199_999 + b".",
        b"]q\0h\0a.",
        b"}q\0X\x01\0\0\0ah\0s.",
        b"}N" + b"\x85" * 200_000 + b"Ns.",
        b"N" + b"\x85" * 200_000 + b"(NNNNNtQ.",
        b"(N" + b"\x85" * 200_000 + b"NNNNNtQ.",
        b"(X\x07\0\0\0storageN" + b"\x85" * 200_000 + b"X\x01\0\0\0kNK\x01NtQ.",
        b"N0" * 600_000 + b"N.",
        (b"(t" * 600_000) + b".",
        # Nonsense.
        b".", b"t.", b"a.", b"s.", b"R.", b"b.", b"Q.", b"q\0.", b"h\0.", b"NN.", b"(N.", b"(X.",
        b"]NNs.", b"}Na.", b"NNa.", b"}(X\x01\0\0\0au.", b"}(NNu.", b"NQ.", b")Q.", b"]Q.",
        b"}(X\x01\0\0\0aNX\x01\0\0\0aNu.",
        # Not tensors by name.
        b"N.", b"K\x01.", b"}X\x01\0\0\0aK\x01s.", b"}X\x01\0\0\0a}s.",
        b"}X\x03\0\0\0\xed\xa0\x80Ns.",
    ],
    ids=lambda payload: repr(payload[:12]),
)  # fmt: skip
def test_hostile_pickles_are_refused(payload, tmp_path):
    refused(tmp_path / "a.pth", around(b"\x80\x02" + payload))
    refused(tmp_path / "a.pth", around(b"\x80\x02" + payload, location=4))


@pytest.mark.many
@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"]" + b"Na" * 600_000 + b".", "more than 1,000,000 steps"),
        (b"ccollections\nOrderedDict\n)R(" + text("a") + b"N" + text("a") + b"Nu.", "'a' twice"),
        (b"}" + text("a") + b"K\x01s.", "'a' is not a tensor"),
        (b"}K\x01Ns.", "keys are not strings"),
        (b"(cos\nsystem\no.", "names 'os.system'"),
        (b"N.", "does not hold a state dict"),
        (b"(X.", "damaged"),
        (b"N" + b"\x85" * 30_000 + b".", "more than 20,000 tuples"),
    ],
    ids=lambda value: repr(value[:12]),
)
def test_an_error_says_what_is_wrong(payload, words, tmp_path):
    refused(tmp_path / "a.pth", around(b"\x80\x02" + payload), words)


@pytest.mark.parametrize(
    ("offset", "shape", "strides", "words"),
    [
        (0, (7,), (1,), "beyond"),
        (1, (6,), (1,), "beyond"),
        (0, (2, 3), (4, 1), "beyond"),
        (6, (1,), (1,), "beyond"),
        (0, (10**12,), (0,), "beyond"),
        (0, (10**15, 10**15), (0, 0), "beyond"),
        (0, (6,), (10**15,), "beyond"),
        (-1, (2,), (1,), "from 0 up"),
        (0, (2,), (-1,), "from 0 up"),
        (0, (-1,), (1,), "from 0 up"),
        (0, (2, -3), (1, 1), "from 0 up"),
        (0, (0, 10**30), (1, 1), "from 0 up"),
        (0, (6,), (10**30,), "from 0 up"),
        (10**30, (1,), (1,), "from 0 up"),
        (0, (2**500,), (0,), "from 0 up"),
        (0, (True,), (1,), "from 0 up"),
        (0, (2.0,), (1,), "BINFLOAT"),
        (None, (2,), (1,), "from 0 up"),
        (0, [2], (1,), "not known"),
        (0, 2, 1, "not known"),
        (0, (1,) * 65, (1,) * 65, "not known"),
        (0, (2**61,) * 2_000, (0,) * 2_000, "not known"),
        (0, (2, 3), (1,), "damaged"),
        (0, (0, 10**15, 10**15), (1, 1, 1), "damaged"),
    ],
    ids=range(24),
)
def test_a_tensor_stays_within_its_storage(offset, shape, strides, words, torch_names, tmp_path):
    storage = Storage("1", np.arange(6, dtype="<f4"))
    good = {"a": Tensor(storage, 0, (6,), (1,))}
    (tmp_path / "a.pth").write_bytes(torch_bytes(good, torch_names))
    assert read_torch_file(tmp_path / "a.pth")["a"].shape == (6,)
    bad = {**good, "b": Tensor(storage, offset, shape, strides)}
    refused(tmp_path / "a.pth", torch_bytes(bad, torch_names), words)


@pytest.mark.parametrize(
    "changes",
    [
        {"elements": 2**60},
        {"elements": 7},
        {"elements": 5},
        {"elements": -1},
        {"elements": 6.0},
        {"kind": "Double"},
        {"view": ("2", 0, 6)},
        {"kind": "BFloat16"},
    ],
)
def test_a_storage_has_the_size_it_says(changes, torch_names, tmp_path):
    storage = Storage("1", np.arange(6, dtype="<f4"), **changes)
    state = {"a": Tensor(storage, 0, (2,), (1,))}
    refused(tmp_path / "a.pth", torch_bytes(state, torch_names))


def test_the_list_of_storages_is_that_of_the_tensors(torch_names, tmp_path):
    storage = Storage("1", np.arange(6, dtype="<f4"))
    tensor = Tensor(storage, 0, (6,), (1,))
    content = torch_bytes({"a": tensor}, torch_names)
    other = content.replace(b"]q\x00X\x01\x00\x00\x001q\x01a.", b"]q\x00X\x01\x00\x00\x002q\x01a.")
    assert other != content
    refused(tmp_path / "a.pth", other, "list of storages")
    refused(tmp_path / "a.pth", content + b"\0", "damaged")
    twice = Tensor(Storage("1", np.arange(4, dtype="<f4")), 0, (4,), (1,))
    refused(tmp_path / "a.pth", torch_bytes({"a": tensor, "b": twice}, torch_names), "two ways")


@pytest.mark.many
@pytest.mark.filterwarnings("ignore:invalid escape sequence")  # pickletools, of a text
def test_a_damaged_file_is_refused(torch_names, tmp_path):
    storage = Storage("1", np.arange(6, dtype="<f4"))
    state = collections.OrderedDict(
        a=Tensor(storage, 0, (2, 3), (3, 1)), b=Tensor(storage, 2, (2,), (1,))
    )
    content = torch_bytes(state, torch_names)
    path = tmp_path / "a.pth"
    for length in range(len(content)):
        refused(path, content[:length])
    # A changed byte is either refused or makes another file of tensors; nothing else happens.
    rng = np.random.default_rng(0)
    read = 0
    for _ in range(500):
        changed = bytearray(content)
        for location in rng.integers(0, len(content), rng.integers(1, 4)):
            changed[location] = rng.integers(256)
        path.write_bytes(changed)
        try:
            tensors = read_torch_file(path)
        except ArgumentError:
            continue
        read += 1
        assert all(array.nbytes <= 24 for array in tensors.values())
    assert 15 < read < 485


def test_other_formats_are_named(torch_names, tmp_path):
    path = tmp_path / "a.pth"
    refused(path, b"PK\x03\x04" + bytes(100), "_use_new_zipfile_serialization=False")
    refused(path, b"", "not a file of torch.save")
    refused(path, b"\x89HDF\r\n\x1a\n" + bytes(100), "not a file of torch.save")
    refused(path, around(pickle.dumps(1002, 2), location=1), "version")
    state = {"a": Tensor(Storage("1", np.zeros(1, "<f4")), 0, (1,), (1,))}
    whole = {"state_dict": state, "epoch": 3}
    refused(path, torch_bytes(whole, torch_names), "'state_dict' is not a tensor")
    with pytest.raises(ArgumentError, match="no such file"):
        read_torch_file(tmp_path / "b.pth")
    with pytest.raises(ArgumentError, match="no such file"):
        read_torch_file(tmp_path)
