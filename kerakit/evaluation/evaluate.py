"""`evaluate`: a trained model on the test split, beside its baselines."""

import dataclasses
import pathlib
import sys
import time

import numpy as np

from kerakit.checks import check, check_choice
from kerakit.errors import ArgumentError, DataError
from kerakit.evaluation import inputs, metrics
from kerakit.evaluation.baselines import fit_baselines
from kerakit.evaluation.batches import split_size
from kerakit.evaluation.confusion import most_confused, per_class
from kerakit.evaluation.environment import environment
from kerakit.evaluation.figures import figures_of
from kerakit.evaluation.fonts import drawable
from kerakit.evaluation.predictions import predict_test
from kerakit.evaluation.run_files import STAGES, read_history, write_run
from kerakit.evaluation.summary import Report
from kerakit.evaluation.worst_errors import MostConfidentErrors

__all__ = ["evaluate"]

TASKS = ("regression", "binary", "multiclass", "multilabel")
_UNDRAWN = (
    "No installed font can draw some of the class names; in the plots they stand as class 0, "
    "1, ..., their place in the table of classes."
)


def evaluate(
    model, data, *, run_dir=None, history=None, quantiles=None, details=None, verbose="auto"
):
    """Measure a model on the test split, beside a constant and a linear baseline.

    A number says little alone: the report opens with how far the model is from what needs
    no network. Classifiers get how each class fares and which are taken for which; image
    classifiers also the pictures they got wrong with the most confidence. Images are read
    and predicted batch by batch, so that memory does not grow with the split. Sample weights
    are not used.

    Args:
        model: `keras.Model`. Raw features in. Answers `(batch,)` or `(batch, targets)` for
            numbers in the targets' units, `(batch, classes)` probabilities for classes
            and labels. It is measured in the precision that its layers have now, float32
            for what is served. Where it has a sub-model `preprocess`, the linear baseline
            gets the same columns, standardised and one-hot encoded.
        data: `Data`. The baselines are fitted on its training split, everything is
            measured on its test split.
        run_dir: path or `None`. Folder that receives `metrics.json`, `plots/*.png` and
            `report.html`. Defaults to `None`: nothing is written or drawn.
        history: `keras.callbacks.History`, dict of lists, or `None`. For the learning
            curves; that of `fine_tune` also tells the stages. Defaults to `None`:
            `run_dir/history.csv` where it exists.
        quantiles: sequence of floats in the range (0.0, 1.0), increasing, or `None`. The
            levels of a quantile regressor, whose answer is `(batch, quantiles)`. The
            level nearest to 0.5 is the prediction; the first and last are the interval.
            Defaults to `None`: those that the builder got.
        details: dict or `None`. What the caller knows of the run: `name`, `version`,
            `seed`, `seconds` (dict), `cpu_seconds`, `epochs`, `preset`, `config` (dict),
            `command`. Defaults to `None`.
        verbose: `"auto"`, 0 or 1. Whether the result is printed. Defaults to `"auto"`:
            printed on a terminal.

    Returns:
        `Report`.

    Raises:
        ArgumentError: when `run_dir` is a file, or another argument is wrong.
        DataError: when the model and the data do not fit together, or there is no test
            row.
        KerakitError: when predictions are NaN or infinite.

    Example:

    >>> import keras
    >>> from kerakit.data import data as tables, spec as specs
    >>> rows = tables.Table({"x": np.array([0, 1, 2], "float32")}, np.array([0.0, 1, 2]))
    >>> spec = specs.Spec("regression", (specs.Feature("x"),))
    >>> x = keras.Input((), name="x")
    >>> model = keras.Model({"x": x}, keras.layers.Rescaling(2.0)(x))
    >>> report = evaluate(model, tables.Data(rows, None, rows, spec), verbose=0)
    >>> report.test["mae"], report.baseline["linear"]["mae"] < 1e-6
    (1.0, True)
    """
    start, spec, details = time.perf_counter(), data.spec, dict(details or {})
    check_choice("evaluate", "verbose", verbose, ("auto", 0, 1))
    quantiles = _check(model, data, run_dir, quantiles)
    baselines, notes = fit_baselines(data, _plain_encoding(model, spec))
    errors = MostConfidentErrors() if run_dir is not None and _shows_images(spec) else None
    y, answers = predict_test(model, data, baselines, quantiles, errors)
    p, lower, upper = answers.pop("model"), None, None
    if quantiles is not None:
        lower, upper = (p[:, 0], p[:, -1]) if len(quantiles) > 1 else (None, None)
        p = p[:, int(np.argmin(np.abs(np.subtract(quantiles, 0.5))))]
    test = _measure(spec, y, p)
    if lower is not None:
        test |= metrics.interval_metrics(y, lower, upper)
    counts = {split: split_size(data, split) for split in ("train", "validation")}
    report = Report(
        task=spec.task,
        test=test,
        baseline={name: _measure(spec, y, answer) for name, answer in answers.items()},
        counts=counts | {"test": len(y)},
        unit=spec.target.unit,
        notes=tuple(notes),
        stages=tuple(getattr(history, "stages", ())),
        **_of_classes(spec, y, p),
    )
    if run_dir is not None:
        history = read_history(history, run_dir)
        figures = figures_of(
            spec, y, p, test,
            history=history, stages=report.stages, lower=lower, upper=upper,
            errors=errors.errors if errors else (),
        )  # fmt: skip
        if list(drawable(spec.classes)) != list(spec.classes):
            notes.append(_UNDRAWN)
            report = dataclasses.replace(report, notes=tuple(notes))
        folder = pathlib.Path(run_dir)
        paths = {name: folder / "plots" / f"{name}.png" for name in figures}
        report = dataclasses.replace(report, plots=paths, path=folder / "report.html")
        values = _metrics_json(report, spec, history, details, time.perf_counter() - start)
        write_run(folder, report, spec, figures, values, details)
    if verbose == 1 or (verbose == "auto" and sys.stdout.isatty()):
        print(report)
    return report


def _check(model, data, run_dir, quantiles):
    """Refuse what cannot work before anything costs time; return the quantiles as a tuple."""
    spec = data.spec
    if spec.task not in TASKS:
        raise ArgumentError(f"evaluate measures {', '.join(TASKS)}. Got task {spec.task!r}.")
    if run_dir is not None:
        path = pathlib.Path(run_dir)
        file = next((part for part in (path, *path.parents) if part.is_file()), None)
        expected = f"a folder, or a path where one can be made, but {file} is a file"
        check(file is None, "evaluate", "run_dir", expected, str(run_dir))
    if quantiles is None and spec.task == "regression":
        from kerakit.builders.heads import quantiles_of  # imports keras

        quantiles = quantiles_of(model)
    quantiles = inputs.check_quantiles(quantiles, spec)
    for split in ("train", "test"):
        table = data.table(split)
        if (getattr(data, split) if table is None else table) is None or split_size(
            data, split
        ) == 0:
            raise DataError(
                f"{spec.dataset or 'The data'} has no {split} rows; evaluate needs the test "
                "split to measure on and the training split to fit the baselines."
            )
    inputs.check_inputs(model, spec)
    try:
        shape = model.output_shape
    except (AttributeError, ValueError):
        return quantiles  # a model without a static shape is checked by its first answer
    inputs.check_output_shape(shape, spec, quantiles)
    return quantiles


def _plain_encoding(model, spec):
    """The columns as a linear model takes them: no bins or polynomials, which would overfit it.

    A model without a `preprocess`, or data without statistics, gives what it has.
    """
    from kerakit.builders.preprocessing import Encoding, tabular_preprocess

    preprocess = next((x for x in model.layers if x.name == "preprocess"), None)
    known = all(
        feature.kind == "categorical" and feature.vocabulary
        if feature.dtype == "string"
        else feature.kind == "numeric" and feature.mean is not None
        for feature in spec.features
    )
    if preprocess is None or not known:
        return preprocess
    return tabular_preprocess(spec, Encoding(embedding="auto"))[1]


def _shows_images(spec):
    """Whether there is an image to show beside each single label."""
    image = len(spec.features) == 1 and spec.features[0].kind == "image"
    return image and spec.task in ("binary", "multiclass") and len(spec.features[0].shape) == 3


def _of_classes(spec, y, p):
    """How single labels fare one by one, as fields of a `Report`."""
    if spec.task not in ("binary", "multiclass"):
        return {}
    label = p.argmax(axis=1)
    return {
        "per_class": per_class(y, label, spec.classes),
        "confused": tuple(most_confused(y, label, spec.classes)),
    }


def _measure(spec, y, p):
    if spec.task == "regression":
        return metrics.regression_metrics(y, p)
    if spec.task == "multilabel":
        return metrics.multilabel_metrics(y, p)
    return metrics.classification_metrics(y, p)


def _metrics_json(report, spec, history, details, seconds):
    """The contents of `metrics.json`; what is not known is `None`."""
    given = details.get("seconds") or {}
    epochs = details.get("epochs")
    if epochs is None and history:
        epochs = max(map(len, history.values()))
    return {
        "task": spec.task,
        "dataset": spec.dataset or None,
        "name": details.get("name"),
        "version": details.get("version"),
        "seed": details.get("seed", spec.seed),
        "test": report.test,
        "baseline": report.baseline,
        **({"per_class": report.per_class} if report.per_class else {}),
        **({"confused": list(report.confused)} if report.per_class else {}),
        "counts": report.counts,
        "seconds": dict.fromkeys(STAGES) | {"evaluate": seconds} | given,
        "cpu_seconds": details.get("cpu_seconds"),
        "epochs": epochs,
        **({"stages": list(report.stages)} if report.stages else {}),
        "environment": environment(),
    }
