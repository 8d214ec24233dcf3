"""fit on images: raw until they are in a batch, augmented, and resumed to the bit."""

import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerakit as kk
from kerakit.data.data import Data
from kerakit.keras_compat import layers_of
from kerakit.training.loop.trainer import make_trainer
from kerakit.training.speed.batch_norm import fused_batch_norm
from kerakit.training.speed.precision import precision_of


def compiled(small_cnn, data, preset="multiclass", **options):
    model = small_cnn(data.spec, **options)
    kk.compile(model, preset)
    return model


def state(model):
    return [*(w.numpy() for w in model.weights), *(v.numpy() for v in model.optimizer.variables)]


def assert_same(one, two):
    for first, second in zip(state(one), state(two), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.training
@pytest.mark.parametrize(
    ("cache_mb", "augment"),
    [
        pytest.param(512, None, id="in memory"),
        pytest.param(0, "strong", id="streamed-strong", marks=pytest.mark.slow),
        pytest.param(0, None, id="streamed", marks=pytest.mark.slow),
        pytest.param(512, "strong", id="in memory-strong", marks=pytest.mark.slow),
    ],
)
def test_images_are_learned(pictures, small_cnn, augment, cache_mb):
    data = pictures()
    model = compiled(small_cnn, data)
    options = {"epochs": 12, "batch_size": 32, "augment": augment, "cache_mb": cache_mb}
    history = kk.fit(model, data, verbose=0, **options)
    assert history.history["val_accuracy"][-1] > 0.95
    table = data.table("test")
    assert np.mean(model.predict(table.features, verbose=0).argmax(1) == table.target) > 0.95


@pytest.mark.training
def test_one_step_is_that_of_keras(pictures, small_cnn):
    """Raw bytes, gathered and prepared in the step, with the fused kernel: the same weights."""
    data = pictures()
    models = []
    for _ in range(2):
        model = small_cnn(data.spec)
        for layer in layers_of(model):
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = 0.0
        kk.compile(model, "sgd", learning_rate=0.1)
        models.append(model)
    rows = data.spec.sizes["train"]
    options = {"epochs": 3, "batch_size": rows, "verbose": 0}
    kk.fit(models[0], data, early_stopping=False, precision="float32", **options)
    table = data.table("train")
    models[1].fit(table.features, table.target, **options)
    for ours, theirs in zip(models[0].weights, models[1].weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5, err_msg=ours.path)


def test_the_fused_kernel_gives_the_numbers_of_keras_and_leaves():
    rng = np.random.default_rng(0)
    values = rng.normal(3, 2, (6, 5, 5, 4)).astype("float32")
    layer = keras.layers.BatchNormalization(momentum=0.9)
    inputs = keras.Input((5, 5, 4))
    model = keras.Model(inputs, layer(inputs))
    layer.gamma.assign([1, 2, 3, 4.0])
    layer.beta.assign([0, 1, 0, -1.0])
    held = [w.numpy() for w in layer.weights]
    expected = model(values, training=True).numpy()
    statistics = layer.moving_mean.numpy(), layer.moving_variance.numpy()
    inferred = model(values, training=False).numpy()
    layer.set_weights(held)
    with fused_batch_norm(model):
        assert "call" in vars(layer)
        np.testing.assert_allclose(model(values, training=True), expected, atol=1e-5)
        np.testing.assert_allclose(layer.moving_mean, statistics[0], rtol=1e-5)
        np.testing.assert_allclose(layer.moving_variance, statistics[1], rtol=1e-5)
        np.testing.assert_allclose(model(values, training=False), inferred, atol=1e-5)
        layer.trainable = False  # frozen: normalises as when it serves, and keeps what it knows
        np.testing.assert_allclose(model(values, training=True), inferred, atol=1e-5)
        np.testing.assert_allclose(layer.moving_mean, statistics[0], rtol=1e-5)
    assert "call" not in vars(layer)


@pytest.mark.slow
@pytest.mark.training
def test_a_memmap_column_streams_and_trains_as_memory_does(pictures, small_cnn, tmp_path):
    histories = []
    for memmap, cache_mb in ((None, 0), (tmp_path, 512)):  # 512 MiB: it would fit
        data = pictures(memmap=memmap)
        model = compiled(small_cnn, data)
        histories.append(kk.fit(model, data, epochs=2, verbose=0, cache_mb=cache_mb).history)
    assert histories[0] == histories[1]  # the order of a streamed table, not of memory


@pytest.mark.many
@pytest.mark.parametrize("table", [True, False])
def test_streamed_epochs_have_every_row_in_an_order_of_their_own(pictures, table):
    from kerakit.training.rows.stream import streamed_batches

    data = pictures()
    pixels = data.table("train").features["image"].reshape(450, -1)
    if not table:
        data = Data(data.train, data.validation, data.test, data.spec)
    batches, _ = streamed_batches(data, None, 64, seed=3)

    def order(epoch):
        rows = [features["image"].numpy() for features, _ in batches(epoch)]
        return np.concatenate(rows).reshape(450, -1)

    first, again, second = order(0), order(0), order(1)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)
    for seen in (first, second):
        np.testing.assert_array_equal(np.unique(seen, axis=0), np.unique(pixels, axis=0))


def test_what_fits_counts_bytes_not_floats(pictures, small_cnn):
    from kerakit.training.rows.arrays import size_in_memory

    data = pictures()
    assert size_in_memory(data, "train", None) == 450 * 12 * 12 * 3


@pytest.mark.slow
@pytest.mark.training
def test_streamed_rows_train_too(pictures, small_cnn):
    data = pictures()
    streamed = Data(data.train, data.validation, data.test, data.spec)
    assert streamed.table("train") is None
    for cache_mb in (512, 0):
        model = compiled(small_cnn, streamed)
        kk.fit(model, streamed, epochs=12, verbose=0, augment="light", cache_mb=cache_mb)
        assert kk.evaluate(model, streamed).test["accuracy"] > 0.9


@pytest.mark.training
def test_validation_is_not_augmented(pictures, small_cnn):
    data = pictures()
    model = compiled(small_cnn, data)
    for layer in layers_of(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 1.0  # keeps its statistics: nothing but the rows can change
    kk.compile(model, "sgd", learning_rate=1e-30)
    history = kk.fit(model, data, epochs=3, augment="strong", verbose=0, early_stopping=False)
    table = data.table("validation")
    expected = model.evaluate(table.features, table.target, verbose=0)
    np.testing.assert_allclose(history.history["val_loss"], [expected[0]] * 3, rtol=1e-4)
    np.testing.assert_allclose(history.history["val_accuracy"], [expected[1]] * 3, rtol=1e-6)
    assert np.std(history.history["loss"]) > 1e-4  # and training is, differently every epoch


def test_every_step_changes_its_batch_in_another_way(pictures):
    from kerakit.training.rows.augment import augmentation
    from kerakit.training.rows.batch_stages import preprocess_stage

    data = pictures()
    batch = next(iter(data.batches("train", 32)))
    seen = []
    for seed, step in ((0, 1), (0, 1), (0, 2), (1, 1)):
        prepare = preprocess_stage(None, augmentation("light", data.spec), seed)
        seen.append(prepare(batch, step, True)[0]["image"].numpy())
    np.testing.assert_array_equal(seen[0], seen[1])
    assert all(np.mean(other != seen[0]) > 0.5 for other in seen[2:])
    np.testing.assert_array_equal(prepare(batch, 1, False)[0]["image"], batch[0]["image"])


@pytest.mark.slow
@pytest.mark.training
def test_same_seed_same_weights_other_seed_others(pictures, small_cnn):
    data = pictures()
    models = []
    for seed, augment in ((0, "strong"), (0, "strong"), (1, "strong"), (0, "light"), (0, None)):
        models.append(compiled(small_cnn, data))
        kk.fit(models[-1], data, epochs=2, augment=augment, verbose=0, seed=seed)
    assert_same(models[0], models[1])
    for one, two in ((0, 2), (0, 3), (3, 4)):
        differences = models[one].weights[0].numpy() - models[two].weights[0].numpy()
        assert np.abs(differences).max() > 1e-4


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize(
    ("cache_mb", "precision"),
    [
        pytest.param(512, "float32", id="in memory"),
        pytest.param(0, "mixed_bfloat16", id="streamed-bfloat16", marks=pytest.mark.slow),
        pytest.param(0, "float32", id="streamed", marks=pytest.mark.slow),
        pytest.param(512, "mixed_bfloat16", id="in memory-bfloat16", marks=pytest.mark.slow),
    ],
)
def test_a_stopped_run_ends_as_the_uninterrupted_one(
    pictures, small_cnn, tmp_path, precision, cache_mb
):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:
                raise KeyboardInterrupt

    data = pictures()
    common = {"epochs": 8, "augment": "strong", "early_stopping": 2, "verbose": 0}
    common |= {"precision": precision, "cache_mb": cache_mb, "batch_size": 48}
    whole = compiled(small_cnn, data)
    full = kk.fit(whole, data, **common)
    with pytest.raises(KeyboardInterrupt):
        model = compiled(small_cnn, data)
        kk.fit(model, data, run_dir=tmp_path, callbacks=[Stop()], **common)
    resumed = compiled(small_cnn, data, seed=9)  # other initial weights: the checkpoint's count

    class Idle(keras.callbacks.Callback):
        """Stands where Stop stood."""

    Idle.__name__ = "Stop"
    rest = kk.fit(resumed, data, run_dir=tmp_path, callbacks=[Idle()], **common)
    assert rest.history == full.history
    assert_same(resumed, whole)


KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
import kerakit as kk
from training_cases import cnn, picture_data
data = picture_data()
model = cnn(data.spec)
kk.compile(model, "multiclass")
kk.fit(model, data, epochs=60, augment="strong", run_dir=sys.argv[1], verbose=2,
       early_stopping=False)
"""


@pytest.mark.process
@pytest.mark.training
@pytest.mark.slow
def test_a_killed_process_goes_on_where_it_was(pictures, small_cnn, tmp_path):
    data = pictures()
    options = {"epochs": 60, "augment": "strong", "early_stopping": False, "verbose": 0}
    whole = compiled(small_cnn, data)
    kk.fit(whole, data, **options)
    folder = os.path.dirname(os.path.dirname(__file__))
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", KILLED, str(tmp_path), folder],
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.startswith("epoch 5/"):
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    model = compiled(small_cnn, data, seed=5)
    history = kk.fit(model, data, run_dir=tmp_path, **options)
    assert history.epoch == list(range(60))
    assert_same(model, whole)


@pytest.mark.slow
@pytest.mark.training
def test_another_augmentation_is_another_run(pictures, small_cnn, tmp_path):
    data = pictures()
    kk.fit(compiled(small_cnn, data), data, epochs=1, augment="light", run_dir=tmp_path, verbose=0)
    with pytest.raises(kk.RunError, match='its augmentation is "light", this one\'s is "standard"'):
        kk.fit(compiled(small_cnn, data), data, epochs=1, augment="standard", run_dir=tmp_path)
    with pytest.raises(kk.RunError, match="another run"):
        kk.fit(compiled(small_cnn, data), data, epochs=1, run_dir=tmp_path, verbose=0)


@pytest.mark.slow
@pytest.mark.training
def test_mixed_precision_serves_in_float32(pictures, small_cnn):
    data = pictures()
    model = compiled(small_cnn, data, width=24)
    kk.fit(model, data, epochs=6, precision="mixed_bfloat16", verbose=0, augment="light")
    layers = list(layers_of(model.get_layer("network"), include_self=False))
    assert {layer.compute_dtype for layer in layers} == {"float32"}
    assert {str(weight.dtype) for layer in layers for weight in layer.weights} <= {
        "float32",
        "uint32",  # dropout's seed
    }
    pixels = data.table("test").features
    served = model.predict(pixels, verbose=0)
    with precision_of(model, "mixed_bfloat16", images=True), fused_batch_norm(model):
        trainer = make_trainer(model)
        trained = trainer(model.get_layer("preprocess")(pixels), training=False).numpy()
        kinds = {layer.compute_dtype for layer in layers if "conv" in layer.name}
    assert kinds == {"bfloat16"}
    np.testing.assert_allclose(served, trained, atol=1e-2)
    assert np.abs(served - trained).max() > 0  # it did compute otherwise


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize(
    "level", ["strong", *(pytest.param(n, marks=pytest.mark.slow) for n in ("light", "standard"))]
)
def test_a_saved_model_knows_nothing_of_the_augmentation(pictures, small_cnn, tmp_path, level):
    data = pictures()
    model = compiled(small_cnn, data)
    before = [type(layer).__name__ for layer in layers_of(model)]
    kk.fit(model, data, epochs=1, augment=level, run_dir=tmp_path, verbose=0)
    again = keras.models.load_model(tmp_path / "model.keras")
    assert [type(layer).__name__ for layer in layers_of(again)] == before
    pixels = data.table("test").features
    one, two = again.predict(pixels, verbose=0), model.predict(pixels, verbose=0)
    np.testing.assert_allclose(one, two, atol=1e-6)
    again.fit(pixels, data.table("test").target, verbose=0)  # plain ids: compiled as it was


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize(
    "precision", ["float32", pytest.param("mixed_bfloat16", marks=pytest.mark.slow)]
)
def test_a_plain_keras_model_of_images_trains_too(pictures, precision):
    data = pictures()
    convolved, answered = set(), set()

    class Convolution(keras.layers.Conv2D):
        def call(self, inputs):
            convolved.add(tf.as_dtype(inputs.dtype).name)
            return super().call(inputs)

    class Answer(keras.layers.Dense):
        def call(self, inputs):
            answered.add(tf.as_dtype(inputs.dtype).name)
            return super().call(inputs)

    image = keras.Input((12, 12, 3), dtype="uint8", name="image")
    values = Convolution(8, 3, activation="relu")(keras.layers.Rescaling(1 / 255)(image))
    answer = Answer(3, activation="softmax")(keras.layers.Flatten()(values))
    model = keras.Model({"image": image}, answer)
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    convolved.clear()  # of building
    options = {"augment": "light", "precision": precision}
    history = kk.fit(model, data, epochs=12, verbose=0, **options)
    assert max(history.history["val_accuracy"]) > 0.9
    assert convolved == {precision.removeprefix("mixed_")} and answered == {"float32"}


@pytest.mark.slow
@pytest.mark.training
def test_class_weights_multiply_the_rows_of_images(pictures, small_cnn):
    """Weight 0 on a class: its probability falls as if it were not there."""
    data = pictures()
    weight = {"cat": 0.0, "dog": 1.0, "emu": 1.0}
    for augment in (None, "strong"):
        model = compiled(small_cnn, data)
        kk.fit(model, data, epochs=10, class_weight=weight, augment=augment, verbose=0)
        mean = model.predict(data.table("test").features, verbose=0)
        cats = mean[data.table("test").target == 0]
        assert cats.argmax(1).tolist().count(0) < len(cats) / 4


def test_bad_augmentation_is_named_before_anything_is_written(pictures, small_cnn, tmp_path):
    data = pictures()
    run = tmp_path / "run"
    with pytest.raises(kk.ArgumentError, match="'augment'.*'light'.*Got 'ligth'.*mean 'light'"):
        kk.fit(compiled(small_cnn, data), data, epochs=1, augment="ligth", run_dir=run)
    model = compiled(small_cnn, data, "perceptron")
    with pytest.raises(kk.ArgumentError, match="'strong' mixes labels.*PerceptronLoss"):
        kk.fit(model, data, epochs=1, augment="strong", run_dir=run)
    assert not run.exists()
