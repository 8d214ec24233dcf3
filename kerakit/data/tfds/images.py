"""Sets of images of TensorFlow Datasets."""

import dataclasses
import hashlib
import io

import numpy as np

from kerakit.data.data import SPLITS
from kerakit.data.images.assemble import LeftOut, image_data
from kerakit.data.images.classes import check_counts, class_ids, order_classes, rename
from kerakit.data.images.decoded import EncodedImages
from kerakit.data.images.header import ImageHeader, NotAnImage, read_header
from kerakit.data.images.scan import choose_channels, choose_size
from kerakit.data.split import split_rows
from kerakit.errors import DataError

__all__ = ["load_image_set"]

_RECORDS_AT_A_TIME = 1024


@dataclasses.dataclass(frozen=True)
class _Records:
    """The records of one split of a prepared set, read without its Python decoders."""

    builder: object
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
        stated = {
            self.image: tf.io.FixedLenFeature((), tf.string),
            self.target: tf.io.FixedLenFeature((), tf.int64),
        }
        records = tf.data.TFRecordDataset([str(path) for path in self.files()])

        def parse(examples):
            row = tf.io.parse_example(examples, stated)
            return row[self.image], row[self.target]

        return records.batch(_RECORDS_AT_A_TIME).map(parse)

    def files(self):
        return self.builder.info.splits[self.split].filepaths


def load_image_set(builder, name, image, target, options, settings):
    """Load a prepared TFDS set of images with a class label.

    Args:
        builder: TFDS builder of a prepared set.
        name: str. The set's name as the user gave it.
        image, target: strings. The features of the image and of its label.
        options: `Options`.
        settings: `ImageOptions`.

    Returns:
        `(data, left_out)`: `Data` and `LeftOut`.

    Raises:
        DataError: when the features are no image and label, or the data cannot be used.
    """
    info = builder.info
    _check_features(name, info, image, target)
    parts = [_Records(builder, split, image, target) for split in SPLITS if split in info.splits]
    read = {part.split: _look(part, info.features[image].shape) for part in parts}
    # Some test sets are published without labels: they are of no use here.
    parts = [part for part in parts if (read[part.split][0] >= 0).any()]
    if not parts or parts[0].split != "train":
        raise DataError(f"{name}: the set has no split 'train', only {list(info.splits)}.")
    numbers = np.concatenate([read[part.split][0] for part in parts])
    headers = [header for part in parts for header in read[part.split][1]]
    starts = np.cumsum([0, *(len(read[part.split][0]) for part in parts)])
    rows = {
        part.split: start + np.flatnonzero(read[part.split][0] >= 0)
        for part, start in zip(parts, starts, strict=False)
    }
    left_out = LeftOut(name, len(numbers), settings.max_unreadable, lambda row: f"record {row}")
    left_out.problems |= dict.fromkeys(np.flatnonzero(numbers < 0).tolist(), "no label")
    left_out.check()
    words = np.array([*info.features[target].names, ""], object)[numbers]
    labels = rename(words, options, name)
    classes = order_classes(set(labels[rows["train"]]), options, name)
    ids = class_ids(labels, rows, classes, name)
    check_counts(ids[rows["train"]], classes, left_out)
    height, width = settings.image_size or choose_size(headers)
    shape = (height, width, settings.channels or choose_channels(headers))
    rows = split_rows(rows, options, name=name, classes=ids)
    simple = info.features[image].shape == shape and all(read[part.split][2] for part in parts)
    data = image_data(
        EncodedImages(_reader(parts, starts), _decoder(shape, simple), shape, ids, _hash(parts)),
        rows,
        left_out,
        classes=classes,
        caching=settings.caching,
        target=target,
        seed=options.seed,
        dataset=f"tfds:{name}",
    )
    return data, left_out


def _check_features(name, info, image, target):
    feature, label = info.features[image], info.features[target]
    if np.dtype(feature.np_dtype).name not in ("uint8", "uint16"):
        raise DataError(f"{name}: the pixels of {image!r} are {feature.np_dtype}; expected uint8.")
    if not hasattr(label, "int2str") or label.shape != ():
        raise DataError(
            f"{name}: the target {target!r} is {label}; images need one class label each."
        )


def _look(part, shape):
    """Labels, headers, and whether all images are PNGs, of one split."""
    labels, headers, png = [np.zeros(0, np.int64)], [], True
    fixed = None not in shape
    for images, numbers in part.batches().as_numpy_iterator():
        labels.append(numbers)
        png = png and all(image[:4] == b"\x89PNG" for image in images)
        if not fixed:
            headers += _headers(images)
    if fixed:
        headers = [ImageHeader("PNG", shape[0], shape[1], grey=shape[-1] == 1)]
    return np.concatenate(labels), headers, png


def _headers(images):
    for image in images:
        try:
            yield read_header(io.BytesIO(image))
        except NotAnImage:
            continue  # it will not be decoded either, and is then counted


def _reader(parts, starts):
    def encoded(rows):
        import tensorflow as tf

        wanted = np.zeros(starts[-1], bool)
        wanted[rows] = True
        found = None
        for part, start, end in zip(parts, starts, starts[1:], strict=False):
            if not wanted[start:end].any():
                continue
            own = _chosen(part, start, tf.constant(wanted[start:end]))
            found = own if found is None else found.concatenate(own)
        return found

    return encoded


def _chosen(part, start, wanted):
    """`tf.data.Dataset` of `(row, encoded image)` of the wanted records of a split."""
    import tensorflow as tf

    def choose(batch, values):
        images, _ = values
        at = batch * _RECORDS_AT_A_TIME + tf.range(tf.size(images), dtype=tf.int64)
        mask = tf.gather(wanted, at)
        return tf.boolean_mask(start + at, mask), tf.boolean_mask(images, mask)

    return part.batches().enumerate().map(choose).unbatch()


def _decoder(shape, simple):
    """The function from encoded to decoded images."""

    def decode(encoded):
        import tensorflow as tf

        from kerakit.data.images.decode import decode_function

        if simple:
            # PNGs without alpha, of the wanted size and channels: the same pixels for less.
            return tf.ensure_shape(tf.io.decode_png(encoded, channels=shape[-1]), shape)
        return decode_function(shape)(encoded)

    return decode


def _hash(parts):
    """SHA-256 over the files of the splits."""
    digest = hashlib.sha256()
    for part in parts:
        for path in part.files():
            with open(path, "rb") as file:
                digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
