"""Fonts that can draw class names in any script."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence

__all__ = ["drawable", "font_families"]

_DEFAULT = "DejaVu Sans"  # comes with Matplotlib: Latin, Greek, Cyrillic, Arabic, Hebrew
# Colour bitmaps, which Matplotlib cannot draw, and boxes with a code in them.
_UNSUITABLE = ("emoji", "lastresort", "last resort")


@contextlib.contextmanager
def font_families(names: Sequence[str]) -> Iterator[None]:
    """Use installed fonts that have the characters of the names, inside a `with` block.

    Args:
        names: sequence of str.
    """
    import matplotlib

    families, _ = _fonts(frozenset("".join(names)))
    if len(families) == 1:
        yield
        return
    with matplotlib.rc_context({"font.family": list(families)}):
        yield


def drawable(names: Sequence[str]) -> list[str]:
    """Replace each name that no installed font can draw by its number, such as `class 3`.

    Args:
        names: sequence of str. The class names in order, counted from 0.

    Returns:
        list of str.

    Example:

    >>> drawable(["été", "a private character: \\U0010fffd"])
    ['été', 'class 1']
    """
    _, missing = _fonts(frozenset("".join(names)))
    return [f"class {i}" if missing & set(name) else name for i, name in enumerate(names)]


@functools.cache
def _fonts(characters):
    """Font families that together have the characters (the default first), and missing ones."""
    from matplotlib import font_manager

    families, missing = [_DEFAULT], {c for c in characters if not c.isspace()}
    missing -= _characters(font_manager.findfont(_DEFAULT))
    entries = font_manager.fontManager.ttflist if missing else ()
    for entry in sorted(entries, key=lambda entry: (entry.name, entry.weight != 400)):
        if entry.name in families or any(word in entry.name.lower() for word in _UNSUITABLE):
            continue
        found = missing & _characters(entry.fname)
        if found:
            families.append(entry.name)
            missing -= found
        if not missing:
            break
    return tuple(families), frozenset(missing)


@functools.cache
def _characters(path):
    from matplotlib import font_manager

    try:
        return frozenset(map(chr, font_manager.get_font(path).get_charmap()))
    except (OSError, RuntimeError, ValueError):  # removed, or not a font
        return frozenset()
