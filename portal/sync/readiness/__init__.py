"""Readiness: whether a connection may go live, found out by reading both sides."""
