"""The demo: what a real installation mails is read here. Outside of the demo there is no such page."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, abort, current_app, render_template

from portal.access import public
from portal.blueprints import proving
from portal.sync.mail import transport

blueprint = Blueprint("demo", __name__, url_prefix="/demo")

_LINK = re.compile(r"(https?://\S+)")


@blueprint.get("/mail")
@public
def mail() -> Any:
    """Show the messages that were written for want of a mail server, newest first."""
    settings = current_app.extensions["trellis"].settings
    if not settings.demo:
        abort(404)
    messages = [
        (at, message, _pieces(message.text, settings.public_url))
        for at, message in transport.written(settings)
    ]
    return render_template("demo/mail.html", messages=messages, zone=proving.UTC)


def _pieces(text: str, site: str) -> list[tuple[str, bool]]:
    """Cut a text into pieces, and say of each whether it is a link to this site."""
    return [(piece, piece.startswith(f"{site}/")) for piece in _LINK.split(text)]
