"""Builders of convolutional networks for images: `cnn_classifier`."""
