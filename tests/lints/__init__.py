"""Lints of our own: what ruff, bandit and djlint cannot know about this program."""
