"""TensorFlow Datasets: `load_tfds`."""
