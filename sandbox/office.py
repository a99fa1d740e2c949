"""One company at work on one platform: its records, and the webhooks that tell of them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.accounts import Account
from sandbox.errors import Missing
from sandbox.outbox import Outbox
from sandbox.store import Body, Condition, Record, Store

Wants = Callable[[Body], bool]
Signer = Callable[[bytes, Body], Mapping[str, str]]


def everything(_address: Body) -> bool:
    """Want to be told."""
    return True


@dataclass(frozen=True)
class Office:
    """What a platform's functions work with.

    Args:
        store: all state.
        outbox: takes webhooks.
        account: whose records these are.
    """

    store: Store
    outbox: Outbox
    account: Account

    def kind(self, name: str) -> str:
        """Return a record kind's full name."""
        return f"{self.account.platform}.{name}"

    def get(self, name: str, key: object) -> Body | None:
        """Return a record or None."""
        return self.store.get(self.kind(name), self.account.world, key)

    def need(self, name: str, key: object) -> Body:
        """Return a record.

        Raises:
            Missing: there is none, or it is another company's.
        """
        body = self.get(name, key)
        if body is None:
            raise Missing("Not found.")
        return body

    def look(self, name: str, key: object) -> Record:
        """Return what `need` does, but only to be read; cheaper where a request needs one record often.

        Raises:
            Missing: there is none, or it is another company's.
        """
        body = self.store.look(self.kind(name), self.account.world, key)
        if body is None:
            raise Missing("Not found.")
        return body

    def put(self, name: str, key: object, body: Body) -> None:
        """Write a record."""
        self.store.put(self.kind(name), self.account.world, key, body)

    def find(self, name: str, *where: Condition, limit: int = -1, offset: int | None = None) -> list[Body]:
        """Return the records that meet every condition, oldest first."""
        return self.store.find(self.kind(name), self.account.world, where, limit, offset)

    def first(self, name: str, *where: Condition) -> Body | None:
        """Return the oldest record that meets every condition, or None."""
        return self.store.first(self.kind(name), self.account.world, *where)

    def count(self, name: str, *where: Condition) -> int:
        """Return how many records meet every condition."""
        return self.store.count(self.kind(name), self.account.world, where)

    def keys(self, name: str) -> list[str]:
        """Return the keys of the company's records, oldest first."""
        return self.store.keys(self.kind(name), self.account.world)

    def next_number(self, name: str) -> int:
        """Return the next number of one of the platform's series; companies share it, as their ids do."""
        return self.store.next_number(self.kind(name))

    def announce(
        self, subject: str, message: Callable[[], Any], sign: Signer, wants: Wants = everything
    ) -> None:
        """Queue a webhook to each address that the company has registered.

        Args:
            subject: what it tells, for the list of deliveries.
            message: makes the JSON body; not called when nobody listens.
            sign: returns the headers that go with a body to a registered address.
            wants: whether an address is to be told; every one, unless given.
        """
        addresses = [address for address in self.find("webhook") if wants(address)]
        if not addresses:
            return
        body = json.dumps(message()).encode()
        for address in addresses:
            self.outbox.add(
                self.account.platform, self.account.world, subject, address["url"], sign(body, address), body
            )
