"""Where calls may go: base addresses are checked against a list of hosts, and nothing leads elsewhere.

What a host's name resolves to is checked when a connection is made (`http`): only addresses of the public
internet are connected to, whatever the name server says.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from portal.sync.errors import Rejected, Unreadable

_LOOPBACK = "127.0.0.1"
# Networks that no platform is in (IANA's registries of special-purpose addresses): this machine, private
# ones, link-local (where clouds keep their credentials), providers' own, documentation, benchmarks,
# multicast, reserved.
_SPECIAL_IPV4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# Everything outside of it is special: mapped IPv4, NAT64, local, link-local and multicast addresses.
_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
_SPECIAL_IPV6 = tuple(
    ipaddress.IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
# Ends of names that no public name has.
_INSIDE = frozenset({"local", "localhost", "internal", "intranet", "lan", "home", "corp", "arpa", "onion"})


class WrongAddress(Exception):
    """A base address may not be called; the message says why, for the person who typed it."""


@dataclass(frozen=True)
class BaseAddress:
    """A checked address. Made by `check_address`, then it ends in a slash, and by `check_receiver` only.

    `loopback`: the developer switch let it in, and calls to it may go to this machine.
    """

    url: str
    loopback: bool = False

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
    loopback = allow_loopback and _is_loopback(parts)
    if not loopback:
        _check_public(parts, hosts)
    return BaseAddress(url.rstrip("/") + "/", loopback)


def check_receiver(typed: str, *, allow_loopback: bool) -> BaseAddress:
    """Let the address of somebody's webhook in when it is https on a host of the public internet.

    Its host may be any: what its name leads to is checked whenever it is called.

    Args:
        typed: the address; it is called as it is written.
        allow_loopback: the developer switch; lets http://127.0.0.1:<port> in.

    Raises:
        WrongAddress: with the reason in words.
    """
    url = typed.strip()
    parts = _split(url)
    if parts is None or any(not "!" <= character <= "~" for character in url):
        raise WrongAddress("This is not a web address.")
    if parts.username is not None or parts.password is not None or "#" in url:
        raise WrongAddress("The address must not hold a user name, a password or a #.")
    loopback = allow_loopback and _is_loopback(parts)
    if not loopback:
        _check_public(parts, hosts=(parts.hostname or "",))
        if _is_inside(parts.hostname or ""):
            raise WrongAddress("The host must be one of the public internet.")
    return BaseAddress(url, loopback)


def _is_inside(host: str) -> bool:
    """Whether a host is an address that is not public, or a name that only a private network knows."""
    try:
        return not is_public(str(ipaddress.ip_address(host)))
    except ValueError:
        label = host.rstrip(".").rpartition(".")[2]
        # Other spellings of addresses, such as 127.1 and 0x7f.1, have a number at their end.
        return "." not in host.rstrip(".") or label[:1].isdigit() or label in _INSIDE


def is_sandbox(base_url: str, test_hosts: Collection[str]) -> bool:
    """Whether a checked address is a platform's sandbox, or one on this machine."""
    host = urlsplit(base_url).hostname
    return host == _LOOPBACK or host in test_hosts


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, as a resolver gives it."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _SPECIAL_IPV4)
    return ip in _PUBLIC_IPV6 and not any(ip in network for network in _SPECIAL_IPV6)


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
