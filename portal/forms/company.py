"""Forms about a company: its people, who is invited, and its settings."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import AnyOf, InputRequired, Length

from portal.identity.passwords import LONGEST
from portal.models import TENANT_ROLES

_NAME = Length(max=120, message="A name has at most 120 characters.")


class RoleForm(FlaskForm):  # type: ignore[misc]
    """A role."""

    role = StringField(
        "Role",
        default="viewer",
        validators=[AnyOf(TENANT_ROLES, message="Choose one of the roles in the list.")],
    )


class InviteForm(RoleForm):
    """Whom to invite as what."""

    email = EmailField(
        "E-mail",
        validators=[
            InputRequired("Enter an e-mail address."),
            Length(max=254, message="An e-mail address has at most 254 characters."),
        ],
    )


class JoinForm(FlaskForm):  # type: ignore[misc]
    """What somebody new chooses: a name and a password."""

    name = StringField("Your name", validators=[InputRequired("Enter your name."), _NAME])
    password = PasswordField(
        "Password",
        validators=[
            InputRequired("Choose a password."),
            Length(max=LONGEST, message=f"A password has at most {LONGEST} characters."),
        ],
    )


class CompanyForm(FlaskForm):  # type: ignore[misc]
    """The company's name and time zone."""

    name = StringField("Name", validators=[InputRequired("Enter the company's name."), _NAME])
    timezone = StringField(
        "Time zone",
        validators=[
            InputRequired("Enter a time zone."),
            Length(max=60, message="A time zone has at most 60 characters."),
        ],
    )


class OwnerForm(FlaskForm):  # type: ignore[misc]
    """Who owns a company first."""

    owner = EmailField(
        "E-mail of the first owner",
        validators=[
            InputRequired("Enter the address of the first owner."),
            Length(max=254, message="An e-mail address has at most 254 characters."),
        ],
    )


class FoundingForm(CompanyForm, OwnerForm):
    """A new company: also its part of every address, and who owns it first."""

    slug = StringField(
        "Its part of every address",
        filters=[lambda text: text.strip().lower() if isinstance(text, str) else text],
        validators=[Length(max=40, message="It has at most 40 characters.")],
    )
