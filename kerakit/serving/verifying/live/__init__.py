"""Whether a running server answers what was measured. Nothing here needs TensorFlow."""

from kerakit.serving.verifying.live.check import check_live

__all__ = ["check_live"]
