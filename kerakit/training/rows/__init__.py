"""What goes into a batch: rows in memory, rows that stream, and augmentation."""
