import dataclasses
import html.parser
import re

import numpy as np
import pytest
from evaluation_cases import LIGHT
from marks import needs

from kerakit.data.spec import Feature, Target
from kerakit.evaluation import evaluate
from kerakit.evaluation.report.headline import format_number

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(html.parser.HTMLParser):
    """What a browser would see: text, attributes, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words, self.unbalanced = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
@needs("drawing")
def page(make, tmp_path_factory):
    data = make.data("multiclass", classes=("<b>&", "$x", "</td><script>"), dataset="<i>data</i>")
    features = (
        Feature("x", column="x & <u>", mean=1.5, variance=4.0, missing=12),
        dataclasses.replace(data.spec.features[1], vocabulary=("u", "v", "w")),
    )
    counts = tuple(np.bincount(data.table("train").target).tolist())
    target = Target(("<s>t</s>",), unit="<em>")
    data.spec = dataclasses.replace(
        data.spec, features=features, class_counts=counts, target=target, fingerprint="f" * 64
    )
    details = {
        "name": "run <1>",
        "version": 2,
        "preset": "multiclass",
        "config": {"hidden": (64, 64), "note": "<script>alert(1)</script>"},
        "command": "python train.py --csv 'a&b.csv' > <log>",
    }
    run = tmp_path_factory.mktemp("run")
    report = evaluate(make.model(3, "softmax"), data, run_dir=run, details=details, baselines=LIGHT)
    return report, report.path.read_text(encoding="utf-8")


def test_page_is_self_contained(page):
    _, text = page
    parsed = Page(text)
    assert not parsed.unbalanced and not parsed.open
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in parsed.tags}
    sources = [v for _, attrs in parsed.tags for k, v in attrs.items() if k in ("src", "href")]
    assert len(sources) == 5
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "url(" not in text and "@import" not in text
    # A picture in base64 may spell "http" by chance, but has no colon.
    assert "http:" not in text and "https:" not in text


def test_page_opens_with_the_result(page):
    report, text = page
    words = Page(text).text
    first = re.search(r"<h1>(.*?)</h1>", text).group(1)
    assert first.startswith(f"Accuracy {report.test['accuracy']:.4f} on 40 test rows, against ")
    assert words.index("Accuracy") < words.index("balanced_accuracy") < words.index("Plots")
    headings = re.findall(r"<h2>(.*?)</h2>", text)
    assert headings == [
        "Plots", "Classes", "Importance of the columns", "Data", "Training", "Environment",
        "How to reproduce",
    ]  # fmt: skip
    first = report.importance["columns"][0]
    title = "kind" if first["column"] == "kind" else "x &amp; &lt;u&gt;"
    numbers = (format_number(first[key]) for key in ("increase", "std"))
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    assert f"<tr><td>{title}</td>{cells}</tr>" in text


def test_what_the_user_wrote_is_escaped(page):
    _, text = page
    tags = {tag for tag, _ in Page(text).tags}
    assert not tags & {"b", "i", "u", "s", "em", "script", "log"}
    words = Page(text).text
    for string in (
        "<b>&", "$x", "</td><script>", "<i>data</i>", "x & <u>", "<s>t</s> [<em>]", "run <1>",
        "<script>alert(1)</script>", "'a&b.csv' > <log>",
    ):  # fmt: skip
        assert string in words


def test_page_says_what_the_data_are(page):
    words = Page(page[1]).text
    assert "x (x & <u>) numeric scalar 1.500 2.000 12 –" in words
    assert "kind categorical scalar – – 0 3" in words
    assert "f" * 64 in words
    assert "preset multiclass" in words and "hidden [64, 64]" in words


def test_notes_and_long_tables_are_said(make, tmp_path):
    features = make.spec("regression").features
    data = make.data(target=Target(("t",), mean=(2.0,), variance=(9.0,)))
    from kerakit.evaluation.report.page import render
    from kerakit.evaluation.report.report import Report

    many = tuple(dataclasses.replace(features[0], name=f"f{i}") for i in range(1000))
    spec = dataclasses.replace(data.spec, features=many)
    report = Report("regression", {"rmse": 1.0}, {}, {"test": 3}, notes=("A <note>.",))
    text = render(report, spec, plots={})
    words = Page(text).text
    assert "A <note>." in words and "and 800 more features" in words
    assert "Plots" not in words and "Target's standard deviation 3.000" in words
    assert len(text) < 100_000
