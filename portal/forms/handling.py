"""The form by which somebody does something about problems: to one, or to those that they chose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, TextAreaField

from portal.models import PROBLEM_ACTS, utc_now
from portal.sync.handling import Act, Assign, CannotHandle, Ignore, Note, Reopen, Retry

NOBODY = "nobody"
# Behind the name of who fills it in.
ME = " (me)"
# What a day is offered for ignoring something, before somebody chooses another.
_A_WEEK = timedelta(days=7)


def _text(value: Any) -> Any:
    return value.replace("\x00", "").replace("\r\n", "\n").strip() if isinstance(value, str) else value


class HandlingForm(FlaskForm):  # type: ignore[misc]
    """What is written, until when it is ignored, and who sees to it: each act needs some of these."""

    text = TextAreaField("Text", filters=[_text])
    until = DateField("Until the end of")
    assignee = SelectField("Who sees to it", validate_choice=False)

    def offer(self, people: Mapping[str, str], zone: ZoneInfo) -> HandlingForm:
        """Offer people by their ids, and a day."""
        self.assignee.choices = [*people.items(), (NOBODY, "Nobody")]
        if not self.is_submitted():
            self.until.data = (utc_now().astimezone(zone) + _A_WEEK).date()
        return self

    def act(self, kind: str, people: Mapping[Any, str], zone: ZoneInfo) -> Act:
        """The act that was filled in; a day ends in the company's own time.

        Raises:
            CannotHandle: it is none; `field` is this form's.
        """
        if kind not in PROBLEM_ACTS:
            raise CannotHandle("text", "Choose what is to be done.")
        text = self.text.data or ""
        match kind:
            case "assign":
                return self._assign({str(one): name for one, name in people.items()})
            case "ignore":
                return self._ignore(text, zone)
            case "note":
                return Note(text=text)
            case "retry":
                return Retry()
            case _:
                return Reopen()

    def _assign(self, people: Mapping[str, str]) -> Assign:
        chosen = self.assignee.data or ""
        if chosen == NOBODY:
            return Assign()
        if chosen not in people:
            raise CannotHandle("assignee", "Choose somebody of the list.")
        return Assign(to_id=UUID(chosen), to_name=people[chosen].removesuffix(ME))

    def _ignore(self, text: str, zone: ZoneInfo) -> Ignore:
        day = self.until.data
        if day is None:
            raise CannotHandle("until", "Choose a day.")
        until = datetime.combine(day, time(23, 59, 59), zone)
        return Ignore(text=text, until=until, day=f"{day:%b} {day.day}, {day.year}")
