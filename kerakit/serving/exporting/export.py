"""`export`: a trained model becomes the next version that TensorFlow Serving serves."""

import contextlib
import os
import pathlib

from kerakit.checks import check, check_choice
from kerakit.data.spec import Spec
from kerakit.errors import ArgumentError, ExportError
from kerakit.files import write_text
from kerakit.serving.contract.manifest import write_manifest
from kerakit.serving.contract.versions import check_base, check_versions, choose_version
from kerakit.serving.exporting.publish import publish

__all__ = ["export"]


def export(model, spec, base, *, sample, version=None, run_dir=None, quantiles=None, verify=True):
    """Write a model as a SavedModel that TensorFlow Serving loads as it is.

    What the server is asked is what `model.predict` was: raw named columns. What it
    answers is in the user's terms: `label`, `confidence` and `probabilities`; `labels` and
    `probabilities` for several labels at once; `prediction`, with `lower` and `upper` for
    quantiles; `forecast`; `labels` and `confidence` of each token. The export is written
    aside, loaded in a fresh process, compared with `model.predict`, and only then renamed
    to its version, in one step.

    Args:
        model: `keras.Model`. Raw features in, answer out: `(batch,)` or `(batch, targets)`
            in the targets' units, `(batch, classes)` probabilities, `(batch,
            horizon[, channels])` in the series' units, or `(batch, tokens, classes)`
            probabilities with as many tokens as the longest sentence of the batch has.
        spec: `Spec` of the data that it was trained on.
        base: path. The model's folder, such as `"saved_models/wine"`; its last part is the
            model's name on the server.
        sample: unbatched `tf.data.Dataset` such as `data.test`, `Table`, or dict of arrays.
            Its first rows (up to 32) are kept with their answers as the golden sample.
        version: int, or `None` for the highest existing + 1. Defaults to `None`.
        run_dir: path of the run, whose metrics and preset go into the manifest, or `None`.
            Defaults to `None`.
        quantiles: increasing levels in (0, 1), an odd number of them, that a quantile
            regressor's columns are. Defaults to `None`: what the builder noted in the
            model, if anything.
        verify: bool. Whether a fresh process checks the export, about 5 s of CPU time.
            Defaults to `True`.

    Returns:
        `pathlib.Path` of the version's folder, absolute.

    Raises:
        ArgumentError: when the model, the sample, `base` or `version` do not fit; nothing
            is written.
        ExportError: when the disk is full, or the export does not answer as the model
            does; nothing is left behind.

    Example:

    ```python
    path = kk.export(model, data.spec, "saved_models/wine", sample=data.test)
    ```
    """
    from kerakit.serving.exporting.endpoints import build_endpoints
    from kerakit.serving.exporting.servable import trace_endpoints
    from kerakit.serving.exporting.warmup import write_warmup

    base = check_base("export", base)
    check_versions(base)
    choose_version(base, version)
    run_dir = pathlib.Path(run_dir) if run_dir is not None else None
    golden, manifest = _describe(model, spec, base.name, sample, run_dir, quantiles)
    functions = trace_endpoints(model, build_endpoints(model, spec, manifest["quantiles"]))

    def finish(folder, number):
        write_manifest(folder, {**manifest, "version": number})

    with publish(base, version, finish) as publication:
        folder = publication.folder
        with _explained(folder.parent):
            _save(functions, model, folder)
            write_warmup(folder, manifest, golden.inputs)
        if spec.is_classification:
            (folder / "assets").mkdir(exist_ok=True)
            write_text(folder / "assets" / "labels.txt", _label_lines(spec.classes), durable=False)
        finish(folder, None)
        if verify:
            _verify(folder)
    return publication.path


def _describe(model, spec, name, sample, run_dir, quantiles):
    """Check what was given and ask the model; `(Golden, manifest)`. Nothing is written."""
    from kerakit.builders.heads import quantiles_of
    from kerakit.serving.contract.manifest import build_manifest
    from kerakit.serving.exporting.constants import preprocess_constants
    from kerakit.serving.exporting.golden import golden_sample
    from kerakit.serving.exporting.postprocess import SERVED_TASKS, input_signature
    from kerakit.serving.exporting.servable import check_model, check_servable

    check_model(model)
    check(isinstance(spec, Spec), "export", "spec", "a Spec", spec)
    check_choice("export", "spec.task", spec.task, SERVED_TASKS)
    if spec.task == "regression" and quantiles is None:
        quantiles = quantiles_of(model)
    quantiles = _check_quantiles(quantiles, spec)
    check_servable(model, spec)
    input_signature(spec)
    constants = preprocess_constants(model, spec)
    golden = golden_sample(model, spec, sample, quantiles)
    return golden, build_manifest(
        name, spec, golden, constants=constants, quantiles=quantiles, run_dir=run_dir
    )


def _check_quantiles(quantiles, spec):
    if quantiles is None:
        return None
    levels = tuple(float(level) for level in quantiles)
    ok = len(levels) >= 3 and len(levels) % 2 == 1 and sorted(set(levels)) == list(levels)
    ok = ok and levels[0] > 0 and levels[-1] < 1
    expected = "an odd number of increasing levels in (0, 1), the middle one for the prediction"
    check(ok, "export", "quantiles", expected, quantiles)
    if spec.task != "regression" or len(spec.target.names) != 1:
        raise ArgumentError("The 'quantiles' parameter of export needs a regression of one target.")
    return levels


def _save(functions, model, folder):
    """Write the SavedModel: the traced endpoints, their variables and lookup tables only."""
    import keras

    archive = keras.export.ExportArchive()
    archive.track(model)
    for name, function in functions.items():
        archive.add_endpoint(name, function)
    archive.write_out(os.fspath(folder), verbose=False)


@contextlib.contextmanager
def _explained(base):
    """Raise what TensorFlow says of a disk or a model as an `ExportError`."""
    import tensorflow as tf

    try:
        yield
    except (tf.errors.OpError, AssertionError, ValueError, TypeError) as error:
        raise ExportError(f"Nothing was exported to {base}: {_what(error)}") from error


def _what(error):
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
            f"The export to {folder.parent} does not answer as the model does, and was not "
            f"published. The check {failed[0].name!r} failed: {failed[0].detail}"
        )


def _label_lines(classes):
    """One label a line; a line break inside a label is written as `\\n`."""
    lines = (label.replace("\r", "\\r").replace("\n", "\\n") for label in classes)
    return "".join(f"{line}\n" for line in lines)
