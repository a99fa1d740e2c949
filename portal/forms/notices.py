"""The form of a notification: where it goes, of what, and how often at the most."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from portal.models import NoticeRule
from portal.sync.notices.rules import Wish

PACES = {
    "minutes_5": "At once, then at most every 5 minutes",
    "minutes_15": "At once, then at most every 15 minutes",
    "hour": "At once, then at most every hour",
    "day": "One summary a day, at 8 in the morning",
}
LABELS = {"email": "E-mail address", "webhook": "Address of your webhook"}


class NoticeForm(FlaskForm):  # type: ignore[misc]
    """What somebody wants to be told."""

    address = StringField(
        "Address",
        filters=[lambda text: text.strip() if isinstance(text, str) else text],
        validators=[
            InputRequired("Enter an address."),
            Length(max=500, message="An address has at most 500 characters."),
        ],
    )
    outsider = BooleanField("This address is of nobody in the company: send it there all the same")
    connection = StringField("About")
    # What can be chosen is known to `rules`, which refuses anything else.
    kinds = SelectMultipleField(
        "Tell when", choices=[], validate_choice=False, default=["connection", "readiness", "orders", "stops"]
    )
    resolved = BooleanField("Also tell when it is resolved")
    pace = StringField("How often", default="minutes_15")

    def wish(self, channel: str, connections: dict[str, Any]) -> Wish:
        """What was filled in.

        Args:
            channel: email or webhook.
            connections: what can be chosen, by its id as text.
        """
        chosen = connections.get(self.connection.data or "")
        return Wish(
            channel=channel,
            address=self.address.data or "",
            connection_id=chosen.id if chosen else None,
            kinds=tuple(self.kinds.data or ()),
            resolved=bool(self.resolved.data),
            pace=self.pace.data or "",
        )


def shown(rule: NoticeRule) -> NoticeForm:
    """The form of a rule as it stands."""
    return NoticeForm(
        formdata=None,
        address=rule.address,
        outsider=True,
        connection=str(rule.connection_id or ""),
        kinds=list(rule.kinds),
        resolved=rule.resolved,
        pace=rule.pace,
    )
