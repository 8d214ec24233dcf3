"""From a trained model to a version folder: `export`."""
