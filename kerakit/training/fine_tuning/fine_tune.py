"""`fine_tune`: trains a pretrained model from its head down, as deep as it pays."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from kerakit.checks import check_int
from kerakit.presets import compile as compile_by_preset
from kerakit.presets.settings import adopt_settings
from kerakit.training.fine_tuning.options import FineTuneOptions
from kerakit.training.fine_tuning.parts import parts_of
from kerakit.training.fine_tuning.strategy import STRATEGIES
from kerakit.training.fine_tuning.tuning import Tuning
from kerakit.training.options import FitOptions
from kerakit.training.runs.lock import locked_run

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data

__all__ = ["STRATEGIES", "fine_tune"]


def fine_tune(
    model: keras.Model,
    data: Data,
    *,
    strategy: Literal["auto", "head", "last_blocks", "full"] = "auto",
    epochs: int = 10,
    batch_size: int | None = None,
    early_stopping: bool | int = True,
    class_weight: Literal["balanced"] | Mapping[Any, float] | None = None,
    augment: Literal["none", "light", "standard"] | None = "standard",
    views: int = 1,
    run_dir: str | os.PathLike[str] | None = None,
    resume: bool = True,
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "auto",
    callbacks: keras.callbacks.Callback | Sequence[keras.callbacks.Callback] | None = None,
    verbose: Literal["auto", 0, 1, 2] = "auto",
    seed: int = 0,
    cache_mb: int = 512,
) -> keras.callbacks.History:
    """Fine-tune a pretrained image classifier, and leave the best weights of all stages in it.

    The head is trained first, on features of the frozen backbone that are computed once. As the
    strategy says, the last stage of the backbone follows, on features of the layers below it
    that are computed once as well, and then the whole network, on pixels. Each stage starts
    from the best weights so far, and is kept if it lowers the validation loss. Lower stages
    have a lower learning rate. Batch normalisation stays as it is, in every stage.

    Args:
        model: `keras.Model` of `pretrained_classifier`. A model that is not compiled is compiled
            by the preset `"fine_tuning"`.
        data: `Data` of images.
        strategy: `"head"`: the head alone. A linear head is solved exactly (logistic
            regression; its penalty is chosen by cross-validation, beyond 5,000 images on the
            validation rows). `"last_blocks"`: then the last stage of the backbone. `"full"`: the
            head, then the whole network. `"auto"`: the head, the last stage, then the whole
            network. A deeper stage is kept only if it lowers the validation loss, against a
            solved head by more than two standard errors. The whole network is trained only with
            1,000 training images or more, or if the linear head has 15 % of the validation
            images wrong. If a solved head is what stays, it is solved once more, with the same
            penalty, on training and validation rows together. Defaults to `"auto"`.
        epochs: int in [1, inf). The most epochs of a stage below the head. Defaults to `10`.
        batch_size: int in [2, inf). Defaults to the preset's.
        early_stopping: bool, or int in [1, inf), as in `fit`, for each stage.
        class_weight: as in `fit`.
        augment: as in `fit`, without `"strong"`. Defaults to `"standard"`.
        views: int in [0, inf). Augmented copies of every training image, beside the image
            itself, whose features are computed once. A linear head is solved on the images
            without copies: a copy raised its log loss from 0.201 to 0.211 and from 0.106 to
            0.109 in cross-validation on photos of insects (two backbones, in the part `copies`
            of `tests/benchmarks/fine_tuning_choices.py`). Defaults to `1`.
        run_dir: path of a folder for `history.csv`, `spec.json`, `model.keras` and the
            checkpoints. A run that was stopped goes on in the stage it was in. Defaults to
            `None`: nothing is written.
        resume: bool. Whether to go on from the checkpoints in `run_dir`. Defaults to `True`.
        precision: as in `fit`, for the layers that train. Frozen layers compute in float32, as
            they are served. Defaults to `"auto"`.
        callbacks: as in `fit`, for stages that train by epochs: each calls all hooks from
            `on_train_begin` to `on_train_end`, and counts its epochs from 0. A solved head calls
            none. In a stage on features `callback.model` is the part of the model above them,
            with the optimizer of the stage.
        verbose: as in `fit`.
        seed: int in [0, inf). Seed of augmentation, order and dropout. Defaults to `0`.
        cache_mb: int in [0, inf). MiB of memory that features may take. Beyond it they are kept
            in files while a stage trains. Defaults to `512`.

    Returns:
        `keras.callbacks.History` of the epochs of all stages, one after the other (a solved
        head counts as one epoch). Its attribute `stages` is a list with one dict per stage:
        `stage` (its name), `epochs`, `val_accuracy` and `val_loss` (`None` without a validation
        split), `kept` and `cpu_seconds`; for a solved head also `C` (the inverse of its penalty,
        as in scikit-learn) and, if it was solved once more on training and validation rows,
        `refitted`; for a stage after the head `fall`, by how much it lowered the validation
        loss, and its `standard_error`.

    Raises:
        ArgumentError: when a value is out of its range, or the model has no backbone.
        RunError: when `run_dir` belongs to another run or is in use.
        TrainingError: when the loss is no longer finite, or the disk is full.
        KeyboardInterrupt: on Ctrl-C; `run_dir` resumes.

    Example:

    >>> import kerakit as kk
    >>> data = kk.load_builtin("digits")
    >>> model = kk.pretrained_classifier(
    ...     data.spec, backbone="MobileNetV2_0.35", weights=None, image_size=32
    ... )
    >>> history = kk.fine_tune(model, data, strategy="head", views=0, verbose=0)
    >>> [stage["stage"] for stage in history.stages]
    ['head']
    """
    check_int("fine_tune", "epochs", epochs, minimum=1)
    parts = parts_of(model)
    fit_options = FitOptions(
        owner="fine_tune",
        epochs=epochs,
        batch_size=batch_size,
        early_stopping=early_stopping,
        class_weight=class_weight,
        augment=augment,
        run_dir=run_dir,
        resume=resume,
        precision=precision,
        callbacks=callbacks,
        verbose=verbose,
        seed=seed,
        cache_mb=cache_mb,
    )
    options = FineTuneOptions(strategy, views, fit_options)
    options.check(parts, data)
    if not model.compiled:
        compile_by_preset(model, "fine_tuning")
    fit_options.check(model, data)
    adopt_settings(model)
    if fit_options.run_dir is not None:
        fit_options.run_dir.mkdir(parents=True, exist_ok=True)
    with locked_run(fit_options.run_dir):
        return Tuning(parts, data, options).run()
