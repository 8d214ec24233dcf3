"""Accuracy and CPU time of `cnn_classifier` as its recipe trains it, seed by seed.

    python tests/benchmarks/image_accuracy.py --data DIR [--parts digits mnist race]
        [--seeds 0 1 2] [--score validation]

DIR holds a prepared `tfds/mnist`. Every training is a process of its own.

- `digits` and `mnist`: the configuration of recipes/image_cnn.py. Printed are the accuracy
  and CPU seconds of each epoch, the accuracy on the split of `--score`, and CPU seconds of
  the whole process, imports included.
- `race`: CPU seconds, data included and imports not, until the test accuracy of MNIST is
  0.990: for the small Keras convnet of the textbooks (32 and 64 filters, dropout 0.5, Adam,
  batches of 128, plain `fit` on all 60,000 rows), measured after every epoch in time that is
  not counted; and for one epoch of `cnn_classifier(width=16)` on 48,000 of them, whose
  validation is counted. Width and epochs were chosen on validation rows.

Choose on `--score validation`; the test rows are for reporting.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

GOAL = 0.990
MOST_EPOCHS = 20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--parts", nargs="+", default=["digits", "mnist", "race"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--score", choices=["test", "validation"], default="test")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        kind, seed = flags.one
        print(json.dumps(ONE[kind](flags.data, int(seed), flags.score)))
        return
    for part in flags.parts:
        if part == "race":
            race(flags)
        else:
            recipe(part, flags)


def recipe(part, flags):
    """Print the epochs and the outcome of the recipe's configuration."""
    outcomes = []
    for seed in flags.seeds:
        found = in_a_process(part, seed, flags)
        outcomes.append(found)
        for location, (accuracy, held, cpu) in enumerate(found["epochs"], 1):
            print(
                f"{part:7} seed {seed} epoch {location:2}  train {accuracy:.4f}  "
                f"validation {held:.4f}  {cpu:6.1f} CPU s"
            )
        print(
            f"{part:7} seed {seed} {flags.score} accuracy {found['accuracy']:.4f}, "
            f"{found['all']:.1f} CPU s in all",
            flush=True,
        )
    mean = statistics.mean(found["accuracy"] for found in outcomes)
    least = min(found["accuracy"] for found in outcomes)
    print(f"{part:7} mean {flags.score} accuracy {mean:.4f}, least {least:.4f}", flush=True)


def race(flags):
    """Print the CPU seconds to the goal of both, and their ratio."""
    ratios = []
    for seed in flags.seeds:
        plain = in_a_process("plain", seed, flags)
        own = in_a_process("quick", seed, flags)
        ratios.append(own["cpu"] / plain["cpu"])
        print(
            f"race    seed {seed}  plain Keras {plain['accuracy']:.4f} after "
            f"{plain['epochs']} epochs, {plain['cpu']:6.1f} CPU s;  kerakit "
            f"{own['accuracy']:.4f}, {own['cpu']:6.1f} CPU s;  ratio {ratios[-1]:.2f}",
            flush=True,
        )
    print(f"race    mean ratio {statistics.mean(ratios):.2f}")


def in_a_process(kind, seed, flags):
    """Run one training with a cache of its own, so that what is chosen is measured."""
    command = [sys.executable, __file__, "--data", flags.data, "--score", flags.score]
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "XDG_CACHE_HOME": cache}
        done = subprocess.run(
            [*command, "--one", kind, str(seed)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=environment,
        )
    return json.loads(done.stdout.splitlines()[-1])


def train(dataset, folder, seed, score, **changes):
    """Train as the recipe does; return the epochs, the accuracy and CPU seconds."""
    import pathlib

    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "recipes"))
    import image_cnn
    import keras

    import kerakit as kk
    from kerakit.workflow import load_image_data

    config = image_cnn.Config(dataset=dataset, data_dir=folder + "/tfds", seed=seed)
    start = time.process_time()
    clock, times = time.process_time, []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = clock()

        def on_epoch_end(self, epoch, logs=None):
            times.append(clock() - self.start)

    data = load_image_data(config)
    keras.utils.set_random_seed(seed)
    model = kk.cnn_classifier(data.spec, arch=config.arch, width=changes.get("width"))
    kk.compile(model, "image_classification")
    history = kk.fit(
        model,
        data,
        epochs=changes.get("epochs", image_cnn.epochs_for(data.spec.sizes["train"])),
        augment=changes.get("augment", config.augment),
        seed=seed,
        verbose=0,
        callbacks=[Clock()],
    ).history
    cpu = time.process_time() - start
    table = data.table(score)
    answers = model.predict(table.features, batch_size=500, verbose=0).argmax(-1)
    curves = zip(history["accuracy"], history["val_accuracy"], times, strict=True)
    return {
        "epochs": list(curves),
        "accuracy": float((answers == table.target).mean()),
        "cpu": cpu,
        "all": time.process_time(),
    }


def plain(folder, seed, score):
    """The small convnet of the textbooks, until its test accuracy is that of the goal."""
    import keras
    import tensorflow_datasets as tfds
    from keras import layers

    start = time.process_time()
    keras.utils.set_random_seed(seed)
    rows = {}
    for split in ("train", "test"):
        images, labels = tfds.load(
            "mnist",
            split=split,
            data_dir=folder + "/tfds",
            download=False,
            batch_size=-1,
            as_supervised=True,
        )
        rows[split] = images.numpy().astype("float32") / 255, labels.numpy()
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    spent = time.process_time() - start
    epoch, accuracy = 0, 0.0
    while accuracy < GOAL and epoch < MOST_EPOCHS:
        start = time.process_time()
        model.fit(*rows["train"], batch_size=128, epochs=1, verbose=0)
        spent += time.process_time() - start
        accuracy = model.evaluate(*rows["test"], batch_size=1000, verbose=0)[1]
        epoch += 1
    return {"accuracy": accuracy, "epochs": epoch, "cpu": spent}


def quick(folder, seed, score):
    return train("tfds:mnist", folder, seed, score, width=16, epochs=1, augment="none")


ONE = {
    "digits": lambda folder, seed, score: train("digits", folder, seed, score),
    "mnist": lambda folder, seed, score: train("tfds:mnist", folder, seed, score),
    "plain": plain,
    "quick": quick,
}


if __name__ == "__main__":
    main()
