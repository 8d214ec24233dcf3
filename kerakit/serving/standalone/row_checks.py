"""Checks that the answer to a row does not depend on the other rows of its batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from .answer_checks import answer, plain
from .compare import compare
from .failed import need
from .padding import free_inputs, padded_to, series_lengths

__all__ = ["check_batch", "check_padding", "check_texts"]

# Texts that a client may send: an empty one, white space, and bytes that are not UTF-8.
ODD_TEXTS = (b"", b" \t\n", b"\xff\xfe\xc3")


def check_batch(state: dict[str, Any]) -> str:
    """Check that single rows get the same answers as all rows in one batch."""
    together = answer(state)
    single = [answer(state, slice(row, row + 1)) for row in range(state["rows"])]
    worst = compare_rows(state, single, together)
    return f"batches of 1 and {state['rows']}, largest difference {worst:.2g}"


def check_padding(state: dict[str, Any]) -> str | None:
    """Check that a series gets the same answer alone as in a batch of longer series."""
    names = free_inputs(state["manifest"])
    if not names:
        return None
    inputs = {name: tensor.numpy() for name, tensor in state["inputs"].items()}
    lengths = {name: np.maximum(1, series_lengths(inputs[name])) for name in names}
    single = []
    for row in range(state["rows"]):
        one = {name: column[row : row + 1] for name, column in inputs.items()}
        one |= {name: one[name][:, : lengths[name][row]] for name in names}
        single.append(plain(state["function"](**{k: tf.constant(v) for k, v in one.items()})))
    worst = compare_rows(state, single, answer(state))
    found = np.concatenate(list(lengths.values()))
    return f"{found.min()} to {found.max()} steps, largest difference {worst:.2g}"


def compare_rows(state, single, together):
    """Compare answers to single rows with the answers to one batch of all rows."""
    outputs = state["manifest"]["signatures"]["serving_default"]["outputs"]
    joined = {}
    for name, values in together.items():
        rows = [one[name] for one in single]
        need(
            {array.shape[:1] for array in rows} == {(1,)},
            f"{name!r} does not answer one row with one row",
        )
        if None in outputs[name]["shape"][1:]:
            rows = [padded_to(array, values.shape) for array in rows]
        shapes = {array.shape[1:] for array in rows}
        need(len(shapes) == 1, f"{name!r} answers rows with the shapes {sorted(shapes)}")
        joined[name] = np.concatenate(rows)
    return compare(state["manifest"], joined, together)


def check_texts(state: dict[str, Any]) -> str | None:
    """Check that texts without words, and bytes that are not text, are answered or refused."""
    features = state["manifest"]["spec"]["features"]
    texts = [feature["name"] for feature in features if feature["kind"] == "text"]
    if not texts:
        return None
    refused = 0
    for odd in ODD_TEXTS:
        one = {name: tensor[:1] for name, tensor in state["inputs"].items()}
        one |= {name: tf.constant([odd]) for name in texts}
        try:
            found = plain(state["function"](**one))
        except tf.errors.InvalidArgumentError as error:
            need(odd == ODD_TEXTS[-1], f"the text {odd!r} is refused: {error.message}")
            refused += 1
            continue
        for name, values in found.items():
            need(len(values) == 1, f"{name!r} does not answer the text {odd!r} with one row")
            finite = values.dtype == object or np.isfinite(values).all()
            need(finite, f"{name!r} of the text {odd!r} is NaN or infinite")
        if state["manifest"]["task"] == "tagging" and not odd.split():
            need(not found["labels"].size, f"the text {odd!r} has no token, and gets labels")
    return f"{len(ODD_TEXTS) - refused} odd texts answered" + f", {refused} refused" * bool(refused)
