"""The tables that the benchmarks train on, by name, with their splits.

The folder that the benchmarks take as `--data` holds `tabular/uci/{concrete,energy,yacht}` with
the published splits of Hernandez-Lobato & Adams 2015, `tabular/california_housing`,
`tabular/adult`, `tabular/more` (small tables as CSV whose column `target` is last) and `tfds`.
"""

# The lifeboat and the body's number tell who survived; the others name single passengers.
TITANIC_EXCLUDED = ("boat", "body", "name", "ticket", "cabin", "home.dest")
UCI = ("yacht", "energy", "concrete")
TFDS = {
    "iris": ("iris", "multiclass"),
    "penguins": ("penguins/processed", "multiclass"),
    "german credit": ("german_credit_numeric", "binary"),
    "titanic": ("titanic", "binary"),
    "red wine": ("wine_quality/red", "regression"),
    "white wine": ("wine_quality/white", "regression"),
}
MORE_NUMBERS = (
    *("auto_imports", "bodyfat", "breastTumor", "cholesterol", "cleveland", "cpu", "fishcatch"),
    *("meta", "pbc", "pharynx", "pwLinear", "quake", "sensory", "servo", "strike"),
)
MORE_CLASSES = (
    *("banknote_authentication", "breast_cancer", "ecoli", "glass", "haberman", "ionosphere"),
    *("new_thyroid", "pima_indians_diabetes", "sonar", "wheat_seeds", "phoneme", "mammography"),
)
MORE = tuple(f"more/{name}" for name in (*MORE_NUMBERS, *MORE_CLASSES))
# The sets of a thousand rows and fewer come first, the largest last.
SETS = (
    *("diabetes", "breast cancer", "iris", "penguins", "german credit", "titanic", *UCI),
    *("red wine", *MORE, "white wine", "california", "adult"),
)
# The published splits of UCI, of which the first five are used; elsewhere seeds of the split,
# or of the training where the test rows are given. Few rows make means of few splits uncertain.
SPLITS = dict.fromkeys(SETS, (0, 1, 2)) | dict.fromkeys((*UCI, "red wine"), (0, 1, 2, 3, 4))
ADULT_COLUMNS = (
    *("age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation"),
    *("relationship", "race", "sex", "capital_gain", "capital_loss", "hours_per_week"),
    *("native_country", "income"),
)


def load_set(name, root, split, **options):
    """Load a set of `SETS` as `Data`, whose test rows are those of a split.

    Args:
        name: str. One of `SETS`.
        root: path of the folder of data.
        split: int. The number of the published split, or the seed of the split.
        options: further arguments of the loader, such as `validation_size`.
    """
    import kerakit as kk

    options = {"seed": split, **options}
    if name in UCI:
        return load_uci(name, root, split, **options)
    if name in TFDS:
        full, task = TFDS[name]
        if name == "titanic":
            options["exclude"] = TITANIC_EXCLUDED
        return kk.load_tfds(full, data_dir=root / "tfds", task=task, **options)
    if name == "adult":
        folder = root / "tabular" / "adult"
        return kk.load_table(
            folder / "adult-train.csv",
            "income",
            columns=ADULT_COLUMNS,
            test=folder / "adult-test.csv",
            rename_labels={"<=50K.": "<=50K", ">50K.": ">50K"},
            **options,
        )
    if name == "california":
        (file,) = (root / "tabular" / "california_housing").glob("*.csv")
        return kk.load_table(file, "median_house_value", **options)
    if name in MORE:
        stem = name.removeprefix("more/")
        task = "regression" if stem in MORE_NUMBERS else None  # labels are strings
        return kk.load_table(
            root / "tabular" / "more" / f"{stem}.csv", "target", task=task, **options
        )
    return kk.load_builtin(name.replace(" ", "_"), view="table", **options)


def load_uci(name, root, split, **options):
    """Load a published split of a UCI set as `Data`."""
    import numpy as np

    import kerakit as kk

    folder = root / "tabular" / "uci" / name
    rows = np.loadtxt(folder / "data.txt")
    features = np.loadtxt(folder / "index_features.txt").astype(int)
    target = int(np.loadtxt(folder / "index_target.txt"))
    train, test = (
        np.loadtxt(folder / f"index_{part}_{split}.txt").astype(int) for part in ("train", "test")
    )
    return kk.load_arrays(
        rows[train][:, features].astype("float32"),
        rows[train, target].astype("float32"),
        test=(rows[test][:, features].astype("float32"), rows[test, target].astype("float32")),
        task="regression",
        **options,
    )
