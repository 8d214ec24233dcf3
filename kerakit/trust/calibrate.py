"""`calibrate`: from here on, every answer of a model says how sure it is."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import TYPE_CHECKING

import numpy as np

from kerakit.builders.contract import (
    Calibration,
    Probabilities,
    calibration_of,
    crf_of,
    quantiles_of,
    remember_calibration,
    weights_number,
)
from kerakit.checks import check, check_float
from kerakit.data.check import check_data
from kerakit.data.tasks import TASKS
from kerakit.errors import DataError
from kerakit.files import write_json
from kerakit.status import status
from kerakit.trust.conformal import check_row_count
from kerakit.trust.intervals import (
    fit_forecast_intervals,
    fit_intervals,
    fit_member_quantile_intervals,
    fit_quantile_intervals,
)
from kerakit.trust.probabilities import fit_probabilities, log_losses
from kerakit.trust.rows import (
    OWNER,
    HeldOutRows,
    answers_to,
    columns_of_rows,
    held_out_rows,
    scales_of_rows,
)
from kerakit.trust.sets import fit_sets

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data
    from kerakit.data.spec import Spec

__all__ = ["calibrate"]

FILE = "calibration.json"
MOST_COLUMNS = 1_000  # that a spread reads


def calibrate(
    model: keras.Model,
    data: Data,
    coverage: float = 0.9,
    *,
    run_dir: str | os.PathLike[str] | None = None,
) -> Calibration:
    """Make the answers of a trained model say how sure they are.

    From here on `kk.predict`, `kk.evaluate` and `kk.export` use what is found; `model.predict`
    returns the network's numbers as before.

    - Numbers get an interval (`lower`, `upper`) that has the true value of new rows with a
      probability of `coverage`, each target by itself: split conformal prediction. It is narrow
      where the model is usually right. The interval of a quantile regressor is made longer or
      shorter until it covers.
    - Forecasts get an interval for each step ahead and each channel; of several series in
      proportion to the scale of the window. The intervals of a forecaster of quantiles are made
      longer or shorter until they cover.
    - Probabilities of one label get a temperature, or from 1,000 rows on monotone curves where
      these are better by more than chance. The `set` of a row has its true label with a
      probability of `coverage`: RAPS.
    - Probabilities of several labels, and of the tags of tokens, get a temperature or curves; a
      tagger with `scheme=`, whose sequences of tags stay the same, gets a temperature.

    It is found on rows that the weights were not fitted to: of a table's members on all training
    and validation rows, each answered by the member that left it out; of models that are solved
    once more with the validation rows, on these, as they were answered before; of other models on
    the validation rows. The promise holds for new rows that could have come in any order with
    those. Windows of a series could not: there it is an expectation for a future like the past.
    Where a model chose its best epoch by the validation rows, intervals are slightly too narrow.

    `kk.fit` makes a model forget its calibration. A model whose weights changed otherwise is
    refused until it is calibrated again.

    Args:
        model: `keras.Model`, trained by `kk.fit` or `kk.fine_tune`.
        data: `Data` that it was trained on.
        coverage: float in the range (0.0, 1.0). Of intervals and sets. Defaults to `0.9`.
        run_dir: path of the folder of the run, or `None`. What is found is written there as
            `calibration.json`. A model with members, or one that was solved, needs it where it
            was trained in another process. Defaults to `None`.

    Returns:
        `Calibration`. Its `line` says what was found.

    Raises:
        ArgumentError: when an argument is wrong.
        DataError: when there are fewer rows than `coverage` needs (9 for 0.9, 99 for 0.99), they
            are all of one class, or the data are others.
        KerakitError: when the model answers with NaN or infinite numbers.

    Example:

    >>> import kerakit as kk
    >>> data = kk.load_builtin("diabetes")
    >>> model = kk.linear_regressor(data)
    >>> kk.compile(model)
    >>> history = kk.fit(model, data, epochs="auto", verbose=0)
    >>> calibration = kk.calibrate(model, data, coverage=0.9)
    >>> answer = kk.predict(model, data.test)
    >>> y = data.table("test").target
    >>> inside = (answer["lower"] <= y) & (y <= answer["upper"])
    >>> bool(0.8 < inside.mean() < 1.0)
    True
    """
    import keras

    check(isinstance(model, keras.Model), OWNER, "model", "a keras.Model", model)
    check_data(OWNER, data)
    coverage = check_float(OWNER, "coverage", coverage, "(0.0, 1.0)")
    run_dir = None if run_dir is None else pathlib.Path(run_dir)
    before = calibration_of(model)
    remember_calibration(model, None)
    try:
        with status("Calibrating the answers"):
            found = _found(model, data, coverage, run_dir)
    except BaseException:
        remember_calibration(model, before)
        raise
    remember_calibration(model, found)
    if run_dir is not None:
        run_dir.mkdir(parents=True, exist_ok=True)
        write_json(run_dir / FILE, found.to_dict())
    return found


def _found(model, data, coverage, run_dir):
    rows, spec = held_out_rows(model, data, run_dir), data.spec
    kind = TASKS[spec.task].answer
    if kind in ("numbers", "forecast", "label"):
        check_row_count(len(rows), coverage, rows.what, OWNER)
    found = Calibration(coverage, len(rows), weights_number(model))
    if kind in ("numbers", "forecast"):
        intervals = _intervals(model, data, rows, coverage)
        line = _interval_line(intervals, rows, spec, coverage)
        return dataclasses.replace(found, intervals=intervals, line=line)
    # A tagger with a CRF answers sequences that its scheme allows; they must stay what they are.
    made, line = _probabilities(rows, kind, coverage, spec, crf_of(model) is not None)
    return dataclasses.replace(found, probabilities=made, line=line)


def _intervals(model, data, rows, coverage):
    levels = quantiles_of(model)
    if TASKS[data.spec.task].answer == "forecast":
        scales = scales_of_rows(model, data, rows.splits) if data.spec.series.id else None
        if levels is not None:
            return fit_quantile_intervals(rows.target, rows.answers, levels, coverage, scales)
        return fit_forecast_intervals(rows.target, rows.answers, coverage, scales)
    if levels is not None:
        target = rows.target.reshape(len(rows))
        if "train" in rows.splits:
            together = answers_to(model, data, rows.splits)
            return fit_member_quantile_intervals(target, rows.answers, together, levels, coverage)
        return fit_quantile_intervals(target, rows.answers, levels, coverage)
    shape = len(rows), len(data.spec.target.names)
    columns = columns_of_rows(model, data, rows.splits, MOST_COLUMNS)
    target, answers = rows.target.reshape(shape), rows.answers.reshape(shape)
    return fit_intervals(target, answers, columns, coverage, data.spec.seed)


def _interval_line(intervals, rows: HeldOutRows, spec: Spec, coverage):
    percent = f"{100 * coverage:g} %"
    if intervals.least is not None:
        change = f"the quantiles' own times {float(intervals.widths):.4g}"
        return f"calibration: intervals of {percent}, {change}, by {len(rows):,} {rows.what}"
    if intervals.column is not None:
        change = _change(intervals)
        return f"calibration: intervals of {percent}, {change}, by {len(rows):,} {rows.what}"
    half = np.atleast_1d(intervals.widths)
    ends = f"± {half.min():.4g}" if np.ptp(half) == 0 else f"± {half.min():.4g} to {half.max():.4g}"
    unit = f" {spec.target.unit}" if spec.target.unit else ""
    if intervals.scaled:
        unit = " scales of the window"
    line = f"calibration: intervals of {percent}, {ends}{unit}"
    if intervals.spread is not None:
        of = "prediction and columns" if intervals.spread.columns else "prediction"
        line += f" for a usual row, more or less by {of}"
    return f"{line}, by {len(rows):,} {rows.what}"


def _change(intervals):
    """By how much the ends of a model's own intervals were moved, in words."""
    low, high = float(intervals.widths.min()), float(intervals.widths.max())
    unit = " scales of the window" if intervals.scaled else ""
    if low < 0 < high:
        return f"from {-low:.4g} shorter to {high:.4g}{unit} longer at each end"
    longer = "longer" if low >= 0 else "shorter"
    least, most = sorted((abs(low), abs(high)))
    amount = f"{least:.4g}" if least == most else f"{least:.4g} to {most:.4g}"
    return f"{amount}{unit} {longer} at each end"


def _probabilities(
    rows: HeldOutRows, kind, coverage, spec: Spec, ordered: bool
) -> tuple[Probabilities, str]:
    y, p = rows.target.astype("int64"), rows.answers.astype("float64")
    independent = kind == "labels"
    if not independent and len(np.unique(y)) < 2:
        raise DataError(
            f"{OWNER}: the {len(rows):,} {rows.what} are all of the class "
            f"{spec.classes[int(y[0])] if len(y) else ''!r}. Probabilities are calibrated by rows "
            "of two classes or more. Load the data with a larger validation_size=."
        )
    made = fit_probabilities(p, y, independent, spec.seed, ordered=ordered)
    calibrated = made.of(p)
    before, after = (log_losses(each, y).mean() for each in (p, calibrated))
    how = f"temperature {made.temperature:.3g}" if made.knots is None else "monotone curves"
    line = f"calibration: {how}, log loss {before:.4g} -> {after:.4g}"
    if kind == "label":
        made = dataclasses.replace(made, sets=fit_sets(calibrated, y, coverage, spec.seed))
        size = made.sets.of(calibrated).sum(axis=1).mean()
        line += f"; sets of {100 * coverage:g} % with {size:.2f} labels on average"
    return made, f"{line}, by {len(rows):,} {rows.what}"
