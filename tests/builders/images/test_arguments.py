"""What `cnn_classifier` refuses, and how it says so."""

import pytest

import kerakit as kk
from kerakit.builders import cnn_classifier
from kerakit.data.spec import Feature, Spec

ARCHITECTURES = ["lenet", "vgg", "resnet"]


def image_spec(shape=(8, 8, 1), classes=("a", "b", "c"), task="multiclass"):
    feature = Feature("image", kind="image", dtype="uint8", shape=shape)
    return Spec(task=task, features=(feature,), classes=classes)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: cnn_classifier((28, 28)), r"'inputs'.*\(height, width, channels\).*\(28, 28\)"),
        (lambda: cnn_classifier(28, classes=3), "'inputs'.*Got 28"),
        (lambda: cnn_classifier((28, 0, 1), classes=3), r"'inputs'.*\(28, 0, 1\)"),
        (lambda: cnn_classifier((None, None, 3), classes=3), r"'inputs'.*\(None, None, 3\)"),
        (lambda: cnn_classifier((28, 28, 4), classes=3), r"1 channel.*\(28, 28, 4\)"),
        (lambda: cnn_classifier((28, 28, 1)), "'classes'.*Got None"),
        (lambda: cnn_classifier((28, 28, 1), classes=1), r"'classes'.*\[2, inf\). Got 1"),
        (lambda: cnn_classifier((9, 9, 1), classes=2, arch="resnext"), "Did you mean 'resnet'"),
        (lambda: cnn_classifier((9, 9, 1), classes=2, width=0), r"'width'.*\[1, inf\). Got 0"),
        (lambda: cnn_classifier((9, 9, 1), classes=2, width=1.5), "'width'.*Got 1.5"),
        (lambda: cnn_classifier((9, 9, 1), classes=2, dropout=1), r"'dropout'.*\[0.0, 1.0\)"),
        (lambda: cnn_classifier((9, 9, 1), classes=2, l2=-1), "'l2'.*Got -1"),
        (
            lambda: cnn_classifier((9, 9, 1), classes=2, arch="resnet", depth=18),
            "'depth'.*8, 14, 20.*Got 18",
        ),
        (
            lambda: cnn_classifier((9, 9, 1), classes=2, arch="resnet", depth=2),
            r"'depth'.*\[8, inf\). Got 2",
        ),
        (
            lambda: cnn_classifier((9, 9, 1), classes=2, arch="resnet", depth=8.0),
            "'depth'.*Got 8.0",
        ),
        (
            lambda: cnn_classifier((32, 32, 3), classes=2, arch="vgg", depth=3),
            r"'depth'.*\[4, inf\). Got 3",
        ),
        (
            lambda: cnn_classifier((32, 32, 3), classes=2, arch="lenet", depth=3),
            r"'depth'.*\[4, inf\). Got 3",
        ),
        (
            lambda: cnn_classifier((8, 8, 1), classes=2, arch="lenet", depth=7),
            r"at least 16 x 16 .* lenet.*\(8, 8, 1\)",
        ),
        (lambda: cnn_classifier(image_spec(task="multilabel")), "task.*'multilabel'"),
        (lambda: cnn_classifier(image_spec(task="regression")), "task.*'regression'"),
        (lambda: cnn_classifier(image_spec(), classes=3), "'classes'.*None with a Spec"),
        (lambda: cnn_classifier(image_spec((8, 8, 2))), r"1 channel.*\(8, 8, 2\)"),
    ],
)
def test_bad_arguments_are_named(build, words):
    with pytest.raises(kk.ArgumentError, match=words):
        build()


@pytest.mark.many
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_images_below_the_stride_are_refused_and_the_smallest_are_not(arch):
    # Two halvings at least, by pooling or by stride.
    cnn_classifier((4, 40, 1), classes=2, arch=arch)
    with pytest.raises(kk.ArgumentError, match="at least 4 x 4"):
        cnn_classifier((40, 3, 1), classes=2, arch=arch)


def test_a_spec_without_an_image_or_with_more_is_refused(iris):
    with pytest.raises(kk.ArgumentError, match="one image.*'numeric'"):
        cnn_classifier(iris.spec)
    image = image_spec().features[0]
    both = Spec(task="binary", features=(image, Feature("age")), classes=("a", "b"))
    with pytest.raises(kk.ArgumentError, match="'age': 'numeric', 'image': 'image'"):
        cnn_classifier(both)
