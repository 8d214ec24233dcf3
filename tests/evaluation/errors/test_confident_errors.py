"""Which wrong predictions are kept."""

import numpy as np
import pytest

from kerakit.evaluation.errors.confident_errors import ConfidentErrors
from kerakit.evaluation.errors.images import display_size

P = [[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.8, 0.2], [0.6, 0.4], [0.5, 0.5]]
Y = [1, 0, 1, 1, 0, 1]  # wrong in rows 0 (0.9), 1 (0.7), 3 (0.8) and 5 (0.5)


def shown(images, row):
    return display_size(images[row])


@pytest.mark.parametrize("batch", [1, 2, 4, 6])
@pytest.mark.parametrize("limit, rows", [(20, [0, 3, 1, 5]), (2, [0, 3]), (1, [0])])
def test_the_highest_confidence_comes_first_whatever_the_batches(pictures, batch, limit, rows):
    errors, images = ConfidentErrors(shown, limit), pictures.numbered(6)
    for start in range(0, 6, batch):
        rows_of = slice(start, start + batch)
        errors.add(images[rows_of], np.int32(Y[rows_of]), np.float32(P[rows_of]))
    assert [error.row for error in errors.errors] == rows
    first = errors.errors[0]
    assert (first.true, first.predicted, first.confidence) == (1, 0, pytest.approx(0.9))
    for error in errors.errors:
        assert np.all(error.example == error.row)  # its own image


def test_of_equal_confidence_the_first_rows_stay(pictures):
    errors = ConfidentErrors(shown, 3)
    for _ in range(2):
        errors.add(pictures.numbered(2), [0, 0], [[0.0, 1.0]] * 2)
    assert [error.row for error in errors.errors] == [0, 1, 2]
