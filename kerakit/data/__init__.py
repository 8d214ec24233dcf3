"""Sources of data -> `Data(train, validation, test, spec)`.

Names are imported when first used, so that `import kerakit.data` costs next to nothing.
"""

from kerakit.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "kerakit.data.builtin.load": ("list_builtin", "load_builtin"),
        "kerakit.data.data": ("Data",),
        "kerakit.data.images.folder": ("load_images",),
        "kerakit.data.sequences.load": ("load_sequences",),
        "kerakit.data.series.load": ("load_series",),
        "kerakit.data.spec": ("Feature", "Spec", "Target"),
        "kerakit.data.tables.arrays": ("load_arrays",),
        "kerakit.data.tables.csv": ("load_csv", "load_table"),
        "kerakit.data.text.load": ("load_text",),
        "kerakit.data.tagged.load": ("load_tagged",),
        "kerakit.data.tfds.load": ("load_tfds",),
    },
)
