"""The helper `builder_battery` of the tests of builders can be imported."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parent))
