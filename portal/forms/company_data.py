"""Forms about a company's data: how long it is kept, and its end."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField, ValidationError
from wtforms.validators import NumberRange, Optional


class KeepForm(FlaskForm):  # type: ignore[misc]
    """How long bodies of webhooks are kept; empty for the installation's time."""

    days = IntegerField(
        "Days",
        validators=[
            Optional(),
            NumberRange(min=1, max=90, message="Give a whole number of days from 1 to 90."),
        ],
    )


class DeleteForm(FlaskForm):  # type: ignore[misc]
    """The company's slug, typed by whoever wants it gone."""

    slug = StringField("Name in the address")

    def __init__(self, slug: str = "", **more: Any) -> None:
        super().__init__(**more)
        self._wanted = slug

    def validate_slug(self, field: Any) -> None:
        """It has to be this company's."""
        if (field.data or "").strip() != self._wanted:
            raise ValidationError(f"Type {self._wanted} to show that you mean this company.")
