"""The control API: what a test or a demo does to the platforms from outside, in JSON, on loopback only."""
