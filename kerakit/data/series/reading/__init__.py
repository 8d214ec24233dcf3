"""From a table to series: which columns and rows are meant, in order and on regular steps."""
