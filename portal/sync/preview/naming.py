"""Naming: what stands for the ids of things that are not there yet."""

from __future__ import annotations

# How such an id begins: no platform gives such ones.
NEW = "new:"
