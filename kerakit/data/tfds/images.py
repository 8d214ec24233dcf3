"""Sets of images of TensorFlow Datasets."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import warnings
from typing import Any

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.data import Data
from kerakit.data.images.assemble import LabelledImages, LeftOut, image_data
from kerakit.data.images.header import ImageHeader, NotAnImage, read_header
from kerakit.data.images.options import ImageOptions
from kerakit.data.options import Options
from kerakit.data.split import SPLITS
from kerakit.errors import DataError
from kerakit.files import fingerprint

__all__ = ["load_image_set"]

_RECORDS_AT_A_TIME = 1024


@dataclasses.dataclass(frozen=True)
class _Records:
    """The records of one split of a prepared set, read without its Python decoders."""

    builder: Any
    split: str
    image: str
    target: str

    def batches(self):
        """`tf.data.Dataset` of `(encoded images, labels)`, some records at a time."""
        import tensorflow as tf
        import tensorflow_datasets as tfds

        if self.builder.info.file_format is not tfds.core.FileFormat.TFRECORD:
            plain = {self.image: tfds.decode.SkipDecoding()}
            rows = self.builder.as_dataset(split=self.split, decoders=plain)
            rows = rows.batch(_RECORDS_AT_A_TIME)
            return rows.map(lambda row: (row[self.image], row[self.target]))
        columns = {
            self.image: tf.io.FixedLenFeature((), tf.string),
            self.target: tf.io.FixedLenFeature((), tf.int64),
        }
        records = tf.data.TFRecordDataset([str(path) for path in self.files()])

        def parse(examples):
            row = tf.io.parse_example(examples, columns)
            return row[self.image], row[self.target]

        return records.batch(_RECORDS_AT_A_TIME).map(parse)

    def files(self):
        return self.builder.info.splits[self.split].filepaths


@dataclasses.dataclass(frozen=True)
class _Seen:
    """One pass over the records of a split.

    Attributes:
        labels: int array. The number of each record's label, -1 where it has none.
        headers: list of `ImageHeader`, without images that cannot be read.
        png: bool. Whether all images are PNGs.
    """

    labels: np.ndarray
    headers: list[ImageHeader]
    png: bool


def load_image_set(
    builder: Any,
    name: str,
    image: str,
    target: str,
    options: Options,
    image_options: ImageOptions,
) -> tuple[Data, LeftOut]:
    """Load a prepared TFDS set of images with a class label.

    Args:
        builder: TFDS builder of a prepared set.
        name: str. The set's name as the user gave it.
        image, target: strings. The features of the image and of its label.
        options: `Options`.
        image_options: `ImageOptions`.

    Returns:
        `(data, left_out)`: `Data` and `LeftOut`.

    Raises:
        DataError: when the features are no image and label, or the data cannot be used.
    """
    info = builder.info
    _check_features(name, info, image, target)
    parts = [_Records(builder, split, image, target) for split in SPLITS if split in info.splits]
    seen = {part.split: _look(part, info.features[image].shape) for part in parts}
    # Some test sets are published without labels: they are of no use here.
    parts = [part for part in parts if (seen[part.split].labels >= 0).any()]
    if not parts or parts[0].split != "train":
        raise DataError(f"{name}: the set has no split 'train', only {list(info.splits)}.")
    numbers = np.concatenate([seen[part.split].labels for part in parts])
    starts = np.cumsum([0, *(len(seen[part.split].labels) for part in parts)])
    rows = {
        part.split: start + np.flatnonzero(seen[part.split].labels >= 0)
        for part, start in zip(parts, starts, strict=False)
    }
    left_out = LeftOut(
        name, len(numbers), image_options.max_unreadable, lambda row: f"record {row}"
    )
    left_out.problems |= dict.fromkeys(np.flatnonzero(numbers < 0).tolist(), "no label")
    stored_shape = info.features[image].shape
    all_png = all(seen[part.split].png for part in parts)
    images = LabelledImages(
        labels=np.array([*info.features[target].names, ""], object)[numbers].tolist(),
        rows=rows,
        labelled=rows["train"],
        headers=[header for part in parts for header in seen[part.split].headers],
        left_out=left_out,
        fingerprint=_fingerprint(parts),
        encoded=_reader(parts, starts),
        decode=lambda value, shape: _decode(value, shape, all_png and shape == stored_shape),
    )
    data = image_data(images, options, image_options, target=target, dataset=f"tfds:{name}")
    return data, left_out


def _check_features(name, info, image, target):
    feature, label = info.features[image], info.features[target]
    if np.dtype(feature.np_dtype).name not in ("uint8", "uint16"):
        raise DataError(f"{name}: the pixels of {image!r} are {feature.np_dtype}. Expected uint8.")
    if not hasattr(label, "int2str") or label.shape != ():
        raise DataError(
            f"{name}: the target {target!r} is {short_repr(label)}. Expected one class label per "
            "image."
        )


def _look(part, shape):
    """`_Seen` of the records of one split, whose images have `shape` (`None` where it varies)."""
    labels, headers, png = [np.zeros(0, np.int64)], [], True
    fixed = None not in shape
    for images, numbers in part.batches().as_numpy_iterator():
        labels.append(numbers)
        png = png and all(image[:4] == b"\x89PNG" for image in images)
        if not fixed:
            headers += _headers(images)
    if fixed:
        headers = [ImageHeader("PNG", shape[0], shape[1], grey=shape[-1] == 1)]
    return _Seen(np.concatenate(labels), headers, png)


def _headers(images):
    found = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")  # of damaged EXIF blocks
        for image in images:
            # An image without a header will not be decoded either, and is counted then.
            with contextlib.suppress(NotAnImage):
                found.append(read_header(io.BytesIO(image)))
    return found


def _reader(parts, starts):
    def encoded(rows):
        import tensorflow as tf

        wanted = np.zeros(starts[-1], bool)
        wanted[rows] = True
        found = None
        for part, start, end in zip(parts, starts, starts[1:], strict=False):
            if not wanted[start:end].any():
                continue
            images = _chosen(part, start, tf.constant(wanted[start:end]))
            found = images if found is None else found.concatenate(images)
        return found

    return encoded


def _chosen(part, start, wanted):
    """`tf.data.Dataset` of `(row, encoded image)` of the wanted records of a split."""
    import tensorflow as tf

    def choose(batch, values):
        images, _ = values
        records = batch * _RECORDS_AT_A_TIME + tf.range(tf.size(images), dtype=tf.int64)
        mask = tf.gather(wanted, records)
        return tf.boolean_mask(start + records, mask), tf.boolean_mask(images, mask)

    return part.batches().enumerate().map(choose).unbatch()


def _decode(encoded, shape, plain):
    """Decode an image. `plain` images are PNGs without alpha, of the wanted size and channels."""
    import tensorflow as tf

    from kerakit.data.images.decode import decode_function

    if plain:  # the same pixels in less time
        return tf.ensure_shape(tf.io.decode_png(encoded, channels=shape[-1]), shape)
    return decode_function(shape)(encoded)


def _fingerprint(parts):
    """SHA-256 over the files of the splits."""
    digests = []
    for part in parts:
        for path in part.files():
            with open(path, "rb") as file:
                digests += [path.name, hashlib.file_digest(file, "sha256").digest()]
    return fingerprint(digests)
