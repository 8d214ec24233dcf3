"""The ways in which this machine can compute a training step."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

import keras
import tensorflow as tf

from kerakit.training.speed.batch_norm import fused_batch_norm
from kerakit.training.speed.cache import cpu_words
from kerakit.training.speed.precision import precision_of
from kerakit.training.speed.recurrent import (
    UNROLLED_STEPS,
    fusable,
    recurrent_kernel,
    recurrent_layers,
)

__all__ = ["Choice", "candidates", "computed_as"]

_KERNELS = {"loop": "", "fused": "the fused LSTM", "unrolled": "unrolled steps"}


@dataclasses.dataclass(frozen=True)
class Choice:
    """One way to compute a training step.

    Attributes:
        precision: str. `"float32"` or `"mixed_bfloat16"`.
        xla: bool. Whether XLA compiles the step.
        kernel: str. How recurrent layers compute: `"loop"`, `"fused"` or `"unrolled"`.

    Example:

    >>> str(Choice(kernel="fused")), Choice.parse("float32 with XLA and unrolled steps")
    ('float32 with the fused LSTM', Choice(precision='float32', xla=True, kernel='unrolled'))
    """

    precision: str = "float32"
    xla: bool = False
    kernel: str = "loop"

    def __str__(self) -> str:
        extras = ["XLA"] * self.xla + [_KERNELS[self.kernel]] * (self.kernel != "loop")
        return self.precision + (" with " if extras else "") + " and ".join(extras)

    @classmethod
    def parse(cls, text: str) -> Choice:
        """Return the choice that `str` wrote."""
        precision, _, extras = text.partition(" with ")
        extras = extras.split(" and ")
        kernel = next((name for name, said in _KERNELS.items() if said and said in extras), "loop")
        return cls(precision, "XLA" in extras, kernel)


@contextlib.contextmanager
def computed_as(model: keras.Model, choice: Choice, images: bool = False) -> Iterator[None]:
    """Compute the layers of a model by a `Choice` while the block runs, without its XLA.

    Args:
        model: `keras.Model`.
        choice: `Choice`.
        images: bool. Whether layers without weights change their precision too. Defaults to
            `False`.
    """
    with (
        precision_of(model, choice.precision, images),
        fused_batch_norm(model),
        recurrent_kernel(model, choice.kernel),
    ):
        yield


def candidates(
    model: keras.Model | None = None, precision: str = "auto", steps: int | None = None
) -> list[Choice]:
    """Return the choices worth a trial on this machine; the first is Keras' own in float32.

    bfloat16 is tried on hardware that computes it: a CPU with AMX or AVX512-BF16, or a GPU of
    compute capability 8 or higher. Elsewhere it is emulated. XLA is tried on GPUs; on CPUs it
    takes six times as long for convolutions, and is tried for recurrent layers alone. These are
    tried fused and unrolled as well, but not in bfloat16, because their steps are too small to
    gain by it. On a GPU Keras has cuDNN for them.

    Args:
        model: `keras.Model`, or `None` for one without recurrent layers.
        precision: str. Defaults to `"auto"`: whichever is faster.
        steps: int or `None`. Steps of the sequences, where all have the same number.
    """
    gpus = tf.config.list_physical_devices("GPU")
    recurrent = [] if model is None else recurrent_layers(model)
    if recurrent:
        first = Choice("float32" if precision == "auto" else precision)
        return [first] if gpus else _recurrent_candidates(first, recurrent, steps)
    if gpus:
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        half = all(detail.get("compute_capability", (0, 0)) >= (8, 0) for detail in details)
    else:
        half = bool({"amx_bf16", "avx512_bf16"} & cpu_words("flags"))
    precisions = ("float32", "mixed_bfloat16") if half else ("float32",)
    return [Choice(p, xla) for xla in ((False, True) if gpus else (False,)) for p in precisions]


def _recurrent_candidates(first, layers, steps):
    fused = first.precision == "float32" and any(map(fusable, layers))
    kernels = ["loop"] + ["fused"] * fused
    if steps is not None and steps <= UNROLLED_STEPS:
        kernels.append("unrolled")
    found = [dataclasses.replace(first, kernel=kernel) for kernel in kernels]
    if steps is None:
        return found  # XLA would compile again for every length
    # XLA has no kernel for TensorFlow's fused LSTM.
    return found + [dataclasses.replace(c, xla=True) for c in found if c.kernel != "fused"]
