"""`--find-learning-rate`: the range test instead of a run."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Literal, NoReturn

from kerakit.workflow.flag_values import run_name
from kerakit.workflow.flags import RunFlags

if TYPE_CHECKING:
    import keras

    from kerakit.data import Data

__all__ = ["show_learning_rate"]


def show_learning_rate(
    config: RunFlags,
    model: keras.Model,
    data: Data,
    *,
    class_weight: Literal["balanced"] | None = None,
    augment: Literal["none", "light", "standard", "strong"] | None = None,
) -> NoReturn:
    """Test learning rates, print what they suggest, write the figure, and end the command.

    Args:
        config: the flags of the recipe.
        model: the compiled model.
        data: its data.
        class_weight, augment: as the recipe gives them to `fit`.

    Raises:
        SystemExit: with code 0. Nothing was trained.
    """
    from kerakit.training import find_learning_rate

    print("Testing learning rates ...", flush=True)
    found = find_learning_rate(
        model,
        data,
        batch_size=config.batch_size,
        class_weight=class_weight,
        augment=augment,
        seed=config.seed,
        cache_mb=config.cache_mb,
    )
    path = pathlib.Path(config.runs, run_name(config), "learning_rate.png")
    path.parent.mkdir(parents=True, exist_ok=True)
    found.plot(path)
    print(f"{found}\nFigure: {path}")
    if found.valley is not None:
        print(f"Train with it: the same command, with --learning-rate {found.valley:.1e}")
    raise SystemExit(0)
