"""The compile presets: what to train with, why, and who says so."""

import dataclasses
import types

__all__ = ["PRESETS", "Preset"]

# Rows: with fewer, batch normalisation errs (Wu & He 2018, arXiv:1803.08494, figure 1).
SMALLEST_BATCH = 4


@dataclasses.dataclass(frozen=True)
class Preset:
    """One way to compile a model.

    Attributes:
        name: str. What `compile` calls it.
        loss: str or `None`. The criterion; `None` takes the one of the model's output.
        optimizer: str. A Keras optimizer.
        learning_rate: float, or `None` to take one over the curvature of the loss, measured
            on the training rows (models without a hidden layer).
        schedule: str. How the rate changes over the run; a key of `SCHEDULES`.
        batch_size: int, or `None` for all rows at once.
        patience: int. Epochs without a better validation loss before `fit` stops.
        options: tuple of (name, value). Further arguments of the optimizer.
        reason: str. Why these values.
        source: str. Where they come from.
        least_steps: int. Steps that an epoch of few rows has at least: batches are smaller
            there, down to `SMALLEST_BATCH`.
    """

    name: str
    loss: str | None
    optimizer: str
    learning_rate: float | None
    schedule: str
    batch_size: int | None
    patience: int
    reason: str
    source: str
    options: tuple[tuple[str, object], ...] = ()
    least_steps: int = 1

    def batch_of(self, rows):
        """Return how many rows a batch has, an int.

        Args:
            rows: int in [1, inf). Training rows.

        Example:

        >>> preset = PRESETS["sequence_classification"]
        >>> [preset.batch_of(rows) for rows in (9, 50, 1_000)]
        [4, 5, 16]
        """
        share = max(rows // self.least_steps, SMALLEST_BATCH)
        return min(rows, share if self.batch_size is None else min(share, self.batch_size))


_ADAM = "Kingma & Ba 2015, arXiv:1412.6980"
_SMALL_BATCH = "Masters & Luschi 2018, arXiv:1804.07612 (batches of up to 32 generalise best)"

_ENTRIES = (
    Preset(
        "regression",
        "mean_squared_error",
        "adam",
        3e-3,
        "cosine",
        32,
        100,
        "The mean is what squared error predicts; the rate falls to nothing so that the last "
        "epochs settle.",
        f"{_ADAM}; {_SMALL_BATCH}; rate chosen on validation splits of three UCI sets",
    ),
    Preset(
        "robust_regression",
        "huber",
        "adam",
        3e-3,
        "cosine",
        32,
        100,
        "Errors beyond 1.345 deviations of the target count linearly, so that outliers do not "
        "rule the fit; 95 % as efficient as squared error on normal errors.",
        "Huber 1964, doi:10.1214/aoms/1177703732",
    ),
    Preset(
        "quantile_regression",
        "pinball",
        "adam",
        3e-3,
        "cosine",
        32,
        100,
        "The tilted absolute error is least at the quantile.",
        "Koenker & Bassett 1978, doi:10.2307/1913643",
    ),
    Preset(
        "binary",
        "sparse_categorical_crossentropy",
        "adam",
        1e-3,
        "cosine",
        128,
        20,
        "The log loss rewards honest probabilities.",
        f"{_ADAM}; Gneiting & Raftery 2007, doi:10.1198/016214506000001437",
    ),
    Preset(
        "multiclass",
        "sparse_categorical_crossentropy",
        "adam",
        1e-3,
        "cosine",
        128,
        20,
        "The log loss over all classes rewards honest probabilities.",
        f"{_ADAM}; Gneiting & Raftery 2007, doi:10.1198/016214506000001437",
    ),
    Preset(
        "multilabel",
        "binary_crossentropy",
        "adam",
        1e-3,
        "cosine",
        128,
        20,
        "Each label is a yes or no of its own.",
        f"{_ADAM}; Nam et al. 2014, arXiv:1312.5419",
    ),
    Preset(
        "image_classification",
        "sparse_categorical_crossentropy",
        "adamw",
        1e-2,
        "one_cycle",
        64,
        30,
        "On validation rows of Fashion-MNIST (6,000 to train, 10 epochs, vgg, means of two seeds) "
        "it beat Nesterov's momentum at 0.1 in log loss, 0.311 against 0.335, and equalled it in "
        "accuracy, 0.906 against 0.902; batches of 128 gave 0.904 where 64 gave 0.911. Labels "
        "smoothed by 0.1 took the log loss from 0.304 to 0.361 and averaged weights left it at "
        "0.304, so neither is here. The rate must fall before the loss does: patience is long.",
        "AdamW: Loshchilov & Hutter 2019, arXiv:1711.05101; one cycle: Smith & Topin 2018, "
        "arXiv:1708.07120; weight decay 0.05: Liu et al. 2022, arXiv:2201.03545",
        (("weight_decay", 0.05),),
    ),
    Preset(
        "fine_tuning",
        "sparse_categorical_crossentropy",
        "adamw",
        1e-4,
        "cosine",
        32,
        3,
        "What is pretrained moves little: a low rate with a warm-up, and less for lower layers.",
        "Howard & Ruder 2018, arXiv:1801.06146; AdamW: Loshchilov & Hutter 2019, arXiv:1711.05101",
        (("weight_decay", 0.05),),
    ),
    Preset(
        "forecasting",
        "mean_squared_error",
        "adam",
        3e-3,
        "cosine",
        64,
        20,
        "The mean is what squared error predicts, and gradients through many steps are clipped.",
        f"{_ADAM}; clipping: Pascanu et al. 2013, arXiv:1211.5063",
        (("clipnorm", 1.0),),
    ),
    Preset(
        "sequence_classification",
        "sparse_categorical_crossentropy",
        "adam",
        1e-3,
        "cosine",
        16,
        50,
        "Small batches, since archives of series are small; of a tenth of the rows where these are "
        "so few that an epoch would be a handful of steps.",
        f"Wang et al. 2017, arXiv:1611.06455, and its code (Adam at 0.001, batches of 16 or of a "
        f"tenth of the rows); {_ADAM}",
        (("clipnorm", 1.0),),
        least_steps=10,
    ),
    Preset(
        "text_classification",
        "sparse_categorical_crossentropy",
        "adam",
        1e-3,
        "cosine",
        32,
        3,
        "The n-grams are solved before training; the network that reads the words in order adds "
        "to them within a few epochs, and then learns the training texts by heart.",
        _ADAM,
        (("clipnorm", 1.0),),
    ),
    Preset(
        "sequence_tagging",
        "sparse_categorical_crossentropy",
        "adam",
        3e-3,
        "cosine",
        32,
        10,
        "The log loss of every token alike, whatever the length of its sentence; padding counts "
        "nowhere. Squared gradients are remembered for ten steps: with Adam's thousand, the vector "
        "of a rare word leaps.",
        f"{_ADAM}; beta_2: Dozat & Manning 2017, arXiv:1611.01734",
        (("clipnorm", 1.0), ("beta_2", 0.9)),
    ),
    Preset(
        "perceptron",
        "perceptron",
        "sgd",
        0.1,
        "constant",
        1,
        50,
        "Only rows on the wrong side move the weights, one row at a time.",
        "Rosenblatt 1958, doi:10.1037/h0042519",
    ),
    Preset(
        "sgd",
        None,
        "sgd",
        1e-2,
        "constant",
        32,
        50,
        "Plain gradient descent on small batches, to see what the others add.",
        "Robbins & Monro 1951, doi:10.1214/aoms/1177729586",
    ),
    Preset(
        "momentum",
        None,
        "sgd",
        1e-2,
        "constant",
        32,
        50,
        "A running sum of gradients crosses narrow valleys.",
        "Sutskever et al. 2013, proceedings.mlr.press/v28/sutskever13",
        (("momentum", 0.9), ("nesterov", True)),
    ),
    Preset(
        "adam",
        None,
        "adam",
        1e-3,
        "constant",
        32,
        50,
        "Keras' usual choice, at the rate of its paper.",
        _ADAM,
    ),
)

PRESETS = types.MappingProxyType({preset.name: preset for preset in _ENTRIES})
"""Read-only mapping from name to `Preset`."""

FULL_BATCH = Preset(
    "full_batch",
    None,
    "sgd",
    None,
    "constant",
    None,
    500,
    "Without a hidden layer the loss is convex: accelerated steps on all rows, as long as its "
    "curvature allows, reach its minimum; Adam at 0.001 does not get there.",
    "Nesterov 1983; Beck & Teboulle 2009, doi:10.1137/080716542",
    (("momentum", 0.95), ("nesterov", True)),
)
"""What `regression`, `binary`, `multiclass` and `multilabel` train convex models with."""
