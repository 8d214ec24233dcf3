"""`sequence_tagger`: a label for every token of a sentence."""

from __future__ import annotations

from typing import Literal

import keras
from keras import ops

from kerakit.builders.contract import CRF, OUTPUT, PROBABILITIES
from kerakit.builders.parts import assemble, spec_or_shape
from kerakit.builders.search_space import Choice, Range, searched
from kerakit.builders.sequence.chains.check import check_scheme
from kerakit.builders.sequence.chains.crf import LinearChainCRF
from kerakit.builders.sequence.encoders.encoder import (
    ENCODERS,
    RECURRENT,
    Encoder,
    EncoderOptions,
    Positions,
    encode_steps,
)
from kerakit.builders.sequence.encoders.masks import with_mask
from kerakit.builders.sequence.text_preprocessing import text_features
from kerakit.builders.sequence.token_preprocessing import AFFIX_BUCKETS, SUFFIXES, token_preprocess
from kerakit.checks import check_choice, check_float, check_int
from kerakit.data.data import Data
from kerakit.data.spec import Spec
from kerakit.data.tasks import tasks_with

__all__ = ["sequence_tagger"]


@searched(
    units=Choice(64, 128, 256),
    layers=Choice(1, 2),
    dropout=Range(0.1, 0.7),
    embedding=Choice(32, 64, 128),
)
def sequence_tagger(
    inputs: Data | Spec,
    *,
    encoder: Encoder = "lstm",
    units: int = 128,
    layers: int = 1,
    bidirectional: bool | None = None,
    dropout: float = 0.5,
    recurrent_dropout: float = 0.0,
    heads: int = 4,
    positions: Positions = "sinusoidal",
    embedding: int = 64,
    scheme: Literal["iob2", "iobes"] | None = None,
) -> keras.Model:
    """Build a sequence tagger (part of speech, named entities): LSTM or another encoder.

    It predicts the probability of every tag for each token of a sentence. A sentence is one
    string with white space between its tokens. The features of a token are its word, its first
    and last one to four characters, and its capitals, digits and hyphens (Ratnaparkhi 1996,
    aclanthology.org/W96-0213), so that the model can tag words that are not in the training
    sentences. In training a fraction of the words is hidden, as if they were unknown.

    Args:
        inputs: `Data` or `Spec` of tagged sentences, as `kk.load_tagged` makes.
        encoder, units, layers, recurrent_dropout, heads, positions: of the encoder, as in
            `sequence_classifier`. Defaults to one LSTM with 128 units.
        bidirectional: bool. Whether a recurrent encoder also reads from the end. Defaults to
            `None`: it does.
        dropout: float in [0, 1). Fraction of the words that are hidden in training, and fraction
            that is dropped in the encoder and before the output. Defaults to `0.5`.
        embedding: int in [1, inf). Width of an embedded word. Defaults to `64`.
        scheme: `"iob2"` or `"iobes"`: the tags are those of entities, such as `B-PER`, in this
            scheme, and are chosen together for a sentence by a linear-chain conditional random
            field (Lafferty et al. 2001; Lample et al. 2016, arXiv:1603.01360). It weighs each
            pair of neighbours, and answers no sequence that the scheme forbids, such as `O` and
            then `I-PER`. `kk.load_tagged(scheme=...)` converts tags. Defaults to `None`: each
            tag is chosen by itself.

    Returns:
        `keras.Model`; strings of shape `(batch,)` in, in a dict by the feature's name,
        probabilities of shape `(batch, tokens, tags)` out. Those after the last token of a
        sentence have no meaning. With `scheme` they are marginal probabilities of the tags in all
        sequences (forward-backward). The tag of the best sequence (Viterbi) always has the
        highest: where another tag has a higher marginal probability, it is raised just above that,
        and all are divided by their sum. `kk.fit` then minimises minus the logarithm of the
        probability of the true sequence, per token.

    Raises:
        ArgumentError: when an argument is out of its range, the spec is not of tags, or tags are
            not as `scheme` has them.

    Example:

    >>> from kerakit.data.spec import Feature, Spec
    >>> known = {"vocabulary": ("a", "cat"), "characters": ("a", "c", "t")}
    >>> tokens = Feature("tokens", "text", "string", **known)
    >>> model = sequence_tagger(Spec("tagging", (tokens,), classes=("DET", "NOUN")))
    >>> model.predict({"tokens": ops.convert_to_tensor(["A cat", "cat"])}, verbose=0).shape
    (2, 2, 2)
    """
    owner = "sequence_tagger"
    data, inputs = inputs, spec_or_shape(owner, inputs, None)
    (feature,) = text_features(owner, inputs)
    check_choice(owner, "inputs.task", inputs.task, tasks_with(answer="tags"))
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
        heads=heads,
        positions=positions,
    )
    check_float(owner, "dropout", dropout, "[0.0, 1.0)")
    check_int(owner, "embedding", embedding, minimum=1)
    if scheme is not None:
        check_scheme(owner, scheme, inputs.classes, data)
    by_name, preprocess = token_preprocess(feature)
    network_in = [
        keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name)
        for tensor, name in zip(preprocess.outputs, ("words", "affixes", "flags"), strict=True)
    ]
    words, affixes, flags = network_in
    mask = ops.cast(words > 0, "float32")
    values = _described(words, affixes, flags, len(feature.vocabulary) + 2, embedding, options)
    # One step is added to the longest sentence and removed afterwards: recurrent layers and
    # convolutions fail for a batch of empty sentences.
    values = ops.pad(with_mask(values, mask), [[0, 0], [0, 1], [0, 0]])
    steps = encode_steps(values, ops.pad(mask, [[0, 0], [0, 1]]), options)
    # The last layer sees the features of the token too, and its neighbours as they were encoded.
    steps = ops.concatenate([steps, values], axis=-1)
    steps = steps if scheme else steps[:, :-1]
    if options.dropout:
        steps = keras.layers.Dropout(options.dropout, name="dropout")(steps)
    scores = keras.layers.Dense(len(inputs.classes), dtype="float32", name=OUTPUT)(steps)
    if scheme is not None:
        chain = LinearChainCRF(inputs.classes, scheme, name=CRF)
        scores = chain([scores, ops.pad(mask, [[0, 0], [0, 1]])])[:, :-1]
    answer = keras.layers.Softmax(dtype="float32", name=PROBABILITIES)(scores)
    return assemble(by_name, preprocess, network_in, answer, owner, inputs)


def _described(words, affixes, flags, known, embedding, options):
    """The features of the tokens: tensor of shape `(batch, tokens, width)`."""
    word = _embed(known, embedding, "embed")(words)
    # Training sentences have no unknown word. It gets zeros, as a hidden word does.
    word = with_mask(word, ops.cast(words > 1, word.dtype))
    if options.dropout:
        # The whole vector of a word is dropped, so that the word looks unknown.
        word = keras.layers.Dropout(
            options.dropout, noise_shape=(None, None, 1), name="dropout.words"
        )(word)
    parts = [word]
    for index in range(2 * SUFFIXES):
        name = f"{'last' if index < SUFFIXES else 'first'}_{index % SUFFIXES + 1}"
        parts.append(_embed(AFFIX_BUCKETS + 1, 16, name)(affixes[..., index]))
    return ops.concatenate([*parts, flags], axis=-1)


def _embed(known, width, name):
    # From Keras' initial values, within 0.05, the vector of a rare word would stay too small.
    initializer = keras.initializers.RandomNormal(stddev=0.3)
    return keras.layers.Embedding(known, width, initializer, name=name)
