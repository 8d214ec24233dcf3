"""`fine_tune`: trains a pretrained model from its head down, as deep as it pays."""

from kerakit.checks import check, check_choice, check_int
from kerakit.data.data import Data
from kerakit.data.tasks import tasks_with
from kerakit.errors import ArgumentError
from kerakit.presets import compile as compile_by_preset
from kerakit.training.arguments import checked_arguments, made_run_dir
from kerakit.training.fine_tuning.parts import parts_of
from kerakit.training.fine_tuning.strategy import STRATEGIES
from kerakit.training.fine_tuning.tuning import Options, Tuning
from kerakit.training.rows.arrays import class_weights
from kerakit.training.runs.lock import locked_run

__all__ = ["STRATEGIES", "fine_tune"]


def fine_tune(
    model,
    data,
    *,
    strategy="auto",
    epochs=10,
    batch_size=None,
    early_stopping=True,
    class_weight=None,
    augment="standard",
    views=1,
    run_dir=None,
    resume=True,
    precision="auto",
    callbacks=(),
    verbose="auto",
    seed=0,
    cache_mb=512,
):
    """Train a model of `pretrained_classifier`, and leave the best weights of all stages in it.

    The head comes first, on features of the frozen backbone that are computed once; then,
    as the strategy says, the last stage of the backbone, on what lies below it, computed
    once as well; then all of it, on pixels. Each stage starts from the best weights so
    far and is kept where it lowers the validation loss. Lower stages learn more slowly;
    batch normalisation stays as it is, in every stage.

    Args:
        model: `keras.Model` of `pretrained_classifier`. One that is not compiled is compiled
            by the preset `"fine_tuning"`.
        data: `Data` of images.
        strategy: `"head"`: the head alone; a linear one is solved exactly (logistic
            regression, its penalty by cross-validation; beyond 5,000 images by the validation
            rows). `"last_blocks"`: then the last stage of the backbone. `"full"`: the head,
            then everything. `"auto"`: the head, the last stage, then everything, each only
            while the validation loss falls (below that of a solved head by more than twice the
            standard error); everything only with 1,000 training images or more, or where the
            linear probe has 15 % of the validation images wrong. Where a solved head is what
            stays, it is solved once more, by the same penalty, on the validation rows as well.
            Defaults to `"auto"`.
        epochs: int in [1, inf). The most epochs of a stage below the head. Defaults to `10`.
        batch_size: int in [2, inf). Defaults to the preset's.
        early_stopping: bool, or int in [1, inf), as in `fit`, for each stage.
        class_weight: as in `fit`.
        augment: as in `fit`. Defaults to `"standard"`.
        views: int in [0, inf). Augmented copies of every training image, beside the image
            itself, that the frozen part sees, once. A linear head is solved on the images as
            they are: a copy took its log loss from 0.201 to 0.211 and from 0.106 to 0.109 in
            cross-validation on photos of insects (two backbones, in the part `copies` of
            `tests/benchmarks/fine_tuning_choices.py`). Defaults to `1`.
        run_dir: path of a folder for `history.csv`, `spec.json`, `model.keras` and the
            checkpoints. A run that was stopped goes on in the stage it was in. Defaults to
            `None`: nothing is written.
        resume: bool. Whether to go on from what `run_dir` holds. Defaults to `True`.
        precision: as in `fit`, for what trains; frozen parts compute in float32, as they
            are served. Defaults to `"auto"`.
        callbacks: sequence of `keras.callbacks.Callback`, for stages that train by epochs.
        verbose: as in `fit`.
        seed: int in [0, inf). Of augmentation, order and dropout. Defaults to `0`.
        cache_mb: number of MiB that features may take in memory; beyond it they are kept in
            files while a stage trains. Defaults to `512`.

    Returns:
        `keras.callbacks.History` of the epochs of all stages, one after the other (a solved
        head counts as one), with an attribute `stages`: a list of dicts `stage`, `epochs`,
        `val_accuracy`, `val_loss` (`None` without a validation split), `cpu_seconds` and
        `kept`; of a solved head also `strength` (scikit-learn's C) and, where it was solved
        again on the validation rows after these figures, `refitted`; of a stage after the head
        `fall`, by how much it lowered the validation loss, and the `standard_error` of that.

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
    parts = parts_of(model)
    _check_data(parts, data)
    check_choice("fine_tune", "strategy", strategy, STRATEGIES)
    if strategy == "last_blocks" and not parts.ends:
        raise ArgumentError(
            "Where the stages of this backbone end is not known: it is none that `kerakit list "
            "backbones` shows. Got strategy='last_blocks'; take 'head', 'full' or 'auto'."
        )
    check_int("fine_tune", "views", views, minimum=0)
    expected = "an int in the range [2, inf): the step of a single image is mostly noise"
    check(batch_size is None or batch_size > 1, "fine_tune", "batch_size", expected, batch_size)
    if augment == "strong":
        raise ArgumentError(
            "fine_tune computes the features of an augmented image once, with its own label. Got "
            "augment='strong', which mixes labels; take 'none', 'light' or 'standard'."
        )
    if not model.compiled:
        compile_by_preset(model, "fine_tuning")
    epochs = checked_arguments(
        "fine_tune",
        model,
        data,
        epochs,
        batch_size,
        early_stopping,
        augment,
        precision,
        verbose,
        seed,
        cache_mb,
    )
    class_weights(data.spec, class_weight)
    run_dir = made_run_dir(run_dir)
    options = Options(
        strategy=strategy,
        epochs=epochs,
        batch_size=batch_size,
        early_stopping=early_stopping,
        class_weight=class_weight,
        augment=augment or "none",
        views=views,
        precision=precision,
        seed=seed,
    )
    with locked_run(run_dir):
        return Tuning(parts, data, options, run_dir, callbacks, verbose, cache_mb).run(resume)


def _check_data(parts, data):
    """Refuse data that are not what the model was built for."""
    if not isinstance(data, Data):
        raise ArgumentError(
            "The 'data' parameter of fine_tune must be a kerakit Data; kk.load_images makes one "
            f"of a folder, kk.load_arrays of arrays. Got {type(data).__name__} instead."
        )
    kinds = {feature.name: feature.kind for feature in data.spec.features}
    if list(kinds.values()) != ["image"] or data.spec.task not in tasks_with(answer="label"):
        raise ArgumentError(
            "fine_tune takes one image per row and its class. Got features of kinds "
            f"{kinds} and a {data.spec.task} task; kk.load_images makes such data."
        )
    (feature,) = data.spec.features
    shape, classes = tuple(parts.model.inputs[0].shape[1:]), parts.model.output_shape[-1]
    if tuple(feature.shape) != shape or len(data.spec.classes) != classes:
        raise ArgumentError(
            f"The model takes images of {shape} and tells {classes} classes apart. Got images of "
            f"{tuple(feature.shape)} and {len(data.spec.classes)} classes; build the model from "
            "data.spec."
        )
