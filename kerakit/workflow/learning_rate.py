"""`--find-learning-rate`: the range test instead of a run."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, NoReturn

from kerakit.workflow.flags import RunFlags
from kerakit.workflow.flags.values import run_name

if TYPE_CHECKING:
    import keras

    from kerakit.data import Data

__all__ = ["show_learning_rate"]


def show_learning_rate(config: RunFlags, model: keras.Model, data: Data) -> NoReturn:
    """Test learning rates, print what they suggest, write the figure, and end the command.

    Args:
        config: the flags of the recipe. `--balanced` and `--augment` count, where it has them.
        model: the compiled model.
        data: its data.

    Raises:
        SystemExit: with code 0. Nothing was trained.
    """
    from kerakit.training import find_learning_rate

    print("Testing learning rates ...", flush=True)
    found = find_learning_rate(
        model,
        data,
        batch_size=config.batch_size,
        class_weight="balanced" if getattr(config, "balanced", False) else None,
        augment=getattr(config, "augment", None),
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
