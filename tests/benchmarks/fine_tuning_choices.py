"""What the defaults of fine-tuning were chosen by: crop, scale, augmented copies, and how deep.

    python tests/benchmarks/fine_tuning_choices.py --data DIR [--parts crop scale copies deeper]

DIR holds `images/hymenoptera`, `tfds/mnist` and `keras_home` with the ImageNet weights of
MobileNetV2 0.35. Two backbones, on 245 training pictures of ants and bees in 5-fold
cross-validation; the test pictures stay closed.

The first three parts are logistic regressions on frozen features, six times five folds: log loss
and accuracy by the strength (C) with the least log loss.

- `crop`: the whole picture at 224 x 224; the centre of 256 x 256, as `pretrained_classifier`
  sees it; the centre of 224 x 224, enlarged.
- `scale`: features less their mean, divided by their deviation, by its square root (as
  `solve_probe` does), by one number for all. Of 500 training digits of MNIST as well.
- `copies`: with an augmented copy of every training picture (`augment="standard"`).
- `deeper`: `fine_tune` of the head alone and of the last stage too, two times five folds: by how
  much the last stage lowers the log loss on the fifth of its rows that `fine_tune` validates on,
  in standard errors, and the log loss of both on the fold, which neither saw.
"""

import argparse
import os
import pathlib
import shutil
import tempfile

BACKBONES = ("MobileNetV2_0.35", "EfficientNetLite0")
PARTS = ("crop", "scale", "copies", "deeper")
STRENGTHS = [10.0 ** (location / 2) for location in range(-6, 4)]
REPEATS, FOLDS, DIGITS, SIDE, LOADED = 6, 5, 500, 224, 256


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        shutil.copytree(flags.data / "keras_home", home, dirs_exist_ok=True)
        os.environ["KERAS_HOME"] = home  # before Keras is imported
        measured = dict(zip(PARTS, (crop, scale, copies, deeper), strict=True))
        for part in flags.parts:
            for backbone in BACKBONES:
                for line in measured[part](flags.data, backbone):
                    print(f"{part:6} {backbone:17} {line}", flush=True)


def crop(folder, backbone):
    """Yield a line for each way to see the picture."""
    for name, size in (("whole", SIDE), ("centre", LOADED), ("enlarged", SIDE)):
        images, labels, _ = ants_and_bees(folder, size)
        if name == "enlarged":
            edge = SIDE // 16  # what a crop of 0.875 leaves out on each side
            images = images[:, edge:-edge, edge:-edge]
        yield f"{name:12} {figures([features(images, backbone)], labels)}"


def scale(folder, backbone):
    """Yield a line for each scale and set of pictures."""
    images, labels, _ = ants_and_bees(folder, LOADED)
    for name, pictures, classes in (("ants, bees", images, labels), ("MNIST", *digits(folder))):
        found = features(pictures, backbone)
        for power, title in ((1, "deviation"), (0.5, "square root"), (0, "one number")):
            yield f"{name:10} {title:12} {figures([found], classes, power)}"


def copies(folder, backbone):
    """Yield a line without and with augmented copies of the training rows."""
    import numpy as np
    import tensorflow as tf

    from kerakit.training.rows.augment import augmentation

    images, labels, spec = ants_and_bees(folder, LOADED)
    change = augmentation("standard", spec)
    name = spec.features[0].name
    changed = [
        change(({name: tf.constant(images[i : i + 32])}, None), tf.constant([1, i], "int64"))[0]
        for i in range(0, len(images), 32)
    ]
    other = features(np.concatenate([batch[name] for batch in changed]), backbone)
    own = features(images, backbone)
    yield f"{'as they are':12} {figures([own], labels)}"
    yield f"{'and a copy':12} {figures([own, other], labels)}"


def deeper(folder, backbone):
    """Yield a line for each fold, and one for those of them where the last stage is kept."""
    import numpy as np

    found = []
    for seed, data in folds(folder):
        fall, losses = head_and_last_stage(data, backbone, seed)
        found.append([fall, *losses])
        yield f"fall {fall:5.1f} errors  log loss head {losses[0]:.3f}, last stage {losses[1]:.3f}"
    found = np.array(found)
    for least in (0, 1, 2):
        kept = found[found[:, 0] > least]
        means = ", ".join(f"{mean:.3f}" for mean in kept[:, 1:].mean(0)) if len(kept) else "-"
        yield f"fall above {least} errors: {len(kept)} of {len(found)}, log losses {means}"


def head_and_last_stage(data, backbone, seed):
    """The fall in standard errors, and the log losses on the test rows of head and last stage."""
    import keras
    import numpy as np

    import kerakit as kk

    keras.backend.clear_session()
    test, losses = data.table("test"), []
    for strategy in ("head", "last_blocks"):
        model = kk.pretrained_classifier(data.spec, backbone=backbone)
        history = kk.fine_tune(model, data, strategy=strategy, seed=seed, verbose=0)
        answers = model.predict(test.features, verbose=0)
        right = answers[np.arange(len(test)), test.target]
        losses.append(float(-np.log(np.maximum(right, 1e-7)).mean()))
    stage = history.stages[-1]
    return stage["fall"] / stage["standard_error"], losses


def folds(folder):
    """Yield a seed and the `Data` of a fold, whose test rows are the fold."""
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    import kerakit as kk

    pictures = folder / "images" / "hymenoptera" / "train"
    files = np.array(sorted(path for path in pictures.glob("*/*")))
    classes = np.array([path.parent.name for path in files])
    for repeat in range(2):
        parts = StratifiedKFold(FOLDS, shuffle=True, random_state=repeat)
        for fold, rows in enumerate(parts.split(files, classes)):
            with tempfile.TemporaryDirectory() as copy:
                for split, chosen in zip(("train", "test"), rows, strict=True):
                    for path in files[chosen]:
                        link = pathlib.Path(copy, split, path.parent.name, path.name)
                        link.parent.mkdir(parents=True, exist_ok=True)
                        link.symlink_to(path.resolve())
                seed = repeat * FOLDS + fold
                yield seed, kk.load_images(copy, image_size=LOADED, seed=seed)


def ants_and_bees(folder, size):
    """Training and validation pictures, their classes, and the `Spec`."""
    import numpy as np

    import kerakit as kk

    data = kk.load_images(folder / "images" / "hymenoptera", image_size=size)
    tables = [data.table(split) for split in ("train", "validation")]
    images = np.concatenate([next(iter(table.features.values())) for table in tables])
    return images, np.concatenate([table.target for table in tables]), data.spec


def digits(folder):
    """The first training digits of MNIST, and what they are."""
    import tensorflow_datasets as tfds

    options = {"data_dir": folder / "tfds", "download": False, "batch_size": DIGITS}
    rows = tfds.as_numpy(tfds.load("mnist", split=f"train[:{DIGITS}]", **options))
    (batch,) = rows
    return batch["image"], batch["label"]


def features(images, backbone):
    """What the frozen backbone gives for pictures, averaged over their pixels."""
    import keras

    import kerakit as kk

    model = kk.pretrained_classifier(
        images.shape[1:], classes=2, backbone=backbone, image_size=SIDE
    )
    trunk = model.get_layer("network").get_layer("backbone")
    frozen = keras.Sequential(
        [model.get_layer("preprocess"), trunk, keras.layers.GlobalAveragePooling2D()]
    )
    return frozen.predict(images, batch_size=32, verbose=0).astype("float64")


def figures(versions, labels, power=0.5):
    """Cross-validate; `versions` are features of the pictures, and of copies to train on too."""
    import warnings

    import numpy as np
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    warnings.simplefilter("ignore", ConvergenceWarning)
    losses, right = np.zeros((2, len(STRENGTHS), REPEATS, len(labels)))
    for repeat in range(REPEATS):
        parts = StratifiedKFold(FOLDS, shuffle=True, random_state=repeat)
        for train, held in parts.split(labels, labels):
            rows = np.concatenate([version[train] for version in versions])
            deviation = np.maximum(rows.std(0), 1e-6)
            divisor = deviation**power * np.sqrt(np.mean(deviation**2)) ** (1 - power)
            solver = LogisticRegression(max_iter=500, warm_start=True)
            for location, strength in enumerate(STRENGTHS):
                solver.set_params(C=strength)
                solver.fit((rows - rows.mean(0)) / divisor, np.tile(labels[train], len(versions)))
                chances = solver.predict_proba((versions[0][held] - rows.mean(0)) / divisor)
                own = chances[np.arange(len(held)), labels[held]]
                losses[location, repeat, held] = -np.log(np.maximum(own, 1e-9))
                right[location, repeat, held] = chances.argmax(1) == labels[held]
    best = losses.mean((1, 2)).argmin()
    return (
        f"log loss {losses[best].mean():.3f}  accuracy {right[best].mean():.3f}  "
        f"C {STRENGTHS[best]:.3g}"
    )


if __name__ == "__main__":
    main()
