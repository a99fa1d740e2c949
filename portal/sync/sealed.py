"""Where sealed values live: every column that holds some, and what each value is bound to.

Whoever adds a column of bytes adds it here, as a place or as what it else is; a test asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, literal
from sqlalchemy.orm import InstrumentedAttribute

from portal.models import AuditHead, Mail, Secret, SignIn
from portal.sync import secrets
from portal.sync.audit.record import KEY_FIELD, KEY_OWNER


class Bound(NamedTuple):
    """What a sealed value is bound to."""

    tenant_id: str
    owner_id: str
    field: str


@dataclass(frozen=True)
class Place:
    """A column of sealed values.

    Args:
        name: for people.
        key: the primary key of its table.
        column: the sealed values; empty where there is none.
        binding: the columns that say what a value is bound to.
        bound: what it is bound to, from those.
        key_id: the column that repeats the id of the value's key, where there is one.
    """

    name: str
    key: InstrumentedAttribute[Any]
    column: InstrumentedAttribute[Any]
    binding: tuple[InstrumentedAttribute[Any], ...]
    bound: Callable[..., Bound]
    key_id: InstrumentedAttribute[str] | None = None

    def open(self, keys: Mapping[str, bytes], sealed: bytes, *bound_to: Any) -> str:
        """Open a value.

        Raises:
            secrets.CannotOpen: its key is not there, or it was not sealed for this place.
        """
        return secrets.open_sealed(keys, sealed, **self.bound(*bound_to)._asdict())

    def seal(self, keys: Mapping[str, bytes], plain: str, *bound_to: Any) -> secrets.Sealed:
        """Seal a value with the first key."""
        return secrets.seal(keys, plain, **self.bound(*bound_to)._asdict())

    def sealed_otherwise(self, key_id: str) -> ColumnElement[bool]:
        """Whether a row's value was sealed with another key than this one."""
        head = secrets.head_of(key_id)
        return func.substring(self.column, 1, len(head)) != head

    def named_key(self) -> ColumnElement[Any]:
        """The id of the key that a row's value names, as bytes; empty when it names none."""
        named = func.substring(self.column, 3, func.get_byte(self.column, 1))
        return case((func.length(self.column) > 1, named), else_=literal(b""))


def secret(
    keys: Mapping[str, bytes],
    plain: str,
    *,
    tenant_id: UUID,
    owner_id: UUID,
    field: str,
    set_by: str,
    set_at: Any = None,
) -> Secret:
    """Seal a stored credential, ready to be kept.

    Args:
        keys: the installation's encryption keys; the first seals.
        plain: its value.
        tenant_id: whose it is.
        owner_id: the hub, connection or notification that it belongs to.
        field: its name.
        set_by: who set it, by name.
        set_at: when; now, if it is not said.
    """
    sealed = secrets.seal(keys, plain, tenant_id=str(tenant_id), owner_id=str(owner_id), field=field)
    return Secret(
        tenant_id=tenant_id,
        owner_id=owner_id,
        field=field,
        ciphertext=sealed.ciphertext,
        key_id=sealed.key_id,
        last_four=sealed.last_four,
        set_at=func.now() if set_at is None else set_at,
        set_by=set_by,
    )


PLACES = (
    Place(
        "stored credentials",
        Secret.id,
        Secret.ciphertext,
        (Secret.tenant_id, Secret.owner_id, Secret.field),
        lambda tenant_id, owner_id, field: Bound(str(tenant_id), str(owner_id), field),
        key_id=Secret.key_id,
    ),
    Place(
        "second factors",
        SignIn.user_id,
        SignIn.totp_sealed,
        (SignIn.user_id,),
        lambda user_id: Bound("", str(user_id), "totp"),
    ),
    Place(
        "keys of audit chains",
        AuditHead.chain,
        AuditHead.sealed_key,
        (AuditHead.chain,),
        lambda chain: Bound(str(chain), KEY_OWNER, KEY_FIELD),
    ),
    Place(
        "mail that waits", Mail.id, Mail.sealed, (Mail.id,), lambda mail_id: Bound("", str(mail_id), "mail")
    ),
)

# Bytes that are a digest: nothing can be read out of them.
DIGESTS = frozenset(
    {
        "api_token.token_hash",
        "audit_event.hash",
        "audit_head.hash",
        "connection.webhook_token_hash",
        "delivery.dedupe_key",
        "hub.webhook_token_hash",
        "invitation.token_hash",
        "reset_token.token_hash",
        "user_session.token_hash",
    }
)
# Bytes that are text, as they came.
TEXTS = frozenset({"delivery.body"})
