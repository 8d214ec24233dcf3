"""`evaluate`: a trained model on the test split, beside its baselines."""

import dataclasses
import pathlib
import sys
import time

import numpy as np

from kerakit.checks import check, check_choice
from kerakit.errors import ArgumentError, DataError
from kerakit.evaluation import class_plots, inputs, metrics, plots
from kerakit.evaluation.baselines import fit_baselines
from kerakit.evaluation.environment import environment
from kerakit.evaluation.run_files import STAGES, read_history, write_run
from kerakit.evaluation.summary import Report

__all__ = ["evaluate"]

BATCH = 4096  # rows per call: few calls, little memory
TASKS = ("regression", "binary", "multiclass", "multilabel")


def evaluate(
    model, data, *, run_dir=None, history=None, quantiles=None, details=None, verbose="auto"
):
    """Measure a model on the test split, beside a constant and a linear baseline.

    A number says little alone: the report opens with how far the model is from what needs
    no network. Sample weights are not used.

    Args:
        model: `keras.Model`. Raw features in. Answers `(batch,)` or `(batch, targets)` for
            numbers in the targets' units, `(batch, classes)` probabilities for classes
            and labels. Where it has a sub-model `preprocess`, the linear baseline gets the
            same columns, standardised and one-hot encoded.
        data: `Data`. The baselines are fitted on its training split, everything is
            measured on its test split.
        run_dir: path or `None`. Folder that receives `metrics.json`, `plots/*.png` and
            `report.html`. Defaults to `None`: nothing is written or drawn.
        history: `keras.callbacks.History`, dict of lists, or `None`. For the learning
            curves. Defaults to `None`: `run_dir/history.csv` where it exists.
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
    y, answers = _answers(model, data, baselines, quantiles)
    p, lower, upper = answers.pop("model"), None, None
    if quantiles is not None:
        lower, upper = (p[:, 0], p[:, -1]) if len(quantiles) > 1 else (None, None)
        p = p[:, int(np.argmin(np.abs(np.subtract(quantiles, 0.5))))]
    test = _measure(spec, y, p)
    if lower is not None:
        test |= metrics.interval_metrics(y, lower, upper)
    counts = {split: _count(data, split) for split in ("train", "validation")}
    report = Report(
        task=spec.task,
        test=test,
        baseline={name: _measure(spec, y, answer) for name, answer in answers.items()},
        counts=counts | {"test": len(y)},
        unit=spec.target.unit,
        notes=tuple(notes),
    )
    if run_dir is not None:
        history = read_history(history, run_dir)
        figures = _figures(spec, y, p, test, history, lower, upper)
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
        if (getattr(data, split) if table is None else table) is None or _count(data, split) == 0:
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


def _answers(model, data, baselines, quantiles):
    """Return the test targets and the answers of the model and each baseline, in one pass."""
    targets, answers = [], {name: [] for name in ("model", *baselines)}
    for batch in data.batches("test", BATCH):
        features = batch[0]
        answer = np.asarray(model.predict_on_batch(inputs.arrange(model, features)), np.float32)
        inputs.check_output_shape(answer.shape, data.spec, quantiles)
        targets.append(np.asarray(batch[1]))
        answers["model"].append(answer)
        for name, predict in baselines.items():
            answers[name].append(predict(features))
    if not targets:
        raise DataError(f"{data.spec.dataset or 'The data'} has no test rows to measure on.")
    y = np.concatenate(targets)
    answers = {name: np.concatenate(parts) for name, parts in answers.items()}
    if data.spec.task == "regression" and quantiles is None:
        y = y.reshape(len(y), -1)
        answers = {name: p.reshape(len(y), -1) for name, p in answers.items()}
    inputs.check_targets(y, data.spec)
    inputs.check_predictions(answers["model"], data.spec)
    return y, answers


def _measure(spec, y, p):
    if spec.task == "regression":
        return metrics.regression_metrics(y, p)
    if spec.task == "multilabel":
        return metrics.multilabel_metrics(y, p)
    return metrics.classification_metrics(y, p)


def _figures(spec, y, p, test, history, lower, upper):
    """The plots of the task, in the order of the report."""
    figures = {}
    if spec.task == "regression":
        words = {"names": spec.target.names, "unit": spec.target.unit}
        interval = {"lower": lower, "upper": upper}
        figures["predicted_vs_true"] = plots.predicted_vs_true(y, p, **words, **interval)
        figures["residuals"] = plots.residuals(y, p, **words)
    else:
        if spec.task == "multilabel":
            correct, confidence = (p >= 0.5) == (y == 1), np.maximum(p, 1 - p)
        else:
            label = p.argmax(axis=1)
            correct, confidence = label == y, p.max(axis=1)
            figures["confusion_matrix"] = class_plots.confusion_matrix(y, label, spec.classes)
        figures["roc"] = class_plots.roc(y, p, spec.classes)
        figures["precision_recall"] = class_plots.precision_recall(y, p, spec.classes)
        figures["reliability_diagram"] = class_plots.reliability_diagram(
            confidence.ravel(), correct.ravel(), test["ece"]
        )
    return figures | ({"learning_curves": plots.learning_curves(history)} if history else {})


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
        "counts": report.counts,
        "seconds": dict.fromkeys(STAGES) | {"evaluate": seconds} | given,
        "cpu_seconds": details.get("cpu_seconds"),
        "epochs": epochs,
        "environment": environment(),
    }


def _count(data, split):
    table = data.table(split)
    return data.spec.sizes.get(split) if table is None else len(table)
