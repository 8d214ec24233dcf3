"""Which image files a folder holds, and to which class and split each belongs."""

from kerakit.data.files.class_folders import find_files

__all__ = ["find_images"]

# What is decoded, and what is named in a warning because it is an image but is not.
_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp"}
_SUFFIXES |= {".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2"}


def find_images(directory, test=None, validation=None, owner="load_images"):
    """List the image files below a folder, in the order of their names.

    Args:
        directory, test, validation, owner: as for `find_files`.

    Returns:
        dict from split to list of `ClassFile`.

    Raises:
        DataError: when there is no such folder, or it is not laid out like this.
        ArgumentError: when a path is no path.
    """
    return find_files(directory, test, validation, owner=owner, what="images", suffixes=_SUFFIXES)
