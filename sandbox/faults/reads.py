"""What goes wrong with what a read sees: each changes the records for that read alone."""

from sandbox.accounts import AIQ, FLOURISH, LEAFLINK, ORDO
from sandbox.faults.fault import Fault
from sandbox.faults.past import put_back
from sandbox.visit import Visit

# The lists of a platform's catalogue, and the records behind them.
CATALOGUES = {
    LEAFLINK: (("/products",), ("product",)),
    FLOURISH: (("/items", "/inventory/summary"), ("item", "stock")),
    ORDO: (("/items",), ("item",)),
    AIQ: (("/products",), ("product",)),
}


def stale(fault: Fault, visit: Visit) -> None:
    """Show every record as it was some seconds ago."""
    put_back(visit.store, visit.platform, fault.argument)


def empty(_fault: Fault, visit: Visit) -> None:
    """Show no product."""
    for kind in CATALOGUES[visit.platform][1]:
        visit.store.execute("DELETE FROM record WHERE kind = ?", (f"{visit.platform}.{kind}",))


def is_catalogue(visit: Visit) -> bool:
    """A list of the catalogue is asked for."""
    return visit.path.rstrip("/") in CATALOGUES[visit.platform][0]
