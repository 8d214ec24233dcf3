"""Checks of the answers of an export."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from .compare import compare, golden_inputs, golden_outputs
from .failed import need

__all__ = ["answer", "check_golden", "check_repeat", "latency", "load", "plain"]


def load(state: dict[str, Any]) -> str:
    """Load the SavedModel as a function of named tensors."""
    state["model"] = tf.saved_model.load(state["folder"])
    function = state["model"].signatures["serving_default"]
    state["inputs"] = {n: tf.constant(c) for n, c in golden_inputs(state["manifest"]).items()}
    state["golden"] = golden_outputs(state["manifest"])
    state["rows"] = len(next(iter(state["golden"].values())))
    state["function"] = function
    return "loaded without the model's code"


def answer(state: dict[str, Any], rows: slice = slice(None)) -> dict[str, np.ndarray]:
    """Return the export's answer to golden rows."""
    given = {name: tensor[rows] for name, tensor in state["inputs"].items()}
    return plain(state["function"](**given))


def plain(answer: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return an answer as arrays, strings decoded."""
    arrays = {name: np.asarray(tensor) for name, tensor in answer.items()}
    return {
        name: np.array([v.decode() for v in a.ravel()], object).reshape(a.shape)
        if a.dtype == object
        else a
        for name, a in arrays.items()
    }


def check_golden(state: dict[str, Any]) -> str:
    """Check that the export answers as the model did where it was exported."""
    need(state["rows"] > 0, "the golden sample has no rows")
    state["answer"] = answer(state)
    worst = compare(state["manifest"], state["answer"], state["golden"])
    return f"{state['rows']} rows, largest difference {worst:.2g}"


def check_repeat(state: dict[str, Any]) -> str:
    """Check that a second call gives the same answer, to the bit."""
    first, second = answer(state), answer(state)
    for name, values in first.items():
        need(np.array_equal(values, second[name]), f"{name!r} differs from one call to the next")
    return "two calls, equal to the bit"


def latency(state: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return the median and 95th percentile of the time of a call, in milliseconds."""
    found = {}
    for batch, repeats in ((1, 60), (32, 30)):
        rows = tf.range(batch) % state["rows"]
        given = {name: tf.gather(tensor, rows) for name, tensor in state["inputs"].items()}
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            for tensor in state["function"](**given).values():
                tensor.numpy()
            times.append(1e3 * (time.perf_counter() - start))
        p50, p95 = np.percentile(times[5:], (50, 95))
        found[f"batch {batch}"] = {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}
    return found
