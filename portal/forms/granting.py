"""Forms for access of Trellis's own people: asking for it, giving it, and breaking the glass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from portal.identity.grants import LONGEST_MINUTES, SHORTEST_MINUTES, Wish


def _one_line(value: Any) -> Any:
    return " ".join(value.replace("\x00", "").split()) if isinstance(value, str) else value


class _TimeForm(FlaskForm):  # type: ignore[misc]
    """How long."""

    minutes = IntegerField(
        "Minutes",
        default=30,
        validators=[
            InputRequired("Say how many minutes."),
            NumberRange(
                SHORTEST_MINUTES,
                LONGEST_MINUTES,
                message=f"Choose {SHORTEST_MINUTES} to {LONGEST_MINUTES} minutes.",
            ),
        ],
    )


class GiveForm(_TimeForm):
    """How long, and whether acting is allowed."""

    may_act = BooleanField("Act as well: look again at orders, test and pause connections")


class BreakGlassForm(_TimeForm):
    """Why, for which ticket, and how long."""

    reason = StringField(
        "Reason, as the company will read it",
        filters=[_one_line],
        validators=[
            InputRequired("Give a reason: the company reads it."),
            Length(min=5, max=300, message="Give a reason of 5 to 300 characters."),
        ],
    )
    ticket = StringField(
        "Ticket",
        filters=[_one_line],
        validators=[Length(max=60, message="A ticket's name has at most 60 characters.")],
    )

    def wish(self) -> Wish:
        """What was filled in."""
        minutes = self.minutes.data or SHORTEST_MINUTES
        return Wish(self.reason.data or "", self.ticket.data or "", minutes)


class AskForm(BreakGlassForm):
    """The same, and whether they want to act."""

    may_act = BooleanField("Act as well: look again at orders, test and pause connections")

    def wish(self) -> Wish:
        """What was filled in."""
        return replace(super().wish(), may_act=bool(self.may_act.data))
