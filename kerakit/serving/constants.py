"""Whether a model normalises and looks up with the statistics that its spec states."""

import numpy as np

from kerakit.errors import ArgumentError
from kerakit.serving.fresh_process.normalisation import difference, moments

__all__ = ["preprocess_constants"]


def preprocess_constants(model, spec):
    """Return the constants inside the sub-model `preprocess`, checked against the spec.

    Only what can be told for certain is checked: normalisation layers that together are as
    wide as the spec's numbers, and as many string lookups as there are categories.

    Args:
        model: `keras.Model`. One without a sub-model `preprocess` has nothing to check.
        spec: `Spec`.

    Returns:
        dict with `"normalisation"`, a list of `{"mean": [...], "variance": [...]}`, and
        `"vocabularies"`, a list of feature names.

    Raises:
        ArgumentError: when they differ: the model was built for other data.
    """
    parts = [layer for layer in getattr(model, "layers", []) if layer.name == "preprocess"]
    layers = [layer for part in parts for layer in part._flatten_layers()]
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
                    f"The normalisation layer {layer.name!r} has no statistics and would pass "
                    "numbers on as they are. Give it mean= and variance=, or adapt it."
                )
            values = (keras.ops.convert_to_numpy(v).ravel() for v in (layer.mean, layer.variance))
            found.append(dict(zip(("mean", "variance"), values, strict=True)))
    stated = [f for f in spec.features if f.mean is not None]
    stated = [f for f in stated if f.shape == ()] + [f for f in stated if f.shape != ()]
    wanted, have = moments(vars(feature) for feature in stated), moments(found)
    if not len(wanted) or len(have) != len(wanted):
        return []
    wrong = difference(have, wanted)
    if wrong is not None:
        what, value, expected = wrong
        raise ArgumentError(
            f"The model normalises with a {what} of {value:g} where the spec says {expected:g}: it "
            "was built for other data. Export it with its own spec."
        )
    return [{key: np.ravel(value).tolist() for key, value in values.items()} for values in found]


def _vocabularies(layers, spec):
    import keras

    lookups = [layer for layer in layers if isinstance(layer, keras.layers.StringLookup)]
    stated = {f.name: tuple(f.vocabulary) for f in spec.features if f.kind == "categorical"}
    if not stated or len(lookups) != len(stated):
        return []
    have = {tuple(layer.get_vocabulary(include_special_tokens=False)) for layer in lookups}
    for name, vocabulary in stated.items():
        if vocabulary not in have:
            raise ArgumentError(
                f"The model does not know the categories that the spec has for {name!r} "
                f"({', '.join(map(repr, vocabulary[:5]))}...): it was built for other data. "
                "Export it with its own spec."
            )
    return list(stated)
