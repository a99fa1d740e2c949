"""Ids as AIQ has them: sixteen digits of hex, which say nothing."""

from hashlib import sha256

from sandbox.office import Office

DIGITS = 16


def new_id(office: Office, kind: str) -> str:
    """Return the next id of a kind of record; the same seed makes the same ones."""
    return sha256(f"{kind} {office.next_number(kind)}".encode()).hexdigest()[:DIGITS]
