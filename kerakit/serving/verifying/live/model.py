"""The versions and signatures that a server reports, checked against the manifest."""

from __future__ import annotations

import dataclasses
from typing import Any

from kerakit.errors import ExportError
from kerakit.serving.standalone.failed import Failed, need
from kerakit.serving.verifying.live.rest import RestClient, Unreachable, one_line
from kerakit.serving.verifying.live.url import ModelUrl

__all__ = ["ServedVersion", "check_metadata", "check_version", "read_versions"]

_DTYPES = {
    "DT_FLOAT": "float32",
    "DT_DOUBLE": "float64",
    "DT_HALF": "float16",
    "DT_BFLOAT16": "bfloat16",
    "DT_INT32": "int32",
    "DT_INT64": "int64",
    "DT_UINT8": "uint8",
    "DT_BOOL": "bool",
    "DT_STRING": "string",
}
_LOADING = ("START", "LOADING")


@dataclasses.dataclass(frozen=True)
class ServedVersion:
    """A version in the server's list.

    Attributes:
        number: int.
        state: str: `START`, `LOADING`, `AVAILABLE`, `UNLOADING` or `END`.
        error: str. Why the version failed to load, or `""`.
    """

    number: int
    state: str
    error: str = ""

    def __str__(self) -> str:
        return f"version {self.number} is {self.state}" + (f" ({self.error})" * bool(self.error))


def read_versions(
    client: RestClient, url: ModelUrl, manifest: dict[str, Any]
) -> list[ServedVersion]:
    """Return the versions of a model on a server, of which at least one is available.

    Args:
        client: `RestClient`.
        url: `ModelUrl`.
        manifest: dict. The export's `kerakit.json`.

    Returns:
        list of `ServedVersion`, the highest first.

    Raises:
        ExportError: when there is no server, the server is not TensorFlow Serving or does not
            have the model, or no version is loaded.
    """
    try:
        reply = client.get(url.path)
        message = reply.message()
        versions = _versions(reply.json()) if reply.status == 200 else None
    except Unreachable:
        raise
    except ExportError as error:
        raise _not_serving(url, error) from error
    if reply.status != 200 and message is not None:
        raise ExportError(_refused(url, manifest, reply))
    if versions is None:
        raise _not_serving(url, reply.problem() or "its answer has no 'model_version_status'")
    if not any(version.state == "AVAILABLE" for version in versions):
        raise ExportError(_not_loaded(url, versions))
    return versions


def check_version(versions: list[ServedVersion], manifest: dict[str, Any]) -> str:
    """Check that the version of the export answers."""
    answers = next(v for v in versions if v.state == "AVAILABLE")
    exported = manifest["version"]
    if answers.number == exported:
        return f"version {exported} answers"
    found = next((v for v in versions if v.number == exported), None)
    if found is None:
        advice = "which it does not list: compare the folder that it watches with the export's"
    elif found.state == "AVAILABLE":
        advice = f"which is loaded too: add /versions/{exported} to the URL"
    elif found.state in _LOADING:
        advice = f"which is {found.state} there: wait, and run this again"
    elif found.error:
        advice = f"which failed to load there: {found.error}"
    else:
        advice = f"which is {found.state} there: verify the export of version {answers.number}"
    raise Failed(
        f"version {answers.number} answers, and the export is version {exported}, {advice}"
    )


def check_metadata(client: RestClient, url: ModelUrl, manifest: dict[str, Any]) -> str:
    """Check names, dtypes and shapes of the server's signatures against the manifest."""
    reply = client.get(f"{url.path}/metadata")
    need(reply.status == 200, reply.problem())
    value = reply.json()
    for key in ("metadata", "signature_def", "signature_def"):
        value = _dict(value).get(key)
    need(isinstance(value, dict), "the answer has no metadata.signature_def.signature_def")
    # An entry of the loader begins so; it is not a signature.
    have = {name: signature for name, signature in value.items() if not name.startswith("__")}
    stated = manifest["signatures"]
    need(set(have) == set(stated), f"signatures {sorted(have)}, expected {sorted(stated)}")
    count = 0
    for name, signature in stated.items():
        for side in ("inputs", "outputs"):
            tensors = _dict(_dict(have[name]).get(side))
            need(
                set(tensors) == set(signature[side]),
                f"{name} has the {side} {sorted(tensors)}, expected {sorted(signature[side])}",
            )
            for key, info in tensors.items():
                _check_tensor(f"{name}, {side[:-1]} {key!r}", info, signature[side][key])
                count += 1
    return f"{len(stated)} signature(s), {count} tensors as stated"


def _check_tensor(where, info, stated):
    dtype = str(_dict(info).get("dtype"))
    dtype = _DTYPES.get(dtype, dtype)
    need(dtype == stated["dtype"], f"{where} is {dtype}, expected {stated['dtype']}")
    shape = info.get("tensor_shape")
    need(isinstance(shape, dict), f"{where} has no shape")
    if shape.get("unknown_rank") is True:
        return
    try:
        sizes = [int(dim["size"]) for dim in shape.get("dim", [])]
    except (KeyError, TypeError, ValueError):
        sizes = None
    need(sizes is not None, f"{where} has a shape that cannot be read")
    sizes = [None if size == -1 else size for size in sizes]
    fits = len(sizes) == len(stated["shape"]) and all(
        a is None or b is None or a == b for a, b in zip(sizes, stated["shape"], strict=True)
    )
    need(
        fits and sizes[:1] in ([], [None]),
        f"{where} has the shape {sizes}, expected {stated['shape']}",
    )


def _dict(value):
    return value if isinstance(value, dict) else {}


def _refused(url, manifest, reply):
    if reply.status != 404:
        return f"{url} refuses to list its versions: {reply.problem()}."
    exported = manifest["name"]
    renamed = "" if url.name == exported else f", which was exported as {exported!r}"
    return (
        f"{url.server} does not serve the model {url.name!r}{renamed}: {reply.problem()}. Check "
        "the name and the version in the URL, and the folder that the server watches."
    )


def _versions(value):
    """The list of versions, the highest first; `None` where the answer is no such list."""
    try:
        listed = [
            ServedVersion(int(item["version"]), str(item["state"]), _error(item.get("status")))
            for item in value["model_version_status"]
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return sorted(listed, key=lambda version: -version.number) or None


def _error(status):
    if not isinstance(status, dict) or status.get("error_code", "OK") in ("OK", 0):
        return ""
    return one_line(f"{status['error_code']}: {status.get('error_message', '')}")


def _not_serving(url, why):
    return ExportError(
        f"{url.server} does not answer as TensorFlow Serving does: {why}. Expected its REST port, "
        "8501 unless set otherwise."
    )


def _not_loaded(url, versions):
    listed = "; ".join(map(str, versions[:4]))
    if any(version.state in _LOADING for version in versions):
        return f"{url} is not ready: {listed}. Wait until it is AVAILABLE, and run this again."
    if any(version.error for version in versions):
        return (
            f"{url} has no version that loaded: {listed}. The server does not try that number "
            "again: export a new version, or restart it."
        )
    return f"{url} has no version that is loaded: {listed}. Start the server with a version of it."
