"""Proxies: from where a request comes that comes through proxies of ours, as many as the settings name.

What else is written in X-Forwarded-For was written by whoever sent it. X-Forwarded-Host is never read:
a proxy passes the Host on as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def behind(proxies: int, application: WSGIApplication) -> WSGIApplication:
    """Have an application see the address and the scheme that the outermost of our proxies saw."""
    if not proxies:
        return application
    return ProxyFix(application, x_for=proxies, x_proto=proxies, x_host=0, x_port=0, x_prefix=0)


def see_through(proxies: int, environ: dict[str, Any]) -> None:
    """Correct one request's environment in place."""
    behind(proxies, _nothing)(environ, _unused)


def sender(proxies: int, scope: MutableMapping[str, Any]) -> str:
    """The address that an ASGI request comes from; "" when there is none."""
    client = scope["client"]
    told = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    environ = {
        "REMOTE_ADDR": client[0] if client else "",
        "HTTP_X_FORWARDED_FOR": b",".join(told).decode("latin-1"),
    }
    see_through(proxies, environ)
    return environ["REMOTE_ADDR"]


def _nothing(_environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
    return ()


def _unused(*_: Any) -> Any:
    return None
