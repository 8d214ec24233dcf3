"""The last layers of a network: from scores to an answer in the user's terms."""

import keras
import numpy as np

from kerakit.builders.blend import blended
from kerakit.builders.contract import (
    OUTPUT,
    PREDICTION,
    PROBABILITIES,
    UNSCALE,
    check_quantiles,
    quantile_layer_name,
)
from kerakit.checks import check, check_choice, check_int
from kerakit.data.spec import Spec
from kerakit.data.tasks import TASKS, tasks_with
from kerakit.errors import ArgumentError

__all__ = ["class_head", "class_task", "number_head", "number_targets"]


def number_targets(owner, inputs, targets, quantiles=None):
    """Check the arguments of a regressor; return `(means, standard deviations)` per target.

    A plain width has no statistics: means 0 and deviations 1.
    """
    if isinstance(inputs, Spec):
        check_choice(owner, "inputs.task", inputs.task, tasks_with(answer="numbers"))
        check(targets is None, owner, "targets", "None with a Spec, which knows them", targets)
        mean, variance = np.array(inputs.target.mean), np.array(inputs.target.variance)
        deviation = np.sqrt(np.where(variance > 0, variance, 1.0))
    else:
        count = 1 if targets is None else check_int(owner, "targets", targets, minimum=1)
        mean, deviation = np.zeros(count), np.ones(count)
    if quantiles is not None:
        if len(mean) > 1:
            raise ArgumentError(f"{owner} predicts quantiles of one target. Got {len(mean)}.")
        check_quantiles(owner, quantiles)
    return mean, deviation


def number_head(values, mean, deviation, l2=0.0, quantiles=None):
    """Predict numbers in their own units.

    The `output` layer works on the standardised scale, where weights of the usual size
    fit; `unscale` multiplies by the target's deviation and adds its mean.

    Args:
        values: tensor of shape `(batch, width)`.
        mean, deviation: arrays of shape `(targets,)`.
        l2: float. Penalty on the kernel.
        quantiles: sequence of levels in (0, 1), or `None`. Their predictions are sorted, so
            that they never cross (Chernozhukov et al. 2010, doi:10.3982/ECTA7880).

    Returns:
        Tensor of shape `(batch,)` for one target, else `(batch, targets)`; `(batch, levels)`
        for quantiles.
    """
    single = len(mean) == 1
    width = len(mean) if quantiles is None else len(quantiles)
    scores = keras.layers.Dense(
        width, kernel_regularizer=_penalty(l2), dtype="float32", name=OUTPUT
    )(values)
    if quantiles is not None:
        scores = keras.ops.sort(scores, axis=-1)
    scale, offset = deviation.tolist(), mean.tolist()
    scale, offset = (scale[0], offset[0]) if single else (scale, offset)
    answer = keras.layers.Rescaling(scale, offset, dtype="float32", name=UNSCALE)(scores)
    if quantiles is not None:
        name = quantile_layer_name(quantiles)
        answer = keras.layers.Identity(dtype="float32", name=name)(answer)
    elif single:
        answer = keras.layers.Reshape((), dtype="float32", name=PREDICTION)(answer)
    return answer


def class_task(owner, inputs, classes, multilabel=False):
    """Check the arguments of a classifier; return `(task, number of classes)`."""
    if isinstance(inputs, Spec):
        class_tasks = (*tasks_with(answer="label"), *tasks_with(answer="labels"))
        check_choice(owner, "inputs.task", inputs.task, class_tasks)
        check(classes is None, owner, "classes", "None with a Spec, which knows them", classes)
        return inputs.task, len(inputs.classes)
    check(classes is not None, owner, "classes", "given with a plain shape", classes)
    count = check_int(owner, "classes", classes, minimum=1 if multilabel else 2)
    return ("multilabel" if multilabel else "binary" if count == 2 else "multiclass"), count


def class_head(values, task, classes, l2=0.0, linear=None, share=0.5):
    """Predict the probability of every class.

    Two classes have one score: softmax([0, score]) is its logistic function, and there is
    one weight vector to penalise, as in logistic regression.

    Args:
        values: tensor of shape `(batch, width)`.
        task, classes: what `class_task` returned.
        l2: float. Penalty of the kernel.
        linear: tensor of shape `(batch, scores)`, of a linear path whose scores are blended
            with these; see `blended`. Defaults to `None`: there is none.
        share: float in [0, 1]. Of the linear path, as in `blended`.

    Returns:
        Tensor of shape `(batch, classes)`; rows sum to 1 unless `task` is `"multilabel"`.
    """
    head, units = TASKS[task].head, TASKS[task].score_count(classes)
    scores = keras.layers.Dense(
        units, kernel_regularizer=_penalty(l2), dtype="float32", name=OUTPUT
    )(values)
    if linear is not None:
        scores = blended(linear, scores, share)
    if head == "sigmoid":
        return keras.layers.Activation("sigmoid", dtype="float32", name=PROBABILITIES)(scores)
    if head == "logistic":
        zero = keras.layers.Rescaling(0.0, dtype="float32", name="negative")(scores)
        scores = keras.layers.Concatenate(dtype="float32", name="scores")([zero, scores])
    return keras.layers.Softmax(dtype="float32", name=PROBABILITIES)(scores)


def _penalty(l2):
    return keras.regularizers.L2(l2) if l2 else None
