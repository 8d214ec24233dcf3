"""Tables of TensorFlow Datasets."""

import os
import pathlib

import numpy as np

from kerakit.data.assemble import assemble
from kerakit.data.data import SPLITS
from kerakit.data.names import near_match
from kerakit.data.options import Options, names
from kerakit.data.source import read_source
from kerakit.errors import DataError

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
    group=None,
    kinds=None,
    missing=None,
    exclude=(),
    labels=None,
    positive=None,
    unit=None,
    seed=0,
):
    """Load a tabular set of TensorFlow Datasets, such as `wine_quality/red` or `titanic`.

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
        task, test_size, validation_size, group, kinds, missing, exclude, labels, positive,
            unit, seed: as in `load_csv`; but `missing` defaults to the empty string alone.

    Returns:
        `Data`.

    Raises:
        DataError: when there is no such set, it is not prepared and not downloaded, or it
            is no table.
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
        kinds=kinds,
        missing=missing,
        exclude=exclude,
        labels=labels,
        positive=positive,
        unit=unit,
        seed=seed,
    )
    download = data_dir is None if download is None else download
    builder = _prepared_builder(name, data_dir, download)
    inputs, answer = _supervised(builder.info)
    if target is not None:
        inputs, answer = (), names("load_tfds", "target", target)
    if not answer:
        raise DataError(
            f"{name}: the set declares no target. Pass target=, one of "
            f"{', '.join(map(repr, builder.info.features))}."
        )
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
            if not inputs or outer in inputs or column in (*answer, group)
        }
        sources[split] = read_source(
            chosen,
            answer,
            options,
            name=f"{name} ({split})",
            place=_place(f"{name} ({split})"),
            group=group if split == "train" or group in chosen else None,
            training=split == "train",
        )
    return assemble(sources, options, dataset=f"tfds:{name}")


def _prepared_builder(name, data_dir, download):
    """The builder of a set that lies prepared on this machine."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow_datasets as tfds

    if data_dir is not None:
        data_dir = pathlib.Path(data_dir).expanduser()
        if not data_dir.is_dir():
            raise DataError(f"{data_dir}: no such folder. Expected prepared TFDS sets in data_dir.")
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
