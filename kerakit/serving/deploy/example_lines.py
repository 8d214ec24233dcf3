"""Shell commands that serve an export and ask it."""

from __future__ import annotations

import json
import os
import shlex
import urllib.parse
from typing import Any

from kerakit.serving.contract.manifest import read_manifest
from kerakit.serving.contract.versions import version_folder

__all__ = ["curl_line", "docker_line", "request_example"]

_PICTURE = {"signature_name": "serve_bytes", "instances": [{"image_bytes": {"b64": "PICTURE"}}]}


def request_example(manifest: dict[str, Any]) -> str:
    """Return the body of an example request, as it can be posted: one line of JSON.

    Args:
        manifest: dict. The export's `kerakit.json`.
    """
    return json.dumps(manifest["signatures"]["serving_default"]["example"]["request"])


def curl_line(path: str | os.PathLike[str], manifest: dict[str, Any] | None = None) -> str:
    """Return the shell command that asks a local server for the example of an export.

    Where the model takes images, the command sends the file `picture.jpg`.

    Args:
        path: path of an export.
        manifest: dict, or `None` to read it from the export. Defaults to `None`.

    Raises:
        ArgumentError: when there is no export of kerakit at `path`.
    """
    manifest = manifest or read_manifest(version_folder("curl_line", path))
    name = urllib.parse.quote(manifest["name"])
    url = f"http://localhost:8501/v1/models/{name}:predict"
    if "serve_bytes" in manifest["signatures"]:
        # A picture is too long for a command's argument, so it goes through a pipe.
        before, after = json.dumps(_PICTURE).split("PICTURE")
        encoded = "base64 < picture.jpg | tr -d '\\n'"
        body = f"(printf {shlex.quote(before)}; {encoded}; printf {shlex.quote(after)})"
        return f"{body} | curl -d @- {shlex.quote(url)}"
    return f"curl -d {shlex.quote(request_example(manifest))} {shlex.quote(url)}"


def docker_line(path: str | os.PathLike[str]) -> str:
    """Return the shell command that serves a model and all its versions to come.

    Args:
        path: path of an export.

    Raises:
        ArgumentError: when there is no export of kerakit at `path`.
    """
    folder = version_folder("docker_line", path)
    model_dir, name = folder.parent, folder.parent.name
    if ":" in str(model_dir):  # docker's -v cuts at colons
        mount = f"--mount {shlex.quote(f'type=bind,source={model_dir},target=/models/{name}')}"
    else:
        mount = "-v " + _double_quoted(f"{model_dir}:/models/{name}")
    return f"docker run -p 8501:8501 {mount} -e MODEL_NAME={shlex.quote(name)} tensorflow/serving"


def _double_quoted(text):
    for special in '\\"$`':
        text = text.replace(special, f"\\{special}")
    return f'"{text}"'
