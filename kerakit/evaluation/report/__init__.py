"""The report: its data, its HTML page, and the files it is written to."""
