"""The pixels that a backbone sees."""

import keras
import numpy as np
import pytest

from kerakit.builders.pretrained.preprocessing import MODES, backbone_preprocess


@pytest.mark.many
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("shape", "crop"), [((8, 8, 1), 1.0), ((40, 60, 3), 0.875)])
def test_a_call_gives_what_the_graph_gives(mode, shape, crop):
    """Enlarged and reduced images, which are not rounded to whole pixel values."""
    image = keras.Input(shape, dtype="uint8", name="image")
    preprocess = backbone_preprocess({"image": image}, (32, 32), crop, mode)
    pixels = {"image": np.random.default_rng(0).integers(0, 256, (3, *shape), dtype=np.uint8)}
    in_graph = preprocess.predict(pixels, verbose=0)
    np.testing.assert_allclose(np.asarray(preprocess(pixels)), in_graph, rtol=1e-5, atol=1e-5)
    if mode == "inside":
        assert np.abs(in_graph - np.rint(in_graph)).max() > 0.1
