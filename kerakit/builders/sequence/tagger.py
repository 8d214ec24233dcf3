"""Taggers: a label for every token of a sentence."""

import keras
from keras import ops

from kerakit.builders.contract import OUTPUT, PROBABILITIES
from kerakit.builders.parts import assemble
from kerakit.builders.sequence.encoders import encode_steps
from kerakit.builders.sequence.masks import with_mask
from kerakit.builders.sequence.options import ENCODERS, RECURRENT, EncoderOptions
from kerakit.builders.sequence.text_preprocessing import text_feature
from kerakit.builders.sequence.token_preprocessing import PLACES, SUFFIXES, token_preprocess
from kerakit.checks import check_choice, check_float, check_int
from kerakit.data.tasks import tasks_with

__all__ = ["sequence_tagger"]


def sequence_tagger(
    inputs,
    *,
    encoder="lstm",
    units=128,
    layers=1,
    bidirectional=None,
    dropout=0.5,
    recurrent_dropout=0.0,
    heads=4,
    positions="sinusoidal",
    embedding=64,
):
    """Build a network that gives the probability of every tag for each token of a sentence.

    A sentence is one string with white space between its tokens. A token is known by its word,
    by its first and last one to four characters, and by its capitals, digits and hyphens
    (Ratnaparkhi 1996, aclanthology.org/W96-0213), so that words which training never saw have
    a tag too. In training a share of the words is hidden, as if they were unknown.

    Args:
        inputs: `Spec` of tagged sentences, as `kk.load_tagged` makes.
        encoder, units, layers, recurrent_dropout, heads, positions: the encoder's, as in
            `sequence_classifier`. Defaults to one LSTM with 128 units.
        bidirectional: bool. Whether recurrent cells also read from the end. Defaults to `None`:
            they do.
        dropout: float in [0, 1). Share of the words that are hidden, and of what is dropped in
            the encoder and before the output. Defaults to `0.5`.
        embedding: int in [1, inf). Width of an embedded word. Defaults to `64`.

    Returns:
        `keras.Model`; strings of shape `(batch,)` in, in a dict by the feature's name,
        probabilities of shape `(batch, tokens, tags)` out. What stands behind the last token
        of a sentence means nothing.

    Raises:
        ArgumentError: when an argument is out of its range, or the spec is not of tags.

    Example:

    >>> from kerakit.data.spec import Feature, Spec
    >>> known = {"vocabulary": ("a", "cat"), "characters": ("a", "c", "t")}
    >>> tokens = Feature("tokens", "text", "string", **known)
    >>> model = sequence_tagger(Spec("tagging", (tokens,), classes=("DET", "NOUN")))
    >>> model.predict({"tokens": ops.convert_to_tensor(["A cat", "cat"])}, verbose=0).shape
    (2, 2, 2)
    """
    owner = "sequence_tagger"
    feature = text_feature(owner, inputs)
    check_choice(owner, "inputs.task", inputs.task, tasks_with(answer="tags"))
    check_choice(owner, "encoder", encoder, ENCODERS)
    bidirectional = encoder in RECURRENT if bidirectional is None else bidirectional
    options = EncoderOptions(
        owner, encoder, units, layers, bidirectional, dropout, recurrent_dropout, False, heads,
        positions,
    )  # fmt: skip
    check_float(owner, "dropout", dropout, "[0.0, 1.0)")
    check_int(owner, "embedding", embedding, minimum=1)
    by_name, preprocess = token_preprocess(feature)
    network_in = [
        keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name)
        for tensor, name in zip(preprocess.outputs, ("words", "affixes", "flags"), strict=True)
    ]
    words, affixes, flags = network_in
    mask = ops.cast(words > 0, "float32")
    values = _described(words, affixes, flags, len(feature.vocabulary) + 2, embedding, options)
    # One step more than the longest sentence has, and without it again: recurrent layers and
    # convolutions have no answer for a batch of empty sentences.
    values = ops.pad(with_mask(values, mask), [[0, 0], [0, 1], [0, 0]])
    steps = encode_steps(values, ops.pad(mask, [[0, 0], [0, 1]]), options)
    # The last layer sees the token itself as well, and its neighbours only as they were read.
    steps = ops.concatenate([steps, values], axis=-1)[:, :-1]
    if options.dropout:
        steps = keras.layers.Dropout(options.dropout, name="dropout")(steps)
    scores = keras.layers.Dense(len(inputs.classes), dtype="float32", name=OUTPUT)(steps)
    answer = keras.layers.Softmax(dtype="float32", name=PROBABILITIES)(scores)
    return assemble(by_name, preprocess, network_in, answer, owner)


def _described(words, affixes, flags, known, embedding, options):
    """What a token is like: tensor of shape `(batch, tokens, width)`."""
    word = _embed(known, embedding, "embed")(words)
    # Training never sees an unknown word; without a vector it is as one that is hidden.
    word = with_mask(word, ops.cast(words > 1, word.dtype))
    if options.dropout:
        # The whole word at once: what is left says as much as an unknown word does.
        word = keras.layers.Dropout(
            options.dropout, noise_shape=(None, None, 1), name="dropout.words"
        )(word)
    parts = [word]
    for place in range(2 * SUFFIXES):
        name = f"{'last' if place < SUFFIXES else 'first'}_{place % SUFFIXES + 1}"
        parts.append(_embed(PLACES + 1, 16, name)(affixes[..., place]))
    return ops.concatenate([*parts, flags], axis=-1)


def _embed(known, width, name):
    # Of Keras' own start, within 0.05, a rare word would never get far enough to count.
    start = keras.initializers.RandomNormal(stddev=0.3)
    return keras.layers.Embedding(known, width, start, name=name)
