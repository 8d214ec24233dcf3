"""From a recipe's flags to series, labelled sequences, texts and sentences."""

import dataclasses

from kerakit.errors import ArgumentError
from kerakit.workflow.flags import SequenceFlags, SeriesFlags, TaggedFlags, TextFlags
from kerakit.workflow.jobs import command_for
from kerakit.workflow.sources import listed, mapping

__all__ = ["load_labelled", "load_sentences", "load_texts", "load_windows"]


def load_windows(config):
    """Load the series to forecast that the flags name.

    Args:
        config: a dataclass with the fields of `SeriesFlags` and a `seed`.

    Returns:
        `Data` of a forecast.

    Raises:
        ArgumentError: when flags contradict each other.
        DataError: when the data cannot be used.
    """
    from kerakit.data import load_builtin, load_series

    given = _given(config, SeriesFlags, "series", other=("window", "horizon"))
    if config.series is None:
        _check_builtin(config.dataset, "series to forecast", ("mackey_glass",))
        return load_builtin(config.dataset, seed=config.seed, **given)
    if _is_ts(config.series):
        raise ArgumentError(
            f"{config.series} holds labelled sequences: run {command_for('sequence-classify')} "
            "--ts FILE."
        )
    given |= {
        flag: listed(given[flag]) for flag in ("value", "calendar", "na_values") if flag in given
    }
    return load_series(config.series, seed=config.seed, **given)


def load_labelled(config):
    """Load the sequences of one label each that the flags name.

    Args:
        config: a dataclass with the fields of `SequenceFlags` and a `seed`.

    Returns:
        `Data` of classes.

    Raises:
        ArgumentError: when flags contradict each other.
        DataError: when the data cannot be used.
    """
    from kerakit.data import load_builtin, load_sequences

    given = _given(config, SequenceFlags, "ts")
    if config.ts is None:
        _check_builtin(config.dataset, "set of labelled sequences", ("control_charts", "digits"))
        return load_builtin(config.dataset, view="rows", seed=config.seed)
    if not _is_ts(config.ts):
        raise ArgumentError(
            f"--ts takes a .ts file, as those of the UCR and UEA archives. Got {config.ts!r}. A "
            f"series to forecast goes to {command_for('sequence-forecast')} --series FILE, a table "
            f"with a row for each label to {command_for('tabular-classification')}."
        )
    return load_sequences(config.ts, seed=config.seed, **given)


def load_texts(config):
    """Load the texts of one label each that the flags name.

    Args:
        config: a dataclass with the fields of `TextFlags` and a `seed`.

    Returns:
        `Data` of classes.

    Raises:
        ArgumentError: when flags contradict each other.
        DataError: when the data cannot be used.
    """
    from kerakit.data import load_builtin, load_text, load_tfds

    given = _given(config, TextFlags, "text", other=("rename_labels",))
    options = {"rename_labels": mapping(given.pop("rename_labels", None)), "seed": config.seed}
    if config.text is None:
        if config.dataset.startswith("tfds:"):
            data = load_tfds(config.dataset[5:], data_dir=config.data_dir, **options)
            if data.spec.features[0].kind != "text":
                raise ArgumentError(
                    f"{config.dataset!r} is no set of texts: run "
                    f"{command_for('tabular-classification')}, or {command_for('image-cnn')} for "
                    "images."
                )
            return data
        _check_builtin(config.dataset, "set of texts", ("messages",), "tfds:NAME")
        return load_builtin(config.dataset, **options)
    columns = {"text": given.pop("text_column", "text"), "label": given.pop("target", "label")}
    columns["columns"] = listed(given.pop("columns", None))
    return load_text(config.text, **columns, **given, **options)


def load_sentences(config):
    """Load the tagged sentences that the flags name.

    Args:
        config: a dataclass with the fields of `TaggedFlags` and a `seed`.

    Returns:
        `Data` of tags.

    Raises:
        ArgumentError: when flags contradict each other.
        DataError: when the data cannot be used.
    """
    from kerakit.data import load_builtin, load_tagged

    given = _given(config, TaggedFlags, "tagged", other=("rename_labels",))
    options = {"rename_labels": mapping(given.pop("rename_labels", None)), "seed": config.seed}
    if config.tagged is None:
        _check_builtin(config.dataset, "set of tagged sentences", ("sentences",))
        return load_builtin(config.dataset, **options)
    columns = {flag: _column(given.pop(flag, None)) for flag in ("token", "tag")}
    columns["columns"] = listed(given.pop("columns", None))
    return load_tagged(config.tagged, **columns, **given, **options)


def _given(config, flags, own, other=()):
    """The flags of the data that the user gave, a dict, once they are known to go together.

    Args:
        config: the recipe's flags.
        flags: the dataclass of those that say what to read.
        own: str. The flag of the user's own file, which the others go with.
        other: tuple of str. Those that go with `--dataset` too.
    """
    names = [field.name for field in dataclasses.fields(flags)]
    names = [name for name in names if name not in ("dataset", "data_dir", own)]
    given = {name: getattr(config, name) for name in names if getattr(config, name) is not None}
    is_own = getattr(config, own) is not None
    if is_own and config.dataset != type(config).dataset:
        raise ArgumentError(
            f"--{own} {getattr(config, own)} and --dataset {config.dataset} are two sets of data. "
            "Give one of them."
        )
    if getattr(config, "data_dir", None) and (is_own or not config.dataset.startswith("tfds:")):
        raise ArgumentError("--data-dir goes with --dataset tfds:NAME, which is not given.")
    for name in given:
        if not is_own and name not in other:
            flag = name.replace("_", "-")
            raise ArgumentError(f"--{flag} goes with --{own} FILE, which is not given.")
    return given


def _check_builtin(name, what, known, more=""):
    """Refuse a built-in set of another kind, and a name that is none."""
    from kerakit.data.names import near_match

    if name not in known:
        choice = " or ".join([*known, *([more] if more else [])])
        raise ArgumentError(
            f"--dataset {name} is no {what}. Expected {choice}.{near_match(name, known)}"
        )


def _is_ts(path):
    return path.lower().endswith(".ts")


def _column(text):
    """A column as a number where it is one, else as a name."""
    try:
        return None if text is None else int(text)
    except ValueError:
        return text
