"""How a training step is computed fastest: kernels, precision, and timed trials."""
