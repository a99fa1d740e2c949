"""The form by which somebody answers for a check that is not ready."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import DateField, StringField
from wtforms.validators import InputRequired

from portal.sync.readiness.waiving import Wish


def _one_line(value: Any) -> Any:
    return " ".join(value.replace("\x00", "").split()) if isinstance(value, str) else value


class WaiveForm(FlaskForm):  # type: ignore[misc]
    """Why a check is waived, and until which day."""

    reason = StringField(
        "Why it need not be ready", filters=[_one_line], validators=[InputRequired("Give a reason.")]
    )
    until = DateField("Until the end of", validators=[InputRequired("Choose a day.")])

    def wish(self, zone: ZoneInfo) -> Wish:
        """What was filled in; a day ends in the company's own time."""
        day = self.until.data or date.min
        return Wish(self.reason.data or "", datetime.combine(day, time(23, 59, 59), zone))
