"""Measure a tagger: metrics per token beside the most frequent tag of each word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerakit.data.tagged.schemes import SCHEMES, are_entity_tags, scheme_of
from kerakit.errors import DataError
from kerakit.evaluation.baselines.tags import fit_most_frequent_tag, lowered, split_tokens
from kerakit.evaluation.batches import batches
from kerakit.evaluation.checks import MODEL, check_predictions, check_targets
from kerakit.evaluation.errors.sentences import WrongSentences
from kerakit.evaluation.metrics.confusion import most_confused, per_class
from kerakit.evaluation.metrics.custom import compute_metrics
from kerakit.evaluation.metrics.entities import entity_metrics, entity_metrics_by_type
from kerakit.evaluation.metrics.tagging import TagScores
from kerakit.evaluation.plots import classification as plots
from kerakit.evaluation.plots.fonts import drawable, font_families
from kerakit.evaluation.tasks.measured import Measured, MeasureOptions
from kerakit.evaluation.tasks.predictions import no_rows, predict_batch

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data

__all__ = ["measure_tags"]

_ENTITY_METRICS = ("precision", "recall", "f1")


def measure_tags(model: keras.Model, data: Data, options: MeasureOptions) -> Measured:
    """Measure a tagger sentence by sentence; the padding after a sentence does not count.

    Where the tags are those of entities, such as `B-PER`, the metrics of entities stand first.
    For each token the true and the predicted tag are kept, and the probabilities only if the
    user has metrics of their own.

    Args:
        model: `keras.Model`. Sentences in, `(batch, tokens, classes)` out, with at least as many
            tokens as the longest sentence of the batch.
        data: `Data`.
        options: `MeasureOptions`. Where a report will be written, a few sentences with wrong
            tags are kept for it.
    """
    spec = data.spec
    known = frozenset(spec.features[0].vocabulary)
    baseline = fit_most_frequent_tag(data)
    built_in = [name for name in ("most_frequent_tag",) if name not in options.without]
    names = ("model", *built_in, *options.baselines)
    scores = {name: TagScores(len(spec.classes)) for name in names}
    kept = {name: [] for name in names}
    errors, rows = WrongSentences(spec.classes), 0
    model.make_predict_function(force=True)
    for features, target, *_ in batches(data, "test"):
        sentences = split_tokens(features[spec.feature_names[0]])
        target = np.asarray(target)
        is_token = target >= 0
        _check_lengths(sentences, is_token, rows)
        y = target[is_token]
        check_targets(y, spec, rows)
        words = [lowered(token) for sentence in sentences for token in sentence]
        answers = {
            "model": _of_tokens(predict_batch(model, features, spec), is_token, spec, MODEL),
            **{name: baseline(words) for name in built_in},
        }
        for name, predict in options.baselines.items():
            source = f"The baseline {name!r} of evaluate"
            answers[name] = _of_tokens(predict(features), is_token, spec, source)
        is_known = np.array([word in known for word in words], bool)
        lengths = is_token.sum(axis=1)
        for name, p in answers.items():
            scores[name].add(y, p, is_known, lengths)
            if options.metrics:
                kept[name].append(p)
        if options.plotted:
            errors.add(sentences, y, answers["model"])
        rows += len(target)
    if not scores["model"].tokens:
        raise no_rows(spec)
    y, label = scores["model"].labels()

    def draw():
        with font_families(spec.classes):
            classes = drawable(spec.classes)
            return {"confusion_matrix": plots.confusion_matrix(y, label, classes)}

    metrics = {name: one.metrics() for name, one in scores.items()}
    fields, notes = {}, []
    if are_entity_tags(spec.classes):
        metrics, fields, notes = _with_entities(metrics, scores, data)
    if options.metrics:
        for name, values in metrics.items():
            values |= compute_metrics(options.metrics, y, np.concatenate(kept[name]), spec.task)
    unknown = 1 - scores["model"].known_fraction()
    return Measured(
        test=metrics.pop("model"),
        baseline=metrics,
        rows=rows,
        draw=draw,
        notes=[
            f"{len(y):,} tokens were measured. {100 * unknown:.1f} % of them are unknown: the "
            "training split does not have the word. The baseline gives each word its most "
            "frequent tag in the training split.",
            *notes,
        ],
        fields={
            "per_class": per_class(y, label, spec.classes),
            "confused": tuple(most_confused(y, label, spec.classes)),
            "confident_errors": errors.rows(),
            "tokens": len(y),
            **fields,
        },
    )


def _with_entities(metrics, scores, data):
    """The metrics with those of entities in front, fields of the report, and notes."""
    classes, found = data.spec.classes, {}
    scheme = scheme_of(_true_tags(data)) or SCHEMES[1]
    sentences = {name: one.sentences(classes) for name, one in scores.items()}
    for name, (y, predicted) in sentences.items():
        lenient = entity_metrics(y, predicted)
        strict = entity_metrics(y, predicted, mode="strict", scheme=scheme)
        found[name] = {f"entity_{key}": lenient[key] for key in _ENTITY_METRICS}
        found[name] |= {f"entity_{key}_strict": strict[key] for key in _ENTITY_METRICS}
        found[name] |= metrics[name]
    count = sum(one["support"] for one in entity_metrics_by_type(*sentences["model"]).values())
    note = (
        f"There are {count:,} true entities. An entity is right if its type, its first and its "
        "last token are; the metrics are micro averages. Any run of tags of one type counts as an "
        f"entity; for entity_f1_strict only one whose tags are as in {scheme.upper()}, the scheme "
        "of the training split."
    )
    fields = {"per_entity": entity_metrics_by_type(*sentences["model"]), "scheme": scheme}
    return found, fields, [note]


def _true_tags(data):
    """The tags of the training sentences."""
    for _, target, *_ in batches(data, "train"):
        for row in np.asarray(target):
            yield [data.spec.classes[tag] for tag in row[row >= 0]]


def _check_lengths(sentences, is_token, first_row):
    """Check that there is one tag for each token, and no gap between the tags."""
    lengths = np.array([len(sentence) for sentence in sentences])
    wrong = is_token != (np.arange(is_token.shape[1]) < lengths[:, None])
    if wrong.any():
        row = int(wrong.any(axis=1).argmax())
        raise DataError(
            f"evaluate: test row {first_row + row} has {lengths[row]} tokens and "
            f"{is_token[row].sum()} tags. Expected one tag for each token, then -1."
        )


def _of_tokens(answer, is_token, spec, source):
    """The probabilities of all tokens of a batch, concatenated, without the padding."""
    longest = int(is_token.sum(axis=1).max(initial=0))
    if answer.shape[1] < longest:
        raise DataError(
            f"{source} predicts {answer.shape[1]} tags for a sentence of {longest} tokens. It "
            "must predict a tag for every token of the longest sentence of a batch."
        )
    p = answer[:, :longest][is_token[:, :longest]]
    check_predictions(p, spec, noun="tokens", source=source)
    return p.astype(np.float64)
