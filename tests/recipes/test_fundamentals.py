"""The lessons: every number that they tell, against formulas, tables and scikit-learn."""

import html
import importlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, Perceptron

RECIPES = pathlib.Path(__file__).parents[2] / "recipes"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def lessons(tmp_path_factory):
    """`(numbers of all examples, their folder, CPU seconds)`; all are run, once."""
    folder = tmp_path_factory.mktemp("fundamentals")
    sys.path.insert(0, str(RECIPES))
    try:
        recipe = importlib.import_module("fundamentals")
        start = time.process_time()
        numbers = recipe.run(recipe.Config(output=folder))
    finally:
        sys.path.remove(str(RECIPES))
    return numbers, folder, time.process_time() - start


@pytest.fixture
def told(lessons, request):
    """The numbers of the example that the test is named after."""
    name = request.node.originalname.removeprefix("test_").partition("__")[0]
    return lessons[0][name]


def test_linear_regression(told):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 40)
    y = 1 + 2 * x + rng.normal(0, 0.3, 40)
    line = LinearRegression().fit(x[:, None], y)
    exact = [line.intercept_, line.coef_[0]]
    np.testing.assert_allclose(told["exact"], exact, atol=1e-9)
    np.testing.assert_allclose(told["descent"], exact, atol=1e-3)
    np.testing.assert_allclose(told["kerakit"], exact, atol=1e-3)
    best = np.mean((line.predict(x[:, None]) - y) ** 2)
    assert told["losses"][0.1] == pytest.approx(best, rel=1e-3)
    assert told["losses"][0.01] > 1.5 * best and told["losses"][1.2] > 1e6


def test_polynomial_regression(told):
    errors = told["errors"]
    training = [errors[degree][0] for degree in range(1, 21)]
    assert all(b <= a + 1e-9 for a, b in zip(training, training[1:], strict=False))
    best = min(errors, key=lambda degree: errors[degree][1])
    assert best == told["best"] and 1 < best < 10
    assert errors[1][1] > 2 * errors[best][1] and errors[20][1] > 10 * errors[best][1]
    assert told["tamed"] < errors[20][1] / 10 and told["difference"] < 1e-3


def test_logistic_regression(told):
    # That they agree is computed there, with scikit-learn's own probabilities.
    assert told["difference"] < 2e-3 and told["right"] > 0.85
    assert told["loss"] < np.log(2) / 2


def test_perceptron(told):
    iris = load_iris()
    x, y = iris.data[:, 2:], np.where(iris.target == 0, 1, -1)
    theirs = Perceptron(shuffle=False, alpha=0.0, max_iter=5, tol=None).fit(x, y)
    last = np.array(told["lines"][-1])
    np.testing.assert_allclose(last[:2] / last[2], theirs.coef_[0] / theirs.intercept_, rtol=1e-6)
    assert told["mistakes"][-1] == 0 and min(told["never"]) > 0 and told["right"] == 1.0
    assert (np.sign(x @ last[:2] + last[2]) == y).all()


def test_xor(told):
    assert (
        sum((p > 0.5) == wanted for p, wanted in zip(told["one neuron"], (0, 1, 1, 0), strict=True))
        < 4
    )
    np.testing.assert_allclose(told["four hidden neurons"], [0, 1, 1, 0], atol=0.1)


def test_unit_circle(told):
    line, squares, network = told.values()
    assert squares > 0.95 > network > line and line < 0.7


def test_activations_and_losses(told):
    # The formulas are compared on all points of the curves, slopes included.
    assert max(map(float, told["off"].values())) < 1e-5
    assert set(told["off"]) >= {"sigmoid", "tanh", "relu", "softplus", "leaky_relu", "softmax"}
    e = np.exp([2.0, 1.0, 0.1])
    np.testing.assert_allclose(told["softmax"], e / e.sum(), atol=1e-6)
    assert told["categorical"] == pytest.approx(-np.log(e[0] / e.sum()), abs=1e-6)


def test_universal_approximation(told):
    errors = told["errors"]
    assert list(errors) == [4, 16, 64]
    assert errors[4] > 2 * errors[16] > 2 * errors[64] and errors[64] < 0.02
    assert told["both"] < 0.05


def test_optimisers(told):
    last = {name: losses[-1] for name, losses in told["curves"].items()}
    assert all(losses[-1] < losses[0] for losses in told["curves"].values())
    assert last["momentum"] < last["sgd"] and last["regression"] < last["adam"]
    assert set(told["noise"]) == {8, 64, 1000}


def test_regularisation(told):
    # Of 100,000 draws the share is within four standard deviations of a half.
    assert abs(told["zeros"] - 0.5) < 4 * 0.5 / np.sqrt(100_000)
    assert told["mean"] == pytest.approx(2 * (1 - told["zeros"]), rel=1e-5)
    errors = told["errors"]
    nothing = errors.pop("nothing")
    for training, to_the_curve in errors.values():
        assert training > nothing[0] and to_the_curve < nothing[1] / 2


def test_convolution(told):
    assert told["sums"].tolist() == [
        [1, 4, 3, 4, 1],
        [1, 2, 4, 3, 3],
        [1, 2, 3, 4, 1],
        [1, 3, 3, 1, 1],
        [3, 3, 1, 1, 0],
    ]
    assert told["pooled"].tolist() == [[2, 3], [8, 6]]
    assert told["right"] > 0.95


def test_recurrence_and_attention(told):
    recall = told["recall"]
    assert recall["rnn"][1] > 0.95  # after 10 steps, which it has seen
    for steps in (2, 3, 4, 5):
        assert recall["rnn"][steps] < 0.65
        assert recall["lstm"][steps] > 0.95 and recall["gru"][steps] > 0.95
    assert told["right"] > 0.98 and told["share"] > 0.4


def test_generalisation(told):
    counts, sizes = told["counts"], told["sizes"]
    test = [errors[2] for errors in counts.values()]
    assert all(b < a for a, b in zip(test, test[1:], strict=False))
    assert all(errors[0] == 0.0 for errors in counts.values())
    assert min(sizes.values(), key=lambda errors: errors[1])[1] == sizes[list(sizes)[3]][1]
    assert told["chosen"] == 64 and 0.0 < told["once"] < 0.2


def test_it_takes_less_than_three_minutes(lessons):
    assert lessons[2] < 180


def test_there_is_a_picture_of_each(lessons):
    numbers, folder, _ = lessons
    assert len(numbers) == 13
    for name in numbers:
        assert (folder / f"{name}.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_links_lead_to_recipes_that_are_there(lessons):
    page = (lessons[1] / "index.html").read_text()
    recipes = set(re.findall(r"<code>recipes/(\w+\.py)</code>", page))
    assert len(recipes) >= 4 and all((RECIPES / name).is_file() for name in recipes)
    assert "http" not in page.replace("http-equiv", "")  # nothing is loaded


PROBE = """
<body style="margin:0"><iframe id="f" style="border:0;width:{width}px;height:900px" srcdoc="{page}">
</iframe><script>
f.onload = () => {{
  const d = f.contentDocument;
  const pictures = [...d.images], links = [...d.querySelectorAll('a')];
  const found = {{
    pictures: pictures.length,
    drawn: pictures.filter(i => i.complete && i.naturalWidth > 300).length,
    named: pictures.filter(i => i.alt.length > 20).length,
    links: links.length,
    broken: links.filter(a => !d.querySelector(a.getAttribute('href'))).length,
    wide: d.documentElement.scrollWidth, view: f.clientWidth,
    letters: parseFloat(getComputedStyle(d.querySelector('section p')).fontSize),
  }};
  document.body.innerHTML = '<pre id="found">' + JSON.stringify(found) + '</pre>';
}};
</script>
"""


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium to open the page in")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_readable(lessons, width, tmp_path):
    numbers, folder, _ = lessons
    page = html.escape((folder / "index.html").read_text(), quote=True)
    (tmp_path / "probe.html").write_text(PROBE.format(width=width, page=page))
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-sync", "--window-size=1400,1000"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=10000"]
    command += ["--dump-dom", (tmp_path / "probe.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = json.loads(re.search(r'<pre id="found">(.*?)</pre>', done.stdout)[1])
    assert found["pictures"] == found["drawn"] == found["named"] == len(numbers)
    assert found["links"] == len(numbers) and found["broken"] == 0
    assert found["wide"] <= found["view"] == width and found["letters"] >= 16
