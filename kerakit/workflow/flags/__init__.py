"""The flags that recipes share: those of a run, and those of each kind of data.

A recipe's `Config` derives from one class of data flags. The text below a field is its help.
"""

from kerakit.workflow.flags.images import ImageFlags
from kerakit.workflow.flags.run import (
    AS_TEXT,
    Encoder,
    ForecastEncoder,
    Levels,
    RunFlags,
    SeriesEncoder,
    WordVectors,
)
from kerakit.workflow.flags.sequences import SequenceFlags, SeriesFlags, TaggedFlags, TextFlags
from kerakit.workflow.flags.tables import TableFlags

__all__ = [
    "AS_TEXT",
    "Encoder",
    "ForecastEncoder",
    "ImageFlags",
    "Levels",
    "RunFlags",
    "SequenceFlags",
    "SeriesEncoder",
    "SeriesFlags",
    "TableFlags",
    "TaggedFlags",
    "TextFlags",
    "WordVectors",
]
