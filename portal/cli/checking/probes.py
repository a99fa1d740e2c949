"""What is looked at of an installation, one probe each. A probe says what it saw, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from redis import Redis, RedisError
from sqlalchemy import Connection, func, literal, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from portal import config
from portal.cli.checking.finding import Finding
from portal.cli.checking.machine import data_directory, disk, programs
from portal.migrations import ROLES, alembic_config
from portal.models import INSTALLATION_CHAIN, Base, Installation, Link, Secret, Stream, Tenant
from portal.sync import rotation, secrets
from portal.sync.audit import anchors
from portal.sync.audit.verify import verify
from portal.sync.engine.desk import Desk, open_desk
from portal.sync.mail import transport

_OLDEST_POSTGRES = 15
_CLOCKS_APART = timedelta(seconds=2)
_WORKER_SILENT = timedelta(minutes=2)
_POLL_LATE = timedelta(minutes=1)
# A schedule process that missed so many sweeps in a row is gone.
_SWEEPS_MISSED = 6
# RQ's own names of the set of its workers and of the time in each one's hash.
_RQ_WORKERS, _RQ_HEARTBEAT = "rq:workers", "last_heartbeat"


def diagnose() -> Iterator[Finding]:
    """Probe everything. Without settings or without the database, what depends on them is left out."""
    try:
        settings = config.from_environment()
    except config.WrongSetting as error:
        yield Finding("settings", False, str(error), "Correct the setting, and run this again.")
        return
    yield Finding("settings", True, "readable")
    desk = open_desk(settings)
    try:
        yield from database(desk)
        yield from redis(desk)
    finally:
        desk.sessions.engine.dispose()
        desk.redis.close()
    yield mail(settings)
    yield data_directory(settings.data)
    yield disk(settings.data)
    yield from programs(settings.data)


def database(desk: Desk) -> Iterator[Finding]:
    """Everything about PostgreSQL, and what is only known from it."""
    try:
        with desk.sessions.engine.connect() as connection:
            yield Finding("database", True, "reachable")
            yield version(connection)
            refused = roles_refused(connection)
            yield roles(refused)
            if refused:
                return
            yield migrated(connection)
            yield security(connection)
            yield clocks(connection)
        yield walls(desk)
        yield from stored(desk)
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        yield Finding("database", False, f"not reachable: {reason}", "Start it, or correct DATABASE_URL.")
    except ProgrammingError as error:
        reason = str(error.orig).strip().splitlines()[0]
        yield Finding(
            "database", False, f"its tables are not as they should be: {reason}", "Run `trellis db upgrade`."
        )


def version(connection: Connection) -> Finding:
    """PostgreSQL 15 or newer."""
    shown = connection.scalar(text("SHOW server_version"))
    major = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
    todo = "" if major >= _OLDEST_POSTGRES else f"Move to PostgreSQL {_OLDEST_POSTGRES} or newer."
    return Finding("database version", major >= _OLDEST_POSTGRES, f"PostgreSQL {shown}", todo)


def roles_refused(connection: Connection) -> list[str]:
    """The roles that this login cannot take."""
    refused = []
    for role in ROLES:
        try:
            with connection.begin_nested() as probe:
                connection.execute(text(f"SET LOCAL ROLE {role}"))
                probe.rollback()
        except DBAPIError:
            refused.append(role)
    return refused


def roles(refused: list[str]) -> Finding:
    """Every role can be set."""
    if not refused:
        return Finding("database roles", True, f"{len(ROLES)} can be set")
    todo = "Run `trellis db upgrade` with a login that may create roles, or grant them to this login."
    return Finding("database roles", False, f"cannot be set: {', '.join(refused)}", todo)


def migrated(connection: Connection) -> Finding:
    """The schema is the one that this program was written for."""
    wanted = set(ScriptDirectory.from_config(alembic_config(connection)).get_heads())
    with connection.begin_nested() as probe:
        connection.execute(text(f"SET LOCAL ROLE {ROLES[0]}"))
        found = set(MigrationContext.configure(connection).get_current_heads())
        probe.rollback()
    shown = f"at {', '.join(sorted(found)) or 'nothing'}, this program needs {', '.join(sorted(wanted))}"
    return Finding(
        "migrations", found == wanted, shown, "" if found == wanted else "Run `trellis db upgrade`."
    )


def security(connection: Connection) -> Finding:
    """Row-level security is forced on every table that a tenant owns."""
    owned = [table.name for table in Base.metadata.sorted_tables if "tenant_id" in table.c]
    rows = connection.execute(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relname = ANY(:owned) AND relrowsecurity AND relforcerowsecurity"
        ),
        {"owned": [*owned, "tenant"]},
    )
    bare = sorted({*owned, "tenant"} - {row.relname for row in rows})
    if not bare:
        return Finding("row-level security", True, f"forced on {len(owned) + 1} tables")
    todo = "Run `trellis db upgrade`; if it stays, restore the schema: tenants are not kept apart."
    return Finding("row-level security", False, f"not forced on {', '.join(bare)}", todo)


def walls(desk: Desk) -> Finding:
    """Whoever names no tenant gets an error, not rows."""
    try:
        with desk.sessions.app() as session:
            session.execute(select(Link.id).limit(1)).all()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return Finding("tenants apart", True, "a query without a tenant is refused")
    todo = "Run `trellis db upgrade`; is DATABASE_URL's login allowed to bypass row-level security?"
    return Finding("tenants apart", False, "a query without a tenant is answered", todo)


def clocks(connection: Connection) -> Finding:
    """The database's clock and this machine's agree."""
    before = datetime.now(UTC)
    theirs: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    apart = abs(theirs - (before + (datetime.now(UTC) - before) / 2))
    fine = apart <= _CLOCKS_APART
    todo = "" if fine else "Have both machines set their clocks by NTP."
    return Finding(
        "clocks", fine, f"the database's is {apart.total_seconds():.1f} s from this machine's", todo
    )


def stored(desk: Desk) -> Iterator[Finding]:
    """What the rows of the tenants need of this machine: keys, time zones, a schedule."""
    with desk.sessions.system() as session:
        tenants = session.execute(
            select(Tenant.id, Tenant.slug, Tenant.timezone).where(Tenant.retired_at.is_(None))
        ).all()
        late = session.scalar(
            select(func.min(Stream.due_at)).where(
                Stream.due_at < func.now() - _POLL_LATE,
                Stream.lease_until.is_(None) | (Stream.lease_until < func.now()),
            )
        )
        swept = session.scalar(select(Installation.last_swept_at))
        stops = _stops(session)
    yield schedule(late, swept, desk.settings.sweep_seconds)
    yield writing(stops)
    yield recorded(desk)
    yield anchored(desk)
    yield time_zones({"UTC", *(row.timezone for row in tenants)})
    shut = [f"{row.slug}: {words}" for row in tenants for words in _unopened(desk, row.id)]
    todo = "Put the key that they were sealed with back into TRELLIS_MASTER_KEY, or enter them again."
    words = f"cannot be opened: {'; '.join(shut[:5])}" if shut else "every stored credential opens"
    yield Finding("master key", not shut, words, todo if shut else "")
    yield from old_keys(desk)


def _stops(session: Session) -> list[tuple[str, datetime, str | None]]:
    everybody = session.execute(
        select(literal("everybody"), Installation.stopped_at, Installation.stop_reason).where(
            Installation.stopped_at.is_not(None)
        )
    )
    companies = session.execute(
        select(Tenant.slug, Tenant.stopped_at, Tenant.stop_reason)
        .where(Tenant.stopped_at.is_not(None), Tenant.retired_at.is_(None))
        .order_by(Tenant.slug)
    )
    return [(row[0], row[1], row[2]) for row in (*everybody, *companies)]


def _unopened(desk: Desk, tenant_id: UUID) -> list[str]:
    """A tenant's credentials that no key opens."""
    shut = []
    with desk.sessions.tenant(tenant_id) as session:
        for row in session.scalars(select(Secret)):
            try:
                secrets.open_sealed(
                    desk.settings.master_keys,
                    row.ciphertext,
                    tenant_id=str(row.tenant_id),
                    owner_id=str(row.owner_id),
                    field=row.field,
                )
            except secrets.CannotOpen as error:
                shut.append(f"{row.field} ({error})")
    return shut


def old_keys(desk: Desk) -> Iterator[Finding]:
    """What each key seals: of every one that does not seal new values, whether it is still needed."""
    sealed: Counter[str] = sum(rotation.counts(desk.sessions).values(), Counter())
    first, *others = desk.settings.master_keys
    for key_id in sorted(set(sealed) - set(desk.settings.master_keys)):
        words = f"{sealed[key_id]:,} values are sealed with the key {key_id!r}, which is not configured"
        yield Finding(f"key {key_id}", False, words, "Put it back into TRELLIS_MASTER_KEY, behind the first.")
    for key_id in others:
        if sealed[key_id]:
            words = (
                f"still seals {sealed[key_id]:,} values; `trellis secrets rotate` seals them with {first!r}"
            )
        else:
            words = "seals nothing any more: it can be dropped from TRELLIS_MASTER_KEY"
        yield Finding(f"key {key_id}", None, words)


def schedule(late: datetime | None, swept: datetime | None, every_seconds: float) -> Finding:
    """Whether a schedule process sweeps: by its own trace, and by polls that are not late."""
    todo = "Start `trellis schedule`."
    if late is not None:
        return Finding("schedule", False, f"a poll is due since {late:%F %T} UTC", todo)
    if swept is None:
        return Finding("schedule", None, "it has not swept yet")
    seconds = (datetime.now(UTC) - swept).total_seconds()
    words = f"last swept {max(0, round(seconds))} s ago"
    fine = seconds < every_seconds * _SWEEPS_MISSED + _CLOCKS_APART.total_seconds()
    return Finding("schedule", fine, words, "" if fine else todo)


def writing(stops: Sequence[tuple[str, datetime, str | None]]) -> Finding:
    """Whether writing is stopped anywhere: no fault, and worth knowing before one is looked for."""
    if not stops:
        return Finding("stop switches", True, "none is on")
    words = "; ".join(
        f"{name} since {since:%F %T} UTC: {reason or 'no reason'}" for name, since, reason in stops
    )
    return Finding("stop switches", None, f"nothing is written for {words}")


def recorded(desk: Desk) -> Finding:
    """The installation's own audit is as it was written; those of the companies are in the check."""
    known = anchors.of_chain(desk.settings.audit_anchors, INSTALLATION_CHAIN)
    with desk.sessions.system() as session:
        verdict = verify(session, desk.settings.master_keys, INSTALLATION_CHAIN, known)
    if not verdict.tampers:
        return Finding("audit", True, f"{verdict.rows:,} acts of the installation, as they were written")
    words = "; ".join(tamper.words for tamper in verdict.tampers[:5])
    return Finding("audit", False, words, 'Read "The audit is broken" in the operations manual.')


def anchored(desk: Desk) -> Finding:
    """The ends of the audit's chains are written down outside the database, and not long ago."""
    path = desk.settings.audit_anchors
    with desk.sessions.system() as session:
        since = anchors.unanchored_since(session, path)
    if since is None or datetime.now(UTC) - since < anchors.LATE:
        return Finding("audit anchors", True, f"up to date in {path}")
    todo = "Is `trellis schedule` running, and may it write there? `trellis audit anchor` writes them now."
    return Finding("audit anchors", False, f"an act of {since:%F %T} UTC is in none, in {path}", todo)


def time_zones(names: set[str]) -> Finding:
    """Time zone data of every tenant is there."""
    missing = [name for name in sorted(names) if not _has_zone(name)]
    if not missing:
        return Finding("time zones", True, f"{len(names)} found")
    return Finding("time zones", False, f"unknown: {', '.join(missing)}", "Install the package tzdata.")


def _has_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def redis(desk: Desk) -> Iterator[Finding]:
    """Redis answers, survives being killed, and forgets nothing; and its workers are alive."""
    try:
        memory, disk_state = desk.redis.info("memory"), desk.redis.info("persistence")
        yield Finding("redis", True, "reachable")
        policy = memory.get("maxmemory_policy", "unknown")
        todo = "" if policy == "noeviction" else "Set maxmemory-policy noeviction."
        yield Finding("redis memory", policy == "noeviction", f"maxmemory-policy {policy}", todo)
        kept = bool(disk_state.get("aof_enabled"))
        todo = "" if kept else "Set appendonly yes."
        yield Finding("redis persistence", kept, f"append-only file {'on' if kept else 'off'}", todo)
        yield workers(desk.redis)
    except RedisError as error:
        todo = "Start it, or correct REDIS_URL: until then work waits for the sweep."
        yield Finding("redis", False, f"not reachable: {error}", todo)


def workers(client: Redis) -> Finding:
    """Workers that gave a sign of life."""
    alive = sum(_is_alive(client.hget(name, _RQ_HEARTBEAT)) for name in client.smembers(_RQ_WORKERS))
    todo = "" if alive else "Start `trellis worker`, or everything with `trellis up`."
    return Finding("workers", alive > 0, f"{alive} alive", todo)


def _is_alive(heartbeat: bytes | str | None) -> bool:
    if heartbeat is None:
        return False
    written = heartbeat.decode() if isinstance(heartbeat, bytes) else heartbeat
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return False
    return datetime.now(UTC) - at.replace(tzinfo=at.tzinfo or UTC) < _WORKER_SILENT


def mail(settings: config.Settings) -> Finding:
    """Whether mail can be sent: links in it let people in who have no other way."""
    if not settings.smtp_url:
        folder = settings.data / transport.FOLDER
        return Finding(
            "mail", None, f"not sent: there is no TRELLIS_SMTP_URL, so it is written into {folder}"
        )
    try:
        transport.reach(settings)
    except transport.NotTaken as error:
        todo = "Correct TRELLIS_SMTP_URL: until then mail waits, for a day."
        return Finding("mail", False, f"the mail server cannot be used: {error}", todo)
    return Finding("mail", True, "the mail server answers")
