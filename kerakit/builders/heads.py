"""The last layers of a network: from scores to numbers in their unit, or to probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from kerakit.builders.contract import (
    OUTPUT,
    PREDICTION,
    PROBABILITIES,
    UNSCALE,
    quantile_layer_name,
)
from kerakit.builders.parts import blended, in_float32
from kerakit.checks import check, check_choice, check_int, check_levels
from kerakit.data.spec import Spec
from kerakit.data.tasks import TASKS, tasks_with
from kerakit.errors import ArgumentError

__all__ = [
    "class_answer",
    "class_head",
    "class_task",
    "number_answer",
    "number_head",
    "number_targets",
]


def number_targets(
    owner: str,
    inputs: object,
    targets: int | None,
    quantiles: Sequence[float] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Check the arguments of a regressor; return the means and standard deviations of its targets.

    Args:
        owner: str. The builder, for errors.
        inputs: `Spec`, or a plain width, for which the means are 0 and the standard deviations 1.
        targets, quantiles: as in `mlp_regressor`.

    Returns:
        Tuple `(mean, std)` of arrays of shape `(targets,)`.
    """
    if isinstance(inputs, Spec):
        check_choice(owner, "inputs.task", inputs.task, tasks_with(answer="numbers"))
        check(targets is None, owner, "targets", "None with a Spec, which knows them", targets)
        mean, variance = np.array(inputs.target.mean), np.array(inputs.target.variance)
        std = np.sqrt(np.where(variance > 0, variance, 1.0))
    else:
        count = 1 if targets is None else check_int(owner, "targets", targets, minimum=1)
        mean, std = np.zeros(count), np.ones(count)
    if quantiles is not None:
        if len(mean) > 1:
            raise ArgumentError(
                f"The 'quantiles' parameter of {owner} needs one target. Got {len(mean)} targets."
            )
        check_levels(owner, "quantiles", quantiles, odd=True)
    return mean, std


@in_float32()
def number_head(
    values: keras.KerasTensor,
    mean: np.ndarray,
    std: np.ndarray,
    l2: float = 0.0,
    quantiles: Sequence[float] | None = None,
) -> keras.KerasTensor:
    """Predict numbers in their own units.

    The layer `output` predicts standardised targets. The layer `unscale` multiplies them by
    the standard deviation of the target and adds its mean.

    Args:
        values: tensor of shape `(batch, width)`.
        mean, std: arrays of shape `(targets,)`.
        l2: float. Penalty of the kernel.
        quantiles: sequence of levels in (0, 1), or `None`. Their predictions are sorted, so
            that they never cross (Chernozhukov et al. 2010, doi:10.3982/ECTA7880).

    Returns:
        Tensor of shape `(batch,)` for one target, else `(batch, targets)`; `(batch, levels)`
        for quantiles.
    """
    width = len(mean) if quantiles is None else len(quantiles)
    scores = keras.layers.Dense(
        width, kernel_regularizer=_penalty(l2), dtype="float32", name=OUTPUT
    )(values)
    return number_answer(scores, mean, std, quantiles)


@in_float32()
def number_answer(
    scores: keras.KerasTensor,
    mean: np.ndarray,
    std: np.ndarray,
    quantiles: Sequence[float] | None = None,
) -> keras.KerasTensor:
    """Turn scores, which are standardised targets, into numbers in their own units.

    Args:
        scores: tensor of shape `(batch, targets)`, or `(batch, levels)` for quantiles.
        mean, std, quantiles: as in `number_head`.
    """
    single = len(mean) == 1
    if quantiles is not None:
        scores = keras.ops.sort(scores, axis=-1)
    scale, offset = std.tolist(), mean.tolist()
    scale, offset = (scale[0], offset[0]) if single else (scale, offset)
    answer = keras.layers.Rescaling(scale, offset, dtype="float32", name=UNSCALE)(scores)
    if quantiles is not None:
        name = quantile_layer_name(quantiles)
        answer = keras.layers.Identity(dtype="float32", name=name)(answer)
    elif single:
        answer = keras.layers.Reshape((), dtype="float32", name=PREDICTION)(answer)
    return answer


def class_task(
    owner: str, inputs: object, classes: int | None, multilabel: bool = False
) -> tuple[str, int]:
    """Check the arguments of a classifier; return its task and the number of classes.

    Args:
        owner: str. The builder, for errors.
        inputs: `Spec`, or a plain shape.
        classes, multilabel: as in `mlp_classifier`.
    """
    if isinstance(inputs, Spec):
        class_tasks = (*tasks_with(answer="label"), *tasks_with(answer="labels"))
        check_choice(owner, "inputs.task", inputs.task, class_tasks)
        check(classes is None, owner, "classes", "None with a Spec, which knows them", classes)
        return inputs.task, len(inputs.classes)
    check(classes is not None, owner, "classes", "given with a plain shape", classes)
    count = check_int(owner, "classes", classes, minimum=1 if multilabel else 2)
    return ("multilabel" if multilabel else "binary" if count == 2 else "multiclass"), count


@in_float32()
def class_head(
    values: keras.KerasTensor,
    task: str,
    classes: int,
    l2: float = 0.0,
    linear: keras.KerasTensor | None = None,
    linear_weight: float = 0.5,
) -> keras.KerasTensor:
    """Predict the probability of every class.

    Two classes have one score, as in logistic regression: softmax([0, score]) is the logistic
    function of the score.

    Args:
        values: tensor of shape `(batch, width)`.
        task, classes: what `class_task` returned.
        l2: float. Penalty of the kernel.
        linear: tensor of shape `(batch, scores)`: the scores of a linear path, which `blended`
            adds to these. Defaults to `None`: there is no linear path.
        linear_weight: float in [0, 1]. As in `blended`.

    Returns:
        Tensor of shape `(batch, classes)`; rows sum to 1 unless `task` is `"multilabel"`.
    """
    units = TASKS[task].score_count(classes)
    scores = keras.layers.Dense(
        units, kernel_regularizer=_penalty(l2), dtype="float32", name=OUTPUT
    )(values)
    if linear is not None:
        scores = blended(linear, scores, linear_weight)
    return class_answer(scores, task)


@in_float32()
def class_answer(scores: keras.KerasTensor, task: str) -> keras.KerasTensor:
    """Turn scores into the probability of every class.

    Args:
        scores: tensor of shape `(batch, scores)`.
        task: str. As in `class_head`.
    """
    head = TASKS[task].head
    if head == "sigmoid":
        return keras.layers.Activation("sigmoid", dtype="float32", name=PROBABILITIES)(scores)
    if head == "logistic":
        zero = keras.layers.Rescaling(0.0, dtype="float32", name="negative")(scores)
        scores = keras.layers.Concatenate(dtype="float32", name="scores")([zero, scores])
    return keras.layers.Softmax(dtype="float32", name=PROBABILITIES)(scores)


def _penalty(l2):
    return keras.regularizers.L2(l2) if l2 else None
