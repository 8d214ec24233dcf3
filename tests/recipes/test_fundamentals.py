"""The numbers of the lessons, compared with formulas, tables and scikit-learn."""

import html
import json
import pathlib
import re
import shutil
import subprocess
import time

import numpy as np
import pytest
from recipe_runs import RECIPES
from scipy.stats import binom
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, Perceptron, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kerakit.workflow.jobs import load_recipe

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.slow  # all lessons are run once, for two minutes


@pytest.fixture(scope="session")
def lessons(tmp_path_factory):
    """`(numbers of all examples, their folder, CPU seconds)`; all are run, once."""
    folder = tmp_path_factory.mktemp("fundamentals")
    recipe = load_recipe("fundamentals")
    start = time.process_time()
    numbers = recipe.run(recipe.Config(output=folder))
    return numbers, folder, time.process_time() - start


@pytest.fixture
def results(lessons, request):
    """The numbers of the example that the test is named after."""
    name = request.node.originalname.removeprefix("test_").partition("__")[0]
    return lessons[0][name]


def test_linear_regression(results):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 40)
    y = 1 + 2 * x + rng.normal(0, 0.3, 40)
    line = LinearRegression().fit(x[:, None], y)
    exact = [line.intercept_, line.coef_[0]]
    np.testing.assert_allclose(results["exact"], exact, atol=1e-9)
    np.testing.assert_allclose(results["path"][200], exact, atol=1e-3)
    np.testing.assert_allclose(results["kerakit"], exact, atol=1e-3)
    # One step by hand: from (0, 0) the gradient is -2 (mean y, mean x y).
    np.testing.assert_allclose(
        results["path"][1], [0.2 * y.mean(), 0.2 * (x * y).mean()], atol=1e-9
    )
    best = np.mean((line.predict(x[:, None]) - y) ** 2)
    assert results["losses"][0.1] == pytest.approx(best, rel=1e-3)
    assert results["losses"][0.01] > 1.5 * best and results["losses"][1.2] > 1e6


def test_polynomial_regression(results):
    errors = results["errors"]
    rng = np.random.default_rng(3)
    (x, y), (x_test, y_test) = (noisy_sine(rng, count) for count in (30, 200))
    for degree in (1, 3, 10):
        curve = np.polynomial.Polynomial.fit(x, y, degree)
        expected = [np.mean((curve(a) - b) ** 2) for a, b in ((x, y), (x_test, y_test))]
        np.testing.assert_allclose(errors[degree], expected, rtol=1e-6)
    training = [errors[degree][0] for degree in range(1, 21)]
    assert all(b <= a + 1e-9 for a, b in zip(training, training[1:], strict=False))
    best = results["best"]
    assert best == min(errors, key=lambda degree: errors[degree][1]) and 1 < best < 10
    assert min(errors[1]) > 2 * errors[best][1]  # under-fitted: both errors are high
    assert errors[20][1] > 1000 * errors[20][0]  # over-fitted
    powers = np.stack([x**k for k in range(1, 21)], axis=1)
    others = np.stack([x_test**k for k in range(1, 21)], axis=1)
    theirs = make_pipeline(StandardScaler(), Ridge(alpha=0.01 * 30)).fit(powers, y)
    tamed = np.mean((theirs.predict(others) - y_test) ** 2)
    assert results["penalised"] == pytest.approx(tamed, rel=1e-4) and results["difference"] < 1e-4


def noisy_sine(rng, count):
    x = np.sort(rng.uniform(-1, 1, count))
    return x, np.sin(np.pi * x) + rng.normal(0, 0.25, count)


def test_logistic_regression(results):
    measured = results["measured"]
    assert results["difference"] < 2e-3  # from the probabilities of scikit-learn
    assert measured["always one half"][0] == pytest.approx(np.log(2))
    ours, theirs = measured["logistic_classifier"], measured["scikit-learn"]
    assert ours[0] == pytest.approx(theirs[0], rel=1e-3) and abs(ours[1] - theirs[1]) <= 0.005
    assert theirs[0] < np.log(2) / 2 and theirs[1] > 0.85


def test_perceptron(results):
    iris = load_iris()
    order = np.random.default_rng(0).permutation(150)
    x, y = iris.data[order, 2:], np.where(iris.target[order] == 0, 1, -1)
    for epochs in (1, 3, 8):
        theirs = Perceptron(shuffle=False, eta0=0.1, max_iter=epochs, tol=None)
        theirs.fit(x, y, coef_init=np.array([[1.0, -1.0]]), intercept_init=np.zeros(1))
        weights = [*theirs.coef_[0], theirs.intercept_[0]]
        np.testing.assert_allclose(results["lines"][epochs - 1], weights, atol=1e-9)
    last = np.array(results["lines"][-1])
    assert (np.sign(x @ last[:2] + last[2]) == y).all()
    mistakes = results["mistakes"]
    stop = mistakes.index(0)
    assert stop > 2 and not any(mistakes[stop:])  # nothing changes any more
    assert results["accuracy"] == 1.0 and len(results["never"]) == 200 and min(results["never"]) > 0


def test_xor(results):
    np.testing.assert_allclose(results["one neuron"], [0.5] * 4, atol=0.02)
    np.testing.assert_allclose(results["four hidden neurons"], [0, 1, 1, 0], atol=0.1)


def test_unit_circle(results):
    line, network, few, squares = results.values()
    assert line < 0.7 and network > 0.95 and squares > 0.95
    assert line < few < 0.93  # thirty points do not show a network the circle


def test_activations_and_losses(results):
    # The formulas are compared with Keras on all points of the curves, slopes included.
    assert set(results["differences"]) >= {"slope of relu", "softmax", "categorical cross-entropy"}
    assert len(results["differences"]) == 14 and max(results["differences"].values()) < 1e-5
    at_2 = {"sigmoid": 0.8808, "tanh": 0.9640, "relu": 2, "softplus": 2.1269, "leaky_relu": 2}
    at_minus_2 = {"relu": 0, "softplus": 0.1269, "leaky_relu": -0.4}
    for index, expected in ((2, at_2), (0, at_minus_2)):
        for name, value in expected.items():
            assert results["values"][name][index] == pytest.approx(value, abs=1e-4)
    assert results["steepest"]["sigmoid"] == pytest.approx(0.25, abs=1e-4)
    assert results["steepest"]["relu"] == 1.0
    assert results["costs"]["squared error"] == pytest.approx(0.99**2, rel=1e-5)
    assert results["costs"]["cross-entropy"] == pytest.approx(-np.log(0.01), rel=1e-5)
    np.testing.assert_allclose(results["softmax"], [0.6590, 0.2424, 0.0986], atol=5e-5)
    assert results["categorical"] == pytest.approx(0.4170, abs=5e-5)


def test_universal_approximation(results):
    errors = results["errors"]
    # Of two inputs: a weight for each and a bias, and one weight on; and one bias behind.
    assert results["parameters"] == {units: 4 * units + 1 for units in (4, 16, 64)}
    assert errors[4] > 1.5 * errors[16] and errors[16] > errors[64]
    assert errors[64] < 0.02 and max(results["several"]) < 0.03


def test_optimisers(results):
    optimisers, jitter = results["optimisers"], results["jitter"]
    assert all(losses[39] < losses[0] / 4 for losses in optimisers.values())
    assert max(optimisers["momentum"][39], optimisers["adam"][39]) < 0.7 * optimisers["sgd"][39]
    assert set(jitter) == {"constant", "cosine", "one_cycle", "step"}
    for name, losses in results["schedules"].items():
        if name != "constant":  # the falling rates end lower, and rest
            assert np.mean(losses[-10:]) < np.mean(results["schedules"]["constant"][-10:])
            assert jitter[name] < jitter["constant"] / 2
    sizes = {size: losses[39] for size, losses in results["sizes"].items()}
    assert sizes[8] < sizes[64] < sizes[512]
    # The standard deviation of a mean of n draws is that of one draw over the root of n.
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (1000, 2))
    y = np.sin(np.pi * x[:, 0]) / (x[:, 1] ** 2 + 1) + rng.normal(0, 0.2, 1000)
    of_one = np.sqrt(np.var(-2 * y[:, None] * x, axis=0).sum())
    for size, noise in results["noise"].items():
        assert noise == pytest.approx(of_one / np.sqrt(size), rel=0.05)


def test_regularisation(results):
    # Of 100,000 draws the fraction is within four standard deviations of a half.
    assert abs(results["zeros"] - 0.5) < 4 * 0.5 / np.sqrt(100_000)
    assert results["mean"] == pytest.approx(2 * (1 - results["zeros"]), rel=1e-5)
    errors = dict(results["errors"])
    nothing = errors.pop("none")
    assert nothing[0] < 0.03 and nothing[1] > 0.15
    for training, to_the_curve in errors.values():
        assert training > nothing[0] and to_the_curve < nothing[1] / 2
    assert results["epochs"]["none"] == 1500 > results["epochs"]["early stopping"]


def test_convolution(results):
    assert results["sums"].tolist() == [
        [1, 4, 3, 4, 1],
        [1, 2, 4, 3, 3],
        [1, 2, 3, 4, 1],
        [1, 3, 3, 1, 1],
        [3, 3, 1, 1, 0],
    ]
    assert results["pooled"].tolist() == [[2, 3], [8, 6]]
    assert results["accuracy"] > 0.95 and results["maps"] == [(8, 8, 6), (4, 4, 16)]


def test_recurrence_and_attention(results):
    recall = results["recall"]
    for encoder in ("gru", "lstm"):
        assert results["lost"][encoder] == 0 and np.min(recall[encoder]) > 0.95
    assert np.min(np.array(recall["rnn"])[:, 1]) > 0.95  # after the ten steps of training
    assert results["lost"]["rnn"] >= 2 and np.min(recall["rnn"]) < 0.6
    assert results["accuracy"] > 0.98 and results["attention"] > 0.4  # an even spread has a ninth


def test_generalisation(results):
    by_examples, by_parameters = results["by_examples"], results["by_parameters"]
    for split in (1, 2):
        errors = [row[split] for row in by_examples.values()]
        assert all(b < a for a, b in zip(errors, errors[1:], strict=False))
    assert all(row[0] == 0.0 for row in by_examples.values())  # all are remembered
    smallest, *_, largest = by_parameters.values()
    assert smallest[0] > 0.5 and largest[0] == 0.0 and largest[2] < smallest[2] / 4
    assert list(by_parameters) == [65 * units + 10 * (units + 1) for units in (1, 4, 16, 64, 256)]
    validation = [row[1] for row in by_parameters.values()]
    assert results["chosen"] == (1, 4, 16, 64, 256)[int(np.argmin(validation))]
    # The expectation of the largest of 1000 binomial counts, from their distribution.
    at_most = binom.cdf(np.arange(100), 100, 0.5)
    assert results["chosen_on"] == pytest.approx(np.sum(1 - at_most**1000) / 100, abs=0.004)
    assert results["new"] == pytest.approx(0.5, abs=0.015)


def test_it_takes_minutes(lessons):
    assert lessons[2] < 300  # CPU seconds, of which a usual machine takes less than half


def test_there_is_a_picture_of_each(lessons):
    numbers, folder, _ = lessons
    assert len(numbers) == 13
    for name in numbers:
        assert (folder / f"{name}.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_every_link_leads_somewhere(lessons):
    numbers, folder, _ = lessons
    page = (folder / "index.html").read_text()
    links = re.findall(r'href="([^"]*)"', page)
    assert len(links) == 2 * len(numbers)
    for link in links:
        target, _, name = link.partition("#")
        assert (folder / target).resolve().exists()
        assert not name or f'id="{name}"' in page
    recipes = {pathlib.Path(link).name for link in links if "#" not in link}
    assert len(recipes) >= 4 and recipes < {path.name for path in RECIPES.glob("*.py")}
    # Nothing is loaded. (A picture in base64 may spell "http" by chance, but has no colon.)
    assert "http:" not in page and "https:" not in page


def test_the_page_shows_the_code(lessons):
    page = html.unescape((lessons[1] / "index.html").read_text())
    for name in lessons[0]:
        assert f"def {name}(lesson: Lesson)" in page


PROBE = """
<body style="margin:0"><iframe id="f" style="border:0;width:{width}px;height:900px" srcdoc="{page}">
</iframe><script>
f.onload = () => {{
  const d = f.contentDocument;
  const pictures = [...d.images], links = [...d.querySelectorAll('nav a')];
  const found = {{
    pictures: pictures.length,
    drawn: pictures.filter(i => i.complete && i.naturalWidth > 300).length,
    shown: Math.min(...pictures.map(i => i.clientWidth)),
    named: pictures.filter(i => i.alt.length > 20).length,
    links: links.length,
    broken: links.filter(a => !d.querySelector(a.getAttribute('href'))).length,
    wide: d.documentElement.scrollWidth, view: f.clientWidth,
    letters: parseFloat(getComputedStyle(d.querySelector('section p')).fontSize),
  }};
  const shown = document.body.appendChild(document.createElement('pre'));
  shown.id = 'found';
  shown.textContent = JSON.stringify(found);
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
    found = json.loads(html.unescape(re.search(r'<pre id="found">(.*?)</pre>', done.stdout)[1]))
    assert found["pictures"] == found["drawn"] == found["named"] == len(numbers)
    assert found["links"] == len(numbers) and found["broken"] == 0
    assert found["wide"] <= found["view"] == width and found["letters"] >= 16
    assert found["shown"] >= 600  # on a narrow screen pictures are moved sideways, not shrunk
