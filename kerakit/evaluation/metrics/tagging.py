"""Scores of tags, added up batch by batch, and the sentences that went wrong."""

import math

import numpy as np

from kerakit.evaluation.errors.confident_errors import percent
from kerakit.evaluation.errors.texts import cut

__all__ = ["TagScores", "WrongSentences"]

SENTENCES = 8
TOKENS = 5  # wrong ones that are shown of a sentence
AROUND = 6  # tokens on each side that are shown with a wrong one


class TagScores:
    """The true and the predicted tag of every token, and what metrics need beside.

    Args:
        classes: int. How many tags there are.
    """

    def __init__(self, classes):
        self.classes, self.tokens = classes, 0
        self._y, self._label, self._known, self._right = [], [], [], []
        self._loss = 0.0

    def add(self, y, p, known, lengths):
        """Take note of a batch of sentences, token after token.

        Args:
            y: int array of shape `(tokens,)`. True tags.
            p: array of shape `(tokens, classes)`. Probabilities.
            known: bool array of shape `(tokens,)`. Whether training has the word.
            lengths: int array of shape `(sentences,)`; their sum is `tokens`.
        """
        label = p.argmax(axis=1) if len(p) else np.zeros(0, int)
        own = p[np.arange(len(y)), y] / p.sum(axis=1)
        # As scikit-learn bounds it: an impossible tag costs 36 nats, not infinitely many.
        self._loss -= float(np.log(np.maximum(own, np.finfo(np.float64).eps)).sum())
        self._y.append(y.astype(np.int32))
        self._label.append(label.astype(np.int32))
        self._known.append(known)
        wrong = np.concatenate([[0], np.cumsum(label != y)])
        ends = np.cumsum(lengths)
        self._right.append((wrong[ends] == wrong[ends - lengths])[lengths > 0])
        self.tokens += len(y)

    def labels(self):
        """Return two int arrays of shape `(tokens,)`: the true tags and the predicted ones."""
        return np.concatenate(self._y), np.concatenate(self._label)

    def known_share(self):
        """Return the share of tokens whose word training has."""
        return float(np.mean(np.concatenate(self._known)))

    def metrics(self):
        """Return the metrics of all tokens.

        Returns:
            dict of floats in `[0, 1]` (`log_loss`: `[0, inf)`): `"accuracy"`, and
            `"accuracy_known"` and `"accuracy_unknown"`, of the words that training has or
            lacks (`None` without any); `"sentence_accuracy"`, the share of sentences
            without a wrong tag; `"balanced_accuracy"`, the mean recall of the tags present;
            `"f1"`, the macro average over the tags that occur among the true or predicted
            ones; `"log_loss"` per token, in nats.
        """
        from sklearn import metrics

        y, label = self.labels()
        right, known = label == y, np.concatenate(self._known)
        recall = [np.mean(right[y == tag]) for tag in np.unique(y)]
        return {
            "accuracy": _mean(right),
            "accuracy_known": _mean(right[known]),
            "accuracy_unknown": _mean(right[~known]),
            "sentence_accuracy": _mean(np.concatenate(self._right)),
            "balanced_accuracy": _mean(recall),
            "f1": float(metrics.f1_score(y, label, average="macro", zero_division=0)),
            "log_loss": self._loss / self.tokens,
        }


class WrongSentences:
    """Keeps the sentences with the surest wrong tags.

    Args:
        classes: sequence of str.
        limit: int in `[1, inf)`. How many to keep. Defaults to 8.
    """

    def __init__(self, classes, limit=SENTENCES):
        self.classes, self.limit = classes, limit
        self._kept, self._before = [], 0

    def add(self, sentences, y, p):
        """Take note of a batch.

        Args:
            sentences: list of lists of str.
            y: int array of shape `(tokens,)`: the true tags of all sentences in a row.
            p: array of shape `(tokens, classes)`. Probabilities.
        """
        start = 0
        for row, tokens in enumerate(sentences, self._before):
            true, own = y[start : start + len(tokens)], p[start : start + len(tokens)]
            start += len(tokens)
            label = own.argmax(axis=1) if len(own) else true
            wrong = np.flatnonzero(label != true)
            if len(wrong):
                sure = own.max(axis=1)
                self._kept.append((-float(sure[wrong].max()), row, tokens, true, label, sure))
        self._kept.sort(key=lambda one: one[:2])
        del self._kept[self.limit :]
        self._before += len(sentences)

    def rows(self):
        """Return the wrong tags of the sentences kept, the surest sentence first.

        Returns:
            tuple of dicts of `row` (int, of the test split), `text` (str: the tokens around),
            `token`, `true`, `predicted` and `confidence` (str); five at most of a sentence.
        """
        found = []
        for _, row, tokens, true, label, sure in self._kept:
            for at in np.flatnonzero(label != true)[:TOKENS].tolist():
                begin, end = max(0, at - AROUND), at + AROUND + 1
                text = "… " * (begin > 0) + " ".join(tokens[begin:end])
                found.append(
                    {
                        "row": row,
                        "text": cut(text + " …" * (end < len(tokens))),
                        "token": cut(tokens[at], 60),
                        "true": str(self.classes[true[at]]),
                        "predicted": str(self.classes[label[at]]),
                        "confidence": percent(float(sure[at])),
                    }
                )
        return tuple(found)


def _mean(values):
    mean = float(np.mean(values)) if len(values) else math.nan
    return mean if math.isfinite(mean) else None
