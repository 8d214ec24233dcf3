"""`evaluate`: a trained model on the test split, beside its baselines."""

import dataclasses
import pathlib
import sys
import time

from kerakit.builders.contract import check_inputs, check_quantiles, quantiles_of
from kerakit.checks import check, check_choice
from kerakit.errors import ArgumentError, DataError
from kerakit.evaluation.batches import is_empty, split_size
from kerakit.evaluation.environment import environment
from kerakit.evaluation.plots.figure import learning_curves
from kerakit.evaluation.plots.fonts import drawable
from kerakit.evaluation.report.report import Report
from kerakit.evaluation.report.run_files import STAGES, read_history, write_run
from kerakit.evaluation.tasks.registry import TASKS

__all__ = ["evaluate"]

_UNDRAWN = (
    "No installed font can draw some of the class names; in the plots they stand as class 0, "
    "1, ..., their place in the table of classes."
)


def evaluate(
    model, data, *, run_dir=None, history=None, quantiles=None, details=None, verbose="auto"
):
    """Measure a model on the test split, beside what needs no network.

    A number says little alone: the report opens with how far the model is from a constant
    and a linear model; of a forecast, from its last season and a linear model; of tags, from
    the most frequent tag of each word. Classifiers get how each class fares and which are
    taken for which, and the pictures, texts or series that they got wrong with the most
    confidence. Rows are read and predicted batch by batch, so that memory does not grow
    with images, windows or tags. Sample weights are not used.

    Args:
        model: `keras.Model`. Raw features in. Answers `(batch,)` or `(batch, targets)` for
            numbers in the targets' units, `(batch, classes)` probabilities for classes
            and labels, `(batch, horizon)` or `(batch, horizon, channels)` for forecasts in
            the series' units, `(batch, tokens, classes)` probabilities for tags. It is
            measured in the precision that its layers have now, float32 for what is served.
            Where it has a sub-model `preprocess`, the linear baseline of a table gets the
            same columns, standardised and one-hot encoded.
        data: `Data`. The baselines are fitted on its training split, everything is
            measured on its test split.
        run_dir: path or `None`. Folder that receives `metrics.json`, `plots/*.png` and
            `report.html`. Defaults to `None`: nothing is written or drawn.
        history: `keras.callbacks.History`, dict of lists, or `None`. For the learning
            curves; that of `fine_tune` also tells the stages, and that of `fit` what became of
            a linear path. Defaults to `None`: `run_dir/history.csv` where it exists.
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

    >>> import keras, numpy as np
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
    path = getattr(history, "linear_path", "")
    if path:
        details["linear path"] = path.removeprefix("linear path: ")
    found = TASKS[spec.task].measure(model, data, quantiles, run_dir is not None)
    counts = {split: split_size(data, split) for split in ("train", "validation")}
    report = Report(
        task=spec.task,
        test=found.test,
        baseline=found.baseline,
        counts=counts | {"test": found.rows},
        unit=spec.target.unit,
        notes=tuple(found.notes),
        stages=tuple(getattr(history, "stages", ())),
        **found.fields,
    )
    if run_dir is not None:
        history = read_history(history, run_dir)
        figures = found.draw()
        if history and not _is_point(history):
            figures["learning_curves"] = learning_curves(history, report.stages)
        if list(drawable(spec.classes)) != list(spec.classes):
            report = dataclasses.replace(report, notes=(*report.notes, _UNDRAWN))
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
        quantiles = quantiles_of(model)
    quantiles = check_quantiles("evaluate", quantiles, odd=False)
    if quantiles is not None and (spec.task != "regression" or len(spec.target.names) != 1):
        raise ArgumentError(
            "The 'quantiles' parameter of evaluate is for the regression of one target. Got "
            f"task {spec.task!r} with {len(spec.target.names)} target(s) instead."
        )
    for split in ("train", "test"):
        if is_empty(data, split):
            raise DataError(
                f"{spec.dataset or 'The data'} has no {split} rows; evaluate needs the test "
                "split to measure on and the training split to fit the baselines."
            )
    check_inputs("evaluate", model, spec, single_by_name=False)
    try:
        shape = model.output_shape
    except (AttributeError, ValueError):
        return quantiles  # a model without a static shape is checked by its first answer
    TASKS[spec.task].check_shape(shape, spec, quantiles)
    return quantiles


def _is_point(history):
    """Whether all that there is of fine-tuning is a head that was solved in one step."""
    return "stage" in history and len(history["stage"]) == 1


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
        **({"by_horizon": report.by_horizon} if report.by_horizon else {}),
        **({"per_class": report.per_class} if report.per_class else {}),
        **({"confused": list(report.confused)} if report.per_class else {}),
        "counts": report.counts,
        "seconds": dict.fromkeys(STAGES) | {"evaluate": seconds} | given,
        "cpu_seconds": details.get("cpu_seconds"),
        "epochs": epochs,
        **({"stages": list(report.stages)} if report.stages else {}),
        "environment": environment(),
    }
