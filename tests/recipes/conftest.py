"""Test modules take helpers from `recipe_runs` beside them."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parent))
