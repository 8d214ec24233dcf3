"""Members: what they compute, what each of them sees, and which weights it keeps."""

import dataclasses

import keras
import numpy as np
import pytest
from training_cases import Stop

import kerakit as kk
from kerakit.builders.contract import members_of, network_of
from kerakit.presets.members import epochs_of_members
from kerakit.presets.settings import settings_of
from kerakit.training.members.trainer import member_trainer
from kerakit.training.options import FitOptions
from kerakit.training.runner import Runner

MEMBERS = 3


def made(data, builder=kk.mlp_regressor, **options):
    keras.utils.set_random_seed(0)
    options = {"hidden": (8, 4), "bins": 4, "dropout": 0.1, "members": MEMBERS, **options}
    model = builder(data, **options)
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


@pytest.fixture(scope="module")
def both(diabetes):
    """A model whose members have two networks, after four epochs."""
    model = made(diabetes, hidden="auto")
    return model, kk.fit(model, diabetes, epochs=4, verbose=0)


@pytest.mark.training
@pytest.mark.parametrize("networks", [1, 2])
def test_side_by_side_they_compute_what_the_layers_compute(trained, both, networks):
    model, _ = trained if networks == 1 else both
    network, members = network_of(model), members_of(model)
    assert len(members.networks) == networks
    trainer = member_trainer(model)
    values = np.random.default_rng(0).normal(size=(MEMBERS, 5, network.input.shape[1]))
    values = values.astype("float32")
    flat = values.reshape(MEMBERS * 5, -1)
    ours = np.asarray(trainer(flat, training=False)).reshape(networks, MEMBERS, 5)
    answer = keras.Model(members.mean.output, network.output)
    parts = keras.Model(network.input, members.blend.input)
    for member in range(MEMBERS):
        scores = np.asarray(parts(values[member]))[:, member]  # of the line and of each network
        for number in range(networks):
            expected = answer(scores[..., 0] + scores[..., 1 + number])
            np.testing.assert_allclose(ours[number, member], np.asarray(expected), rtol=1e-4)


@pytest.mark.training
def test_networks_are_weighted_by_their_losses_of_rows_left_out(diabetes, both):
    model, history = both
    runner = Runner(model, diabetes, FitOptions(owner="fit", epochs=1))
    rows, network = runner.arrays("train"), network_of(model)
    parts = np.asarray(keras.Model(network.input, members_of(model).blend.input)(rows.values))
    line, wide, narrow, *beside = parts[np.arange(len(rows)), runner.fold, 0].T
    target = diabetes.spec.target
    expected = (rows.target.numpy() - target.mean[0]) / target.variance[0] ** 0.5

    def errors(scores):
        return (scores - expected) ** 2

    losses = np.array([errors(line + wide).mean(), errors(line + narrow).mean()])
    shares = np.exp(-(losses / losses.min() - 1) / 0.05)
    shares /= shares.sum()
    mixed, weights = line + shares @ [wide, narrow], np.array([1, *shares])
    # Kernel and trees have the weights with the lowest mean change and 1.5 standard errors.
    tried = np.linspace(0, 1, 21)
    for alone in beside:
        changes = [errors((1 - w) * mixed + w * alone) - errors(mixed) for w in tried]
        bounds = [np.mean(change) + 1.5 * np.std(change) / len(rows) ** 0.5 for change in changes]
        weight = tried[np.argmin(bounds)]
        mixed = (1 - weight) * mixed + weight * alone
        weights = np.append((1 - weight) * weights, weight)
    assert 0 < weights[3] < 1 and len(weights) == 5
    kernel = members_of(model).blend.kernel.numpy()[:, 0]
    np.testing.assert_allclose(kernel, weights, rtol=1e-3)
    reached = history.linear_path.split("rows left out ")[-1]
    assert reached.startswith(f"{errors(mixed).mean():.4g} (line ")


@pytest.mark.training
def test_classes_get_the_temperature_of_the_rows_left_out(iris):
    model = made(iris, kk.mlp_classifier, hidden="auto")
    kk.fit(model, iris, epochs=3, verbose=0)
    runner = Runner(model, iris, FitOptions(owner="fit", epochs=1))
    rows, network = runner.arrays("train"), network_of(model)
    parts = np.asarray(keras.Model(network.input, members_of(model).blend.input)(rows.values))
    kernel = members_of(model).blend.kernel.numpy()[:3, 0]  # of lines and networks
    share = 1 - members_of(model).blend.kernel.numpy()[3:, 0].sum()
    scores = parts[np.arange(len(rows)), runner.fold][..., :3] @ kernel / share

    def log_loss(factor):
        answers = keras.ops.softmax(factor * scores)
        return float(np.mean(keras.losses.sparse_categorical_crossentropy(rows.target, answers)))

    assert log_loss(1.0) < min(log_loss(0.95), log_loss(1.05))  # steps of 3.5 % were tried


@pytest.mark.many
def test_the_wide_networks_learn_smoothed_classes(iris):
    trainer = member_trainer(made(iris, kk.mlp_classifier, hidden="auto"))
    random = np.random.default_rng(0)
    answers = keras.ops.softmax(random.normal(size=(8, 3)).astype("float32"))
    target, weight = np.array([0, 1, 2, 1] * 2), np.array([1, 2, 0.5, 1] * 2, "float32")
    rows = np.eye(3, dtype="float32")[target]
    wide, narrow = (
        keras.losses.CategoricalCrossentropy(label_smoothing=smoothing, reduction="none")
        for smoothing in (0.05, 0.0)
    )
    expected = [*wide(rows[:4], answers[:4]), *narrow(rows[4:], answers[4:])]
    arguments = {"y": target, "y_pred": answers, "sample_weight": weight}
    loss = trainer.compute_loss(None, **arguments, training=True)
    assert float(loss) == pytest.approx(np.mean(np.array(expected) * weight), rel=1e-5)
    plain = [*narrow(rows, answers)]  # rows left out are counted as they are
    loss = trainer.compute_loss(None, **arguments, training=False)
    assert float(loss) == pytest.approx(np.mean(np.array(plain) * weight), rel=1e-5)


@pytest.mark.training
def test_the_kernels_of_narrow_networks_decay(diabetes):
    """Where the answers are the targets, nothing is learned: only the decay is left."""
    model = made(diabetes, hidden="auto")
    trainer, networks = member_trainer(model), members_of(model).networks
    model.optimizer.learning_rate = 0.5
    before = [[weight.numpy() for weight in network.weights] for network in networks]
    values = np.random.default_rng(0).normal(size=(MEMBERS, 4, network_of(model).input.shape[1]))
    mean = np.full((MEMBERS, 4), diabetes.spec.target.mean[0], "float32")
    trainer.train_step((keras.ops.cast(values, "float32"), keras.ops.convert_to_tensor(mean)))
    for network, then in zip(networks, before, strict=True):
        for weight, old in zip(network.weights, then, strict=True):
            decays = network.narrow and weight.name == "kernel" and old.ndim == 3
            np.testing.assert_allclose(weight.numpy(), old * (0.95 if decays else 1), rtol=1e-6)


@pytest.mark.training
def test_the_narrow_networks_stop_at_a_common_epoch(diabetes):
    """After one epoch with a rate of zero, and one that ruins them, all are as at the start."""
    model = made(diabetes, hidden="auto")
    narrow = members_of(model).networks[1]
    rate = keras.callbacks.LearningRateScheduler(lambda epoch: (0.0, 0.5)[epoch])
    kk.compile(model, schedule="constant")
    kk.fit(model, diabetes, epochs=2, callbacks=[rate], verbose=0)
    assert not narrow.layers[-1].kernel.numpy().any()  # the last layers start at zero


@pytest.mark.training
def test_the_weights_are_those_of_the_best_epoch_on_rows_left_out(diabetes, trained):
    model, history = trained
    scores, target = scores_left_out(model, diabetes)
    loss = np.mean((scores - target) ** 2)
    assert loss == pytest.approx(min(history.history["val_loss"]))


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
    layers = [
        (*members_of(model).networks[0].layers, members_of(model).line) for model in (plain, other)
    ]
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
@pytest.mark.parametrize("hidden", [(8, 4), "auto"])
def test_a_stopped_run_and_single_steps_end_as_the_uninterrupted_one(diabetes, tmp_path, hidden):
    whole, stopped, resumed, stepped = (made(diabetes, hidden=hidden) for _ in range(4))
    options = {"epochs": 3, "verbose": 0, "run_dir": tmp_path}
    history = kk.fit(whole, diabetes, epochs=3, verbose=0)
    with pytest.raises(KeyboardInterrupt):
        kk.fit(stopped, diabetes, callbacks=[Stop(2)], **options)
    rest = kk.fit(resumed, diabetes, callbacks=[Stop()], **options)
    kk.fit(stepped, diabetes, epochs=3, verbose=0, callbacks=[Batches()])
    assert rest.history == history.history
    again = made(diabetes, hidden=hidden)
    finished = kk.fit(again, diabetes, callbacks=[Stop()], **options)
    assert finished.linear_path.endswith(history.linear_path.split("members:")[-1])
    for model in (resumed, stepped, again):
        for ours, theirs in zip(model.get_weights(), whole.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.training
@pytest.mark.slow
@pytest.mark.parametrize("hidden", [(8, 4), "auto"])
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
def test_every_answer_has_members(task, measure, worst, hidden):
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
        model = made(data, builder, hidden=hidden, **quantiles)
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
    assert "ridge" in first.linear_path and "ridge" not in again.linear_path
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


@pytest.mark.many
def test_the_rows_decide_on_members_and_how_they_train(diabetes):
    model = kk.mlp_regressor(diabetes)
    kk.compile(model)
    preset = settings_of(model).preset
    assert members_of(model).count == 8
    assert (preset.learning_rate, preset.batch_size, preset.patience) == (8e-3, 64, 40)
    for options in ({"hidden": (4,)}, {"members": 1}, {"residual": True}):
        assert members_of(kk.mlp_regressor(diabetes, **options)) is None
    large = dataclasses.replace(diabetes.spec, sizes={"train": 8_000, "validation": 2_000})
    model = kk.mlp_regressor(large)
    kk.compile(model)
    preset = settings_of(model).preset
    assert (members_of(model).count, preset.batch_size, preset.patience) == (4, 256, 16)
    groups = kk.load_arrays({"x": np.arange(60.0)}, np.arange(60.0), groups=np.arange(60) // 10)
    assert members_of(kk.mlp_regressor(groups)).count == 5  # the sixth group is in the test rows
    huge = dataclasses.replace(diabetes.spec, sizes={"train": 100_000})
    assert members_of(kk.mlp_regressor(huge)) is None


@pytest.mark.many
def test_the_rows_decide_on_the_epochs(diabetes):
    def epochs(model, data=diabetes):
        kk.compile(model)
        return Runner(model, data, FitOptions(owner="fit", epochs="auto")).plan.epochs

    assert epochs(made(diabetes)) == 200
    assert epochs(kk.mlp_regressor(diabetes, members=1)) == 400
    sizes = {"train": 30_000, "validation": 2_000}
    assert epochs_of_members(dataclasses.replace(diabetes.spec, sizes=sizes)) == 20
    classes = dataclasses.replace(diabetes.spec, task="binary", sizes=sizes)
    assert epochs_of_members(classes) == 12
    with pytest.raises(kk.ArgumentError, match="'epochs' .* fit .*or 'auto'.*'all'"):
        FitOptions(owner="fit", epochs="all")
    with pytest.raises(kk.ArgumentError, match="'epochs' .* fine_tune .*auto"):
        kk.fine_tune(made(diabetes), diabetes, epochs="auto")


def test_dropout_and_activation_are_those_of_both_networks(diabetes):
    model = kk.mlp_regressor(diabetes, dropout=0.4, activation="relu", bins=0)
    for network in members_of(model).networks:
        by_kind = {type(layer).__name__: layer for layer in network.layers}
        assert by_kind["Dropout"].rate == 0.4
        assert by_kind["Activation"].activation is keras.activations.relu
    assert members_of(model).columns.shape[-1] == 10


@pytest.mark.many
def test_rows_that_members_cannot_train_on_are_refused(diabetes):
    model = made(diabetes)
    with pytest.raises(kk.ArgumentError, match="members=3 on rows in memory.*cache_mb=0"):
        kk.fit(model, diabetes, epochs=1, cache_mb=0, verbose=0)
    few = kk.load_arrays({"x": np.arange(6.0)}, np.arange(6.0) % 4, task="regression")
    with pytest.raises(kk.DataError, match="too few for members=3.*at least 6"):
        kk.fit(made(few), few, epochs=1, verbose=0)
