"""`export`: from a trained model to the folder of a version."""
