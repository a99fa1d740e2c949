"""Headers: what every answer tells browsers, so that a page can do no more than it needs (DECISIONS.md)."""

from __future__ import annotations

REPORTS = "/csp-report"

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
        f"report-uri {REPORTS}",
    )
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "accelerometer=(), camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
# Of everything that one visitor sees and the next one must not.
PRIVATE = {"Cache-Control": "no-store", "Vary": "Cookie, HX-Request"}


def raw(*, secure: bool) -> list[tuple[bytes, bytes]]:
    """All of them as an ASGI server sends them, for answers that Flask does not make."""
    named = {**HEADERS, **PRIVATE, **(STRICT_TRANSPORT if secure else {})}
    return [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in named.items()]
