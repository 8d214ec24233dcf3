"""Tables, sets of images and sets of texts of TensorFlow Datasets."""

import numpy as np

from kerakit.data.data import SPLITS
from kerakit.data.images.options import ImageOptions
from kerakit.data.options import Options, names
from kerakit.data.tables.assemble import assemble
from kerakit.data.tables.source import read_source
from kerakit.data.tfds.builder import prepared_builder
from kerakit.errors import DataError
from kerakit.warn import warn

__all__ = ["load_tfds"]


def load_tfds(
    name,
    *,
    target=None,
    data_dir=None,
    download=None,
    task=None,
    test_size=0.2,
    validation_size=0.2,
    groups=None,
    column_types=None,
    na_values=None,
    exclude=(),
    rename_labels=None,
    pos_label=None,
    unit=None,
    seed=0,
    image_size=None,
    channels=None,
    max_unreadable=0.1,
    cache_mb=512,
    disk_mb=None,
    cache_dir=None,
):
    """Load a set of TensorFlow Datasets, such as `wine_quality/red`, `titanic` or `mnist`.

    A set that declares an image as its input becomes one feature `image`, decoded and kept as
    `load_images` does; one that declares a text becomes that feature, as `load_text` has it;
    any other must be a table.

    Class labels become their names, so that the served model takes and answers words. The
    set's own `test` and `validation` splits are used where it has them; otherwise they are
    split off `train`.

    Args:
        name: str. `NAME`, `NAME/CONFIG` or `NAME:VERSION`, as `tfds.load` takes it.
        target: str or sequence of str. The column to predict. Defaults to `None`: the one
            that the set declares as supervised.
        data_dir: str or path. Where sets are prepared. Defaults to `None`: the folder of
            TensorFlow Datasets.
        download: bool. Whether to download and prepare a set that is not there. Defaults to
            `None`: only where `data_dir` is not given.
        task, test_size, validation_size, groups, column_types, na_values, exclude,
            rename_labels, pos_label, unit, seed: as in `load_csv`; but `na_values` defaults to
            the empty string alone.
        image_size, channels, max_unreadable, cache_mb, disk_mb, cache_dir: as in
            `load_images`; for images only, as `groups`, `column_types`, `na_values`, `exclude` and
            `unit` are for tables only; a text takes neither.

    Returns:
        `Data`.

    Raises:
        DataError: when there is no such set, it is not prepared and not downloaded, or it
            is neither a table nor images or texts with a class label.
        ArgumentError: when a parameter has a value that it cannot have.

    Example:

    ```python
    data = load_tfds("wine_quality/red", data_dir="~/tensorflow_datasets")
    ```
    """
    options = Options(
        owner="load_tfds",
        task=task,
        test_size=test_size,
        validation_size=validation_size,
        column_types=column_types,
        na_values=na_values,
        exclude=exclude,
        rename_labels=rename_labels,
        pos_label=pos_label,
        unit=unit,
        seed=seed,
    )
    settings = ImageOptions(
        "load_tfds", image_size, channels, max_unreadable, cache_mb, disk_mb, cache_dir
    )
    download = data_dir is None if download is None else download
    builder = prepared_builder(name, data_dir, download)
    inputs, answer = _supervised(builder.info)
    if target is not None:
        inputs, answer = (), names("load_tfds", "target", target)
    if not answer:
        raise DataError(
            f"{name}: the set declares no target. Pass target=, one of "
            f"{', '.join(map(repr, builder.info.features))}."
        )
    from tensorflow_datasets.core.features import Image, Text

    image = _input_of(builder.info, Image)
    text = _input_of(builder.info, Text)
    what = "a set of images" if image else "a set of texts" if text else "a table"
    _refuse_others_options(name, what, options, groups, settings)
    if text is not None:
        from kerakit.data.tfds.text import load_text_set

        data, notes = load_text_set(builder, name, text, answer[0], options)
        for note in notes:
            warn(note)
        return data
    if image is not None:
        from kerakit.data.tfds.images import load_image_set

        data, left_out = load_image_set(builder, name, image, answer[0], options, settings)
        if left_out.problems:
            warn(left_out.sentence())
        return data
    _refuse_other_shapes(builder, options.exclude, answer)
    if "train" not in builder.info.splits:
        raise DataError(f"{name}: the set has no split 'train', only {list(builder.info.splits)}.")
    sources = {}
    for split in SPLITS:
        if split not in builder.info.splits:
            continue
        table = _read_split(builder, split)
        chosen = {
            column: values
            for (outer, column), values in table.items()
            if not inputs or outer in inputs or column in (*answer, groups)
        }
        sources[split] = read_source(
            chosen,
            answer,
            options,
            name=f"{name} ({split})",
            place=_place(f"{name} ({split})"),
            groups=groups if split == "train" or groups in chosen else None,
            training=split == "train",
        )
    return assemble(sources, options, dataset=f"tfds:{name}")


def _supervised(info):
    """`(inputs, targets)`: the top-level names that the set declares, or empty tuples."""
    if not info.supervised_keys:
        return (), ()
    inputs, target = info.supervised_keys[:2]
    return tuple(_leaves(inputs)), tuple(_leaves(target))


def _input_of(info, kind):
    """The name of the one input that the set declares, where it is of this kind, or `None`."""
    inputs = _supervised(info)[0]
    if len(inputs) != 1 or inputs[0] not in info.features:
        return None
    return inputs[0] if isinstance(info.features[inputs[0]], kind) else None


def _refuse_others_options(name, what, options, groups, settings):
    """Refuse what was asked of a table where there are images or texts, and the other way round."""
    tables = {"groups": groups, "unit": options.unit, "na_values": options.na_values}
    tables |= {"column_types": options.column_types or None, "exclude": options.exclude or None}
    tables["task"] = None if options.task in ("binary", "multiclass") else options.task
    images = {"image_size": settings.image_size, "channels": settings.channels}
    wrong = (tables if what != "a table" else {}) | (images if what != "a set of images" else {})
    given = [key for key, value in wrong.items() if value]
    if given:
        raise DataError(f"{name} is {what}, for which {given[0]}= has no meaning. Leave it out.")


def _leaves(keys):
    if isinstance(keys, str):
        yield keys
    else:
        for key in keys.values() if isinstance(keys, dict) else keys:
            yield from _leaves(key)


def _refuse_other_shapes(builder, exclude, targets):
    """Refuse a set that is no table before its rows, which may be images, are read."""
    for _, column, feature in _features(builder.info):
        shape = feature.shape
        good = isinstance(shape, tuple) and len(shape) <= 1 and None not in shape
        if column not in exclude and not good:
            raise DataError(
                f"{builder.name}: the feature {column!r} is {feature}, which is no column of a "
                f"table. Pass exclude={column!r} where the others are a table without it."
            )
        if column in targets and shape != ():
            raise DataError(
                f"{builder.name}: the target {column!r} has shape {shape}; expected ()."
            )


def _features(info):
    """Yield `(top-level name, column name, feature)`; a nested dict is flattened once."""
    for outer, feature in info.features.items():
        if hasattr(feature, "items"):
            for column, inner in feature.items():
                yield outer, column, inner
        else:
            yield outer, outer, feature


def _read_split(builder, split):
    """Dict from (top-level name, column name) to Arrow array or array of shape (n, d)."""
    import tensorflow_datasets as tfds

    rows = tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
    columns = {}
    for outer, column, feature in _features(builder.info):
        values = rows[outer][column] if isinstance(rows[outer], dict) else rows[outer]
        columns[outer, column] = _column(values, feature)
    return columns


def _column(values, feature):
    import pyarrow as pa

    if hasattr(feature, "int2str"):
        # TFDS writes an unknown label as -1.
        words = [*feature.names, ""]
        places = np.where(values < 0, len(words) - 1, values)
        return pa.array(words, pa.string()).take(pa.array(places))
    if values.dtype == object:
        return pa.array([value.decode("utf-8", "replace") for value in values], pa.string())
    return pa.array(values) if values.ndim == 1 else values


def _place(name):
    return lambda row: f"{name}, row {row} (counted from 0)"
