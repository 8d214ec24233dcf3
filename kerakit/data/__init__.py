"""Sources of data -> `Data(train, validation, test, spec)`.

Names are imported when first used, so that `import kerakit.data` costs next to nothing.
"""

import importlib

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
    "load_series",
    "load_tagged",
    "load_text",
    "load_tfds",
]

_MODULES = {
    "Data": "data",
    "Feature": "spec",
    "Spec": "spec",
    "Target": "spec",
    "list_builtin": "builtin.load",
    "load_arrays": "tables.arrays",
    "load_builtin": "builtin.load",
    "load_csv": "tables.csv",
    "load_images": "images.folder",
    "load_series": "series.load",
    "load_tagged": "text.tagged",
    "load_text": "text.load",
    "load_tfds": "tfds.load",
}


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__():
    return sorted({*globals(), *__all__})
