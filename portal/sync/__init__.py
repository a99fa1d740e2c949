"""Sync: everything that reads from and writes to the systems that Trellis connects."""
