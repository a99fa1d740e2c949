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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for loopback that nobody trusts unless told to, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "loopback.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


class SecureWire(Wire):
    def __init__(self, script, certificate):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
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
def call(certificate):
    opened: list[Wire | Caller] = []

    def made(script, *, trusted: bool) -> tuple[Caller, Wire]:
        wire = SecureWire(script, certificate)
        caller = Caller(
            BaseAddress(wire.url),
            {},
            label="LeafLink",
            turnstile=lambda: None,
            user_agent="Trellis",
            limits=Limits(total=0.6),
        )
        if trusted:
            caller._session().verify = str(certificate)
        opened.extend((caller, wire))
        return caller, wire

    yield made
    for each in opened:
        each.close()


def test_a_certificate_that_is_not_valid_is_known_before_anything_is_sent(call):
    caller, wire = call(says(answer()), trusted=False)
    with pytest.raises(Retryable, match="certificate"):
        caller.write("POST", "orders/", {"a": 1})
    assert wire.requests == []


def test_an_encrypted_answer_is_read_and_one_that_drips_ends_in_time(call):
    caller, _wire = call(says(answer(b'{"a": 1}')), trusted=True)
    assert caller.write("POST", "orders/", {"a": 1}) == {"a": 1}
    over = threading.Event()
    caller, _wire = call(drips(b"HTTP/1.1 200 OK\r\n", b"X-Drop: 1\r\n", over), trusted=True)
    with pytest.raises(Retryable, match=r"in time|within"):
        caller.read("orders/")
    over.set()
