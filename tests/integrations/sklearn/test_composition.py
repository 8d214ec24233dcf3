"""The estimators inside scikit-learn's own: pipelines, searches, scores, stacks."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kerakit.integrations.sklearn import KerakitClassifier, KerakitRegressor

pytestmark = pytest.mark.training
SMALL = {"epochs": 15, "learning_rate": 0.03, "random_state": 0}


@pytest.mark.slow
def test_a_search_over_options_of_the_builder():
    x, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), KerakitClassifier(**SMALL))
    grid = {"kerakitclassifier__hidden": [(1,), (16,)]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(x, y)
    assert search.best_params_ == {"kerakitclassifier__hidden": (16,)}
    best = search.best_estimator_[-1]
    assert best.get_params()["hidden"] == (16,) and search.score(x, y) > 0.9
    shapes = [weight.shape[-1] for weight in best.model_.trainable_weights]
    assert 16 in shapes


@pytest.mark.slow
def test_scores_of_folds_with_strings_in_a_frame(frame, answers):
    model = KerakitClassifier("logistic", l2=1e-3, epochs=40, random_state=0)
    scores = cross_val_score(model, frame, answers, cv=3, scoring="roc_auc")
    assert scores.shape == (3,) and scores.min() > 0.95


@pytest.mark.slow
def test_a_stack():
    x, y = load_iris(return_X_y=True, as_frame=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    stack = StackingClassifier(
        [
            ("net", KerakitClassifier(hidden=(16,), **SMALL)),
            ("logistic", LogisticRegression(max_iter=1000)),
        ],
        cv=2,
    ).fit(x, names)
    assert stack.score(x, names) > 0.9 and stack.classes_.tolist() == sorted(set(names))
    assert stack.transform(x).shape == (150, 6)


def test_a_transformed_target():
    x, y = load_diabetes(return_X_y=True)
    inner = KerakitRegressor("linear", epochs=30, random_state=0)
    model = TransformedTargetRegressor(inner, func=np.log, inverse_func=np.exp).fit(x, y)
    assert model.score(x, y) > 0.3
