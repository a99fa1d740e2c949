"""Rules: who is told what. People make, change and remove them; one that only fails is switched off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from portal.models import Connection, Notice, NoticeRule, Secret, Tenant, new_id, utc_now
from portal.queries import notices as notices_read
from portal.sync import audit, journal, mail, sealed, secrets
from portal.sync.addresses import WrongAddress, check_receiver
from portal.sync.decisions import Finding
from portal.sync.engine.desk import Desk
from portal.sync.notices.channels import new_secret
from portal.sync.notices.grouping import KINDS, PACES

SECRET_FIELD, BEFORE_FIELD = "notice_secret", "notice_secret_before"
OFF = "notices_off"
# How long the secret of before signs beside a new one.
OVERLAP = timedelta(hours=24)
# Of one company.
MOST_RULES = 50
_TRELLIS = audit.Actor("Trellis", role="worker")


class NotAccepted(ValueError):
    """A rule cannot be kept as it was entered.

    Args:
        message: for the person who entered it.
        field: of the form that it is about.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Wish:
    """What somebody entered."""

    channel: str
    address: str
    connection_id: UUID | None
    kinds: tuple[str, ...]
    resolved: bool
    pace: str


@dataclass(frozen=True)
class Keeper:
    """Who changes rules, and with what: a session inside the company, and the installation's keys."""

    session: Session
    keys: Mapping[str, bytes]
    actor: audit.Actor
    allow_loopback: bool = False

    def record(self, rule: NoticeRule, action: str, **detail: object) -> None:
        """Have the audit tell of an act."""
        audit.record(
            self.session,
            self.keys,
            rule.tenant_id,
            action,
            actor=self.actor,
            subject=audit.Subject("notice rule", str(rule.id), where_to(rule)),
            detail=detail,
        )


def where_to(rule: NoticeRule) -> str:
    """Where a rule's messages go, as people recognise it: of an address no more than its host."""
    if rule.channel == "email":
        return rule.address
    return rule.address.partition("://")[2].partition("/")[0].partition("?")[0]


def make(keeper: Keeper, tenant_id: UUID, wish: Wish) -> tuple[NoticeRule, str]:
    """Make a rule.

    Returns:
        The rule, and its signing secret, which is shown once; empty for mail.

    Raises:
        NotAccepted: something of it cannot be kept.
    """
    _check(keeper, tenant_id, wish)
    if len(notices_read.rules(keeper.session, tenant_id)) >= MOST_RULES:
        raise NotAccepted(f"There are {MOST_RULES} notifications already: remove some first.")
    rule = NoticeRule(
        id=new_id(),
        tenant_id=tenant_id,
        made_by=keeper.actor.name,
        channel=wish.channel,
        **_chosen(wish),
    )
    keeper.session.add(rule)
    keeper.session.flush()
    secret = new_secret() if rule.channel == "webhook" else ""
    if secret:
        _keep_secret(keeper, rule, SECRET_FIELD, secret)
    keeper.record(rule, "notice_rule.made", channel=rule.channel, kinds=list(rule.kinds), pace=rule.pace)
    return rule, secret


def change(keeper: Keeper, rule: NoticeRule, wish: Wish) -> None:
    """Change what a rule tells, or where to; by what channel stays.

    Raises:
        NotAccepted: something of it cannot be kept.
    """
    _check(keeper, rule.tenant_id, wish)
    before = where_to(rule)
    for name, value in _chosen(wish).items():
        setattr(rule, name, value)
    keeper.record(rule, "notice_rule.changed", before=before, kinds=list(rule.kinds), pace=rule.pace)


def _chosen(wish: Wish) -> dict[str, object]:
    return {
        "address": wish.address.strip(),
        "connection_id": wish.connection_id,
        "kinds": [kind for kind in KINDS if kind in wish.kinds],
        "resolved": wish.resolved,
        "pace": wish.pace,
    }


def _check(keeper: Keeper, tenant_id: UUID, wish: Wish) -> None:
    if not wish.kinds or not set(wish.kinds) <= set(KINDS):
        raise NotAccepted("Choose at least one of the list.", field="kinds")
    if wish.pace not in PACES:
        raise NotAccepted("Choose one of the list.", field="pace")
    if wish.channel == "webhook":
        try:
            check_receiver(wish.address, allow_loopback=keeper.allow_loopback)
        except WrongAddress as error:
            raise NotAccepted(str(error), field="address") from error
    if wish.connection_id is not None:
        known = select(Connection.id).where(
            Connection.tenant_id == tenant_id, Connection.id == wish.connection_id
        )
        if keeper.session.scalar(known) is None:
            raise NotAccepted("Choose one of the list.", field="connection")


def send_again(keeper: Keeper, rule: NoticeRule, notice: Notice) -> None:
    """Have a message sent once more, under the same id."""
    notice.due_at, notice.sent_at, notice.given_up_at, notice.attempts = func.now(), None, None, 0
    keeper.record(rule, "notice_rule.sent_again")


def replace_secret(keeper: Keeper, rule: NoticeRule) -> str:
    """Make a new signing secret; the one of before signs beside it for a day. While two sign, the newer one
    is replaced.

    Returns:
        The new one, which is shown once.

    Raises:
        secrets.CannotOpen: the one of before cannot be read, so it could not overlap.
    """
    # Whoever presses twice must not lose the one that is in use for one that nobody has seen.
    if not overlaps(rule):
        row = _stored(keeper.session, rule, SECRET_FIELD)
        before = _opened(keeper.keys, rule, row)
        _keep_secret(keeper, rule, BEFORE_FIELD, before, set_at=row.set_at, set_by=row.set_by)
    secret = new_secret()
    _keep_secret(keeper, rule, SECRET_FIELD, secret)
    rule.overlap_until = utc_now() + OVERLAP
    keeper.record(rule, "notice_rule.secret_replaced")
    return secret


def overlaps(rule: NoticeRule) -> bool:
    """Whether the secret of before still signs."""
    return rule.overlap_until is not None and rule.overlap_until > utc_now()


def end_overlap(keeper: Keeper, rule: NoticeRule) -> None:
    """Let the secret of before sign no more."""
    rule.overlap_until = None
    _forget(keeper.session, rule, BEFORE_FIELD)
    keeper.record(rule, "notice_rule.overlap_ended")


def forget_overlaps(session: Session) -> int:
    """Forget secrets of before that sign no more; return how many.

    Args:
        session: a session inside the tenant.
    """
    over = select(NoticeRule.id).where(
        or_(NoticeRule.overlap_until.is_(None), NoticeRule.overlap_until < func.now())
    )
    forgotten = session.execute(
        delete(Secret)
        .where(Secret.field == BEFORE_FIELD, Secret.owner_id.in_(over))
        .returning(Secret.id)
        .execution_options(synchronize_session=False)
    )
    return len(forgotten.all())


def signing_secrets(desk: Desk, rule: NoticeRule) -> tuple[str, ...]:
    """The secrets that sign a rule's messages now, the newest first; none for mail.

    Raises:
        secrets.CannotOpen: one cannot be read.
    """
    if rule.channel == "email":
        return ()
    fields = (SECRET_FIELD, BEFORE_FIELD) if overlaps(rule) else (SECRET_FIELD,)
    with desk.sessions.tenant(rule.tenant_id) as session:
        keys = desk.settings.master_keys
        return tuple(_opened(keys, rule, _stored(session, rule, field)) for field in fields)


def _stored(session: Session, rule: NoticeRule, field: str) -> Secret:
    row = session.scalar(select(Secret).where(Secret.owner_id == rule.id, Secret.field == field))
    if row is None:
        raise secrets.CannotOpen("there is none")
    return row


def _opened(keys: Mapping[str, bytes], rule: NoticeRule, row: Secret) -> str:
    bound = {"tenant_id": str(rule.tenant_id), "owner_id": str(rule.id), "field": row.field}
    return secrets.open_sealed(keys, row.ciphertext, **bound)


def _keep_secret(
    keeper: Keeper, rule: NoticeRule, field: str, plain: str, *, set_at: Any = None, set_by: str = ""
) -> None:
    _forget(keeper.session, rule, field)
    kept = sealed.secret(
        keeper.keys,
        plain,
        tenant_id=rule.tenant_id,
        owner_id=rule.id,
        field=field,
        set_by=set_by or keeper.actor.name,
        set_at=set_at,
    )
    keeper.session.add(kept)
    keeper.session.flush()


def _forget(session: Session, rule: NoticeRule, *fields: str) -> None:
    session.execute(
        delete(Secret)
        .where(Secret.owner_id == rule.id, Secret.field.in_(fields))
        .execution_options(synchronize_session=False)
    )


def switch_on(keeper: Keeper, rule: NoticeRule) -> None:
    """Tell again, from now on."""
    _close(keeper.session, rule, "It is switched on again.")
    rule.off_at, rule.off_because, rule.failing_since, rule.since = None, None, None, func.now()
    keeper.record(rule, "notice_rule.switched_on")


def pause(keeper: Keeper, rule: NoticeRule) -> None:
    """Tell nothing until somebody switches it on."""
    rule.off_at, rule.off_because = func.now(), f"{keeper.actor.name} switched it off."
    keeper.record(rule, "notice_rule.switched_off")


def remove(keeper: Keeper, rule: NoticeRule) -> None:
    """Tell nothing any more, and forget the secrets."""
    _close(keeper.session, rule, "It was removed.")
    rule.ended_at = func.now()
    _forget(keeper.session, rule, SECRET_FIELD, BEFORE_FIELD)
    keeper.record(rule, "notice_rule.removed")


def switch_off(session: Session, keys: Mapping[str, bytes], rule: NoticeRule, because: str) -> None:
    """Switch a rule off that only fails: a problem says so, and a mail to owners and admins."""
    if rule.off_at is not None:
        return
    rule.off_at, rule.off_because = func.now(), because
    session.execute(
        update(Notice)
        .where(Notice.rule_id == rule.id, Notice.due_at.is_not(None))
        .values(due_at=None, given_up_at=func.now())
        .execution_options(synchronize_session=False)
    )
    title = f"Notifications to {where_to(rule)} are switched off"
    step = "Correct where they go, or mend what takes them; then switch them on again under Notifications."
    finding = Finding("notices_off", title, step, cause=str(rule.id), text=because)
    journal.report(session, _owner(session, rule), (finding,), subject_id=rule.id, code=OFF)
    text = f"{title}.\n\n{because}\n\n{step}\n"
    for address in notices_read.addresses_of_admins(session, rule.tenant_id):
        message = mail.Message(address, title, text)
        mail.queue(session, keys, message, kind="notice", tenant_id=rule.tenant_id)
    Keeper(session, keys, _TRELLIS).record(rule, "notice_rule.switched_off", because=because)


def _close(session: Session, rule: NoticeRule, solved: str) -> None:
    """Close the problem of a rule; first of all, as who sorts news in locks problems before rules."""
    journal.report(session, _owner(session, rule), (), subject_id=rule.id, code=OFF, solved=solved)
    session.flush()


def _owner(session: Session, rule: NoticeRule) -> Connection | Tenant:
    if rule.connection_id is not None:
        return session.get_one(Connection, rule.connection_id)
    return session.scalars(select(Tenant).where(Tenant.id == rule.tenant_id)).one()
