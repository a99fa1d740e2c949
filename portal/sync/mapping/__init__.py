"""The shared mapping module: the rules that are true for every platform. Pure."""
