"""What a sales platform is: the declaration and the client that each platform's folder provides.

A platform is one folder and one registry line. Its `__init__` declares a `Platform`; forms, the
connection page, the webhook route and the engine are drawn from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar, runtime_checkable

from portal.sync.catalogues import Catalogue
from portal.sync.checks import Entry, Readiness
from portal.sync.course import Course
from portal.sync.decisions import Finding, Rules
from portal.sync.domain import Company, Hint, Json, Product, SourceOrder
from portal.sync.drafts import DraftLine
from portal.sync.entered import CredentialField, Setting
from portal.sync.errors import Unreadable
from portal.sync.questions import CatalogueQuestion, LicenseType, RepEmail
from portal.sync.reading import Fields
from portal.sync.shopping import Admission, ShopOrder, Store

Row = TypeVar("Row")


@dataclass(frozen=True)
class Webhook:
    """How a webhook proves where it comes from, an HMAC-SHA256 of the raw body in a header, and is read.

    Whatever it proves, it is a hint: what it says is asked of the platform before anything is done.
    """

    # Empty where nothing signs it: its address, which nobody can guess, is then all that a delivery shows.
    header: str
    encoding: Literal["base64", "hex"]
    # The credential field that holds the signing key.
    key_field: str
    # What one is about, once it is verified; raises Unreadable.
    read: Callable[[Json], Hint]
    # Where it is switched on, as a person finds it.
    where: str = ""
    # Headers that each delivery bears besides, by name: the credential field that holds the value of each.
    pairs: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def unsigned(cls, read: Callable[[Json], Hint], where: str) -> Webhook:
        """Declare the webhook of a platform that signs none."""
        return cls("", "hex", "", read, where)


@dataclass(frozen=True)
class StreamSpec:
    """A list that is polled for changes. `overlap_seconds` is read again behind the watermark."""

    name: str
    interval_seconds: float
    overlap_seconds: float = 900.0


@dataclass(frozen=True)
class Page:
    """One page of a poll."""

    hints: tuple[Hint, ...]
    # How many the API says there are in all, when it says so.
    total: int | None = None


@dataclass(frozen=True)
class Rows(Generic[Row]):
    """One page of whole rows. A row that cannot be read does not stop the others: it is named by its id."""

    rows: tuple[Row, ...]
    unreadable: tuple[tuple[str, Unreadable], ...]
    # How many the API says there are in all, when it says so.
    total: int | None
    # From where to go on, for as long as the list does not change; empty after the last page.
    position: str

    @classmethod
    def read(
        cls, page: Iterable[Fields], read: Callable[[Fields], Row], total: int | None, position: str
    ) -> Rows[Row]:
        """Read each row of a page.

        Args:
            page: the rows as the API shows them.
            read: reads one, or raises `Unreadable`.
            total: how many there are in all.
            position: from where to go on.
        """
        found: list[Row] = []
        unreadable: list[tuple[str, Unreadable]] = []
        for row in page:
            try:
                found.append(read(row))
            except Unreadable as error:
                unreadable.append((str(row.value.get("id") or ""), error))
        return cls(tuple(found), tuple(unreadable), total, position)


@dataclass(frozen=True)
class Throttle:
    """How often one key owner may call, shared by all workers: `burst` at once, then `per_second`.

    For an API that publishes no limit, calls that work let the pace grow up to `grows_to` times. Who calls
    only while more than `spare` calls are left waits for those who do not.
    """

    per_second: float
    burst: int
    grows_to: float = 1.0
    spare: int = 0

    def agreed(self, per_second: float | None) -> Throttle:
        """The throttle of an account that was granted its own rate: that, and a burst of one second of it."""
        return self if per_second is None else Throttle(per_second, max(self.burst, round(per_second)))

    def yielding(self) -> Throttle:
        """The throttle of work that can wait: a third of the burst is left to what cannot (LL-27)."""
        return replace(self, spare=self.burst // 3)


class Calls(Protocol):
    """The HTTP room as a client sees it: one call, one answer, errors named by what happens next.

    `portal.sync.http.Caller` is the real one; tests and previews bring their own.
    """

    def read(
        self, path: str, *, query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """GET a path below the base URL, or an absolute URL of the same host; returns parsed JSON
        (`Decimal` for numbers with a point), or None on 404.

        Raises:
            Retryable, Rejected, Unreadable, ConnectionBroken.
        """
        ...

    def write(
        self, method: str, path: str, body: Json | None = None, *, headers: Mapping[str, str] | None = None
    ) -> Any:
        """POST, PUT or PATCH once; returns the parsed answer.

        Raises:
            Unsettled: it may have taken effect. Retryable: it did not. Rejected, ConnectionBroken.
        """
        ...


class PlatformClient(Protocol):
    """One account of a platform. `key` names a write: a platform that knows keys does what comes under one
    only once, however often it comes."""

    def company(self) -> Company:
        """Prove the key with cheap reads: whose it is, and which permissions it lacks."""
        ...

    def order(self, number: str) -> SourceOrder | None:
        """Read one order, or None when the platform does not know it."""
        ...

    def changed_orders(self, since: datetime | None) -> Iterator[Page]:
        """Page through orders modified since a time, oldest change first, all when None."""
        ...

    def move(self, number: str, action: str, *, key: str = "") -> None:
        """Make one transition.

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        ...

    def tell(
        self, number: str, external_ids: Mapping[str, str | None], paid_on: str, *, key: str = ""
    ) -> None:
        """Write other systems' ids of an order, None to take one back, and the day on which it was paid,
        empty to say nothing about that; in one call.

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        ...

    def set_term(self, number: str, term: str, *, key: str = "") -> None:
        """Give an order another payment term, one of the platform's own in Flourish's words.

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        ...

    def rep_email(self, question: RepEmail) -> str:
        """Answer a question about a sales rep."""
        ...

    def license_type(self, question: LicenseType) -> str:
        """Answer a question about a license type."""
        ...

    def entries(self, name: str) -> Iterator[Entry]:
        """Read one of the lists that the platform's `readiness` names, to be checked.

        Raises:
            Retryable, Rejected, Unreadable, ConnectionBroken: also when the key may not read it.
        """
        ...


@runtime_checkable
class CatalogueClient(PlatformClient, Protocol):
    """One account of a platform that has products, as they are read."""

    def products(self, since: datetime | None, position: str = "") -> Iterator[Rows[Product]]:
        """Page through products, archived ones among them, that were modified since a time; all when None.

        Args:
            since: a time, or None.
            position: of an earlier page with the same `since`, to go on behind it.
        """
        ...

    def product(self, ref: str) -> Product | None:
        """Read one product, or None when the platform does not know it."""
        ...

    def products_by_sku(self, sku: str) -> tuple[Product, ...]:
        """Read every product with exactly this SKU, archived ones among them."""
        ...

    def look_up(self, question: CatalogueQuestion) -> tuple[Any, ...]:
        """Answer a question in the shape that it names."""
        ...


@runtime_checkable
class TakesLines(Protocol):
    """A platform whose orders follow what was changed of their lines in Flourish (`Course.takes_lines`)."""

    def replace_lines(self, number: str, lines: tuple[DraftLine, ...], *, key: str = "") -> None:
        """Give an order these lines instead of all that it has.

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        ...


@runtime_checkable
class KeepsGoodsBack(Protocol):
    """A platform that takes what its open orders need off what it was told there is."""

    def release(self, number: str) -> None:
        """Have it keep nothing back for an order any more.

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        ...


@runtime_checkable
class SellsToPeople(Protocol):
    """A platform on which people shop (`Platform.admit`)."""

    def store(self) -> Store:
        """Read what orders depend on of the store.

        Raises:
            Retryable, Rejected, Unreadable, ConnectionBroken.
        """
        ...


@runtime_checkable
class TellsEditors(Protocol):
    """A platform that tells a person's edit of a product from a program's."""

    def changed_by_programs(self, since: datetime) -> Iterator[str]:
        """SKUs of products that changed since a time, and that no person edited then."""
        ...


@dataclass(frozen=True)
class Platform:
    """One sales platform, declared."""

    key: str
    label: str
    # Host names that a base URL may have; the sandbox's loopback is let in by a developer switch.
    hosts: tuple[str, ...]
    default_base_url: str
    credentials: tuple[CredentialField, ...]
    settings: tuple[Setting, ...]
    streams: tuple[StreamSpec, ...]
    throttle: Throttle
    # The usual course of an order, for the lanes of its page.
    status_ladder: tuple[str, ...]
    course: Course
    # The authorisation headers for these credentials.
    authorise: Callable[[Mapping[str, str]], Mapping[str, str]]
    # Opens an account: with whose calls, which account (empty where a key opens one only), what was chosen.
    connect: Callable[[Calls, str, Mapping[str, Any]], PlatformClient]
    check_credentials: Callable[[Mapping[str, str]], tuple[Finding, ...]] = field(default=lambda _: ())
    # For a platform on which people shop, whose orders are retail orders in Flourish: whether one may go
    # there, by the store where it was placed, and how; or what a person must see to first.
    admit: Callable[[ShopOrder, Store, Rules], Admission | Finding] | None = None
    # The field of the credentials that names the account by the platform's id of it, for a platform whose key
    # opens several.
    account_field: str = ""
    # Flourish status -> platform status, for a course that goes by it; a connection's setting may replace it.
    default_status_table: Mapping[str, str] = field(default_factory=dict)
    # None for a platform that sends none: its lists are polled, and nobody waits for a delivery.
    webhook: Webhook | None = None
    # Statuses that bring an order in, where that is no choice of its connections (a setting of this name).
    intake_statuses: tuple[str, ...] = ()
    # Its key for an order's id in Flourish, where it has one that needs no agreement.
    external_id_key: str = ""
    # What is assumed about it, where nobody has published how its API works: a sentence, and what it means.
    assumed: str = ""
    # What Flourish calls the origin of orders that its own integration with the platform makes.
    flourish_origin: str = ""
    # None for a platform without products; its client is then no `CatalogueClient`.
    catalogue: Catalogue | None = None
    # Payment terms that go both ways, in Flourish's words.
    terms: frozenset[str] = frozenset()
    readiness: Readiness = field(default_factory=lambda: Readiness(()))
    # What of Flourish it has to be told of, in the words of Flourish's screen for webhook endpoints.
    flourish_events: tuple[str, ...] = ()
    # Those of the hosts on which people only try things.
    test_hosts: tuple[str, ...] = ()

    @property
    def is_retail(self) -> bool:
        """Whether people shop there."""
        return self.admit is not None

    def chosen(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The value of every setting: a connection's own one, else the default."""
        return {one.name: own.get(one.name, one.default) for one in self.settings}
