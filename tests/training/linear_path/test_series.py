"""The weights of a series' values are those of scikit-learn; they stand beside the network."""

import keras
import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold

import kerakit as kk
from kerakit.training.options import FitOptions
from kerakit.training.runner import Runner

STEPS = 9


def ts_file(path, series, labels):
    """A `.ts` file of series of any lengths."""
    equal = len({len(values) for values in series}) == 1
    lines = [
        "@problemName levels",
        "@timeStamps false",
        "@missing false",
        "@univariate true",
        f"@equalLength {'true' if equal else 'false'}",
        *([f"@seriesLength {len(series[0])}"] if equal else []),
        f"@classLabel true {' '.join(sorted(set(labels)))}",
        "@data",
    ]
    rows = zip(series, labels, strict=True)
    lines += [",".join(f"{v:.6f}" for v in values) + f":{label}" for values, label in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def levels(folder, classes, lengths=(STEPS,), noise=0.2, **options):
    """Series whose class is the level of a step of theirs, and often another."""
    rng = np.random.default_rng(0)
    series, labels = [], []
    for row in range(120):
        values = rng.normal(3.0, 2.0, lengths[row % len(lengths)])
        wrong = rng.random() < noise
        location = rng.integers(len(classes)) if wrong else int(np.argmax(values[: len(classes)]))
        series.append(values)
        labels.append(classes[location])
    train = ts_file(folder / "a_TRAIN.ts", series[:90], labels[:90])
    test = ts_file(folder / "a_TEST.ts", series[90:], labels[90:])
    return kk.load_sequences(str(train), test=str(test), **options)


def classifier(data):
    keras.utils.set_random_seed(0)
    model = kk.sequence_classifier(data.spec, encoder="conv", units=2)
    kk.compile(model, "sequence_classification")
    return model


def rows_of(data, *splits):
    """Standardised values of splits, and their ids."""
    feature = data.spec.features[0]
    mean, deviation = np.mean(feature.mean), np.sqrt(np.mean(feature.variance))
    tables = [data.table(split) for split in splits]
    x = np.concatenate([np.asarray(table.features[feature.name]) for table in tables])
    x = (x.reshape(len(x), -1) - mean) / deviation
    return x, np.concatenate([np.asarray(table.target) for table in tables])


def best_strength(x, y):
    parts = StratifiedKFold(5, shuffle=True, random_state=0)
    grid = {"C": [0.1, 1.0, 10.0, 100.0]}
    search = GridSearchCV(
        LogisticRegression(max_iter=1000), grid, cv=parts, scoring="neg_log_loss", refit=False
    )
    return search.fit(x, y).best_params_["C"]


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize(
    ("classes", "held"),
    [
        (("a", "b"), 0.2),
        pytest.param(("a", "b", "c"), 0, marks=pytest.mark.slow),
        pytest.param(("a", "b", "c"), 0.2, marks=pytest.mark.slow),
        pytest.param(("a", "b"), 0, marks=pytest.mark.slow),
    ],
)
def test_weights_are_those_of_scikit_learn_and_count_as_fits(classes, held, tmp_path):
    data = levels(tmp_path, classes, validation_size=held)
    model = classifier(data)
    history = kk.fit(model, data, epochs=2, verbose=0)
    network = model.get_layer("network")
    splits = ("train", "validation") if held else ("train",)
    strength = best_strength(*rows_of(data, "train"))
    exact = LogisticRegression(C=strength, max_iter=1000).fit(*rows_of(data, *splits))
    assert f"C = {strength:g}" in history.linear_path
    layer = network.get_layer("linear.series")
    np.testing.assert_allclose(layer.kernel.numpy(), exact.coef_.T, atol=2e-3)
    np.testing.assert_allclose(layer.bias.numpy(), exact.intercept_, atol=2e-3)
    assert not layer.trainable and "logistic regression on 9 values" in history.linear_path
    own, linear = network.get_layer("blend").kernel.numpy()[::-1, 0]
    assert ((linear, own) == (0.25, 0.75)) == (held == 0)
    # The answer is that of both: what the regression says, and the network without it.
    name = data.spec.feature_names[0]
    series = {name: np.asarray(data.table("test").features[name])}
    both = np.log(model.predict(series, verbose=0))
    layer.kernel.assign(np.zeros(layer.kernel.shape))
    layer.bias.assign(np.zeros(layer.bias.shape))
    alone = np.log(model.predict(series, verbose=0))
    scores = exact.decision_function(rows_of(data, "test")[0])
    scores = np.stack([-scores / 2, scores / 2], 1) if scores.ndim == 1 else scores
    np.testing.assert_allclose(both, log_softmax(alone + linear * scores, axis=1), atol=5e-3)


@pytest.mark.training
def test_the_penalty_is_that_of_a_cross_validation(tmp_path, solve):
    found = set()
    for noise in (0.0, 0.6):
        data = levels(tmp_path, ("a", "b"), noise=noise)
        strength = best_strength(*rows_of(data, "train"))
        assert solve(classifier(data), data).endswith(f"C = {strength:g}")
        found.add(strength)
    assert len(found) == 2


@pytest.mark.training
def test_a_shorter_series_ends_in_the_mean_and_of_a_longer_one_the_first_values_count(
    tmp_path, solve
):
    data = levels(tmp_path, ("a", "b", "c"))
    model = classifier(data)
    solve(model, data)
    network = model.get_layer("network")
    network.get_layer("blend").kernel.assign([[1.0], [0.0]])
    kernel, bias = (w.numpy() for w in network.get_layer("linear.series").weights)
    feature = data.spec.features[0]
    mean, deviation = np.mean(feature.mean), np.sqrt(np.mean(feature.variance))
    rng = np.random.default_rng(1)
    for steps in (1, 4, STEPS, 14):
        values = rng.normal(3.0, 2.0, (5, steps)).astype("float32")
        read = np.zeros((5, STEPS))
        read[:, : min(steps, STEPS)] = ((values - mean) / deviation)[:, :STEPS]
        answer = model.predict({feature.name: values}, verbose=0)
        np.testing.assert_allclose(answer, softmax(read @ kernel + bias, axis=1), atol=1e-5)


def test_series_of_several_lengths_or_very_long_ones_have_no_such_path(tmp_path):
    def path_of(inputs, **options):
        network = kk.sequence_classifier(inputs, encoder="rnn", units=2, **options)
        return "linear.series" in [layer.name for layer in network.get_layer("network").layers]

    folder = tmp_path / "several"
    folder.mkdir()
    assert not path_of(levels(folder, ("a", "b"), lengths=(7, 9)).spec)
    data = levels(tmp_path, ("a", "b"))
    assert path_of(data.spec)
    assert not path_of((STEPS,), classes=2)
    from kerakit.builders.sequence import classifier as module

    module._MAX_VALUES, most = STEPS - 1, module._MAX_VALUES
    try:
        assert not path_of(data.spec)
    finally:
        module._MAX_VALUES = most
    assert most == 8192


@pytest.mark.training
@pytest.mark.parametrize(
    ("batch_size", "steps"),
    [(16, 6), *(pytest.param(*case, marks=pytest.mark.slow) for case in ((None, 10), (200, 1)))],
)
def test_an_epoch_of_few_series_has_ten_steps(tmp_path, batch_size, steps):
    data = levels(tmp_path, ("a", "b"), validation_size=0)
    model = classifier(data)
    options = FitOptions(owner="fit", epochs=2, batch_size=batch_size)
    assert Runner(model, data, options).plan.steps == steps
    if batch_size is None:
        kk.fit(model, data, epochs=2, verbose=0)
        assert int(model.optimizer.iterations) == 2 * steps
