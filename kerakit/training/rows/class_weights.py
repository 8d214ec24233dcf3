"""Class weights: what counts more, or less, in the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import tensorflow as tf

from kerakit.checks import check
from kerakit.data.tasks import tasks_with
from kerakit.errors import ArgumentError

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["class_weights", "weighted"]


def class_weights(
    spec: Spec,
    class_weight: Literal["balanced"] | Mapping[Any, float] | None,
    owner: str = "fit",
) -> np.ndarray | None:
    """Return the weight of each class as a float array of shape `(classes,)`, or `None`.

    Args:
        spec: `Spec`.
        class_weight: `None`, `"balanced"` (n / (classes * count), as in scikit-learn), or a
            dict with a weight for every class, by label or id.
        owner: str. The function whose argument it is, for errors. Defaults to `"fit"`.

    Raises:
        ArgumentError: when the task has no classes, or a class is missing or unknown.
    """
    if class_weight is None:
        return None
    if spec.task not in tasks_with(answer="label"):
        raise ArgumentError(
            f"The 'class_weight' parameter of {owner} is for data with one label per row. Got "
            f"data of the task '{spec.task}'."
        )
    counts = np.array(spec.class_counts, "float64")
    if class_weight == "balanced":
        return counts.sum() / (len(counts) * np.maximum(counts, 1))
    names = ", ".join(map(repr, spec.classes[:5])) + (", ..." if len(spec.classes) > 5 else "")
    expected = f"None, 'balanced' or a dict with a weight for each of the classes {names}"
    check(isinstance(class_weight, Mapping), owner, "class_weight", expected, class_weight)
    ids = {label: number for number, label in enumerate(spec.classes)}
    by_id = {ids.get(key, key): value for key, value in class_weight.items()}
    complete = set(by_id) == set(range(len(counts))) and len(by_id) == len(class_weight)
    positive = all(isinstance(v, (int, float)) and v >= 0 for v in by_id.values())
    check(complete and positive, owner, "class_weight", expected, class_weight)
    return np.array([by_id[number] for number in range(len(counts))], "float64")


def weighted(
    target: tf.Tensor, weight: tf.Tensor | None, weights: np.ndarray | None
) -> tf.Tensor | None:
    """Return the sample weights times those of the classes; `None` where there are neither.

    Args:
        target: int tensor of shape `(n,)`. Class ids.
        weight: float tensor of shape `(n,)`, or `None`. Sample weights.
        weights: float array of shape `(classes,)`, or `None`. Class weights.
    """
    if weights is None:
        return weight
    of_classes = tf.gather(tf.constant(weights, "float32"), target)
    return of_classes if weight is None else of_classes * weight
