"""The form in which an account is connected: what its declaration asks for, its name, and where it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from portal.forms.keys import LONGEST_CREDENTIAL
from portal.sync.entered import CredentialField

LONGEST_NAME = 80


def _one_line(value: Any) -> Any:
    return " ".join(value.replace("\x00", "").split()) if isinstance(value, str) else value


class _AccountForm(FlaskForm):  # type: ignore[misc]
    """What every account is asked for; its credentials are added by `account_form`."""

    name = StringField(
        "Name",
        filters=[_one_line],
        validators=[
            DataRequired("Give it a name."),
            Length(max=LONGEST_NAME, message=f"A name has at most {LONGEST_NAME} characters."),
        ],
    )
    # Of an installation that may call a sandbox; everywhere else it is the declaration's.
    base_url = StringField("Address", validators=[Length(max=300, message="This is no address.")])
    hub = StringField("Flourish account")


def account_form(fields: Sequence[CredentialField], **defaults: str) -> Any:
    """Make the form of these credentials. What is typed into a secret one is never shown again.

    Args:
        fields: as declared.
        defaults: what stands in the form before anything was typed, by field.
    """

    class AccountForm(_AccountForm):
        """With this account's credentials."""

        def credentials(self) -> dict[str, str]:
            """What was entered, by field, without the spaces that are copied along."""
            return {one.name: (self[one.name].data or "").strip() for one in fields}

    for one in fields:
        kind = PasswordField if one.secret else StringField
        longest = Length(max=LONGEST_CREDENTIAL, message=f"It has at most {LONGEST_CREDENTIAL:,} characters.")
        setattr(AccountForm, one.name, kind(one.label, description=one.help, validators=[longest]))
    return AccountForm(**defaults)
