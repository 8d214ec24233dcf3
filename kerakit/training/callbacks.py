"""Early stopping that also counts what a model was before its first epoch."""

import keras

__all__ = ["StopEarly"]


class StopEarly(keras.callbacks.EarlyStopping):
    """Keras' early stopping on the validation loss, with the start as a candidate.

    Where a linear path was solved before training, the model answers well already; training
    the rest of it must not leave a worse one.

    Args:
        patience: int. Epochs without a better validation loss before training stops.

    Attributes:
        start: float or `None`. The validation loss before the first epoch; `None` where the
            weights were random.
    """

    def __init__(self, patience):
        super().__init__(monitor="val_loss", patience=patience, restore_best_weights=True)
        self.start = None

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        if self.start is not None:
            self.best, self.best_weights = self.start, self.model.get_weights()
