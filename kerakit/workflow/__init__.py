"""The code that recipes share: flags, the way from flags to data, start and end of a run.

A recipe is a dataclass of flags and the functions `load`, `build` and `train`, which
`run_recipe` calls one after the other. Nothing here imports TensorFlow before it is used.
"""

from kerakit.workflow.command import command_line, exit_code, import_quietly, run_recipe
from kerakit.workflow.flags import (
    AS_TEXT,
    Encoder,
    ForecastEncoder,
    ImageFlags,
    Levels,
    RunFlags,
    SequenceFlags,
    SeriesEncoder,
    SeriesFlags,
    TableFlags,
    TaggedFlags,
    TextFlags,
    WordVectors,
)
from kerakit.workflow.images import load_image_data
from kerakit.workflow.jobs import command_for
from kerakit.workflow.learning_rate import show_learning_rate
from kerakit.workflow.pretrained import load_backbone_images
from kerakit.workflow.run import (
    Result,
    Timer,
    finish_run,
    start_run,
    tensorboard_callbacks,
)
from kerakit.workflow.sequences import (
    load_sequence_data,
    load_series_data,
    load_tagged_data,
    load_text_data,
)
from kerakit.workflow.tables import load_table_data

__all__ = [
    "AS_TEXT",
    "Encoder",
    "ForecastEncoder",
    "ImageFlags",
    "Levels",
    "Result",
    "RunFlags",
    "SequenceFlags",
    "SeriesEncoder",
    "SeriesFlags",
    "TableFlags",
    "TaggedFlags",
    "TextFlags",
    "Timer",
    "WordVectors",
    "command_for",
    "command_line",
    "exit_code",
    "finish_run",
    "import_quietly",
    "load_backbone_images",
    "load_image_data",
    "load_sequence_data",
    "load_series_data",
    "load_table_data",
    "load_tagged_data",
    "load_text_data",
    "run_recipe",
    "show_learning_rate",
    "start_run",
    "tensorboard_callbacks",
]
