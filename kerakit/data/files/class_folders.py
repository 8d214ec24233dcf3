"""Folders with a folder per class: the files in them, with the class and the split of each."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import unicodedata

from kerakit.checks import check
from kerakit.errors import DataError

__all__ = ["ClassFile", "find_files"]

_SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


@dataclasses.dataclass(frozen=True)
class ClassFile:
    """A file in the folder of its class.

    Attributes:
        path: str. The path of the file.
        name: str. The path from the folder that was given, with `/`.
        label: str. The name of the class folder, in Unicode's composed form.
    """

    path: str
    name: str
    label: str


def find_files(
    directory: str | os.PathLike[str],
    test: str | os.PathLike[str] | None = None,
    validation: str | os.PathLike[str] | None = None,
    *,
    owner: str,
    noun: str,
    suffixes: set[str] | None = None,
) -> dict[str, list[ClassFile]]:
    """List the files of a folder that has a folder per class, in the order of their names.

    Args:
        directory: str or path. A folder that has a folder of files for each class; or a folder
            with the folders `train`, `val` or `validation`, and `test`, each of which has a
            folder for each class (`training`, `valid` and `testing` are read too, in upper and
            lower case). With `train` and `val` alone, `val` is the test set.
        test, validation: str or path of another folder that has a folder for each class, or
            `None`.
        owner: str. The function that the user called, for messages.
        noun: str. The noun for the files, for messages: `"images"` or `"texts"`.
        suffixes: set of str. Files with another suffix are skipped. Defaults to `None`: files
            of any suffix are listed. Hidden files are always skipped.

    Returns:
        dict from `"train"`, and `"validation"` and `"test"` where they are given, to lists
        of `ClassFile`.

    Raises:
        DataError: when there is no such folder, or it has another layout.
        ArgumentError: when an argument is not a path.
    """
    wanted = _Wanted(noun, suffixes)
    root = _folder(owner, "directory", directory, noun)
    folders = {"train": root} | _split_folders(root)
    for split, other in (("test", test), ("validation", validation)):
        if other is not None:
            if split in folders:
                raise DataError(
                    f"{root} holds {folders[split].name!r}, and {split}= is given too. Keep "
                    "one of the two."
                )
            folders[split] = _folder(owner, split, other, noun)
    if "validation" in folders and "test" not in folders:
        folders["test"] = folders.pop("validation")
    return {split: _files(folder, root, wanted) for split, folder in folders.items()}


@dataclasses.dataclass(frozen=True)
class _Wanted:
    noun: str
    suffixes: set | None

    def among(self, files):
        if self.suffixes is None:
            return files
        return [path for path in files if path.suffix.lower() in self.suffixes]

    def some_suffixes(self):
        return f" ({', '.join(sorted(self.suffixes)[:3])}, ...)" if self.suffixes else ""


def _folder(owner, parameter, value, noun):
    check(isinstance(value, (str, os.PathLike)), owner, parameter, "a path", value)
    path = pathlib.Path(value).expanduser()
    if not path.exists():
        raise DataError(f"{path}: no such folder. Expected a folder that has one per class.")
    if not path.is_dir():
        raise DataError(f"{path} is a file. Expected a folder with a folder of {noun} per class.")
    return path


def _split_folders(root):
    """The folders of the splits where `root` holds folders of splits, else an empty dict."""
    inside = _entries(root)[0]
    named = [path for path in inside if path.name.lower() in _SPLIT_NAMES]
    train = [path for path in named if _SPLIT_NAMES[path.name.lower()] == "train"]
    if not train or not _entries(train[0])[0]:
        return {}
    if len(named) < len(inside):
        strange = next(path for path in inside if path not in named)
        raise DataError(
            f"{root} holds {train[0].name!r} with folders in it, as a folder of splits does, and "
            f"{strange.name!r}, which is no split (those are 'train', 'validation' and 'test'). "
            "Move it away, or pass one folder as the directory and another as test=."
        )
    folders = {}
    for path in named:
        split = _SPLIT_NAMES[path.name.lower()]
        if split in folders:
            names = f"{folders[split].name!r} and {path.name!r}"
            raise DataError(f"{root} holds {names}, which both mean {split}. Keep one.")
        folders[split] = path
    return folders


def _files(folder, root, wanted):
    """The wanted files of the class folders in `folder`."""
    classes, loose = _entries(folder)
    if not classes:
        content = f"{wanted.noun} but no folders" if wanted.among(loose) else "no folders"
        raise DataError(
            f"{folder} holds {content}. Expected a folder for each class, named as the class, with "
            f"its {wanted.noun} in it."
        )
    found = []
    for path in classes:
        label = _label(path)
        nested, files = _entries(path)
        good = wanted.among(files)
        for inner in nested:
            if wanted.among(_entries(inner)[1]) or (not good and _entries(inner)[0]):
                raise DataError(
                    f"{path} holds a folder {inner.name!r} of its own. Expected the {wanted.noun} "
                    f"of a class right in its folder{_perhaps(path, nested)}."
                )
        if not good:
            suffixes = sorted({file.suffix.lower() or "none" for file in files})
            content = (
                f"only files with the suffixes {', '.join(suffixes[:10])}" if files else "no files"
            )
            raise DataError(
                f"{path} is an empty class: it holds {content}. Add {wanted.noun} to it"
                f"{wanted.some_suffixes()}, or remove the folder."
            )
        found += [ClassFile(str(file), _name(file, root), label) for file in good]
    return found


def _perhaps(path, nested):
    """A hint where the user may have meant the folder one level down."""
    if any(inner.name.lower() in _SPLIT_NAMES for inner in nested) or len(nested) > 1:
        return f". If its folders are the classes or splits, pass {str(path)!r}"
    return ""


def _entries(folder):
    """The folders and the files in a folder, by name, without hidden ones and without loops."""
    folders, files = [], []
    here = os.path.realpath(folder)
    for path in sorted(map(pathlib.Path, _paths(folder))):
        if path.name.startswith(".") or path.name == "__MACOSX":
            continue
        if not path.is_dir():
            files.append(path)
        elif not path.is_symlink() or not _holds(os.path.realpath(path), here):
            folders.append(path)
    return folders, files


def _paths(folder):
    try:
        return [entry.path for entry in os.scandir(folder)]
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}.") from error


def _holds(outer, inner):
    return os.path.commonpath([outer, inner]) == outer


def _name(path, root):
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        # A folder that was passed beside the other, as test= is.
        return path.relative_to(path.parents[1].parent).as_posix()


def _label(path):
    label = unicodedata.normalize("NFC", path.name)
    try:
        label.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{str(path)!r}: the name of the class is no UTF-8. Rename it.") from error
    return label
