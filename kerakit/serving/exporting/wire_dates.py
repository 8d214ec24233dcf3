"""Dates in requests: the graph reads the usual spellings of a date."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kerakit.data.columns.date_numbers import (
    WIDTH,
    character_table,
    civil_from_days,
    date_numbers,
)
from kerakit.data.columns.date_spelling import ISO, spelling_rules

if TYPE_CHECKING:
    import tensorflow as tf

    from kerakit.data.spec import Spec

__all__ = ["iso_dates"]


def iso_dates(spec: Spec) -> Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]]:
    """Return a function that writes the dates of a request in ISO 8601, as the model reads them.

    The rules are those by which the training file was read. Text that is no date becomes empty,
    which is a missing date. A request with nothing but ISO 8601 needs no rules.

    Args:
        spec: `Spec`.

    Returns:
        Function from a dict of tensors to a dict of tensors.
    """
    import tensorflow as tf

    by_format: dict[str, list[str]] = {}
    for feature in spec.features:
        if feature.kind == "date":
            by_format.setdefault(feature.format, []).append(feature.name)

    def rewrite(features):
        features = dict(features)
        for format, names in by_format.items():
            # One operation for all columns: for one row, an operation costs more than its work.
            texts = tf.concat([features[name] for name in names], axis=0)
            done = tf.reduce_all(tf.strings.regex_full_match(texts, ISO))
            texts = tf.cond(done, lambda t=texts: t, lambda t=texts, f=format: _rewritten(t, f))
            features |= dict(zip(names, tf.split(texts, len(names)), strict=True))
        return features

    return rewrite


def _rewritten(texts, format):
    import tensorflow as tf
    from keras import ops

    texts = tf.strings.strip(texts)
    for pattern, replacement in spelling_rules(format):
        texts = tf.strings.regex_replace(texts, pattern, replacement)
    codes = tf.io.decode_raw(texts, tf.uint8, fixed_length=WIDTH)
    read = date_numbers(tf.gather(character_table(), tf.cast(codes, tf.int32)), ops)
    days, seconds = (tf.where(read.valid, number, 0) for number in (read.days, read.seconds))
    clock = (seconds // 3600, seconds // 60 % 60, seconds % 60)
    date, time = (
        tf.strings.reduce_join(
            tf.stack([tf.strings.as_string(n, width=w, fill="0") for n, w in parts], axis=-1),
            axis=-1,
            separator=separator,
        )
        for parts, separator in (
            (zip(civil_from_days(days, ops), (4, 2, 2), strict=True), "-"),
            (((number, 2) for number in clock), ":"),
        )
    )
    return tf.where(read.valid, tf.strings.join([date, time], "T"), "")
