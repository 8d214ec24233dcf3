"""The contract between builders and later stages: layer names, questions, one check of data."""

import ast
import pathlib

import keras
import numpy as np
import pytest

import kerakit as kk
from kerakit.builders import contract
from kerakit.builders.contract import (
    BACKBONE,
    BLEND,
    HEAD,
    LINEAR_CHARACTERS,
    LINEAR_SERIES,
    LINEAR_WINDOW,
    LINEAR_WORDS,
    MASK,
    NETWORK,
    OUTPUT,
    PERCEPTRON,
    PREDICTION,
    PREPROCESS,
    PROBABILITIES,
    activation_of,
    answer_by_column,
    check_inputs,
    input_kind_of,
    input_names,
    is_convex,
    is_perceptron,
    linear_head_of,
    linear_path_of,
    network_of,
    output_of,
    prediction_column,
    preprocess_of,
    quantile_layer_name,
    quantiles_of,
    scale_of,
    split_model,
    submodels_of,
    task_of,
)
from kerakit.checks import check_levels
from kerakit.data.spec import Feature, Spec

ROOT = pathlib.Path(kk.__file__).parent
NAMES = {
    value for name, value in vars(contract).items() if name.isupper() and isinstance(value, str)
}
# Words that mean something else too: an argument, an answer's name, a strategy. They are layer
# names where they name a layer, are looked up in a model, or are compared with a layer's name.
WORDS = {PERCEPTRON, MASK, BACKBONE, BLEND, HEAD, OUTPUT, PREDICTION, PREPROCESS, PROBABILITIES}
# The names that a column cannot have; and an export's manifest, which has a part of that name.
APART = {"data/names.py": {PREPROCESS, NETWORK}}


def spelled(path):
    """Yield `(line, name)` of every layer name that a file spells."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in NAMES - WORDS:
            yield node.lineno, node.value
        places = []
        if isinstance(node, ast.Call):
            places = [keyword.value for keyword in node.keywords if keyword.arg == "name"]
            if getattr(node.func, "attr", "") in ("get_layer", "startswith"):
                places += node.args
        elif isinstance(node, ast.Compare) and ".name" in ast.unparse(node):
            places = [node.left, *node.comparators]
        for location in places:
            for inner in ast.walk(location):
                if isinstance(inner, ast.Constant) and inner.value in WORDS:
                    yield inner.lineno, inner.value


def test_no_other_file_spells_a_layer_name():
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        relative = path.relative_to(ROOT).as_posix()
        if relative != "builders/contract/layer_names.py":
            wrong += [
                f"{relative}:{line} spells {name!r}"
                for line, name in spelled(path)
                if name not in APART.get(relative, ())
            ]
    assert not wrong, "Use the constant of kerakit.builders.contract:\n" + "\n".join(wrong)


def test_the_search_finds_names_where_they_name_a_layer(tmp_path):
    path = tmp_path / "file.py"
    path.write_text(
        'a = Dense(1, name="output")\nb = model.get_layer("head")\nc = layer.name == "backbone"\n'
        'd = {"probabilities": 1}\ne = layers["unscale"]\n'
    )
    assert sorted(spelled(path)) == [(1, "output"), (2, "head"), (3, "backbone"), (5, "unscale")]


def test_a_column_cannot_have_the_name_of_a_submodel():
    data = kk.load_arrays({PREPROCESS: np.arange(9.0), NETWORK: np.arange(9.0)}, np.arange(9.0))
    assert not {PREPROCESS, NETWORK} & set(data.spec.feature_names)


@pytest.fixture(scope="module")
def models():
    """One model per task, built from plain shapes or small specs."""
    text = Feature("text", "text", "string", vocabulary=("buy", "now"), characters=("b", "u"))
    return {
        "regression": kk.mlp_regressor(3, targets=2, hidden=(4,)),
        "binary": kk.logistic_classifier(3, classes=2),
        "multiclass": kk.cnn_classifier((28, 28, 1), classes=10),
        "multilabel": kk.mlp_classifier(3, classes=4, multilabel=True, hidden=(4,)),
        "forecast": kk.sequence_forecaster((28,), horizon=4, units=2),
        "tagging": kk.sequence_tagger(
            Spec("tagging", (text,), classes=("A", "B")), units=2, embedding=2
        ),
    }


def test_a_model_tells_its_task(models):
    assert {task: task_of(model) for task, model in models.items()} == {
        task: task for task in models
    }


def test_a_model_tells_its_kind_of_input(models):
    found = {task: input_kind_of(model) for task, model in models.items()}
    assert found.pop("multiclass") == "image"
    assert input_kind_of(kk.sequence_classifier((9,), classes=3, units=2)) == "series"
    text = Feature("text", "text", "string", vocabulary=("buy", "now"), characters=("b", "u"))
    spec = Spec("binary", (text,), classes=("ham", "spam"))
    assert input_kind_of(kk.text_classifier(spec, units=2, embedding=2)) == "text"
    found.pop("forecast"), found.pop("tagging")
    assert set(found.values()) == {None}


def test_a_perceptron_is_told_by_its_name(tmp_path):
    model = kk.perceptron_classifier(3, classes=2)
    model.save(tmp_path / "model.keras")
    assert is_perceptron(keras.models.load_model(tmp_path / "model.keras"))
    assert not is_perceptron(kk.logistic_classifier(3, classes=2))


def test_a_model_tells_its_activation(models):
    found = {task: activation_of(model) for task, model in models.items()}
    assert found.pop("multilabel") == "sigmoid"
    assert found.pop("regression") == found.pop("forecast") == "linear"
    assert set(found.values()) == {"softmax"}


def test_a_plain_model_has_answers_too():
    inputs = keras.Input((3,), name="rows")
    model = keras.Model(inputs, keras.layers.Dense(2, activation="sigmoid")(inputs))
    assert split_model(model) == (None, model) and network_of(model) is model
    assert preprocess_of(model) is None and output_of(model) is None
    assert answer_by_column(model) is model.output
    assert task_of(model) == "multilabel" and activation_of(model) == "sigmoid"
    assert scale_of(model).tolist() == [1.0] and not is_convex(model)
    assert quantiles_of(model) is None and linear_path_of(model) is None
    assert submodels_of(model, [BACKBONE]) == {}
    assert input_names(model) == ["rows"]


def test_a_model_that_was_never_called_has_no_task_and_no_inputs():
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    assert task_of(Own()) is None and input_names(Own()) is None


@pytest.mark.backbone
def test_the_parts_of_a_model(models):
    model = models["regression"]
    preprocess, network = split_model(model)
    assert preprocess is preprocess_of(model) is model.get_layer(PREPROCESS)
    assert network is network_of(model) is model.get_layer(NETWORK)
    assert preprocess_of(preprocess) is preprocess
    assert output_of(model).units == 2 and answer_by_column(model) is network.output
    one = kk.mlp_regressor(3)
    assert one.output_shape == (None,) and answer_by_column(one).shape == (None, 1)
    pretrained = kk.pretrained_classifier(
        (32, 32, 3), classes=3, backbone="MobileNetV2_0.35", weights=None
    )
    found = submodels_of(pretrained, [PREPROCESS, BACKBONE, HEAD, "other"])
    assert list(found) == [PREPROCESS, BACKBONE, HEAD]


def test_the_scale_is_that_of_the_targets():
    y = np.stack([np.arange(60.0), 1000 * np.arange(60.0)], axis=1)
    data = kk.load_arrays(np.arange(60.0)[:, None], y, task="regression")
    expected = np.sqrt(data.spec.target.variance)
    np.testing.assert_allclose(scale_of(kk.linear_regressor(data.spec)), expected, rtol=1e-6)


def test_a_model_is_convex_without_a_hidden_layer(models):
    assert is_convex(models["binary"]) and is_convex(kk.polynomial_regressor(2, degree=3))
    assert not any(is_convex(models[task]) for task in ("regression", "multiclass", "tagging"))


def test_the_head_of_a_model_whose_best_weights_can_be_computed(models):
    heads = {
        "linear": kk.polynomial_regressor(2, targets=3, l2=0.5),
        "logistic": models["binary"],
        "softmax": kk.logistic_classifier(3, classes=3),
        "sigmoid": kk.logistic_classifier(3, classes=2, multilabel=True, l2="auto"),
    }
    for kind, model in heads.items():
        head = linear_head_of(model)
        assert head.kind == kind and head.output is output_of(model)
        assert head.l2 == (0.5 if kind == "linear" else 0.0) and head.auto == (kind == "sigmoid")
    y = np.stack([np.arange(60.0), 5 + 10 * np.arange(60.0)], axis=1)
    data = kk.load_arrays(np.arange(60.0)[:, None], y, task="regression", validation_size=0)
    head = linear_head_of(kk.linear_regressor(data))
    np.testing.assert_allclose(head.mean, data.spec.target.mean, rtol=1e-6)
    np.testing.assert_allclose(head.std, np.sqrt(data.spec.target.variance), rtol=1e-6)


@pytest.mark.many
@pytest.mark.parametrize(
    ("before", "options"),
    [
        ([keras.layers.Dropout(0.5)], {}),
        ([keras.layers.Dense(2, name="hidden")], {}),
        ([], {"kernel_regularizer": "l1"}),
        ([], {"bias_regularizer": "l2"}),
        ([], {"kernel_constraint": "non_neg"}),
        ([], {"use_bias": False}),
        ([], {"activation": "relu"}),
        ([], {"trainable": False}),
    ],
    ids=str,
)
def test_other_heads_are_trained(before, options):
    inputs = values = keras.Input((3,), name="rows")
    for layer in before:
        values = layer(values)
    answer = keras.layers.Dense(1, name=OUTPUT, **options)(values)
    assert linear_head_of(keras.Model(inputs, answer)) is None
    plain = keras.layers.Dense(1, name=OUTPUT)(inputs)
    assert linear_head_of(keras.Model(inputs, plain)).kind == "linear"
    assert linear_head_of(kk.linear_regressor(3, quantiles=(0.1, 0.5, 0.9))) is None


@pytest.mark.many
def test_linear_paths(models):
    path = linear_path_of(models["forecast"])
    assert path.kind == "window" and [layer.name for layer in path.layers] == [LINEAR_WINDOW]
    assert path.blend is None and path.unscale is not None
    path = linear_path_of(kk.sequence_classifier((12,), classes=3, encoder="conv", units=2))
    assert path is None  # a plain shape says nothing about the length of the training series
    series = Feature("series", "sequence", "float32", (12, 1), mean=0.0, variance=1.0)
    spec = Spec("multiclass", (series,), classes=("a", "b", "c"))
    path = linear_path_of(kk.sequence_classifier(spec, units=2))
    assert path.kind == "rocket" and not path.is_whole
    assert path.blend.kernel.numpy().ravel().tolist() == [0.75, 0.25]
    path = linear_path_of(kk.sequence_classifier(spec, encoder="rocket"))
    assert (
        path.is_whole and len(path.layers) == 4 and len(path.thresholds) == 2
    )  # 12 steps: one dilation
    path = linear_path_of(kk.sequence_classifier(spec, encoder="conv", units=2))
    assert path.kind == "series" and [layer.name for layer in path.layers] == [LINEAR_SERIES]
    assert path.blend.kernel.numpy().ravel().tolist() == [0.25, 0.75]
    text = Feature("text", "text", "string", vocabulary=("buy", "now"), characters=("b", "u"))
    spec = Spec("binary", (text,), classes=("ham", "spam"))
    path = linear_path_of(kk.text_classifier(spec, units=2, embedding=2))
    assert path.kind == "grams"
    assert [layer.name for layer in path.layers] == [LINEAR_WORDS, LINEAR_CHARACTERS]
    assert [layer.name for layer in path.frequencies] == [
        "frequency.words",
        "frequency.characters",
    ]
    assert linear_path_of(models["regression"]) is None


@pytest.mark.many
@pytest.mark.parametrize(
    "levels",
    [
        (0.1, 0.5, 0.9),
        (1e-7, 1 / 3, 0.5, 2 / 3, 1 - 1e-12),
        tuple(float(level) for level in np.linspace(0, 1, 101)[1:-1]),
        np.array([0.1, 0.5, 0.9], "float32"),
    ],
)
def test_quantile_levels_come_back_exactly(tmp_path, levels):
    model = kk.linear_regressor(2, quantiles=levels)
    expected = tuple(float(level) for level in levels)
    assert quantiles_of(model) == expected
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert quantiles_of(again) == expected
    assert {type(layer).__module__.split(".")[0] for layer in again.layers} == {"keras"}


def test_a_layer_that_only_looks_like_quantiles():
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Identity(name="quantiles_of_mine")(inputs))
    assert quantiles_of(model) is None


def test_levels_that_differ_in_the_last_digit_are_two():
    close = (0.5, float(np.nextafter(0.5, 1)), 0.9)
    assert check_levels("f", "quantiles", close, odd=True) == close
    assert len(set(quantile_layer_name(close).split("_"))) == 4


@pytest.mark.parametrize(
    "levels",
    [(), (0.5,), (0.1, 0.9), (0.9, 0.5, 0.1), (0.1, 0.1, 0.9), (0.0, 0.5, 0.9), (0.1, 0.5, 1.0)]
    + [(0.1, float("nan"), 0.9), "0.1", 0.5, ("a", "b", "c")],
)
def test_levels_that_cannot_be_are_refused(levels):
    with pytest.raises(kk.ArgumentError, match="'quantiles' parameter of mlp_regressor must be 3"):
        kk.mlp_regressor(3, quantiles=levels)


def test_the_prediction_is_the_level_in_the_middle():
    assert prediction_column((0.5, 0.6, 0.9)) == 1  # as the server answers
    assert prediction_column((0.9,)) == 0
    assert prediction_column((0.1, 0.4, 0.55, 0.9)) == 2


def two_numbers(*names):
    numbers = [keras.Input((), name=name) for name in names]
    stacked = keras.ops.stack(numbers, axis=-1)
    return keras.Model(dict(zip(names, numbers, strict=True)), keras.layers.Dense(1)(stacked))


def spec_of(*names):
    return Spec("regression", tuple(Feature(name, "numeric", "float32") for name in names))


def test_a_model_takes_the_features_of_the_data():
    check_inputs("fit", two_numbers("a", "b"), spec_of("b", "a"))
    with pytest.raises(kk.DataError) as error:
        check_inputs("fit", two_numbers("a", "c"), spec_of("a", "b"))
    assert str(error.value) == (
        "The model of fit does not match the data: the model takes 'c', which the data does not "
        "have; the data has 'b', which the model does not take. Use the data that the model was "
        "built for, or name every keras.Input as its feature."
    )


def test_a_single_input_needs_its_name_unless_told_otherwise():
    spec = Spec("regression", (Feature("features", shape=(3,)),))
    inputs = keras.Input((3,), name="mine")
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    check_inputs("evaluate", model, spec, single_by_name=False)
    with pytest.raises(kk.DataError, match="'mine'.*'features'"):
        check_inputs("fit", model, spec)


def test_the_message_stays_short():
    names = [f"{'x' * 300}_{number}" for number in range(50)]
    with pytest.raises(kk.DataError) as error:
        check_inputs("evaluate", two_numbers(*[f"{n}_a" for n in names]), spec_of(*names))
    assert len(str(error.value)) <= 500 and "and 47 more" in str(error.value)


@pytest.mark.training
def test_every_stage_says_the_same(line_data, tmp_path):
    other = kk.load_arrays({"a": np.arange(30.0), "c": np.arange(30.0)}, np.arange(30.0))
    model = kk.linear_regressor(line_data.spec)
    kk.compile(model, "regression")
    kk.fit(model, line_data, epochs=1, verbose=0)
    calls = {
        "fit": lambda: kk.fit(model, other, epochs=1),
        "evaluate": lambda: kk.evaluate(model, other),
        "export": lambda: kk.export(model, other, tmp_path / "model"),
    }
    for owner, call in calls.items():
        with pytest.raises(kk.DataError) as error:
            call()
        assert str(error.value).startswith(
            f"The model of {owner} does not match the data: the model takes 'b', which the data "
            "does not have; the data has 'c', which the model does not take."
        )


def test_shapes_of_inputs_are_compared_by_name():
    """Keras sorts the inputs of a dict by name in `model.inputs`."""
    inputs = {"b": keras.Input((2, 2), name="b"), "a": keras.Input((), name="a")}
    total = keras.ops.sum(inputs["b"], axis=(1, 2)) + inputs["a"]
    model = keras.Model(inputs, total)
    features = (Feature("b", shape=(2, 2)), Feature("a"))
    contract.check_inputs("fit", model, Spec("regression", features))
    with pytest.raises(kk.DataError, match="its input 'b' takes the shape"):
        contract.check_inputs("fit", model, Spec("regression", (Feature("b"), Feature("a"))))
