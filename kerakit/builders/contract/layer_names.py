"""The layer names that other stages read; no other file of kerakit spells one of them."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "AUTO_PENALTY",
    "BACKBONE",
    "BLEND",
    "CRF",
    "FIXED",
    "FREQUENCY",
    "HEAD",
    "KERNEL_EXPONENT",
    "KERNEL_ROWS",
    "KERNEL_SCORES",
    "LINEAR",
    "LINEAR_CHARACTERS",
    "LINEAR_LEVELS",
    "LINEAR_ROCKET",
    "LINEAR_SERIES",
    "LINEAR_TABLE",
    "LINEAR_WINDOW",
    "LINEAR_WORDS",
    "MASK",
    "MEMBERS",
    "NARROW",
    "NETWORK",
    "OUTPUT",
    "PERCEPTRON",
    "POWER",
    "PREDICTION",
    "PREPROCESS",
    "PROBABILITIES",
    "QUANTILES",
    "REPEAT",
    "RESERVED",
    "ROCKET",
    "ROOT",
    "SCALE",
    "STANDARDISED",
    "STEPS",
    "THRESHOLDS",
    "TREE_ANSWERS",
    "TREE_QUESTIONS",
    "UNSCALE",
    "frequency_name",
    "quantile_layer_name",
]

# Sub-models. A model is `preprocess` and then `network`; that of a pretrained model is
# `backbone` and then `head`.
PREPROCESS, NETWORK = "preprocess", "network"
BACKBONE, HEAD = "backbone", "head"

# The input of the network that tells which steps of a series are there.
MASK = "mask"
# That of a forecaster which has the scale of each window.
SCALE = "window_scale"

# The builder whose models are told apart from others by their name only.
PERCEPTRON = "perceptron_classifier"

# Layers of the network, the last ones first.
PREDICTION = "prediction"  # drops the axis of a single number
PROBABILITIES = "probabilities"
UNSCALE = "unscale"  # from standard deviations of the target to its unit
ROOT = "root"  # moves the scores, before they are squared
POWER = "power"  # adds powers of the scores
BLEND = "blend"  # adds the scores of a linear path to those of the network, by two weights
OUTPUT = "output"  # the last dense layer
CRF = "crf"  # of a tagger: behind it, the tags of a sentence are chosen together
MEMBERS = "mean_of_members"  # the mean over the members, whose scores are on an axis of their own
REPEAT = "repeat"  # the columns of a row, once for each member
STEPS = "column_steps"  # of the numbers of a row, where `fit` sets them; members read them
NARROW = "narrow."  # begins the layers of the second, narrow network of members
KERNEL_ROWS = "kernel.rows"  # of members: the training rows, to which a row has a distance
KERNEL_EXPONENT = "kernel.exponent"  # by how much the distance counts
KERNEL_SCORES = "kernel.scores"  # what each training row adds to the scores of each member
TREE_QUESTIONS = "trees.questions"  # of members: the threshold and the column of each question
TREE_ANSWERS = "trees.answers"  # what is at the end of each way
ROCKET = "sum_of_features"  # adds the scores of all features of fixed convolutions
THRESHOLDS = "thresholds."  # begins the convolutions whose thresholds `fit` sets
FIXED = "fixed."  # begins those that have none
STANDARDISED = "standardised."  # begins the layers that standardise their features
AUTO_PENALTY = "auto_penalty"  # before it: its L2 penalty is chosen when it is solved

RESERVED = frozenset(
    {OUTPUT, BLEND, MEMBERS, UNSCALE, PROBABILITIES, PREDICTION, PREPROCESS, NETWORK}
)
"""Names that no layer of a backbone of the user's own can have."""

# The layers of a linear path, which `fit` solves before the first epoch.
LINEAR, FREQUENCY = "linear.", "frequency."
LINEAR_TABLE = LINEAR + "table"  # from the columns of a table to the scores of each member
LINEAR_WINDOW = LINEAR + "window"  # a forecaster's: from the window to the horizon
LINEAR_LEVELS = LINEAR + "levels"  # that of quantiles: what each level adds, in scales of a window
LINEAR_SERIES = LINEAR + "series"  # from the values of a labelled series to its scores
LINEAR_ROCKET = LINEAR + "rocket."  # begins those of the features of fixed convolutions
LINEAR_WORDS = LINEAR + "words"  # weights of n-grams of words
LINEAR_CHARACTERS = LINEAR + "characters"  # weights of n-grams of characters

QUANTILES = "quantiles_"


def frequency_name(linear: str) -> str:
    """Return the name of the layer with the document frequencies of a layer of n-grams.

    Example:

    >>> frequency_name(LINEAR_WORDS)
    'frequency.words'
    """
    return FREQUENCY + linear.removeprefix(LINEAR)


def quantile_layer_name(levels: Iterable[float]) -> str:
    """Return the name of the last layer of a quantile regressor, which states its levels.

    Saving and loading a model keep the names of its layers. A level is written with as many
    digits as it takes to read the same number back.

    Example:

    >>> quantile_layer_name((1e-7, 1 / 3, 0.9))
    'quantiles_1e-07_0.3333333333333333_0.9'
    """
    return QUANTILES + "_".join(repr(float(level)) for level in levels)
