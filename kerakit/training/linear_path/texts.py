"""The weights of a text's n-grams, by logistic regression."""

import numpy as np

from kerakit.solvers.logistic import fit_one_per_class, mean_log_loss

__all__ = ["GramPath"]

STRENGTHS = (10.0, 30.0, 100.0, 300.0)  # C of scikit-learn
# What the scores of all classes are multiplied with, so that a softmax of them is calibrated:
# each is of a regression of its own, "this class or not".
SCALES = (0.35, 0.5, 0.7, 1.0, 1.4)
USUAL = 30.0, 0.7  # strength and scale without validation rows; the scale of two classes is 1


class GramPath:
    """The layers `linear.*` of a text classifier: one logistic regression per class.

    Every n-gram counts with its inverse document frequency, `ln((1 + n) / (1 + df)) + 1`, over
    the root of the sum of their squares in the text, words and characters each for themselves:
    TF-IDF of length 1, where none is repeated. Penalty and scale are those of the lowest log
    loss on the validation rows.

    Args:
        layers: `LinearPath` of the network.
        runner: `Runner` of texts with one label each, whose rows fit in memory.
    """

    def __init__(self, layers, runner):
        self.layers = layers
        self.classes = len(runner.data.spec.classes)
        self.train, self.held = (self._rows(runner.arrays(s)) for s in ("train", "validation"))
        self.chosen = None

    def solve(self):
        """Give the layers the weights that suit the training rows; return what was found, a str."""
        rarity = _rarity(self.train[0])
        x, y, weight = _tfidf(self.train[0], rarity), *self.train[1:]
        told = ""
        if self.held is None:
            strength, scale = USUAL
            self.chosen = strength, 1.0 if self.classes == 2 else scale
            weights, bias = fit_one_per_class(x, y, self.classes, strength, weight)
        else:
            held_x, held_y, held_weight = _tfidf(self.held[0], rarity), *self.held[1:]
            loss = np.inf
            for strength in STRENGTHS:
                found = fit_one_per_class(x, y, self.classes, strength, weight)
                scores = held_x @ found[0] + found[1]
                losses = {a: mean_log_loss(a * scores, held_y, held_weight) for a in SCALES}
                scale = min(losses, key=losses.get)
                if losses[scale] < loss:  # the others' weights, one per place and class, go
                    loss, self.chosen, (weights, bias) = losses[scale], (strength, scale), found
            told = f", validation log loss {loss:.4g}"
        self._assign(rarity, weights, bias)
        count = sum(np.count_nonzero(np.bincount(counts.indices)) for counts in self.train[0])
        return f"linear path: logistic regression on {count:,} n-grams{told}"

    def solve_again(self):
        """Solve it once more, on the validation rows as well, by the same penalty and scale."""
        import scipy.sparse as sparse

        pairs = zip(self.train[0], self.held[0], strict=True)
        counts = [sparse.vstack(pair).tocsr() for pair in pairs]
        y = np.concatenate([self.train[1], self.held[1]])
        weight = self.train[2]
        weight = None if weight is None else np.concatenate([weight, self.held[2]])
        rarity = _rarity(counts)
        x = _tfidf(counts, rarity)
        self._assign(rarity, *fit_one_per_class(x, y, self.classes, self.chosen[0], weight))

    def _rows(self, arrays):
        """Tuple `(counts of each kind of n-gram, ids of the classes, weights)` of a split."""
        if arrays is None:
            return None
        counts = [
            _counts(arrays.values[place].numpy(), layer.input_dim)
            for place, layer in enumerate(self.layers.layers, start=1)
        ]
        weight = None if arrays.weight is None else arrays.weight.numpy()
        return counts, arrays.target.numpy(), weight

    def _assign(self, rarity, weights, bias):
        start, scale = 0, self.chosen[1]
        layers = self.layers.layers
        for layer, frequency, own in zip(layers, self.layers.frequencies, rarity, strict=True):
            end = start + len(own)
            part = (scale * weights[start:end]).astype("float32")
            part[0] = scale * bias / len(layers)  # every text gets those of number 0
            layer.embeddings.assign(part)
            frequency.embeddings.assign(own[:, None])
            start = end


def _counts(ids, places):
    """How often each n-gram is in each text: a sparse matrix of shape `(n, places)`."""
    import scipy.sparse as sparse

    row, column = np.nonzero(ids)
    values = np.ones(len(row))
    return sparse.csr_matrix((values, (row, ids[row, column])), shape=(len(ids), places))


def _rarity(counts):
    """The inverse document frequencies of each kind of n-gram."""
    rarity = []
    for part in counts:
        documents = np.bincount(part.indices, minlength=part.shape[1])
        rarity.append(np.log((1 + part.shape[0]) / (1 + documents)) + 1)
    return rarity


def _tfidf(counts, rarity):
    """What the network makes of the counts: times the frequencies, over their length."""
    import scipy.sparse as sparse

    parts = []
    for part, own in zip(counts, rarity, strict=True):
        length = np.sqrt(part @ own**2)
        parts.append(sparse.diags(1 / np.maximum(length, 1e-6)) @ part @ sparse.diags(own))
    return sparse.hstack(parts).tocsr()
