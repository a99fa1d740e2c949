"""The catalogue of faults: what can go wrong, what Trellis does then, and the tests that prove it."""
