"""Where calls may go: base addresses are checked against a list of hosts, and nothing leads elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from portal.sync.errors import Rejected, Unreadable

_LOOPBACK = "127.0.0.1"


class WrongAddress(Exception):
    """A base address may not be called; the message says why, for the person who typed it."""


@dataclass(frozen=True)
class BaseAddress:
    """A checked base address, ending in a slash. Made by `check_address` only."""

    url: str

    def below(self, path: str) -> str:
        """Name the whole address of a path below this one, or of an absolute URL of the same host.

        Raises:
            Unreadable: an absolute URL that leads elsewhere; the key must not be sent there.
        """
        if "://" not in path.partition("?")[0]:
            return self.url + path.lstrip("/")
        if _origin(path) != _origin(self.url):
            raise Unreadable("next", "leads to another host")
        return path


def check_address(base_url: str, *, hosts: Collection[str], allow_loopback: bool) -> BaseAddress:
    """Let a base address in when it is https on a listed host.

    The name is resolved only when a call is made, by the HTTP library; pinning the resolved address (against
    a name that is made to point into the own network) belongs into the connection class of `http`.

    Args:
        base_url: as typed; may lack the last slash.
        hosts: host names that the platform declares.
        allow_loopback: the developer switch; lets the sandbox on http://127.0.0.1:<port> in.

    Raises:
        WrongAddress: with the reason in words.
    """
    url = base_url.strip()
    parts = _split(url)
    if parts is None or any(character.isspace() or not character.isprintable() for character in url):
        raise WrongAddress("This is not a web address.")
    if parts.username is not None or parts.password is not None:
        raise WrongAddress("The address must not hold a user name or a password.")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise WrongAddress("The address must end with its path.")
    if not (allow_loopback and _is_loopback(parts)):
        _check_public(parts, hosts)
    return BaseAddress(url.rstrip("/") + "/")


def segment(text: str) -> str:
    """Write an id as one segment of a path.

    Raises:
        Rejected: it would name another path, so no system can know a thing by this id.
    """
    if text.strip() in ("", ".", ".."):
        raise Rejected(f"{text!r} is not an id", field="id")
    return quote(text, safe="")


def _check_public(parts: SplitResult, hosts: Collection[str]) -> None:
    if parts.scheme != "https":
        raise WrongAddress("The address must begin with https://.")
    if parts.hostname not in hosts:
        raise WrongAddress(f"The host must be one of: {', '.join(hosts)}.")
    if parts.port not in (None, 443):
        raise WrongAddress("The address must not name a port.")


def _is_loopback(parts: SplitResult) -> bool:
    # Compared as written: other spellings of the loopback address are not let in.
    return parts.scheme == "http" and parts.hostname == _LOOPBACK and parts.port is not None


def _origin(url: str) -> tuple[str, str, int | None] | None:
    parts = _split(url)
    if parts is None or parts.username is not None or parts.password is not None:
        return None
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or default


def _split(url: str) -> SplitResult | None:
    """Split an address; None when it has no host, or a port that is none."""
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if has_host else None
