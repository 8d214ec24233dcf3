"""From a recipe's flags to data."""

import json
import pathlib
import re

from kerakit.errors import ArgumentError

__all__ = ["load_pictures", "load_table", "run_name"]


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
        given = ("target", "columns", "test", "validation", "missing", "group", "exclude", "labels")
        spare = [flag for flag in given if getattr(config, flag) is not None]
        is_tfds = config.dataset.startswith("tfds:")
        spare = [flag for flag in spare if not (is_tfds and flag in ("target", "exclude"))]
        if spare:
            raise ArgumentError(f"--{spare[0]} goes with --csv FILE, which is not given.")
        if not is_tfds:
            return load_builtin(config.dataset, view="table", **options)
        if config.target:
            options["target"] = config.target
        if config.exclude:
            options["exclude"] = _listed(config.exclude)
        return load_tfds(config.dataset[5:], data_dir=config.data_dir, **options)
    if config.target is None:
        raise ArgumentError("--csv needs --target, the column to predict.")
    target = _listed(config.target)
    return load_csv(
        config.csv,
        target[0] if len(target) == 1 else target,
        columns=_listed(config.columns),
        test=config.test,
        validation=config.validation,
        missing=_listed(config.missing),
        group=config.group,
        exclude=_listed(config.exclude) or (),
        labels=_mapping(config.labels),
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


def run_name(config):
    """Return the run's name: the flag, or one made of the data's name."""
    own = next((v for v in (getattr(config, f, None) for f in ("csv", "images")) if v), None)
    source = pathlib.Path(own).stem if own else config.dataset.removeprefix("tfds:")
    return config.name or re.sub(r"[^A-Za-z0-9]+", "_", source).strip("_") or "data"


def _listed(text):
    return None if text is None else tuple(part.strip() for part in text.split(","))


def _mapping(text):
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ArgumentError(
            f'--labels takes a JSON object, such as \'{{"yes.": "yes"}}\'. Got {text!r}.'
        )
    return value
