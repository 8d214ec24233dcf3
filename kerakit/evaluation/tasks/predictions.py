"""What a model and the baselines answer to the test split, read once."""

import numpy as np

from kerakit.errors import DataError
from kerakit.evaluation import inputs
from kerakit.evaluation.batches import batches

__all__ = ["predict_test"]


def predict_test(model, data, baselines, quantiles=None, errors=None):
    """Return the test targets and all answers to them, in one pass over the split.

    Only targets and answers are kept; features are held batch by batch. The model computes
    in the precision that its layers have now: a prediction function that Keras traced
    earlier, while training in mixed precision, is not used again.

    Args:
        model: `keras.Model`.
        data: `Data`.
        baselines: dict from name to a function of a batch of features.
        quantiles: tuple of floats or `None`. Levels of a quantile regressor.
        errors: `SurestErrors` or `None`. Is shown every batch of the only feature.

    Returns:
        `(y, answers)`: the targets, of shape `(n,)`, or `(n, targets)` for numbers; and a
        dict from `"model"` and the baselines' names to arrays, first axis `n`.

    Raises:
        DataError: when the answers or targets do not fit the data, or there is no test row.
        KerakitError: when predictions are NaN or infinite.
    """
    model.make_predict_function(force=True)
    first = data.spec.feature_names[0]
    targets, answers = [], {name: [] for name in ("model", *baselines)}
    for features, target, *_ in batches(data, "test"):
        answer = np.asarray(model.predict_on_batch(inputs.arrange(model, features)), np.float32)
        inputs.check_output_shape(answer.shape, data.spec, quantiles)
        targets.append(np.asarray(target))
        answers["model"].append(answer)
        for name, predict in baselines.items():
            answers[name].append(predict(features))
        if errors is not None:
            errors.add(features[first], targets[-1], answer)
    if not targets:
        raise DataError(f"{data.spec.dataset or 'The data'} has no test rows to measure on.")
    y = np.concatenate(targets)
    answers = {name: np.concatenate(parts) for name, parts in answers.items()}
    if data.spec.task == "regression" and quantiles is None:
        y = y.reshape(len(y), -1)
        answers = {name: p.reshape(len(y), -1) for name, p in answers.items()}
    inputs.check_targets(y, data.spec)
    inputs.check_predictions(answers["model"], data.spec)
    return y, answers
