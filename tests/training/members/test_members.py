"""Members: what they compute, what each of them sees, and which weights it keeps."""

import keras
import numpy as np
import pytest
from training_cases import Stop

import kerakit as kk
from kerakit.builders.contract import members_of, network_of
from kerakit.training.members.trainer import member_trainer
from kerakit.training.options import FitOptions
from kerakit.training.runner import Runner

MEMBERS = 3


def made(data, builder=kk.mlp_regressor, **options):
    keras.utils.set_random_seed(0)
    options = {"hidden": (8, 4), "bins": 4, "dropout": 0.1, **options}
    model = builder(data, members=MEMBERS, **options)
    kk.compile(model, batch_size=32)
    return model


class Batches(keras.callbacks.Callback):
    """Asks for single steps."""

    def on_train_batch_end(self, batch, logs=None):
        pass


@pytest.fixture(scope="module")
def trained(diabetes, tmp_path_factory):
    """A model, and its history, after three epochs that were not stopped."""
    model, folder = made(diabetes), tmp_path_factory.mktemp("run")
    history = kk.fit(model, diabetes, epochs=3, run_dir=folder, callbacks=[Stop()], verbose=0)
    return model, history


def scores_left_out(model, data):
    """The score of each row by the member that left it out, and its target, standardised."""
    runner = Runner(model, data, FitOptions(owner="fit", epochs=1))
    rows, network = runner.arrays("train"), network_of(model)
    scores = keras.Model(network.input, members_of(model).mean.input)(rows.values)
    left_out = np.asarray(scores)[np.arange(len(rows)), runner.fold, 0]
    target = data.spec.target
    return left_out, (rows.target.numpy() - target.mean[0]) / target.variance[0] ** 0.5


@pytest.mark.training
def test_side_by_side_they_compute_what_the_layers_compute(diabetes, trained):
    model, _ = trained
    network = network_of(model)
    trainer = member_trainer(model)
    values = np.random.default_rng(0).normal(size=(MEMBERS, 5, network.input.shape[1]))
    values = values.astype("float32")
    ours = np.asarray(trainer(values.reshape(MEMBERS * 5, -1), training=False))
    scores = keras.Model(network.input, members_of(model).mean.input)
    answer = keras.Model(members_of(model).mean.output, network.output)
    for member in range(MEMBERS):
        expected = answer(scores(values[member])[:, member])
        np.testing.assert_allclose(ours.reshape(MEMBERS, 5)[member], expected, rtol=1e-4)


@pytest.mark.training
def test_the_weights_of_each_are_the_best_on_the_rows_that_it_left_out(diabetes, trained):
    model, history = trained
    scores, target = scores_left_out(model, diabetes)
    loss = np.mean((scores - target) ** 2)
    assert 0.3 < loss <= min(history.history["val_loss"]) + 1e-6


@pytest.mark.training
def test_none_sees_the_rows_that_it_leaves_out(diabetes):
    """Two rows of fold 0 swap their targets: member 0 stays as it was, to the bit."""
    table = diabetes.table("train")
    values = {name: column.copy() for name, column in table.features.items()}
    plain = made(diabetes)
    fold = Runner(plain, diabetes, FitOptions(owner="fit", epochs=1)).fold[: len(table)]
    low, high = (pick(table.target[fold == 0]) for pick in (np.argmin, np.argmax))
    rows = np.flatnonzero(fold == 0)[[low, high]]
    target = table.target.copy()
    target[rows] = target[rows[::-1]]
    changed = kk.Data(
        type(table)(values, target, table.weight),
        diabetes.table("validation"),
        diabetes.table("test"),
        diabetes.spec,
    )
    other = made(diabetes)
    for model, data in ((plain, diabetes), (other, changed)):
        kk.fit(model, data, epochs=1, verbose=0)
    layers = [(*members_of(model).layers, members_of(model).line) for model in (plain, other)]
    pairs = [
        (np.asarray(a), np.asarray(b))
        for one, two in zip(*layers, strict=True)
        for a, b in zip(one.weights, two.weights, strict=True)
        if a.shape[:1] == (MEMBERS,)  # and not the seed of a dropout
    ]
    assert all((a[0] == b[0]).all() for a, b in pairs)
    assert any((a[1] != b[1]).any() for a, b in pairs)


@pytest.mark.training
@pytest.mark.slow
def test_a_stopped_run_and_single_steps_end_as_the_uninterrupted_one(diabetes, trained, tmp_path):
    whole, history = trained
    stopped, resumed, stepped = (made(diabetes) for _ in range(3))
    options = {"epochs": 3, "verbose": 0, "run_dir": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        kk.fit(stopped, diabetes, callbacks=[Stop(2)], **options)
    rest = kk.fit(resumed, diabetes, callbacks=[Stop()], **options)
    kk.fit(stepped, diabetes, epochs=3, verbose=0, callbacks=[Batches()])
    assert rest.history == history.history
    for model in (resumed, stepped):
        for ours, theirs in zip(model.get_weights(), whole.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.training
@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "measure", "worst"),
    [
        ("classes", "log_loss", 0.6),
        ("labels", "log_loss", 0.4),
        ("targets", "r2", 0.9),
        ("quantiles", "mae", 0.2),
        ("weights", "rmse", 0.2),
        ("half", "rmse", 0.2),
    ],
)
def test_every_answer_has_members(task, measure, worst):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 3)).astype("float32")
    y, options, builder = x[:, 0] + rng.normal(0, 0.1, 120), {}, kk.mlp_regressor
    if task == "classes":
        y, builder = np.digitize(y, [-0.5, 0.5]).astype(str), kk.mlp_classifier
    elif task == "labels":
        y, builder = (x[:, :2] > 0).astype(int), kk.mlp_classifier
        options = {"task": "multilabel"}
    elif task == "targets":
        y = np.stack([y, 100 * x[:, 1]], axis=1)
    elif task == "weights":
        options = {"sample_weight": rng.uniform(0, 2, 120)}
    data = kk.load_arrays(x, y, **options)
    if task == "half":
        keras.config.set_dtype_policy("mixed_bfloat16")
    quantiles = {"quantiles": (0.1, 0.5, 0.9)} if task == "quantiles" else {}
    try:
        model = made(data, builder, **quantiles)
        history = kk.fit(model, data, epochs=5, verbose=0).history
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.isfinite(history["val_loss"]).all()
    reached = kk.evaluate(model, data).test[measure]
    assert reached > worst if measure == "r2" else reached < worst


@pytest.mark.training
@pytest.mark.slow
def test_they_have_a_learning_rate_and_train_on(diabetes):
    model = made(diabetes)
    before = model.get_weights()
    found = kk.find_learning_rate(model, diabetes)
    assert 1e-5 < found.valley < 1
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    first = kk.fit(model, diabetes, epochs=2, verbose=0)
    again = kk.fit(model, diabetes, epochs=2, verbose=0)
    assert first.linear_path and not again.linear_path
    assert min(again.history["val_loss"]) < first.history["val_loss"][0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"members": 0}, "'members' parameter of mlp_regressor"),
        ({"members": 4, "residual": True}, "1 with normalization= or residual="),
        ({"members": 2.5}, "'members' parameter of mlp_regressor"),
    ],
)
def test_members_that_cannot_be_are_refused(options, words):
    with pytest.raises(kk.ArgumentError, match=words):
        kk.mlp_regressor(3, **options)


def test_rows_that_members_cannot_train_on_are_refused(diabetes):
    model = made(diabetes)
    with pytest.raises(kk.ArgumentError, match="members=3 on rows in memory.*cache_mb=0"):
        kk.fit(model, diabetes, epochs=1, cache_mb=0, verbose=0)
    few = kk.load_arrays({"x": np.arange(6.0)}, np.arange(6.0) % 4, task="regression")
    with pytest.raises(kk.DataError, match="too few for members=3.*at least 6"):
        kk.fit(made(few), few, epochs=1, verbose=0)
