"""A run's folder: its lock, checkpoint, identity and files."""
