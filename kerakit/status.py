"""`status`: a line that says what is done, where that takes longer than two seconds."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal, ParamSpec, TextIO, TypeVar

from kerakit.quiet import in_notebook

__all__ = [
    "Status",
    "also_in_pipes",
    "show_done",
    "silent_if",
    "status",
    "telling",
    "ticking",
    "time_in_words",
    "wipe_status",
]

FIRST, EVERY = 2.0, 1.0  # seconds until the line is shown, and until it is drawn anew

# `.status`: the `Status` that a thread shows; `.in_pipes`: whether it is shown in a pipe as well.
_of_thread = threading.local()

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


@contextlib.contextmanager
def ticking(
    show: Callable[[], object], first: float = FIRST, every: float = EVERY
) -> Iterator[None]:
    """Call a function again and again while the block runs, in a thread that ends with it.

    A block that ends before `first` seconds calls nothing. Python runs the thread while the
    block waits for TensorFlow, Arrow or a process.

    Args:
        show: function without arguments. It must not raise.
        first, every: float. Seconds until the first call, and between two calls.
    """
    done = threading.Event()

    def run():
        if not done.wait(first):
            show()
            while not done.wait(every):
                show()

    thread = threading.Thread(target=run, name="kerakit-status", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


class Status:
    """The line of a block; `status` makes it.

    Attributes:
        text: str. What is done now.
        fraction: float in [0, 1], or `None`. How much of it is done, where that is known.
    """

    def __init__(self, text: str, stream: TextIO | None, redraws: bool) -> None:
        self.text, self.fraction = text, None
        self._stream, self._redraws = stream, redraws
        self._begin, self._since = time.monotonic(), time.monotonic()
        self._is_drawn, self._lock = False, threading.Lock()

    @contextlib.contextmanager
    def inside(self, text: str) -> Iterator[None]:
        """Show another text while a part of the block runs."""
        before = self.text, self.fraction, self._since
        self.text, self.fraction, self._since = text, None, time.monotonic()
        try:
            yield
        finally:
            self.text, self.fraction, self._since = before

    def draw(self) -> None:
        """Draw the line, in place where the stream is a terminal or a notebook, or else once."""
        with self._lock:
            if self._redraws:
                self._write(f"\r{self._line():<{_width()}}")
            elif not self._is_drawn:
                self._write(f"{self.text} ...\n")
            self._is_drawn = True

    def wipe(self) -> None:
        """Remove the line, so that something else can be printed; the next drawing is below it."""
        with self._lock:
            if self._is_drawn and self._redraws:
                self._write(f"\r{'':<{_width()}}\r")
                self._is_drawn = False

    def end(self) -> None:
        """Leave the line with the time that the block took."""
        if self._is_drawn and self._redraws:
            took = time_in_words(time.monotonic() - self._begin)
            self._write(f"\r{f'{self.text}: {took}'[: _width()]:<{_width()}}\n")

    def _line(self):
        now = time.monotonic()
        line = f"{self.text} ... {time_in_words(now - self._begin)}"
        if self.fraction and self.fraction < 1:
            left = (now - self._since) * (1 / self.fraction - 1)
            line = f"{self.text} ... {self.fraction:.0%}, {time_in_words(left)} left"
        return line[: _width()]

    def _write(self, text):
        with contextlib.suppress(OSError, ValueError):  # closed: it is only a note
            self._stream.write(text)
            self._stream.flush()


@contextlib.contextmanager
def status(
    text: str, verbose: bool | int | Literal["auto"] = "auto", stream: TextIO | None = None
) -> Iterator[Status]:
    """Say what a block does, if it takes more than two seconds.

    On a terminal the line is drawn anew every second, with the time, and stays at the end. A
    block inside another one changes the text of the line. The line is written to standard error;
    in a notebook, which shows that as an error, to standard output.

    Args:
        text: str. What is done, such as `"Reading wine.csv"`.
        verbose: `"auto"`: on a terminal and in a notebook. False or 0: nothing is said, by
            blocks inside this one neither. True or 1: said in a pipe as well, where it is one
            line. Defaults to `"auto"`.
        stream: text stream. Defaults to `None`: as said above.

    Yields:
        `Status`.

    Example:

    >>> with status("Reading wine.csv") as line:  # it takes less than two seconds
    ...     show_done(1, 4)
    >>> line.fraction
    0.25
    """
    outer = getattr(_of_thread, "status", None)
    if outer is not None:
        with outer.inside(text) if verbose else contextlib.nullcontext():
            yield outer
        return
    stream = stream or (sys.stdout if in_notebook() else sys.stderr)
    redraws = in_notebook() or (stream is not None and stream.isatty())
    line = _of_thread.status = Status(text, stream, redraws)
    shown = redraws or getattr(_of_thread, "in_pipes", False)
    shown = stream is not None and (shown if verbose == "auto" else bool(verbose))
    try:
        with ticking(line.draw) if shown else contextlib.nullcontext():
            yield line
    finally:
        _of_thread.status = None
        line.end()


def silent_if(condition: bool) -> contextlib.AbstractContextManager[Any]:
    """Return a context that says nothing if a condition is true, as for `verbose=0`."""
    return status("", verbose=0) if condition else contextlib.nullcontext()


def show_done(count: int, total: int | None) -> None:
    """Show how many of all rows, files or batches are done in the line of the thread, if any."""
    line = getattr(_of_thread, "status", None)
    if line is not None:
        line.fraction = min(count / total, 1.0) if total else None


@contextlib.contextmanager
def also_in_pipes() -> Iterator[None]:
    """Show the lines of the block in a pipe as well, where each is one line."""
    before = getattr(_of_thread, "in_pipes", False)
    _of_thread.in_pipes = True
    try:
        yield
    finally:
        _of_thread.in_pipes = before


def telling(
    text: str,
) -> Callable[[Callable[_Arguments, _Result]], Callable[_Arguments, _Result]]:
    """Return a decorator that says what a function does; see `status`.

    Args:
        text: str. What is done. `{}` is the name of the function's first argument: of
            `"Reading {}"` it makes `"Reading wine.csv"`.

    Example:

    >>> @telling("Counting {}")
    ... def count(source):
    ...     return len(source)
    >>> count([1, 2])
    2
    """

    def decorate(function):
        @functools.wraps(function)
        def told(*arguments, **options):
            source = next(iter((*arguments, *options.values())), None)
            with status(text.format(_named(source))):
                return function(*arguments, **options)

        return told

    return decorate


def wipe_status() -> None:
    """Remove the line that the thread shows, before something else is printed."""
    line = getattr(_of_thread, "status", None)
    if line is not None:
        line.wipe()


def time_in_words(seconds: float) -> str:
    """Return a time as minutes and seconds, with hours where there are any.

    Example:

    >>> time_in_words(75.2), time_in_words(3723)
    ('1:15', '1:02:03')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _named(source: Any) -> str:
    """The name of a file, a folder or a data set; how many there are; or `"the data"`."""
    if isinstance(source, (list, tuple)) and len(source) > 1 and _is_path(source[0]):
        return f"{len(source)} files"
    if isinstance(source, (list, tuple)) and source:
        source = source[0]
    if not _is_path(source):
        return "the data"
    return os.path.basename(os.path.normpath(os.fspath(source))) or str(source)


def _is_path(value):
    return isinstance(value, (str, os.PathLike))


def _width():
    """The characters of a line: one less than the terminal has, so that it does not wrap."""
    return shutil.get_terminal_size((100, 24)).columns - 1
