"""Time in the form that is stored: aware UTC, ISO 8601, microseconds, so that text order is time order."""

from datetime import UTC, datetime, timedelta

from sandbox.errors import BadValue


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime | None = None) -> str:
    """Return a moment (now, unless given) in the stored form."""
    return (moment or now()).astimezone(UTC).isoformat(timespec="microseconds")


def parse(text: str) -> datetime:
    """Read an ISO 8601 moment; without an offset it is UTC.

    Raises:
        BadValue: the text is no moment.
    """
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError as error:
        raise BadValue(f"'{text}' is not an ISO 8601 date and time.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def ago(**span: float) -> str:
    """Return the stamp of a moment before now, by timedelta's words."""
    return stamp(now() - timedelta(**span))
