"""Routes: parse, ask a named query, render."""
