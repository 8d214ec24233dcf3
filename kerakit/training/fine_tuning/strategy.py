"""What to unfreeze, in which order, and when to stop."""

__all__ = ["RATE_PER_STAGE", "STRATEGIES", "goes_deeper", "pays", "planned", "rate_factors"]

STRATEGIES = ("auto", "head", "last_blocks", "full")

# A stage learns at 1 / 2.6 of the rate of the stage above it (Howard & Ruder 2018,
# arXiv:1801.06146, section 3.2).
RATE_PER_STAGE = 2.6
# "auto" unfreezes everything where images are many, or unlike ImageNet's. Few images of
# their kind overfit a whole network (Yosinski et al. 2014, arXiv:1411.1792, section 4; the
# table of amount and likeness is that of cs231n.github.io/transfer-learning).
MANY = 1_000  # training images
UNLIKE = 0.15  # share of the validation images that the linear probe has wrong
SURE = 2.0  # standard errors: chance alone gives as much once in forty times


def planned(strategy, known=True):
    """Return the names of the stages that a strategy may train, in order.

    `known` says whether it is known where the stages of the backbone end.

    Whatever follows, the head comes first: a random one would send large gradients into
    the backbone (Kumar et al. 2022, arXiv:2202.10054: linear probing, then fine-tuning).

    Example:

    >>> planned("full")
    ('head', 'full')
    """
    return {
        "head": ("head",),
        "last_blocks": ("head", "last_blocks"),
        "full": ("head", "full"),
        "auto": ("head", "last_blocks", "full") if known else ("head", "full"),
    }[strategy]


def goes_deeper(stage, done, rows):
    """Whether `"auto"` trains a stage, after those that are done; `(answer, reason)`.

    Args:
        stage: str. `"last_blocks"` or `"full"`.
        done: list of dicts with `kept` and `val_accuracy`, of the stages before.
        rows: int. Training images.
    """
    if done[0]["val_accuracy"] is None:
        return False, "without validation rows nothing tells whether it would help"
    if not done[-1]["kept"]:
        return False, f"{done[-1]['stage']} did not lower the validation loss enough"
    if stage == "full":
        wrong = 1 - done[0]["val_accuracy"]
        if rows < MANY and wrong < UNLIKE:
            return False, f"{rows} images are few, and the frozen features suit them"
    return True, ""


def pays(strategy, best, fall, error):
    """Whether a stage below the head is kept.

    It is where it lowers the validation loss. Against a solved head `"auto"` asks for `SURE`
    standard errors: if the head stays, it is solved again on the validation rows as well, and
    what that gives it is not in its loss yet. In the part `deeper` of
    `tests/benchmarks/fine_tuning_choices.py`, smaller falls went, on the whole, with a higher
    log loss on pictures that were held out.

    Args:
        strategy: str.
        best: dict. The stage that was kept last, with a `strength` where it was solved.
        fall: float. By how much the stage lowered the validation loss.
        error: float. The standard error of that; NaN where it is not known.

    Example:

    >>> solved, trained = {"strength": 0.1}, {}
    >>> pays("auto", solved, 0.05, 0.03), pays("auto", solved, 0.07, 0.03)
    (False, True)
    >>> pays("auto", trained, 0.05, 0.03), pays("last_blocks", solved, 0.05, 0.03)
    (True, True)
    """
    return fall > (SURE * error if strategy == "auto" and "strength" in best else 0.0)


def rate_factors(parts, cut):
    """Return the share of the learning rate of every variable above a cut, by its path.

    The head has all of it; each stage of the backbone `1 / RATE_PER_STAGE` of what is above.

    Args:
        parts: `Parts`.
        cut: str; see `freeze`.
    """
    factors, factor, ends = {}, 1.0, set(parts.ends)
    for layer in reversed(parts.backbone.layers):
        if layer.name in ends:
            factor /= RATE_PER_STAGE
        if layer.name == cut:
            break
        factors.update({variable.path: factor for variable in layer.trainable_variables})
    return factors
