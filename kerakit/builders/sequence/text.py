"""Classifiers of texts."""

import keras
from keras import ops

from kerakit.builders.contract import LINEAR_CHARACTERS, LINEAR_WORDS, frequency_name
from kerakit.builders.heads import class_head, class_task
from kerakit.builders.parts import assemble
from kerakit.builders.sequence.encoders import summarize_words
from kerakit.builders.sequence.masks import with_mask
from kerakit.builders.sequence.options import ENCODERS, RECURRENT, EncoderOptions
from kerakit.builders.sequence.text_preprocessing import (
    CHARACTER_PLACES,
    WORD_PLACES,
    text_feature,
    text_preprocess,
)
from kerakit.checks import check_choice, check_float, check_int
from kerakit.data.tasks import TASKS, tasks_with

__all__ = ["text_classifier"]


def text_classifier(
    inputs,
    *,
    encoder="conv",
    units=64,
    layers=1,
    bidirectional=None,
    dropout=0.5,
    recurrent_dropout=0.0,
    attention=False,
    heads=4,
    positions="sinusoidal",
    embedding=64,
    max_words=256,
    word_grams=2,
    character_grams=5,
):
    """Build a network that gives the probability of every class of a text.

    Strings go in: splitting, looking up and hashing are part of the graph. A text takes two
    paths. A linear one weighs its n-grams of words and of characters, hashed to 131,072 and
    262,144 places (Weinberger et al. 2009, arXiv:0902.2206), rare ones more by their inverse
    document frequency; `kk.fit` solves it as logistic regressions before the first epoch. The
    other embeds the words of the training texts and encodes them in their order; it trains by
    itself, since the n-grams leave next to nothing of the texts that they were solved on. The
    scores of the two are added, by the weights with which they fit the validation texts best
    (a logarithmic opinion pool; Heskes 1998, "Selecting weighting factors in logarithmic
    opinion pools").

    Args:
        inputs: `Spec` of one text and one label, as `kk.load_text` makes.
        encoder, units, layers, recurrent_dropout, attention, heads, positions: the encoder's, as in
            `sequence_classifier`, but for `"conv"`, the default: that is convolutions of 3, 4 and 5
            words, 64 units each, and the largest of each over the text (Kim 2014,
            arXiv:1408.5882).
        bidirectional: bool. Whether recurrent cells also read from the end. Defaults to `None`:
            they do.
        dropout: float in [0, 1). Share dropped of the embedded words, in the encoder and before
            the output. Defaults to `0.5`, as Kim's.
        embedding: int in [1, inf). Width of an embedded word. Defaults to `64`.
        max_words: int in [1, inf). Words that the encoder reads, from the start of a text; the
            linear path reads all. Defaults to `256`.
        word_grams: int in [1, 5]. The longest n-grams of words. Defaults to `2`.
        character_grams: int in [0, 8]. The longest n-grams of characters, from single ones on;
            0 for none. Defaults to `5`.

    Returns:
        `keras.Model`; strings of shape `(batch,)` in, in a dict by the feature's name,
        probabilities of shape `(batch, classes)` out. An empty text is answered.

    Raises:
        ArgumentError: when an argument is out of its range, or the spec is not of one text and
            one label.

    Example:

    >>> from kerakit.data.spec import Feature, Spec
    >>> text = Feature("text", "text", "string", vocabulary=("buy", "now"), characters=("b", "u"))
    >>> model = text_classifier(Spec("binary", (text,), classes=("ham", "spam")))
    >>> model.output_shape
    (None, 2)
    """
    owner = "text_classifier"
    feature = text_feature(owner, inputs)
    check_choice(owner, "inputs.task", inputs.task, tasks_with(answer="label"))
    check_choice(owner, "encoder", encoder, ENCODERS)
    bidirectional = encoder in RECURRENT if bidirectional is None else bidirectional
    options = EncoderOptions(
        owner, encoder, units, layers, bidirectional, dropout, recurrent_dropout, attention, heads,
        positions,
    )  # fmt: skip
    check_float(owner, "dropout", dropout, "[0.0, 1.0)")
    check_int(owner, "embedding", embedding, minimum=1)
    check_int(owner, "max_words", max_words, minimum=1)
    check_int(owner, "word_grams", word_grams, minimum=1, maximum=5)
    check_int(owner, "character_grams", character_grams, minimum=0, maximum=8)
    task, classes = class_task(owner, inputs, None)
    by_name, preprocess = text_preprocess(feature, max_words, word_grams, character_grams)
    names = ("words", "word_grams", "character_grams")
    network_in = [
        keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name)
        for tensor, name in zip(preprocess.outputs, names, strict=False)
    ]
    words, *grams = network_in
    summary = _read(words, len(feature.vocabulary) + 2, embedding, options)
    kinds = ((LINEAR_WORDS, WORD_PLACES), (LINEAR_CHARACTERS, CHARACTER_PLACES))
    linear = sum(
        _weighed(ids, words, name, places, TASKS[task].score_count(classes))
        for (name, places), ids in zip(kinds, grams, strict=False)
    )
    answer = class_head(summary, task, classes, linear=linear)
    return assemble(by_name, preprocess, network_in, answer, owner)


def _read(words, known, embedding, options):
    """Embed words and encode them in their order: tensor of shape `(batch, width)`."""
    mask = ops.cast(words > 0, "float32")
    values = keras.layers.Embedding(known, embedding, name="embed")(words)
    if options.dropout:
        values = keras.layers.Dropout(options.dropout, name="dropout.words")(values)
    summary = summarize_words(with_mask(values, mask), mask, options)
    if options.dropout:
        summary = keras.layers.Dropout(options.dropout, name="dropout")(summary)
    return summary


def _weighed(ids, words, name, places, width):
    """The sum of the n-grams' weights, as a text's TF-IDF vector has length 1.

    Number 0 is no n-gram: its weights are what every text gets.
    """
    layer = keras.layers.Embedding(places + 1, width, "zeros", dtype="float32", name=name)
    frequency = keras.layers.Embedding(
        places + 1, 1, "ones", trainable=False, dtype="float32", name=frequency_name(name)
    )(ids)
    frequency = frequency * ops.cast(ids > 0, "float32")[..., None]
    length = ops.sqrt(ops.maximum(ops.sum(ops.square(frequency), axis=1), 1e-12))
    weighed = ops.sum(layer(ids) * frequency, axis=1) / length
    return weighed + layer(words[:, :1] * 0)[:, 0]  # of words there is one place at least
