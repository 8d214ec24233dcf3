"""Memory that a library keeps after it was freed."""

from __future__ import annotations

__all__ = ["give_back_memory"]


def give_back_memory() -> None:
    """Give the operating system the memory of Arrow arrays that are no more.

    Arrow keeps it for its next arrays: after a file was read, several times the size of the file.
    """
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
