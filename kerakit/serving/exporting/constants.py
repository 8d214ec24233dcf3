"""The statistics and vocabularies inside a model, checked against its spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.builders.contract import preprocess_of
from kerakit.checks import shortlist
from kerakit.data.columns.date_numbers import CHARACTERS
from kerakit.errors import ArgumentError
from kerakit.keras_compat import layers_of
from kerakit.serving.standalone.normalisation import difference, moments

if TYPE_CHECKING:
    import keras

    from kerakit.data.spec import Spec

__all__ = ["preprocess_constants"]


def preprocess_constants(model: keras.Model, spec: Spec) -> dict[str, list[Any]]:
    """Return the constants inside the sub-model `preprocess`, checked against the spec.

    A check is made only where a difference is certain: of normalisation layers that together
    are as wide as the spec's numbers; of string lookups that are as many as the categories;
    and, where there is a text, of lookups that are as long as its vocabulary or its
    characters. The names of the layers do not matter.

    Args:
        model: `keras.Model`. Nothing is checked where it has no sub-model `preprocess`.
        spec: `Spec`.

    Returns:
        dict with `"normalisation"`, a list of `{"mean": [...], "variance": [...]}`, and
        `"vocabularies"`, a list of feature names.

    Raises:
        ArgumentError: when they differ, which means that the model was built for other data.
    """
    preprocess = preprocess_of(model)
    layers = [] if preprocess is None else layers_of(preprocess)
    return {
        "normalisation": _normalisation(layers, spec),
        "vocabularies": _vocabularies(layers, spec),
    }


def _normalisation(layers, spec):
    import keras

    found = []
    for layer in layers:
        if isinstance(layer, keras.layers.Normalization):
            if layer.mean is None:
                raise ArgumentError(
                    f"The model of export does not normalise: its layer {layer.name!r} has no "
                    "statistics. Give it mean= and variance=, or adapt it."
                )
            values = (keras.ops.convert_to_numpy(v).ravel() for v in (layer.mean, layer.variance))
            found.append(dict(zip(("mean", "variance"), values, strict=True)))
    stated = [f for f in _with_parts(spec.features) if f.mean is not None]
    stated = [f for f in stated if f.shape == ()] + [f for f in stated if f.shape != ()]
    wanted, have = moments(vars(feature) for feature in stated), moments(found)
    if not len(wanted) or len(have) != len(wanted):
        return []
    wrong = difference(have, wanted)
    if wrong is not None:
        statistic, value, expected = wrong
        raise ArgumentError(
            f"The model of export normalises with a {statistic} of {value:g}, where the spec says "
            f"{expected:g}: it was built for other data. Export it with the spec of its data."
        )
    return [{key: np.ravel(value).tolist() for key, value in values.items()} for values in found]


def _with_parts(features):
    """The features, and the features that a model makes of dates."""
    return [one for feature in features for one in (feature, *feature.parts)]


def _vocabularies(layers, spec):
    import keras

    lookups = [layer for layer in layers if isinstance(layer, keras.layers.StringLookup)]
    lookups = [tuple(layer.get_vocabulary(include_special_tokens=False)) for layer in lookups]
    # One numbers the characters of dates; it is the same for all data.
    lookups = [words for words in lookups if words != tuple(CHARACTERS)]
    have = set(lookups)
    texts = [feature for feature in spec.features if feature.kind == "text"]
    if texts:
        return _texts(have, texts)
    stated = {f.name: tuple(f.vocabulary) for f in spec.features if f.kind == "categorical"}
    if not stated or len(lookups) != len(stated):
        return []
    for name, vocabulary in stated.items():
        if vocabulary not in have:
            raise ArgumentError(_foreign("categories", name, vocabulary))
    return list(stated)


def _texts(have, features):
    """Names of the texts whose words, all or the most frequent, are in the model."""
    for feature in features:
        # A lookup of another length may hold something else, such as pairs of words.
        for noun, stated in (("words", feature.vocabulary), ("characters", feature.characters)):
            alike = [words for words in have if words and len(words) == len(stated)]
            if alike and tuple(stated) not in have and not _known(alike, feature):
                raise ArgumentError(_foreign(noun, feature.name, stated))
    return [f.name for f in features if any(w and w == f.vocabulary[: len(w)] for w in have)]


def _known(lookups, feature):
    """Whether one of some lookups is the beginning of the words or of the characters."""
    stated = (feature.vocabulary, feature.characters)
    return any(words == tuple(every[: len(words)]) for words in lookups for every in stated)


def _foreign(noun, name, stated):
    return (
        f"The model of export does not know the {noun} that the spec has for {name!r} "
        f"({shortlist(stated, 5)}): it was built for other data. Export it with the spec of its "
        "data."
    )
