"""What goes wrong with webhooks: each function takes the delays of the copies, and returns them anew."""

from random import Random

from sandbox.faults.fault import Fault


def twice(_fault: Fault, delays: list[float], _random: Random) -> list[float]:
    """Send each copy twice."""
    return [delay for delay in delays for _ in range(2)]


def never(_fault: Fault, _delays: list[float], _random: Random) -> list[float]:
    """Send none."""
    return []


def later(fault: Fault, delays: list[float], _random: Random) -> list[float]:
    """Send each copy so many seconds later."""
    return [delay + fault.argument for delay in delays]


def shuffled(fault: Fault, delays: list[float], random: Random) -> list[float]:
    """Send each copy at any moment of a window, so that later ones overtake it."""
    return [delay + random.uniform(0, fault.argument) for delay in delays]
