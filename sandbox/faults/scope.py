"""Which requests a fault may strike: `POST /outbound-orders`, `GET`, `/orders-received/*`."""

from fnmatch import fnmatchcase

from sandbox.errors import BadValue
from sandbox.visit import Visit

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WORDS = (
    f"'only' is a method ({', '.join(METHODS)}), a path below the API's base, or both, as"
    " 'POST /outbound-orders'; a * in the path stands for anything."
)


def read_scope(value: object) -> str | None:
    """Read what `only` says.

    Raises:
        BadValue: it is no method, path or both.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadValue(WORDS, "only")
    method, path = _parts(value)
    known = method in ("", *METHODS) and (not path or (path.startswith("/") and " " not in path))
    if not known or value != f"{method} {path}".strip() or not (value.isascii() and value.isprintable()):
        raise BadValue(WORDS, "only")
    return value


def covers(only: str | None, visit: Visit) -> bool:
    """Return whether a request is among those of a scope; a slash at the end makes no difference."""
    if only is None:
        return True
    method, path = _parts(only)
    return method in ("", visit.method) and (not path or fnmatchcase(_bare(visit.path), _bare(path)))


def _parts(only: str) -> tuple[str, str]:
    method, _, path = only.rpartition(" ") if "/" in only else (only, "", "")
    return method, path


def _bare(path: str) -> str:
    return path.rstrip("/") or "/"
