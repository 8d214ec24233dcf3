"""The version folders of a model: the next number, and the folder of an export."""

from __future__ import annotations

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
# Every version holds these files; a copy brings the first before the second.
_FILES = ("saved_model.pb", "variables/variables.index")
_ALMOST = re.compile(r"(v|version)?[-_.]?[0-9].*", re.IGNORECASE)


def choose_version(model_dir: pathlib.Path, version: int | None = None) -> int:
    """Return the number of the next version of a model.

    Args:
        model_dir: `pathlib.Path`. The model's folder; it need not exist.
        version: int, or `None` for the highest existing number + 1. Defaults to `None`.

    Raises:
        ArgumentError: when `version` exists or is lower than the highest version. The
            server serves the highest number and does not recover from a reused one.
        ExportError: when no higher number is left.
    """
    highest = highest_version(model_dir)
    if version is None:
        if highest >= MAXIMUM_VERSION:
            raise ExportError(
                f"export cannot add a version to {model_dir}: it has version {highest}, and the "
                "server reads no higher one."
            )
        return highest + 1
    version = check_int("export", "version", version, minimum=1, maximum=MAXIMUM_VERSION)
    if version <= highest:
        raise ArgumentError(
            f"The 'version' parameter of export must be higher than {highest}, the highest "
            f"version in {model_dir}. Got {version} instead; leave it out for {highest + 1}."
        )
    return version


def check_model_dir(owner: str, name: str, model_dir: str | os.PathLike[str]) -> pathlib.Path:
    """Check the folder that will hold a model's versions; return it as an absolute path.

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
            raise ArgumentError(
                f"The '{name}' parameter of {owner} must be a folder. {part} is a file."
            )
    if (path / "saved_model.pb").exists() or (
        version_number(model) is not None
        and any((path.parent / str(n) / "saved_model.pb").exists() for n in versions(path.parent))
    ):
        raise ArgumentError(
            f"The '{name}' parameter of {owner} must be the model's folder, to which the version "
            f"is added. {path} is a version of a model; pass {path.parent}."
        )
    return path


def check_versions(model_dir: pathlib.Path) -> None:
    """Check that the versions of a model are whole, and named so that the server sees them.

    The server takes every child whose name is an integer for a version. A half-written
    version it may serve without its variables, or load again and again, which blocks others.

    Args:
        model_dir: `pathlib.Path`. The model's folder; it need not exist.

    Raises:
        ArgumentError: when a version is half-written, or a folder looks like a version that
            the server ignores.
    """
    if not model_dir.is_dir():
        return
    for entry in sorted(os.scandir(model_dir), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if version_number(entry.name) is not None:
            flaw = flaw_of(entry)
            if flaw:
                raise ArgumentError(
                    f"export cannot add a version beside {entry.path}: it {flaw}, and a "
                    "server that sees it fails or answers with errors. Complete it or remove it, "
                    "and export again. A server does not recover from a reused number, so take "
                    f"{highest_version(model_dir) + 1} or higher."
                )
        elif entry.is_dir() and _looks_like_version(entry):
            raise ArgumentError(
                f"export cannot add a version beside {entry.path}: it looks like a version, but "
                "its name is not an integer, so the server ignores it. Rename it to a whole "
                "number, or move it out of the model's folder."
            )


def flaw_of(version: str | os.PathLike[str]) -> str:
    """Return why a version cannot be served, such as "is half-written", or `""`.

    Args:
        version: path of a child of a model's folder whose name is an integer.
    """
    version = pathlib.Path(version)
    if not version.is_dir():
        return "is a file" if version.exists() else "is a link that leads nowhere"
    absent = [file for file in _FILES if not (version / file).is_file()]
    return f"is half-written ({absent[0]} is missing)" if absent else ""


def _looks_like_version(entry):
    has_graph = os.path.isfile(os.path.join(entry, _FILES[0]))
    return has_graph or _ALMOST.fullmatch(entry.name) is not None


def version_folder(owner: str, path: str | os.PathLike[str]) -> pathlib.Path:
    """Return the folder of an exported version; for a model's folder, its highest version.

    Args:
        owner: str. The function that the user called.
        path: path of a version or of a model's folder.

    Raises:
        ArgumentError: when there is no export of kerakit at `path`.
    """
    check(isinstance(path, (str, os.PathLike)), owner, "path", "the path of an export", path)
    folder = pathlib.Path(os.path.abspath(os.fsdecode(path)))
    for candidate in (folder, folder / str(highest_version(folder) if folder.is_dir() else 0)):
        if (candidate / MANIFEST).is_file():
            return candidate
    if not folder.exists():
        raise ArgumentError(
            f"The 'path' parameter of {owner} must be the folder of an export. There is no such "
            f"folder: {path}."
        )
    raise ArgumentError(
        f"The 'path' parameter of {owner} must be a version's folder, such as "
        f"saved_models/wine/1. {path} is not an export of kerakit: it has no {MANIFEST}."
    )
