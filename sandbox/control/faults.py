"""The routes of the control API that switch faults."""

from dataclasses import asdict

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from sandbox.control import asking
from sandbox.control.served import simulation
from sandbox.faults.table import KINDS

blueprint = Blueprint("faults", __name__, url_prefix="/faults")

FAULT_DAYS = 7 * 24 * 3600
MAX_TIMES = 1_000_000


@blueprint.get("")
def list_faults() -> ResponseReturnValue:
    """List the faults that are on and all there are, and count the writes that are still to come late."""
    return jsonify(
        on=[asdict(each) for each in simulation().faults.on()],
        kinds=[
            {
                "fault": name,
                "stage": kind.stage,
                "about": kind.about,
                "argument": kind.means,
                "default": kind.default,
            }
            for name, kind in KINDS.items()
        ],
        late_writes=simulation().late.waiting(),
    )


@blueprint.post("")
def add_fault() -> ResponseReturnValue:
    """Switch a fault on."""
    asked = asking.body()
    fault = simulation().faults.add(
        asking.text(asked, "platform"),
        asking.text(asked, "fault"),
        asking.number(asked, "rate", 1.0, 0, 1) or 0.0,
        asking.number(asked, "seconds", None, 0, FAULT_DAYS),
        asked.get("argument"),
        asking.whole(asked, "times", None, 1, MAX_TIMES),
        asked.get("only"),
    )
    return jsonify(asdict(fault)), 201


@blueprint.delete("/<int:number>")
def remove_fault(number: int) -> ResponseReturnValue:
    """Switch one fault off."""
    simulation().faults.remove(number)
    return "", 204


@blueprint.delete("")
def clear_faults() -> ResponseReturnValue:
    """Switch all faults off."""
    simulation().faults.clear()
    return "", 204
