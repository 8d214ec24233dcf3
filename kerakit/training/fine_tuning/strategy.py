"""The strategies of fine-tuning: which stages are trained, in which order, and which are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kerakit.training.fine_tuning.stage import StageResult

if TYPE_CHECKING:
    from kerakit.training.fine_tuning.parts import Parts

__all__ = ["RATE_PER_STAGE", "STRATEGIES", "goes_deeper", "is_kept", "rate_factors", "stages_of"]

STRATEGIES = ("auto", "head", "last_blocks", "full")

# A stage learns at 1 / 2.6 of the rate of the stage above it (Howard & Ruder 2018,
# arXiv:1801.06146, section 3.2).
RATE_PER_STAGE = 2.6
# "auto" unfreezes everything where images are many, or unlike ImageNet's. A whole network
# overfits a few images that are like ImageNet's (Yosinski et al. 2014, arXiv:1411.1792, section
# 4; the table of amount and likeness is that of cs231n.github.io/transfer-learning).
MANY_IMAGES = 1_000
UNLIKE_IMAGENET = 0.15  # fraction of the validation images that the linear probe has wrong
MIN_STANDARD_ERRORS = 2.0  # chance alone gives as much once in forty times


def stages_of(strategy: str, known_stages: bool = True) -> tuple[str, ...]:
    """Return the names of the stages that a strategy may train, in order.

    The head always comes first: a random head would send large gradients into the backbone
    (Kumar et al. 2022, arXiv:2202.10054: linear probing, then fine-tuning).

    Args:
        strategy: str, one of `STRATEGIES`.
        known_stages: bool. Whether it is known where the stages of the backbone end. Defaults
            to `True`.

    Example:

    >>> stages_of("full")
    ('head', 'full')
    """
    return {
        "head": ("head",),
        "last_blocks": ("head", "last_blocks"),
        "full": ("head", "full"),
        "auto": ("head", "last_blocks", "full") if known_stages else ("head", "full"),
    }[strategy]


def goes_deeper(stage: str, done: Sequence[StageResult], rows: int) -> tuple[bool, str]:
    """Return whether `"auto"` trains a stage, and if not, why: `(answer, reason)`.

    Args:
        stage: str. `"last_blocks"` or `"full"`.
        done: the results of the stages before.
        rows: int. Training images.
    """
    head, last = done[0], done[-1]
    if head.val_accuracy is None:
        return False, "without validation rows nothing tells whether it would help"
    if not last.kept:
        return False, f"{last.stage} did not lower the validation loss enough"
    if stage == "full" and rows < MANY_IMAGES and 1 - head.val_accuracy < UNLIKE_IMAGENET:
        return False, f"{rows} images are few, and the frozen features suit them"
    return True, ""


def is_kept(strategy: str, best: StageResult, fall: float, error: float) -> bool:
    """Return whether a stage below the head is kept: whether it lowers the validation loss.

    Against a solved head `"auto"` asks for `MIN_STANDARD_ERRORS` standard errors. If that head
    stays, it is solved once more with the validation rows, and the gain of that is not in its
    loss yet. In the part `deeper` of `tests/benchmarks/fine_tuning_choices.py`, stages with a
    smaller fall had, on the whole, a higher log loss on test images.

    Args:
        strategy: str.
        best: `StageResult`. The stage that was kept last.
        fall: float. By how much the stage lowered the validation loss.
        error: float. The standard error of `fall`; NaN where it is unknown.

    Example:

    >>> solved, trained = StageResult("head", 1, C=0.1), StageResult("head", 60)
    >>> is_kept("auto", solved, 0.05, 0.03), is_kept("auto", solved, 0.07, 0.03)
    (False, True)
    >>> is_kept("auto", trained, 0.05, 0.03), is_kept("last_blocks", solved, 0.05, 0.03)
    (True, True)
    """
    return fall > (MIN_STANDARD_ERRORS * error if strategy == "auto" and best.solved else 0.0)


def rate_factors(parts: Parts, cut: str | None) -> dict[str, float]:
    """Return the fraction of the learning rate of every variable above a cut, by its path.

    The head has the whole rate. Each stage of the backbone has `1 / RATE_PER_STAGE` of the rate
    of the stage above it.

    Args:
        parts: `Parts`.
        cut: str or `None`; see `freeze`.
    """
    factors, factor, ends = {}, 1.0, set(parts.ends)
    for layer in reversed(parts.backbone.layers):
        if layer.name in ends:
            factor /= RATE_PER_STAGE
        if layer.name == cut:
            break
        factors.update({variable.path: factor for variable in layer.trainable_variables})
    return factors
