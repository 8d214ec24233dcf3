"""`models.config`: which models a server has, and which versions of each it loads.

The text is a `ModelServerConfig` in protobuf's text format. Without labels the server loads
the highest version of each model, and the versions to come. The server takes *any* name that
is an integer for a version: a half-copied folder or a file too. So a model whose newest
version is not whole is pinned to its newest whole version.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import textwrap
import unicodedata

from kerakit.checks import check, short_repr
from kerakit.errors import ArgumentError
from kerakit.serving.contract.versions import flaw_of, version_number
from kerakit.warn import warn

__all__ = ["FoundModel", "find_models", "models_config", "quoted", "serving_config"]

_URI = re.compile(r"[A-Za-z][A-Za-z0-9.]*://.")
# Control characters, halves of characters (names that are not UTF-8) and line breaks.
_UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}


@dataclasses.dataclass(frozen=True)
class FoundModel:
    """A model in a folder of models.

    Attributes:
        name: str. The name of its folder, and the model's on the server.
        versions: dict from number to `pathlib.Path` of the whole versions, ascending.
        flaw: str. Why the newest version must not be served; `""` where it may be.
    """

    name: str
    versions: dict[int, pathlib.Path]
    flaw: str = ""

    def served(self, labels: bool) -> tuple[int, ...]:
        """Return the numbers to load: with labels the two newest, otherwise the newest."""
        return tuple(self.versions)[-2 if labels else -1 :]


def serving_config(
    directory: str | os.PathLike[str], *, labels: bool = False, base_path: str | None = None
) -> str:
    """Return a TensorFlow Serving `models.config` for all models in a folder.

    Args:
        directory: path of a folder with one folder per model, such as `"saved_models"`.
        labels: bool. Whether to label the newest version of each model `canary` and the
            one before it `stable`, and to load exactly these two. A single version gets
            both labels, so that both addresses answer from the first day. Defaults to
            `False`.
        base_path: str. Where the server sees `directory`: an absolute path, or an address
            such as `"gs://bucket/models"`. Defaults to `None`: the absolute path here.

    Returns:
        str. Each folder that is left out and each model that is pinned to an older version
        is named in a comment and by a `UserWarning`.

    Raises:
        ArgumentError: when `directory` holds no model, is itself a model or a version, or a
            model has a name that no request can reach.

    Example:

    ```python
    pathlib.Path("models.config").write_text(serving_config("saved_models", labels=True))
    ```
    """
    directory, models, notes = find_models("serving_config", directory)
    base_path = os.fspath(directory) if base_path is None else base_path
    return models_config(models, notes, labels, base_path)


def find_models(
    owner: str, directory: str | os.PathLike[str]
) -> tuple[pathlib.Path, list[FoundModel], list[str]]:
    """Find the models in a folder.

    Args:
        owner: str. The function that the user called.
        directory: path.

    Returns:
        `(directory, models, notes)`: the absolute path, the list of `FoundModel`s by name,
        and a sentence about each model that is pinned and each folder that is left out,
        which is also a `UserWarning`.

    Raises:
        ArgumentError: as `serving_config`.
    """
    is_path = isinstance(directory, (str, os.PathLike))
    check(is_path, owner, "directory", "the path of a folder", directory)
    directory = pathlib.Path(os.path.abspath(os.fsdecode(directory)))
    if not directory.is_dir():
        fault = "is a file" if directory.exists() else "does not exist"
        raise ArgumentError(
            f"The 'directory' parameter of {owner} must be a folder of models, such as "
            f"saved_models. {directory} {fault}."
        )
    _check_writable(owner, os.fspath(directory))
    _check_level(owner, directory)
    models, notes = [], []
    for folder in sorted(directory.iterdir()):
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        model, note = _look_at(owner, folder)
        models += [model] if model else []
        notes += [note] if note else []
    if not models:
        raise ArgumentError(
            f"{owner} finds no model in {directory}. Expected folders such as "
            f"{directory.name}/wine/1 with saved_model.pb and variables. {' '.join(notes)}".strip()
        )
    for note in notes:
        warn(note)
    return directory, models, notes


def models_config(models: list[FoundModel], notes: list[str], labels: bool, base_path: str) -> str:
    """Return the text of `models.config` for `models` below `base_path`.

    Raises:
        ArgumentError: when the server would refuse `base_path`.
    """
    if not isinstance(base_path, str) or not (base_path.startswith("/") or _URI.match(base_path)):
        raise ArgumentError(
            "The 'base_path' parameter of serving_config must be an absolute path or an address, "
            f"such as /models or gs://bucket/models. Got {short_repr(base_path)} instead."
        )
    _check_writable("serving_config", base_path)
    lines = [f"# {line}" for note in notes for line in textwrap.wrap(note, 90)]
    if labels:
        lines += [
            "# Labels wait for their versions only if the server is started with",
            "# --allow_version_labels_for_unavailable_models=true.",
            "# These versions and no others are loaded; write this again after an export.",
        ]
    lines.append("model_config_list {")
    for model in models:
        lines += [
            "  config {",
            f"    name: {quoted(model.name)}",
            f"    base_path: {quoted(base_path.rstrip('/') + '/' + model.name)}",
            '    model_platform: "tensorflow"',
            *(f"    {line}" for line in _policy(model, labels)),
            "  }",
        ]
    return "\n".join([*lines, "}", ""])


def quoted(text: str) -> str:
    r"""Return `text` as a string of protobuf's text format, and of YAML.

    Example:

    >>> print(quoted('C:\\"models"'))
    "C:\\\"models\""
    """
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


def _policy(model, labels):
    if not labels and not model.flaw:
        return
    served = model.served(labels)
    numbers = " ".join(f"versions: {number}" for number in served)
    yield f"model_version_policy {{ specific {{ {numbers} }} }}"
    if labels:
        yield f'version_labels {{ key: "stable" value: {served[0]} }}'
        yield f'version_labels {{ key: "canary" value: {served[-1]} }}'


def _look_at(owner, folder):
    """`(FoundModel or None, note or "")` of a folder."""
    # Of two names with one number, such as 1 and 01, the server takes the later one.
    entries = {}
    for entry in sorted(folder.iterdir()):
        number = version_number(entry.name)
        if number is not None:
            entries[number] = entry
    flaws = {number: flaw_of(entry) for number, entry in sorted(entries.items())}
    whole = {number: entries[number] for number, flaw in flaws.items() if not flaw}
    if not whole:
        found = f"version {max(flaws)} {flaws[max(flaws)]}" if flaws else "no version"
        return None, f"{folder.name!r} is left out, it has no whole version: {found}."
    name = folder.name
    if ":" in name or not name.isprintable():
        raise ArgumentError(
            f"{owner} cannot serve a model of the name {short_repr(name)}: no request can reach "
            f"it. Rename its folder in {folder.parent}; use letters, digits, '-', '_' and '.'."
        )
    newest, served = max(flaws), max(whole)
    if newest == served:
        return FoundModel(name, whole), ""
    note = (
        f"{name!r} is pinned to version {served}: version {newest} {flaws[newest]}, and by "
        f"default a server takes the highest number. Complete or remove "
        f"{entries[newest].name!r}, then write this again."
    )
    return FoundModel(name, whole, flaws[newest]), note


def _check_level(owner, directory):
    """Check that the folder holds models, and is neither a version nor a model itself."""
    if (directory / "saved_model.pb").exists():
        raise ArgumentError(
            f"The 'directory' parameter of {owner} must be the folder of all models. {directory} "
            f"is a version of a model; pass {directory.parent.parent}."
        )
    for entry in directory.iterdir():
        contents = (entry / "saved_model.pb", entry / "variables")
        if version_number(entry.name) is not None and any(map(pathlib.Path.exists, contents)):
            raise ArgumentError(
                f"The 'directory' parameter of {owner} must be the folder of all models. "
                f"{directory} is the folder of one model; pass {directory.parent}."
            )


def _check_writable(owner, path):
    if any(unicodedata.category(character) in _UNWRITABLE for character in path):
        raise ArgumentError(
            f"{owner} cannot write the path {short_repr(path)} in a configuration: it has a line "
            "break, a control character or a name that is not UTF-8. Rename the folder."
        )
