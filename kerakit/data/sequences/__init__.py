"""Labelled sequences: whole sequences to classify, such as those of a `.ts` file."""
