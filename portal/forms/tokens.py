"""The form in which a token of the API is made."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import AnyOf, DataRequired, Length

from portal.identity.tokens import DAYS

LONGEST_NAME = 80


def _stripped(text: str | None) -> str | None:
    return text.replace("\x00", "").strip() if isinstance(text, str) else text


class TokenForm(FlaskForm):  # type: ignore[misc]
    """What a token is for, and how long it lasts."""

    name = StringField(
        "What it is for",
        filters=[_stripped],
        validators=[
            DataRequired("Say what the token is for."),
            Length(max=LONGEST_NAME, message=f"A name has at most {LONGEST_NAME} characters."),
        ],
    )
    days = StringField(
        "It lasts",
        default="90",
        validators=[AnyOf([str(days) for days in DAYS], message="Choose one of the times in the list.")],
    )
