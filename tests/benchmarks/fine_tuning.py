"""Accuracy and CPU time of `fine_tune` on ants and bees, beside the usual way in Keras.

    python tests/benchmarks/fine_tuning.py --data DIR [--seeds 0 1 2] [--parts accuracy cost]

DIR holds `images/hymenoptera` with `train/` and `val/`, which is the test set here, and
`keras_home` with the ImageNet weights of MobileNetV2 0.35. Every training is a process of
its own. CPU seconds are those of building and training, features included; reading the
pictures and imports are not counted on either side.

- `accuracy`: `auto` by its defaults, with both backbones; the accuracy of each stage on the
  validation rows, and of the model on the test rows.
- `cost`: the linear probe and `auto` beside the way of keras.io's guide to transfer
  learning: a frozen base inside `fit` behind random reflection and rotation, Adam, 10 epochs;
  then 5 more of everything at 1e-5. It trains on the same rows and validates after each epoch.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SIDE, LOADED, BATCH, EPOCHS, FINE_EPOCHS = 224, 256, 32, 10, 5
BACKBONES = ("MobileNetV2_0.35", "EfficientNetLite0")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--parts", nargs="+", default=["accuracy", "cost"])
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        kind, backbone, seed = flags.one
        print(json.dumps(one(kind, backbone, int(seed), flags.data)))
        return
    if "accuracy" in flags.parts:
        for backbone in BACKBONES:
            found = [outcome("auto", backbone, seed, flags.data) for seed in flags.seeds]
            mean = statistics.mean(entry["test"] for entry in found)
            most = max(entry["cpu"] for entry in found)
            print(f"{backbone:18} mean test accuracy {mean:.4f}, at most {most:.1f} CPU s")
    if "cost" in flags.parts:
        ratios = {"head": [], "auto": []}
        for seed in flags.seeds:
            usual = outcome("usual", BACKBONES[0], seed, flags.data)
            for kind, base in (("head", usual["frozen"]), ("auto", usual["cpu"])):
                ratios[kind].append(outcome(kind, BACKBONES[0], seed, flags.data)["cpu"] / base)
        for kind, values in ratios.items():
            listed = ", ".join(f"{value:.3f}" for value in values)
            print(f"{kind:5} share of the usual CPU time {statistics.mean(values):.3f} ({listed})")


def outcome(kind, backbone, seed, data):
    """Run one training in a process of its own, and print a line about it."""
    with tempfile.TemporaryDirectory() as home:
        shutil.copytree(data / "keras_home", home, dirs_exist_ok=True)
        environment = {**os.environ, "KERAS_HOME": home, "XDG_CACHE_HOME": home}
        command = [sys.executable, __file__, "--data", str(data)]
        done = subprocess.run(
            [*command, "--one", kind, backbone, str(seed)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=environment,
        )
    found = json.loads(done.stdout.splitlines()[-1])
    stages = "; ".join(found["stages"])
    print(
        f"{backbone:18} {kind:5} seed {seed}  test {found['test']:.4f}  "
        f"{found['cpu']:6.1f} CPU s  ({stages})",
        flush=True,
    )
    return found


def one(kind, backbone, seed, folder):
    """Train once in this process."""
    import keras
    import numpy as np

    import kerakit as kk

    size = SIDE if kind == "usual" else LOADED
    data = kk.load_images(folder / "images" / "hymenoptera", image_size=size, seed=seed)
    keras.utils.set_random_seed(seed)
    keras.ops.matmul(keras.ops.ones((2, 2)), keras.ops.ones((2, 2)))  # TensorFlow's own start
    start = time.process_time()
    if kind == "usual":
        model, found = usual(data, start)
        test = data.table("test")
        (pixels,) = test.features.values()
        answers = model.predict(pixels.astype("float32"), verbose=0)[:, 0] > 0
    else:
        model = kk.pretrained_classifier(data.spec, backbone=backbone)
        history = kk.fine_tune(model, data, strategy=kind, seed=seed, verbose=0)
        found = {"cpu": time.process_time() - start}
        found["stages"] = [
            f"{s['stage']} {s['val_accuracy']:.3f}, log loss {s['val_loss']:.3f}, "
            f"{s['cpu_seconds']:.1f} s{'' if s['kept'] else ', not kept'}"
            for s in history.stages
        ]
        test = data.table("test")
        answers = model.predict(test.features, verbose=0).argmax(1)
    return {**found, "test": float(np.mean(answers == test.target))}


def usual(data, start):
    """Transfer learning as keras.io's guide shows it, with the right preprocessing."""
    import keras
    from keras import layers

    base = keras.applications.MobileNetV2(
        input_shape=(SIDE, SIDE, 3), alpha=0.35, include_top=False, weights="imagenet"
    )
    base.trainable = False
    inputs = keras.Input((SIDE, SIDE, 3))
    values = layers.RandomFlip("horizontal")(inputs)
    values = layers.RandomRotation(0.1)(values)
    values = layers.Rescaling(1 / 127.5, -1.0)(values)
    values = layers.GlobalAveragePooling2D()(base(values, training=False))
    model = keras.Model(inputs, layers.Dense(1)(layers.Dropout(0.2)(values)))
    rows = {}
    for split in ("train", "validation"):
        table = data.table(split)
        (pixels,) = table.features.values()
        rows[split] = pixels.astype("float32"), table.target.astype("float32")
    loss, metric = keras.losses.BinaryCrossentropy(from_logits=True), keras.metrics.BinaryAccuracy
    options = {"validation_data": rows["validation"], "batch_size": BATCH, "verbose": 0}
    stages, marks = [], []
    for epochs, rate, name in ((EPOCHS, 1e-3, "frozen"), (FINE_EPOCHS, 1e-5, "everything")):
        base.trainable = name == "everything"
        model.compile(keras.optimizers.Adam(rate), loss, metrics=[metric(name="accuracy")])
        history = model.fit(*rows["train"], epochs=epochs, **options).history
        marks.append(time.process_time() - start)
        spent = marks[-1] - (marks[-2] if len(marks) > 1 else 0)
        stages.append(f"{name} {history['val_accuracy'][-1]:.3f}, {spent:.1f} s")
    return model, {"cpu": marks[-1], "frozen": marks[0], "stages": stages}


if __name__ == "__main__":
    main()
