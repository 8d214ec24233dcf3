"""An executed notebook: one progress bar, tables, and no notes of TensorFlow."""

import os
import re

import nbclient
import nbformat
import pytest

pytestmark = pytest.mark.slow

CELLS = (
    "import kerakit as kk\ndata = kk.load_builtin('diabetes')\ndata",
    "data.spec",
    "model = kk.mlp_regressor(data, hidden=(8,))\nkk.compile(model)\n"
    "history = kk.fit(model, data, epochs=5)",
    "kk.evaluate(model, data)",
)


@pytest.fixture(scope="module")
def cells():
    """The outputs of each cell: lists of `(kind, text)`, kind a MIME type or a stream."""
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, CELLS)))
    level = os.environ.pop("TF_CPP_MIN_LOG_LEVEL", None)  # a user has not set it
    try:
        nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    finally:
        if level is not None:
            os.environ["TF_CPP_MIN_LOG_LEVEL"] = level
    found = []
    for cell in notebook.cells:
        shown = []
        for output in cell.outputs:
            if output.output_type == "stream":
                shown.append((output.name, output.text))
            else:
                shown += output.data.items()
        found.append(shown)
    return found


def stream(cell, name):
    return "".join(text for kind, text in cell if kind == name)


@pytest.mark.process
@pytest.mark.training
def test_a_notebook_shows_tables_and_no_notes(cells):
    assert [stream(cell, "stderr") for cell in cells] == ["", "", "", ""]
    for number in (0, 1, 3):
        assert "<table" in dict(cells[number])["text/html"]
        for text in map(str.strip, stream(cells[number], "stdout").split("\r")):
            # On a slow machine a line says what takes longer than two seconds, and for how long.
            assert not text or re.fullmatch(r"[A-Z][a-z ]+(:| \.\.\.) \d:\d\d", text)
    assert "RMSE" in dict(cells[3])["text/html"]


@pytest.mark.process
@pytest.mark.training
def test_a_notebook_shows_one_progress_bar(cells):
    text = stream(cells[2], "stdout")
    lines = [line.split("\r")[-1] for line in text.split("\n")]
    bars = [line for line in lines if "epoch" in line]
    assert len(bars) == 1 and re.match(rf"epoch 5/5  \[{'=' * 20}\]  0:\d\d  loss ", bars[0])
    # While it ran. A bar that was drawn for a second tells the time left.
    assert len(re.findall(r"\repoch \d/5  \[.*?\]  0:\d\d (?:so far|left)", text)) >= 1
