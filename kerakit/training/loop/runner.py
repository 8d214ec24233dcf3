"""What trains the epochs of a run: in memory where the rows fit, else streamed."""

import math

import keras
import numpy as np
import tensorflow as tf

from kerakit.builders.contract import OUTPUT, split_model
from kerakit.data.tasks import TASKS
from kerakit.training.loop.epochs import InMemoryEpochs, StreamedEpochs, row_order
from kerakit.training.loop.learning_rate import safe_learning_rate
from kerakit.training.loop.trainer import make_trainer
from kerakit.training.model_parts import by_batch, has_images
from kerakit.training.rows.arrays import preprocessed, size_in_memory, weighted
from kerakit.training.rows.augment import augmentation
from kerakit.training.rows.batch_stages import preprocess_stage, trim_stage
from kerakit.training.rows.stream import streamed_batches
from kerakit.training.speed.recurrent import recurrent_layers

__all__ = ["Runner"]


def _lengths(spec, network):
    """Whether rows are sequences, how many steps a usual one has, and how many each has.

    The steps are those that recurrent layers take, where they are known beforehand: a
    forecaster reads its window in segments.
    """
    for feature in spec.features:
        if feature.kind == "sequence" and feature.shape[0] is not None:
            read = [layer.input.shape[1] for layer in recurrent_layers(network)]
            steps = max(read) if read and None not in read else feature.shape[0]
            return True, steps, steps
        if feature.kind in ("sequence", "text"):
            middle = feature.quantiles[len(feature.quantiles) // 2] if feature.quantiles else 1
            return True, int(middle), None
    return False, None, None


class Runner:
    """Makes what trains an epoch.

    Images and windows of series stay raw until they are in a batch, and images are augmented
    there; other data go through `preprocess` once. Sequences of different lengths are cut to
    the longest of their batch.

    Args:
        model: `keras.Model`, compiled.
        data: `Data`.
        settings: `Settings`.
        batch_size: int, or `None` for that of the preset.
        epochs: int.
        seed: int.
        weights: float array of shape `(classes,)`, or `None`. Class weights.
        augment: str, a key of `LEVELS`.
        cache_mb: number of MiB that the rows may take.

    Attributes:
        path: the linear path that was solved before the network trains, or `None`.
        apart: bool. Whether the network then trains without that path.
    """

    def __init__(self, model, data, settings, batch_size, epochs, seed, weights, augment, cache_mb):
        self.model, self.data, self.settings = model, data, settings
        self.epochs, self.seed, self.weights = epochs, seed, weights
        self.rows = data.spec.sizes["train"]
        usual = settings.preset.batch_size_for(self.rows)
        self.batch_size = min(batch_size or usual, self.rows)
        self.steps = math.ceil(self.rows / self.batch_size)
        schedule = settings.schedule
        rates = None if schedule is None else schedule.simulate(epochs * self.steps)
        self.rates = None if rates is None or np.ptp(rates) == 0 else rates
        preprocess, network = split_model(model)
        self.images = has_images(data.spec)
        self.sequences, self.length, self.fixed_length = _lengths(data.spec, network)
        self.labels = TASKS[data.spec.task].answer == "label"
        self.mixes = augment == "strong"
        self.preprocess, self.prepare = preprocess, None
        if by_batch(data.spec):
            width = network.output_shape[-1] if self.mixes else None
            change = augmentation(augment, data.spec) if self.images else None
            self.preprocess, self.prepare = None, preprocess_stage(preprocess, change, seed, width)
        elif self.sequences and preprocess is not None:
            self.prepare = trim_stage
        self.fits = size_in_memory(data, "train", self.preprocess) <= cache_mb * 2**20
        self.path, self.apart = None, False
        self._held = {}

    def trainer(self):
        """Return the model that trains; see `make_trainer`."""
        return make_trainer(self.model, self.labels, self.mixes, self.apart)[0]

    def arrays(self, split):
        """Return the rows of a split as they train, or `None` where there are none."""
        if split not in self._held:
            self._held[split] = preprocessed(self.data, split, self.preprocess, self.weights)
        return self._held[split]

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
            if self.preprocess is not None:
                features = self.preprocess(features, training=False)
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
        train, held = self.arrays("train"), self.arrays("validation")
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
        output = trainer.get_layer(OUTPUT)
        values = train.values
        if self.images:
            values, *_ = self.prepare((values, train.target), 0, False)
            values = keras.Model(trainer.input, output.input)(values, training=False)
            values = tf.reshape(values, (len(train), -1))
        elif not tf.is_tensor(values):
            values = values[0]
        penalty = float(output.kernel_regularizer.l2) if output.kernel_regularizer else 0.0
        task = TASKS[self.data.spec.task]
        averaged = output.units if task.answer in ("numbers", "labels") else 1
        weight = None if train.weight is None else train.weight.numpy()
        return safe_learning_rate(values.numpy(), task.head, averaged, penalty, weight)
