"""Fonts for class names in any script, and what stands for a name that none can draw."""

import contextlib
import functools

__all__ = ["drawable", "font_families"]

_DEFAULT = "DejaVu Sans"  # comes with Matplotlib: Latin, Greek, Cyrillic, Arabic, Hebrew
# Colour bitmaps, which Matplotlib cannot draw, and boxes with a code in them.
_UNFIT = ("emoji", "lastresort", "last resort")


@contextlib.contextmanager
def font_families(names):
    """Draw text made inside the block with installed fonts that have the names' characters.

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


def drawable(names):
    """Return the names, with `class 3` (counted from 0) for one that no font can draw.

    Args:
        names: sequence of str.

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
    """Families that together have the characters, the default first, and what none has."""
    from matplotlib import font_manager

    families, missing = [_DEFAULT], {c for c in characters if not c.isspace()}
    missing -= _characters(font_manager.findfont(_DEFAULT))
    entries = font_manager.fontManager.ttflist if missing else ()
    for entry in sorted(entries, key=lambda entry: (entry.name, entry.weight != 400)):
        if entry.name in families or any(word in entry.name.lower() for word in _UNFIT):
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
    except (OSError, RuntimeError, ValueError):  # removed, or no font after all
        return frozenset()
