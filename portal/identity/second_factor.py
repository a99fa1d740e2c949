"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for when it is lost.

Everything here takes an identity session. The row of a person's sign-in is locked while a code is looked at,
so that of two requests with one code one is taken.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from portal.models import RecoveryCode, SignIn
from portal.sync import secrets

RECOVERY_CODES = 10
_ISSUER = "Trellis"
_FIELD = "totp"
_STEP_SECONDS = 30
# Clocks of phones: one step before and after the one that it is.
_STEPS_APART = 1
# 80 bits: nobody finds one of them by trying, so a fast hash keeps them.
_CODE_BYTES = 10
_CODE = re.compile(r"\d{6}", re.ASCII)


@dataclass(frozen=True)
class Standing:
    """What a person has beside the password."""

    confirmed_at: datetime | None
    # An app was begun to be set up, and its first code is not in yet.
    begun: bool
    codes_left: int


def standing(session: Session, user_id: UUID) -> Standing:
    """Say what a person has beside the password."""
    row = session.execute(
        select(SignIn.totp_confirmed_at, SignIn.totp_sealed.is_not(None).label("begun")).where(
            SignIn.user_id == user_id
        )
    ).first()
    left = session.scalar(
        select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    )
    if row is None:
        return Standing(None, begun=False, codes_left=0)
    return Standing(
        row.totp_confirmed_at, begun=row.begun and not row.totp_confirmed_at, codes_left=left or 0
    )


def begin(session: Session, keys: Mapping[str, bytes], user_id: UUID) -> None:
    """Make a secret for an authenticator app; it counts for nothing before its first code is in."""
    sealed = secrets.seal(keys, pyotp.random_base32(), tenant_id="", owner_id=str(user_id), field=_FIELD)
    session.execute(
        update(SignIn)
        .where(SignIn.user_id == user_id, SignIn.totp_confirmed_at.is_(None))
        .values(totp_sealed=sealed.ciphertext, totp_step=None)
    )


def begun(session: Session, keys: Mapping[str, bytes], user_id: UUID) -> str | None:
    """The secret that waits for its first code; None when there is none. A confirmed one is never shown.

    Raises:
        secrets.CannotOpen: its key is not configured any more.
    """
    sealed = session.scalar(
        select(SignIn.totp_sealed).where(SignIn.user_id == user_id, SignIn.totp_confirmed_at.is_(None))
    )
    return None if sealed is None else _opened(keys, user_id, sealed)


def address_for_apps(secret: str, email: str) -> str:
    """What the QR code says: an address that authenticator apps open."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)


def confirm(session: Session, keys: Mapping[str, bytes], user_id: UUID, code: str) -> list[str] | None:
    """Take the first code of a new secret; from now on it is asked for.

    Returns:
        The recovery codes, to be shown once; None when the code is wrong or nothing was begun.
    """
    found = _locked(session, user_id)
    if found is None or found.totp_confirmed_at is not None or not _take(keys, found, code):
        return None
    found.totp_confirmed_at = func.now()
    session.flush()
    return make_codes(session, user_id)


def verify(session: Session, keys: Mapping[str, bytes], user_id: UUID, code: str) -> bool:
    """Say whether this is the app's code of now, and let it count once.

    Raises:
        secrets.CannotOpen: the secret's key is not configured any more.
    """
    found = _locked(session, user_id)
    return found is not None and found.totp_confirmed_at is not None and _take(keys, found, code)


def use_recovery_code(session: Session, user_id: UUID, code: str) -> bool:
    """Say whether this is a recovery code of a person's that was not used yet, and use it up."""
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _hash(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=func.now())
        .returning(RecoveryCode.id)
        .execution_options(synchronize_session=False)
    )
    return used.first() is not None


def make_codes(session: Session, user_id: UUID) -> list[str]:
    """Make new recovery codes in place of all earlier ones; only their hashes are kept."""
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.add_all(RecoveryCode(user_id=user_id, code_hash=_hash(code)) for code in codes)
    session.flush()
    return codes


def remove(session: Session, user_id: UUID) -> bool:
    """Forget the second factor and its recovery codes; False when there was none."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    removed = session.execute(
        update(SignIn)
        .where(SignIn.user_id == user_id, SignIn.totp_sealed.is_not(None))
        .values(totp_sealed=None, totp_confirmed_at=None, totp_step=None)
        .returning(SignIn.user_id)
        .execution_options(synchronize_session=False)
    )
    return removed.first() is not None


def is_app_code(code: str) -> bool:
    """Whether something typed has the form of an app's code, rather than of a recovery code or a password."""
    return _CODE.fullmatch(_bare(code)) is not None


def _locked(session: Session, user_id: UUID) -> SignIn | None:
    return session.scalar(
        select(SignIn)
        .where(SignIn.user_id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _take(keys: Mapping[str, bytes], found: SignIn, code: str) -> bool:
    if found.totp_sealed is None or not is_app_code(code):
        return False
    app = pyotp.TOTP(_opened(keys, found.user_id, found.totp_sealed))
    now = int(time.time()) // _STEP_SECONDS
    # Never one that was taken, nor one before it.
    first = max(now - _STEPS_APART, (found.totp_step or 0) + 1)
    for step in range(first, now + _STEPS_APART + 1):
        if hmac.compare_digest(app.generate_otp(step), _bare(code)):
            found.totp_step = step
            return True
    return False


def _opened(keys: Mapping[str, bytes], user_id: UUID, sealed: bytes) -> str:
    return secrets.open_sealed(keys, sealed, tenant_id="", owner_id=str(user_id), field=_FIELD)


def _new_code() -> str:
    text = base64.b32encode(os.urandom(_CODE_BYTES)).decode().lower()
    return "-".join(text[place : place + 4] for place in range(0, len(text), 4))


def _bare(code: str) -> str:
    return re.sub(r"[\s-]", "", code).lower()


def _hash(code: str) -> str:
    return hashlib.sha256(_bare(code).encode("utf-8", "replace")).hexdigest()
