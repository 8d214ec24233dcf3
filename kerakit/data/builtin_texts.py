"""Built-in sets that are words: toy messages to classify, and toy sentences to tag."""

from kerakit.data.builtin.toy_messages import messages
from kerakit.data.builtin.toy_sentences import sentences
from kerakit.data.options import Options
from kerakit.data.text.assemble import text_data
from kerakit.data.text.conll import Sentence
from kerakit.data.text.source import cells, text_source
from kerakit.data.text.tagged_assemble import Sentences, tag_data

__all__ = ["builtin_messages", "builtin_sentences"]

_OWNER = "load_builtin"


def builtin_messages(**options):
    """Return `Data` of the toy set `messages`, the same texts whatever the seed of the split.

    Args:
        options: as in `Options`.
    """
    name = "messages"
    texts, labels = messages()

    def place(row):
        return f"{name}, row {row} (counted from 0)"

    columns = {"text": cells(texts, name), "label": cells(labels, name)}
    source = text_source(columns, "text", "label", name=name, place=place)
    options = Options(_OWNER, na_values=(), **options)
    return text_data({"train": source}, options, dataset=name)[0]


def builtin_sentences(**options):
    """Return `Data` of the toy set `sentences`, the same ones whatever the seed of the split.

    Args:
        options: as in `Options`.
    """
    name = "sentences"

    def place(row, word):
        return f"{name}, sentence {row}, token {word} (counted from 0)"

    found = [Sentence(tokens, tags, lines=[]) for tokens, tags in zip(*sentences(), strict=True)]
    options = Options(_OWNER, na_values=(), **options)
    return tag_data({"train": Sentences(name, found, place)}, options, dataset=name)[0]
