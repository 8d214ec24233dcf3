"""What a run leaves in its folder: the history of its epochs, and the model."""

import csv
import io

import keras

from kerakit.files import atomic_path, write_text

__all__ = ["write_history", "write_model"]


def write_history(run_dir, history):
    """Write `history.csv`: a row per epoch, with its number, from a `History`."""
    names = list(history.history)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", *names])
    for place, epoch in enumerate(history.epoch):
        writer.writerow([epoch + 1, *(history.history[name][place] for name in names)])
    write_text(run_dir / "history.csv", text.getvalue())


def write_model(run_dir, model, compiled=True):
    """Write `model.keras`.

    Args:
        run_dir: `pathlib.Path`.
        model: `keras.Model`.
        compiled: bool. Whether with its compilation, unless Keras alone could not load that.
            Defaults to `True`.
    """
    with atomic_path(run_dir / "model.keras") as aside:
        if not compiled or _is_own(model.loss) or _is_own(model.optimizer):
            model = keras.Model(model.input, model.output, name=model.name)
        model.save(aside)


def _is_own(part):
    return type(part).__module__.startswith("kerakit")
