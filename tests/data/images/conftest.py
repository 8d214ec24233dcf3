"""What the tests of images share: `encoded_images` can be imported."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parent))
