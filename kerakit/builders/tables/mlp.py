"""Multilayer perceptrons for tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import keras
import numpy as np

from kerakit.builders.heads import (
    class_answer,
    class_head,
    class_task,
    number_answer,
    number_head,
    number_targets,
)
from kerakit.builders.parts import assemble, spec_or_shape
from kerakit.builders.search_space import Choice, searched
from kerakit.builders.tables.columns import mlp_columns
from kerakit.builders.tables.hidden_layers import hidden_layers
from kerakit.builders.tables.members.powers import power_of_scores
from kerakit.builders.tables.members.scores import member_scores
from kerakit.builders.tables.options import Normalization, checked_options
from kerakit.builders.tables.preprocessing import WIDTH
from kerakit.data.data import Data
from kerakit.data.groups import joined_groups
from kerakit.data.spec import Spec
from kerakit.data.tasks import TASKS

__all__ = ["mlp_classifier", "mlp_regressor"]


@searched(
    hidden=Choice("auto", (64, 64), (128, 128), (256, 256), (512, 512), (256, 256, 256)),
    dropout=Choice("auto", 0.0, 0.1, 0.2, 0.3, 0.5),
    bins=Choice("auto", 0, 16, 32, 64),
)
def mlp_regressor(
    inputs: Data | Spec | int | tuple[int],
    *,
    hidden: Literal["auto"] | Sequence[int] = "auto",
    activation: str | None = None,
    dropout: Literal["auto"] | float = "auto",
    l2: float = 0.0,
    normalization: Normalization = "none",
    residual: bool = False,
    embedding: Literal["auto"] | int | None = "auto",
    bins: Literal["auto"] | int = "auto",
    members: Literal["auto"] | int = "auto",
    targets: int | None = None,
    quantiles: Sequence[float] | None = None,
) -> keras.Model:
    """Build a multilayer perceptron for regression.

    It predicts one or several numbers, or quantiles of one number.

    By default it suits the number of rows: up to 100,000 rows it has members, which
    tests/benchmarks/tabular_peers.py compares with other learners; beyond, and for a plain width,
    it is one network.

    Args:
        inputs: `Data`, `Spec`, or the width of a plain array, whose values are used as they are.
        hidden: `"auto"`, or a sequence of ints in [1, inf): units of the hidden layers.
            `"auto"` gives members two networks, of `(128, 128)` and of `(64, 64)` units, both of
            `(64, 64)` from 6,000 rows on, and a network alone `(256, 256)`. Defaults to `"auto"`.
        activation: str. Any Keras activation. Defaults to `None`: `"gelu"` (Hendrycks & Gimpel
            2016, arXiv:1606.08415), and for the narrow network of members `"silu"`, or `"selu"`
            where it reads steps.
        dropout: `"auto"`, or float in [0, 1). Fraction of units that are dropped after every hidden
            layer in training (Srivastava et al. 2014). Defaults to `"auto"`: 0.1, and for the
            narrow network of members 0.15, or 0.05 where it reads steps.
        l2: float in [0, inf). The loss gains `l2 * sum(kernel ** 2)` for every layer.
            Defaults to `0.0`.
        normalization: `"none"`, `"batch"` (Ioffe & Szegedy 2015) or `"layer"` (Ba et al.
            2016), before the activation. Others than `"none"` make a network alone. Defaults to
            `"none"`.
        residual: bool. Whether each hidden layer is added to its input, which is projected
            where the widths differ (He et al. 2016); it makes a network alone. Defaults to
            `False`.
        embedding: `"auto"`, int in [1, inf) or `None`. Width of the embeddings of columns with
            more than 64 categories; `"auto"` takes it from the number of categories, `None`
            one-hot encodes these columns too. Defaults to `"auto"`.
        bins: `"auto"`, or int in [0, 64]. Numeric columns are also encoded piecewise linearly over
            so many quantile bins (Gorishniy et al. 2022, arXiv:2203.05556), which helps where the
            answer depends on thresholds; 0 for none. Plain widths have no quantiles and so no
            bins. Defaults to `"auto"`: for members 16 below 500 rows, 32 below 6,000 and 64
            from there on (1,000 for all columns together; none for more than 200 columns); 32 for a
            network alone. From 6,000 rows on the narrow network also reads 16 steps of a column, at
            thresholds of boosted trees that `kk.fit` grows; 0 bins give none of them.
        members: `"auto"`, or int in [1, 64]. How many networks of these layers stand side by
            side; the prediction is their mean. With more than one, each is the correction of a
            line, which `kk.fit` solves before the first epoch (ridge regression; of the
            square roots of a target, where the error of their line is 10 % lower). Training and
            validation rows are divided into as many folds; a member trains on all but one of
            them, and all keep the weights of the epoch with the lowest loss of the rows left
            out (Parmanto, Munro & Doyle 1996, NeurIPS 8). The two networks of members are
            weighted by these losses. Boosted trees stand beside them (Friedman 2001, Annals of
            Statistics 29), and up to 5,000 rows a kernel ridge regression (Rasmussen &
            Williams 2006, chapter 2); with it, the model holds the columns of its training rows.
            Defaults to `"auto"`: 8 below 6,000 rows, 4 below
            100,000; 1, a network alone, beyond, for plain widths, and where `hidden` is given.
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
    owner, groups = "mlp_regressor", _group_count(inputs)
    inputs = spec_or_shape(owner, inputs, WIDTH)
    mean, std = number_targets(owner, inputs, targets, quantiles)
    options = checked_options(
        owner,
        inputs,
        classes=False,
        groups=groups,
        hidden=hidden,
        activation=activation,
        dropout=dropout,
        l2=l2,
        normalization=normalization,
        residual=residual,
        embedding=embedding,
        bins=bins,
        members=members,
    )
    by_name, preprocess, values, columns = mlp_columns(owner, inputs, options)
    if options.sizes.members > 1:
        count, levels = len(quantiles or mean), quantiles is not None
        scores = member_scores(inputs, columns, count, options, numbers=True, quantiles=levels)
        if quantiles is None:
            scores = power_of_scores(scores)
        answer = number_answer(scores, mean, std, quantiles)
    else:
        answer = number_head(
            hidden_layers(columns.values, options), mean, std, options.l2, quantiles
        )
    return assemble(by_name, preprocess, values, answer, owner, inputs)


@searched(
    hidden=Choice("auto", (64, 64), (128, 128), (256, 256), (512, 512), (128, 128, 128)),
    dropout=Choice("auto", 0.0, 0.1, 0.2, 0.3, 0.5),
    bins=Choice("auto", 0, 16, 32, 64),
)
def mlp_classifier(
    inputs: Data | Spec | int | tuple[int],
    *,
    hidden: Literal["auto"] | Sequence[int] = "auto",
    activation: str | None = None,
    dropout: Literal["auto"] | float = "auto",
    l2: float = 0.0,
    normalization: Normalization = "none",
    residual: bool = False,
    embedding: Literal["auto"] | int | None = "auto",
    bins: Literal["auto"] | int = "auto",
    members: Literal["auto"] | int = "auto",
    classes: int | None = None,
    multilabel: bool = False,
) -> keras.Model:
    """Build a multilayer perceptron for classification.

    It predicts the probability of every class.

    Args:
        inputs: `Data` or `Spec` of a classification, or the width of a plain array.
        hidden: as in `mlp_regressor`; `"auto"` gives members `(128, 128)` and `(64, 64)` from
            6,000 rows on too, and a network alone `(128, 128)`.
        activation, l2, normalization, residual, embedding: as in `mlp_regressor`.
        bins: as in `mlp_regressor`; `"auto"` gives a network alone 16.
        dropout: as in `mlp_regressor`; `"auto"` gives a network alone 0.3.
        members: as in `mlp_regressor`; the line is a logistic regression, and the mean is that of
            the scores. `kk.fit` also gives them one temperature, by the rows that were left out
            (Guo et al. 2017, arXiv:1706.04599).
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
    owner, groups = "mlp_classifier", _group_count(inputs)
    inputs = spec_or_shape(owner, inputs, WIDTH)
    task, classes = class_task(owner, inputs, classes, multilabel)
    options = checked_options(
        owner,
        inputs,
        classes=True,
        groups=groups,
        hidden=hidden,
        activation=activation,
        dropout=dropout,
        l2=l2,
        normalization=normalization,
        residual=residual,
        embedding=embedding,
        bins=bins,
        members=members,
    )
    by_name, preprocess, values, columns = mlp_columns(owner, inputs, options)
    if options.sizes.members > 1:
        scores = member_scores(inputs, columns, TASKS[task].score_count(classes), options)
        answer = class_answer(scores, task)
    else:
        answer = class_head(hidden_layers(columns.values, options), task, classes, options.l2)
    return assemble(by_name, preprocess, values, answer, owner, inputs)


def _group_count(inputs):
    """How many groups the rows of `Data` have, or `None`."""
    groups = joined_groups(inputs) if isinstance(inputs, Data) else None
    return None if groups is None else len(np.unique(groups))
