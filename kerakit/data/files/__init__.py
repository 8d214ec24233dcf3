"""Bytes to rows: delimited text, Parquet, plain text, and folders with a class each."""
