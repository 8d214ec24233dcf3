"""`export`: a trained model becomes the next version that TensorFlow Serving serves."""

from __future__ import annotations

import contextlib
import logging
import os
import pathlib
from typing import TYPE_CHECKING, Any

from kerakit.checks import check_choice, check_levels
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError, ExportError
from kerakit.files import write_text
from kerakit.keras_compat import layers_of
from kerakit.serving.contract.manifest import write_manifest
from kerakit.serving.contract.versions import check_model_dir, check_versions, choose_version
from kerakit.serving.exporting.examples import spec_and_examples
from kerakit.serving.exporting.publish import publish
from kerakit.status import telling

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from kerakit.data.data import Data, Table
    from kerakit.data.spec import Spec

__all__ = ["export"]


@telling("Exporting the model")
def export(
    model: keras.Model,
    data: Data | Spec,
    model_dir: str | os.PathLike[str],
    *,
    examples: tf.data.Dataset | Table | dict[str, Any] | None = None,
    version: int | None = None,
    run_dir: str | os.PathLike[str] | None = None,
    verify: bool = True,
) -> pathlib.Path:
    """Export a trained model as the next version of a SavedModel for TensorFlow Serving.

    The server takes what `model.predict` takes: raw named columns. The server answers in
    the user's terms, by task:

    - one label per row: `label`, `confidence` and `probabilities`, and `set` where the model was
      calibrated;
    - several labels per row: `labels` and `probabilities`;
    - numbers: `prediction`, and `lower` and `upper` where the model was calibrated or predicts
      quantiles;
    - a forecast: `forecast`, and `lower` and `upper` where the model was calibrated;
    - tags: `labels` and `confidence` of each token.

    The SavedModel is written to a hidden folder, loaded in a fresh process and compared
    with `model.predict`. Only then is the folder renamed to its version, in one step.

    Args:
        model: `keras.Model`. Raw features in, answer out: `(batch,)` or `(batch, targets)`
            in the targets' units, `(batch, classes)` probabilities, `(batch,
            horizon[, channels])` in the series' units, or `(batch, tokens, classes)`
            probabilities with as many tokens as the longest sentence of the batch has.
        data: `Data` that the model was trained on, or its `Spec`.
        model_dir: path of the model's folder, such as `"saved_models/wine"`. The last part
            of the path is the model's name on the server.
        examples: unbatched `tf.data.Dataset`, `Table`, or dict from feature name to array.
            The first rows (up to 32) are kept with the model's answers as the golden
            sample. Defaults to `None`: the test rows of a `Data`, its validation rows where
            there are no test rows, its training rows where there are neither. Required with
            a `Spec`.
        version: int, or `None` for the highest existing version + 1. Defaults to `None`.
        run_dir: path of the run's folder, whose metrics and preset are copied to the
            manifest, or `None`. Defaults to `None`.
        verify: bool. Whether a fresh process checks the export, about 5 s of CPU time.
            Defaults to `True`.

    Returns:
        `pathlib.Path` of the version's folder, absolute.

    Raises:
        ArgumentError: when the model, `data`, `examples`, `model_dir` or `version` do not
            fit, or the model has other weights than were calibrated. Nothing is written.
        DataError: when the inputs of the model are not the features of the data. Nothing is
            written.
        ExportError: when the disk is full, or the export does not answer as the model
            does. Nothing is left behind.

    Example:

    ```python
    path = kk.export(model, data, "saved_models/wine")
    ```
    """
    from kerakit.builders.answering import answering
    from kerakit.serving.exporting.endpoints import build_endpoints
    from kerakit.serving.exporting.servable import trace_endpoints
    from kerakit.serving.exporting.warmup import write_warmup

    model_dir = check_model_dir("export", "model_dir", model_dir)
    check_versions(model_dir)
    choose_version(model_dir, version)
    run_dir = pathlib.Path(run_dir) if run_dir is not None else None
    spec, examples = spec_and_examples(data, examples)
    golden, manifest = _describe(model, spec, model_dir.name, examples, run_dir)
    made = answering(model, "export")
    served, endpoints = made.model, build_endpoints(made, spec)
    functions = trace_endpoints(served, endpoints)
    tables = endpoints["serving_default"].tables

    def finish(folder, number):
        write_manifest(folder, {**manifest, "version": number})

    with publish(model_dir, version, finish) as publication:
        folder = publication.folder
        with _explained(folder.parent):
            _save(functions, served, tables, folder)
            write_warmup(folder, manifest, golden.inputs)
        if spec.is_classification:
            (folder / "assets").mkdir(exist_ok=True)
            write_text(folder / "assets" / "labels.txt", _label_lines(spec.classes), durable=False)
        finish(folder, None)
        if verify:
            _verify(folder)
    return publication.path


def _describe(model, spec, name, examples, run_dir):
    """Check the arguments and ask the model; return `(Golden, manifest)`. Nothing is written."""
    from kerakit.builders.contract import calibration_of, check_inputs
    from kerakit.serving.contract.manifest import build_manifest
    from kerakit.serving.exporting.constants import preprocess_constants
    from kerakit.serving.exporting.golden import golden_sample
    from kerakit.serving.exporting.postprocess import input_signature
    from kerakit.serving.exporting.servable import check_model

    check_model(model)
    check_choice("export", "data.task", spec.task, TASKS)
    quantiles, calibration = _quantiles(model, spec), calibration_of(model, "export")
    check_inputs("export", model, spec)
    input_signature(spec)
    constants = preprocess_constants(model, spec)
    golden = golden_sample(model, spec, examples, quantiles, calibration)
    return golden, build_manifest(
        name,
        spec,
        golden,
        constants=constants,
        quantiles=quantiles,
        calibration=calibration,
        run_dir=run_dir,
    )


def _quantiles(model, spec):
    """The levels of the last axis of a model of quantiles, or `None`."""
    from kerakit.builders.contract import quantiles_of

    levels = None if spec.is_classification else quantiles_of(model)
    if levels is None:
        return None
    check_levels("export", "model", levels, odd=True)
    if TASKS[spec.task].answer == "numbers" and len(spec.target.names) != 1:
        raise ArgumentError(
            f"The model of export predicts the quantiles {levels}, which needs data with one "
            f"target. Got {len(spec.target.names)} targets."
        )
    return levels


def _save(functions, model, tables, folder):
    """Write the SavedModel: the traced endpoints, their variables and lookup tables only."""
    import keras

    archive = keras.export.ExportArchive()
    for holder in [*_table_holders(model), *tables]:
        archive.track(holder)
    for name, function in functions.items():
        archive.add_endpoint(name, function)
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.WARNING)  # "Assets written to" names a folder that will be renamed
    try:
        archive.write_out(os.fspath(folder), verbose=False)
    finally:
        logger.setLevel(level)


def _table_holders(model):
    """The layers in which lookup tables may be.

    Keras searches everything below what it is told to track. Models of Keras' own classes have
    layers only, of which a wide table makes two for each column.
    """
    import keras

    def may_hold(layer):
        own = isinstance(layer, keras.Model) and type(layer).__module__.startswith("keras.")
        return layer.built and not own and not isinstance(layer, keras.layers.InputLayer)

    return filter(may_hold, layers_of(model))


@contextlib.contextmanager
def _explained(folder):
    """Raise an error of TensorFlow about the disk or the model as an `ExportError`."""
    import tensorflow as tf

    try:
        yield
    except (tf.errors.OpError, AssertionError, ValueError, TypeError) as error:
        raise ExportError(f"export wrote nothing to {folder}: {_reason(error)}") from error


def _reason(error):
    text = str(getattr(error, "message", error)).strip()
    if "No space left" in text or "Disk quota" in text:
        return "the disk is full. Free some space and export again."
    if "untracked" in text:
        return (
            "the model uses a lookup table or variable that belongs to no layer, and a server "
            f"could not find it. Keep it as an attribute of a layer. ({text.splitlines()[0]})"
        )
    return text.splitlines()[0] if text else type(error).__name__


def _verify(folder):
    from kerakit.serving.verifying.verify import run_checks

    report = run_checks(folder)
    failed = [check for check in report.checks if not check.ok]
    if failed:
        raise ExportError(
            f"export did not publish a version to {folder.parent}: it does not answer as the model "
            f"does. The check {failed[0].name!r} failed: {failed[0].detail}"
        )


def _label_lines(classes):
    """One label a line; a line break inside a label is written as `\\n`."""
    lines = (label.replace("\r", "\\r").replace("\n", "\\n") for label in classes)
    return "".join(f"{line}\n" for line in lines)
