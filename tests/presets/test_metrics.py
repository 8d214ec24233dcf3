"""Metrics of Keras for models of the kit, against scikit-learn and against Keras by hand."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from sklearn import metrics as sk

import kerakit as kk
from kerakit.presets.metrics import formed_metrics

M = keras.metrics
AT = {
    "precision": M.PrecisionAtRecall(0.5),
    "recall": M.RecallAtPrecision(0.5),
    "sensitivity": M.SensitivityAtSpecificity(0.5),
    "specificity": M.SpecificityAtSensitivity(0.5),
}


def answers(classes, rows=400):
    """Class ids, and probabilities that lean to them."""
    rng = np.random.default_rng(classes)
    y = rng.choice(classes, rows, p=np.linspace(2, 1, classes) / np.linspace(2, 1, classes).sum())
    scores = rng.normal(size=(rows, classes)) + 1.5 * np.eye(classes)[y]
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return y, p.astype("float32")


def computed(metric, y, p, answer="label", weight=None):
    (formed,) = formed_metrics("compile", [metric], answer, p.shape[-1])
    return float(formed(y, p, sample_weight=weight))


@pytest.mark.many
@pytest.mark.parametrize("weighted", [False, True])
def test_two_classes_are_measured_by_the_positive_one(weighted):
    y, p = answers(2)
    weight = np.random.default_rng(0).uniform(size=len(y)) if weighted else None
    label, positive = p.argmax(axis=1), p[:, 1]
    exact = {
        "Precision": sk.precision_score(y, label, sample_weight=weight),
        "Recall": sk.recall_score(y, label, sample_weight=weight),
        "F1Score": sk.f1_score(y, label, sample_weight=weight),
        "BinaryAccuracy": sk.accuracy_score(y, label, sample_weight=weight),
        "BinaryCrossentropy": sk.log_loss(y, positive, sample_weight=weight),
    }
    for name, expected in exact.items():
        assert computed(name, y, p, weight=weight) == pytest.approx(expected, rel=1e-5), name
    # Keras sums over 200 thresholds.
    area = sk.roc_auc_score(y, positive, sample_weight=weight)
    assert computed("AUC", y, p, weight=weight) == pytest.approx(area, abs=2e-3)
    area = sk.average_precision_score(y, positive, sample_weight=weight)
    curve = M.AUC(curve="PR")
    assert computed(curve, y, p, weight=weight) == pytest.approx(area, abs=5e-3)


def test_options_that_name_a_class_or_an_average_are_followed():
    y, p = answers(2)
    label = p.argmax(axis=1)
    first = sk.precision_score(y, label, pos_label=0)
    assert computed(M.Precision(class_id=0), y, p) == pytest.approx(first, rel=1e-5)
    macro = sk.f1_score(y, label, average="macro")
    assert computed(M.F1Score(average="macro"), y, p) == pytest.approx(macro, rel=1e-5)
    strict = sk.f1_score(y, p[:, 1] > 0.8)
    assert computed(M.F1Score(threshold=0.8), y, p) == pytest.approx(strict, rel=1e-5)


@pytest.mark.many
@pytest.mark.parametrize("classes", [2, 4])
def test_every_metric_of_keras_takes_the_answer_of_a_classifier(classes):
    y, p = answers(classes)
    rows, label = np.eye(classes, dtype="float32")[y], p.argmax(axis=1)
    given = {"num_classes": classes}
    metrics = [
        *AT.values(),
        M.FBetaScore(beta=2.0),
        M.MeanIoU(**given),
        M.IoU(**given, target_class_ids=[1]),
        M.OneHotIoU(**given, target_class_ids=[1]),
        M.OneHotMeanIoU(**given),
        M.BinaryIoU(target_class_ids=[1]),
        keras.metrics.binary_accuracy,
        keras.losses.categorical_focal_crossentropy,
    ]
    done = {type(metric).__name__ for metric in metrics}
    plain = ("Metric", "Mean", "MeanMetricWrapper", "Sum")
    for name, kind in vars(M).items():
        if isinstance(kind, type) and name not in plain and name not in done:
            metrics.append(kind())
    assert len(metrics) > 40
    for metric in metrics:
        assert np.isfinite(computed(metric, y, p)), metric
    # Metrics of rows agree with Keras on one-hot rows, metrics of ids on ids.
    for kind in (M.CategoricalCrossentropy, M.CategoricalAccuracy, M.MeanSquaredError):
        assert computed(kind(), y, p) == pytest.approx(float(kind()(rows, p)), rel=1e-6)
    assert computed(M.Accuracy(), y, p) == pytest.approx(np.mean(y == label))
    if classes == 4:
        assert computed(M.AUC(), y, p) == pytest.approx(float(M.AUC()(rows, p)), rel=1e-6)
        macro = sk.f1_score(y, label, average="macro")
        assert computed("F1Score", y, p) == pytest.approx(macro, rel=1e-5)


def test_several_labels_are_measured_as_they_are():
    rng = np.random.default_rng(1)
    y, p = rng.integers(0, 2, (90, 3)), rng.uniform(size=(90, 3)).astype("float32")
    macro = sk.f1_score(y, p > 0.5, average="macro")
    assert computed("F1Score", y, p, "labels") == pytest.approx(macro, rel=1e-5)
    pooled = sk.precision_score(y.ravel(), p.ravel() > 0.5)
    assert computed("Precision", y, p, "labels") == pytest.approx(pooled, rel=1e-5)


def test_numbers_have_their_metrics_and_quantiles_that_of_the_middle():
    rng = np.random.default_rng(2)
    y = rng.normal(size=60).astype("float32")
    p = (y[:, None] + rng.normal(size=(60, 3))).astype("float32")
    (r2, mae) = formed_metrics("compile", ["R2Score", "mae"], "numbers", column=1)
    assert float(r2(y, p)) == pytest.approx(sk.r2_score(y, p[:, 1]), rel=1e-4)
    assert float(mae(y, p)) == pytest.approx(np.abs(y - p[:, 1]).mean(), rel=1e-5)
    (r2, pearson) = formed_metrics("compile", ["R2Score", "PearsonCorrelation"], "numbers")
    expected = np.corrcoef(y, p[:, 0])[0, 1]
    assert float(r2(y, p[:, 0])) == pytest.approx(sk.r2_score(y, p[:, 0]), rel=1e-4)
    assert float(pearson(y, p[:, 0])) == pytest.approx(expected, abs=1e-4)
    assert float(pearson(y[:, None], p[:, :1])) == pytest.approx(expected, abs=1e-4)


class OfSecond(keras.metrics.AUC):
    """A metric of the user's own, which picks the class itself."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(y_true, y_pred[:, 1], sample_weight)


def test_metrics_of_the_users_own_are_left_alone():
    def own(y_true, y_pred):
        return y_pred[:, 0]

    metric = OfSecond()
    assert formed_metrics("compile", [own, metric, "accuracy"], "label", 2) == [
        own,
        metric,
        "accuracy",
    ]


@pytest.mark.many
@pytest.mark.parametrize(
    ("metric", "named"),
    [
        ("AUC", "'AUC'"),
        (M.Precision(), "'Precision'"),
        ("accuracy", "'accuracy'"),
        (keras.metrics.binary_accuracy, "'binary_accuracy'"),
        (M.Mean(), "'Mean'"),
        ("Auk", "'Auk', which Keras does not know"),
        (3, "Got 3"),
    ],
)
def test_a_metric_that_does_not_suit_is_refused_at_compile(metric, named):
    with pytest.raises(kk.ArgumentError, match="'metrics' parameter of compile") as caught:
        kk.compile(kk.linear_regressor(3), metrics=[metric])
    assert named in str(caught.value) and len(str(caught.value)) < 500


def test_a_metric_of_one_class_does_not_suit_labels_and_tags():
    with pytest.raises(kk.ArgumentError, match="one class per row"):
        formed_metrics("compile", ["SparseCategoricalAccuracy"], "labels", 3)
    with pytest.raises(kk.ArgumentError, match="not a metric of tags"):
        formed_metrics("compile", ["AUC"], "tags", 3)
    with pytest.raises(kk.ArgumentError, match="list of Keras metrics"):
        kk.compile(kk.linear_regressor(3), metrics="mae")


@pytest.mark.slow
@pytest.mark.training
def test_fit_evaluate_and_a_loaded_model_agree(tmp_path):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 4)).astype("float32")
    data = kk.load_arrays(x, np.where(x[:, 0] + rng.normal(size=600) > 1, "yes", "no"))
    model = kk.mlp_classifier(data, hidden=(8,))
    names = ["AUC", "Precision", "Recall", "F1Score"]
    kk.compile(model, metrics=[*names, M.AUC(curve="PR", name="ap")], learning_rate=0.03)
    kk.fit(model, data, epochs=10, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    found = loaded.evaluate(data.test.batch(32), return_dict=True, verbose=0)
    table = data.table("test")
    p = model.predict(dict(table.features), verbose=0)
    assert found["F1Score"] == pytest.approx(sk.f1_score(table.target, p.argmax(1)), abs=1e-5)
    assert found["AUC"] == pytest.approx(sk.roc_auc_score(table.target, p[:, 1]), abs=1e-2)
    assert found["AUC"] > 0.6  # where 200 thresholds tell the rows apart
    valid = data.table("validation")
    plain = loaded.evaluate(dict(valid.features), valid.target, return_dict=True, verbose=0)
    history = kk.fit(loaded, data, epochs=1, early_stopping=False, verbose=0).history
    assert set(plain) | {f"val_{name}" for name in plain} == set(history)
    report = kk.evaluate(model, data, metrics=[*names, M.AUC(curve="PR", name="ap")], verbose=0)
    for name in (*names, "ap"):
        assert report.test[name] == pytest.approx(found[name], abs=1e-5)
    assert report.baseline["majority"]["AUC"] == 0.5


@pytest.mark.training
def test_callbacks_know_whether_more_of_a_monitored_metric_is_better():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)).astype("float32")
    data = kk.load_arrays(x, np.where(x[:, 0] > 0.5, "yes", "no"))
    model = kk.mlp_classifier(data, hidden=(8,))
    kk.compile(model, metrics=["AUC"])
    stop = keras.callbacks.EarlyStopping(monitor="val_AUC", restore_best_weights=True)
    history = kk.fit(model, data, epochs=4, verbose=0, early_stopping=False, callbacks=stop)
    assert float(stop.best) == max(history.history["val_AUC"])


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize("first", [pytest.param("keras", marks=pytest.mark.slow), "kerakit"])
def test_a_saved_model_loads_wherever_kerakit_is_imported(first, tmp_path):
    model = kk.mlp_classifier(3, classes=2, hidden=(4,))
    kk.compile(model, metrics=["AUC"])
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "two.keras")
    second = {"keras": "kerakit", "kerakit": "keras"}[first]
    code = (
        f"import {first}, {second}; import numpy as np\n"
        f"model = keras.models.load_model({str(tmp_path / 'two.keras')!r})\n"
        "print(sorted(model.evaluate(np.ones((2, 3)), np.array([0, 1]), verbose=0, "
        "return_dict=True)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "['AUC', 'loss']", done.stderr
