"""The forms in which somebody proves who they are, and where they may lead."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import Email, InputRequired, Length

from portal.identity.passwords import LONGEST


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
            Length(max=LONGEST, message=f"A password has at most {LONGEST} characters."),
        ],
    )
    next = HiddenField()


class CodeForm(FlaskForm):  # type: ignore[misc]
    """A code of an authenticator app, or a recovery code."""

    code = StringField(
        "Code",
        validators=[
            InputRequired("Enter the code that your app shows, or a recovery code."),
            Length(max=64, message="A code is shorter than that."),
        ],
    )
    next = HiddenField()


class ProofForm(FlaskForm):  # type: ignore[misc]
    """The password once more; where there is a second factor, or a code."""

    proof = PasswordField(
        "Password",
        validators=[
            InputRequired("Enter your password."),
            Length(max=LONGEST, message=f"A password has at most {LONGEST} characters."),
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
