"""The data of both platforms, made from a seed: a clean world and one with planted mismatches."""
