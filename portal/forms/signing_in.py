"""The sign-in form, and where it may lead."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import Email, InputRequired, Length

from portal.identity.accounts import LONGEST_PASSWORD


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Address and password."""

    email = EmailField(
        "E-mail",
        validators=[
            InputRequired("Enter your e-mail address."),
            Length(max=254, message="An e-mail address has at most 254 characters."),
            Email("That is not an e-mail address; it looks like name@company.com."),
        ],
    )
    password = PasswordField(
        "Password",
        validators=[
            InputRequired("Enter your password."),
            Length(max=LONGEST_PASSWORD, message=f"A password has at most {LONGEST_PASSWORD} characters."),
        ],
    )
    next = HiddenField()


def local_address(address: str | None, otherwise: str) -> str:
    """The address when it leads to a page of this site, else the other one."""
    if not address or not address.startswith("/"):
        return otherwise
    for reading in (address, unquote(address), unquote(unquote(address))):
        parts = urlsplit(reading)
        foreign = parts.scheme or parts.netloc or reading.startswith("//")
        if (
            foreign
            or "\\" in reading
            or any(ord(character) < 33 or ord(character) == 127 for character in reading)
        ):
            return otherwise
    return address
