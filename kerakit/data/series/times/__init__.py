"""Times of a series: as they are written, the steps between them, and those that follow."""
