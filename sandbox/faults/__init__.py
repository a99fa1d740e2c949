"""What can be made to go wrong: one row per fault in `table.py`, one function per row."""
