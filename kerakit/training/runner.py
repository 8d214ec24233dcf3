"""What trains the epochs of a run: in memory where the rows fit, else streamed."""

import math

import keras
import numpy as np
import tensorflow as tf

from kerakit.training.arrays import has_images, preprocessed, size_in_memory, split_model, weighted
from kerakit.training.augment import augmentation
from kerakit.training.curvature import safe_learning_rate
from kerakit.training.epochs import InMemoryEpochs, StreamedEpochs, row_order
from kerakit.training.prepare import image_stage
from kerakit.training.stream import streamed_batches
from kerakit.training.trainer import make_trainer

__all__ = ["Runner"]


class Runner:
    """Makes what trains an epoch.

    Images stay raw until they are in a batch, and are augmented there; other data go
    through `preprocess` once.

    Args:
        model: `keras.Model`, compiled.
        data: `Data`.
        settings: `Settings`.
        batch_size: int, or `None` for that of the settings.
        epochs: int.
        seed: int.
        weights: float array of shape `(classes,)`, or `None`. Class weights.
        augment: str, a key of `LEVELS`.
        cache_mb: number of MiB that the rows may take.
    """

    def __init__(self, model, data, settings, batch_size, epochs, seed, weights, augment, cache_mb):
        self.model, self.data, self.settings = model, data, settings
        self.epochs, self.seed, self.weights = epochs, seed, weights
        self.rows = data.spec.sizes["train"]
        limit = batch_size or settings.batch_size or self.rows
        self.batch_size = min(limit, self.rows)
        self.steps = math.ceil(self.rows / self.batch_size)
        schedule = settings.schedule
        rates = None if schedule is None else schedule.simulate(epochs * self.steps)
        self.rates = None if rates is None or np.ptp(rates) == 0 else rates
        preprocess, network = split_model(model)
        self.images = has_images(data.spec)
        self.labels = data.spec.task in ("binary", "multiclass")
        self.mixes = augment == "strong"
        self.preprocess, self.prepare = preprocess, None
        if self.images:
            width = network.output_shape[-1] if self.mixes else None
            change = augmentation(augment, data.spec)
            self.preprocess, self.prepare = None, image_stage(preprocess, change, seed, width)
        self.fits = size_in_memory(data, "train", self.preprocess) <= cache_mb * 2**20

    def trainer(self):
        """Return the model that trains; see `make_trainer`."""
        return make_trainer(self.model, self.labels, self.mixes)[0]

    def first_batches(self, count):
        """Return the first batches of the first epoch, as they are before `prepare`."""
        gather = self.data.gatherer("train")
        if gather is None:
            found = list(self.data.batches("train", self.batch_size).take(count))
        else:
            order = row_order(self.rows, self.steps, self.seed, 0)
            found = [gather(tf.constant(order[place % self.steps])) for place in range(count)]
        batches = []
        for features, target, *weight in found:
            weight = weighted(target, weight[0] if weight else None, self.weights)
            batches.append((features, target) if weight is None else (features, target, weight))
        return batches

    def start(self, trainer, xla=False):
        """Return the callable that trains one epoch.

        Args:
            trainer: what `trainer()` returned.
            xla: bool. Whether XLA compiles a step of images. Defaults to `False`.
        """
        if not self.fits:
            batches, validation = streamed_batches(
                self.data, self.preprocess, self.batch_size, self.seed, self.weights
            )
            return StreamedEpochs(
                trainer,
                batches,
                validation,
                self.rows,
                self.batch_size,
                self.seed,
                self.rates,
                self.prepare,
                xla,
            )
        train = preprocessed(self.data, "train", self.preprocess, self.weights)
        held = preprocessed(self.data, "validation", self.preprocess, self.weights)
        if self.settings.schedule is None and self.settings.preset.learning_rate is None:
            trainer.optimizer.learning_rate = self._measured_rate(trainer, train)
        return InMemoryEpochs(
            trainer,
            train,
            held,
            self.batch_size,
            self.epochs,
            self.seed,
            self.rates,
            self.prepare,
            xla,
        )

    def _measured_rate(self, trainer, train):
        output = trainer.get_layer("output")
        values = train.values
        if self.images:
            values, *_ = self.prepare((values, train.target), 0, False)
            values = keras.Model(trainer.input, output.input)(values, training=False)
            values = tf.reshape(values, (len(train), -1))
        elif not tf.is_tensor(values):
            values = values[0]
        penalty = float(output.kernel_regularizer.l2) if output.kernel_regularizer else 0.0
        task = self.data.spec.task
        kind = {"binary": "binary", "multiclass": "softmax", "multilabel": "sigmoid"}
        averaged = output.units if task in ("regression", "multilabel") else 1
        weight = None if train.weight is None else train.weight.numpy()
        kind = kind.get(task, "linear")
        return safe_learning_rate(values.numpy(), kind, averaged, penalty, weight)
