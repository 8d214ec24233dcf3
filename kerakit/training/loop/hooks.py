"""The hooks of callbacks that a run must call, and in which steps it then trains."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import keras

from kerakit.keras_compat import is_idle_in_batches
from kerakit.training.callbacks import PROGRESS

__all__ = ["Hooks", "hooks_of", "progress_of", "step_note"]

TRAIN_BATCH = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
TEST = ("on_test_begin", "on_test_end")
TEST_BATCH = ("on_test_batch_begin", "on_test_batch_end")

# A step of its own, with its logs fetched, takes so much longer than a step inside a compiled
# epoch: 62 against 16 ms of CPU time for 67 steps of a small network on two cores. The 67 steps
# of Keras' own `fit` took 170 ms.
STEP_MILLISECONDS = 0.7


@dataclasses.dataclass(frozen=True)
class Hooks:
    """The kinds of hooks that the callbacks of a run override.

    Attributes:
        train_batches: tuple of str. The callbacks with a hook of training batches, as
            `"Class.hook"`. Training then takes single steps.
        test: bool. Whether there is any hook of validation. Validation is then a call of its
            own, between `on_test_begin` and `on_test_end`.
        test_batches: bool. Whether there is a hook of validation batches. Validation then takes
            single steps, with batches of the size that training has.
    """

    train_batches: tuple[str, ...] = ()
    test: bool = False
    test_batches: bool = False


def hooks_of(callbacks: Iterable[keras.callbacks.Callback]) -> Hooks:
    """Return the kinds of hooks that callbacks override.

    Callbacks that only show progress do not count. Neither do the batch hooks of Keras' own
    callbacks that do nothing as they are set.

    Example:

    >>> hooks_of([keras.callbacks.EarlyStopping(), keras.callbacks.TerminateOnNaN()])
    Hooks(train_batches=('TerminateOnNaN.on_batch_end',), test=False, test_batches=False)
    """
    callbacks = [callback for callback in callbacks if type(callback) not in PROGRESS]
    busy = [callback for callback in callbacks if not is_idle_in_batches(callback)]
    test_batches = bool(_overridden(busy, TEST_BATCH))
    return Hooks(
        train_batches=_overridden(busy, TRAIN_BATCH),
        test=test_batches or bool(_overridden(callbacks, TEST)),
        test_batches=test_batches,
    )


def _overridden(callbacks: Sequence[keras.callbacks.Callback], hooks: Sequence[str]):
    return tuple(
        f"{type(callback).__name__}.{hook}"
        for callback in callbacks
        for hook in hooks
        if hook in vars(callback)  # LambdaCallback sets its functions on the instance
        or getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook)
    )


def progress_of(callbacks: keras.callbacks.CallbackList) -> list[keras.callbacks.Callback]:
    """Return the callbacks that only show progress."""
    return [callback for callback in callbacks.callbacks if type(callback) in PROGRESS]


def step_note(hooks: Hooks, steps: int) -> str | None:
    """Return a line that says why training takes single steps, and what that costs.

    Args:
        hooks: `Hooks`.
        steps: int. The steps of an epoch.

    Example:

    >>> print(step_note(Hooks(("TerminateOnNaN.on_batch_end",)), steps=100))
    callbacks: every batch is a step of its own for TerminateOnNaN.on_batch_end; an epoch of 100
    steps takes about 0.07 s longer
    """
    if not hooks.train_batches:
        return None
    first, *more = hooks.train_batches
    named = first + (f" and {len(more)} more" if more else "")
    return (
        f"callbacks: every batch is a step of its own for {named}; an epoch of {steps:,} steps "
        f"takes about {steps * STEP_MILLISECONDS / 1000:.2g} s longer"
    )
