"""Networks whose members each leave out a fold of the rows."""
