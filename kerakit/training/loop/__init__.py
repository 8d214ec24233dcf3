"""The training loop: the trainer, epochs in one compiled call, and their runner."""
