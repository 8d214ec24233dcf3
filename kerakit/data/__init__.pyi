"""The public names of `kerakit.data`, for editors and type checkers."""

from kerakit.data.builtin.load import list_builtin as list_builtin
from kerakit.data.builtin.load import load_builtin as load_builtin
from kerakit.data.data import Data as Data
from kerakit.data.images.folder import load_images as load_images
from kerakit.data.sequences.load import load_sequences as load_sequences
from kerakit.data.series.load import load_series as load_series
from kerakit.data.spec import Feature as Feature
from kerakit.data.spec import Spec as Spec
from kerakit.data.spec import Target as Target
from kerakit.data.tables.arrays import load_arrays as load_arrays
from kerakit.data.tables.csv import load_csv as load_csv
from kerakit.data.tables.csv import load_table as load_table
from kerakit.data.tagged.load import load_tagged as load_tagged
from kerakit.data.text.load import load_text as load_text
from kerakit.data.tfds.load import load_tfds as load_tfds

__all__ = [
    "Data",
    "Feature",
    "Spec",
    "Target",
    "list_builtin",
    "load_arrays",
    "load_builtin",
    "load_csv",
    "load_images",
    "load_sequences",
    "load_series",
    "load_table",
    "load_tagged",
    "load_text",
    "load_tfds",
]
