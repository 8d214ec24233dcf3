"""A global dtype policy changes the network and nothing else."""

import keras
import numpy as np
import pytest

import kerakit as kk
from kerakit.builders.parts import in_float32
from kerakit.evaluation import evaluate

RNG = np.random.default_rng(0)
ROWS = 24


@pytest.fixture(autouse=True)
def _policy():
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)


def table(classes=0):
    x = 120_000 + 9 * RNG.normal(size=300)
    y = (x - 120_000) / 9 + RNG.normal(size=300)
    columns = {"x": x, "kind": [f"c{i % 70}" for i in range(300)]}
    y = np.array(list("abc"))[np.digitize(y, [-0.5, 0.5])] if classes else y
    return kk.load_arrays(columns, y)


def texts(tmp_path, tagged=False):
    path = tmp_path / "texts.txt"
    if tagged:
        path.write_text("".join(f"the DT\ndog{i % 9} NN\nRuns VB\n\n" for i in range(60)))
        return kk.load_tagged(path)
    path = path.with_suffix(".csv")
    lines = (f"{'yes' if i % 2 else 'no'},word{i % 7} thing{i}" for i in range(60))
    path.write_text("label,text\n" + "\n".join(lines) + "\n")
    return kk.load_text(path)


# The builder, its first argument (a function of a folder) and its options.
CASES = {
    "linear_regressor": (lambda _: table(), {}),
    "polynomial_regressor": (lambda _: 3, {"degree": 3}),
    "mlp_regressor": (lambda _: table(), {"hidden": (8,), "normalization": "batch"}),
    "mlp_regressor, quantiles": (lambda _: table(), {"quantiles": (0.1, 0.5, 0.9)}),
    "mlp_classifier": (lambda _: table(3), {"hidden": (8, 8), "normalization": "layer"}),
    "logistic_classifier": (lambda _: table(3), {}),
    "perceptron_classifier": (lambda _: table(3), {}),
    **{
        f"cnn_classifier, {arch}": (lambda _: (28, 28, 1), {"classes": 3, "arch": arch})
        for arch in ("lenet", "vgg", "resnet")
    },
    **{
        f"sequence_forecaster, {encoder}": (
            lambda _: (16, 2),
            {"horizon": 4, "encoder": encoder, "units": 8},
        )
        for encoder in ("lstm", "gru", "transformer", "conv")
    },
    "sequence_forecaster, quantiles": (
        lambda _: (16, 2),
        {"horizon": 4, "encoder": "segment", "units": 8, "quantiles": (0.1, 0.5, 0.9)},
    ),
    **{
        f"sequence_classifier, {encoder}": (
            lambda _: (16, 2),
            {"classes": 3, "encoder": encoder, "units": 8, "attention": encoder == "lstm"},
        )
        for encoder in ("conv", "lstm", "gru", "rnn", "transformer")
    },
    "text_classifier": (lambda folder: texts(folder), {}),
    "sequence_tagger": (lambda folder: texts(folder, tagged=True), {}),
    "pretrained_classifier": (
        lambda _: (32, 32, 3),
        {"classes": 3, "backbone": "MobileNetV2_0.35", "weights": None},
    ),
}
LARGE = ("pretrained_classifier", "sequence_tagger", "text_classifier")


def rows_for(model, inputs):
    if isinstance(inputs, kk.Data):
        return next(iter(inputs.test.batch(ROWS)))[0]
    (tensor,) = model.inputs
    shape = (ROWS, *tensor.shape[1:])
    if tensor.dtype == "uint8":
        return RNG.integers(0, 256, shape).astype("uint8")
    return RNG.uniform(-1, 1, shape).astype("float32")


# One of each kind of input by default; the other builders and encoders are slow tests.
QUICKER = {"linear_regressor", "mlp_classifier"}


@pytest.mark.many
@pytest.mark.parametrize(
    "case",
    [pytest.param(name, marks=() if name in QUICKER else pytest.mark.slow) for name in CASES],
)
def test_every_builder_keeps_preprocess_and_answer_in_float32(case, tmp_path):
    make, options = CASES[case]
    inputs, builder = make(tmp_path), getattr(kk, case.split(",")[0])
    model = builder(inputs, **options)
    # No weight is zero: a forecaster would repeat the last value.
    weights = [w + RNG.uniform(0, 0.1, w.shape).astype(w.dtype) for w in model.get_weights()]
    if model.count_params() > 2**18:
        weights = model.get_weights()
    model.set_weights(weights)
    rows = rows_for(model, inputs)
    expected = model.predict_on_batch(rows)
    errors = {"mixed_float16": 0.01, "mixed_bfloat16": 0.08, "float64": 1e-4}
    if case in LARGE:  # to build one takes seconds
        errors = {"mixed_bfloat16": 0.08}
    for policy, error in errors.items():
        keras.config.set_dtype_policy(policy)
        changed = builder(inputs, **options)
        changed.set_weights(weights)
        preprocess, network = changed.get_layer("preprocess"), changed.get_layer("network")
        assert {tensor.dtype for tensor in preprocess.outputs} <= {"float32", "int32"}
        assert network.dtype_policy.name == policy
        answer = changed.predict_on_batch(rows)
        assert answer.dtype == np.float32
        scale = 1.0 if expected.max() <= 1 else np.abs(expected).max()
        np.testing.assert_allclose(answer, expected, rtol=0, atol=error * scale)


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize(
    "policy", ["mixed_float16", pytest.param("mixed_bfloat16", marks=pytest.mark.slow)]
)
def test_a_column_near_120000_is_learned_and_its_baseline_is_the_same(policy):
    data = table()
    reports = []
    for name in ("float32", policy):
        keras.config.set_dtype_policy(name)
        keras.utils.set_random_seed(0)
        model = kk.mlp_regressor(data, hidden=(16,))
        kk.compile(model)
        kk.fit(model, data, epochs=8, verbose=0)
        reports.append(evaluate(model, data, verbose=0))
    assert reports[1].baseline == reports[0].baseline
    assert reports[1].test["rmse"] == pytest.approx(reports[0].test["rmse"], rel=0.1)


@pytest.mark.many
def test_a_preprocess_of_the_users_own_may_give_half_floats():
    data = kk.load_arrays({"x": RNG.normal(size=90)}, RNG.normal(size=90))
    keras.config.set_dtype_policy("mixed_bfloat16")
    x = keras.Input((), name="x")
    halves = keras.layers.Rescaling(1.0)(keras.layers.Reshape((1,))(x))
    preprocess = keras.Model({"x": x}, halves, name="preprocess")
    values = keras.Input((1,), dtype="bfloat16")
    network = keras.Model(values, keras.layers.Dense(1)(values), name="network")
    model = keras.Model({"x": x}, network(preprocess({"x": x})))
    assert evaluate(model, data, verbose=0).baseline["linear"]["rmse"] > 0


def test_the_policy_is_back_after_an_error():
    keras.config.set_dtype_policy("mixed_float16")
    with pytest.raises(kk.ArgumentError):
        kk.mlp_classifier(table(3), classes=3)
    with pytest.raises(ZeroDivisionError), in_float32():
        1 / 0  # noqa: B018
    assert keras.config.dtype_policy().name == "mixed_float16"


@pytest.mark.parametrize("floats", ["float64", "float16"])
def test_other_floats_of_keras_are_refused(floats):
    keras.config.set_floatx(floats)
    try:
        with pytest.raises(kk.ArgumentError, match=rf"mlp_regressor builds.*'{floats}'"):
            kk.mlp_regressor(3)
    finally:
        keras.config.set_floatx("float32")
