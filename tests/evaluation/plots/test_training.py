"""Learning curves, and the stages of fine-tuning in them."""

import numpy as np
import pytest
from evaluation_cases import CURVES, STAGES
from matplotlib.text import Text

from kerakit.evaluation.plots.figure import png
from kerakit.evaluation.plots.training import learning_curves
from kerakit.evaluation.report.run_files import read_history


def test_learning_curves_mark_the_best_epoch():
    history = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 1.5, 2.0], "mae": [1, 1, 1]}
    figure = learning_curves(history | {"val_mae": [2, 1, 1], "learning_rate": [1, 1, 1]})
    loss, mae = figure.axes
    assert (loss.get_title(loc="left"), mae.get_title(loc="left")) == ("Loss", "MAE")
    assert "best: 2" in loss.get_legend_handles_labels()[1]
    np.testing.assert_array_equal(loss.lines[0].get_data(), [[1, 2, 3], [3, 2, 1]])


@pytest.mark.many
def test_learning_curves_without_validation_and_with_nan():
    figure = learning_curves({"loss": [1e4, 5.0, np.nan]})
    assert len(figure.axes) == 1
    assert figure.axes[0].get_yscale() == "log"
    png(figure)


def test_curves_are_cut_where_a_stage_begins():
    figure = learning_curves(CURVES, STAGES)
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["Loss", "Accuracy"]
    loss = figure.axes[0]
    drawn = [line.get_xydata().tolist() for line in loss.lines]
    assert [[1, 0.3]] in drawn
    assert [[2, 0.5], [3, 0.2], [4, 0.1]] in drawn and [[5, 0.2], [6, 0.16]] in drawn
    single = next(line for line in loss.lines if len(line.get_xdata()) == 1)
    assert single.get_marker() == "."  # a line of one point would not be seen
    assert [line.get_xdata()[0] for line in loss.lines if line.get_linestyle() == "-"][-2:] == [
        1.5, 4.5,
    ]  # fmt: skip
    assert [(text.get_text(), text.xy[0]) for text in loss.texts] == [
        ("head", 0.5), ("last blocks", 1.5), ("whole network", 4.5),
    ]  # fmt: skip
    assert loss.get_legend_handles_labels()[1] == ["training", "validation", "best: 4"]


@pytest.mark.many
def test_the_names_of_stages_do_not_hide_each_other():
    figure = learning_curves({name: (x * 4)[:24] for name, x in CURVES.items()} | {
        "stage": [1] + [2] * 4 + [3] * 19,
    }, STAGES)  # fmt: skip
    figure.draw_without_rendering()
    for axis in figure.axes:
        names = ("Loss", "Accuracy", "head", "last blocks", "whole network")
        texts = [text for text in axis.findobj(Text) if text.get_text() in names]
        boxes = [text.get_window_extent() for text in texts if text is not axis.yaxis.label]
        assert len(boxes) == 4 and min(box.y0 for box in boxes) > axis.bbox.y1
        for location, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[location + 1 :])


def test_curves_that_are_read_from_a_file_number_the_stages(tmp_path):
    rows = ["epoch,loss,val_loss,stage", "1,0.3,0.2,1", "2,0.5,0.25,2", "3,0.2,nan,2"]
    (tmp_path / "history.csv").write_text("\n".join(rows))
    (axis,) = learning_curves(read_history(None, tmp_path)).axes
    assert [text.get_text() for text in axis.texts] == ["stage 1", "stage 2"]
    np.testing.assert_array_equal(axis.lines[1].get_xydata(), [[2, 0.5], [3, 0.2]])
