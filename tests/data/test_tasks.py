"""The table of tasks agrees with what each stage does for a task."""

import dataclasses

import pytest

from kerakit.data.spec import Feature, Spec, Target
from kerakit.data.tasks import TASKS, tasks_with
from kerakit.presets.table import PRESETS
from kerakit.serving.contract.signatures import signature_names


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_default_preset_trains_with_the_loss_of_the_task(task):
    assert PRESETS[task.preset].loss == task.loss


def test_a_task_of_two_classes_has_one_score():
    counts = {name: task.score_count(2) for name, task in TASKS.items()}
    assert counts == {name: 1 if name == "binary" else 2 for name in TASKS}
    assert TASKS["binary"].activation == TASKS["multiclass"].activation == "softmax"


def test_tasks_are_found_by_their_fields():
    assert tasks_with(answer="label") == ("binary", "multiclass")
    assert tasks_with(tabular=True) == ("regression", "binary", "multiclass", "multilabel")
    assert tasks_with(is_classification=True) == ("binary", "multiclass", "multilabel", "tagging")
    assert tasks_with(answer="label", head="softmax") == ("multiclass",)
    with pytest.raises(AttributeError):
        tasks_with(colour="red")


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        TASKS["ranking"] = TASKS["binary"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        TASKS["binary"].loss = "hinge"


@pytest.mark.parametrize(
    ("task", "targets", "api"),
    [
        ("regression", 1, ("regress",)),
        ("regression", 2, ()),
        ("binary", 1, ("classify",)),
        ("multilabel", 2, ()),
        ("forecast", 1, ()),
        ("tagging", 1, ()),
    ],
)
def test_the_server_answers_by_the_api_that_can_carry_the_answer(task, targets, api):
    names = tuple(f"y{i}" for i in range(targets))
    spec = Spec(task, (Feature("x"),), Target(names), classes=("no", "yes"))
    assert signature_names(spec) == ("serving_default", *api)
