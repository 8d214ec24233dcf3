"""Each fault that is planted in a server's answers is caught, by the check that is there for it."""

import random as random_module

import pytest
from live_cases import copy_version, edit, failed, http_answer
from marks import first

from kerakit.errors import ExportError
from kerakit.serving.verifying.live.check import check_live

# Other metadata.


def _signature(value, name="serving_default"):
    return value["metadata"]["signature_def"]["signature_def"][name]


def _put(key, item):
    return lambda v: _signature(v)["inputs"]["acidity"].__setitem__(key, item)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_put("dtype", "DT_INT64"), "input 'acidity' is int64, expected float32"),
        (_put("dtype", 7), "input 'acidity' is 7, expected float32"),
        (_put("dtype", ["DT_FLOAT"]), "input 'acidity' is ['DT_FLOAT'], expected float32"),
        (_put("tensor_shape", None), "input 'acidity' has no shape"),
        (_put("tensor_shape", {"dim": [{"size": "x"}]}), "shape that cannot be read"),
        (_put("tensor_shape", {"dim": [{"size": "8"}]}), "has the shape [8], expected [None]"),
        (
            _put("tensor_shape", {"dim": [{"size": "-1"}, {"size": "3"}]}),
            "has the shape [None, 3], expected [None]",
        ),
        (
            lambda v: _signature(v)["outputs"]["probabilities"]["tensor_shape"]["dim"][1].update(
                size="3"
            ),
            "output 'probabilities' has the shape [None, 3], expected [None, 2]",
        ),
        (lambda v: _signature(v)["inputs"].pop("kind"), "has the inputs ['acidity', 'alcohol']"),
        (lambda v: _signature(v)["outputs"].update(x={}), "has the outputs"),
        (lambda v: _signature(v).update(inputs=3), "serving_default has the inputs"),
        (
            lambda v: v["metadata"]["signature_def"]["signature_def"].pop("classify"),
            "signatures ['serving_default'], expected ['classify', 'serving_default']",
        ),
        (
            lambda v: v["metadata"]["signature_def"]["signature_def"].update(serve={}),
            "signatures ['classify', 'serve', 'serving_default']",
        ),
        (lambda v: v.update(metadata=[]), "no metadata.signature_def.signature_def"),
    ],
)
def test_planted_metadata(change, why, server, ask):
    def spoil(path, value):
        if path.endswith("/metadata"):
            change(value)
        return value

    server.spoil = spoil
    found = failed(ask("binary"))
    assert list(found) == ["metadata"]
    assert why in found["metadata"]


def test_another_model_under_the_name(server, exports):
    found = failed(check_live(exports["binary"], server.url("multilabel")))
    assert list(found) == [
        "metadata",
        "row form",
        "columnar form",
        "serving_default example",
        "classify example",
    ]
    assert "row 0 has outputs ['labels', 'probabilities'], expected" in found["row form"]
    assert found["classify example"].startswith("HTTP 400: ")


# Other answers.


def _row(change):
    def spoil(value):
        if len(value.get("predictions", ())) == 16:
            change(value["predictions"])

    return spoil


def _column(change):
    return lambda value: change(value) if "outputs" in value else None


def _results(change):
    return lambda value: change(value["results"]) if "results" in value else None


def _set(key, value):
    return lambda rows: rows[3].update({key: value})


@pytest.mark.parametrize(
    ("case", "change", "check", "why"),
    [
        ("binary", _row(_set("label", "perhaps")), "row form", "label, row 3: expected"),
        ("binary", _row(_set("confidence", 0.25)), "row form", "confidence, row 3: expected"),
        ("binary", _row(_set("confidence", float("nan"))), "row form", "got nan"),
        ("binary", _row(_set("confidence", float("inf"))), "row form", "got inf"),
        ("binary", _row(_set("confidence", None)), "row form", "expected numbers, got None"),
        ("binary", _row(_set("confidence", "0.9")), "row form", "expected numbers, got '0.9'"),
        ("binary", _row(_set("confidence", True)), "row form", "expected numbers, got True"),
        ("binary", _row(_set("confidence", 10**400)), "row form", "beyond float64"),
        ("binary", _row(_set("confidence", [0.1])), "row form", "lists of unequal length"),
        ("binary", _row(_set("probabilities", [1.0])), "row form", "lists of unequal length"),
        ("binary", _row(_set("label", 1)), "row form", "label, row 3: expected strings, got 1"),
        ("binary", _row(_set("extra", 1)), "row form", "row 3 has outputs ['confidence', 'extra'"),
        ("binary", _row(lambda r: r[3].pop("label")), "row form", "row 3 has outputs ['confid"),
        ("binary", _row(lambda r: r.__setitem__(3, 0.5)), "row form", "row 3 is no object"),
        ("binary", _row(lambda r: r.pop()), "row form", "16 row(s) were sent, and 15 came back"),
        ("binary", _row(lambda r: r.append(r[0])), "row form", "and 17 came back"),
        ("binary", _row(lambda r: r.reverse()), "row form", "row 0: expected"),
        (
            "multilabel",
            _row(lambda rows: [row.update(labels=row["labels"][::-1]) for row in rows]),
            "row form",
            "labels, row",
        ),
        ("multilabel", _row(lambda r: [x["probabilities"].pop() for x in r]), "row form", "shape"),
        ("targets", _row(lambda r: r[3].reverse()), "row form", "prediction, row 3: expected"),
        ("regression", _row(lambda r: r.__setitem__(3, r[3] + 0.01)), "row form", "row 3: exp"),
        (
            "regression",
            _row(lambda r: r.__setitem__(slice(None), [{"prediction": v} for v in r])),
            "row form",
            "name their output",
        ),
        ("binary", _column(lambda v: v["outputs"]["label"].pop()), "columnar form", "15 came ba"),
        ("binary", _column(lambda v: v["outputs"].pop("label")), "columnar form", "outputs ['co"),
        ("binary", _column(lambda v: v.update(outputs=3)), "columnar form", "is no object"),
        ("regression", _column(lambda v: v.update(outputs=3)), "columnar form", "no list of rows"),
        (
            "regression",
            _column(lambda v: v["outputs"].__setitem__(3, 0.0)),
            "columnar form",
            "prediction, row 3: expected",
        ),
        (
            "binary",
            _results(lambda r: r[0].reverse()),
            "classify example",
            "expected the classes [['no', 'yes']], got [['yes', 'no']]",
        ),
        ("binary", _results(lambda r: r[0][0].__setitem__(1, 0.9)), "classify example", "scores,"),
        ("binary", _results(lambda r: r[0][0].pop()), "classify example", "no list of pairs"),
        ("binary", _results(lambda r: r[0].append(3)), "classify example", "no list of pairs"),
        ("binary", _results(lambda r: r.clear()), "classify example", "and 0 came back"),
        ("regression", _results(lambda r: r.__setitem__(0, 0.0)), "regress example", "row 0: ex"),
        ("regression", _results(lambda r: r.append(0.0)), "regress example", "and 2 came back"),
    ],
)
def test_planted_answers(case, change, check, why, server, ask):
    def spoil(path, value):
        change(value)
        return value

    server.spoil = spoil
    report = ask(case)
    assert list(failed(report)) == [check]
    assert why in failed(report)[check]
    assert report.latency == {}
    assert not report.ok


def test_planted_difference_between_signatures(server, ask):
    """An example is compared by what its own signature answers."""

    def spoil(path, value):
        rows = value.get("predictions", ())
        if len(rows) == 1:
            rows[0]["probabilities"][0] += 0.01
        return value

    server.spoil = spoil
    found = failed(ask("photos"))
    assert set(found) == {"serving_default example", "serve_bytes example"}


def _mutate(random, value):
    """A JSON value with one of its parts, at any depth, replaced, doubled or taken away."""
    if isinstance(value, (dict, list)) and value and random.random() < 0.8:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key, copy = random.choice(keys), value.copy()
        if random.random() < 0.2:
            copy.pop(key)
        else:
            copy[key] = _mutate(random, value[key])
        return copy
    odd = [None, True, -1, 10**400, 0.5, float("nan"), "\udc80", "\x1b", [], [[]], {}, {"": 0}]
    return random.choice([*odd, [value, value], {"b64": value}])


@pytest.mark.parametrize("seed", first(12, range(60)))
def test_answers_spoiled_at_random(seed, server, ask):
    """Whatever comes back is reported in a line, and never an exception of Python."""
    random = random_module.Random(seed)
    part = random.choice(["binary", "binary/metadata", "binary:predict", "binary:classify"])

    def spoil(path, value):
        return _mutate(random, value) if path.endswith(part) else value

    server.spoil = spoil
    try:
        report = ask("binary")
    except ExportError as error:
        assert "\n" not in str(error)
    else:
        details = [check.detail for check in report.checks]
        assert all(detail.isprintable() and len(detail) <= 400 for detail in details)


@pytest.mark.parametrize("value", [[], 3, "text", None, {}, {"prediction": []}])
def test_answers_that_are_none(value, server, ask):
    server.spoil = lambda path, v: value if path.endswith(":predict") else v
    found = failed(ask("regression"))
    assert list(found) == ["row form", "columnar form", "serving_default example"]
    assert "the answer has no 'predictions'" in found["row form"]


def test_the_servers_own_message_is_shown(exports, server, tmp_path):
    path = copy_version(exports["binary"], tmp_path, 1)

    def numbers_for_strings(manifest):
        manifest["golden"]["inputs"]["kind"][3] = 7

    edit(path, numbers_for_strings)
    found = failed(check_live(path, server.url("binary")))
    assert list(found) == ["row form", "columnar form"]
    for detail in found.values():
        assert detail.startswith("HTTP 400: JSON Value: 7 in 'kind' is not of expected type")


def _only(verb, content):
    """Bytes to send instead of the answer to a verb; the connection ends with them."""

    def intercept(handler):
        if not handler.path.endswith(verb):
            return False
        handler.wfile.write(content)
        handler.close_connection = True
        return True

    return intercept


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (http_answer(b'{"error": "busy"}', "503 Service Unavailable"), "HTTP 503: busy"),
        (http_answer(b"<html>oops</html>", "500 Internal"), "HTTP 500: <html>oops</html>"),
        (http_answer(b"", "504 Gateway Timeout"), "HTTP 504"),
        (http_answer(b"", "307 Moved", Location="/elsewhere"), "redirect to /elsewhere"),
        (http_answer(b'{"predictions": [1, 2'), "not JSON"),
        (http_answer(b"", "204 No Content"), "HTTP 204"),
        (http_answer(b'{"predictions": [1, 2]}', length=99), "fewer than its Content-Length"),
        (http_answer(b'{"predictions": ["\xff"]}'), "not UTF-8"),
        (b"garbage\r\n\r\n", "does not speak HTTP"),
    ],
)
def test_odd_answers_to_a_prediction(content, why, server, ask):
    server.intercept = _only(":predict", content)
    report = ask("regression")
    found = failed(report)
    assert list(found) == ["row form", "columnar form", "serving_default example"]
    assert all(why in detail for detail in found.values())
    assert report.checks[-1].name == "regress example", "the checks go on"


def test_no_metadata(server, ask):
    server.intercept = _only("/metadata", http_answer(b'{"error": "no"}', "404 Not Found"))
    assert failed(ask("regression")) == {"metadata": "HTTP 404: no"}
