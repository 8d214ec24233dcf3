"""Scoring a file: columns in, answers out, one block of rows at a time."""

from kerakit.serving.scoring.score import predict_csv

__all__ = ["predict_csv"]
