"""The line that says what is done, where that takes long."""

import io
import threading
import time
import types

import pytest

from kerakit import status as module
from kerakit.status import also_in_pipes, show_done, silent_if, status, telling
from kerakit.warn import warn


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A list of the time in seconds, which the lines show; it goes on only if a test says so."""
    now = [0.0]
    monkeypatch.setattr(module, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    return now


@pytest.fixture
def terminal(monkeypatch, clock):
    """Standard error as a terminal of 40 columns, on which a hundredth of a second is long."""
    monkeypatch.setattr(module, "in_notebook", lambda: False)
    monkeypatch.setenv("COLUMNS", "40")
    stream, out = Terminal(), io.StringIO()
    monkeypatch.setattr(module, "sys", types.SimpleNamespace(stderr=stream, stdout=out))
    ticking = module.ticking
    monkeypatch.setattr(module, "ticking", lambda show: ticking(show, first=0.01, every=0.01))
    return stream


def drawn(stream):
    """The different texts that were drawn."""
    texts = map(str.strip, stream.getvalue().split("\r"))
    return list(dict.fromkeys(filter(None, texts)))


def until(true):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_line_says_what_is_done_and_how_much_is_left(terminal, clock):
    with status("Reading wine.csv"):
        until(lambda: drawn(terminal) == ["Reading wine.csv ... 0:00"])
        show_done(1, 4)
        clock[0] += 60
        until(lambda: drawn(terminal)[-1] == "Reading wine.csv ... 25%, 3:00 left")
        with status("Computing statistics of very many columns"):
            until(lambda: drawn(terminal)[-1].startswith("Computing"))
    lines = terminal.getvalue().split("\r")
    assert all(len(text.rstrip("\n")) <= 39 for text in lines)
    assert drawn(terminal)[-1] == "Reading wine.csv: 1:00" and lines[-1].endswith("\n")


def test_the_thread_ends_with_the_block_whatever_happens(terminal):
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), status("Solving"):
            until(lambda: terminal.getvalue())
            raise error
        assert terminal.getvalue().endswith("\n")  # the message has a line of its own
        assert not [t for t in threading.enumerate() if t.name == "kerakit-status"]
        terminal.truncate(0)
    with status("Solving"):  # the next one is an outer one again
        until(lambda: "Solving ..." in terminal.getvalue())


@pytest.mark.parametrize("silent", [lambda: silent_if(True), lambda: status("Reading", verbose=0)])
def test_nothing_is_said_of_parts_of_what_is_silent(terminal, silent):
    with silent(), status("Solving"):
        time.sleep(0.1)
    assert terminal.getvalue() == ""


def test_a_warning_has_a_line_of_its_own(terminal):
    with status("Reading"), pytest.warns(UserWarning, match="odd"):
        until(lambda: terminal.getvalue())
        warn("odd values")
    assert f"\r{'':39}\r" in terminal.getvalue()


def test_a_pipe_has_one_line_and_only_where_it_is_wanted(terminal, monkeypatch):
    monkeypatch.setattr(terminal, "isatty", lambda: False)
    with status("Reading"):
        time.sleep(0.1)
    assert terminal.getvalue() == ""
    with also_in_pipes(), status("Reading"):
        until(lambda: terminal.getvalue())
        with status("Solving"):
            time.sleep(0.1)
    assert terminal.getvalue() == "Reading ...\n"


def test_a_notebook_has_it_in_its_output(terminal, monkeypatch):
    monkeypatch.setattr(module, "in_notebook", lambda: True)
    with status("Reading"):
        until(lambda: "\rReading ... 0:00" in module.sys.stdout.getvalue())
    assert terminal.getvalue() == ""


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("data/wine.csv", "Reading wine.csv"),
        (["a.csv", "b.csv"], "Reading 2 files"),
        ({"x": [1]}, "Reading the data"),
    ],
)
def test_a_function_tells_the_name_of_its_source(terminal, source, text):
    @telling("Reading {}")
    def read(source):
        until(lambda: terminal.getvalue())

    read(source=source)
    assert drawn(terminal)[0] == f"{text} ... 0:00"
