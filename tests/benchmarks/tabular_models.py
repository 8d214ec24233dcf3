"""The learners that `tabular_peers.py` compares, each by its own defaults.

A function of `PEERS` imports its library and returns a function that trains and predicts, so
that a process can tell imports from work. That function takes rows as `rows_of` gives them, and a
seed. It returns numbers of shape `(n,)`, or probabilities of shape `(n, classes)` in the order
of the classes. Strings are categories, and each library gets them in its own way.
"""

THREADS = 1  # More threads end sooner, but wait for each other at the cost of CPU seconds.


def rows_of(data):
    """Return the rows of a `Data` as a dict that pickles.

    Its keys: `train` and `test` are DataFrames with float32 columns and columns of strings, NaN
    and `None` where a value is missing; `train` also has the validation rows, which each library
    draws for itself. `train_target` and `test_target` are arrays of numbers, or of class ids;
    `classes` is a list of labels, or `None`.
    """
    import numpy as np

    tables = {split: data.table(split) for split in ("train", "validation", "test")}
    trained = [table for table in (tables["train"], tables["validation"]) if table is not None]
    rows = {"classes": list(data.spec.classes) if data.spec.is_classification else None}
    for split, parts in (("train", trained), ("test", [tables["test"]])):
        rows[split] = _frame(parts)
        rows[f"{split}_target"] = np.concatenate([part.target for part in parts])
    return rows


def _frame(tables):
    import numpy as np
    import pandas as pd

    columns = []
    for name in tables[0].features:
        values = np.concatenate([table.features[name] for table in tables])
        if values.dtype == object:
            values = np.where(values == "", None, values)
        columns += list(values.reshape(len(values), -1).T)
    return pd.DataFrame({f"x{number}": values for number, values in enumerate(columns)})


def kerakit():
    """`mlp_regressor` or `mlp_classifier`, with the defaults of builder, preset and `fit`."""
    import keras

    import kerakit as kk

    def predict(rows, seed):
        classes, target = rows["classes"], rows["train_target"]
        task, build, tested = "regression", kk.mlp_regressor, rows["test_target"]
        if classes is not None:
            task = "binary" if len(classes) == 2 else "multiclass"
            build, (target, tested) = kk.mlp_classifier, _labels(classes, target, tested)
        test = (rows["test"], tested)
        data = kk.load_arrays(rows["train"], target, test=test, task=task, seed=seed)
        keras.utils.set_random_seed(seed)
        model = build(data)
        kk.compile(model, task)
        kk.fit(model, data, epochs="auto", seed=seed, verbose=0)
        answer = kk.predict(model, data)
        if classes is None:
            return answer["prediction"]
        return answer["probabilities"][:, [data.spec.classes.index(label) for label in classes]]

    return predict


def _labels(classes, *targets):
    import numpy as np

    return [np.array(classes, object)[target] for target in targets]


def linear():
    """Least squares or logistic regression; one-hot categories, medians for missing numbers."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    def predict(rows, seed):
        columns = make_column_transformer(
            (
                make_pipeline(
                    SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
                ),
                make_column_selector(dtype_include="number"),
            ),
            (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
            sparse_threshold=0,
        )
        classifier = LogisticRegression(max_iter=10_000)
        model = LinearRegression() if rows["classes"] is None else classifier
        return _answer(make_pipeline(columns, model), rows, rows["train"], rows["test"])

    return predict


def hgb():
    """`HistGradientBoosting` of scikit-learn, which takes up to 255 categories of a column."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    def predict(rows, seed):
        kind = HistGradientBoostingRegressor
        if rows["classes"] is not None:
            kind = HistGradientBoostingClassifier
        model = kind(categorical_features="from_dtype", random_state=seed)
        return _answer(model, rows, *with_categories(rows, most=255))

    return predict


def lightgbm():
    """LightGBM."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    def predict(rows, seed):
        kind = LGBMRegressor if rows["classes"] is None else LGBMClassifier
        model = kind(random_state=seed, n_jobs=THREADS, verbose=-1)
        return _answer(model, rows, *with_categories(rows))

    return predict


def catboost():
    """CatBoost."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    def predict(rows, seed):
        kind = CatBoostRegressor if rows["classes"] is None else CatBoostClassifier
        strings = list(rows["train"].select_dtypes(exclude="number"))
        filled = [rows[split].fillna(dict.fromkeys(strings, "")) for split in ("train", "test")]
        model = kind(
            cat_features=strings,
            random_seed=seed,
            thread_count=THREADS,
            verbose=False,
            allow_writing_files=False,
        )
        return _answer(model, rows, *filled)

    return predict


def realmlp():
    """RealMLP-TD of pytabkit. It takes no missing numbers: they become medians and indicators."""
    import pandas as pd
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor
    from sklearn.impute import SimpleImputer

    def predict(rows, seed):
        kind = RealMLP_TD_Regressor if rows["classes"] is None else RealMLP_TD_Classifier
        frames = with_categories(rows)
        numbers = list(frames[0].select_dtypes("number"))
        if numbers:
            imputer = SimpleImputer(strategy="median", add_indicator=True).fit(frames[0][numbers])
            for number, frame in enumerate(frames):
                filled = pd.DataFrame(imputer.transform(frame[numbers])).add_prefix("x")
                frames[number] = filled.join(frame.drop(columns=numbers), rsuffix="_category")
        model = kind(device="cpu", random_state=seed, n_threads=THREADS, verbosity=0)
        return _answer(model, rows, *frames)

    return predict


def with_categories(rows, most=None):
    """Both frames with the strings as pandas' categories: those of the training rows.

    With `most`, they are the commonest ones. All other strings are missing values.
    """
    import pandas as pd

    types = {
        name: pd.CategoricalDtype(sorted(column.value_counts().index[:most]))
        for name, column in rows["train"].select_dtypes(exclude="number").items()
    }
    frames = []
    for frame in (rows["train"], rows["test"]):
        known = {
            name: frame[name].where(frame[name].isin(t.categories)) for name, t in types.items()
        }
        frames.append(frame.assign(**known).astype(types))
    return frames


def _answer(model, rows, train, test):
    model.fit(train, rows["train_target"])
    return model.predict(test) if rows["classes"] is None else model.predict_proba(test)


# The distribution that each peer is in, for its version.
PACKAGES = {
    "kerakit": "kerakit",
    "linear": "scikit-learn",
    "hgb": "scikit-learn",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "realmlp": "pytabkit",
}
PEERS = {peer.__name__: peer for peer in (kerakit, linear, hgb, lightgbm, catboost, realmlp)}
