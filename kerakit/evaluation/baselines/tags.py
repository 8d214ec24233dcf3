"""Baseline of taggers: each word gets its most frequent tag in the training split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.evaluation.batches import batches
from kerakit.status import telling

if TYPE_CHECKING:
    from kerakit.data.data import Data

__all__ = ["fit_most_frequent_tag", "lowered", "split_tokens"]


def split_tokens(column: Any) -> list[list[str]]:
    """Split each sentence of a batch into tokens at ASCII white space, as `tf.strings.split`.

    Args:
        column: n sentences, a tensor or an array of `str` or bytes.

    Example:

    >>> split_tokens(np.array(["A b", ""], object))
    [['A', 'b'], []]
    """
    sentences = (v.encode() if isinstance(v, str) else v for v in np.asarray(column).tolist())
    return [[t.decode(errors="replace") for t in sentence.split()] for sentence in sentences]


def lowered(token: str) -> str:
    """Return a token in lower case as TensorFlow does by default: only A to Z change.

    Example:

    >>> lowered("ÉTÉ")
    'ÉtÉ'
    """
    return token.encode(errors="replace").lower().decode()


@telling("Fitting the baselines")
def fit_most_frequent_tag(data: Data) -> Callable[[Sequence[str]], np.ndarray]:
    """Count the tags of each word in the training split.

    Args:
        data: `Data` of tagged sentences.

    Returns:
        function of a list of lower-cased tokens that returns probabilities of shape
        `(tokens, classes)`. They are proportional to the counts of the word's tags, plus one
        token that has the tags of all words (each counted once more), so that no tag has
        probability 0. A word that is not in the training split gets the tags of all words.

    Reference:
        Jurafsky, Martin: Speech and Language Processing, section 8.2, for the baseline.

    Example:

    >>> from kerakit.data.data import Data, Table
    >>> from kerakit.data.spec import Feature, Spec
    >>> spec = Spec("tagging", (Feature("tokens", "text", "string"),), classes=("N", "V"))
    >>> train = Table({"tokens": np.array(["I run"], object)}, np.array([[0, 1]]))
    >>> fit_most_frequent_tag(Data(train, None, train, spec))(["run", "he"]).tolist()
    [[0.25, 0.75], [0.5, 0.5]]
    """
    from scipy import sparse

    classes = len(data.spec.classes)
    index, words, tags = {}, [], []
    for features, target, *_ in batches(data, "train"):
        target = np.asarray(target)
        sentences = split_tokens(features[data.spec.feature_names[0]])
        lengths = (target >= 0).sum(axis=1)
        for sentence, length in zip(sentences, lengths, strict=True):
            words += [index.setdefault(lowered(t), len(index)) for t in sentence[:length]]
        tags.append(target[target >= 0])
    tags = np.concatenate(tags) if tags else np.zeros(0, int)
    shape = (len(index) + 1, classes)  # the last row, of unknown words, has no counts
    counts = sparse.coo_matrix((np.ones(len(words)), (words, tags)), shape).tocsr()
    overall = np.bincount(tags, minlength=classes) + 1.0
    overall /= overall.sum()

    def predict(tokens):
        rows = counts[[index.get(token, len(index)) for token in tokens]].toarray() + overall
        return rows / rows.sum(axis=1, keepdims=True)

    return predict
