"""The requests of a client to each signature, made of rows of raw features."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

__all__ = ["png_images", "signature_inputs", "tf_examples"]


def signature_inputs(name: str, method: str, features: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Return the input tensors of a signature for rows of features.

    Args:
        name: str. The signature's name.
        method: `"predict"`, `"classify"` or `"regress"`.
        features: dict from feature name to array of shape `(n, ...)`, strings as `object`.

    Returns:
        dict from input name to tensor whose first dimension is n.
    """
    if method != "predict":
        return {"inputs": tf.constant(tf_examples(features))}
    if name == "serve_bytes":
        (images,) = features.values()
        return {"image_bytes": tf.constant(png_images(images))}
    return {key: tf.constant(column) for key, column in features.items()}


def tf_examples(features: dict[str, np.ndarray]) -> list[bytes]:
    """Return one serialised `tf.train.Example` per row; values of arrays are flattened."""
    rows = len(next(iter(features.values())))
    examples = []
    for row in range(rows):
        example = tf.train.Example()
        for name, column in features.items():
            feature, values = example.features.feature[name], np.ravel(column[row])
            if column.dtype.kind == "f":
                feature.float_list.value.extend(values.tolist())
            elif column.dtype.kind in "iu":
                feature.int64_list.value.extend(values.tolist())
            else:
                feature.bytes_list.value.extend(value.encode() for value in values)
        examples.append(example.SerializeToString(deterministic=True))
    return examples


def png_images(images: np.ndarray) -> list[bytes]:
    """Return images of shape `(n, height, width, channels)`, 0 to 255, as PNG files."""
    pixels = np.clip(np.rint(np.nan_to_num(images)), 0, 255).astype(np.uint8)
    return [tf.io.encode_png(image).numpy() for image in pixels]
