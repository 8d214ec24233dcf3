"""Builders of sequence models: shapes, counts by hand, bad arguments, life after saving."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from builder_battery import run_builder_battery
from marks import first

import kerakit as kk
from kerakit.data.spec import Feature, Series, Spec, Target
from kerakit.errors import ArgumentError

BUILDERS = ["forecaster", "classifier", "text", "tagger"]
ENCODERS = ["lstm", "gru", "rnn", "transformer", "conv"]
RECURRENT = ENCODERS[:3]


def forecast_spec(**options):
    feature = Feature("window", "sequence", shape=(6,), mean=10.0, variance=4.0, **options)
    target = Target(("load",), mean=(10.0,), variance=(4.0,))
    return Spec("forecast", (feature,), target, series=Series(6, 3))


def series_spec(classes=("a", "b", "c")):
    shape, two = (None, 2), (1.0, 4.0)
    feature = Feature("series", "sequence", shape=shape, mean=(0.0, 5.0), variance=two)
    return Spec("binary" if len(classes) == 2 else "multiclass", (feature,), classes=classes)


def text_spec(classes=("ham", "spam")):
    known = {"vocabulary": ("now", "buy", "the"), "characters": tuple("nowbuythe ")}
    feature = Feature("text", "text", "string", **known)
    return Spec("binary" if len(classes) == 2 else "multiclass", (feature,), classes=classes)


def tag_spec():
    known = {"vocabulary": ("the", "cat"), "characters": tuple("Ttheca-1")}
    return Spec("tagging", (Feature("tokens", "text", "string", **known),), classes=tuple("DNVX"))


def arguments(builder, encoder="lstm", **options):
    """A builder, its arguments for a small model, and raw rows."""
    rng = np.random.default_rng(0)
    options = {"encoder": encoder, "units": 4, "heads": 2, **options}
    if builder == "forecaster":
        rows = {"window": rng.normal(10, 2, (3, 6)).astype("float32")}
        return kk.sequence_forecaster, forecast_spec(), options, rows
    if builder == "classifier":
        series = rng.normal(2, 2, (3, 7, 2)).astype("float32")
        series[1, 4:], series[2, 1, 0] = np.nan, np.nan
        return kk.sequence_classifier, series_spec(), options, {"series": series}
    if builder == "text":
        texts = ["Buy the cat, now!", "", "unknown words"]
        options["embedding"] = 4
        return kk.text_classifier, text_spec(), options, {"text": strings(texts)}
    options.setdefault("bidirectional", encoder in RECURRENT)
    sentences = ["The cat runs 1-2", "cat", "a\tcat"]
    options["embedding"] = 4
    return kk.sequence_tagger, tag_spec(), options, {"tokens": strings(sentences)}


def made(builder, encoder="lstm", **options):
    """A small model of each builder, and raw rows for it."""
    function, spec, options, rows = arguments(builder, encoder, **options)
    return function(spec, **options), rows


def strings(texts):
    return tf.constant(texts)


def randomised(model, seed=0):
    """The model with weights of which none is zero, as if it were trained."""
    rng = np.random.default_rng(seed)
    for weight in model.get_layer("network").weights:
        if weight.dtype == "float32":
            spread = weight.name.endswith("variance") or "frequency" in weight.path
            values = rng.uniform(0.5, 2, weight.shape) if spread else None
            weight.assign(rng.normal(0, 0.3, weight.shape) if values is None else values)
    return model


ANSWERS = {"forecaster": (3, 3), "classifier": (3, 3), "text": (3, 2), "tagger": (3, 4, 4)}


# Each builder and each encoder at least once; the other pairs are slow tests.
QUICKER = {
    ("forecaster", "lstm"), ("forecaster", "rnn"), ("classifier", "gru"), ("classifier", "conv"),
    ("text", "transformer"), ("tagger", "lstm"),
}  # fmt: skip
PAIRS = [
    pytest.param(*pair, marks=() if pair in QUICKER else pytest.mark.slow)
    for pair in itertools.product(BUILDERS, ENCODERS)
]


@pytest.mark.export
@pytest.mark.parametrize(("builder", "encoder"), PAIRS)
def test_every_encoder_of_every_builder_passes_the_battery(builder, encoder, tmp_path):
    function, spec, options, rows = arguments(builder, encoder, dropout=0.25, layers=2)
    model, answer = run_builder_battery(
        function, spec, tmp_path, rows, prepare=randomised, **options
    )
    assert answer.shape == ANSWERS[builder]
    assert model.output_shape == (None, *(None,) * (answer.ndim - 2), answer.shape[-1])


@pytest.mark.many
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("builder", first(2, BUILDERS))
def test_every_weight_learns(builder, encoder):
    options = {} if builder == "tagger" else {"attention": True}
    model, rows = made(builder, encoder, dropout=0.0, **options)
    network = randomised(model).get_layer("network")
    values = model.get_layer("preprocess")(rows)
    with tf.GradientTape() as tape:
        answer = network(values)
        pull = tf.constant(np.random.default_rng(1).normal(size=answer.shape), "float32")
        gain = tf.reduce_sum(answer * pull)
    weights = network.trainable_weights
    for weight, gradient in zip(weights, tape.gradient(gain, weights), strict=True):
        if weight.path.endswith("key/bias"):
            continue  # the same for all keys of a query, so that softmax does not see it
        assert gradient is not None, weight.path
        assert np.abs(np.asarray(tf.convert_to_tensor(gradient))).max() > 0, weight.path


LOADER = """
import sys
sys.modules["kerakit"] = None  # an import of it fails
import keras, numpy as np, tensorflow as tf
folder = sys.argv[1]
for name in sys.argv[2:]:
    model = keras.models.load_model(f"{folder}/{name}.keras")
    held = np.load(f"{folder}/{name}.npz")
    rows = held["rows"]
    rows = tf.constant(rows.tolist() if rows.dtype.kind == "U" else rows)
    np.testing.assert_allclose(model({str(held["key"]): rows}), held["answer"], rtol=1e-6)
    print(name)
"""


@pytest.mark.slow
def test_models_load_where_kerakit_is_not(tmp_path):
    names = []
    for builder in BUILDERS:
        for encoder in ENCODERS:
            model, rows = made(builder, encoder)
            ((key, values),) = rows.items()
            plain = np.asarray(values)
            if plain.dtype == object:
                plain = np.array([text.decode() for text in plain])
            names.append(f"{builder}_{encoder}")
            model.save(tmp_path / f"{names[-1]}.keras")
            answer = randomised(model)(rows).numpy()
            model.save(tmp_path / f"{names[-1]}.keras")
            np.savez(tmp_path / f"{names[-1]}.npz", key=key, rows=plain, answer=answer)
    command = [sys.executable, "-c", LOADER, str(tmp_path), *names]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == names


def lstm(width, units):
    return 4 * (width * units + units * units + units)


@pytest.mark.many
def test_recurrent_classifiers_have_the_weights_of_their_formulas():
    count = kk.sequence_classifier((None, 3), classes=4, encoder="lstm", units=5).count_params()
    assert count == lstm(3, 5) + 5 * 4 + 4
    count = kk.sequence_classifier(
        (None, 3), classes=2, encoder="lstm", units=5, layers=2, bidirectional=True
    ).count_params()
    assert count == 2 * lstm(3, 5) + 2 * lstm(10, 5) + 10 + 1  # two classes have one score
    count = kk.sequence_classifier((9,), classes=3, encoder="rnn", units=5).count_params()
    assert count == 5 + 25 + 5 + 15 + 3
    # Keras' gated units have a bias for what goes in and one for the state.
    count = kk.sequence_classifier((None, 12), classes=9, encoder="gru", units=16).count_params()
    assert count == 3 * (12 * 16 + 16 * 16 + 2 * 16) + 16 * 9 + 9


def test_the_convolutions_are_those_of_the_paper():
    model = kk.sequence_classifier((None,), classes=3, encoder="conv")
    kernels = [8 * 1 * 128, 5 * 128 * 256, 3 * 256 * 128]
    offsets, normalisation, output = 128 + 256 + 128, 4 * (128 + 256 + 128), 128 * 3 + 3
    assert model.count_params() == sum(kernels) + offsets + normalisation + output


@pytest.mark.parametrize("positions", ["sinusoidal", "learned"])
def test_transformers_have_the_weights_of_their_formula(positions):
    model = kk.sequence_classifier(
        (None, 3), classes=3, encoder="transformer", units=8, layers=2, positions=positions
    )
    attention, dense, norm = 4 * (8 * 8 + 8), (8 * 32 + 32) + (32 * 8 + 8), 16
    count = 3 * 8 + 8 + 2 * (attention + dense + 2 * norm) + norm + 8 * 3 + 3
    assert model.count_params() == count + (512 * 8 if positions == "learned" else 0)


def test_forecasters_have_one_straight_line_for_all_channels():
    lines = 20 * 6 + 6
    # The last layer sees all 20 steps side by side, as 4 numbers each.
    one = kk.sequence_forecaster((20,), horizon=6, units=4)
    assert one.count_params() == lines + lstm(1, 4) + (20 * 4) * 6 + 6
    three = kk.sequence_forecaster((20, 3), horizon=6, units=4)
    assert three.output_shape == (None, 6, 3)
    assert three.count_params() == lines + lstm(3, 4) + (20 * 4) * 18 + 18


@pytest.mark.many
def test_forecasters_read_long_windows_in_segments():
    def count(window, **options):
        return kk.sequence_forecaster(window, horizon=6, units=4, **options).count_params()

    # A 28th of 55 is one step; of 56 and 60 it is two, which are embedded in 4 numbers.
    assert count((55,)) == 55 * 6 + 6 + lstm(1, 4) + (55 * 4) * 6 + 6
    assert count((56,)) == 56 * 6 + 6 + (2 * 4 + 4) + lstm(4, 4) + (28 * 4) * 6 + 6
    assert count((60,)) == 60 * 6 + 6 + (2 * 4 + 4) + lstm(4, 4) + (30 * 4) * 6 + 6
    three = 60 * 6 + 6 + (6 * 4 + 4) + lstm(4, 4) + (30 * 4) * 18 + 18
    assert count((60, 3)) == three
    # Ten steps are three segments of four; both directions have 4 numbers each.
    ten = 10 * 6 + 6 + (4 * 4 + 4)
    assert count((10,), segment=4) == ten + lstm(4, 4) + (3 * 4) * 6 + 6
    both = ten + 2 * lstm(4, 4) + (3 * 8) * 6 + 6
    assert count((10,), segment=4, bidirectional=True) == both
    # Attention: a mean of the segments, by a score of each through tanh.
    score = 4 * 4 + 4 + 4
    assert count((10,), segment=4, attention=True) == ten + lstm(4, 4) + score + 4 * 6 + 6
    assert count((10,), segment=10) == 10 * 6 + 6 + (10 * 4 + 4) + lstm(4, 4) + 4 * 6 + 6


def test_a_width_of_one_channel_keeps_its_axis():
    model = kk.sequence_forecaster((5, 1), horizon=2, units=2)
    assert model(np.ones((3, 5, 1), "float32")).shape == (3, 2, 1)


@pytest.mark.many
def test_text_classifiers_have_a_weight_per_place_and_class():
    for classes, scores in ((("a", "b"), 1), (("a", "b", "c"), 3)):
        options = {"units": 4, "embedding": 7}
        model = kk.text_classifier(text_spec(classes), **options)
        # Three words, the unknown one and padding; a weight and a frequency for every place.
        phrases = sum(words * 7 * 4 + 4 for words in (3, 4, 5))
        read = 5 * 7 + phrases + 12 * scores + scores
        blend = 2
        assert model.count_params() == read + (2**17 + 2**18 + 2) * (scores + 1) + blend
        options |= {"encoder": "lstm", "character_grams": 0}
        alone = kk.text_classifier(text_spec(classes), **options)
        read = 5 * 7 + 2 * lstm(7, 4) + 8 * scores + scores
        assert alone.count_params() == read + (2**17 + 1) * (scores + 1) + blend


def test_taggers_embed_words_and_eight_affixes():
    model = kk.sequence_tagger(tag_spec(), units=4, embedding=7)
    width = 7 + 8 * 16 + 4
    vectors, output = 4 * 7 + 8 * (2**13 + 1) * 16, (2 * 4 + width) * 4 + 4
    assert model.count_params() == vectors + 2 * lstm(width, 4) + output


@pytest.mark.many
@pytest.mark.parametrize(
    ("channels", "classes", "shape"), [((), 2, (4, 2)), ((1,), 5, (4, 5)), ((3,), 2, (4, 2))]
)
def test_series_of_any_length_and_of_a_fixed_one(channels, classes, shape):
    for steps in (None, 5):
        model = kk.sequence_classifier((steps, *channels), classes=classes, encoder="rnn", units=3)
        assert model(np.ones((4, 5, *channels), "float32")).shape == shape
    model = kk.sequence_classifier((None, *channels), classes=classes, encoder="rnn", units=3)
    assert model(np.ones((4, 1, *channels), "float32")).shape == shape  # one step will do


def test_a_new_model_answers_before_it_learned():
    """What starts at zero: forecasts stay at the last value."""
    model, rows = made("forecaster")
    last = np.repeat(rows["window"][:, -1:], 3, axis=1)
    np.testing.assert_allclose(model(rows).numpy(), last, rtol=1e-5)


def test_penalties_are_of_the_layers_that_the_docstrings_name():
    model = kk.sequence_classifier((None, 2), classes=3, encoder="rnn", units=4, l2=0.5)
    network = randomised(model).get_layer("network")
    expected = 0.5 * np.sum(network.get_layer("output").kernel.numpy() ** 2)
    assert float(sum(network.losses)) == pytest.approx(expected, rel=1e-5)
    model = kk.sequence_forecaster((5,), horizon=2, units=2, l2=0.5)
    network = randomised(model).get_layer("network")
    expected = 0.5 * np.sum(network.get_layer("linear.window").kernel.numpy() ** 2)
    assert float(sum(network.losses)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("builder", "options", "words"),
    [
        (
            "classifier",
            {"encoder": "lstn"},
            "'encoder' parameter of sequence_classifier.*mean 'lstm'",
        ),
        (
            "forecaster",
            {"encoder": "cnn"},
            "'encoder' parameter of sequence_forecaster must be one of",
        ),
        ("text", {"units": 0}, r"'units' parameter of text_classifier.*\[1, inf\). Got 0"),
        ("tagger", {"layers": 1.5}, r"'layers' parameter of sequence_tagger.*Got 1.5"),
        ("classifier", {"dropout": 1.0}, r"'dropout'.*\[0.0, 1.0\). Got 1.0"),
        ("tagger", {"recurrent_dropout": -0.1}, r"'recurrent_dropout'.*Got -0.1"),
        ("classifier", {"bidirectional": 1}, "'bidirectional'.*a bool. Got 1"),
        ("text", {"attention": "yes"}, "'attention'.*a bool. Got 'yes'"),
        (
            "classifier",
            {"encoder": "conv", "bidirectional": True},
            "encoder='conv', which is not recurr",
        ),
        (
            "text",
            {"encoder": "transformer", "recurrent_dropout": 0.1},
            "encoder='transformer', which",
        ),
        ("tagger", {"encoder": "conv", "bidirectional": True}, "'bidirectional'.*encoder='conv'"),
        ("classifier", {"encoder": "transformer", "units": 9, "heads": 3}, "of heads=3, and even"),
        ("classifier", {"encoder": "transformer", "units": 8, "heads": 3}, "of heads=3, and even"),
        ("text", {"encoder": "transformer", "heads": 0}, "'heads'.*Got 0"),
        ("text", {"positions": "random"}, "'positions'.*'sinusoidal', 'learned'. Got 'random'"),
        ("forecaster", {"l2": -1.0}, r"'l2' parameter of sequence_forecaster.*\[0.0, inf\)"),
        ("classifier", {"l2": float("nan")}, "'l2' parameter of sequence_classifier"),
        ("text", {"max_words": 0}, "'max_words'.*Got 0"),
        ("text", {"word_grams": 6}, r"'word_grams'.*\[1, 5\]. Got 6"),
        ("text", {"character_grams": 9}, r"'character_grams'.*\[0, 8\]. Got 9"),
    ],
)
def test_bad_options_are_named(builder, options, words):
    with pytest.raises(kk.ArgumentError, match=words):
        made(builder, **options)


@pytest.mark.parametrize("builder", [kk.text_classifier, kk.sequence_tagger])
def test_a_bad_embedding_is_named(builder):
    spec = text_spec() if builder is kk.text_classifier else tag_spec()
    with pytest.raises(kk.ArgumentError, match=r"'embedding' parameter of \w+.*Got 0"):
        builder(spec, embedding=0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kk.sequence_forecaster((8,)), "'horizon'.*given with a plain shape. Got None"),
        (lambda: kk.sequence_forecaster((8,), horizon=0), r"'horizon'.*\[1, inf\). Got 0"),
        (lambda: kk.sequence_forecaster((None,), horizon=2), "'inputs'.*Got None"),
        (lambda: kk.sequence_forecaster(8, horizon=2), r"a shape \(window,\).*Got 8"),
        (lambda: kk.sequence_forecaster((8, 2, 2), horizon=2), r"Got \(8, 2, 2\)"),
        (lambda: kk.sequence_forecaster(forecast_spec(), horizon=3), "'horizon'.*None with a Spec"),
        (lambda: kk.sequence_forecaster(series_spec()), "Spec of a forecast.*'multiclass'"),
        (lambda: kk.sequence_classifier((None,)), "'classes'.*given with a plain shape"),
        (lambda: kk.sequence_classifier((None,), classes=1), "'classes'.*Got 1"),
        (lambda: kk.sequence_classifier((0,), classes=2), r"'inputs'.*Got \(0,\)"),
        (lambda: kk.sequence_classifier((5, None), classes=2), r"'inputs'.*Got \(5, None\)"),
        (lambda: kk.sequence_classifier(series_spec(), classes=3), "'classes'.*None with a Spec"),
        (lambda: kk.sequence_classifier(forecast_spec()), "'inputs.task'.*'forecast'"),
        (lambda: kk.sequence_classifier(text_spec()), "one sequence of numbers.*'text': 'text'"),
        (
            lambda: kk.text_classifier((None,)),
            "text_classifier must be a Data or a Spec. Got",
        ),
        (lambda: kk.text_classifier(series_spec()), "of one text.*'series': 'sequence'"),
        (lambda: kk.text_classifier(tag_spec()), "'inputs.task'.*Got 'tagging'"),
        (lambda: kk.sequence_tagger(text_spec()), "'inputs.task'.*'tagging'. Got 'binary'"),
    ],
)
def test_bad_inputs_are_named(call, words):
    with pytest.raises(kk.ArgumentError, match=words):
        call()


def gru(inputs, units):
    """How many weights a GRU of Keras has."""
    return 3 * (inputs * units + units * units + 2 * units)


def test_segrnn_reads_each_channel_with_the_same_weights():
    lines, last = 20 * 6 + 6, 5 * 4 + 5
    # Four segments of five steps behind, two ahead; the channels are told apart by 4 numbers.
    options = {"horizon": 6, "units": 4, "encoder": "segment", "segment": 5}
    read = (5 * 4 + 4) + gru(4, 4) + 2 * 4
    assert kk.sequence_forecaster((20,), **options).count_params() == lines + read + last
    three = kk.sequence_forecaster((20, 3), **options)
    assert three.count_params() == lines + read + 3 * 4 + last
    two = kk.sequence_forecaster((20,), layers=2, **options)
    assert two.count_params() == lines + read + gru(4, 4) + last
    model = randomised(three)
    model.get_layer("network").get_layer("channels").embeddings.assign(np.ones((3, 4)))
    windows = np.random.default_rng(0).normal(size=(5, 20, 3)).astype("float32")
    turned = model.predict(windows[..., ::-1], verbose=0)
    np.testing.assert_allclose(turned[..., ::-1], model.predict(windows, verbose=0), atol=1e-5)


def test_segrnn_is_the_default_for_several_series():
    def spec(**series):
        id = Feature("store", "categorical", "string", vocabulary=("a",), column="store")
        window = Feature("window", "sequence", shape=(16,), mean=0.0, variance=1.0, missing=0)
        features = (window, id) if series else (window,)
        return Spec("forecast", features, series=Series(16, 4, season=4, **series))

    def layers(data, **options):
        network = kk.sequence_forecaster(data, units=4, **options).get_layer("network")
        return {layer.name for layer in network.layers}

    several = spec(id=("store",), ids=("a",), variances=((1.0,),))
    assert "gru_1" in layers(several) and "lstm_1" in layers(spec())
    assert "lstm_1" in layers(several, encoder="lstm")
    for name in ("bidirectional", "attention"):
        with pytest.raises(ArgumentError, match=f"'{name}' .*encoder='segment'"):
            kk.sequence_forecaster(several, **{name: True})


@pytest.mark.many
@pytest.mark.parametrize("encoder", ["segment", "lstm"])
def test_what_is_known_ahead_changes_the_step_that_it_is_known_of(encoder):
    names = ("window", "future", "kind", "store")
    shapes = ((6,), (9,), (), ())
    features = tuple(
        Feature(name, "sequence", shape=shape, mean=0.0, variance=1.0, missing=0, column=name)
        if shape
        else Feature(name, "categorical", "string", vocabulary=("a", "b"), column=name)
        for name, shape in zip(names, shapes, strict=True)
    )
    series = Series(
        6,
        3,
        id=("store",),
        ids=("a", "b"),
        variances=((1.0,),) * 2,
        future=("f",),
        static=("kind",),
    )
    spec = Spec("forecast", features, Target(variance=(1.0,)), series=series)
    model = kk.sequence_forecaster(spec, units=4, encoder=encoder, segment=1)
    randomised(model)
    rows = {
        "window": np.ones((2, 6), "float32"),
        "future": np.zeros((2, 9), "float32"),
        "kind": np.array(["a", "a"]),
        "store": np.array(["a", "a"]),
    }
    network = model.get_layer("network")
    network.get_layer("linear.window").kernel.assign(np.zeros((15, 3)))
    rows["future"][1, 7] = 1.0  # the second step ahead
    answer = model.predict({name: tf.constant(of) for name, of in rows.items()}, verbose=0)
    changed = np.abs(answer[1] - answer[0])
    assert changed[1] > 1e-3 and changed[[0, 2]].max() < 1e-6
    rows["future"][1, 7], rows["kind"][1] = 0.0, "b"
    answer = model.predict({name: tf.constant(of) for name, of in rows.items()}, verbose=0)
    assert np.abs(answer[1] - answer[0]).max() > 1e-3


def test_the_size_of_a_window_counts_where_there_are_several_series():
    def shifted(spec, **rows):
        model = randomised(kk.sequence_forecaster(spec, units=4, encoder="segment", segment=2))
        window = np.array([[1, 2, 3, 2, 1, 3], [11, 12, 13, 12, 11, 13]], "float32")
        rows = {name: tf.constant(values) for name, values in {"window": window, **rows}.items()}
        answer = model.predict(rows, verbose=0)
        return np.abs(answer[1] - answer[0] - 10).max()

    window = Feature("window", "sequence", shape=(6,), mean=0.0, variance=1.0, missing=0)
    id = Feature("store", "categorical", "string", vocabulary=("a",), column="store")
    several = Series(6, 3, id=("store",), ids=("a",), variances=((1.0,),))
    target = Target(variance=(1.0,))
    one = Spec("forecast", (window,), target, series=Series(6, 3))
    assert shifted(one) < 1e-4
    both = Spec("forecast", (window, id), target, series=several)
    assert shifted(both, store=["a", "a"]) > 1e-2
