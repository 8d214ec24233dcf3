"""What the tests of the parts of members share."""

import keras
import numpy as np

import kerakit as kk
from kerakit.builders.contract import members_of, network_of
from kerakit.training.options import FitOptions
from kerakit.training.runner import Runner

MEMBERS = 3


def made(data, builder=kk.mlp_classifier, **options):
    """A compiled model with few members and bins."""
    keras.utils.set_random_seed(0)
    model = builder(data, **{"members": MEMBERS, "bins": 2, **options})
    kk.compile(model)
    return model


def runner_of(model, data):
    return Runner(model, data, FitOptions(owner="fit", epochs=1))


def scores_left_out(model, data, part):
    """The scores by the layers of a part: of each row by the member that left it out.

    Parts are the line, the wide and the narrow network, the kernel and the trees.
    """
    runner, network = runner_of(model, data), network_of(model)
    parts = keras.Model(network.input, members_of(model).blend.input)
    scores = np.asarray(parts(runner.arrays("train").values))[..., part]
    return scores[np.arange(len(scores)), runner.fold]
