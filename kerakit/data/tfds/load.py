"""Tables, sets of images and sets of texts of TensorFlow Datasets."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from kerakit.checks import check, naming, shortlist
from kerakit.data.images.options import ImageOptions
from kerakit.data.options import Options, names
from kerakit.data.tfds.builder import prepared_builder
from kerakit.errors import DataError
from kerakit.status import telling
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.data import Data

__all__ = ["load_tfds"]

_TITLES = {"images": "a set of images", "text": "a set of texts", "table": "a table"}


@telling("Reading {}")
def load_tfds(
    name: str,
    *,
    target: str | Sequence[str] | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    download: bool | None = None,
    task: Literal["regression", "binary", "multiclass", "multilabel"] | None = None,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    groups: str | None = None,
    column_types: Mapping[str, str] | None = None,
    na_values: str | Sequence[str] | None = None,
    exclude: str | Sequence[str] = (),
    rename_labels: Mapping[str, str] | None = None,
    pos_label: str | None = None,
    drop_missing_target: bool = False,
    unit: str | None = None,
    seed: int = 0,
    image_size: int | tuple[int, int] | None = None,
    channels: Literal[1, 3] | None = None,
    max_unreadable: float = 0.1,
    cache_mb: float = 512,
    disk_mb: float | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
) -> Data:
    """Load a data set of TensorFlow Datasets, such as `wine_quality/red`, `titanic` or `mnist`.

    A set that declares an image as its input becomes one feature `image`, as `load_images`
    makes it. A set that declares a text becomes one text feature, as `load_text` makes it. Any
    other set must be a table.

    Class labels become their names, so that the served model takes and answers words. The
    set's own `test` and `validation` splits are used where it has them. Otherwise they are
    drawn at random from `train`.

    Args:
        name: str. `NAME`, `NAME/CONFIG` or `NAME:VERSION`, as `tfds.load` takes it.
        target: str or sequence of str. The column to predict. Defaults to `None`: the one
            that the set declares as supervised.
        data_dir: str or path. Folder of prepared sets. Defaults to `None`: the folder of
            TensorFlow Datasets.
        download: bool. Whether to download and prepare a set that is not there. Defaults to
            `None`: only where `data_dir` is not given.
        task, test_size, validation_size, groups, column_types, na_values, exclude,
            rename_labels, pos_label, drop_missing_target, unit, seed: as in `load_csv`.
            `na_values` defaults to the empty string alone. `groups`, `column_types`,
            `na_values`, `exclude`, `drop_missing_target` and `unit` are for tables only.
        image_size, channels, max_unreadable, cache_mb, disk_mb, cache_dir: as in
            `load_images`, for images only.

    Returns:
        `Data`.

    Raises:
        DataError: when there is no such set, it is not prepared and not downloaded, or it
            is neither a table nor images or texts with a class label.
        ArgumentError: when an argument has a value that it cannot have.

    Example:

    ```python
    data = load_tfds("wine_quality/red", data_dir="~/tensorflow_datasets")
    ```
    """
    owner = "load_tfds"
    check(isinstance(name, str), owner, "name", "a str, such as 'mnist'", name)
    options = Options(
        owner=owner,
        task=task,
        test_size=test_size,
        validation_size=validation_size,
        column_types=column_types,
        na_values=na_values,
        exclude=exclude,
        rename_labels=rename_labels,
        pos_label=pos_label,
        drop_missing_target=drop_missing_target,
        unit=unit,
        seed=seed,
    )
    image_options = ImageOptions(
        owner, image_size, channels, max_unreadable, cache_mb, disk_mb, cache_dir
    )
    download = data_dir is None if download is None else download
    with naming(owner):
        builder = prepared_builder(name, data_dir, download)
        inputs, targets = _supervised(builder.info)
        kind = _kind(builder.info, inputs)
        feature = "" if kind == "table" else inputs[0]
        if target is not None:
            inputs, targets = (), names(owner, "target", target)
        if not targets:
            raise DataError(
                f"{name}: the set declares no target. Pass target=, one of "
                f"{shortlist(builder.info.features)}."
            )
        _refuse_options(name, kind, options, groups, image_options)
        if kind == "images":
            from kerakit.data.tfds.images import load_image_set

            data, left_out = load_image_set(
                builder, name, feature, targets[0], options, image_options
            )
            notes = [left_out.sentence()] if left_out.problems else []
        elif kind == "text":
            from kerakit.data.tfds.text import load_text_set

            data, notes = load_text_set(builder, name, feature, targets[0], options)
        else:
            from kerakit.data.tfds.tables import load_table_set

            data, notes = load_table_set(builder, name, inputs, targets, options, groups), []
    for note in notes:
        warn(note)
    return data


def _supervised(info):
    """`(inputs, targets)`: the top-level names that the set declares, or empty tuples."""
    if not info.supervised_keys:
        return (), ()
    inputs, target = info.supervised_keys[:2]
    return tuple(_leaves(inputs)), tuple(_leaves(target))


def _leaves(keys):
    if isinstance(keys, str):
        yield keys
    else:
        for key in keys.values() if isinstance(keys, dict) else keys:
            yield from _leaves(key)


def _kind(info, inputs):
    """`"images"` or `"text"` where the one input that the set declares is such, else `"table"`."""
    from tensorflow_datasets.core.features import Image, Text

    feature = info.features[inputs[0]] if len(inputs) == 1 and inputs[0] in info.features else None
    if isinstance(feature, Image):
        return "images"
    return "text" if isinstance(feature, Text) else "table"


def _refuse_options(name, kind, options, groups, image_options):
    """Refuse an option of tables for images and texts, and an option of images for the others."""
    tables = {"groups": groups, "unit": options.unit, "na_values": options.na_values}
    tables |= {"column_types": options.column_types or None, "exclude": options.exclude or None}
    tables["drop_missing_target"] = options.drop_missing_target
    tables["task"] = None if options.task in ("binary", "multiclass") else options.task
    images = {"image_size": image_options.image_size, "channels": image_options.channels}
    wrong = (tables if kind != "table" else {}) | (images if kind != "images" else {})
    given = [key for key, value in wrong.items() if value]
    if given:
        raise DataError(
            f"{name} is {_TITLES[kind]}, for which {given[0]}= has no meaning. Leave it out."
        )
