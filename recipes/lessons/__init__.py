"""The lessons of `recipes/fundamentals.py`: a function each, which returns its numbers."""
