"""Series: `load_series`, time columns and windowing."""
