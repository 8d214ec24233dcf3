"""Files of tables: delimited text, JSON lines and Parquet, as a whole or block by block."""
