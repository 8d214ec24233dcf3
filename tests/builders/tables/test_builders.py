"""Builders: shapes, parameter counts, preprocessing, and life after saving."""

import keras
import numpy as np
import pytest
from builder_battery import run_builder_battery
from marks import first

import kerakit as kk
from kerakit.builders.contract import quantiles_of

REGRESSORS = [kk.linear_regressor, kk.polynomial_regressor, kk.mlp_regressor]
CLASSIFIERS = [kk.perceptron_classifier, kk.logistic_classifier, kk.mlp_classifier]


@pytest.mark.training
@pytest.mark.parametrize("builder", REGRESSORS, ids=lambda b: b.__name__)
def test_regressors_pass_the_battery(builder, mixed_data, tmp_path):
    _, answer = run_builder_battery(builder, mixed_data, tmp_path)
    assert answer.shape == (80,)


@pytest.mark.training
@pytest.mark.parametrize("builder", CLASSIFIERS, ids=lambda b: b.__name__)
@pytest.mark.parametrize("name", first(1, ["iris", "breast_cancer"]))
def test_classifiers_pass_the_battery(builder, name, request, tmp_path):
    data = request.getfixturevalue(name)
    _, answer = run_builder_battery(builder, data, tmp_path)
    assert answer.shape == (data.spec.sizes["test"], len(data.spec.classes))


@pytest.mark.slow
@pytest.mark.training
def test_everything_an_mlp_can_be_asked_for(mixed_data, tmp_path):
    run_builder_battery(
        kk.mlp_regressor,
        mixed_data,
        tmp_path,
        hidden=(8, 8, 4),
        activation="gelu",
        dropout=0.2,
        l2=1e-3,
        normalization="batch",
        residual=True,
        embedding=3,
        bins=8,
    )


@pytest.mark.training
def test_members_pass_the_battery(mixed_data, tmp_path):
    run_builder_battery(kk.mlp_regressor, mixed_data, tmp_path, hidden=(8,), members=2, bins=4)


def test_numbers_are_standardised_and_gaps_are_the_mean_with_an_indicator(mixed_data):
    spec = mixed_data.spec
    number = spec.features[0]
    model = kk.linear_regressor(spec)
    colors = spec.features[1].vocabulary
    inputs = {
        "number": np.array([number.mean, number.mean + 2 * number.variance**0.5, np.nan], "f4"),
        "color": np.array(["red", "mauve", "red"], object),
        "city": np.array(["nowhere"] * 3, object),
    }
    tensors = {name: keras.ops.convert_to_tensor(value) for name, value in inputs.items()}
    dense = np.asarray(model.get_layer("preprocess")(tensors))
    np.testing.assert_allclose(dense[:, 0], [0, 2, 0], atol=1e-5)
    np.testing.assert_array_equal(dense[:, 1], [0, 0, 1])
    one_hot = dense[:, 2 : 2 + len(colors)]
    np.testing.assert_array_equal(one_hot[0], [color == "red" for color in colors])
    np.testing.assert_array_equal(one_hot[1], 0)  # never seen: neutral
    np.testing.assert_array_equal(dense[:, 2 + len(colors) :], 0)


@pytest.mark.filterwarnings("ignore:.*like an identifier")
def test_a_column_that_was_constant_in_training_cannot_blow_up_an_answer():
    x = {"a": np.arange(50.0), "fixed": np.full(50, 7.0)}
    with pytest.warns(UserWarning, match="fixed"):
        data = kk.load_arrays(x, np.arange(50, dtype="float32"), task="regression")
    model = kk.linear_regressor(data.spec)
    answer = model.predict({"a": np.ones(1, "f4"), "fixed": np.full(1, 8, "f4")}, verbose=0)
    assert abs(answer[0]) < 1e4


@pytest.mark.filterwarnings("ignore:.*like an identifier")
def test_bins_are_the_piecewise_linear_encoding_of_the_paper():
    x = np.arange(101, dtype="float32")  # quartiles of the training rows as bin edges
    data = kk.load_arrays({"x": x}, x, task="regression", test_size=0.2, validation_size=0)
    edges = np.array(data.spec.features[0].quantiles)
    edges = edges[np.linspace(0, len(edges) - 1, 5).round().astype(int)]
    model = kk.mlp_regressor(data.spec, bins=4, hidden=(4,))
    middle = (edges[1] + edges[2]) / 2
    dense = model.get_layer("preprocess")({"x": keras.ops.convert_to_tensor([middle, 1e6])})
    np.testing.assert_allclose(np.asarray(dense)[0, 1:], [1, 0.5, 0, 0], atol=1e-5)
    np.testing.assert_allclose(np.asarray(dense)[1, 1:], 1)


def test_polynomial_terms_span_the_monomials():
    x = np.random.default_rng(0).uniform(-1, 1, (40, 2)).astype("float32")
    model = kk.polynomial_regressor(2, degree=3)
    dense = np.asarray(model.get_layer("preprocess")(x))
    assert dense.shape == (40, 9)  # comb(2 + 3, 3) - 1
    a, b = x.T.astype("float64")
    monomials = np.stack([a, b, a * a, a * b, b * b, a**3, a * a * b, a * b * b, b**3], 1)
    basis = np.c_[np.ones(40), dense]
    solved = basis @ np.linalg.lstsq(basis, monomials, rcond=None)[0]
    np.testing.assert_allclose(solved, monomials, atol=1e-5)


@pytest.mark.many
def test_embedding_width_follows_the_rule_or_the_argument(mixed_data):
    vocabulary = len(mixed_data.spec.features[2].vocabulary)
    assert vocabulary > 64
    auto = kk.mlp_regressor(mixed_data.spec).get_layer("network").get_layer("embed_city")
    assert auto.output_dim == min(50, round(1.6 * (vocabulary + 1) ** 0.56))
    model = kk.mlp_regressor(mixed_data.spec, embedding=5)
    own = model.get_layer("network").get_layer("embed_city")
    assert (own.input_dim, own.output_dim) == (vocabulary + 1, 5)
    plain = kk.mlp_regressor(mixed_data.spec, embedding=None).get_layer("network")
    assert not any(layer.name.startswith("embed_") for layer in plain.layers)


@pytest.mark.many
def test_columns_may_be_called_what_layers_are_called():
    names = ["bin", "dense", "normalize", "piecewise", "output", "ids", "dense_1", "unscale"]
    x = {name: np.random.default_rng(0).normal(size=60) for name in names}
    x["lookup"] = np.array(["a", "b"] * 30, object)
    data = kk.load_arrays(x, x["bin"].astype("f4"), task="regression")
    for builder in REGRESSORS:
        assert builder(data.spec).output_shape == (None,)


def test_plain_widths_and_several_targets():
    assert kk.mlp_regressor(11, hidden=(64, 64)).count_params() == 4993
    assert kk.mlp_regressor((3,), targets=2).output_shape == (None, 2)
    assert kk.logistic_classifier(4, classes=3).count_params() == 15
    assert kk.logistic_classifier(4, classes=2).count_params() == 5  # one score
    assert kk.mlp_classifier(4, classes=5, multilabel=True).output_shape == (None, 5)
    assert [t.name for t in kk.mlp_regressor(11).inputs] == ["features"]


@pytest.mark.many
def test_quantiles_never_cross_and_survive_saving(diabetes, tmp_path):
    model = kk.mlp_regressor(diabetes.spec, hidden=(8,), quantiles=(0.05, 0.5, 0.95))
    model.save(tmp_path / "q.keras")
    model = keras.models.load_model(tmp_path / "q.keras", compile=False)
    assert quantiles_of(model) == (0.05, 0.5, 0.95)
    answer = model.predict(diabetes.table("test").features, verbose=0)
    assert answer.shape == (diabetes.spec.sizes["test"], 3)
    assert (np.diff(answer, axis=1) >= 0).all()


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: kk.mlp_regressor(0), r"'inputs' .* \[1, inf\). Got 0"),
        (lambda: kk.mlp_regressor((3, 3)), r"shape \(width,\). Got \(3, 3\)"),
        (lambda: kk.mlp_regressor(3, dropout=1.5), r"'dropout' .* mlp_regressor .*\[0.0, 1.0\)"),
        (lambda: kk.mlp_regressor(3, hidden=(64, 0)), "'hidden'.*Got "),
        (lambda: kk.mlp_regressor(3, hidden=64), "'hidden'.*Got 64"),
        (lambda: kk.mlp_regressor(3, l2=-1), r"'l2'.*Got -1"),
        (lambda: kk.mlp_regressor(3, l2=float("nan")), r"'l2'.*Got nan"),
        (lambda: kk.mlp_regressor(3, normalization="bach"), "Did you mean 'batch'"),
        (lambda: kk.mlp_regressor(3, activation="rulu"), "'activation'.*'rulu'"),
        (lambda: kk.mlp_regressor(3, embedding=0), "'embedding'.*Got 0"),
        (lambda: kk.mlp_regressor(3, bins=65), "'bins'.*Got 65"),
        (lambda: kk.mlp_regressor(3, quantiles=(0.9, 0.5, 0.1)), "levels.*that increase"),
        (lambda: kk.mlp_regressor(3, quantiles=(0.1, 0.9)), "3, 5, ... levels"),
        (lambda: kk.mlp_regressor(3, quantiles=(0.0, 0.1)), r"'quantiles'.*\(0.0, 1.0\)"),
        (lambda: kk.mlp_classifier(3), "'classes'.*Got None"),
        (lambda: kk.mlp_classifier(3, classes=1), r"'classes'.*\[2, inf\). Got 1"),
        (lambda: kk.polynomial_regressor(100, degree=4), "4,598,125 terms"),
        (lambda: kk.linear_regressor(3, l2="best"), r"'l2'.*'auto' or a float.*\[0.0.*'best'"),
        (lambda: kk.logistic_classifier(3, classes=2, l2=-1), r"'l2'.*\[0.0, inf\). Got -1"),
        (
            lambda: kk.linear_regressor(3, quantiles=(0.1, 0.5, 0.9), l2="auto"),
            "'l2' parameter of linear_regressor.*quantiles=.*Got 'auto'",
        ),
    ],
)
def test_bad_arguments_are_named(build, words):
    with pytest.raises(kk.ArgumentError, match=words):
        build()


def test_a_builder_of_another_task_is_refused(iris, diabetes):
    with pytest.raises(kk.ArgumentError, match="linear_regressor.*'regression'.*'multiclass'"):
        kk.linear_regressor(iris.spec)
    with pytest.raises(kk.ArgumentError, match="'regression'"):
        kk.mlp_classifier(diabetes.spec)
