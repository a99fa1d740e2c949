"""Passwords: which ones may be taken, and how they are kept."""

from __future__ import annotations

import functools
from pathlib import Path
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, update
from sqlalchemy.orm import Session

from portal.models import SignIn

# NIST SP 800-63B-4: fifteen characters where the password is all there is.
SHORTEST = 15
SHORTEST_BESIDE_A_SECOND_FACTOR = 12
LONGEST = 128

_BLOCKLIST = Path(__file__).parent / "blocklist" / "passwords.txt"
# OWASP's floor for argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def objection(password: str, address: str, *, second_factor: bool = False) -> str | None:
    """Say why a password cannot be taken; None when it can. Which characters it is made of does not matter.

    Args:
        password: as typed.
        address: the e-mail address of its account.
        second_factor: whether the account has one beside it.
    """
    shortest = SHORTEST_BESIDE_A_SECOND_FACTOR if second_factor else SHORTEST
    if len(password) < shortest:
        return f"The password is too short: take at least {shortest} characters."
    if len(password) > LONGEST:
        return f"The password is too long: take at most {LONGEST} characters."
    if password.lower() == address.lower():
        return "The password is the e-mail address: take another one."
    if _is_common(password.lower()):
        return "This is one of the passwords that are tried first: take another one."
    return None


def hashed(password: str) -> str:
    """Hash a password that `objection` has none to."""
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Say whether a password is the one that was hashed; without a hash it takes as long, and is not."""
    try:
        # Cut, so that nobody makes us hash a megabyte; a cut password never matches a stored one.
        right = _hasher.verify(stored or _nobodys_hash(), password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


def is_outdated(stored: str) -> bool:
    """Say whether a hash was made with weaker settings than those of today."""
    return _hasher.check_needs_rehash(stored)


def replace(session: Session, user_id: UUID, password: str) -> None:
    """Give a person a new password, which `objection` has none to.

    Args:
        session: an identity session.
        user_id: whose.
        password: the new one.
    """
    session.execute(
        update(SignIn)
        .where(SignIn.user_id == user_id)
        .values(password_hash=hashed(password), password_set_at=func.now())
    )


def _is_common(password: str) -> bool:
    """Whether it is on the list, or something of the list written again and again."""
    length = len(password)
    return any(
        password[:part] in _common() and password == password[:part] * (length // part)
        for part in range(1, length + 1)
        if length % part == 0
    )


@functools.cache
def _common() -> frozenset[str]:
    return frozenset(_BLOCKLIST.read_text(encoding="ascii").split())


@functools.cache
def _nobodys_hash() -> str:
    return _hasher.hash("the password of nobody")
