"""`assets.extra/kerakit.json`, the manifest: what an export is, and what it must answer.

The file is strict JSON. A missing number in the golden sample, and the padding at the end of
a series, is `null` (read it as NaN). The example is a row without missing numbers, so that it
can be posted as it stands. In other requests a missing number is the literal `NaN`, which the
server reads.
"""

from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kerakit.errors import DataError
from kerakit.files import read_json, write_text
from kerakit.serving.contract.signatures import describe_signatures, json_values
from kerakit.serving.contract.versions import MANIFEST

if TYPE_CHECKING:
    from kerakit.builders.contract import Calibration
    from kerakit.data.spec import Spec
    from kerakit.serving.contract.golden import Golden

__all__ = ["FORMAT", "build_manifest", "read_manifest", "write_manifest"]

_LINE = 90

FORMAT = 1
_PACKAGES = ("python", "kerakit", "keras", "tensorflow", "numpy")


def build_manifest(
    name: str,
    spec: Spec,
    golden: Golden,
    *,
    constants: dict[str, Any] | None = None,
    quantiles: Sequence[float] | None = None,
    calibration: Calibration | None = None,
    run_dir: pathlib.Path | None = None,
) -> dict[str, Any]:
    """Return the manifest of an export as a dict of JSON values; its version is `None`.

    Args:
        name: str. The model's name on the server.
        spec: `Spec`.
        golden: `Golden`.
        constants: dict that `preprocess_constants` returned, or `None`.
        quantiles: tuple of floats, or `None`. Levels that the model predicts.
        calibration: `Calibration`, or `None`.
        run_dir: `pathlib.Path`, or `None`. A run's folder. Its metrics, preset and seed are
            copied from `metrics.json` and `config.json`, where these exist.
    """
    from kerakit.evaluation.environment import environment

    config, metrics = (_run_file(run_dir, file) for file in ("config.json", "metrics.json"))
    versions = environment()
    return {
        "format": FORMAT,
        "name": name,
        "version": None,
        "task": spec.task,
        "classes": list(spec.classes),
        "quantiles": list(quantiles) if quantiles else None,
        "calibration": None if calibration is None else calibration.to_dict(),
        "signatures": describe_signatures(spec, golden),
        "metrics": metrics.get("test"),
        "preset": config.get("preset"),
        "seeds": {"split": spec.seed, "training": config.get("seed")},
        "versions": {package: versions[package] for package in _PACKAGES},
        "fingerprint": spec.fingerprint,
        "preprocess": constants or {"normalisation": [], "vocabularies": []},
        "tolerance": golden.tolerance,
        "spec": _strict(spec.to_dict()),
        "golden": {
            "inputs": {key: json_values(value) for key, value in golden.inputs.items()},
            "outputs": {key: json_values(value) for key, value in golden.outputs.items()},
        },
    }


def read_manifest(folder: pathlib.Path) -> dict[str, Any]:
    """Return the manifest of the version in `folder`.

    Raises:
        DataError: when the manifest is missing, is not JSON, or has a format that this
            kerakit does not know.
    """
    path = folder / MANIFEST
    try:
        manifest = read_json(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as a manifest of kerakit: {error}.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        known = manifest.get("format") if isinstance(manifest, dict) else None
        raise DataError(
            f"{path} has the format {known!r}, and this version of kerakit reads {FORMAT}. "
            "Use the kerakit that wrote it, or export the model again."
        )
    return manifest


def write_manifest(folder: pathlib.Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of the version in `folder`, whole or not at all.

    Each row of an array is one line. Otherwise a photograph in the golden sample would be a
    hundred thousand lines.
    """
    write_text(folder / MANIFEST, _indented(manifest, "") + "\n")


def _indented(value, margin):
    line = json.dumps(value, ensure_ascii=False)
    nested = isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value)
    )
    if not nested or len(line) <= _LINE:
        return line
    inner = margin + "  "
    if isinstance(value, dict):
        keys = (json.dumps(key, ensure_ascii=False) for key in value)
        items = [
            f"{key}: {_indented(v, inner)}" for key, v in zip(keys, value.values(), strict=True)
        ]
        opening, closing = "{}"
    else:
        rows = isinstance(value[0], list)
        items = [json.dumps(v, ensure_ascii=False) if rows else _indented(v, inner) for v in value]
        opening, closing = "[]"
    lines = ",\n".join(inner + item for item in items)
    return f"{opening}\n{lines}\n{margin}{closing}"


def _run_file(run_dir, name):
    if run_dir is None or not (run_dir / name).is_file():
        return {}
    try:
        values = read_json(run_dir / name)
    except ValueError as error:
        raise DataError(
            f"export cannot copy the metrics of {run_dir / name}: it is not JSON ({error})."
        ) from error
    return _strict(values) if isinstance(values, dict) else {}


def _strict(value):
    """The JSON value with NaN and infinity as `None`."""
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_strict(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
