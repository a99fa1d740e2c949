"""PostgreSQL and Valkey for one-machine use, and the supervisor of `trellis up`.

Nothing here imports the rest of the portal, Flask or SQLAlchemy: the supervisor lives as long as the product
and stays small.
"""
