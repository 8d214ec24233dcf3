"""Texts of one label each: files, folders and lists."""

import os
import pathlib
from collections.abc import Mapping

from kerakit.checks import check
from kerakit.data.columns.frames import frame_columns, is_frame
from kerakit.data.files.plain_text import is_encoding
from kerakit.data.options import Options, names
from kerakit.data.text.assemble import text_data
from kerakit.data.text.file import read_text_file
from kerakit.data.text.folder import read_text_folder
from kerakit.data.text.source import cells, text_source
from kerakit.errors import DataError
from kerakit.warn import warn

__all__ = ["load_text"]


def load_text(
    source,
    *,
    text="text",
    label="label",
    columns=None,
    separator=None,
    quote="auto",
    encoding="utf-8",
    test=None,
    validation=None,
    test_size=0.2,
    validation_size=0.2,
    groups=None,
    rename_labels=None,
    pos_label=None,
    seed=0,
    dataset=None,
):
    """Load texts to classify: a file, a folder per class, or lists.

    The texts stay as they are. They are split at random into training, validation and test
    texts, in equal proportions of the classes; repeats of one text come into one part, so
    that no text is tested on that was trained on. (A share is then one of the different
    texts, and the rows of a part may be a few more or less.) Words, characters and lengths
    are counted in the training texts only.

    Empty texts are kept out of training, with a warning; elsewhere they are rows like others.

    Args:
        source: str or path of a file of delimited text (also gzipped, `.gz`), or of a folder
            with a folder of text files per class, or with `train`, `val` (or `validation`)
            and `test` that hold these; or a pair `(texts, labels)`, a dict of columns, or a
            DataFrame.
        text, label: str. The columns of the texts and of their labels, in files, dicts and
            DataFrames. Default to `"text"` and `"label"`.
        columns: sequence of str. Names of the columns of a file without a header, such as
            `("label", "text")`. Defaults to `None`: the first line has them.
        separator: str of one character. `" "` cuts each line at its first space, and takes
            `columns` of two names. Defaults to `None`: a tab in `.tsv` files and where the
            first lines have as many tabs each; else found as in `load_csv`.
        quote: str of one character, or `None` for no quoting. Defaults to `"auto"`: none
            where the separator is a tab or a space, so that each line is a row and quotes are
            characters of the text; else `'"'`.
        encoding: str. Of files. Defaults to `"utf-8"`.
        test, validation: the same kind of source again. Default to `None`: a part of `source`
            is split off, unless it is a folder that holds them.
        test_size: float in `(0.0, 1.0)`. Share of the texts to test on. Defaults to `0.2`.
        validation_size: float in `[0.0, 1.0)`. Share of the other texts to validate on; 0 for
            none. Defaults to `0.2`.
        groups: str. A column whose rows of equal value stay in one part (authors, threads);
            the proportions of the classes are then left to chance. Defaults to `None`.
        rename_labels: dict from label to label, applied wherever its keys occur. Defaults to
            `None`.
        pos_label: str. Which of two labels is the positive one. Defaults to `None`: the second
            in order.
        seed: int in `[0, inf)`. Seed of the split. Defaults to `0`.
        dataset: str. What to call the data in reports. Defaults to `None`: the name of the
            file or folder, or `"texts"`.

    Returns:
        `Data` of one feature, named as the column of the texts: strings, shape `()`. Its
        `vocabulary` has the words seen at least twice in training, as `TextVectorization`
        cuts them by default. The target is an int32 class id.

    Raises:
        DataError: when a file, column, text or label cannot be used; the message has the file
            and the line, or the row, counted from 0.
        ArgumentError: when a parameter has a value that it cannot have.

    Example:

    >>> texts = [f"Meeting {n} is on Monday" for n in range(20)]
    >>> texts += [f"Win {n} dollars, now!" for n in range(10)]
    >>> data = load_text((texts, ["ham"] * 20 + ["spam"] * 10), test_size=0.3)
    >>> data, data.spec.classes
    (Data(binary, 1 features, train=17, validation=4, test=9), ('ham', 'spam'))
    >>> data.spec.features[0].vocabulary[:4]
    ('is', 'meeting', 'monday', 'on')
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
    for parameter, value in (("text", text), ("label", label)):
        check(isinstance(value, str), owner, parameter, "a str", value)
    check(groups is None or isinstance(groups, str), owner, "groups", "a str, or None", groups)
    one = separator is None or (isinstance(separator, str) and len(separator) == 1)
    check(one, owner, "separator", "a str of one character, or None", separator)
    one = quote in (None, "auto") or (isinstance(quote, str) and len(quote) == 1)
    check(one, owner, "quote", "a str of one character, None or 'auto'", quote)
    check(is_encoding(encoding), owner, "encoding", "the name of an encoding", encoding)
    check(dataset is None or isinstance(dataset, str), owner, "dataset", "a str, or None", dataset)
    columns = None if columns is None else names(owner, "columns", columns)
    layout = {"columns": columns, "separator": separator}
    named = (text, label, groups)
    parts = {"train": source, "validation": validation, "test": test}
    if _is_path(source) and os.path.isdir(source):
        _refuse_layout(layout | {"groups": groups}, str(source), "a folder")
        sources = read_text_folder(
            source, test=test, validation=validation, encoding=encoding, seed=options.seed
        )
    else:
        sources = {
            split: _read(part, split, dataset, named, layout, quote, encoding)
            for split, part in parts.items()
            if split == "train" or part is not None
        }
    if dataset is None:
        dataset = pathlib.Path(source).resolve().name if _is_path(source) else "texts"
    data, notes = text_data(sources, options, dataset=dataset)
    for note in notes:
        warn(note)
    return data


def _read(part, split, dataset, named, layout, quote, encoding):
    """The `Source` of a file, a pair, a dict or a DataFrame."""
    text, label, groups = named
    if _is_path(part):
        path = pathlib.Path(part).expanduser()
        columns, place, hint = read_text_file(path, quote=quote, encoding=encoding, **layout)
        name = str(path)
    else:
        name, hint = (dataset or "texts") + ("" if split == "train" else f" ({split})"), ""
        _refuse_layout(layout, name, "in memory")
        columns = _columns(part, split, text, label, name)

        def place(row):
            return f"{name}, row {row} (counted from 0)"

    return text_source(
        columns,
        text,
        label,
        name=name,
        place=place,
        groups=groups if split == "train" or groups in columns else None,
        hint=hint,
        labels_typed=not _is_path(part),
    )


def _columns(part, split, text, label, name):
    """Dict from column name to Arrow array, of one length."""
    if is_frame(part):
        return frame_columns(part, name)
    pair = isinstance(part, (list, tuple)) and len(part) == 2
    pair = pair and not any(isinstance(side, (str, bytes)) for side in part)
    check(
        isinstance(part, Mapping) or (pair and all(hasattr(side, "__len__") for side in part)),
        "load_text",
        "source" if split == "train" else split,
        "a path, a pair (texts, labels), a dict of columns or a DataFrame",
        part,
    )
    columns = dict(zip((text, label), part, strict=True)) if pair else part
    lengths = {column: len(values) for column, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{name}: the columns have {lengths} rows. Expected one length.")
    if not sum(lengths.values()):
        raise DataError(f"{name} has no rows. Expected at least two texts.")
    return {
        str(column): cells(values, f"{name}, column {column!r}")
        for column, values in columns.items()
    }


def _refuse_layout(layout, name, what):
    for parameter, value in layout.items():
        if value is not None:
            raise DataError(
                f"{name} is {what}, for which {parameter}= has no meaning. Leave it out."
            )


def _is_path(part):
    return isinstance(part, (str, os.PathLike))
