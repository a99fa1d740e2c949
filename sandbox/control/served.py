"""What the control API acts on."""

from flask import current_app

from sandbox.simulation import Simulation


def simulation() -> Simulation:
    """Return the simulation that this application serves."""
    found: Simulation = current_app.extensions["simulation"]
    return found
