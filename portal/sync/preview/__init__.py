"""Previews: the engine's own planning over real reads, with every write captured instead of made."""
