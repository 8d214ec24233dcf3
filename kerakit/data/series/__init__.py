"""Series: `load_series`, time columns, windowing, and `.ts` files."""
