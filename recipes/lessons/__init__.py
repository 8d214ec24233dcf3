"""The lessons of `recipes/fundamentals.py`. A function is a lesson, and returns its numbers."""
