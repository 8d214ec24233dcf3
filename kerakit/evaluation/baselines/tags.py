"""The tagger that needs no network: each word gets the tag it mostly has in training."""

import numpy as np

from kerakit.evaluation.batches import batches

__all__ = ["fit_most_frequent_tag", "lowered", "split_tokens"]


def split_tokens(column):
    """Return the tokens of each sentence of a batch: a list of lists of `str`.

    They are cut at ASCII white space, as `tf.strings.split` does.

    Args:
        column: n sentences, a tensor or an array of `str` or bytes.

    Example:

    >>> split_tokens(np.array(["A b", ""], object))
    [['A', 'b'], []]
    """
    sentences = (v.encode() if isinstance(v, str) else v for v in np.asarray(column).tolist())
    return [[t.decode(errors="replace") for t in sentence.split()] for sentence in sentences]


def lowered(token):
    """Return a token in lower case as TensorFlow makes it: only A to Z change.

    Example:

    >>> lowered("ÉTÉ")
    'ÉtÉ'
    """
    return token.encode(errors="replace").lower().decode()


def fit_most_frequent_tag(data):
    """Count the tags of each word in training; a word that is not there gets all words' tags.

    Args:
        data: `Data` of tagged sentences.

    Returns:
        function of a list of lower-cased tokens that returns probabilities of shape
        `(tokens, classes)`: the counts of the word, and one more token with the tags that
        training has (each of them once more), so that none is impossible.

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
    place, words, tags = {}, [], []
    for features, target, *_ in batches(data, "train"):
        target = np.asarray(target)
        sentences = split_tokens(features[data.spec.feature_names[0]])
        lengths = (target >= 0).sum(axis=1)
        for sentence, length in zip(sentences, lengths, strict=True):
            words += [place.setdefault(lowered(t), len(place)) for t in sentence[:length]]
        tags.append(target[target >= 0])
    tags = np.concatenate(tags) if tags else np.zeros(0, int)
    shape = (len(place) + 1, classes)  # the last row is that of unknown words: no counts
    counts = sparse.coo_matrix((np.ones(len(words)), (words, tags)), shape).tocsr()
    overall = np.bincount(tags, minlength=classes) + 1.0
    overall /= overall.sum()

    def predict(tokens):
        rows = counts[[place.get(token, len(place)) for token in tokens]].toarray() + overall
        return rows / rows.sum(axis=1, keepdims=True)

    return predict
