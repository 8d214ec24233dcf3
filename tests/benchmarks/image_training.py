"""CPU time of kerakit's fit on images beside plain Keras, for the same network and rows.

    python tests/benchmarks/image_training.py [--seeds 0 1 2] [--models vgg resnet] [--augment]

Trains on generated uint8 images, 32x32x3. Each fit is a process of its own, in turn. Printed
are CPU seconds of an epoch (the median of those after the first, which traces) and of the
whole fit, for plain Keras, and kerakit in float32, in bfloat16, and with the precision it
chooses, where the whole includes the choosing. With `--augment`, the share of each level of
augmentation in kerakit's float32 epoch, and its microseconds per image.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROWS, EPOCHS, BATCH, CLASSES, SHAPE = 2048, 4, 128, 10, (32, 32, 3)
KINDS = ("plain", "float32", "mixed_bfloat16", "auto")
LEVELS = ("light", "standard", "strong")


def network(name, values):
    """The layers of a small VGG or of a ResNet-20, up to the probabilities."""
    from keras import layers

    def convolve(values, filters, strides=1, relu=True):
        options = {"padding": "same", "use_bias": False}
        values = layers.Conv2D(filters, 3, strides, **options)(values)
        values = layers.BatchNormalization()(values)
        return layers.Activation("relu")(values) if relu else values

    if name == "vgg":
        for filters in (32, 64, 128):
            for _ in range(2):
                values = layers.Conv2D(filters, 3, padding="same", activation="relu")(values)
            values = layers.MaxPooling2D()(values)
        values = layers.Dense(128, activation="relu")(layers.Flatten()(values))
    else:
        values = convolve(values, 16)
        for filters in (16, 32, 64):
            for block in range(3):
                strides = 2 if filters > 16 and block == 0 else 1
                inner = convolve(convolve(values, filters, strides), filters, relu=False)
                if strides == 2:
                    values = layers.Conv2D(filters, 1, strides, use_bias=False)(values)
                values = layers.Activation("relu")(layers.Add()([values, inner]))
        values = layers.GlobalAveragePooling2D()(values)
    return layers.Dense(CLASSES, activation="softmax", dtype="float32", name="output")(values)


def rows(seed):
    """Images whose class is the place of a bright stripe, in noise."""
    import numpy as np

    rng = np.random.default_rng(seed)
    ids = rng.integers(0, CLASSES, ROWS).astype("int32")
    pixels = rng.integers(0, 180, (ROWS, *SHAPE)).astype("uint8")
    for image, number in zip(pixels, ids, strict=True):
        image[3 * number : 3 * number + 3] += 70
    return pixels, ids


def one(kind, name, seed, augment):
    """Train once in this process; return CPU seconds per epoch and in all, and the last loss."""
    import keras

    from kerakit.data.data import Data, Table
    from kerakit.data.spec import Feature, Spec

    pixels, ids = rows(seed)
    keras.utils.set_random_seed(seed)
    image = keras.Input(SHAPE, dtype="uint8", name="image")
    scale = keras.layers.Rescaling(1 / 127.5, -1.0)
    preprocess = keras.Model({"image": image}, scale(image), name="preprocess")
    values = keras.Input(SHAPE)
    inner = keras.Model(values, network(name, values), name="network")
    model = keras.Model({"image": image}, inner(preprocess({"image": image})))
    model.compile(
        "adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False
    )
    keras.ops.matmul(keras.ops.ones((2, 2)), keras.ops.ones((2, 2)))  # TensorFlow's own start
    times = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            times.append(time.process_time())

    start = time.process_time()
    options = {"epochs": EPOCHS, "batch_size": BATCH, "verbose": 0, "callbacks": [Clock()]}
    if kind == "plain":
        history = model.fit({"image": pixels}, ids, **options)
    else:
        import kerakit as kk
        from kerakit.training.speed import choice_of_run as choice

        choice.pays_to_measure = lambda *_: True  # these runs are too short for it
        names = tuple(f"class {number}" for number in range(CLASSES))
        spec = Spec(
            task="multiclass",
            features=(Feature("image", "image", "uint8", SHAPE),),
            classes=names,
            class_counts=(ROWS // CLASSES,) * CLASSES,
            sizes={"train": ROWS, "validation": 0, "test": 0},
            fingerprint=str(seed),
        )
        table = Table({"image": pixels}, ids)
        data = Data(table, None, table, spec)
        options.update(precision=kind, augment=augment, verbose=2 if kind == "auto" else 0)
        history = kk.fit(model, data, seed=seed, **options)
    gaps = [after - before for before, after in zip(times, times[1:], strict=False)]
    loss = history.history["loss"][-1]
    return {"epoch": statistics.median(gaps), "all": times[-1] - start, "loss": loss}


def in_a_process(kind, name, seed, augment="none"):
    """Run `one` with a cache of its own, so that what is chosen is measured."""
    command = [sys.executable, __file__, "--one", kind, name, str(seed), augment]
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "XDG_CACHE_HOME": cache}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    lines = done.stdout.splitlines()
    chosen = [line for line in lines if line.startswith("precision: ")]
    return json.loads(lines[-1]), (chosen or [""])[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--models", nargs="+", choices=["vgg", "resnet"], default=["vgg", "resnet"])
    parser.add_argument("--augment", action="store_true")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        kind, name, seed, augment = flags.one
        print(json.dumps(one(kind, name, int(seed), augment)))
        return
    compare(flags.models, flags.seeds)
    if flags.augment:
        augmented(flags.models, flags.seeds)


def compare(models, seeds):
    print(
        f"{'model':7} {'seed':>4} {'kind':15} {'epoch s':>8} {'ratio':>6} {'all s':>7} {'loss':>7}"
    )
    for name in models:
        ratios = {kind: [] for kind in KINDS}
        for seed in seeds:
            base = None
            for kind in KINDS:
                found, chosen = in_a_process(kind, name, seed)
                base = base or found["epoch"]
                ratio = found["epoch"] / base
                ratios[kind].append(ratio)
                print(
                    f"{name:7} {seed:4} {kind:15} {found['epoch']:8.2f} {ratio:6.3f} "
                    f"{found['all']:7.2f} {found['loss']:7.4f} {chosen}",
                    flush=True,
                )
        for kind in KINDS[1:]:
            print(f"{name:7} mean {kind:15} {'':8} {statistics.mean(ratios[kind]):6.3f}")


def augmented(models, seeds):
    print(f"{'model':7} {'level':9} {'share':>7} {'us/image':>9}")
    for name in models:
        for level in LEVELS:
            shares, costs = [], []
            for seed in seeds:
                plain, _ = in_a_process("float32", name, seed)
                more, _ = in_a_process("float32", name, seed, level)
                costs.append(1e6 * (more["epoch"] - plain["epoch"]) / ROWS)
                shares.append(more["epoch"] / plain["epoch"] - 1)
            share, cost = statistics.median(shares), statistics.median(costs)
            print(f"{name:7} {level:9} {share:7.1%} {cost:9.1f}", flush=True)


if __name__ == "__main__":
    main()
