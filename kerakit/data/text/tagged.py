"""Sentences with a tag for each token: CoNLL files, and lists."""

import os
import pathlib
from collections.abc import Sequence

import numpy as np

from kerakit.checks import check
from kerakit.data.files.plain_text import decode, is_encoding, read_bytes
from kerakit.data.options import Options, names
from kerakit.data.text.conll import Sentence, read_conll
from kerakit.data.text.tagged_assemble import Sentences, tag_data
from kerakit.errors import DataError
from kerakit.warn import warn

__all__ = ["load_tagged"]

_WHITE = " \t\n\v\f\r"


def load_tagged(
    source,
    *,
    token=None,
    tag=None,
    columns=None,
    encoding="utf-8",
    test=None,
    validation=None,
    test_size=0.2,
    validation_size=0.2,
    rename_labels=None,
    seed=0,
    dataset=None,
):
    """Load sentences in which each token has a tag, such as its part of speech.

    A file has a line for each token, with columns between tabs (or spaces, where its first
    line has no tab), and a blank line after each sentence; comments begin with `# `, and
    `-DOCSTART-` lines are passed over. CoNLL-U is known by its suffix `.conllu`, or by its ten
    columns: of it the words are read, without multiword tokens (`1-2`) and empty nodes.

    A sentence becomes one string, its tokens with single spaces between; white space within
    a token, which CoNLL-U permits, becomes a no-break space, as a warning says. Sentences are
    split at random; repeats of one sentence come into one part, and every tag keeps a
    sentence to train on.

    A tag of `test=` or `validation=` that no training sentence has is a class without training
    tokens, as a warning says: it counts as wrong. If it is on more than 1 % of the tokens there
    is an error, since the files then hardly belong together.

    Args:
        source: str or path of a file (also gzipped, `.gz`), or a pair `(sentences, tags)` of
            lists of lists of str.
        token, tag: int or str. The columns of the tokens and of their tags, in files: a
            number, from 0, or from the end as -1; a name, of `columns` or of the comment
            `# global.columns = ...`; in CoNLL-U `"form"` or `"lemma"`, and `"upos"`, `"xpos"`
            or `"deprel"`. Default to `None`: the first and the last column; in CoNLL-U
            `"form"` and `"upos"`.
        columns: sequence of str. Names of a file's columns. Defaults to `None`.
        encoding: str. Of files. Defaults to `"utf-8"`.
        test, validation: the same kind of source again. Default to `None`: a part of `source`
            is split off.
        test_size: float in `(0.0, 1.0)`. Share of the sentences to test on. Defaults to `0.2`.
        validation_size: float in `[0.0, 1.0)`. Share of the other sentences to validate on; 0
            for none. Defaults to `0.2`.
        rename_labels: dict from tag to tag, applied wherever its keys occur. Defaults to `None`.
        seed: int in `[0, inf)`. Seed of the split. Defaults to `0`.
        dataset: str. What to call the data in reports. Defaults to `None`: the file's name,
            or `"sentences"`.

    Returns:
        `Data` of one feature `tokens`: strings, shape `()`. The target is an int32 array of
        shape `(n, most tokens of the split)`, -1 behind the last token of a sentence.
        `spec.classes` are the tags, sorted; `spec.class_counts` are the training tokens of
        each.

    Raises:
        DataError: when a file, line, token or tag cannot be used; the message has the file and
            the line, or the sentence and the token, counted from 0.
        ArgumentError: when a parameter has a value that it cannot have.

    Example:

    >>> animals = ["dogs", "cats", "mice", "geese", "bees"]
    >>> sentences = [[animal, "run"] for animal in animals]
    >>> sentences += [["see", "the", animal] for animal in animals]
    >>> tags = [["NOUN", "VERB"]] * 5 + [["VERB", "DET", "NOUN"]] * 5
    >>> data = load_tagged((sentences, tags), validation_size=0, seed=1)
    >>> data, data.spec.classes
    (Data(tagging, 1 features, train=8, validation=0, test=2), ('DET', 'NOUN', 'VERB'))
    >>> data.table("train").target[:2]
    array([[ 1,  2, -1],
           [ 1,  2, -1]], dtype=int32)
    """
    owner = "load_tagged"
    options = Options(
        owner=owner,
        test_size=test_size,
        validation_size=validation_size,
        na_values=(),
        rename_labels=rename_labels,
        seed=seed,
    )
    for parameter, value in (("token", token), ("tag", tag)):
        whole = isinstance(value, int) and not isinstance(value, bool)
        ok = value is None or isinstance(value, str) or whole
        check(ok, owner, parameter, "an int, a str or None", value)
    check(is_encoding(encoding), owner, "encoding", "the name of an encoding", encoding)
    check(dataset is None or isinstance(dataset, str), owner, "dataset", "a str, or None", dataset)
    columns = None if columns is None else names(owner, "columns", columns)
    path = isinstance(source, (str, os.PathLike))
    if dataset is None:
        dataset = pathlib.Path(source).resolve().name if path else "sentences"
    parts = {"train": source, "validation": validation, "test": test}
    layout = {"token": token, "tag": tag, "columns": columns}
    sources = {
        split: _read(part, split, dataset, layout, encoding)
        for split, part in parts.items()
        if split == "train" or part is not None
    }
    data, notes = tag_data(sources, options, dataset=dataset)
    for note in notes:
        warn(note)
    return data


def _read(part, split, dataset, layout, encoding):
    """`Sentences` of a file or a pair."""
    if isinstance(part, (str, os.PathLike)):
        path = pathlib.Path(part).expanduser()
        content = read_bytes(path, "a file with a token and its tag on each line")
        found = read_conll(decode(content, str(path), encoding), str(path), **layout)

        def place(row, word):
            return f"{path}, line {found[row].lines[word]}"

        return Sentences(str(path), found, place)
    name = dataset if split == "train" else f"{dataset} ({split})"
    parameter = "source" if split == "train" else split
    given = [key for key, value in layout.items() if value is not None]
    if given:
        raise DataError(f"{name} is in memory, for which {given[0]}= has no meaning. Leave it out.")
    ok = isinstance(part, (list, tuple)) and len(part) == 2
    ok = ok and all(map(_is_sequence, part))
    check(ok, "load_tagged", parameter, "a path, or a pair (sentences, tags) of lists", part)

    def place(row, word):
        return f"{name}, sentence {row}, token {word} (counted from 0)"

    return Sentences(name, _pair(*part, name, place), place)


def _pair(sentences, tags, name, place):
    """The sentences of two lists of lists, as long as each other."""
    if len(sentences) != len(tags):
        raise DataError(
            f"{name}: there are {len(sentences)} sentences and the tags of {len(tags)}. Expected "
            "as many of the one as of the other."
        )
    if not len(sentences):
        raise DataError(f"{name} has no sentences. Expected at least two.")
    found = []
    for row, (words, marks) in enumerate(zip(sentences, tags, strict=True)):
        where = f"{name}, sentence {row} (counted from 0)"
        for what, values in (("tokens", words), ("tags", marks)):
            if not _is_sequence(values):
                raise DataError(f"{where}: expected a list of {what}, found {values!r}.")
        if len(words) != len(marks):
            raise DataError(
                f"{where}: it has {len(words)} tokens and {len(marks)} tags. Expected a tag for "
                "each token."
            )
        if not len(words):
            raise DataError(f"{where}: it has no tokens. Leave it out.")
        for word, (text, mark) in enumerate(zip(words, marks, strict=True)):
            for what, value in (("token", text), ("tag", mark)):
                if not isinstance(value, str) or not value.strip(_WHITE):
                    raise DataError(
                        f"{place(row, word)}: expected a {what}, a str that is not empty. Found "
                        f"{value!r}."
                    )
        found.append(Sentence(list(map(str, words)), list(map(str, marks)), []))
    return found


def _is_sequence(values):
    return isinstance(values, (Sequence, np.ndarray)) and not isinstance(values, (str, bytes))
