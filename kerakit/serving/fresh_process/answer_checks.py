"""Checks of what an export answers."""

import time

import numpy as np
import tensorflow as tf

from .failed import Failed, need

__all__ = ["check_batch", "check_golden", "check_repeat", "latency", "load"]


def load(state):
    """The SavedModel as a function of named tensors."""
    state["model"] = tf.saved_model.load(state["folder"])
    function = state["model"].signatures["serving_default"]
    manifest = state["manifest"]
    stated = manifest["signatures"]["serving_default"]["inputs"]
    state["inputs"] = {
        name: tf.constant(
            np.array(column, np.float32) if stated[name]["dtype"] == "float32" else column,
            stated[name]["dtype"],
        )
        for name, column in manifest["golden"]["inputs"].items()
    }
    state["golden"] = {
        name: np.array(column, object if stated_out["dtype"] == "string" else np.float64)
        for name, column in manifest["golden"]["outputs"].items()
        for stated_out in [manifest["signatures"]["serving_default"]["outputs"][name]]
    }
    state["rows"] = len(next(iter(state["golden"].values())))
    state["function"] = function
    return "loaded without the model's code"


def answer(state, rows=slice(None)):
    """The export's answer to golden rows: arrays, strings decoded."""
    given = {name: tensor[rows] for name, tensor in state["inputs"].items()}
    out = {name: tensor.numpy() for name, tensor in state["function"](**given).items()}
    return {
        name: np.array([v.decode() for v in a.ravel()], object).reshape(a.shape)
        if a.dtype == object
        else a
        for name, a in out.items()
    }


def check_golden(state):
    """The answers that the model gave where it was trained."""
    need(state["rows"] > 0, "the golden sample has no rows")
    state["answer"] = answer(state)
    worst = compare(state, state["answer"], state["golden"])
    return f"{state['rows']} rows, largest difference {worst:.2g}"


def check_repeat(state):
    """The same answer twice, to the bit."""
    first, second = answer(state), answer(state)
    for name, values in first.items():
        need(np.array_equal(values, second[name]), f"{name!r} differs from one call to the next")
    return "two calls, equal to the bit"


def check_batch(state):
    """One row at a time, and all at once."""
    together = answer(state)
    single = [answer(state, slice(row, row + 1)) for row in range(state["rows"])]
    for name in together:
        shapes = {values[name].shape[:1] for values in single}
        need(shapes == {(1,)}, f"{name!r} does not answer one row with one row")
    joined = {name: np.concatenate([values[name] for values in single]) for name in together}
    worst = compare(state, joined, together)
    return f"batches of 1 and {state['rows']}, largest difference {worst:.2g}"


def compare(state, have, want):
    """Raise at the first difference beyond the tolerance; return the largest within it."""
    worst = 0.0
    need(set(have) == set(want), f"outputs {sorted(have)}, expected {sorted(want)}")
    for name in want:
        need(
            have[name].shape == want[name].shape,
            f"{name!r} has the shape {have[name].shape}, expected {want[name].shape}",
        )
        if want[name].dtype == object:
            wrong = (have[name] != want[name]) & ~tied(state, name, have[name], want)
        else:
            allowed = state["manifest"]["tolerance"][name]
            gap = np.abs(have[name].astype(np.float64) - want[name])
            limit = np.array(allowed["absolute"]) + allowed["relative"] * np.abs(want[name])
            wrong = ~(gap <= limit)
            worst = max(worst, float(np.max(gap, initial=0.0)))
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            got, expected = have[name][at], want[name][at]
            raise Failed(f"{name}, row {at[0]}: expected {expected!s}, got {got!s}")
    return worst


def tied(state, name, labels, want):
    """Where a label may differ: two classes as probable as each other, or one at the edge."""
    probabilities = np.asarray(want["probabilities"], np.float64)
    close = state["manifest"]["tolerance"]["probabilities"]["absolute"]
    if name == "labels":
        place = {label: column for column, label in enumerate(state["manifest"]["classes"])}
        known = np.array([[place.get(x, c) == c for c, x in enumerate(row)] for row in labels])
        return known & (np.abs(probabilities - 0.5) <= close)
    place = {label: column for column, label in enumerate(state["manifest"]["classes"])}
    row = np.arange(len(labels))
    given, wanted = (np.array([place.get(x, -1) for x in names]) for names in (labels, want[name]))
    gap = np.abs(probabilities[row, given] - probabilities[row, wanted])
    return (given >= 0) & (wanted >= 0) & (gap <= close)


def latency(state):
    """Median and 95th percentile of a call, in milliseconds."""
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
