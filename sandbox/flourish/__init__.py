"""Flourish, simulated: its external API, its webhooks and what warehouse staff do in it."""
