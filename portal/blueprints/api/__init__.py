"""The JSON API: what pages show of a company, read by programs with a token."""

from portal.blueprints.api import connections, description, orders, problems, runs
from portal.blueprints.api.operations import api

# Each declares its operations when it is loaded; they are described in this order.
ROOMS = (orders, problems, runs, connections, description)
blueprint = api.blueprint
