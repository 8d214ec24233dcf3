"""The parts of a text, such as title and body, are read one after the other."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerakit as kk
from kerakit.data.spec import Feature, Spec
from kerakit.errors import ArgumentError

WORDS, CHARACTERS = ("cats", "dogs", "run", "far"), ("a", "c", "d", "o", "r", "s", "t", "u", " ")
TITLES = ["Cats run", "", "far", "", "dogs dogs dogs dogs"]
BODIES = ["dogs, far away", "run", "", "", "cats"]


def feature(name):
    return Feature(name, "text", "string", vocabulary=WORDS, characters=CHARACTERS)


def model_of(*names, **options):
    spec = Spec("binary", tuple(map(feature, names)), classes=("no", "yes"))
    return kk.text_classifier(spec, units=2, embedding=2, **options)


def preprocessed(model, **texts):
    texts = {name: tf.constant(values) for name, values in texts.items()}
    return [ids.numpy() for ids in model.get_layer("preprocess")(texts)]


def found(ids):
    return [sorted(row[row > 0].tolist()) for row in ids]


@pytest.mark.parametrize("max_words", [256, 3])
def test_the_words_of_the_parts_are_those_of_the_joined_text(max_words):
    both = preprocessed(model_of("title", "body", max_words=max_words), title=TITLES, body=BODIES)
    joined = [f"{title} {body}" for title, body in zip(TITLES, BODIES, strict=True)]
    one = preprocessed(model_of("text", max_words=max_words), text=joined)
    width = min(both[0].shape[1], one[0].shape[1])
    np.testing.assert_array_equal(both[0][:, :width], one[0][:, :width])
    assert not both[0][:, width:].any() and not one[0][:, width:].any()


def test_no_n_gram_is_of_two_parts():
    both = preprocessed(model_of("title", "body"), title=TITLES, body=BODIES)
    parts = [preprocessed(model_of("text"), text=texts) for texts in (TITLES, BODIES)]
    for kind in (1, 2):
        separate = [
            sorted(one + other)
            for one, other in zip(found(parts[0][kind]), found(parts[1][kind]), strict=True)
        ]
        assert found(both[kind]) == separate


def test_three_parts_and_a_longer_neighbour():
    model = model_of("a", "b", "c")
    (words, *_) = preprocessed(model, a=["cats", ""], b=["", "run"], c=["dogs far", "far " * 9])
    assert words[0][words[0] > 0].tolist() == [2, 3, 5]
    assert words[1].tolist()[:11] == [4] + [5] * 9 + [0]


def test_parts_need_one_vocabulary():
    other = Feature("body", "text", "string", vocabulary=("birds",), characters=CHARACTERS)
    with pytest.raises(ArgumentError, match="one text with its vocabulary"):
        kk.text_classifier(Spec("binary", (feature("title"), other), classes=("no", "yes")))
    with pytest.raises(ArgumentError, match="kinds"):
        kk.text_classifier(Spec("binary", (feature("a"), Feature("x")), classes=("no", "yes")))


def test_several_labels_have_probabilities_of_their_own():
    spec = Spec("multilabel", (feature("text"),), classes=("x", "y", "z"))
    model = kk.text_classifier(spec, units=2, embedding=2)
    network = model.get_layer("network")
    network.get_layer("output").bias.assign([9.0, 9.0, -9.0])
    answer = model({"text": tf.constant(["cats", ""])}).numpy()
    assert answer.shape == (2, 3) and (answer[:, :2] > 0.9).all() and (answer[:, 2] < 0.1).all()
    again = keras.models.clone_model(model)
    assert again.output_shape == (None, 3)
