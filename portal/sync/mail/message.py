"""A message, sealed for as long as it waits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.models import Mail, new_id
from portal.sync import secrets


@dataclass(frozen=True)
class Message:
    """One message in plain text. The text may hold a link that lets somebody in.

    Raises:
        ValueError: the recipient or the subject could end a line, and begin a header of its own.
    """

    to: str
    subject: str
    text: str

    def __post_init__(self) -> None:
        """Refuse what would be more than a recipient and a subject."""
        if not self.to.isprintable() or not self.subject.isprintable() or "," in self.to:
            raise ValueError("a recipient or subject of a mail holds what would be a line or an address more")


def queue(
    session: Session, keys: Mapping[str, bytes], message: Message, *, kind: str, tenant_id: UUID | None = None
) -> None:
    """Put a message down to be sent once this transaction is committed.

    Args:
        session: a session of the identity or system role, or of a tenant and then with its id.
        keys: the installation's encryption keys.
        message: what to send.
        kind: what it is about, such as "invitation"; shown to operators, so nobody's name.
        tenant_id: for whose sake.
    """
    mail_id = new_id()
    sealed = secrets.seal(
        keys, json.dumps(asdict(message)), tenant_id="", owner_id=str(mail_id), field="mail"
    )
    # Not through the ORM, which would read back what this role may not read.
    session.execute(
        insert(Mail.__table__).values(id=mail_id, tenant_id=tenant_id, kind=kind, sealed=sealed.ciphertext)  # type: ignore[arg-type]
    )


def opened(keys: Mapping[str, bytes], mail: Mail) -> Message:
    """Read a message that waits.

    Raises:
        secrets.CannotOpen: its key is not configured any more.
        ValueError: it was sent, and is kept no longer.
    """
    if mail.sealed is None:
        raise ValueError("this message was sent and is kept no longer")
    plain = secrets.open_sealed(keys, mail.sealed, tenant_id="", owner_id=str(mail.id), field="mail")
    return Message(**json.loads(plain))
