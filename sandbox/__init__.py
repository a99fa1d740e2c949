"""The simulated platforms: LeafLink Marketplace and Flourish, as another company's program would serve them.

Nothing here imports the portal. Each platform is a package of its own; what both need stands beside them.
"""
