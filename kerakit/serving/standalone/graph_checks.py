"""Checks of an export's files: the graph, its variables, labels and constants."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from .failed import need
from .normalisation import difference, moments
from .operations import all_nodes, unservable

__all__ = [
    "check_constants",
    "check_labels",
    "check_operations",
    "check_signature",
    "check_variables",
    "read_files",
]

CLOSE = 1e-5


def read_files(state: dict[str, Any]) -> str:
    """Read the manifest and the graph."""
    folder = state["folder"]
    with open(os.path.join(folder, "assets.extra", "kerakit.json"), encoding="utf-8") as file:
        state["manifest"] = manifest = json.load(file)
    saved = saved_model_pb2.SavedModel()
    with open(os.path.join(folder, "saved_model.pb"), "rb") as file:
        saved.ParseFromString(file.read())
    graphs = [graph for graph in saved.meta_graphs if list(graph.meta_info_def.tags) == ["serve"]]
    need(len(graphs) == 1, "saved_model.pb has no graph with the tag 'serve' alone")
    state["graph"] = graphs[0]
    state["nodes"] = all_nodes(graphs[0].graph_def)
    number = os.path.basename(os.path.normpath(folder))
    stated = manifest["version"]
    if number.isdigit() and stated is not None:
        need(int(number) == stated, f"the manifest belongs to version {stated}")
    return f"manifest and graph ({len(state['nodes']):,} operations) read"


def check_variables(state: dict[str, Any]) -> str:
    """Check that the variables are there: a server loads without them, and then fails."""
    folder = os.path.join(state["folder"], "variables")
    have = os.listdir(folder) if os.path.isdir(folder) else []
    need("variables.index" in have, "variables/variables.index is missing")
    data = [name for name in have if name.startswith("variables.data-")]
    need(data, "variables/ holds no variables.data file")
    return f"{sum(os.path.getsize(os.path.join(folder, name)) for name in data):,} bytes"


def check_operations(state: dict[str, Any]) -> str:
    """Check that a stock server on a CPU runs all operations, and that none is random."""
    problem = unservable(state["graph"].graph_def)
    need(problem is None, f"the server {problem}")
    kinds = {node.op for node in state["nodes"]}
    return f"{len(kinds)} kinds, all of TensorFlow's core"


def check_signature(state: dict[str, Any]) -> str:
    """Check names, dtypes and shapes against the manifest; the batch must have any size."""
    have, count = state["graph"].signature_def, 0
    for name, stated in state["manifest"]["signatures"].items():
        need(name in have, f"there is no signature {name!r}")
        for side in ("inputs", "outputs"):
            tensors = getattr(have[name], side)
            need(
                set(tensors) == set(stated[side]),
                f"{name} has the {side} {sorted(tensors)}, the manifest {sorted(stated[side])}",
            )
            for key, info in tensors.items():
                check_tensor(f"{name}, {side[:-1]} {key!r}", info, stated[side][key], side)
                count += 1
    return f"{len(state['manifest']['signatures'])} signature(s), {count} tensors as stated"


def check_tensor(where, info, stated, side):
    """Check one tensor of a signature."""
    dtype = tf.as_dtype(info.dtype).name
    need(dtype == stated["dtype"], f"{where} is {dtype}, the manifest says {stated['dtype']}")
    need(
        side == "inputs" or dtype in ("float32", "string"),
        f"{where} is {dtype}; expected float32 or string",
    )
    if info.tensor_shape.unknown_rank:
        return
    shape = [None if dim.size == -1 else dim.size for dim in info.tensor_shape.dim]
    need(shape, f"{where} is a scalar, without a batch")
    need(shape[0] is None, f"{where} has a fixed batch of {shape[0]}")
    fits = len(shape) == len(stated["shape"]) and all(
        a is None or b is None or a == b for a, b in zip(shape, stated["shape"], strict=True)
    )
    need(fits, f"{where} has the shape {shape}, the manifest says {stated['shape']}")


def check_labels(state: dict[str, Any]) -> str | None:
    """Check that labels.txt has the order of the probabilities."""
    classes = state["manifest"]["classes"]
    if not classes:
        return None
    with open(os.path.join(state["folder"], "assets", "labels.txt"), encoding="utf-8") as file:
        lines = file.read().split("\n")[:-1]
    wanted = [label.replace("\r", "\\r").replace("\n", "\\n") for label in classes]
    need(lines == wanted, f"assets/labels.txt has {lines[:3]}..., the manifest {wanted[:3]}...")
    need(list(state["manifest"]["spec"]["classes"]) == classes, "classes differ from the spec's")
    return f"{len(classes)} classes"


def check_constants(state: dict[str, Any]) -> str | None:
    """Check that the graph has the spec's normalisation constants and vocabularies."""
    stated, features = state["manifest"]["preprocess"], state["manifest"]["spec"]["features"]
    layers, named = stated["normalisation"], stated["vocabularies"]
    if not layers and not named:
        return None
    arrays = [tf.make_ndarray(n.attr["value"].tensor) for n in state["nodes"] if n.op == "Const"]
    floats = [array.ravel() for array in arrays if array.dtype == np.float32]
    for layer in layers:
        for key, values in layer.items():
            found = any(len(a) == len(values) and np.allclose(a, values, CLOSE) for a in floats)
            need(found, f"the {key} {values[:3]}... is not in the graph")
    if layers:
        parts = [part for f in features for part in (f, *f.get("parts", ()))]
        numeric = [f for f in parts if f["mean"] is not None]
        have, wanted = moments(layers), moments(numeric)
        need(len(have) == len(wanted), f"{len(have)} numbers normalised, {len(wanted)} in the spec")
        wrong = difference(have, wanted)
        statistic, value, expected = wrong or ("", 0.0, 0.0)
        need(wrong is None, f"a {statistic} of {value:g}, where the spec says {expected:g}")
    words = {tuple(array.ravel().tolist()) for array in arrays if array.dtype == object}
    for feature in features:
        if feature["name"] in named:
            vocabulary = tuple(word.encode() for word in feature["vocabulary"])
            # A model of texts may have the most frequent words only.
            lengths = map(len, words) if feature["kind"] == "text" else ()
            found = vocabulary in words or any(vocabulary[:n] in words for n in lengths if n)
            need(found, f"the vocabulary of {feature['name']!r} is not in the graph")
    values = sum(len(layer["mean"]) for layer in layers)
    return f"{values} means and variances, {len(named)} vocabularies as in the spec"
