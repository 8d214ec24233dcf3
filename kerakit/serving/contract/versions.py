"""The version folders of a model: which number comes next, and where an export lies."""

import os
import pathlib
import re

from kerakit.checks import check, check_int
from kerakit.errors import ArgumentError, ExportError
from kerakit.files import MAXIMUM_VERSION, highest_version, version_number, versions

__all__ = [
    "MANIFEST",
    "check_model_dir",
    "check_versions",
    "choose_version",
    "flaw_of",
    "highest_version",
    "version_folder",
    "version_number",
    "versions",
]

MANIFEST = "assets.extra/kerakit.json"
# What a version holds at least; copies bring the first before the second.
_PARTS = ("saved_model.pb", "variables/variables.index")
_ALMOST = re.compile(r"(v|version)?[-_.]?[0-9].*", re.IGNORECASE)


def choose_version(base, version=None):
    """Return the number of the next version of `base`.

    Args:
        base: `pathlib.Path`. The model's folder; it need not exist.
        version: int, or `None` for the highest existing number + 1. Defaults to `None`.

    Raises:
        ArgumentError: when `version` exists or is lower than the highest. The server
            serves the highest number and does not recover from one that is reused.
        ExportError: when no higher number is left.
    """
    highest = highest_version(base)
    if version is None:
        if highest >= MAXIMUM_VERSION:
            raise ExportError(f"{base} has version {highest}, and the server knows no higher one.")
        return highest + 1
    version = check_int("export", "version", version, minimum=1, maximum=MAXIMUM_VERSION)
    if version <= highest:
        raise ArgumentError(
            f"The 'version' parameter of export must be higher than {highest}, the highest "
            f"version in {base}. Got {version} instead; leave it out for {highest + 1}."
        )
    return version


def check_model_dir(owner, name, model_dir):
    """Check the folder that is to hold a model's versions; return it as an absolute path.

    Args:
        owner: str. The function that the user called.
        name: str. Its parameter.
        model_dir: path. Its last part is the model's name.

    Raises:
        ArgumentError: when it is a file, lies below one, is itself a version, or has a
            name that no request can reach.
    """
    ok = isinstance(model_dir, (str, os.PathLike))
    check(ok, owner, name, "the path of a folder", model_dir)
    path = pathlib.Path(os.path.abspath(os.fsdecode(model_dir)))
    model = path.name
    if not model or ":" in model or not model.isprintable():
        raise ArgumentError(
            f"The last part of the '{name}' parameter of {owner} is the model's name, and no "
            f"request can reach the name {model!r}. Use letters, digits, '-', '_' and '.'."
        )
    for part in (path, *path.parents):
        if part.is_dir():
            break
        if part.exists() or part.is_symlink():
            raise ArgumentError(f"The output path {path} needs a folder, but {part} is a file.")
    if (path / "saved_model.pb").exists() or (
        version_number(model) is not None
        and any((path.parent / str(n) / "saved_model.pb").exists() for n in versions(path.parent))
    ):
        raise ArgumentError(
            f"{path} is a version of a model. Pass the model's folder, {path.parent}; the version "
            "is added to it."
        )
    return path


def check_versions(base):
    """Check that the versions in `base` are whole, and named so that the server sees them.

    The server takes every child whose name is an integer for a version. One that it finds
    half-written it may serve without its variables, or retry and block others meanwhile.

    Args:
        base: `pathlib.Path`. The model's folder; it need not exist.

    Raises:
        ArgumentError: when a version is half-written, or a folder looks like a version that
            the server ignores.
    """
    if not base.is_dir():
        return
    for entry in sorted(os.scandir(base), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if version_number(entry.name) is not None:
            flaw = flaw_of(entry)
            if flaw:
                raise ArgumentError(
                    f"{entry.path} {flaw}, and a server that sees it fails or answers with "
                    "errors. Complete it or remove it, and export again; a number that a server "
                    f"has seen should not come back, so take {highest_version(base) + 1} or higher."
                )
        elif entry.is_dir() and _looks_like_version(entry):
            raise ArgumentError(
                f"{entry.path} looks like a version, but its name is no integer, so the server "
                "ignores it. Rename it to a whole number, or move it out of the model's folder."
            )


def flaw_of(version):
    """Return what keeps a version from being served, such as "is half-written", or `""`.

    Args:
        version: path of a child of a model's folder whose name is an integer.
    """
    version = pathlib.Path(version)
    if not version.is_dir():
        return "is a file" if version.exists() else "is a link that leads nowhere"
    absent = [part for part in _PARTS if not (version / part).is_file()]
    return f"is half-written ({absent[0]} is missing)" if absent else ""


def _looks_like_version(entry):
    inside = os.path.isfile(os.path.join(entry, _PARTS[0]))
    return inside or _ALMOST.fullmatch(entry.name) is not None


def version_folder(owner, path):
    """Return the folder of an exported version; of a model's folder, its highest version.

    Raises:
        ArgumentError: when there is no export of kerakit at `path`.
    """
    check(isinstance(path, (str, os.PathLike)), owner, "path", "the path of an export", path)
    folder = pathlib.Path(os.path.abspath(os.fsdecode(path)))
    for candidate in (folder, folder / str(highest_version(folder) if folder.is_dir() else 0)):
        if (candidate / MANIFEST).is_file():
            return candidate
    if not folder.exists():
        raise ArgumentError(f"{path}: there is no such folder.")
    raise ArgumentError(
        f"{path} is not an export of kerakit: it has no {MANIFEST}. Expected a version's folder, "
        "such as saved_models/wine/1."
    )
