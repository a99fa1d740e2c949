"""Chaos: the product's real processes under a plan of disasters that one seed draws, and the verdict."""
