"""Multilayer perceptrons for tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import keras

from kerakit.builders.heads import (
    class_answer,
    class_head,
    class_task,
    number_answer,
    number_head,
    number_targets,
)
from kerakit.builders.parts import assemble, network_inputs, spec_or_shape
from kerakit.builders.search_space import Choice, Range, searched
from kerakit.builders.tables.members import member_layers, member_scores
from kerakit.builders.tables.preprocessing import (
    WIDTH,
    ColumnOptions,
    bins_width,
    tabular_preprocess,
)
from kerakit.checks import check, check_choice, check_float, check_int, check_sizes
from kerakit.data.data import Data
from kerakit.data.spec import Spec
from kerakit.data.tasks import TASKS

__all__ = ["mlp_classifier", "mlp_regressor"]

NORMALIZATIONS = ("none", "batch", "layer")
Normalization = Literal["none", "batch", "layer"]


@searched(
    hidden=Choice((64, 64), (128, 128), (256, 256), (512, 512), (256, 256, 256)),
    dropout=Range(0.0, 0.5),
    bins=Choice(0, 16, 32, 64),
)
def mlp_regressor(
    inputs: Data | Spec | int | tuple[int],
    *,
    hidden: Sequence[int] = (256, 256),
    activation: str = "gelu",
    dropout: float = 0.1,
    l2: float = 0.0,
    normalization: Normalization = "none",
    residual: bool = False,
    embedding: Literal["auto"] | int | None = "auto",
    bins: int = 32,
    members: int = 1,
    targets: int | None = None,
    quantiles: Sequence[float] | None = None,
) -> keras.Model:
    """Build a multilayer perceptron for regression.

    It predicts one or several numbers, or quantiles of one number.

    The defaults were chosen on validation splits of the concrete, energy and yacht sets of
    UCI; tests/benchmarks/tabular_peers.py compares them with other learners.

    Args:
        inputs: `Data`, `Spec`, or the width of a plain array, whose values are used as they are.
        hidden: sequence of ints in [1, inf). Units of the hidden layers. Defaults to
            `(256, 256)`.
        activation: str. Any Keras activation. Defaults to `"gelu"` (Hendrycks & Gimpel
            2016, arXiv:1606.08415).
        dropout: float in [0, 1). Fraction of units that are dropped after every hidden layer in
            training (Srivastava et al. 2014). Defaults to `0.1`.
        l2: float in [0, inf). The loss gains `l2 * sum(kernel ** 2)` for every layer.
            Defaults to `0.0`.
        normalization: `"none"`, `"batch"` (Ioffe & Szegedy 2015) or `"layer"` (Ba et al.
            2016), before the activation. Defaults to `"none"`.
        residual: bool. Whether each hidden layer is added to its input, which is projected
            where the widths differ (He et al. 2016). Defaults to `False`.
        embedding: `"auto"`, int in [1, inf) or `None`. Width of the embeddings of columns with
            more than 64 categories; `"auto"` takes it from the number of categories, `None`
            one-hot encodes these columns too. Defaults to `"auto"`.
        bins: int in [0, 64]. Numeric columns are also encoded piecewise linearly over so many
            quantile bins (Gorishniy et al. 2022, arXiv:2203.05556), which helps where the
            answer depends on thresholds; 0 for none. Plain widths have no quantiles and so no
            bins. Defaults to `32`.
        members: int in [1, 64]. How many networks of these layers stand side by side; the
            prediction is their mean. With more than one, each is the correction of a line, which
            `kk.fit` solves before the first epoch (ridge regression). Training and validation
            rows are divided into as many folds; a member trains on all but one of them and
            keeps the weights that are best on that one (Parmanto, Munro & Doyle 1996, NeurIPS
            8). Defaults to `1`: a network alone.
        targets: int in [1, inf). How many numbers the model predicts. Only with a plain width.
            Defaults to `None`, which is 1.
        quantiles: sequence of 3, 5, ... levels in (0, 1), in increasing order. The model
            predicts these quantiles instead of the mean; the middle one is the prediction.
            Defaults to `None`.

    Returns:
        `keras.Model`; predictions of shape `(batch,)`, or `(batch, targets)`, or
        `(batch, levels)`, in the targets' own units.

    Raises:
        ArgumentError: when an argument is out of its range, or the task is not regression.

    Example:

    >>> model = mlp_regressor(11, hidden=(64, 64))
    >>> model.count_params()  # 11 * 64 + 64, 64 * 64 + 64, 64 + 1
    4993
    """
    owner = "mlp_regressor"
    inputs = spec_or_shape(owner, inputs, WIDTH)
    mean, std = number_targets(owner, inputs, targets, quantiles)
    options = _checked(
        owner, hidden, activation, dropout, l2, normalization, residual, embedding, bins
    )
    members = _checked_members(owner, members, options)
    by_name, preprocess, values, joined, line = _values(owner, inputs, embedding, bins, members)
    if members > 1:
        scores = _member_scores(joined, line, members, len(quantiles or mean), options)
        answer = number_answer(scores, mean, std, quantiles)
    else:
        hidden_values = _hidden_layers(joined, **options)
        answer = number_head(hidden_values, mean, std, options["l2"], quantiles)
    return assemble(by_name, preprocess, values, answer, owner, inputs)


@searched(
    hidden=Choice((64, 64), (128, 128), (256, 256), (512, 512), (128, 128, 128)),
    dropout=Range(0.0, 0.5),
    bins=Choice(0, 16, 32, 64),
)
def mlp_classifier(
    inputs: Data | Spec | int | tuple[int],
    *,
    hidden: Sequence[int] = (128, 128),
    activation: str = "gelu",
    dropout: float = 0.3,
    l2: float = 0.0,
    normalization: Normalization = "none",
    residual: bool = False,
    embedding: Literal["auto"] | int | None = "auto",
    bins: int = 16,
    members: int = 1,
    classes: int | None = None,
    multilabel: bool = False,
) -> keras.Model:
    """Build a multilayer perceptron for classification.

    It predicts the probability of every class.

    Args:
        inputs: `Data` or `Spec` of a classification, or the width of a plain array.
        hidden: as in `mlp_regressor`. Defaults to `(128, 128)`.
        activation, l2, normalization, residual, embedding: as in `mlp_regressor`.
        bins: int in [0, 64], as in `mlp_regressor`. Defaults to `16`.
        dropout: float in [0, 1), as in `mlp_regressor`. Defaults to `0.3`.
        members: int in [1, 64], as in `mlp_regressor`; the line is a logistic regression, and
            the mean is that of the scores. Defaults to `1`.
        classes: int in [2, inf). Needed with a plain width.
        multilabel: bool. Whether a row can have several labels. Only with a plain width.
            Defaults to `False`.

    Returns:
        `keras.Model`; probabilities of shape `(batch, classes)`, for two classes too.

    Raises:
        ArgumentError: when an argument is out of its range, or the task is no classification.

    Example:

    >>> mlp_classifier(4, classes=3, hidden=(16,)).output_shape
    (None, 3)
    """
    owner = "mlp_classifier"
    inputs = spec_or_shape(owner, inputs, WIDTH)
    task, classes = class_task(owner, inputs, classes, multilabel)
    options = _checked(
        owner, hidden, activation, dropout, l2, normalization, residual, embedding, bins
    )
    members = _checked_members(owner, members, options)
    by_name, preprocess, values, joined, line = _values(owner, inputs, embedding, bins, members)
    if members > 1:
        units = TASKS[task].score_count(classes)
        answer = class_answer(_member_scores(joined, line, members, units, options), task)
    else:
        hidden_values = _hidden_layers(joined, **options)
        answer = class_head(hidden_values, task, classes, options["l2"])
    return assemble(by_name, preprocess, values, answer, owner, inputs)


def _checked(owner, hidden, activation, dropout, l2, normalization, residual, embedding, bins):
    try:
        keras.activations.get(activation)
    except ValueError:
        check(False, owner, "activation", "the name of a Keras activation", activation)
    if embedding not in ("auto", None):
        check_int(owner, "embedding", embedding, minimum=1)
    check_int(owner, "bins", bins, minimum=0, maximum=64)
    return {
        "hidden": check_sizes(owner, "hidden", hidden),
        "activation": activation,
        "dropout": check_float(owner, "dropout", dropout, "[0.0, 1.0)"),
        "l2": check_float(owner, "l2", l2, "[0.0, inf)"),
        "normalization": check_choice(owner, "normalization", normalization, NORMALIZATIONS),
        "residual": bool(residual),
    }


def _checked_members(owner, members, options):
    members = check_int(owner, "members", members, minimum=1, maximum=64)
    plain = options["normalization"] == "none" and not options["residual"]
    expected = "1 with normalization= or residual=, which members do not have"
    check(members == 1 or plain, owner, "members", expected, members)
    return members


def _member_scores(joined, line, members, units, options):
    options = {name: options[name] for name in ("hidden", "activation", "dropout", "l2")}
    options["l2"] /= members  # the loss is a mean over the members
    hidden = member_layers(joined, members, **options)
    return member_scores(line, hidden, members, units, options["l2"])


def _values(owner, inputs, embedding, bins, members):
    """Inputs, preprocessing and embeddings; and the columns that the lines of members read."""
    columns = ColumnOptions(embedding=embedding, bins=bins, bins_last=members > 1)
    by_name, preprocess, tables = tabular_preprocess(inputs, columns, owner=owner)
    values = network_inputs(preprocess)
    parts = [tensor for tensor in values if tensor.name == "dense"]
    for column, (name, rows, width) in enumerate(tables):
        ids = values[-1][:, column]
        parts.append(keras.layers.Embedding(rows, width, name=f"embed_{name}")(ids))
    joined = parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="joined")(parts)
    line = None
    if members > 1:
        width = sum(t.shape[-1] for t in values if t.name == "dense") - bins_width(preprocess)
        line = joined[:, :width] if width else keras.ops.zeros_like(joined[:, :1])
    return by_name, preprocess, values, joined, line


def _hidden_layers(values, hidden, activation, dropout, l2, normalization, residual):
    penalty = keras.regularizers.L2(l2) if l2 else None
    layers = keras.layers
    for number, units in enumerate(hidden, 1):
        before = values
        values = layers.Dense(
            units,
            kernel_initializer="he_normal",
            kernel_regularizer=penalty,
            use_bias=normalization != "batch",
            name=f"dense_{number}",
        )(values)
        if normalization == "batch":
            values = layers.BatchNormalization(name=f"normalize_{number}")(values)
        elif normalization == "layer":
            values = layers.LayerNormalization(name=f"normalize_{number}")(values)
        values = layers.Activation(activation, name=f"activate_{number}")(values)
        if dropout:
            values = layers.Dropout(dropout, name=f"dropout_{number}")(values)
        if residual:
            if before.shape[-1] != units:
                before = layers.Dense(units, use_bias=False, name=f"project_{number}")(before)
            values = layers.Add(name=f"add_{number}")([before, values])
    return values
