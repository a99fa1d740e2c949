"""The catalogue of promises: what Trellis keeps for its users, and the tests that prove it."""
