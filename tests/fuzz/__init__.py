"""Hostile webhooks by the million: nothing unsigned is accepted, and nothing makes the door fall over."""
