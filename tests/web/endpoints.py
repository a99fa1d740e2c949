"""Webhook addresses of several companies, with their keys, and a served application to send to."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from portal.models import Connection, Delivery, Hub, Secret
from portal.sync import secrets
from portal.sync.engine.desk import Desk
from portal.sync.flourish import FLOURISH
from portal.sync.platforms.leaflink import WEBHOOK
from portal.sync.signing import sign
from tests.sync.engine.shop import Shop

NUMBER = "6f1c1d0a-2b3c-4d5e-8f90-a1b2c3d4e5f6"
_SCHEMES = {"leaflink": WEBHOOK, "flourish": FLOURISH.webhook}


def order_webhook(number: str = NUMBER, **changed: Any) -> bytes:
    data = {"number": number, "short_id": "4F2A"}
    return json.dumps({"type": "order", "action": "create", "data": data} | changed).encode()


def flourish_webhook(order_id: str = "SO-1", **changed: Any) -> bytes:
    data = {"id": order_id, "last_updated_timestamp": "2026-03-02T12:00:00Z"}
    return json.dumps({"resource_type": "order", "action": "update", "data": data | changed}).encode()


@dataclass(frozen=True)
class Endpoint:
    """One webhook's address, and the key that signs for it."""

    desk: Desk
    tenant_id: UUID
    platform: str
    token: str
    key: str

    @property
    def path(self) -> str:
        return f"/webhooks/{self.platform}/{self.token}"

    @property
    def header(self) -> str:
        return _SCHEMES[self.platform].header

    def sign(self, body: bytes) -> str:
        return sign(_SCHEMES[self.platform], self.key, body)

    def signed(self, body: bytes) -> dict[str, str]:
        return {self.header: self.sign(body)}

    def deliveries(self) -> list[Delivery]:
        with self.desk.tenant(self.tenant_id) as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.received_at, Delivery.id)))

    def refused(self) -> int:
        table = Hub if self.platform == "flourish" else Connection
        with self.desk.tenant(self.tenant_id) as session:
            return sum(session.scalars(select(table.refused_deliveries)))


def open_endpoint(shop: Shop, platform: str = "leaflink") -> Endpoint:
    """Give a shop's connection, or its hub, a webhook's address."""
    owner_id = shop.hub_id if platform == "flourish" else shop.connection_id
    endpoint = Endpoint(
        shop.desk, shop.tenant_id, platform, f"token-of-{owner_id}", f"key-of-{platform}-{owner_id}"
    )
    digest = hashlib.sha256(endpoint.token.encode()).digest()
    shop.set("hub" if platform == "flourish" else "connection", webhook_token_hash=digest)
    sealed = secrets.seal(
        shop.desk.settings.master_keys,
        endpoint.key,
        tenant_id=str(shop.tenant_id),
        owner_id=str(owner_id),
        field="webhook_key",
    )
    with shop.desk.tenant(shop.tenant_id) as session:
        session.add(
            Secret(
                tenant_id=shop.tenant_id,
                owner_id=owner_id,
                field="webhook_key",
                ciphertext=sealed.ciphertext,
                key_id=sealed.key_id,
                last_four="",
                set_at=func.now(),
                set_by="test",
            )
        )
    return endpoint


def post(port: int, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
    """Send one delivery on a connection of its own; gives status and headers of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def deliver(port: int, endpoint: Endpoint, body: bytes) -> int:
    """Send a body as the platform does."""
    return post(port, endpoint.path, body, endpoint.signed(body))[0]


def exchange(port: int, raw: bytes, *, timeout: float = 10.0) -> bytes:
    """Send these bytes, and read until the other side ends or falls silent."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as sender:
        sender.sendall(raw)
        try:
            while part := sender.recv(65_536):
                received += part
        except (TimeoutError, ConnectionResetError):
            pass
    return received
