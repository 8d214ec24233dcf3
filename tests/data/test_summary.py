"""What `Data`, `Spec` and `Table` show of themselves."""

import html.parser

import numpy as np
import pytest

import kerakit as kk
from kerakit.data.data import Table
from kerakit.data.spec import Feature, Series, Spec, Target

N = 40
NASTY = "<script>&\"'</table>"


def wine():
    columns = {
        "alcohol": np.arange(N) % 7 + 0.5,
        "type": ["red", "white"] * (N // 2),
        "vector": np.arange(2 * N).reshape(N, 2) % 5,
    }
    return kk.load_arrays(columns, np.arange(N) % 5, unit="points", dataset="wine.csv")


def test_data_of_numbers():
    data = wine()
    mean, std = data.spec.target.mean[0], data.spec.target.variance[0] ** 0.5
    assert repr(data).splitlines() == [
        "Data 'wine.csv': regression",
        "  rows: train 26, validation 6, test 8",
        "  2 numeric features: alcohol, vector 2",
        "  1 categorical feature: type (2 values)",
        f"  target: target in points (mean {mean:.4g}, std {std:.4g})",
    ]
    assert repr(data.spec) == repr(data).replace("Data", "Spec")


def test_spec_of_classes_and_of_forecasts():
    labels = tuple(f"class {number}" for number in range(30))
    spec = Spec("multiclass", (Feature("image", "image", "uint8", (8, 8, 1)),), classes=labels)
    assert repr(spec).splitlines()[0] == "Spec: multiclass"
    assert "1 image feature: image 8 × 8 × 1" in repr(spec)
    assert repr(spec).endswith("'class 10', 'class 11' and 18 more")
    window = Feature("window", "sequence", "float32", (None, 2))
    spec = Spec("forecast", (window,), Target(("a", "b")), series=Series(168, 24, season=24))
    lines = repr(spec).splitlines()
    assert lines[1] == "  1 sequence feature: window any × 2"
    assert lines[-1] == (
        "  series: a window of 168 steps forecasts 24 steps, the season has 24 steps"
    )


@pytest.mark.parametrize("count", [1, 5000])
def test_however_many_columns_and_classes_there_are_the_lines_are_few_and_short(count):
    features = tuple(Feature(f"{'column' * 5}{number}") for number in range(count))
    labels = tuple("label" * 9 + str(number) for number in range(count))
    spec = Spec("multiclass", features, Target(labels), classes=labels, class_counts=(3,) * count)
    lines = repr(spec).splitlines()
    assert len(lines) == 4 and max(map(len, lines)) < 600
    assert (f"and {count - 8:,} more" in lines[1]) == (count > 8)
    page = spec._repr_html_()
    assert ("4,950 more classes" in page) == (count > 50)
    assert page.count("<tr>") == 3 + 3 * min(count, 50)


class Cells(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


def test_a_notebook_shows_the_same_as_tables():
    data = wine()
    cells = Cells(data._repr_html_())
    assert cells.texts[0] == "Data 'wine.csv': regression"
    feature = data.spec.features[0]
    row = cells.texts.index("alcohol")
    mean, std = f"{feature.mean:.6g}", f"{feature.variance**0.5:.6g}"
    assert cells.texts[row : row + 6] == ["alcohol", "numeric", "scalar", mean, std, "0"]
    assert {"26", "6", "8", "points"} <= set(cells.texts)
    assert data.spec._repr_html_() == data._repr_html_().replace("Data ", "Spec ", 1)


def test_whatever_names_hold_is_escaped():
    spec = Spec(
        "multiclass",
        (Feature(NASTY, column=NASTY), Feature(NASTY, "categorical", vocabulary=(NASTY,))),
        Target((NASTY,), unit=NASTY),
        classes=(NASTY, "b"),
        class_counts=(3, 4),
        sizes={NASTY: 3},
        dataset=NASTY,
    )
    cells = Cells(spec._repr_html_())
    assert set(cells.tags) == {"div", "p", "b", *["table", "thead", "tbody", "tr", "th", "td"]}
    assert cells.texts.count(NASTY) == 6  # the split, two features, target, unit and a class


def test_a_table_names_its_columns_and_not_its_values():
    image = np.zeros((12, 8, 8, 1), "uint8")
    table = Table({"image": image, "n": np.arange(12.0)}, np.arange(12), np.ones(12, "float32"))
    assert repr(table).splitlines() == [
        "Table of 12 rows",
        "  image: uint8 x 8 x 8 x 1",
        "  n: float64",
        "  target: int64",
        "  weight: float32",
    ]
    many = Table({f"c{number}": np.zeros(2) for number in range(5000)}, np.zeros(2))
    assert repr(many).splitlines()[-1] == "  and 4,971 more columns"
