"""Output that nobody reads any more: a command whose pipe was closed goes on quietly."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["closed_pipes_ignored"]


@contextlib.contextmanager
def closed_pipes_ignored() -> Iterator[None]:
    """Let standard output and error be closed by their reader, such as `head`, inside the block.

    What is printed after that is lost, and nothing else: a training goes on, files are written,
    and the exit code is the usual one. A stream that was closed before the start of the program
    becomes the null device, so that no file of the program takes its number.
    """
    replaced = {}
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - open until the end
        elif _is_pipe(stream):
            replaced[name] = stream
            stream.flush()
            setattr(sys, name, _quiet(stream))
    try:
        yield
    finally:
        for name, stream in replaced.items():
            getattr(sys, name).flush()
            setattr(sys, name, stream)


class _Pipe(io.FileIO):
    """A pipe that becomes the null device once its reader has closed it."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.fileno())
            os.close(null)
            return super().write(data)


def _quiet(stream):
    raw = _Pipe(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _is_pipe(stream):
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError, AttributeError):
        return False  # not a file of the system, such as one that collects output
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
