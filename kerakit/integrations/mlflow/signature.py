"""The signature of a served model in MLflow, and its input example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.serving.answering.columns import answer_columns

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

    from kerakit.data.spec import Spec

__all__ = ["describe", "input_example", "model_signature"]


def model_signature(manifest: dict[str, Any], spec: Spec) -> ModelSignature:
    """Return the signature: columns in, columns out; for images, series and arrays tensors in.

    The columns of a table have the type `Any`. MLflow would refuse whole numbers (int64) for a
    column of `double`, and numbers or dates for one of `string`, which the served function takes.
    It checks every value itself, and its message has the row.

    Args:
        manifest: dict. The export's manifest.
        spec: `Spec`.
    """
    from mlflow.models import ModelSignature
    from mlflow.types.schema import AnyType, ColSpec, Schema, TensorSpec

    if spec.series is not None:
        # Windows, or a table of steps: kerakit says which columns of the two are missing.
        series = spec.series
        further = (*series.id, *series.covariates, *series.future, *series.time_parts)
        names = [*map(_column, spec.features), *spec.target.names, series.time, *further]
        names = dict.fromkeys(name for name in names if name)
        inputs = [ColSpec(AnyType(), name, required=False) for name in names]
    elif _takes_arrays(spec):
        inputs = [
            TensorSpec(np.dtype(f.dtype), (-1, *(-1 if s is None else s for s in f.shape)), f.name)
            for f in spec.features
        ]
    else:
        texts = all(f.kind == "text" for f in spec.features)
        inputs = [ColSpec("string" if texts else AnyType(), _column(f)) for f in spec.features]
    answer = _empty_answer(manifest, spec)
    outputs = [ColSpec(_type(values[0]), name) for name, values in answer.items()]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))


def input_example(manifest: dict[str, Any], spec: Spec) -> Any:
    """Return the row of the manifest's example: a `pandas.DataFrame`, or a dict of arrays."""
    import pandas

    (row,) = manifest["signatures"]["serving_default"]["example"]["request"]["instances"]
    if _takes_arrays(spec):
        return {f.name: np.array([row[f.name]], f.dtype) for f in spec.features}
    return pandas.DataFrame({_column(f): [row[f.name]] for f in spec.features})


def describe(manifest: dict[str, Any], spec: Spec) -> dict[str, Any]:
    """Return what the signature leaves out, as JSON values: dtypes, shapes, units, classes."""
    stated = manifest["signatures"]["serving_default"]
    return {
        "task": spec.task,
        "classes": list(spec.classes),
        "quantiles": manifest["quantiles"],
        "inputs": {_column(f): stated["inputs"][f.name] for f in spec.features},
        "outputs": stated["outputs"],
        "fingerprint": manifest["fingerprint"],
        "versions": manifest["versions"],
    }


def _takes_arrays(spec):
    return spec.series is None and all(f.shape and f.dtype != "string" for f in spec.features)


def _column(feature):
    return feature.column or feature.name


def _empty_answer(manifest, spec):
    """One row of an answer, in columns, with nothing in it."""
    outputs = manifest["signatures"]["serving_default"]["outputs"]
    answer = {}
    for name, tensor in outputs.items():
        shape = (1, *(1 if size is None else size for size in tensor["shape"][1:]))
        strings = tensor["dtype"] == "string"
        answer[name] = np.full(shape, "x", object) if strings else np.zeros(shape, tensor["dtype"])
    return answer_columns(answer, spec)


def _type(value):
    from mlflow.types.schema import Array

    if isinstance(value, list):  # one for each token
        return Array(_type(value[0]))
    return "string" if isinstance(value, str) else "float"
