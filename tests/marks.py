"""What a test needs, as markers: `pytest -m quick` selects the tests that need nothing.

A test says what it needs by `@pytest.mark.training` (it trains a model),
`@pytest.mark.process` (it starts a process), `@pytest.mark.large` (it reads a large data set),
`@pytest.mark.backbone` (it builds a network of hundreds of layers, which takes seconds),
`@pytest.mark.drawing` (it writes a report with all its plots) or `@pytest.mark.export` (it
exports models, or signs and saves them as an export does); a report and an export take a second
of CPU time each.
`@pytest.mark.many` is for tests of many graphs or files, each cheap, together seconds.
`slow` tests take more than about half a minute.
A fixture says so by `@needs("training")` below `@pytest.fixture`, and every test that asks for
it is marked. Tests without these marks are `quick`.
"""

import pytest

__all__ = ["NEEDS", "first", "mark", "needs"]

NEEDS = ("training", "process", "large", "backbone", "drawing", "export", "many", "slow")

# Calls in the example of a docstring that train a model, start a process or take seconds.
_CALLS = {
    "training": ("fit(", "fine_tune(", ".evaluate(", "find_learning_rate("),
    "process": ("verify(", "kk.export("),
    "backbone": ("load_backbone(", "pretrained_classifier(", "efficientnet_lite0("),
    "many": ("sequence_tagger(",),
}


def needs(*names):
    """Mark a fixture: tests that ask for it train a model, or start a process."""
    assert set(names) <= set(NEEDS), names

    def decorate(function):
        function.needs = names
        return function

    return decorate


def first(count, cases):
    """Cases of one parameter, of which those after the first ones are slow tests.

    They check the same for another value; all of them together take minutes.
    """
    return [
        case if number < count else pytest.param(case, marks=pytest.mark.slow)
        for number, case in enumerate(cases)
    ]


def mark(items):
    """Mark every collected test by what its fixtures and its docstring's example need."""
    for item in items:
        for name in _found(item):
            item.add_marker(getattr(pytest.mark, name))
        if not any(item.get_closest_marker(name) for name in NEEDS):
            item.add_marker(pytest.mark.quick)


def _found(item):
    example = getattr(item, "dtest", None)
    if example is not None:
        source = "".join(part.source for part in example.examples)
        return [name for name, calls in _CALLS.items() if any(call in source for call in calls)]
    definitions = item._fixtureinfo.name2fixturedefs.values()
    functions = [definition.func for found in definitions for definition in found]
    return [name for function in functions for name in getattr(function, "needs", ())]
