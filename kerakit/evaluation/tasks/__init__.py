"""How each task is measured: its metrics, baselines and plots."""
