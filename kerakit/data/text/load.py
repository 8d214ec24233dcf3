"""Texts with their labels, to classify: files, folders and lists."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kerakit.checks import check, naming, short_repr
from kerakit.data.columns.frames import frame_columns, is_frame
from kerakit.data.options import Options, check_text, names
from kerakit.data.storage.freed import give_back_memory
from kerakit.data.text.assemble import text_data
from kerakit.data.text.file import read_text_file
from kerakit.data.text.folder import read_text_folder
from kerakit.data.text.labels import as_lists
from kerakit.data.text.source import cells, text_source
from kerakit.errors import DataError
from kerakit.status import telling
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.data import Data

__all__ = ["load_text"]


@telling("Reading {}")
def load_text(
    source: Any,
    *,
    text: str | Sequence[str] = "text",
    label: str | Sequence[str] = "label",
    label_separator: str | None = None,
    columns: Sequence[str] | None = None,
    separator: str | None = None,
    quote: str | None = "auto",
    encoding: str = "utf-8",
    test: Any = None,
    validation: Any = None,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    groups: str | None = None,
    rename_labels: Mapping[str, str] | None = None,
    pos_label: str | None = None,
    seed: int = 0,
    dataset: str | None = None,
) -> Data:
    """Load texts to classify from a file, a folder for each class, lists or a DataFrame.

    The texts stay as they are. They are split at random into training, validation and test
    texts, each class in proportion. Repeats of a text go into the same split, so that no test
    text is a training text. (A fraction then counts different texts, and the number of rows may
    differ a little.) Words, characters and lengths are counted in the training texts only.

    Empty texts are left out of training, with a warning. Validation and test keep them.

    Args:
        source: str or path of a file of delimited text (also gzipped, `.gz`), JSON lines or
            Parquet; of a folder with a folder of text files for each class; or of a folder with
            such folders in `train`, `val` (or `validation`) and `test`. Or a pair `(texts,
            labels)`, a dict of columns, or a DataFrame.
        text: str, or sequence of str. The column of the texts in files, dicts and DataFrames.
            Several columns, such as `["title", "body"]`, are parts of one text, each an input of
            its own; a part may be empty. Defaults to `"text"`.
        label: str, or sequence of str. The column of the labels. Where it has lists of labels, a
            text has any number of them: the task is `"multilabel"`. So it is for several columns
            of 0 and 1, one for each label. Defaults to `"label"`.
        label_separator: str of one character. What stands between the labels of a cell, such as
            `"|"` in `python|pandas`; an empty cell has no label. Defaults to `None`: a cell is one
            label.
        columns: sequence of str. Names of the columns of a file without a header, such as
            `("label", "text")`. Defaults to `None`: the names are in the first line.
        separator: str of one character. `" "` splits each line at its first space, and needs
            two names in `columns`. Defaults to `None`: a tab in `.tsv` files and where the
            first lines have the same number of tabs; else detected as in `load_csv`.
        quote: str of one character, or `None` for no quoting. Defaults to `"auto"`: no quoting
            where the separator is a tab or a space, so that each line is a row and quotes are
            characters of the text; else `'"'`.
        encoding: str. Encoding of files. Defaults to `"utf-8"`.
        test, validation: the same kind of source as `source`. Default to `None`: a fraction of
            `source` is split off, unless it is a folder with folders for the splits.
        test_size: float in `(0.0, 1.0)`. Fraction of the texts to test on. Defaults to `0.2`.
        validation_size: float in `[0.0, 1.0)`. Fraction of the other texts to validate on; 0
            for none. Defaults to `0.2`.
        groups: str. A column (author, thread). Rows with the same value stay in one split; the
            proportions of the classes are then left to chance. Defaults to `None`.
        rename_labels: dict from label to label, applied to each label that is a key. Defaults
            to `None`.
        pos_label: str. The positive one of two labels. Defaults to `None`: the second in order.
        seed: int in `[0, inf)`. Seed of the split. Defaults to `0`.
        dataset: str. Name of the data in reports. Defaults to `None`: the name of the file or
            folder, or `"texts"`.

    Returns:
        `Data` of the task `"binary"`, `"multiclass"` or `"multilabel"` with a feature for each
        column of texts, named after it: strings of shape `()`. Its `vocabulary` has the words seen
        at least twice in training, in any of the columns; words are those of `TextVectorization`
        with its defaults. The target is an int32 class id, or float32 flags of shape `(classes,)`.

    Raises:
        DataError: when a file, column, text or label cannot be used; the message has the file
            and the line, or the row, counted from 0.
        ArgumentError: when an argument has a value that it cannot have.

    Example:

    >>> texts = [f"Meeting {n} is on Monday" for n in range(20)]
    >>> texts += [f"Win {n} dollars, now!" for n in range(10)]
    >>> data = load_text((texts, ["ham"] * 20 + ["spam"] * 10), test_size=0.3)
    >>> data.spec.task, data.spec.sizes, data.spec.classes
    ('binary', {'train': 17, 'validation': 4, 'test': 9}, ('ham', 'spam'))
    >>> data.spec.features[0].vocabulary[:4]
    ('is', 'meeting', 'monday', 'on')

    Several labels:

    >>> questions = [f"{task} {n}" for n in range(9) for task in ("plot frame", "read file", "why")]
    >>> data = load_text((questions, [["pandas", "plot"], ["io"], []] * 9))
    >>> data.spec.task, data.spec.classes
    ('multilabel', ('io', 'pandas', 'plot'))
    """
    owner = "load_text"
    options = Options(
        owner=owner,
        test_size=test_size,
        validation_size=validation_size,
        na_values=(),
        rename_labels=rename_labels,
        pos_label=pos_label,
        seed=seed,
    )
    text, label = names(owner, "text", text), names(owner, "label", label)
    for parameter, value in (("text", text), ("label", label)):
        check(bool(value), owner, parameter, "a str, or a sequence of str", value)
    single = label_separator is None or (
        isinstance(label_separator, str) and len(label_separator) == 1 and len(label) == 1
    )
    expected = "a str of one character, with one label=, or None"
    check(single, owner, "label_separator", expected, label_separator)
    check(groups is None or isinstance(groups, str), owner, "groups", "a str, or None", groups)
    check_text(owner, separator, quote, encoding, auto_quote=True)
    check(dataset is None or isinstance(dataset, str), owner, "dataset", "a str, or None", dataset)
    columns = None if columns is None else names(owner, "columns", columns)
    layout = {"columns": columns, "separator": separator}
    names_of_columns = (text, label, groups, label_separator)
    given = {"train": source, "validation": validation, "test": test}
    with naming(owner):
        if _is_path(source) and os.path.isdir(source):
            _refuse_layout(layout | {"groups": groups}, str(source), "a folder")
            sources = read_text_folder(
                source, test=test, validation=validation, encoding=encoding, seed=options.seed
            )
        else:
            sources = {
                split: _read(
                    given[split], split, dataset, names_of_columns, layout, quote, encoding
                )
                for split in given
                if split == "train" or given[split] is not None
            }
        if dataset is None:
            dataset = pathlib.Path(source).resolve().name if _is_path(source) else "texts"
        data, notes = text_data(sources, options, dataset=dataset)
    del sources
    give_back_memory()
    for note in notes:
        warn(note)
    return data


def _read(source, split, dataset, names_of_columns, layout, quote, encoding):
    """The `Source` of a file, a pair, a dict or a DataFrame."""
    text, label, groups, label_separator = names_of_columns
    if _is_path(source):
        path = pathlib.Path(source).expanduser()
        read = read_text_file(
            path,
            quote=quote,
            encoding=encoding,
            lists=label,
            needed=(*text, *label, *([] if groups is None else [groups])),
            **layout,
        )
        columns, location, hint, typed = read.columns, read.location, read.hint, read.typed
        name = str(path)
    else:
        name, hint = (dataset or "texts") + ("" if split == "train" else f" ({split})"), ""
        typed = True
        _refuse_layout(layout, name, "in memory")
        columns = _columns(source, split, text, label, name)

        def location(row):
            return f"{name}, row {row} (counted from 0)"

    return text_source(
        columns,
        text,
        label,
        name=name,
        location=location,
        groups=groups if split == "train" or groups in columns else None,
        hint=hint,
        labels_typed=typed,
        label_separator=label_separator,
    )


def _columns(source, split, text, label, name):
    """Dict from column name to Arrow array, of one length."""
    if is_frame(source):
        return frame_columns(source, name)
    pair = isinstance(source, (list, tuple)) and len(source) == 2
    pair = pair and not any(isinstance(side, (str, bytes)) for side in source)
    check(
        isinstance(source, Mapping) or (pair and all(hasattr(side, "__len__") for side in source)),
        "load_text",
        "source" if split == "train" else split,
        "a path, a pair (texts, labels), a dict of columns or a DataFrame",
        source,
    )
    if pair and len(text) + len(label) > 2:
        raise DataError(
            f"{name}: a pair (texts, labels) has one column of each. Pass a dict of columns or a "
            "DataFrame for several."
        )
    columns = dict(zip((*text, *label), source, strict=True)) if pair else source
    lengths = {column: len(values) for column, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(
            f"{name}: the columns must have equally many rows. Got {short_repr(lengths)}."
        )
    if not sum(lengths.values()):
        raise DataError(f"{name} has no rows. Expected at least two texts.")
    read = {}
    for column, values in columns.items():
        lists = as_lists(values) if column in label else None
        read[str(column)] = cells(values, f"{name}, column {column!r}") if lists is None else lists
    return read


def _refuse_layout(layout, name, where):
    for parameter, value in layout.items():
        if value is not None:
            raise DataError(
                f"{name} is {where}, for which {parameter}= has no meaning. Leave it out."
            )


def _is_path(source):
    return isinstance(source, (str, os.PathLike))
