"""How a tagger is measured: token by token, beside the most frequent tag of each word."""

import numpy as np

from kerakit.errors import DataError
from kerakit.evaluation import inputs
from kerakit.evaluation.baselines.tags import fit_most_frequent_tag, lowered, split_tokens
from kerakit.evaluation.batches import batches
from kerakit.evaluation.metrics.confusion import most_confused, per_class
from kerakit.evaluation.metrics.tagging import TagScores, WrongSentences
from kerakit.evaluation.plots import classification as class_plots
from kerakit.evaluation.plots.fonts import drawable, font_families
from kerakit.evaluation.tasks.measured import Measured

__all__ = ["check_tags_shape", "measure_tags"]


def check_tags_shape(shape, spec, quantiles=None):
    """Check that answers of `shape` are probabilities of tags.

    Args:
        shape: tuple of ints or `None`.
        spec: `Spec`.
        quantiles: not used.

    Raises:
        DataError: when it is not `(batch, tokens, classes)`.
    """
    if not inputs.fits(shape, (None, None, len(spec.classes))):
        raise DataError(
            f"The model answers with shape {shape}, but {spec.dataset or 'the data'} needs "
            f"(batch, tokens, {len(spec.classes)}): a probability of each tag for each token. "
            "Build the tagger from the data's spec."
        )


def measure_tags(model, data, quantiles, drawn):
    """Measure a tagger sentence by sentence; what is behind the last token does not count.

    Of each token its true and its predicted tag are kept, no probabilities.

    Args:
        model: `keras.Model`. Sentences in, `(batch, tokens, classes)` out, with as many
            tokens as the longest sentence of the batch has, or more.
        data: `Data`.
        quantiles: `None`.
        drawn: bool. Whether a few sentences with wrong tags are kept for the report.

    Returns:
        `Measured`.
    """
    spec = data.spec
    known = frozenset(spec.features[0].vocabulary)
    baseline = fit_most_frequent_tag(data)
    scores = {name: TagScores(len(spec.classes)) for name in ("model", "most_frequent_tag")}
    examples, rows = WrongSentences(spec.classes), 0
    model.make_predict_function(force=True)
    for features, target, *_ in batches(data, "test"):
        sentences = split_tokens(features[spec.feature_names[0]])
        target = np.asarray(target)
        real = target >= 0
        _check_lengths(sentences, real, rows)
        y = target[real]
        inputs.check_targets(y, spec, rows)
        answer = np.asarray(model.predict_on_batch(inputs.arrange(model, features)), np.float32)
        p = _of_tokens(answer, real, spec)
        tokens = [token for sentence in sentences for token in sentence]
        words = [lowered(token) for token in tokens]
        seen = np.array([word in known for word in words], bool)
        lengths = real.sum(axis=1)
        scores["model"].add(y, p, seen, lengths)
        scores["most_frequent_tag"].add(y, baseline(words), seen, lengths)
        if drawn:
            examples.add(sentences, y, p)
        rows += len(target)
    if not scores["model"].tokens:
        raise DataError(f"{spec.dataset or 'The data'} has no test tokens to measure on.")
    y, label = scores["model"].labels()

    def draw():
        with font_families(spec.classes):
            names = drawable(spec.classes)
            return {"confusion_matrix": class_plots.confusion_matrix(y, label, names)}

    found = {name: one.metrics() for name, one in scores.items()}
    share = 1 - scores["model"].known_share()
    return Measured(
        test=found.pop("model"),
        baseline=found,
        rows=rows,
        draw=draw,
        notes=[
            f"{len(y):,} tokens were measured; {100 * share:.1f} % of them are unknown, words "
            "that the training split does not have. The baseline gives each word its most "
            "frequent tag in training."
        ],
        fields={
            "per_class": per_class(y, label, spec.classes),
            "confused": tuple(most_confused(y, label, spec.classes)),
            "wrong": examples.rows(),
            "tokens": len(y),
        },
    )


def _check_lengths(sentences, real, before):
    """As many tokens as tags, and no gap between the tags."""
    lengths = np.array([len(sentence) for sentence in sentences])
    wrong = real != (np.arange(real.shape[1]) < lengths[:, None])
    if wrong.any():
        row = int(wrong.any(axis=1).argmax())
        raise DataError(
            f"Test row {before + row} has {lengths[row]} tokens and {real[row].sum()} tags. "
            "Expected one tag for each token, and -1 behind the last."
        )


def _of_tokens(answer, real, spec):
    """The probabilities of the tokens that there are, one after the other."""
    check_tags_shape(answer.shape, spec)
    longest = int(real.sum(axis=1).max(initial=0))
    if answer.shape[1] < longest:
        raise DataError(
            f"The model answers with {answer.shape[1]} tokens where a sentence has {longest}. It "
            "must answer every token of the longest sentence of a batch."
        )
    p = answer[:, :longest][real[:, :longest]]
    inputs.check_predictions(p, spec, what="tokens")
    return p.astype(np.float64)
