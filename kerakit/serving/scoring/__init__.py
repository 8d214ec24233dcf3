"""Scoring a file: columns in, answers out, a part of the file at a time."""

from kerakit.serving.scoring.score import predict_csv

__all__ = ["predict_csv"]
