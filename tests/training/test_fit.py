"""fit: it learns what can be learned, follows its seed, resumes exactly, and stops in time."""

import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import kerakit as kk
from kerakit.data.data import Data
from kerakit.training.loop.epochs import row_order


def mlp(data, seed=0, preset="regression", **options):
    keras.utils.set_random_seed(seed)
    model = kk.mlp_regressor(data.spec, hidden=(16,), dropout=0.1, **options)
    kk.compile(model, preset)
    return model


def weights(model):
    return np.concatenate([w.ravel() for w in model.get_weights() if w.dtype.kind == "f"])


def test_linear_regressor_is_least_squares(diabetes):
    model = kk.linear_regressor(diabetes.spec)
    kk.compile(model, "regression")
    kk.fit(model, diabetes, epochs=3000, early_stopping=False, verbose=0)
    table = diabetes.table("train")
    x = np.stack(list(table.features.values()), 1).astype("float64")
    exact = LinearRegression().fit(x, table.target.astype("float64")).predict(x)
    np.testing.assert_allclose(model.predict(table.features, verbose=0), exact, rtol=1e-3)


@pytest.mark.parametrize("name", ["breast_cancer", "iris", "wine"])
def test_logistic_classifier_is_that_of_scikit_learn(name):
    data = kk.load_builtin(name)
    table = data.table("train")
    l2 = 1 / (2 * len(table) * 1.0)  # C = 1
    model = kk.logistic_classifier(data.spec, l2=l2)
    kk.compile(model, data.spec.task)
    kk.fit(model, data, epochs=3000, early_stopping=False, verbose=0)
    x = np.stack(list(table.features.values()), 1).astype("float64")
    z = (x - x.mean(0)) / x.std(0)
    reference = LogisticRegression(C=1.0, max_iter=10_000, tol=1e-8).fit(z, table.target)
    ours = model.predict(table.features, verbose=0)
    np.testing.assert_allclose(ours, reference.predict_proba(z), atol=1e-2)


def test_a_perceptron_separates_what_can_be_separated():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (200, 2))
    side = x @ [2.0, -1.0] + 0.3
    x, side = x[np.abs(side) > 0.4], side[np.abs(side) > 0.4]
    data = kk.load_arrays(x.astype("f4"), np.where(side > 0, "above", "below"))
    keras.utils.set_random_seed(0)
    model = kk.perceptron_classifier(data.spec)
    kk.compile(model, "perceptron")
    history = kk.fit(model, data, epochs=300, early_stopping=False, verbose=0)
    assert history.history["accuracy"][-1] == 1.0  # Novikoff's theorem


def test_quantiles_cover_their_share():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 3000).astype("f4")
    y = (1000 * x + 100 * rng.normal(size=3000)).astype("f4")
    data = kk.load_arrays({"x": x}, y, task="regression")
    model = kk.mlp_regressor(data.spec, hidden=(32,), quantiles=(0.1, 0.5, 0.9))
    kk.compile(model, "quantile_regression")
    kk.fit(model, data, epochs=40, verbose=0)
    table = data.table("test")
    low, _, high = model.predict(table.features, verbose=0).T
    assert np.mean((table.target >= low) & (table.target <= high)) == pytest.approx(0.8, abs=0.06)
    # The true width: 2 * 1.2816 standard deviations of the noise.
    assert np.mean(high - low) == pytest.approx(256, rel=0.1)


def test_huber_ignores_outliers_that_squares_follow(line_data):
    table = line_data.table("train")
    target = table.target.copy()
    target[:20] += 1e4
    columns = table.features
    data = kk.load_arrays(columns, target, task="regression", test_size=0.1, validation_size=0)
    slopes = {}
    for preset in ("regression", "robust_regression"):
        model = kk.linear_regressor(data.spec)
        kk.compile(model, preset, optimizer="adam", learning_rate=0.05)
        kk.fit(model, data, epochs=200, verbose=0)
        probe = {"a": np.array([3, 4], "f4"), "b": np.array([-1000, -1000], "f4")}
        slopes[preset] = float(np.diff(model.predict(probe, verbose=0))[0])
    assert abs(slopes["robust_regression"] - 20) < abs(slopes["regression"] - 20)


def test_sample_and_class_weights_multiply_the_rows(breast_cancer):
    """Weight 3 on a class is the same as its rows three times."""
    table = breast_cancer.table("train")
    extra = np.flatnonzero(table.target == 0)
    repeated = np.concatenate([np.arange(len(table)), extra, extra])
    more = table.take(repeated)
    answers = []
    for data, weight in (
        (breast_cancer, {"benign": 3.0, "malignant": 1.0}),
        (_replaced(breast_cancer, more), None),
    ):
        order = breast_cancer.spec.classes
        if weight:
            weight = {order[0]: 3.0, order[1]: 1.0}
        model = kk.logistic_classifier(breast_cancer.spec)
        model.get_layer("network").get_layer("output").kernel.assign(np.zeros((30, 1)))
        kk.compile(model, "sgd", learning_rate=1e-2 if weight else 1e-2 * len(more) / len(table))
        kk.fit(
            model,
            data,
            epochs=20,
            batch_size=10_000,
            class_weight=weight,
            verbose=0,
            early_stopping=False,
        )
        answers.append(model.predict(table.features, verbose=0))
    np.testing.assert_allclose(*answers, atol=1e-4)


def _replaced(data, train):
    spec = dataclasses.replace(data.spec, sizes={**data.spec.sizes, "train": len(train)})
    return Data(train, data.table("validation"), data.table("test"), spec)


def test_balanced_weights_are_those_of_scikit_learn(iris, breast_cancer):
    from sklearn.utils.class_weight import compute_class_weight

    from kerakit.training.rows.arrays import class_weights

    target = breast_cancer.table("train").target
    expected = compute_class_weight("balanced", classes=np.array([0, 1]), y=target)
    np.testing.assert_allclose(class_weights(breast_cancer.spec, "balanced"), expected)


def test_every_epoch_sees_every_row_in_another_order():
    orders = [row_order(10, 3, seed=1, epoch=epoch) for epoch in range(3)]
    for order in orders:
        assert order.shape == (3, 4) and set(order.ravel()) == set(range(10))
    assert not np.array_equal(orders[0], orders[1])
    np.testing.assert_array_equal(orders[2], row_order(10, 3, seed=1, epoch=2))
    assert not np.array_equal(orders[0], row_order(10, 3, seed=2, epoch=0))


def test_same_seed_same_weights_other_seed_others(diabetes):
    runs = []
    for seed in (0, 0, 1):
        model = mlp(diabetes, seed)
        kk.fit(model, diabetes, epochs=3, verbose=0, seed=seed)
        runs.append(weights(model))
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 1e-3


def test_streaming_trains_as_well_as_memory(line_data):
    losses = []
    for cache_mb in (512, 0):
        model = mlp(line_data)
        kk.compile(model, "regression", learning_rate=0.01)
        history = kk.fit(model, line_data, epochs=60, verbose=0, cache_mb=cache_mb)
        losses.append(min(history.history["val_loss"]))
    assert max(losses) < 0.1


def test_rows_of_a_dataset_train_too(line_data):
    streamed = Data(line_data.train, line_data.validation, line_data.test, line_data.spec)
    assert streamed.table("train") is None
    for cache_mb in (512, 0):
        model = mlp(streamed)
        history = kk.fit(model, streamed, epochs=3, verbose=0, cache_mb=cache_mb)
        assert len(history.epoch) == 3


def test_fit_and_keras_agree_on_a_full_batch(line_data):
    """One step on all rows by plain gradient descent is a step of Keras' own fit."""
    models = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        model = kk.mlp_regressor(line_data.spec, hidden=(8,), dropout=0.0)
        kk.compile(model, "sgd", learning_rate=0.1)
        models.append(model)
    rows = line_data.spec.sizes["train"]
    kk.fit(models[0], line_data, epochs=3, batch_size=rows, verbose=0, early_stopping=False)
    table = line_data.table("train")
    models[1].fit(table.features, table.target, epochs=3, batch_size=rows, verbose=0)
    np.testing.assert_allclose(weights(models[0]), weights(models[1]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cache_mb", [512, 0], ids=["in memory", "streamed"])
@pytest.mark.parametrize("validated", [True, False])
def test_training_metrics_are_those_of_their_epoch(line_data, validated, cache_mb):
    """Weights that stand still have one error on the training rows, in every epoch."""
    held = line_data.table("validation") if validated else None
    sizes = {**line_data.spec.sizes, "validation": len(held) if validated else 0}
    spec = dataclasses.replace(line_data.spec, sizes=sizes)
    data = Data(line_data.table("train"), held, line_data.table("test"), spec)
    model = kk.mlp_regressor(spec, hidden=(4,), dropout=0.0)
    kk.compile(model, "sgd", learning_rate=1e-30)
    rows = len(data.table("train"))
    history = kk.fit(model, data, epochs=3, batch_size=rows, verbose=0, cache_mb=cache_mb)
    for split, name in (("train", "mae"), ("validation", "val_mae"))[: 1 + validated]:
        table = data.table(split)
        error = np.abs(model.predict(table.features, verbose=0) - table.target).mean()
        np.testing.assert_allclose(history.history[name], [error] * 3, rtol=1e-5)


def test_a_schedule_is_followed_step_by_step(line_data):
    seen = []

    class Rates(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(float(self.model.optimizer.learning_rate))

    model = kk.mlp_regressor(line_data.spec, hidden=(4,))
    schedule = kk.CosineSchedule(0.01, warmup=0.2)
    kk.compile(model, "regression", schedule=schedule)
    kk.fit(model, line_data, epochs=5, verbose=0, callbacks=[Rates()], early_stopping=False)
    steps = int(np.ceil(line_data.spec.sizes["train"] / 32))
    np.testing.assert_allclose(seen, schedule.simulate(5 * steps)[steps - 1 :: steps], rtol=1e-5)


@pytest.mark.parametrize("rows", [16_384, 20, 71], ids=["at once", "in parts", "in one part"])
def test_early_stopping_leaves_the_best_weights(diabetes, monkeypatch, rows):
    assert diabetes.spec.sizes["validation"] == 71
    monkeypatch.setattr("kerakit.training.loop.in_memory.VALIDATION_ROWS", rows)
    model = mlp(diabetes)
    kk.compile(model, "adam", learning_rate=0.03)
    history = kk.fit(model, diabetes, epochs=300, early_stopping=10, verbose=0)
    losses = history.history["val_loss"]
    assert len(losses) == int(np.argmin(losses)) + 1 + 10 < 300
    table = diabetes.table("validation")
    loss = model.evaluate(table.features, table.target, verbose=0)[0]
    assert loss == pytest.approx(min(losses), rel=1e-4)


def test_the_optimizer_is_saved_with_the_model(diabetes, tmp_path):
    model = mlp(diabetes)
    kk.fit(model, diabetes, epochs=2, verbose=0, run_dir=tmp_path)
    again = keras.models.load_model(tmp_path / "model.keras")
    assert int(again.optimizer.iterations) == int(model.optimizer.iterations) > 0
    for ours, loaded in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_allclose(ours.numpy(), loaded.numpy(), rtol=1e-6)


@pytest.mark.parametrize("epochs", [12, 600], ids=["plain", "compiled by XLA"])
def test_a_stopped_run_ends_as_the_uninterrupted_one(diabetes, tmp_path, epochs):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 5:
                raise KeyboardInterrupt

    whole = mlp(diabetes)
    full = kk.fit(
        whole, diabetes, epochs=epochs, early_stopping=7, run_dir=tmp_path / "a", verbose=0
    )
    with pytest.raises(KeyboardInterrupt):
        kk.fit(
            mlp(diabetes),
            diabetes,
            epochs=epochs,
            early_stopping=7,
            run_dir=tmp_path / "b",
            verbose=0,
            callbacks=[Stop()],
        )
    assert (tmp_path / "b" / "history.csv").read_text().count("\n") == 6

    class Idle(keras.callbacks.Callback):
        """Stands where Stop stood."""

    Idle.__name__ = "Stop"
    resumed = mlp(diabetes, seed=99)  # other initial weights: the checkpoint's count
    rest = kk.fit(
        resumed,
        diabetes,
        epochs=epochs,
        early_stopping=7,
        run_dir=tmp_path / "b",
        verbose=0,
        callbacks=[Idle()],
    )
    assert rest.epoch == full.epoch
    np.testing.assert_allclose(rest.history["val_loss"], full.history["val_loss"], rtol=1e-6)
    np.testing.assert_allclose(weights(resumed), weights(whole), atol=1e-6)


KILLED = """
import keras, sys, kerakit as kk
data = kk.load_builtin("diabetes")
keras.utils.set_random_seed(0)
model = kk.mlp_regressor(data.spec, hidden=(16,), dropout=0.1)
kk.compile(model, "regression")
kk.fit(model, data, epochs=400, early_stopping=False, run_dir=sys.argv[1], verbose=2)
"""


@pytest.mark.slow
def test_a_killed_process_goes_on_where_it_was(diabetes, tmp_path):
    whole = mlp(diabetes)
    kk.fit(whole, diabetes, epochs=400, early_stopping=False, verbose=0)
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    for line in process.stdout:
        if line.startswith("epoch 20/"):
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    model = mlp(diabetes, seed=5)
    history = kk.fit(model, diabetes, epochs=400, early_stopping=False, run_dir=tmp_path, verbose=0)
    assert history.epoch == list(range(400))
    np.testing.assert_allclose(weights(model), weights(whole), atol=1e-6)


def test_a_finished_run_gives_back_its_result_without_training(diabetes, tmp_path):
    first = mlp(diabetes)
    history = kk.fit(first, diabetes, epochs=4, run_dir=tmp_path, verbose=0)
    second = mlp(diabetes, seed=7)
    start = time.process_time()
    again = kk.fit(second, diabetes, epochs=4, run_dir=tmp_path, verbose=0)
    assert time.process_time() - start < 5
    assert again.history == history.history
    np.testing.assert_array_equal(weights(first), weights(second))


def test_a_finished_run_can_be_given_more_epochs(diabetes, tmp_path):
    """At a constant rate an epoch does not depend on how many are to come."""
    models = [mlp(diabetes, preset="adam") for _ in range(2)]
    kk.fit(models[0], diabetes, epochs=6, verbose=0, early_stopping=False)
    kk.fit(models[1], diabetes, epochs=3, verbose=0, early_stopping=False, run_dir=tmp_path)
    more = mlp(diabetes, seed=8, preset="adam")
    history = kk.fit(more, diabetes, epochs=6, verbose=0, early_stopping=False, run_dir=tmp_path)
    assert history.epoch == list(range(6))
    np.testing.assert_allclose(weights(more), weights(models[0]), atol=1e-6)


def test_a_run_directory_of_another_model_is_refused(diabetes, iris, tmp_path):
    kk.fit(mlp(diabetes), diabetes, epochs=2, run_dir=tmp_path, verbose=0)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    other = kk.mlp_regressor(diabetes.spec, hidden=(8,))
    kk.compile(other, "regression")
    with pytest.raises(kk.RunError, match="belongs to another run: its model"):
        kk.fit(other, diabetes, epochs=2, run_dir=tmp_path, verbose=0)
    with pytest.raises(kk.RunError, match="its seed is 0, this one's is 4"):
        kk.fit(mlp(diabetes), diabetes, epochs=2, run_dir=tmp_path, verbose=0, seed=4)
    after = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    assert after == before
    kk.fit(other, diabetes, epochs=2, run_dir=tmp_path, verbose=0, resume=False)


def test_a_damaged_checkpoint_is_named(diabetes, tmp_path):
    (tmp_path / "checkpoint.npz").write_bytes(b"not a checkpoint")
    with pytest.raises(kk.RunError, match="checkpoint.npz cannot be read"):
        kk.fit(mlp(diabetes), diabetes, epochs=2, run_dir=tmp_path, verbose=0)


def test_two_processes_cannot_share_a_run_directory(diabetes, tmp_path):
    from kerakit.training.runs.lock import locked_run

    with locked_run(tmp_path), pytest.raises(kk.RunError, match="in use by another process"):
        kk.fit(mlp(diabetes), diabetes, epochs=2, run_dir=tmp_path, verbose=0)


def test_a_run_that_diverges_says_so_and_keeps_the_last_good_epoch(diabetes, tmp_path):
    model = kk.mlp_regressor(diabetes.spec, hidden=(16,))
    kk.compile(model, "sgd", learning_rate=50.0)
    with pytest.raises(
        kk.TrainingError, match=r"loss of epoch \d+ is (nan|inf).*Lower the\s*learn"
    ):
        kk.fit(model, diabetes, epochs=50, run_dir=tmp_path, verbose=0)
    assert not (tmp_path / "model.keras").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".checkpoint")]


def test_progress_is_a_line_per_epoch_when_nobody_watches(diabetes, capsys):
    kk.fit(mlp(diabetes), diabetes, epochs=2)
    lines = capsys.readouterr().out.strip().splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert "val_loss" in lines[0]


@pytest.mark.parametrize("cache_mb", [512, 0], ids=["in memory", "streamed"])
def test_progress_is_the_bar_of_keras_where_somebody_watches(line_data, capsys, cache_mb):
    kk.fit(mlp(line_data), line_data, epochs=2, verbose=1, cache_mb=cache_mb)
    out = capsys.readouterr().out
    assert "Epoch 2/2" in out and "6/6" in out and "val_loss" in out


def test_mixed_precision_leaves_a_float32_model(line_data):
    model = mlp(line_data)
    kk.fit(model, line_data, epochs=2, verbose=0, precision="mixed_bfloat16")
    layers = model.get_layer("network").layers
    assert {layer.compute_dtype for layer in layers if layer.weights} == {"float32"}
    with pytest.raises(kk.ArgumentError, match="'precision'.*'half'"):
        kk.fit(model, line_data, epochs=1, precision="half")


def test_a_plain_keras_model_trains_too(line_data):
    inputs = {name: keras.Input((), name=name) for name in ("a", "b")}
    values = keras.ops.stack([inputs["a"] / 3, (inputs["b"] + 1000) / 50], axis=-1)
    model = keras.Model(inputs, keras.layers.Dense(1)(values))
    model.compile(keras.optimizers.Adam(2.0), "mse", metrics=["mae"])
    history = kk.fit(model, line_data, epochs=60, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0] / 10


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epochs": 0}, r"'epochs'.*\[1, inf\). Got 0"),
        ({"epochs": 2.5}, "'epochs'.*Got 2.5"),
        ({"batch_size": 0}, "'batch_size'.*Got 0"),
        ({"batch_size": -4}, "'batch_size'.*Got -4"),
        ({"early_stopping": 0.5}, "'early_stopping'.*Got 0.5"),
        ({"augment": "strong"}, "'augment'.*None for tables.*'strong'"),
        ({"class_weight": "balanced"}, "'class_weight'.*regression"),
        ({"verbose": 3}, "'verbose'.*Got 3"),
        ({"seed": -1}, "'seed'.*Got -1"),
        ({"cache_mb": -1}, "'cache_mb'.*Got -1"),
    ],
)
def test_bad_arguments_are_named(options, words, line_data, tmp_path):
    with pytest.raises(kk.ArgumentError, match=words):
        kk.fit(mlp(line_data), line_data, **{"epochs": 1, "run_dir": tmp_path / "r", **options})
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    "weight", [{"setosa": 1.0}, {0: 1, 1: 1, 2: 1, 3: 1}, {"setosa": 1, "iris": 2}, [1, 1, 1], "x"]
)
def test_class_weights_that_leave_a_class_out_are_refused(iris, weight):
    model = kk.mlp_classifier(iris.spec)
    kk.compile(model, "multiclass")
    with pytest.raises(kk.ArgumentError, match="'class_weight'.*setosa.*versicolor.*virginica"):
        kk.fit(model, iris, epochs=1, class_weight=weight)


def test_a_model_of_other_columns_is_refused(line_data, diabetes):
    with pytest.raises(kk.DataError, match=r"takes .*which the data does not have"):
        kk.fit(mlp(line_data), diabetes, epochs=1)


def test_an_uncompiled_model_and_bare_arrays_are_refused(line_data, tmp_path):
    with pytest.raises(kk.ArgumentError, match="kk.compile"):
        kk.fit(kk.mlp_regressor(line_data.spec), line_data, epochs=1)
    with pytest.raises(kk.ArgumentError, match="kk.load_arrays"):
        kk.fit(mlp(line_data), (np.zeros((3, 2)), np.zeros(3)), epochs=1)
    file = pathlib.Path(tmp_path, "file")
    file.write_text("")
    with pytest.raises(kk.ArgumentError, match="must be a folder"):
        kk.fit(mlp(line_data), line_data, epochs=1, run_dir=file)


@pytest.mark.parametrize(
    ("room", "error", "left"),
    [(2_000, OSError, {".lock"}), (40_000, kk.TrainingError, {".lock", "spec.json"})],
    ids=["for nothing", "for the description only"],
)
def test_a_disk_without_room_leaves_nothing_half_written(diabetes, tmp_path, room, error, left):
    """The kernel refuses to let any file grow beyond `room` bytes, as a full disk would."""
    import resource

    model = kk.mlp_regressor(diabetes.spec, hidden=(128,))
    kk.compile(model, "regression")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(error, match="File too large|could not be written"):
            kk.fit(model, diabetes, epochs=2, run_dir=tmp_path, verbose=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert {p.name for p in tmp_path.iterdir()} == left
