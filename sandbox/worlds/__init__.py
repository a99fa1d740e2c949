"""The data of every platform, made from a seed: a clean world and one with planted mismatches."""
