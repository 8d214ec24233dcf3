"""Whether a running server answers what was measured. This room does not import TensorFlow."""

from kerakit.serving.verifying.live.check import check_live

__all__ = ["check_live"]
