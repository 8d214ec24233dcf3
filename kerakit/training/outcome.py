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


def write_model(run_dir, model):
    """Write `model.keras`, without its compilation where Keras alone could not load that."""
    with atomic_path(run_dir / "model.keras") as aside:
        if any(_is_own(part) for part in (model.loss, model.optimizer)):
            model = keras.Model(model.input, model.output, name=model.name)
        model.save(aside)


def _is_own(part):
    return type(part).__module__.startswith("kerakit")
