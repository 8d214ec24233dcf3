"""Tables: `load_csv`, `load_arrays`, and the description of their columns."""
