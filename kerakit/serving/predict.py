"""`predict`: what a server would answer, from the model in this process."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import check
from kerakit.data.data import Data
from kerakit.data.spec import Feature, Spec, Target
from kerakit.errors import ArgumentError
from kerakit.serving.answering.answer import answer_rows, plain
from kerakit.status import telling

if TYPE_CHECKING:
    import keras

__all__ = ["predict"]

_KEPT = "predict"


@telling("Predicting the rows")
def predict(model: keras.Model, rows: Any, data: Data | Spec | None = None) -> Any:
    """Predict rows as a server would answer them: labels, confidence, intervals; frames for frames.

    The answers are those of `kk.load_served(path)` for an export of the model, to the last bit:
    the server's own steps after the network make them. `model.predict` returns the network's
    numbers alone.

    Columns are found by their names in the training data or in the model. Further columns of a
    frame are ignored. A missing number is NaN, `None` or the null of the library; a missing string
    is empty or such a null. A category may be written as numbers or truth values are (`3`, `3.0`,
    `True`, `TRUE`).

    Args:
        model: `keras.Model`.
        rows: one of the following.

            - A split of a `Data` (`data.test`); or a `Data`, for its test split.
            - A DataFrame of pandas or polars, also a lazy one, or a `pyarrow.Table`.
            - For a forecaster a DataFrame whose rows are steps of time and whose columns are the
              channels, or a Series of pandas of the one channel: the steps after the last row are
              forecast, from the last window.
            - A dict from column name to an array or list of shape `(n, ...)`, or to one value
              that is the same in all rows.
            - One row as a dict or a `pandas.Series`, or a list or iterator of them, or of named
              tuples; a structured array. The answer to one row is arrays of one row.
            - For a model of one input its values alone: an array of shape `(n, ...)`, a list of
              texts, or of images as paths, encoded bytes, open files, images of Pillow or pixels
              (uint8, 0 to 255).
        data: `Data` that the model was trained on, or its `Spec`: the names of the columns, the
            classes and the units. Defaults to `None`: a model that was built from, or trained
            on, a `Data` or `Spec` in this process knows it. A model that was loaded from a file
            needs it, unless it is a regressor of one target.

    Returns:
        For a DataFrame a DataFrame of the same library, with the same index in pandas (any other
        frame: a `pyarrow.Table`), with the columns that `kerakit predict` writes: `prediction`,
        `lower`, `upper` (`prediction_TARGET` for several targets); `label` (or `labels`, joined by
        `;`), `confidence`, `set` (joined by `;`), `probability_CLASS`; `forecast_STEP`,
        `lower_STEP`, `upper_STEP`. Only a model that `kk.calibrate` has calibrated answers with
        `set`; only such a model, or one of `quantiles=`, with `lower` and `upper`. A table of time
        steps gives one row for each step ahead, with the names of its channels, and
        with future times where its index or time column is regular. Otherwise a dict of arrays with
        the names of the served outputs: `prediction`, `lower` and `upper` of shape `(n,)` or
        `(n, targets)`; `label` and `confidence` of shape `(n,)`, `labels`, `set` and
        `probabilities` of shape `(n, classes)`; `forecast`, `lower` and `upper` of shape
        `(n, horizon[, channels])`; for tags `labels` and
        `confidence` of shape `(n, tokens)`. Numbers are float32.

    Raises:
        ArgumentError: when the model is not known well enough, or a column is missing, unknown,
            or of the wrong shape or type; the message has the row, counted from 0.
        DataError: when the inputs of the model are not the features of the data.

    Example:

    >>> import kerakit as kk
    >>> x = {"alcohol": np.arange(40.0) % 7, "type": ["red", "white"] * 20}
    >>> data = kk.load_arrays(x, np.arange(40.0) % 7)
    >>> model = kk.linear_regressor(data)
    >>> answer = kk.predict(model, {"alcohol": [9.4, None], "type": ["red", ""]})
    >>> answer["prediction"].shape
    (2,)
    """
    import keras

    owner = "predict"
    expected = "a keras.Model; for an export, kk.load_served(path)(rows) predicts"
    check(isinstance(model, keras.Model), owner, "model", expected, model)
    check(data is None or isinstance(data, (Data, Spec)), owner, "data", "a Data or a Spec", data)
    spec = _spec(model, rows, data)
    return answer_rows(rows, spec, owner, _serving(model, spec, owner))


def _spec(model, rows, data):
    from kerakit.builders.contract import spec_of

    if data is None:
        data = spec_of(model)
    if data is None and isinstance(rows, Data):
        data = rows
    if data is None:
        return _inferred(model)
    return data.spec if isinstance(data, Data) else data


def _inferred(model):
    """The `Spec` of a regressor of one target, whose answer needs no names.

    Raises:
        ArgumentError: when the model is another.
    """
    from kerakit.builders.contract import input_kind_of, quantiles_of, task_of

    inputs = getattr(model, "inputs", None) or []
    one = task_of(model) == "regression" and (
        quantiles_of(model) is not None or model.output_shape[1:] in ((), (1,))
    )
    if not one or not inputs:
        raise ArgumentError(
            f"predict does not know the classes and columns of the model {model.name!r}: it was "
            "not built from a Data in this process. Pass the Data that it was trained on, or its "
            "Spec: kk.predict(model, rows, data=data). A run folder has it: "
            "kk.Spec.from_json(open('RUN_DIR/spec.json').read())."
        )
    kind = {"series": "sequence", None: "numeric"}.get(input_kind_of(model), input_kind_of(model))
    features = tuple(
        Feature(
            tensor.name,
            "categorical" if tensor.dtype == "string" and kind == "numeric" else kind,
            tensor.dtype,
            tuple(tensor.shape[1:]),
        )
        for tensor in inputs
    )
    return Spec("regression", features, Target())


@dataclasses.dataclass
class _Served:
    """The served function of a model, traced once for a spec.

    Attributes:
        spec: `Spec`.
        state: what a trace depends on: of most models nothing of the weights, which it reads.
        answer: function from the columns of a batch to a dict of arrays.
    """

    spec: Spec
    state: tuple[Any, ...]
    answer: Callable[[list[np.ndarray]], dict[str, np.ndarray]]


def _serving(model, spec, owner):
    """The function from the columns of a batch to the answers of the server."""
    from kerakit.builders.contract import calibration_of
    from kerakit.keras_compat import keep_on, kept_on, layers_of

    # While `fit` runs, layers may compute in another precision or by another function.
    layers = layers_of(model)
    state = tuple((layer.compute_dtype, "call" in vars(layer)) for layer in layers)
    state = (*state, _copied_weights(model), calibration_of(model))
    kept = kept_on(model, _KEPT)
    if kept is None or kept.state != state or (kept.spec is not spec and kept.spec != spec):
        kept = _Served(spec, state, _traced(model, spec, owner))
        keep_on(model, _KEPT, kept)
    return kept.answer


def _copied_weights(model):
    """A number for the weights that the answers depend on since `answering` read them, or `None`.

    Members are copied, and a calibration belongs to the weights that it was found for.
    """
    from kerakit.builders.contract import calibration_of, members_of, weights_number

    if members_of(model) is None and calibration_of(model) is None:
        return None
    return weights_number(model)


def _traced(model, spec, owner):
    import tensorflow as tf

    from kerakit.builders.answering import answering
    from kerakit.builders.contract import check_inputs, quantiles_of
    from kerakit.evaluation.checks import check_shape
    from kerakit.serving.exporting.endpoints import build_endpoints
    from kerakit.serving.exporting.servable import without_cudnn

    check_inputs(owner, model, spec, single_by_name=False)
    quantiles = None if spec.is_classification else quantiles_of(model)
    try:
        shape = model.output_shape
    except (AttributeError, ValueError):
        shape = None
    if shape is not None:
        check_shape(shape, spec, quantiles, f"The model of {owner}")
    made = answering(model, owner)
    endpoint = build_endpoints(made, spec)["serving_default"]
    inputs, outputs = endpoint.inputs, []

    def by_position(*columns):
        answer = endpoint.function(dict(zip(inputs, columns, strict=True)))
        outputs[:] = answer
        return list(answer.values())

    function = tf.function(by_position, input_signature=list(inputs.values()), autograph=False)
    with without_cudnn(made.model):
        function = function.get_concrete_function()

    def answer(columns):
        _ = endpoint  # its lookup tables live as long as this function
        tensors = function(*map(tf.convert_to_tensor, columns))
        return {n: plain(tensor.numpy()) for n, tensor in zip(outputs, tensors, strict=True)}

    return answer
