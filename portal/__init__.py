"""Trellis: a portal between a cannabis operator's ERP and its sales platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from portal.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Build the web application.

    Args:
        settings: what to run with; read from the environment when omitted.

    Raises:
        portal.config.WrongSetting: the environment holds a setting that cannot be used.
    """
    # Imported here so that the supervisor, which only needs `portal.embedded`, stays small.
    from portal.web import build

    return build(settings)
