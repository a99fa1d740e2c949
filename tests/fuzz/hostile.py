"""One hostile delivery after the other, each from its seed and number alone: any can be made again."""

from __future__ import annotations

import base64
import gzip
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.web.endpoints import Endpoint, flourish_webhook, order_webhook

Chance = random.Random

_METHODS = ("POST",) * 40 + ("GET", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "FOO", "post")
_TYPES = (
    "application/json", "application/json; charset=utf-16", "text/html", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "multipart/form-data", "image/png", "", "/", "é", "a" * 5000,
)  # fmt: skip
_ODD_HEADERS = (
    "HTTP_HOST", "HTTP_COOKIE", "HTTP_ORIGIN", "HTTP_REFERER", "HTTP_X_FORWARDED_FOR", "HTTP_HX_REQUEST",
    "HTTP_AUTHORIZATION", "HTTP_USER_AGENT", "HTTP_ACCEPT_ENCODING", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE",
    "HTTP_EXPECT", "HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING", "HTTP_X_HTTP_METHOD_OVERRIDE",
    "HTTP_SEC_FETCH_SITE", "HTTP_X_TRELLIS", "HTTP_CONNECTION",
)  # fmt: skip
_ODD_VALUES = (
    "", " ", "x", "é", "\x7f", "null", "chunked", "gzip", "gzip, gzip", "100-continue", "bytes=0-", "POST",
    "127.0.0.1", 'trellis_session="; a=b', "trellis_session=" + "A" * 4000, "[::1", "a:b:c", "evil.example",
    "../../etc/passwd", "${jndi:ldap://x}", "' OR 1=1 --", "<script>", "%00", "\t", "a" * 9000, "-1", "1e400",
)  # fmt: skip


@dataclass(frozen=True)
class Hostile:
    """One delivery that must be refused, as a WSGI server would hand it over."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]


def hostile(seed: int, number: int, endpoints: Sequence[Endpoint]) -> Hostile:
    """Make a delivery.

    Args:
        seed: of the whole run.
        number: which one of it.
        endpoints: where to; the deliveries know their tokens and see good signatures, but not their keys.
    """
    chance = Chance(seed * 1_000_003 + number)
    endpoint = chance.choice(endpoints)
    body = _body(chance, endpoint)
    headers = {"CONTENT_LENGTH": _length(chance, body), "CONTENT_TYPE": chance.choice(_TYPES)}
    name = f"HTTP_{endpoint.header.upper().replace('-', '_')}"
    signature = _signature(chance, endpoint, body, endpoints)
    if signature is not None:
        headers[name] = signature
    for _ in range(chance.choice((0, 0, 0, 1, 3))):
        headers[chance.choice(_ODD_HEADERS)] = chance.choice(_ODD_VALUES)
    headers["REMOTE_ADDR"] = f"192.0.2.{chance.randrange(250)}"
    return Hostile(chance.choice(_METHODS), _path(chance, endpoint), body, headers)


def _path(chance: Chance, endpoint: Endpoint) -> str:
    if chance.random() < 0.85:
        return endpoint.path
    return chance.choice(
        (
            f"/webhooks/{chance.choice(('ordo', 'aiq', 'LeafLink', 'é', '%00', ''))}/{endpoint.token}",
            f"/webhooks/{endpoint.platform}/{_noise(chance, 20)}",
            f"/webhooks/{endpoint.platform}/{endpoint.token[:-1]}",
            f"/webhooks/{endpoint.platform}/{endpoint.token}/",
            f"/webhooks//{endpoint.platform}/{endpoint.token}",
            f"/webhooks/{endpoint.platform}/../{endpoint.token}",
            f"/webhooks/{endpoint.platform}/{'a' * 8000}",
            f"/webhooks/{endpoint.platform}/\x00",
            "/webhooks/\xff\xfe/\xed\xa0\x80",
        )
    )


def _body(chance: Chance, endpoint: Endpoint) -> bytes:
    good = flourish_webhook() if endpoint.platform == "flourish" else order_webhook()
    makers: tuple[Callable[[], bytes], ...] = (
        lambda: good,
        lambda: _mutated(chance, good),
        lambda: b"",
        lambda: chance.randbytes(chance.randrange(300)),
        lambda: b"[" * chance.choice((10, 1000, 100_000)),
        lambda: b'{"a":' * 2000 + b"1" + b"}" * 2000,
        lambda: b'{"a": %s}' % chance.choice((b"NaN", b"Infinity", b"1e999", b"9" * 5000, b'"\\ud800"')),
        lambda: good.decode().encode(chance.choice(("utf-16", "utf-32", "utf-8-sig", "utf-7"))),
        lambda: gzip.compress(good, mtime=0),
        lambda: good.replace(b'"order"', b'"\\u0000"'),
        lambda: b"type=order&data=x",
    )
    if chance.random() < 0.002:
        return b" " * chance.choice((1024 * 1024, 1024 * 1024 + 1, 3 * 1024 * 1024))
    return chance.choice(makers)()


def _mutated(chance: Chance, good: bytes) -> bytes:
    raw = bytearray(good)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(raw))
        raw[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        raw = raw or bytearray(b"{")
    return bytes(raw)


def _length(chance: Chance, body: bytes) -> str:
    if chance.random() < 0.97:
        return str(len(body))
    return chance.choice(
        ("", "0", "-1", "x", "1e9", "9" * 30, str(len(body) + 1), str(len(body) // 2), " 5 ")
    )


def _signature(chance: Chance, endpoint: Endpoint, body: bytes, endpoints: Sequence[Endpoint]) -> str | None:
    """A signature that is not the one of this body at this address; None for none at all."""
    right = endpoint.sign(body)
    digest = chance.randbytes(32)
    stranger = chance.choice([other for other in endpoints if other is not endpoint])
    makers: tuple[Callable[[], str | None], ...] = (
        lambda: None,
        lambda: "",
        lambda: base64.b64encode(digest).decode(),
        digest.hex,
        lambda: endpoint.sign(body + b" "),
        lambda: endpoint.sign(b""),
        lambda: stranger.sign(body),
        lambda: _respelled(chance, right),
        lambda: _changed(chance, right),
        lambda: chance.choice(_ODD_VALUES),
        lambda: _noise(chance, chance.choice((1, 43, 44, 45, 64, 500))),
        lambda: right[: chance.randrange(len(right))],
    )
    made = chance.choice(makers)()
    return made if made != right else None


def _respelled(chance: Chance, right: str) -> str:
    forms = (
        "sha256={}",
        "v1,{}",
        "{},{}",
        "{},",
        ",{}",
        '"{}"',
        "Bearer {}",
        "{}=",
        "{};",
        "{}\x00",
        "\ufeff{}",
    )
    return chance.choice(forms).replace("{}", right)


def _changed(chance: Chance, right: str) -> str:
    at = chance.randrange(len(right))
    return right[:at] + chance.choice("ABab019+/=-_éÿ, \x00") + right[at + chance.randrange(2) :]


def _noise(chance: Chance, length: int) -> str:
    return "".join(chr(chance.randrange(1, 256)) for _ in range(length))
