"""The forms in which somebody chooses a password."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import Email, EqualTo, InputRequired, Length

from portal.identity.passwords import LONGEST

_LENGTH = Length(max=LONGEST, message=f"A password has at most {LONGEST} characters.")


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password, twice."""

    new = PasswordField("New password", validators=[InputRequired("Enter a new password."), _LENGTH])
    again = PasswordField(
        "New password again",
        validators=[
            InputRequired("Enter the new password again."),
            EqualTo("new", "The two are not the same."),
        ],
    )


class ChangePasswordForm(NewPasswordForm):
    """The old password, and a new one twice."""

    old = PasswordField("Your password of now", validators=[InputRequired("Enter your password."), _LENGTH])


class AskForm(FlaskForm):  # type: ignore[misc]
    """The address of whoever forgot their password."""

    email = EmailField(
        "E-mail",
        validators=[
            InputRequired("Enter your e-mail address."),
            Length(max=254, message="An e-mail address has at most 254 characters."),
            Email("That is not an e-mail address; it looks like name@company.com."),
        ],
    )
