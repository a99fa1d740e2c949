"""How a message leaves: to a mail server, or without one into a file that only its owner may read."""

from __future__ import annotations

import ipaddress
import logging
import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

from portal.config import Settings
from portal.extensions import refuse_open_transaction
from portal.sync.mail.message import Message

_TIMEOUT_SECONDS = 20.0
_PORTS = {"smtp": 587, "smtps": 465}
_REFUSED_FOR_GOOD = 500
# Where messages go without a mail server, in DATA, and for how long.
FOLDER = "mail"
KEPT = timedelta(days=30)

_log = logging.getLogger(__name__)


class NotTaken(Exception):
    """The mail server did not take a message; it may later. The words name nobody."""


class NeverTaken(NotTaken):
    """The mail server will never take this message."""


def send(settings: Settings, mail_id: UUID, kind: str, message: Message) -> None:
    """Hand a message over.

    Args:
        settings: how this installation sends.
        mail_id: by which whoever gets a message twice can tell.
        kind: what it is about, for the log.
        message: what to send.

    Raises:
        NotTaken: it is to be tried again later.
        NeverTaken: there is no use in that.
        OpenTransaction: a mail server is slow; nothing may be locked meanwhile.
    """
    refuse_open_transaction()
    if settings.smtp_url:
        _to_server(settings, mail_id, message)
    else:
        path = _to_file(settings.data / FOLDER, mail_id, message)
        _log.warning("no mail server is set: a %s is in %s", kind, path)


def reach(settings: Settings) -> None:
    """Say hello to the mail server, as before a message.

    Raises:
        NotTaken: it does not answer, or does not know us.
    """
    with _told(), _connected(settings.smtp_url):
        pass


def _to_server(settings: Settings, mail_id: UUID, message: Message) -> None:
    with _told(), _connected(settings.smtp_url) as server:
        server.send_message(_letter(settings, mail_id, message))


@contextmanager
def _told() -> Iterator[None]:
    """What a mail server answers, in words that name nobody: its own may repeat the address."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code = max((refusal[0] for refusal in error.recipients.values()), default=0)
        raise (NeverTaken if code >= _REFUSED_FOR_GOOD else NotTaken)(f"recipient refused: {code}") from error
    except smtplib.SMTPResponseException as error:
        raise NotTaken(f"{type(error).__name__}: {error.smtp_code}") from error
    except (OSError, ValueError) as error:
        raise NotTaken(type(error).__name__) from error


@contextmanager
def _connected(url: str) -> Iterator[smtplib.SMTP]:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    encryption = ssl.create_default_context()
    with (
        smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_SECONDS, context=encryption)
        if parts.scheme == "smtps"
        else smtplib.SMTP(host, port, timeout=_TIMEOUT_SECONDS)
    ) as server:
        if parts.scheme == "smtp" and not _is_loopback(host):
            server.starttls(context=encryption)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _letter(settings: Settings, mail_id: UUID, message: Message) -> EmailMessage:
    # Its headers refuse a value that would be two lines.
    letter = EmailMessage(policy=SMTP)
    letter["From"] = settings.mail_from
    letter["To"] = message.to
    letter["Subject"] = message.subject
    letter["Date"] = format_datetime(datetime.now(UTC))
    letter["Message-ID"] = f"<{mail_id}@{urlsplit(settings.public_url).hostname}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text)
    return letter


def _to_file(folder: Path, mail_id: UUID, message: Message) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{mail_id}.txt"
        unfinished = path.with_suffix(".part")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"To: {message.to}\nSubject: {message.subject}\n\n{message.text}")
        return unfinished.replace(path)
    except OSError as error:
        raise NotTaken(f"{type(error).__name__}: {error.strerror}") from error


def written(settings: Settings, *, most: int = 50) -> list[tuple[datetime, Message]]:
    """Read what was written for want of a mail server, newest first."""
    # An id begins with its time.
    files = sorted((settings.data / FOLDER).glob("*.txt"), reverse=True)[:most]
    return [(datetime.fromtimestamp(file.stat().st_mtime, UTC), _read(file)) for file in files]


def _read(file: Path) -> Message:
    head, _, text = file.read_text(encoding="utf-8").partition("\n\n")
    to, _, subject = head.partition("\n")
    return Message(to.removeprefix("To: "), subject.removeprefix("Subject: "), text)


def forget_old(settings: Settings) -> None:
    """Delete what was written long ago."""
    oldest = (datetime.now(UTC) - KEPT).timestamp()
    for file in (settings.data / FOLDER).glob("*.txt"):
        if file.stat().st_mtime < oldest:
            file.unlink(missing_ok=True)
