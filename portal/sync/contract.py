"""What a sales platform is: the declaration and the client that each platform's folder provides.

A platform is one folder and one registry line. Its `__init__` declares a `Platform`; forms, the
connection page, the webhook route and the engine are drawn from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from portal.sync.decisions import Finding, LicenseType, NextMove, RepEmail
from portal.sync.domain import Company, Hint, Json, SourceOrder


@dataclass(frozen=True)
class CredentialField:
    """One field of the credential form. A secret one is encrypted and never shown again."""

    name: str
    label: str
    help: str
    secret: bool = True


# flag: yes or no. choice: one of `choices`. choices: any of them. table: texts by texts. number, text.
SettingKind = Literal["flag", "choice", "choices", "table", "number", "text"]


@dataclass(frozen=True)
class Setting:
    """One choice of a connection, with its consequence in words.

    `choices` are the values that it may have; of a table, those of its right side, and `keys` those of its
    left side; none of them: any text. A number is from `least` to `most`.
    """

    name: str
    label: str
    consequence: str
    choices: tuple[str, ...]
    default: Any
    many: bool = False
    keys: tuple[str, ...] = ()
    least: float = 0
    most: float = 1_000_000

    @property
    def kind(self) -> SettingKind:
        """What kind of value it has: what its default is."""
        if isinstance(self.default, bool):
            return "flag"
        if isinstance(self.default, Mapping):
            return "table"
        if self.many:
            return "choices"
        if self.choices:
            return "choice"
        return "number" if isinstance(self.default, int | float) else "text"


@dataclass(frozen=True)
class WebhookScheme:
    """How a webhook proves where it comes from: an HMAC-SHA256 of the raw body in a header."""

    header: str
    encoding: Literal["base64", "hex"]
    # The credential field that holds the signing key.
    key_field: str
    # Where it is switched on, as a person finds it.
    where: str = ""


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
class Throttle:
    """How often one key owner may call, shared by all workers: `burst` at once, then `per_second`.

    For an API that publishes no limit, calls that work let the pace grow up to `grows_to` times.
    """

    per_second: float
    burst: int
    grows_to: float = 1.0

    def agreed(self, per_second: float | None) -> Throttle:
        """The throttle of an account that was granted its own rate: that, and a burst of one second of it."""
        return self if per_second is None else Throttle(per_second, max(self.burst, round(per_second)))


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
    """One account of a platform."""

    def company(self) -> Company:
        """Prove the key with cheap reads: whose it is, and which permissions it lacks."""
        ...

    def order(self, number: str) -> SourceOrder | None:
        """Read one order, or None when the platform does not know it."""
        ...

    def changed_orders(self, since: datetime | None) -> Iterator[Page]:
        """Page through orders modified since a time, oldest change first, all when None."""
        ...

    def move(self, number: str, action: str) -> None:
        """Make one transition.

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
    webhook: WebhookScheme
    streams: tuple[StreamSpec, ...]
    throttle: Throttle
    # The usual course of an order, for the lanes of its page.
    status_ladder: tuple[str, ...]
    # Flourish status -> platform status; a connection's setting may replace it.
    default_status_table: Mapping[str, str]
    read_webhook: Callable[[Json], Hint]
    next_move: NextMove
    # The authorisation headers for these credentials.
    authorise: Callable[[Mapping[str, str]], Mapping[str, str]]
    connect: Callable[[Calls], PlatformClient]
    check_credentials: Callable[[Mapping[str, str]], tuple[Finding, ...]] = field(default=lambda _: ())

    def chosen(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The value of every setting: a connection's own one, else the default."""
        return {one.name: own.get(one.name, one.default) for one in self.settings}
