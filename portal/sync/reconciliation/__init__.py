"""Reconciliation: reports that compare both sides of a connection, and write nothing."""
