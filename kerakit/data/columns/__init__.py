"""One column of raw values: its kind, its labels, its cells, and the frames it comes from."""
