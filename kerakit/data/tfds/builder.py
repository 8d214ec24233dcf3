"""Sets of TensorFlow Datasets: found where they are prepared, or downloaded."""

from __future__ import annotations

import os
import pathlib
from typing import TYPE_CHECKING

from kerakit.data.names import near_match
from kerakit.errors import DataError

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder

__all__ = ["prepared_builder"]


def prepared_builder(
    name: str, data_dir: str | os.PathLike[str] | None, download: bool
) -> DatasetBuilder:
    """Return the TFDS builder of a set that is prepared on this machine.

    Args:
        name: str. `NAME`, `NAME/CONFIG` or `NAME:VERSION`.
        data_dir: str or path, or `None` for the folder of TensorFlow Datasets.
        download: bool. Whether to download and prepare a set that is not there.

    Returns:
        `tfds.core.DatasetBuilder`.

    Raises:
        DataError: when there is no such set, or it is not prepared and not downloaded.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow_datasets as tfds

    if data_dir is not None:
        data_dir = pathlib.Path(data_dir).expanduser()
        if not data_dir.is_dir():
            raise DataError(
                f"{data_dir}: no such folder. Expected a folder of prepared TFDS sets as data_dir= "
                "of load_tfds."
            )
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except tfds.core.registered.DatasetNotFoundError:
        near = near_match(
            str(name).split("/")[0], tfds.list_builders(with_community_datasets=False)
        )
        raise DataError(f"TensorFlow Datasets has no set {name!r}.{near}") from None
    except (ValueError, AssertionError, ImportError) as error:
        reason = str(error).rpartition('}": ')[2].splitlines()[0]
        raise DataError(f"TensorFlow Datasets cannot load {name!r}: {reason}") from error
    where = builder.data_path
    if builder.is_prepared():
        return builder
    if not download:
        raise DataError(
            f"{name} is not prepared in {where}. Check the name, its configuration and data_dir=, "
            "or pass download=True on a machine that reaches its source."
        )
    try:
        builder.download_and_prepare()
    except Exception as error:
        # Each set has a script of its own, which may fail in any way.
        reason = (str(error) or repr(error)).splitlines()[0]
        raise DataError(
            f"{name} is not prepared in {where}, and it could not be downloaded: {reason}. Pass "
            "data_dir= with a folder where it is prepared."
        ) from error
    return builder
