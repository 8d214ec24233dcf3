"""The files of a run: the history of its epochs, and the model."""

from __future__ import annotations

import csv
import io
import pathlib

import keras

from kerakit.files import atomic_path, write_text

__all__ = ["write_history", "write_model"]


def write_history(run_dir: pathlib.Path, history: keras.callbacks.History) -> None:
    """Write `history.csv`: a row per epoch, with its number and the metrics of a `History`."""
    names = list(history.history)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", *names])
    for row, epoch in enumerate(history.epoch):
        writer.writerow([epoch + 1, *(history.history[name][row] for name in names)])
    write_text(run_dir / "history.csv", text.getvalue())


def write_model(run_dir: pathlib.Path, model: keras.Model) -> None:
    """Write `model.keras`, a file that Keras loads without kerakit.

    Loss, metrics and optimizer are left out if loss or optimizer are kerakit's own, which Keras
    alone could not load.

    Args:
        run_dir: `pathlib.Path`.
        model: `keras.Model`.
    """
    with atomic_path(run_dir / "model.keras") as aside:
        if _is_of_kerakit(model.loss) or _is_of_kerakit(model.optimizer):
            model = keras.Model(model.input, model.output, name=model.name)
        model.save(aside)


def _is_of_kerakit(value):
    return type(value).__module__.startswith("kerakit")
