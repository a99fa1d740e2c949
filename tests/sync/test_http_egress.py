"""Calls leave for the public internet only: whatever an address says, and whatever a name resolves to."""

from __future__ import annotations

import socket

import pytest
import urllib3.util.connection

from portal.sync.addresses import WrongAddress, check_address, is_public
from portal.sync.errors import Retryable
from portal.sync.http import Caller, Limits
from portal.sync.platforms.leaflink import LEAFLINK
from tests.sync.test_http_tls import SecureWire, made
from tests.sync.wire import Wire, answer, says

HOST = "app.leaflink.com"
PUBLIC, OTHER = "93.184.216.34", "2606:2800:220:1::1"

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1",
    "198.51.100.7", "203.0.113.9", "192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808",
    "64:ff9b:1::a00:1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "100::1",
    "2001::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1", "5f00::1", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_of_a_special_network_is_called(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, OTHER, "8.8.8.8", "172.32.0.1", "100.128.0.1", "2a00:1450::1"])
def test_addresses_of_the_public_internet_are(address):
    assert is_public(address)


@pytest.mark.parametrize("allow_loopback", [False, True])
@pytest.mark.parametrize(
    "url",
    [
        "http://127.1/", "http://127.1:8100/", "http://0x7f.1/", "http://0x7f000001:80/", "http://2130706433/",
        "http://2130706433:8100/", "http://017700000001:80/", "http://0:80/", "http://[::1]:80/", "http://[::]/",
        "http://[::ffff:127.0.0.1]:80/", "http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/",
        "http://localhost:80/", "http://localhost./", "https://localhost./", "http://127.0.0.1.:80/",
        "http://127.0.0.1/", "http://127.0.0.2:80/", "https://127.0.0.1:443/", "https://169.254.169.254/latest/",
        "http://169.254.169.254:80/", "https://10.0.0.1/", "https://app.leaflink.com.:443/",
        "https://app\u3002leaflink\u3002com/", "https://app\uff0eleaflink\uff0ecom/",
        "http://127\u30020\u30020\u30021:80/",
        "https://\u24d0pp.leaflink.com/", "https://app.leaflink.com@127.0.0.1/", "https://127.0.0.1#@app.leaflink.com/",
        "https://app.leaflink.com:80/", "https://app.leaflink.com%00.evil.com/", "https://app.leaflink.com%2f@evil/",
        "file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL", "ftp://app.leaflink.com/",
        "//app.leaflink.com/",
        "https:/app.leaflink.com/", "https:app.leaflink.com", "https://[app.leaflink.com]/", "http://user@127.0.0.1:80/",
    ],
)  # fmt: skip
def test_an_address_that_is_not_a_platforms_is_refused(url, allow_loopback):
    with pytest.raises(WrongAddress):
        check_address(url, hosts=LEAFLINK.hosts, allow_loopback=allow_loopback)


class Names:
    """A name server that answers a name otherwise each time, and a network that leads to our wire."""

    def __init__(self, monkeypatch, answers, port):
        self.asked, self.connected = [], []
        self.answers, self.real = list(answers), socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.resolve)
        monkeypatch.setattr(urllib3.util.connection, "create_connection", self.connect)
        self.port = port

    def resolve(self, host, port, *more, **options):
        self.asked.append(host)
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in self.answers.pop(0)
        ]

    def connect(self, address, *_more, **_options):
        self.connected.append(address)
        if address[0] == OTHER:
            raise OSError("no route")
        wire = socket.socket()
        wire.connect(("127.0.0.1", self.port))
        return wire


def caller(url=f"https://{HOST}/api/v2/", *, allow_loopback=False):
    address = check_address(url, hosts=LEAFLINK.hosts, allow_loopback=allow_loopback)
    return Caller(
        address, {}, label="LeafLink", turnstile=lambda: None, user_agent="Trellis", limits=Limits(total=30.0)
    )


def trust(monkeypatch, certificate):
    """Have calls trust this certificate, and no other."""
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))


@pytest.fixture
def wire(tmp_path, monkeypatch):
    """A server that proves to be LeafLink, by its name."""
    certificate = made(tmp_path, name=HOST)
    trust(monkeypatch, certificate)
    opened = SecureWire(says(answer(b'{"a": 1}', "200 OK", "Connection: close")), certificate)
    yield opened
    opened.close()


def port_of(wire: Wire) -> int:
    return int(wire._listener.getsockname()[1])


def test_the_address_that_was_checked_is_called_and_the_host_proven_by_its_name(wire, monkeypatch):
    names = Names(monkeypatch, [[PUBLIC], ["127.0.0.1"]], port_of(wire))
    with caller() as calls:
        assert calls.read("a") == {"a": 1}

    assert (names.asked, names.connected) == ([HOST], [(PUBLIC, 443)])
    assert wire.names == [HOST]
    assert f"Host: {HOST}".encode() in wire.requests[0]


def test_a_name_that_is_turned_to_this_machine_between_two_calls_is_not_called_again(wire, monkeypatch):
    names = Names(monkeypatch, [[PUBLIC], ["127.0.0.1"]], port_of(wire))
    with caller() as calls:
        calls.read("a")
        with pytest.raises(Retryable, match="leads into a private network"):
            calls.write("POST", "a", {"key": "value"})

    assert names.connected == [(PUBLIC, 443)]
    assert len(wire.requests) == 1


@pytest.mark.parametrize("address", [one for one in PRIVATE if one and " " not in one])
def test_a_name_that_leads_into_a_private_network_is_not_connected_to(wire, monkeypatch, address):
    names = Names(monkeypatch, [[address]], port_of(wire))
    with caller() as calls, pytest.raises(Retryable, match="leads into a private network"):
        calls.read("a")
    assert names.connected == []


def test_private_addresses_among_public_ones_are_passed_over_and_the_next_is_tried(wire, monkeypatch):
    names = Names(monkeypatch, [["10.0.0.1", OTHER, "::1", PUBLIC]], port_of(wire))
    with caller() as calls:
        assert calls.read("a") == {"a": 1}
    assert [address for address, _port in names.connected] == [OTHER, PUBLIC]


def test_another_hosts_certificate_is_not_taken_at_the_right_address(monkeypatch, tmp_path):
    certificate = made(tmp_path, name="evil.example")
    wire = SecureWire(says(answer()), certificate)
    Names(monkeypatch, [[PUBLIC]], port_of(wire))
    trust(monkeypatch, certificate)
    with caller() as calls, pytest.raises(Retryable, match="certificate"):
        calls.read("a")
    wire.close()
    assert wire.requests == []


def test_a_name_that_is_not_found_is_said_so(monkeypatch):
    def nothing(*_arguments, **_options):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with caller() as calls, pytest.raises(Retryable, match="its name was not found"):
        calls.read("a")


def test_proxies_of_the_environment_are_not_used_and_redirects_not_followed(monkeypatch):
    proxy, elsewhere = Wire(says(answer())), Wire(says(answer()))
    wire = Wire(says(answer(b"{}", "302 Found", f"Location: {elsewhere.url}")))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    with caller(wire.url, allow_loopback=True) as calls, pytest.raises(Exception, match="302"):
        calls.read("a")
    for one in (proxy, elsewhere, wire):
        one.close()
    assert (len(wire.requests), proxy.connections, elsewhere.connections) == (1, 0, 0)
