"""The simulated platforms: LeafLink Marketplace, Flourish and Ordo, as another company's program serves them.

Nothing here imports the portal. Each platform is a package of its own; what both need stands beside them.
"""
