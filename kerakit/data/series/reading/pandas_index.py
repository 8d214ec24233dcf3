"""The index of a pandas table: its dates as a column, and the levels that tell series apart."""

from __future__ import annotations

from typing import Any

__all__ = ["id_levels", "with_dates"]


def with_dates(source: Any) -> Any:
    """Return the source; of a pandas object with an index of dates, with the index as a column.

    An index of periods stands for the starts of the periods. Of an index of several levels each
    becomes a column.
    """
    index = getattr(source, "index", None)
    if getattr(index, "nlevels", 1) > 1:
        for number, level in enumerate(index.levels):
            if _is_time(level) and hasattr(level, "to_timestamp"):
                index = index.set_levels(level.to_timestamp(), level=number)
        return _as_frame(source).set_axis(index).reset_index(names=_level_names(index))
    if str(getattr(index, "dtype", None)).startswith("period["):
        index = index.to_timestamp()
        source = source.set_axis(index)
    elif not _is_time(index):
        return source
    return _as_frame(source).reset_index(names="time" if index.name is None else str(index.name))


def id_levels(source: Any) -> tuple[str, ...]:
    """Return the names of the levels of a pandas index that tell one series from another.

    They are those of an index of several levels that hold no dates, as `with_dates` names them.
    """
    index = getattr(source, "index", None)
    if getattr(index, "nlevels", 1) < 2:
        return ()
    levels = zip(_level_names(index), index.levels, strict=True)
    return tuple(name for name, level in levels if not _is_time(level))


def _level_names(index):
    usual = ("time" if _is_time(level) else f"level_{n}" for n, level in enumerate(index.levels))
    return [u if name is None else str(name) for u, name in zip(usual, index.names, strict=True)]


def _is_time(index):
    return str(getattr(index, "dtype", None)).startswith(("period[", "datetime64"))


def _as_frame(source):
    """A Series of pandas as a DataFrame of one column."""
    if not hasattr(source, "to_frame"):
        return source
    return source.to_frame("value" if source.name is None else str(source.name))
