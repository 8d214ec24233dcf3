"""What the sequence builders reach by their defaults, and what they cost.

    python tests/benchmarks/sequences.py --data DIR [--seeds 0 1 2] [--sets ETTh1 ...]

DIR holds `sequences` (etth1, ucr_uea), `text` (sms_spam, trec) and `tagging` (ud_english_partut).
Every training is a process of its own, from raw data by the defaults of the recipe for it. CPU
seconds are those of building and training; reading the data and imports are not counted.
With `--validation` the test rows stay closed and the figures are those of the validation rows,
which is what the defaults were chosen by.

- `ETTh1`: `OT` alone, 168 hours to 24, twelve months of training, four of validation, four of
  test; mean squared error over the variance of the training months (MSE).
- `mackey_glass`: 84 steps ahead; the root of that for the last step, and for all 84 (NRMSE).
- `GunPoint`, `ItalyPowerDemand`, `JapaneseVowels`: accuracy on the archive's own test rows, all
  of its training rows trained on, as in published results: they are too few (50, 67, 270) to
  spare any for early stopping.
- `sms`: 80/20 split with the classes' shares kept, by seed 0 whatever the seed of training;
  `trec`: its own test rows. Accuracy (and F1 of spam), beside TF-IDF of words and characters with
  a logistic regression, as every report shows it.
- `many_texts`: 200,000 generated texts of 31 words, of which the last tells the class, from a CSV
  file of 41 MB: CPU seconds and the most memory (GB) of reading them and of one epoch.
- `long_texts`: 300 generated texts of 1,001 words, of which the last tells the class.
- `partut`: UD English ParTUT, accuracy of its universal parts of speech, beside the most
  frequent tag of each word.
- `speed`: an LSTM of 64 units on ETTh1 (`segment=1`, every hour a step) by `kk.fit` and by plain
  Keras' `fit(x, y)`: CPU seconds of the second epoch of two.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ARCHIVE = ("GunPoint", "ItalyPowerDemand", "JapaneseVowels")
SETS = (
    "ETTh1",
    "mackey_glass",
    *ARCHIVE,
    "sms",
    "trec",
    "many_texts",
    "long_texts",
    "partut",
    "speed",
)
TEXTS = "text_classification"
EPOCHS = {TEXTS: 20}  # of the recipe; of the others 100


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--validation", action="store_true")
    parser.add_argument("--options", type=json.loads, default={}, help=argparse.SUPPRESS)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        name, seed = flags.one[0], int(flags.one[1])
        if name == "speed":
            print(json.dumps(speed(flags.data, seed)))
        elif name == "many_texts":
            print(json.dumps(many_texts(seed)))
        else:
            split = "validation" if flags.validation else "test"
            print(json.dumps(one(name, seed, flags.data, split, flags.options)))
        return
    with tempfile.TemporaryDirectory() as home:
        for name in flags.sets:
            found = [in_a_process(name, seed, home) for seed in flags.seeds]
            means = {key: statistics.mean(entry[key] for entry in found) for key in found[0]}
            print(line(name, "mean", means), flush=True)


def in_a_process(name, seed, home):
    """Run one training in a process of its own, and print a line about it."""
    environment = {**os.environ, "XDG_CACHE_HOME": home}
    command = [sys.executable, *sys.argv, "--one", name, str(seed)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    found = json.loads(done.stdout.splitlines()[-1])
    print(line(name, f"seed {seed}", found), flush=True)
    return found


def line(name, which, found):
    return f"{name:16} {which:6}  " + "  ".join(f"{k} {v:.4g}" for k, v in found.items())


def one(name, seed, folder, split, options):
    """Train once in this process; return what is measured, the CPU seconds last."""
    import keras
    import numpy as np

    import kerakit as kk

    data, build, preset = loaded(name, folder, seed, split)
    fitted = {key: options.pop(key) for key in ("epochs", "batch_size") if key in options}
    fitted.setdefault("epochs", EPOCHS.get(preset, 100))
    rate = options.pop("learning_rate", None)
    keras.utils.set_random_seed(seed)
    keras.ops.matmul(keras.ops.ones((2, 2)), keras.ops.ones((2, 2)))  # TensorFlow's own start
    start = time.process_time()
    model = build(data.spec, **options)
    kk.compile(model, preset, learning_rate=rate)
    history = kk.fit(model, data, seed=seed, verbose=0, **fitted)
    spent = {"epochs": len(history.epoch), "CPU s": time.process_time() - start}
    if data.spec.task == "forecast":
        table = data.table(split)
        answer = model.predict({k: np.asarray(v) for k, v in table.features.items()}, verbose=0)
        squares = np.square(answer - np.asarray(table.target)) / data.spec.target.variance[0]
        figures = {"MSE": squares.mean(), "NRMSE": np.sqrt(squares.mean())}
        figures["NRMSE at the last step"] = np.sqrt(squares[:, -1].mean())
        window = np.asarray(table.features["window"])[:, -data.spec.series.season :]
        repeated = np.resize(window.T, answer.T.shape).T  # the last season, again and again
        error = np.square(repeated - np.asarray(table.target)).mean()
        figures["MSE of the last season"] = error / data.spec.target.variance[0]
        figures = {key: float(value) for key, value in figures.items()}
    elif split == "validation":
        table = data.table(split)
        inputs = {k: keras.ops.convert_to_tensor(v) for k, v in table.features.items()}
        target = np.asarray(table.target)
        # In one batch: sentences of one are as long as the longest of it.
        answer = model.predict(inputs, batch_size=len(target), verbose=0)
        there, width = target >= 0, target.shape[-1]
        answer = answer[:, :width] if target.ndim == 2 else answer
        figures = {
            "accuracy": float((answer.argmax(-1) == target)[there].mean()),
            "log loss": float(
                -np.log(np.take_along_axis(answer, target[..., None] * there[..., None], -1))[
                    there
                ].mean()
            ),
        }
    else:
        with tempfile.TemporaryDirectory() as runs:
            report = kk.evaluate(model, data, run_dir=runs)
        figures = {"accuracy": report.test["accuracy"]}
        if preset.startswith("text"):
            figures["F1"] = report.test["f1"]
        for kind, metrics in report.baseline.items():
            if kind != "majority":
                figures[kind] = metrics["accuracy"]
    return {**figures, **spent}


def loaded(name, folder, seed, split="test"):
    """The data of a set, the builder and the preset."""
    import kerakit as kk

    if name in ("ETTh1", "speed"):
        import pandas as pd

        table = pd.read_csv(folder / "sequences" / "etth1" / "ETTh1.csv").iloc[: 20 * 720]
        data = kk.load_series(
            table,
            value="OT",
            time="date",
            window=168,
            horizon=24,
            test_size=4 * 720,
            validation_size=4 * 720,
        )
        return data, kk.sequence_forecaster, "forecasting"
    if name == "mackey_glass":
        return kk.load_builtin(name), kk.sequence_forecaster, "forecasting"
    if name in ARCHIVE:
        stem = str(folder / "sequences" / "ucr_uea" / name / name)
        held = 0.2 if split == "validation" else 0
        data = kk.load_sequences(
            f"{stem}_TRAIN.ts", test=f"{stem}_TEST.ts", validation_size=held, seed=seed
        )
        return data, kk.sequence_classifier, "sequence_classification"
    if name == "sms":
        file = folder / "text" / "sms_spam" / "SMSSpamCollection"
        data = kk.load_text(file, columns=("label", "text"), seed=0)
        return data, kk.text_classifier, TEXTS
    if name == "long_texts":
        return kk.load_text(generated(300, 1000, 2000, seed)), kk.text_classifier, TEXTS
    if name == "trec":
        stem = str(folder / "text" / "trec" / "TREC")
        data = kk.load_text(
            f"{stem}.train.all",
            columns=("label", "text"),
            separator=" ",
            encoding="latin-1",
            test=f"{stem}.test.all",
            seed=seed,
        )
        return data, kk.text_classifier, TEXTS
    stem = str(folder / "tagging" / "ud_english_partut" / "en_partut-ud")
    data = kk.load_tagged(
        f"{stem}-train.conllu", validation=f"{stem}-dev.conllu", test=f"{stem}-test.conllu"
    )
    return data, kk.sequence_tagger, "sequence_tagging"


def generated(rows, words, vocabulary, seed):
    """Texts of random words and one that tells their label, and the labels."""
    import random

    draw = random.Random(seed)
    known = [f"w{number}" for number in range(vocabulary)]
    labels = ["bad", "good"] * (rows // 2)
    return [" ".join([*draw.choices(known, k=words), label]) for label in labels], labels


def many_texts(seed):
    """CPU seconds and the most memory of 200,000 texts, from their file to the end of an epoch."""
    import resource

    texts, labels = generated(200_000, 30, 30_000, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "texts.csv"
        rows = (f"{text},{label}" for text, label in zip(texts, labels, strict=True))
        path.write_text("\n".join(["text,label", *rows]))
        command = [sys.executable, "-c", EPOCH, str(path), str(seed)]
        subprocess.run(command, check=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"CPU s": used.ru_utime + used.ru_stime, "GB": used.ru_maxrss * 1024 / 1e9}


EPOCH = """
import sys
import kerakit as kk
data = kk.load_text(sys.argv[1])
model = kk.text_classifier(data)
kk.compile(model, "text_classification")
kk.fit(model, data, epochs=1, seed=int(sys.argv[2]), verbose=0)
"""


def speed(folder, seed):
    """CPU seconds of an epoch, ours and plain Keras', and their ratio."""
    import keras
    import numpy as np

    import kerakit as kk

    data = loaded("speed", folder, seed)[0]
    marks = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            marks.append(time.process_time())
            if len(marks) % 2 == 0:
                self.model.stop_training = True

    def made():
        keras.utils.set_random_seed(seed)
        model = kk.sequence_forecaster(data.spec, segment=1)
        kk.compile(model, "forecasting")
        return model

    kk.fit(made(), data, epochs=100, seed=seed, verbose=0, callbacks=[Clock()])
    table, held = data.table("train"), data.table("validation")
    rows = [
        ({k: np.asarray(v) for k, v in part.features.items()}, np.asarray(part.target))
        for part in (table, held)
    ]
    plain = made()
    plain.compile(keras.optimizers.Adam(1e-3), "mse")
    plain.fit(
        *rows[0], batch_size=64, epochs=2, verbose=0, validation_data=rows[1], callbacks=[Clock()]
    )
    ours, theirs = marks[1] - marks[0], marks[3] - marks[2]
    return {"kerakit CPU s": ours, "plain Keras CPU s": theirs, "ratio": ours / theirs}


if __name__ == "__main__":
    main()
