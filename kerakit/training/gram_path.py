"""The weights of a text's n-grams, by logistic regression."""

import numpy as np

__all__ = ["solve_grams"]

STRENGTHS = (3.0, 10.0, 30.0, 100.0)  # C of scikit-learn; 10 without validation rows
USUAL = 10.0


def solve_grams(layers, runner):
    """Give the layers `linear.*` the weights of one logistic regression.

    Every n-gram counts with its inverse document frequency, `ln((1 + n) / (1 + df)) + 1`, over
    the root of the sum of their squares in the text, words and characters each for themselves:
    TF-IDF of length 1, where none is repeated.

    Args:
        layers: dict of the network's layers by name.
        runner: `Runner` of texts with one label each.

    Returns:
        str, what was found; `None` where the rows do not fit in memory.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

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
    x, y = _joined(parts), train.target.numpy()
    weight = None if train.weight is None else train.weight.numpy()
    held_weight = None if held is None or held.weight is None else held.weight.numpy()
    tried = {}
    for strength in STRENGTHS if held is not None else (USUAL,):
        model = LogisticRegression(C=strength, max_iter=500, tol=1e-3).fit(x, y, weight)
        loss = np.nan
        if held is not None:
            p = model.predict_proba(_joined(held_parts))
            labels = range(len(runner.data.spec.classes))
            loss = log_loss(held.target.numpy(), p, labels=labels, sample_weight=held_weight)
        tried[strength] = loss, model
    loss, model = tried[min(tried, key=lambda strength: tried[strength][0])]
    _assign(layers, names, columns, frequencies, model)
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


def _assign(layers, names, columns, frequencies, model):
    start = 0
    for name in names:
        layer, end = layers[f"linear.{name}"], start + len(columns[name])
        weights = np.zeros(layer.embeddings.shape, "float32")
        weights[columns[name]] = model.coef_[:, start:end].T
        layer.embeddings.assign(weights)
        layers[f"frequency.{name}"].embeddings.assign(frequencies[name][:, None])
        start = end
    layers["output"].bias.assign(model.intercept_)
