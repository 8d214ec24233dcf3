"""A small table of all kinds of columns, and models that were fitted once."""

import numpy as np
import pandas as pd
import pytest
from marks import needs

from kerakit.integrations.sklearn import KerakitClassifier, KerakitRegressor


@pytest.fixture(scope="session")
def frame():
    """120 rows: a number with gaps, strings with gaps, booleans, categories of numbers."""
    rng = np.random.default_rng(0)
    rows = 120
    table = pd.DataFrame(
        {
            "age": rng.normal(40, 10, rows),
            "city": rng.choice(["Oslo", "Rome", "Paris"], rows),
            "member": rng.random(rows) > 0.5,
            "code": pd.Categorical(rng.choice([3, 7], rows)),
        }
    )
    table.loc[::7, "age"] = np.nan
    table.loc[::11, "city"] = None
    return table


@pytest.fixture(scope="session")
def answers(frame):
    """Whether the city is Rome or the code is 7, as strings."""
    return np.where((frame.city == "Rome") | (frame.code == 7), "yes", "no")


@pytest.fixture(scope="session")
@needs("training")
def classifier(frame, answers):
    return KerakitClassifier("logistic", l2=1e-3, epochs=60, random_state=0).fit(frame, answers)


@pytest.fixture(scope="session")
@needs("training")
def regressor():
    """Fitted on a matrix of 60 rows of y = 3 a - b + 5."""
    x = np.random.default_rng(1).normal(size=(60, 2))
    y = 3 * x[:, 0] - x[:, 1] + 5
    return KerakitRegressor("linear", epochs=100, random_state=0).fit(x, y), x, y
