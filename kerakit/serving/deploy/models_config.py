"""`models.config`: which models a server has, and which versions of each it loads.

The text is a `ModelServerConfig` in protobuf's text format. Without labels a server is left
to its default, the highest version of each model, which also takes up the versions to come.
It takes *any* name that is an integer for a version, though, a half-copied folder or a file
too, so a model whose newest version is not whole is pinned to the newest one that is.
"""

import dataclasses
import os
import pathlib
import re
import textwrap
import unicodedata

from kerakit.checks import check
from kerakit.errors import ArgumentError
from kerakit.serving.contract.versions import flaw_of, version_number
from kerakit.warn import warn

__all__ = ["FoundModel", "find_models", "models_config", "quoted", "serving_config"]

_URI = re.compile(r"[A-Za-z][A-Za-z0-9.]*://.")
# Control characters, halves of characters (names that are not UTF-8) and line breaks.
_UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}


@dataclasses.dataclass(frozen=True)
class FoundModel:
    """A model on the disk.

    Attributes:
        name: str. The name of its folder, and the model's on the server.
        versions: dict from number to `pathlib.Path` of the whole versions, ascending.
        flaw: str. Why the newest version must not be served, `""` where it may be.
    """

    name: str
    versions: dict[int, pathlib.Path]
    flaw: str = ""

    def served(self, labels):
        """Return the numbers to load: with labels the two newest, otherwise the newest."""
        return tuple(self.versions)[-2 if labels else -1 :]


def serving_config(directory, *, labels=False, base_path=None):
    """Write the `models.config` of all models in a folder.

    Args:
        directory: path of a folder with one folder per model, such as `"saved_models"`.
        labels: bool. Whether to label the newest version of each model `canary` and the
            one before it `stable`, and to load exactly these two. Where there is one
            version both labels are on it, so that both addresses answer from the first
            day. Defaults to `False`.
        base_path: str. Where the server sees `directory`: an absolute path, or an address
            such as `"gs://bucket/models"`. Defaults to `None`: the absolute path here.

    Returns:
        str. A comment says what was left out or pinned, and so does a `UserWarning`.

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


def find_models(owner, directory):
    """Find the models in a folder.

    Args:
        owner: str. The function whose parameter `directory` is.
        directory: path.

    Returns:
        `(directory, models, notes)`: the absolute path, the list of `FoundModel`s by name,
        and a sentence, which is also a `UserWarning`, about each model that is pinned and
        each folder that is left out.

    Raises:
        ArgumentError: as `serving_config`.
    """
    is_path = isinstance(directory, (str, os.PathLike))
    check(is_path, owner, "directory", "the path of a folder", directory)
    directory = pathlib.Path(os.path.abspath(os.fsdecode(directory)))
    if not directory.is_dir():
        what = "is a file" if directory.exists() else "does not exist"
        raise ArgumentError(f"{directory} {what}. Expected a folder of models, as saved_models.")
    _check_writable(os.fspath(directory))
    _check_place(directory)
    models, notes = [], []
    for folder in sorted(directory.iterdir()):
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        model, note = _look_at(folder)
        models += [model] if model else []
        notes += [note] if note else []
    if not models:
        raise ArgumentError(
            f"There is no model in {directory}: expected folders such as "
            f"{directory.name}/wine/1 with saved_model.pb and variables. {' '.join(notes)}".strip()
        )
    for note in notes:
        warn(note)
    return directory, models, notes


def models_config(models, notes, labels, base_path):
    """Return the text of `models.config` for `models` below `base_path`.

    Raises:
        ArgumentError: when the server would refuse `base_path`.
    """
    if not isinstance(base_path, str) or not (base_path.startswith("/") or _URI.match(base_path)):
        raise ArgumentError(
            "The base path must be absolute or an address, such as /models or "
            f"gs://bucket/models: the server knows no other. Got {base_path!r} instead."
        )
    _check_writable(base_path)
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


def quoted(text):
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


def _look_at(folder):
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
            f"No request can reach a model of the name {name!r}. Rename the folder {name!r} in "
            f"{folder.parent}; use letters, digits, '-', '_' and '.'."
        )
    newest, served = max(flaws), max(whole)
    if newest == served:
        return FoundModel(name, whole), ""
    note = (
        f"{name!r} is pinned to version {served}: version {newest} {flaws[newest]}, and a server "
        f"left to itself takes the highest number. Complete or remove {entries[newest].name!r}, "
        "then write this again."
    )
    return FoundModel(name, whole, flaws[newest]), note


def _check_place(directory):
    """Check that the folder is one of models, neither a version nor a model."""
    if (directory / "saved_model.pb").exists():
        raise ArgumentError(
            f"{directory} is a version of a model. Pass the folder of all models, its parent's "
            f"parent: {directory.parent.parent}."
        )
    for entry in directory.iterdir():
        parts = (entry / "saved_model.pb", entry / "variables")
        if version_number(entry.name) is not None and any(part.exists() for part in parts):
            raise ArgumentError(
                f"{directory} is the folder of one model. Pass its parent, the folder of all "
                f"models: {directory.parent}."
            )


def _check_writable(path):
    if any(unicodedata.category(character) in _UNWRITABLE for character in path):
        raise ArgumentError(
            f"The path {path!r} has a line break, a control character or a name that is not "
            "UTF-8, which cannot be written in a configuration. Rename the folder."
        )
