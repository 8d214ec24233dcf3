"""What the tests of live servers share: more exports, and a plain HTTP client."""

import json
import pathlib
import shutil
import urllib.error
import urllib.request

import keras
import numpy as np
from serving_cases import make_model, make_spec, make_table

from kerakit.data.spec import Feature, Spec
from kerakit.serving import export
from kerakit.serving.contract.versions import MANIFEST

__all__ = [
    "copy_version",
    "edit",
    "export_again",
    "export_photos",
    "failed",
    "http_answer",
    "manifest_of",
    "request",
]


def request(url, body=None):
    """Return `(status, JSON)` of a GET, or of a POST where there is a body."""
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        return error.code, json.loads(text) if text.startswith("{") else text


def manifest_of(path):
    return json.loads((path / MANIFEST).read_text())


def edit(path, change):
    """Change the manifest of an export."""
    manifest = manifest_of(path)
    change(manifest)
    (path / MANIFEST).write_text(json.dumps(manifest))


def copy_version(path, base, number, lacking=()):
    """Publish a copy of an export as another version, in one step; parts of it may lack."""
    aside = pathlib.Path(base) / f".copy-{number}"
    shutil.copytree(path, aside)
    edit(aside, lambda manifest: manifest.update(version=number))
    for part in lacking:
        (shutil.rmtree if (aside / part).is_dir() else pathlib.Path.unlink)(aside / part)
    return aside.rename(aside.with_name(str(number)))


def export_again(base, case="regression"):
    """Export a model of the same kind, with other weights, as the next version."""
    spec = make_spec(case)
    model = make_model(case, spec)
    network = model.get_layer("network")
    network.set_weights([weight + 0.1 for weight in network.get_weights()])
    return export(model, spec, base, examples=make_table(spec), verify=False)


def export_photos(base):
    """Export a classifier of images, which has every signature but regress."""
    keras.utils.set_random_seed(5)
    shape = (4, 4, 3)
    spec = Spec(
        task="multiclass",
        features=(Feature("photo", "image", "float32", shape),),
        classes=("cat", "dog", "owl"),
    )
    inputs = keras.Input(shape, name="photo")
    values = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    outputs = keras.layers.Dense(3, "softmax", bias_initializer="random_normal")(values)
    photos = np.random.default_rng(1).integers(0, 256, (20, *shape)).astype("float32")
    model = keras.Model({"photo": inputs}, outputs)
    return export(model, spec, base, examples={"photo": photos}, verify=False)


def failed(report):
    """Return the checks that failed, with what is wrong."""
    return {check.name: check.detail for check in report.checks if not check.ok}


def http_answer(body, status="200 OK", length=None, **headers):
    """Return the bytes of an answer, well formed but for its length."""
    headers = {"Content-Length": len(body) if length is None else length, **headers}
    lines = [f"HTTP/1.1 {status}", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
