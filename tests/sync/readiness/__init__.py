"""Readiness: both sides read, matched and judged."""
