"""Benchmarks: each figure beside its limit and its peer. `make bench`, or `python -m bench --only memory`."""
