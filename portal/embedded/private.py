"""Files and directories that only their owner may open."""

import base64
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
from pathlib import Path
from typing import NamedTuple

from portal.embedded.errors import CannotStart

# sun_path has 108 bytes on Linux, 104 on macOS and the BSDs, the closing NUL included.
_LONGEST_SOCKET_PATH = 103
# PostgreSQL and libpq split a socket directory at commas; other odd characters need quoting here or there.
_PLAIN_PATH = re.compile(r"/[\w./+-]*", re.ASCII)


class Account(NamedTuple):
    """The account a server runs as and owns its files with."""

    uid: int
    gid: int


def fingerprint(path: Path) -> str:
    """Name `path` in 16 characters."""
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]


def make_directory(path: Path, owner: Account | None = None) -> Path:
    """Make `path` a directory of mode 0700, whatever the umask or the mode it has, and return it."""
    path.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)
    if owner:
        os.chown(path, *owner)
    return path


def write_file(path: Path, text: str, owner: Account | None = None) -> Path:
    """Write `text` to `path` with mode 0600, as a whole or not at all, and return `path`."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        if owner:
            os.fchown(descriptor, *owner)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    return unfinished.replace(path)


def password(path: Path) -> str:
    """Return the password kept in `path`; the first call makes a random one."""
    if not path.exists():
        write_file(path, secrets.token_urlsafe(24))
    return path.read_text(encoding="utf-8")


def secret_file(path: Path) -> Path:
    """Make the file of the portal's own secrets, once, and return `path`.

    It is JSON: `secret_key` (sessions), `master_key` (32 bytes in base64, for credentials), `master_key_id`.
    """
    if not path.exists():
        values = {
            "secret_key": secrets.token_urlsafe(48),
            "master_key": base64.b64encode(secrets.token_bytes(32)).decode(),
            "master_key_id": "k1",
        }
        write_file(path, json.dumps(values))
    return path


def socket_directory(wanted: Path, socket_name: str) -> Path:
    """Return a private directory for the unix socket `socket_name`: `wanted`, if its path is short and plain.

    Otherwise it is a short one under the system's temporary directory, and `wanted` becomes a link to it.
    Raises CannotStart when somebody else owns that short name.
    """
    if _fits(wanted, socket_name):
        if wanted.is_symlink():
            wanted.unlink()
        return make_directory(wanted)
    name = f"trellis-{fingerprint(wanted.parent)}"
    roots = [root for root in (Path(tempfile.gettempdir()), Path("/tmp")) if _fits(root / name, socket_name)]  # noqa: S108
    if not roots:
        raise CannotStart(
            f"No directory has a path short enough for a socket: choose a shorter DATA than {wanted.parent}"
        )
    short = roots[0] / name
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise CannotStart(f"{short} belongs to somebody else: choose a shorter DATA, or remove it")
    make_directory(short)
    _link(wanted, short)
    return short


def _fits(directory: Path, socket_name: str) -> bool:
    path = directory / socket_name
    return len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH and bool(_PLAIN_PATH.fullmatch(str(path)))


def _link(link: Path, target: Path) -> None:
    if link.is_symlink():
        link.unlink()
    elif link.is_dir():
        shutil.rmtree(link)
    link.symlink_to(target)
