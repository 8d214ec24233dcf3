"""The weights of a text's n-grams, by logistic regression."""

import numpy as np

from kerakit.logistic import fit_one_per_class, mean_log_loss

__all__ = ["solve_grams"]

STRENGTHS = (10.0, 30.0, 100.0, 300.0)  # C of scikit-learn
# What the scores of all classes are multiplied with, so that a softmax of them is calibrated:
# each is of a regression of its own, "this class or not".
SCALES = (0.35, 0.5, 0.7, 1.0, 1.4)
USUAL = 30.0, 0.7  # strength and scale without validation rows; the scale of two classes is 1


def solve_grams(layers, runner):
    """Give the layers `linear.*` the weights of one logistic regression per class.

    Every n-gram counts with its inverse document frequency, `ln((1 + n) / (1 + df)) + 1`, over
    the root of the sum of their squares in the text, words and characters each for themselves:
    TF-IDF of length 1, where none is repeated. Penalty and scale are those of the lowest log
    loss on the validation rows.

    Args:
        layers: dict of the network's layers by name.
        runner: `Runner` of texts with one label each.

    Returns:
        str, what was found; `None` where the rows do not fit in memory.
    """
    if not runner.fits:
        return None
    names = [name.removeprefix("linear.") for name in layers if name.startswith("linear.")]
    train, held = (runner.arrays(split) for split in ("train", "validation"))
    frequencies, columns, parts, held_parts = {}, {}, [], []
    for place, name in enumerate(names, start=1):
        ids = train.values[place].numpy()
        buckets = layers[f"linear.{name}"].input_dim
        counts = _counts(ids, buckets)
        document = np.bincount(counts.indices, minlength=buckets)
        frequencies[name] = np.log((1 + len(ids)) / (1 + document)) + 1
        columns[name] = np.flatnonzero(document)
        parts.append(_scaled(counts, frequencies[name])[:, columns[name]])
        if held is not None:
            other = _counts(held.values[place].numpy(), buckets)
            held_parts.append(_scaled(other, frequencies[name])[:, columns[name]])
    x, y, classes = _joined(parts), train.target.numpy(), len(runner.data.spec.classes)
    weight = None if train.weight is None else train.weight.numpy()
    if held is None:
        (strength, scale), loss = USUAL, None
        scale = 1.0 if classes == 2 else scale
        weights, bias = fit_one_per_class(x, y, classes, strength, weight)
    else:
        held_x, held_y = _joined(held_parts), held.target.numpy()
        held_weight = None if held.weight is None else held.weight.numpy()
        tried = {}
        for strength in STRENGTHS:
            found = fit_one_per_class(x, y, classes, strength, weight)
            scores = held_x @ found[0] + found[1]
            for scale in SCALES:
                loss = mean_log_loss(scale * scores, held_y, held_weight)
                tried[strength, scale] = loss, *found
        strength, scale = min(tried, key=lambda pair: tried[pair][0])
        loss, weights, bias = tried[strength, scale]
    _assign(layers, names, columns, frequencies, scale * weights, scale * bias)
    told = "" if held is None else f", validation log loss {loss:.4g}"
    return f"linear path: logistic regression on {x.shape[1]:,} n-grams{told}"


def _counts(ids, buckets):
    """How often each n-gram is in each text: a sparse matrix of shape `(n, buckets)`."""
    import scipy.sparse as sparse

    row, column = np.nonzero(ids)
    values = np.ones(len(row))
    shape = (len(ids), buckets)
    return sparse.csr_matrix((values, (row, ids[row, column])), shape=shape)


def _scaled(counts, frequencies):
    """What the network makes of the counts: times the frequencies, over their length."""
    import scipy.sparse as sparse

    length = np.sqrt(counts @ frequencies**2)
    return sparse.diags(1 / np.maximum(length, 1e-6)) @ counts @ sparse.diags(frequencies)


def _joined(parts):
    import scipy.sparse as sparse

    return sparse.hstack(parts).tocsr()


def _assign(layers, names, columns, frequencies, weights, bias):
    start = 0
    for name in names:
        layer, end = layers[f"linear.{name}"], start + len(columns[name])
        own = np.zeros(layer.embeddings.shape, "float32")
        own[columns[name]] = weights[start:end]
        own[0] = bias / len(names)  # every text gets those of number 0, from each layer
        layer.embeddings.assign(own)
        layers[f"frequency.{name}"].embeddings.assign(frequencies[name][:, None])
        start = end
