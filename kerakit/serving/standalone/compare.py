"""Answers compared with the golden sample. Only NumPy and a manifest are needed."""

from __future__ import annotations

from typing import Any

import numpy as np

from .failed import Failed, need

__all__ = ["compare", "golden_inputs", "golden_outputs"]


def golden_inputs(
    manifest: dict[str, Any], signature: str = "serving_default"
) -> dict[str, np.ndarray]:
    """Return the golden inputs as arrays by name, strings as `object` arrays."""
    stated = manifest["signatures"][signature]["inputs"]
    return {
        name: np.array(
            column, object if stated[name]["dtype"] == "string" else stated[name]["dtype"]
        )
        for name, column in manifest["golden"]["inputs"].items()
    }


def golden_outputs(
    manifest: dict[str, Any], signature: str = "serving_default"
) -> dict[str, np.ndarray]:
    """Return the golden outputs as arrays by name, numbers as float64."""
    stated = manifest["signatures"][signature]["outputs"]
    return {
        name: np.array(column, _kind(stated[name]["dtype"], "float64"))
        for name, column in manifest["golden"]["outputs"].items()
    }


def _kind(dtype, number):
    return object if dtype == "string" else number


def compare(
    manifest: dict[str, Any], have: dict[str, np.ndarray], want: dict[str, np.ndarray]
) -> float:
    """Return the largest difference between answers, if all are within the tolerance.

    Args:
        manifest: dict. The export's `kerakit.json`, for its tolerance and classes.
        have: dict from output name to array of shape `(n, ...)`; strings as `object` arrays.
        want: the expected answers, in the same form.

    Raises:
        Failed: when an answer differs by more than its tolerance.
    """
    worst = 0.0
    need(set(have) == set(want), f"outputs {sorted(have)}, expected {sorted(want)}")
    for name in want:
        need(
            have[name].shape == want[name].shape,
            f"{name!r} has the shape {have[name].shape}, expected {want[name].shape}",
        )
        if want[name].dtype == object:
            wrong = (have[name] != want[name]) & ~tied(manifest, name, have[name], want)
        else:
            allowed = manifest["tolerance"][name]
            gap = np.abs(have[name].astype(np.float64) - want[name])
            limit = np.array(allowed["absolute"]) + allowed["relative"] * np.abs(want[name])
            wrong = ~(gap <= limit)
            worst = max(worst, float(np.max(gap, initial=0.0)))
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            got, expected = have[name][at], want[name][at]
            raise Failed(f"{name}, row {at[0]}: expected {expected!s}, got {got!s}")
    return worst


def tied(manifest, name, labels, want):
    """Where a label may differ: two classes are equally probable, or one is at the threshold."""
    if "probabilities" not in want:
        return np.zeros(labels.shape, bool)
    probabilities = np.asarray(want["probabilities"], np.float64)
    close = manifest["tolerance"]["probabilities"]["absolute"]
    columns = {label: column for column, label in enumerate(manifest["classes"])}
    if name == "labels":
        known = np.array([[columns.get(x, c) == c for c, x in enumerate(row)] for row in labels])
        return known & (np.abs(probabilities - 0.5) <= close)
    if name == "set":
        return _near_threshold(manifest, probabilities, close)
    row = np.arange(len(labels))
    given, wanted = (
        np.array([columns.get(x, -1) for x in names]) for names in (labels, want[name])
    )
    gap = np.abs(probabilities[row, given] - probabilities[row, wanted])
    return (given >= 0) & (wanted >= 0) & (gap <= close)


def _near_threshold(manifest, probabilities, close):
    """Where rounding may put a label in or out of the set of a row, a bool array."""
    rule = manifest["calibration"]["probabilities"]["sets"]
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ordered = np.take_along_axis(probabilities, order, axis=1)
    places = np.argsort(order, axis=1, kind="stable")
    scores = np.cumsum(ordered, axis=1) - ordered
    scores += rule["penalty"] * np.maximum(np.arange(1, scores.shape[1] + 1) - rule["free"], 0)
    near = np.abs(scores - rule["threshold"]) <= scores.shape[1] * close
    # Labels that are equally probable may change places.
    equal = (np.diff(ordered, axis=1) >= -2 * close) & (ordered[:, 1:] > close)
    near[:, 1:] |= equal
    near[:, :-1] |= equal
    return np.take_along_axis(near, places, axis=1)
