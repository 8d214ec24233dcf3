"""The tables of `kerakit list`: builders, presets, backbones and built-in data sets."""

from __future__ import annotations

from kerakit.workflow.command import import_quietly

__all__ = ["LISTS"]

# The preprocessing inside a backbone, by its mode: what the network's first layer receives.
_INPUTS = {
    "tf": "input x / 127.5 - 1",
    "torch": "input (x / 255 - mean) / std",
    "caffe": "input BGR minus the channel means",
    "lite": "input (x - 127) / 128",
    "inside": "input 0 to 255",
}


def _builders() -> list[tuple[str, str]]:
    """Return `(name, first line of the docstring)` of every builder."""
    import_quietly()
    import kerakit.builders as builders

    documented = [(name, getattr(builders, name).__doc__ or "") for name in builders.__all__]
    return [(name, text.strip().partition("\n")[0]) for name, text in documented]


def _presets() -> list[tuple[str, str]]:
    """Return `(name, reason and source)` of every compile preset."""
    import_quietly()
    from kerakit.presets.table import PRESETS

    return [(preset.name, f"{preset.reason} [{preset.source}]") for preset in PRESETS.values()]


def _backbones() -> list[tuple[str, str]]:
    """Return `(name, size, accuracy on ImageNet and input)` of every backbone."""
    from kerakit.builders.pretrained.backbones.registry import BACKBONES

    rows = []
    for entry in BACKBONES.values():
        top_1 = "  - " if entry.top_1 is None else f"{entry.top_1:4.1f}"
        size = f"{entry.size} pixels, {entry.parameters / 1e6:6.2f} million parameters"
        rows.append((entry.name, f"{size}, top-1 {top_1} %, {_INPUTS[entry.mode]}"))
    return rows


def _datasets() -> list[tuple[str, str]]:
    """Return `(name, title, number of rows and task)` of every built-in data set."""
    from kerakit.data.builtin.load import list_builtin

    entries = list_builtin().values()
    return [(entry.name, f"{entry.title}, {entry.rows} rows, {entry.task}") for entry in entries]


LISTS = {
    "builders": _builders,
    "presets": _presets,
    "backbones": _backbones,
    "datasets": _datasets,
}
