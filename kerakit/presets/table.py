"""The compile presets: how to train, why, and the source of every number."""

from __future__ import annotations

import types
from collections.abc import Mapping

from kerakit.presets.preset import Preset

__all__ = ["FULL_BATCH", "PRESETS"]

_ADAM = "Kingma & Ba 2015, arXiv:1412.6980"
_SMALL_BATCH = "Masters & Luschi 2018, arXiv:1804.07612 (batches of up to 32 generalise best)"

_ENTRIES = (
    Preset(
        name="regression",
        loss="mean_squared_error",
        optimizer="adam",
        learning_rate=3e-3,
        schedule="cosine",
        batch_size=32,
        patience=100,
        reason=(
            "The mean is what squared error predicts; the rate falls to nothing so that the last "
            "epochs settle."
        ),
        source=f"{_ADAM}; {_SMALL_BATCH}; rate chosen on validation splits of three UCI sets",
    ),
    Preset(
        name="robust_regression",
        loss="huber",
        optimizer="adam",
        learning_rate=3e-3,
        schedule="cosine",
        batch_size=32,
        patience=100,
        reason=(
            "Errors beyond 1.345 standard deviations of the target count linearly, so that "
            "outliers do not rule the fit; 95 % as efficient as squared error on normal errors."
        ),
        source="Huber 1964, doi:10.1214/aoms/1177703732",
    ),
    Preset(
        name="quantile_regression",
        loss="pinball",
        optimizer="adam",
        learning_rate=3e-3,
        schedule="cosine",
        batch_size=32,
        patience=100,
        reason="The pinball loss has its minimum at the quantile.",
        source="Koenker & Bassett 1978, doi:10.2307/1913643",
    ),
    Preset(
        name="binary",
        loss="sparse_categorical_crossentropy",
        optimizer="adam",
        learning_rate=1e-3,
        schedule="cosine",
        batch_size=128,
        patience=20,
        reason="The log loss has its minimum at the true probabilities.",
        source=f"{_ADAM}; Gneiting & Raftery 2007, doi:10.1198/016214506000001437",
    ),
    Preset(
        name="multiclass",
        loss="sparse_categorical_crossentropy",
        optimizer="adam",
        learning_rate=1e-3,
        schedule="cosine",
        batch_size=128,
        patience=20,
        reason="The log loss over all classes has its minimum at the true probabilities.",
        source=f"{_ADAM}; Gneiting & Raftery 2007, doi:10.1198/016214506000001437",
    ),
    Preset(
        name="multilabel",
        loss="binary_crossentropy",
        optimizer="adam",
        learning_rate=1e-3,
        schedule="cosine",
        batch_size=128,
        patience=20,
        reason="Each label is a binary classification of its own.",
        source=f"{_ADAM}; Nam et al. 2014, arXiv:1312.5419",
    ),
    Preset(
        name="image_classification",
        loss="sparse_categorical_crossentropy",
        optimizer="adamw",
        learning_rate=1e-2,
        schedule="one_cycle",
        batch_size=64,
        patience=30,
        reason=(
            "On validation rows of Fashion-MNIST (6,000 to train, 10 epochs, vgg, means of two "
            "seeds) it beat Nesterov's momentum at 0.1 in log loss, 0.311 against 0.335, and "
            "equalled it in accuracy, 0.906 against 0.902; batches of 128 gave 0.904 where 64 "
            "gave 0.911. Labels smoothed by 0.1 took the log loss from 0.304 to 0.361 and "
            "averaged weights left it at 0.304, so neither is here. The rate must fall before "
            "the loss does: patience is long."
        ),
        source=(
            "AdamW: Loshchilov & Hutter 2019, arXiv:1711.05101; one cycle: Smith & Topin 2018, "
            "arXiv:1708.07120; weight decay 0.05: Liu et al. 2022, arXiv:2201.03545"
        ),
        options={"weight_decay": 0.05},
    ),
    Preset(
        name="fine_tuning",
        loss="sparse_categorical_crossentropy",
        optimizer="adamw",
        learning_rate=1e-4,
        schedule="cosine",
        batch_size=32,
        patience=3,
        reason=(
            "Pretrained weights change little: a low learning rate with a warm-up, lower for "
            "lower layers."
        ),
        source=(
            "Howard & Ruder 2018, arXiv:1801.06146; AdamW: Loshchilov & Hutter 2019, "
            "arXiv:1711.05101"
        ),
        options={"weight_decay": 0.05},
    ),
    Preset(
        name="forecasting",
        loss="mean_squared_error",
        optimizer="adam",
        learning_rate=3e-3,
        schedule="cosine",
        batch_size=64,
        patience=20,
        reason=(
            "The mean is what squared error predicts, and gradients through many steps are clipped."
        ),
        source=f"{_ADAM}; clipping: Pascanu et al. 2013, arXiv:1211.5063",
        options={"clipnorm": 1.0},
    ),
    Preset(
        name="sequence_classification",
        loss="sparse_categorical_crossentropy",
        optimizer="adam",
        learning_rate=1e-3,
        schedule="cosine",
        batch_size=16,
        patience=50,
        reason=(
            "Archives of series are small, and so are the batches. With few rows a batch is a "
            "tenth of them, so that an epoch has ten steps."
        ),
        source=(
            "Wang et al. 2017, arXiv:1611.06455, and its code (Adam at 0.001, batches of 16 or "
            f"of a tenth of the rows); {_ADAM}"
        ),
        options={"clipnorm": 1.0},
        min_steps=10,
    ),
    Preset(
        name="text_classification",
        optimizer="adam",
        learning_rate=1e-3,
        schedule="cosine",
        batch_size=32,
        patience=3,
        reason=(
            "The weights of the n-grams are solved before training. The network that reads the "
            "words in order improves on them within a few epochs, and then overfits. Very many "
            "texts train in larger batches: each step updates the embedding of every word."
        ),
        max_steps=1_000,
        source=_ADAM,
        options={"clipnorm": 1.0},
    ),
    Preset(
        name="sequence_tagging",
        loss="sparse_categorical_crossentropy",
        optimizer="adam",
        learning_rate=3e-3,
        schedule="cosine",
        batch_size=32,
        patience=10,
        reason=(
            "Every token has the same weight in the log loss, whatever the length of its "
            "sentence; padding has none. Squared gradients are averaged over ten steps: over "
            "Adam's thousand, the embedding of a rare word would jump."
        ),
        source=f"{_ADAM}; beta_2: Dozat & Manning 2017, arXiv:1611.01734",
        options={"clipnorm": 1.0, "beta_2": 0.9},
    ),
    Preset(
        name="perceptron",
        loss="perceptron",
        optimizer="sgd",
        learning_rate=0.1,
        schedule="constant",
        batch_size=1,
        patience=50,
        reason="Only rows on the wrong side move the weights, one row at a time.",
        source="Rosenblatt 1958, doi:10.1037/h0042519",
    ),
    Preset(
        name="sgd",
        loss=None,
        optimizer="sgd",
        learning_rate=1e-2,
        schedule="constant",
        batch_size=32,
        patience=50,
        reason="Plain gradient descent on small batches, to compare other optimizers with.",
        source="Robbins & Monro 1951, doi:10.1214/aoms/1177729586",
    ),
    Preset(
        name="momentum",
        loss=None,
        optimizer="sgd",
        learning_rate=1e-2,
        schedule="constant",
        batch_size=32,
        patience=50,
        reason="A running sum of gradients crosses narrow valleys.",
        source="Sutskever et al. 2013, proceedings.mlr.press/v28/sutskever13",
        options={"momentum": 0.9, "nesterov": True},
    ),
    Preset(
        name="adam",
        loss=None,
        optimizer="adam",
        learning_rate=1e-3,
        schedule="constant",
        batch_size=32,
        patience=50,
        reason="Keras' usual choice, at the rate of its paper.",
        source=_ADAM,
    ),
)

PRESETS: Mapping[str, Preset] = types.MappingProxyType({preset.name: preset for preset in _ENTRIES})
"""Read-only mapping from name to `Preset`."""

FULL_BATCH = Preset(
    name="full_batch",
    loss=None,
    optimizer="sgd",
    learning_rate=None,
    schedule="constant",
    batch_size=None,
    patience=500,
    reason=(
        "Without a hidden layer the loss is convex, and fit solves it. Where it cannot (dropout, "
        "rows that do not fit in memory), Nesterov steps on all rows, with the highest learning "
        "rate that the curvature of the loss allows, reach the minimum; Adam at 0.001 does not."
    ),
    source="Nesterov 1983; Beck & Teboulle 2009, doi:10.1137/080716542",
    options={"momentum": 0.95, "nesterov": True},
)
"""How `regression`, `binary`, `multiclass` and `multilabel` train convex models that they do not
solve."""
