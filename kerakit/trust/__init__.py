"""Trust: how sure the answers of a model are."""

# Not lazy: the name is that of its module, which an import would put in its place.
from kerakit.builders.contract import Calibration
from kerakit.trust.calibrate import calibrate

__all__ = ["Calibration", "calibrate"]
