"""Settings: everything that an installation can choose, read once from the environment."""

from __future__ import annotations

import base64
import binascii
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from portal import keys

_MAKE_A_KEY = (
    "make one with: python3 -c"
    " 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())'"
)
# Reading by anybody, writing by anybody but the owner. A group may read: a service's own often does.
_STRANGERS = stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP


class WrongSetting(Exception):
    """A setting cannot be used; the message is one line that says what to do."""


@dataclass(frozen=True)
class Settings:
    """What one installation runs with. Times are in seconds."""

    # Not in its repr, like all that holds a password: a settings object ends up in logs and tracebacks.
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    # Encryption keys by id; the first encrypts, all decrypt.
    master_keys: Mapping[str, bytes] = field(repr=False)
    # Keys of before, which still open what they signed: pages that are open while the key is changed.
    secret_key_fallbacks: tuple[str, ...] = field(default=(), repr=False)
    migration_database_url: str = field(default="", repr=False)
    data: Path = Path(".data")
    # The ends of the audit's chains, outside the database.
    audit_anchors: Path = Path(".data/audit-anchors.jsonl")
    port: int = 8000
    sandbox_port: int = 8100
    public_url: str = "http://127.0.0.1:8000"
    # Names beside that of the public address under which the pages may be asked for.
    trusted_hosts: tuple[str, ...] = ()
    # How many proxies of ours a request comes through: so many entries of X-Forwarded-For are believed.
    proxies: int = 0
    demo: bool = False
    # The developer switch that lets the sandboxes on loopback pass the host allow-list.
    allow_loopback: bool = False
    settle_seconds: float = 180.0
    backoff_cap_seconds: float = 900.0
    lease_seconds: float = 45.0
    sweep_seconds: float = 5.0
    poll_seconds: float = 300.0
    drain_seconds: float = 8.0
    # Of one connection, and of all, in one worker.
    links_at_once: int = 8
    links_per_worker: int = 24
    live_watchers: int = 500
    # Whether owners and Trellis's own people get no further without a second factor: not in the demo.
    second_factor: bool = True
    # Deliveries to one webhook's address, in a second and at once; refused ones of one sender, in a minute.
    webhook_rate: int = 300
    webhook_burst: int = 3000
    webhook_refusals: int = 20
    # Of one session; fragments, which live pages ask for, are counted by themselves.
    pages_per_minute: int = 300
    # Requests of one token of the JSON API.
    api_per_minute: int = 120
    # Where mail is handed in, with its password; empty: it is written into DATA. And whom it comes from.
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    # Between two checks of a company, beside the one at night; 0: at night only.
    proof_seconds: float = 0.0
    # Between two runs of a live connection's checks.
    health_seconds: float = 21_600.0
    # How long bodies of webhooks, and lines of logs, runs and old proofs, are kept.
    keep_bodies_days: int = 30
    keep_logs_days: int = 90
    # Who sends it may read the figures of this installation from elsewhere; empty: from this machine only.
    metrics_token: str = field(default="", repr=False)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which the pages may be asked for."""
        own = urlsplit(self.public_url).hostname
        return tuple(filter(None, (own, *_LOOPBACK, *self.trusted_hosts)))


_LOOPBACK = ("127.0.0.1", "localhost")
# In DATA, 0600: the variables that `trellis up` gives its processes, for as long as it runs.
RUNNING_FILE = "running.json"

DEMO_PACE = {
    "settle_seconds": 10.0,
    "backoff_cap_seconds": 60.0,
    "poll_seconds": 30.0,
    "proof_seconds": 300.0,
    "health_seconds": 900.0,
}


def from_environment(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this process.

    Args:
        env: variables to read instead of the process environment.

    Raises:
        WrongSetting: a variable is missing or cannot be used.
    """
    env = os.environ if env is None else env
    env = {**_beside(env), **env}
    demo = env.get("TRELLIS_DEMO", "") == "1"
    secret_key, master_keys = _secrets(env, demo=demo)
    port = _integer(env, "PORT", 8000)
    pace = DEMO_PACE if demo else {}
    data = Path(env.get("DATA", ".data"))
    return Settings(
        database_url=_database_url(env, "DATABASE_URL"),
        migration_database_url=_database_url(env, "MIGRATION_DATABASE_URL", needed=False),
        redis_url=_redis_url(env, "REDIS_URL"),
        secret_key=secret_key,
        master_keys=master_keys,
        secret_key_fallbacks=_listed(env.get("TRELLIS_SECRET_KEY_FALLBACKS", "")),
        data=data,
        audit_anchors=Path(env.get("TRELLIS_AUDIT_ANCHORS") or data / "audit-anchors.jsonl"),
        port=port,
        sandbox_port=_integer(env, "SANDBOX_PORT", 8100),
        public_url=env.get("TRELLIS_PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/"),
        trusted_hosts=tuple(env.get("TRELLIS_TRUSTED_HOSTS", "").replace(",", " ").split()),
        proxies=_integer(env, "TRELLIS_PROXIES", 0, least=0),
        demo=demo,
        second_factor=not demo,
        allow_loopback=demo or env.get("TRELLIS_ALLOW_LOOPBACK", "") == "1",
        settle_seconds=_seconds(env, "TRELLIS_SETTLE_SECONDS", pace.get("settle_seconds", 180.0)),
        backoff_cap_seconds=_seconds(
            env, "TRELLIS_BACKOFF_CAP_SECONDS", pace.get("backoff_cap_seconds", 900.0)
        ),
        lease_seconds=_seconds(env, "TRELLIS_LEASE_SECONDS", 45.0),
        sweep_seconds=_seconds(env, "TRELLIS_SWEEP_SECONDS", 5.0),
        poll_seconds=_seconds(env, "TRELLIS_POLL_SECONDS", pace.get("poll_seconds", 300.0)),
        links_at_once=_integer(env, "TRELLIS_LINKS_AT_ONCE", 8),
        links_per_worker=_integer(env, "TRELLIS_LINKS_PER_WORKER", 24),
        live_watchers=_integer(env, "TRELLIS_LIVE_WATCHERS", 500),
        webhook_rate=_integer(env, "TRELLIS_WEBHOOK_RATE", 300),
        webhook_burst=_integer(env, "TRELLIS_WEBHOOK_BURST", 3000),
        webhook_refusals=_integer(env, "TRELLIS_WEBHOOK_REFUSALS", 20),
        pages_per_minute=_integer(env, "TRELLIS_PAGES_PER_MINUTE", 300),
        api_per_minute=_integer(env, "TRELLIS_API_PER_MINUTE", 120),
        smtp_url=_smtp_url(env),
        mail_from=_mail_from(env),
        proof_seconds=_seconds(env, "TRELLIS_PROOF_SECONDS", pace.get("proof_seconds", 0.0), least=0.0),
        health_seconds=_seconds(
            env, "TRELLIS_HEALTH_SECONDS", pace.get("health_seconds", 21_600.0), least=60.0
        ),
        keep_bodies_days=_integer(env, "TRELLIS_KEEP_BODIES_DAYS", 30),
        keep_logs_days=_integer(env, "TRELLIS_KEEP_LOGS_DAYS", 90),
        metrics_token=_metrics_token(env),
    )


def _beside(env: Mapping[str, str]) -> dict[str, str]:
    """What a `trellis up` on the same DATA runs with, so that a command beside it needs no settings."""
    if env.get("DATABASE_URL"):
        return {}
    try:
        beside: dict[str, str] = json.loads((Path(env.get("DATA", ".data")) / RUNNING_FILE).read_text())
    except (OSError, ValueError):
        return {}
    return beside


def _needed(env: Mapping[str, str], name: str, hint: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise WrongSetting(f"{name} is not set: {hint}; or start everything with `trellis up`.")
    return value


def _database_url(env: Mapping[str, str], name: str, *, needed: bool = True) -> str:
    hint = "for example postgresql://user:password@127.0.0.1/trellis"
    value = _needed(env, name, hint) if needed else env.get(name, "").strip()
    if not value:
        return ""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if value.startswith(prefix):
            return "postgresql+psycopg://" + value.removeprefix(prefix)
    raise WrongSetting(f"{name} is not a PostgreSQL address ({hint}). Trellis runs on PostgreSQL only.")


def _redis_url(env: Mapping[str, str], name: str) -> str:
    hint = "for example redis://127.0.0.1:6379/0"
    value = _needed(env, name, hint)
    if not value.startswith(("redis://", "rediss://", "unix://")):
        raise WrongSetting(f"{name} is not a Redis address ({hint}).")
    return value


def _smtp_url(env: Mapping[str, str]) -> str:
    value = env.get("TRELLIS_SMTP_URL", "").strip()
    hint = "for example smtp://user:password@mail.example.com:587, or smtps://"
    try:
        parts = urlsplit(value)
        usable = not value or (parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0)
    except ValueError:  # a port that is none
        usable = False
    if not usable:
        raise WrongSetting(f"TRELLIS_SMTP_URL is not the address of a mail server ({hint}).")
    return value


def _mail_from(env: Mapping[str, str]) -> str:
    value = env.get("TRELLIS_MAIL_FROM", "").strip()
    if not value and env.get("TRELLIS_SMTP_URL", "").strip():
        raise WrongSetting("TRELLIS_MAIL_FROM is not set: mail needs an address that it comes from.")
    if value and ("@" not in value or not value.isprintable()):
        raise WrongSetting(f"TRELLIS_MAIL_FROM is {value!r}: give an address, such as trellis@example.com.")
    return value


def _metrics_token(env: Mapping[str, str]) -> str:
    value = env.get("TRELLIS_METRICS_TOKEN", "").strip()
    if value:
        _refuse_weak("TRELLIS_METRICS_TOKEN", keys.text_weakness(value))
    return value


def _integer(env: Mapping[str, str], name: str, default: int, *, least: int = 1) -> int:
    value = env.get(name, "").strip() or str(default)
    if not value.isascii() or not value.isdigit() or not least <= int(value) < 65536:
        raise WrongSetting(f"{name} is {value!r}: give a whole number from {least} to 65535.")
    return int(value)


def _seconds(env: Mapping[str, str], name: str, default: float, *, least: float | None = None) -> float:
    """Read seconds, of less than a day; more than 0, or from `least` on."""
    value = env.get(name, "").strip() or str(default)
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not (seconds > 0 if least is None else seconds >= least) or seconds >= 86_400:
        allowed = "more than 0" if least is None else f"{least:g} or more,"
        raise WrongSetting(f"{name} is {value!r}: give seconds, {allowed} and less than a day.")
    return seconds


def _secrets(env: Mapping[str, str], *, demo: bool) -> tuple[str, dict[str, bytes]]:
    path = env.get("TRELLIS_SECRET_FILE", "")
    stored = _secret_file(Path(path)) if path else {}
    secret_key = env.get("TRELLIS_SECRET_KEY") or stored.get("secret_key", "")
    given = env.get("TRELLIS_MASTER_KEY") or stored.get("master_key", "")
    first_id = env.get("TRELLIS_MASTER_KEY_ID") or stored.get("master_key_id", "k1")
    master_keys = _master_keys(given, first_id)
    if not demo:
        _refuse_weak("TRELLIS_SECRET_KEY", keys.text_weakness(secret_key))
        # Those behind it only open what they sealed, so that a weak one can be got rid of.
        _refuse_weak("TRELLIS_MASTER_KEY", keys.bytes_weakness(next(iter(master_keys.values()))))
    return secret_key, master_keys


def _refuse_weak(name: str, weakness: str) -> None:
    if weakness:
        raise WrongSetting(f"{name} is missing or {weakness}: {_MAKE_A_KEY}")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in (part.strip() for part in text.split(",")) if part)


def _secret_file(path: Path) -> dict[str, str]:
    try:
        mode = path.stat().st_mode
        stored = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise WrongSetting(f"TRELLIS_SECRET_FILE {path} cannot be read: {error}.") from error
    if os.name == "posix" and mode & _STRANGERS:
        raise WrongSetting(f"TRELLIS_SECRET_FILE {path} can be opened by others: chmod 600 {path}")
    if not isinstance(stored, dict) or not all(isinstance(value, str) for value in stored.values()):
        raise WrongSetting(f"TRELLIS_SECRET_FILE {path} is not a JSON object of texts.")
    return stored


def _master_keys(text: str, first_id: str) -> dict[str, bytes]:
    """Read `key` or `id:key,id:key`, each 32 bytes in base64; the first one encrypts."""
    found: dict[str, bytes] = {}
    for part in _listed(text):
        key_id, _, value = part.rpartition(":")
        try:
            key = base64.b64decode(value, validate=True)
        except binascii.Error:
            key = b""
        if len(key) != keys.BYTES:
            raise WrongSetting(f"TRELLIS_MASTER_KEY: a key is not 32 bytes in base64: {_MAKE_A_KEY}")
        if (key_id or first_id) in found:
            raise WrongSetting(f"TRELLIS_MASTER_KEY has two keys called {key_id or first_id!r}.")
        found[key_id or first_id] = key
    if not found:
        raise WrongSetting(f"TRELLIS_MASTER_KEY is missing: {_MAKE_A_KEY}")
    return found
