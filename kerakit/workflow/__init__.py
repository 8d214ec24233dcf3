"""What the recipes share: flags, the way from flags to data, and the end of a run.

A recipe is a dataclass of flags, `run(config)` and `main`. Nothing here imports TensorFlow
before it is used.
"""

from kerakit.workflow.command import command_line, exit_code, import_quietly
from kerakit.workflow.flags import (
    ImageFlags,
    RunFlags,
    SequenceFlags,
    SeriesFlags,
    TableFlags,
    TaggedFlags,
    TextFlags,
)
from kerakit.workflow.jobs import command_for
from kerakit.workflow.pretrained import load_pictures_for_backbone
from kerakit.workflow.run import Result, Timer, finish, start_run
from kerakit.workflow.sequences import load_labelled, load_sentences, load_texts, load_windows
from kerakit.workflow.sources import load_pictures, load_table

__all__ = [
    "ImageFlags",
    "Result",
    "RunFlags",
    "SequenceFlags",
    "SeriesFlags",
    "TableFlags",
    "TaggedFlags",
    "TextFlags",
    "Timer",
    "command_for",
    "command_line",
    "exit_code",
    "finish",
    "import_quietly",
    "load_labelled",
    "load_pictures",
    "load_pictures_for_backbone",
    "load_sentences",
    "load_table",
    "load_texts",
    "load_windows",
    "start_run",
]
