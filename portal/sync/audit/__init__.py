"""The audit: who did what to which thing, append-only, each row chained to the one before it.

An act and its row are one transaction: neither is there without the other. A company's acts are in its own
chain; those of the installation (staff, operators, sign-ins of unknown people) in one of their own.
"""

from portal.sync.audit.acts import ACTS, Actor, Subject
from portal.sync.audit.record import account, record

__all__ = ["ACTS", "Actor", "Subject", "account", "record"]
