"""kerakit's models as scikit-learn estimators.

>>> from sklearn.model_selection import GridSearchCV
>>> search = GridSearchCV(KerakitClassifier(epochs=50), {"hidden": [(64,), (128, 64)]}, cv=3)

`import kerakit` does not import this module; it needs TensorFlow from its first line.
"""

from kerakit.integrations.sklearn.classifier import KerakitClassifier
from kerakit.integrations.sklearn.expected import expected_failed_checks
from kerakit.integrations.sklearn.regressor import KerakitRegressor

__all__ = ["KerakitClassifier", "KerakitRegressor", "expected_failed_checks"]
