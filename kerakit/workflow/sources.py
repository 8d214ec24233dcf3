"""From a recipe's flags to data."""

import json
import pathlib
import re

from kerakit.errors import ArgumentError

__all__ = ["listed", "load_pictures", "load_table", "mapping", "own_data", "run_name"]

_OWN_DATA = ("csv", "images", "series", "ts", "text", "tagged")  # flags of the user's own data


def load_table(config):
    """Load the table that the flags name.

    Args:
        config: a dataclass with the fields of `TableFlags` and a `seed`.

    Returns:
        `Data`.

    Raises:
        ArgumentError: when flags contradict each other.
        DataError: when the data cannot be used.
    """
    from kerakit.data import load_builtin, load_csv, load_tfds

    options = {"task": config.task, "seed": config.seed}
    if config.csv is None:
        given = (
            "target",
            "columns",
            "test",
            "validation",
            "na_values",
            "groups",
            "exclude",
            "rename_labels",
        )
        spare = [flag for flag in given if getattr(config, flag) is not None]
        is_tfds = config.dataset.startswith("tfds:")
        spare = [flag for flag in spare if not (is_tfds and flag in ("target", "exclude"))]
        if spare:
            raise ArgumentError(
                f"--{spare[0].replace('_', '-')} goes with --csv FILE, which is not given."
            )
        if not is_tfds:
            return load_builtin(config.dataset, view="table", **options)
        if config.target:
            options["target"] = config.target
        if config.exclude:
            options["exclude"] = listed(config.exclude)
        return load_tfds(config.dataset[5:], data_dir=config.data_dir, **options)
    if config.target is None:
        raise ArgumentError("--csv needs --target, the column to predict.")
    target = listed(config.target)
    return load_csv(
        config.csv,
        target[0] if len(target) == 1 else target,
        columns=listed(config.columns),
        test=config.test,
        validation=config.validation,
        na_values=listed(config.na_values),
        groups=config.groups,
        exclude=listed(config.exclude) or (),
        rename_labels=mapping(config.rename_labels),
        unit=config.unit,
        **options,
    )


def load_pictures(config):
    """Load the images that the flags name.

    Args:
        config: a dataclass with the fields of `ImageFlags`, a `seed` and `cache_mb`.

    Returns:
        `Data`.

    Raises:
        ArgumentError: when flags contradict each other.
        DataError: when the data cannot be used.
    """
    from kerakit.data import load_builtin, load_images, load_tfds

    size = None if config.image_size is None else (config.image_size, config.image_size)
    if config.images is not None:
        return load_images(
            config.images, image_size=size, seed=config.seed, cache_mb=config.cache_mb
        )
    if config.dataset.startswith("tfds:"):
        return load_tfds(
            config.dataset[5:],
            data_dir=config.data_dir,
            image_size=size,
            seed=config.seed,
            cache_mb=config.cache_mb,
        )
    if size is not None:
        raise ArgumentError("--image-size goes with --images DIR or --dataset tfds:NAME.")
    return load_builtin(config.dataset, seed=config.seed)


def own_data(config):
    """Return the path of the user's own data, or `None` where a built-in set is read."""
    return next((v for v in (getattr(config, flag, None) for flag in _OWN_DATA) if v), None)


def run_name(config):
    """Return the run's name: the flag, or one made of the data's name."""
    own = own_data(config)
    source = pathlib.Path(own.removesuffix(".gz")).stem if own else config.dataset
    source = source.removeprefix("tfds:")
    return config.name or re.sub(r"[^A-Za-z0-9]+", "_", source).strip("_") or "data"


def listed(text):
    """Return the parts of a flag that has commas between them, or `None`."""
    return None if text is None else tuple(part.strip() for part in text.split(","))


def mapping(text):
    """Return the dict that a flag holds as JSON, or `None`."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ArgumentError(
            f'--rename-labels takes a JSON object, such as \'{{"yes.": "yes"}}\'. Got {text!r}.'
        )
    return value
