"""Channels: how a message reaches a mailbox, or a program that is called.

Webhooks are signed as Standard Webhooks asks: an id that stays the same however often a message is sent, the
time of this try, and an HMAC-SHA256 over both and the body, by each secret that is in force.
"""

from __future__ import annotations

import secrets as chance
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from standardwebhooks import Webhook

from portal.config import Settings
from portal.sync import mail
from portal.sync.addresses import WrongAddress, check_receiver
from portal.sync.answers import asked_wait
from portal.sync.engine.pace import USER_AGENT
from portal.sync.errors import SyncError
from portal.sync.http import Caller, Limits
from portal.sync.mail import transport
from portal.sync.notices import wording
from portal.sync.redaction import excerpt

_LIMITS = Limits(connect=5.0, read=10.0, total=15.0, size=65_536)
_GONE = 410
# As Standard Webhooks recommends: from 24 to 64 bytes.
_SECRET_BYTES = 32
_PREFIX = "whsec_"


@dataclass(frozen=True)
class Outcome:
    """What came of one try.

    Args:
        taken: whether the message need not be sent again.
        reason: why it was not taken, in one clause.
        status: of a webhook's answer.
        answer: the start of what was answered, redacted.
        gone: nothing is ever taken there.
        after: seconds to wait at the least, when that was asked for.
        duration_ms: how long it took.
    """

    taken: bool
    reason: str = ""
    status: int | None = None
    answer: str = ""
    gone: bool = False
    after: float | None = None
    duration_ms: int = 0


def new_secret() -> str:
    """Make a signing secret as Standard Webhooks writes it."""
    return _PREFIX + b64encode(chance.token_bytes(_SECRET_BYTES)).decode("ascii")


def webhook_id(notice_id: UUID) -> str:
    """By which whoever gets a message twice can tell."""
    return f"msg_{notice_id.hex}"


def signed(notice_id: UUID, body: str, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers that prove a message; one signature for each secret.

    Args:
        notice_id: the message.
        body: as it is sent.
        secrets: those in force, the newest first.
        now: aware, in UTC: the library reads no other zone.
    """
    message = webhook_id(notice_id)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message, now, body) for secret in secrets),
    }


def call(
    settings: Settings, address: str, notice_id: UUID, body: str, secrets: Sequence[str], now: datetime
) -> Outcome:
    """Send a message to somebody's program, which takes it with any 2xx; redirects are not followed."""
    headers = {"Content-Type": "application/json", **signed(notice_id, body, secrets, now)}
    began = time.monotonic()
    try:
        receiver = check_receiver(address, allow_loopback=settings.allow_loopback)
        with Caller(
            receiver, {}, label="it", turnstile=lambda: None, user_agent=USER_AGENT, limits=_LIMITS
        ) as caller:
            answer = caller.tell(body.encode("utf-8"), headers)
    except (WrongAddress, SyncError) as error:
        return Outcome(taken=False, reason=str(error), duration_ms=_since(began))
    taken = 200 <= answer.status < 300
    return Outcome(
        taken,
        reason="" if taken else f"it answered {answer.status}",
        status=answer.status,
        answer=excerpt(answer.body),
        gone=answer.status == _GONE,
        after=None if taken else asked_wait(answer.headers, now),
        duration_ms=_since(began),
    )


def post(settings: Settings, address: str, notice_id: UUID, body: str) -> Outcome:
    """Mail a message."""
    subject, text = wording.letter(body)
    began = time.monotonic()
    try:
        transport.send(settings, notice_id, "notification", mail.Message(address, subject, text))
    except (transport.NotTaken, ValueError) as error:
        return Outcome(taken=False, reason=str(error), duration_ms=_since(began))
    return Outcome(taken=True, duration_ms=_since(began))


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
