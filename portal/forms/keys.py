"""The form in which a key is replaced: one field for each that the platform's declaration lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import Length

from portal.sync.entered import CredentialField

LONGEST_CREDENTIAL = 4096


def blame(form: Any, field: str, message: str) -> str:
    """Put a refusal beside the field that it is about; it is returned when the form has no such field."""
    if field not in form:
        return message
    form[field].errors = [message]
    return ""


def key_form(fields: Sequence[CredentialField]) -> Any:
    """Make the form of these fields. What is typed into a secret one is never shown again."""

    class KeyForm(FlaskForm):  # type: ignore[misc]
        """Credentials to replace; what is left empty stays as it is."""

        def given(self) -> dict[str, str]:
            """What was entered, by field."""
            return {one.name: text for one in fields if (text := (self[one.name].data or "").strip())}

    for one in fields:
        kind = PasswordField if one.secret else StringField
        longest = Length(max=LONGEST_CREDENTIAL, message=f"It has at most {LONGEST_CREDENTIAL:,} characters.")
        setattr(KeyForm, one.name, kind(one.label, description=one.help, validators=[longest]))
    return KeyForm()
