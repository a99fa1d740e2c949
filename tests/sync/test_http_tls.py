"""The HTTP room over TLS: row 32 of the catalogue of faults."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.sync.addresses import BaseAddress
from portal.sync.errors import Retryable
from portal.sync.http import Caller, Limits
from tests.sync.wire import Wire, answer, drips, says


def made(folder, *, address="127.0.0.1", name="", days=(-1, 1)):
    """Make a certificate that nobody trusts unless told to, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    host = x509.DNSName(name) if name else x509.IPAddress(ipaddress.ip_address(address))
    now = dt.datetime.now(dt.UTC)
    begins, ends = (now + dt.timedelta(days=number) for number in days)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([host]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "loopback.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A certificate for loopback that is in force."""
    return made(tmp_path_factory.mktemp("tls"))


class SecureWire(Wire):
    def __init__(self, script, certificate):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self.certificate = certificate
        self.names: list[str | None] = []
        self._context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        super().__init__(script)

    @property
    def url(self) -> str:
        return super().url.replace("http:", "https:")

    def _talk(self, connection: socket.socket) -> None:
        try:
            secure = self._context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            return
        self._open.append(secure)
        super()._talk(secure)


@pytest.fixture
def call(good, monkeypatch):
    opened: list[Wire | Caller] = []

    def connected(script, *, trusted: bool, certificate=None) -> tuple[Caller, Wire]:
        certificate = certificate or good
        wire = SecureWire(script, certificate)
        caller = Caller(
            BaseAddress(wire.url, loopback=True),
            {},
            label="LeafLink",
            turnstile=lambda: None,
            user_agent="Trellis",
            limits=Limits(total=0.6),
        )
        if trusted:
            monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
        opened.extend((caller, wire))
        return caller, wire

    yield connected
    for each in opened:
        each.close()


@pytest.mark.fault(32)
def test_a_certificate_that_is_not_valid_is_known_before_anything_is_sent(call):
    caller, wire = call(says(answer()), trusted=False)
    with pytest.raises(Retryable, match="certificate"):
        caller.write("POST", "orders/", {"a": 1})
    assert wire.requests == []


@pytest.mark.fault(32)
@pytest.mark.parametrize(
    "wrong",
    [{"days": (-9, -1)}, {"days": (1, 9)}, {"address": "127.0.0.2"}],
    ids=["expired", "early", "host"],
)
def test_a_trusted_certificate_that_is_not_for_now_or_not_for_this_host_is_not_accepted(
    call, tmp_path, wrong
):
    caller, wire = call(says(answer()), trusted=True, certificate=made(tmp_path, **wrong))
    for act in (lambda: caller.read("a"), lambda: caller.write("POST", "a", {})):
        with pytest.raises(Retryable, match="its certificate or encryption is not valid"):
            act()
    assert wire.requests == []


@pytest.mark.fault(32)
def test_a_server_that_speaks_no_tls_is_sent_nothing():
    plain = Wire(says(answer()))
    caller = Caller(
        BaseAddress(plain.url.replace("http:", "https:"), loopback=True),
        {"Authorization": "App key"},
        label="LeafLink",
        turnstile=lambda: None,
        user_agent="Trellis",
        limits=Limits(connect=0.5, read=0.5, total=1.0),
    )
    with caller, pytest.raises(Retryable, match="cannot be reached"):
        caller.write("POST", "a", {})
    plain.close()
    assert not any(b"App key" in request for request in plain.requests)


@pytest.mark.fault(7)
def test_an_encrypted_answer_is_read_and_one_that_drips_ends_in_time(call):
    caller, _wire = call(says(answer(b'{"a": 1}')), trusted=True)
    assert caller.write("POST", "orders/", {"a": 1}) == {"a": 1}
    over = threading.Event()
    caller, _wire = call(drips(b"HTTP/1.1 200 OK\r\n", b"X-Drop: 1\r\n", over), trusted=True)
    with pytest.raises(Retryable, match=r"in time|within"):
        caller.read("orders/")
    over.set()
