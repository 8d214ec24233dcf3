"""Which image files a folder holds, and to which class and split each belongs."""

import dataclasses
import os
import pathlib
import unicodedata

from kerakit.checks import check
from kerakit.errors import DataError

__all__ = ["ImageFile", "find_images"]

# What is decoded, and what is named in a warning because it is an image but is not.
_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp"}
_SUFFIXES |= {".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2"}

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
class ImageFile:
    """One file.

    Attributes:
        path: str.
        name: str. The path from the folder that was given, with `/`.
        label: str. The name of its class folder, in Unicode's composed form.
    """

    path: str
    name: str
    label: str


def find_images(directory, test=None, validation=None, owner="load_images"):
    """List the image files below a folder, in the order of their names.

    Args:
        directory: str or path. It holds a folder of images per class; or `train` and
            `val`, `validation` or `test` that do (`training`, `valid` and `testing` too, in
            any case). Of only `train` and `val`, `val` is the test part.
        test, validation: str or path of further folders with a folder per class, or `None`.
        owner: str. Who asks, for messages.

    Returns:
        dict from `"train"`, and `"validation"` and `"test"` where they are given, to lists
        of `ImageFile`.

    Raises:
        DataError: when there is no such folder, or it is not laid out like this.
        ArgumentError: when a path is no path.
    """
    root = _folder(owner, "directory", directory)
    folders = {"train": root} | _split_folders(root)
    for split, other in (("test", test), ("validation", validation)):
        if other is not None:
            if split in folders:
                raise DataError(f"{root} holds {folders[split].name!r}, and {split}= is given too.")
            folders[split] = _folder(owner, split, other)
    if "validation" in folders and "test" not in folders:
        folders["test"] = folders.pop("validation")
    return {split: _files(folder, root) for split, folder in folders.items()}


def _folder(owner, parameter, value):
    check(isinstance(value, (str, os.PathLike)), owner, parameter, "a path", value)
    path = pathlib.Path(value).expanduser()
    if not path.exists():
        raise DataError(f"{path}: no such folder. Expected a folder of images per class in it.")
    if not path.is_dir():
        raise DataError(f"{path} is a file. Expected a folder with a folder of images per class.")
    return path


def _split_folders(root):
    """The folders of the splits where these are what `root` holds, else nothing."""
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


def _files(folder, root):
    """The image files of the class folders in `folder`."""
    classes, loose = _entries(folder)
    if not classes:
        held = "images but no folders" if _images(loose) else "no folders"
        raise DataError(
            f"{folder} holds {held}. Expected a folder for each class, named as the class, with "
            "its images in it."
        )
    found = []
    for path in classes:
        label = _label(path)
        nested, files = _entries(path)
        images = _images(files)
        for inner in nested:
            if _images(_entries(inner)[1]) or (not images and _entries(inner)[0]):
                raise DataError(
                    f"{path} holds a folder {inner.name!r} of its own. Expected the images of a "
                    f"class right in its folder{_perhaps(path, nested)}."
                )
        if not images:
            kinds = sorted({file.suffix.lower() or "none" for file in files})
            held = f"only files with the suffixes {', '.join(kinds)}" if files else "no files"
            raise DataError(
                f"{path} is an empty class: it holds {held}. Add images to it "
                f"({', '.join(sorted(_SUFFIXES)[:3])}, ...), or remove the folder."
            )
        found += [ImageFile(str(file), _name(file, root), label) for file in images]
    return found


def _perhaps(path, nested):
    """A hint where the folder one level down looks like the one that is meant."""
    if any(inner.name.lower() in _SPLIT_NAMES for inner in nested) or len(nested) > 1:
        return f". If its folders are the classes or splits, pass {str(path)!r}"
    return ""


def _entries(folder):
    """The folders and the files in a folder, by name; hidden ones and loops are left out."""
    folders, files = [], []
    here = os.path.realpath(folder)
    for path in sorted(map(pathlib.Path, _listed(folder))):
        if path.name.startswith(".") or path.name == "__MACOSX":
            continue
        if not path.is_dir():
            files.append(path)
        elif not path.is_symlink() or not _holds(os.path.realpath(path), here):
            folders.append(path)
    return folders, files


def _listed(folder):
    try:
        return [entry.path for entry in os.scandir(folder)]
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}.") from error


def _holds(outer, inner):
    return os.path.commonpath([outer, inner]) == outer


def _images(files):
    return [path for path in files if path.suffix.lower() in _SUFFIXES]


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
