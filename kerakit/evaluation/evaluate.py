"""`evaluate`: metrics of a trained model on the test split, beside baselines."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from kerakit.builders.contract import check_inputs, quantiles_of
from kerakit.checks import check, check_choice, check_levels, short_repr
from kerakit.data.check import check_data
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError, DataError
from kerakit.evaluation.baselines.custom import check_baselines, fit_custom
from kerakit.evaluation.batches import is_empty, split_size
from kerakit.evaluation.checks import check_shape, dataset_name
from kerakit.evaluation.environment import environment
from kerakit.evaluation.metrics.custom import check_metrics
from kerakit.evaluation.plots.fonts import drawable
from kerakit.evaluation.plots.importance import importance
from kerakit.evaluation.plots.training import learning_curves
from kerakit.evaluation.report.importance import loss_name
from kerakit.evaluation.report.report import Report
from kerakit.evaluation.report.run_files import STAGES, read_history, write_run
from kerakit.evaluation.tasks.measured import MeasureOptions
from kerakit.evaluation.tasks.registry import MEASURE
from kerakit.status import status

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data

__all__ = ["evaluate"]

_NOT_DRAWN = (
    "No installed font has the characters of some class names. The plots show these classes as "
    "class 0, class 1, ..., numbered in the order of the table of classes."
)


def evaluate(
    model: keras.Model,
    data: Data,
    *,
    run_dir: str | os.PathLike[str] | None = None,
    history: Any = None,
    metrics: Mapping[str, Any] | Sequence[Any] | None = None,
    baselines: Mapping[str, Any] | None = None,
    quantiles: Sequence[float] | None = None,
    details: Mapping[str, Any] | None = None,
    verbose: Literal["auto", 0, 1] = "auto",
) -> Report:
    """Evaluate a model on the test split and compare it with simple baselines.

    The baselines are a constant (the mean, or the majority class), a linear model and, for
    tables, gradient boosting; for forecasts the last season and a linear model; for tags the
    most frequent tag of each word. The report of a table also has the importance of each
    column: how much the main loss increases when it is shuffled among the test rows.
    Each of several targets is measured by itself, in its own unit.
    The report of a classifier also has metrics of each class, the classes that are confused
    most often, and confident errors: the images, texts or series that are misclassified with
    the highest confidence. Rows are read and predicted batch by batch, so that memory does not
    grow with images, windows or tags. Sample weights are not used.

    Args:
        model: `keras.Model`. It takes raw features. It predicts `(batch,)` or
            `(batch, targets)` for numbers in the targets' units, `(batch, classes)`
            probabilities for classes and labels, `(batch, horizon)` or
            `(batch, horizon, channels)` for forecasts in the series' units, and
            `(batch, tokens, classes)` probabilities for tags. It is evaluated in the present
            precision of its layers, which is float32 for the served model. If it has a
            sub-model `preprocess`, that encodes the columns for the linear baseline of a table.
        data: `Data`. The baselines are fitted on its training split. The model and the
            baselines are evaluated on its test split.
        run_dir: path or `None`. Folder for `metrics.json`, `plots/*.png` and `report.html`.
            Defaults to `None`: no file is written and no plot is drawn.
        history: `keras.callbacks.History`, dict of lists, or `None`. For the learning curves.
            The history of `fine_tune` also has the stages, and that of `fit` what became of
            the linear path. Defaults to `None`: `run_dir/history.csv` if it exists.
        metrics: dict from a new name to a function of `(y, prediction)` that returns a number,
            or `None`. They are computed for the model and for each baseline, and stand in the
            report and in `metrics.json` after the built-in metrics; NaN becomes `None`. The
            arrays are those of the whole test split:

            - regression: true values and predictions in the target's unit, of shape `(n,)` or
              `(n, targets)`; of a quantile regressor the median is passed.
            - one label: class ids of shape `(n,)`, in the order of `data.spec.classes`, and
              probabilities of shape `(n, classes)`, for two classes too. A metric of labels
              takes `p.argmax(axis=1)`, one of the positive class `p[:, 1]`.
            - several labels: 0 or 1 and probabilities, both of shape `(n, classes)`.
            - forecasts: true values and forecasts of shape `(n, horizon[, channels])`.
            - tags: class ids of shape `(tokens,)` and probabilities of shape
              `(tokens, classes)`, of the tokens of all sentences.

            A metric of Keras, or its name, stands for a function; a list of them is named by
            their names. They get the form that they take, as in `compile`.
        baselines: dict from a new name to one of the following, or `None`. They stand in the
            report after the built-in baselines, and in `metrics.json` under `"baseline"`.

            - A scikit-learn estimator. It is cloned and fitted on all rows of the training
              split. Numeric columns are passed as an array of shape `(n, columns)`, in the order
              of `data.spec.feature_names`, with NaN for missing numbers; columns of numbers and
              strings as a `pandas.DataFrame`; texts as an array of `str`; images, windows and
              series as rows of numbers. The target is numbers or class ids; a classifier needs
              `predict_proba`.
            - A function of a batch of test features, a dict from name to an array of shape
              `(n, ...)`. It returns an array of the shape that the model predicts.
            - `None` under the name of a built-in baseline, which leaves that one out:
              `{"gradient_boosting": None}`.
        quantiles: sequence of floats in the range (0.0, 1.0), increasing, or `None`. Levels of
            a quantile regressor, which predicts `(batch, quantiles)`. The middle level is the
            prediction; the first and the last are the interval. Defaults to `None`: the levels
            that the builder got.
        details: dict or `None`. Facts about the run for the report: `name`, `version`, `seed`,
            `seconds` (dict), `cpu_seconds`, `epochs`, `preset`, `config` (dict), `command`.
            Defaults to `None`.
        verbose: `"auto"`, 0 or 1. Whether the report is printed. Defaults to `"auto"`: it is
            printed on a terminal.

    Returns:
        `Report`.

    Raises:
        ArgumentError: when an argument is wrong: `run_dir` is a file, a metric does not return
            a number, a baseline cannot be fitted, or a name is taken.
        DataError: when the model or a baseline does not fit the data, or there is no test row.
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

    Metrics and baselines of your own:

    >>> from sklearn.tree import DecisionTreeRegressor
    >>> report = evaluate(
    ...     model,
    ...     tables.Data(rows, None, rows, spec),
    ...     metrics={"worst error": lambda y, p: np.abs(y - p).max()},
    ...     baselines={
    ...         "tree": DecisionTreeRegressor(),
    ...         "half": lambda features: features["x"] / 2,
    ...     },
    ...     verbose=0,
    ... )
    >>> report.test["worst error"], report.baseline["half"]["worst error"]
    (2.0, 1.0)
    >>> report.baseline["tree"]["mae"]
    0.0
    """
    details = dict(details or {})
    check(hasattr(model, "predict"), "evaluate", "model", "a keras.Model", model)
    check_data("evaluate", data)
    check_choice("evaluate", "verbose", verbose, ("auto", 0, 1))
    with status("Evaluating the model", verbose and "auto"):
        report = _report(model, data, run_dir, history, metrics, baselines, quantiles, details)
    if verbose == 1 or (verbose == "auto" and sys.stdout.isatty()):
        print(report)
    return report


def _report(model, data, run_dir, history, metrics, baselines, quantiles, details):
    """The `Report`, and its files where there is a folder for them."""
    from kerakit.builders.answering import answering

    start, spec = time.perf_counter(), data.spec
    options = _options(model, data, run_dir, quantiles, metrics, baselines)
    made = answering(model, "evaluate")
    promise = ""
    if made.calibration is not None:
        promise = made.calibration.promise
        levels = made.levels or options.quantiles
        options = dataclasses.replace(options, quantiles=levels, sets=made.sets)
        details["calibration"] = made.calibration.line.removeprefix("calibration: ")
    path = getattr(history, "linear_path", "")
    if path:
        details["linear path"] = path.removeprefix("linear path: ")
    found = MEASURE[TASKS[spec.task].answer](made.model, data, options)
    counts = {split: split_size(data, split) for split in ("train", "validation")}
    report = Report(
        task=spec.task,
        test=found.test,
        baseline=found.baseline,
        counts=counts | {"test": found.rows},
        unit=spec.target.unit,
        notes=tuple(filter(None, (*found.notes, promise))),
        stages=tuple(getattr(history, "stages", ())),
        **found.fields,
    )
    if run_dir is not None:
        history = read_history(history, run_dir)
        with status("Drawing the plots"):
            figures = found.draw()
        if report.importance:
            loss = loss_name(report.importance, report.unit)
            figures["importance"] = importance(report.importance["columns"], loss)
        if history and not _is_point(history):
            figures["learning_curves"] = learning_curves(history, report.stages)
        if list(drawable(spec.classes)) != list(spec.classes):
            report = dataclasses.replace(report, notes=(*report.notes, _NOT_DRAWN))
        folder = pathlib.Path(run_dir)
        paths = {name: folder / "plots" / f"{name}.png" for name in figures}
        report = dataclasses.replace(report, plots=paths, path=folder / "report.html")
        values = _metrics_json(report, spec, history, details, time.perf_counter() - start)
        write_run(folder, report, spec, figures, values, details)
    return report


def _options(model, data, run_dir, quantiles, metrics, baselines):
    """Check all arguments before anything costs time, then fit the user's baselines."""
    spec = data.spec
    if spec.task not in TASKS:
        raise ArgumentError(
            f"evaluate needs data of one of the tasks {', '.join(TASKS)}. Got task "
            f"{short_repr(spec.task)}."
        )
    if run_dir is not None:
        path = pathlib.Path(run_dir)
        file = next((parent for parent in (path, *path.parents) if parent.is_file()), None)
        expected = (
            f"a folder, or a path where one can be made, but {short_repr(str(file))} is a file"
        )
        check(file is None, "evaluate", "run_dir", expected, str(run_dir))
    metrics = check_metrics(metrics, spec.task, len(spec.classes))
    baselines, without = check_baselines(baselines, spec)
    numbers = TASKS[spec.task].answer == "numbers"
    if quantiles is None and numbers:
        quantiles = quantiles_of(model)
    if quantiles is not None:
        quantiles = check_levels("evaluate", "quantiles", quantiles)
    if quantiles is not None and not (numbers and len(spec.target.names) == 1):
        raise ArgumentError(
            "The 'quantiles' parameter of evaluate is for the regression of one target. Got "
            f"task {spec.task!r} with {len(spec.target.names)} target(s) instead."
        )
    for split in ("train", "test"):
        if is_empty(data, split):
            raise DataError(
                f"evaluate: {dataset_name(spec)} has no {split} rows. The model is evaluated on "
                "the test split, and the baselines are fitted on the training split. Load the "
                "data with both."
            )
    check_inputs("evaluate", model, spec, single_by_name=False)
    try:
        shape = model.output_shape
    except (AttributeError, ValueError):
        shape = None  # not static: the shape of the first predictions is checked
    if shape is not None:
        check_shape(shape, spec, quantiles)
    fitted = fit_custom(baselines, data)
    return MeasureOptions(quantiles, run_dir is not None, metrics, fitted, without)


def _is_point(history):
    """Whether the history has one epoch only: that of a head that was solved in one step."""
    return "stage" in history and len(history["stage"]) == 1


def _metrics_json(report, spec, history, details, seconds):
    """The contents of `metrics.json`; a value that is unknown is `None`."""
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
        **({"per_target": report.per_target} if report.per_target else {}),
        **({"per_series": report.per_series} if report.per_series else {}),
        **({"by_horizon": report.by_horizon} if report.by_horizon else {}),
        **({"per_class": report.per_class} if report.per_class else {}),
        **({"per_entity": report.per_entity} if report.per_entity else {}),
        **({"confused": list(report.confused)} if report.per_class else {}),
        **({"importance": report.importance} if report.importance else {}),
        "counts": report.counts,
        "seconds": dict.fromkeys(STAGES) | {"evaluate": seconds} | given,
        "cpu_seconds": details.get("cpu_seconds"),
        "epochs": epochs,
        **({"stages": list(report.stages)} if report.stages else {}),
        "environment": environment(),
    }
