"""Proofs: whether anything was lost or doubled, what was checked, and what the last checks found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, current_app, render_template

from portal.access import here, tenant
from portal.blueprints.presentation import ago
from portal.extensions import db
from portal.models import Proof, utc_now
from portal.queries import proofs

blueprint = Blueprint("proofs", __name__, url_prefix="/t/<slug>/proofs")

_DAY = 86_400.0
# A check waits for its turn and takes its time: it is overdue only after this much more than its pause.
_MARGIN = timedelta(minutes=15)


@dataclass(frozen=True)
class Glance:
    """The proof in one line. `number`: orders lost or doubled; None when nobody knows."""

    number: int | None
    tone: str
    word: str
    text: str


@blueprint.get("")
@tenant("overview.see")
def index() -> Any:
    """Show how the company stands, the last check in full, and all that are kept."""
    session, tenant_id = db.session(), here().id
    rows = proofs.recent(session, tenant_id)
    return render_template(
        "proofs/index.html",
        rows=rows,
        glance=glance(proofs.standing(session, tenant_id), utc_now()),
        proof=proofs.one(session, tenant_id, rows[0].id) if rows else None,
        every=current_app.extensions["trellis"].settings.proof_seconds,
    )


@blueprint.get("/<uuid:proof_id>")
@tenant("overview.see")
def show(proof_id: UUID) -> Any:
    """Show one check in full."""
    proof = proofs.one(db.session(), here().id, proof_id)
    if proof is None:
        abort(404)
    return render_template("proofs/show.html", proof=proof)


def glance(standing: proofs.Standing, now: datetime) -> Glance:
    """Say what is proven, and no more than that."""
    last, whole = standing.last, standing.whole
    if last is None:
        text = "The first check runs by itself, at the latest in the night."
        return Glance(None, "idle", "Not proven yet", text)
    if whole is None:
        text = f"{_orders(last.orders)} checked {ago(last.at)}, but not everything could be read."
        return Glance(None, "warn", "In part", text)
    if whole.outcome == "failed":
        return _failed(whole)
    proved = f"proved {ago(whole.at)} · {_orders(whole.orders)}"
    if whole is not last:
        return Glance(0, "warn", "In part", f"{proved} · the check {ago(last.at)} could not read everything")
    if now - whole.at > _overdue_after():
        return Glance(0, "warn", "Overdue", f"{proved} · the next check is overdue: are the workers running?")
    return Glance(0, "ok", "Proven", proved)


def _failed(proof: Proof) -> Glance:
    parts = [f"{proof.lost} lost · {proof.doubled} doubled"] if proof.lost or proof.doubled else []
    others = [code for code in proof.failed if code not in ("I1", "I2")]
    if others:
        parts.append(f"broken: {', '.join(others)}")
    return Glance(proof.lost + proof.doubled, "bad", "Failed", " · ".join((*parts, f"found {ago(proof.at)}")))


def _overdue_after() -> timedelta:
    pause = current_app.extensions["trellis"].settings.proof_seconds or _DAY
    return timedelta(seconds=pause) + _MARGIN


def _orders(number: int) -> str:
    return "1 order" if number == 1 else f"{number:,} orders"
