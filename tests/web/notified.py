"""Rows of notifications as workers would leave them, for tests of pages."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy.orm import Session

from portal.models import Notice, NoticeAttempt, NoticeRule, utc_now
from tests.web.factory import Company


def rule(session: Session, company: Company, **more: Any) -> NoticeRule:
    """Have somebody be told of a company's problems, by mail."""
    values = {
        "channel": "email",
        "connection_id": company.connection_id,
        "address": "ops@acme.example",
        "kinds": ["orders"],
        "pace": "minutes_15",
        "made_by": "Dana Reyes",
        **more,
    }
    row = NoticeRule(tenant_id=company.id, **values)
    session.add(row)
    session.flush()
    return row


def notice(session: Session, of: NoticeRule, title: str, **more: Any) -> Notice:
    """Make a message of one problem that was taken at the second try."""
    now = utc_now()
    entry = {
        "happening": "opened",
        "code": "sku_unknown",
        "title": title,
        "next_step": "Correct the SKU.",
        "who": "tenant",
        "connection_id": str(of.connection_id),
        "count": 1,
        "first_at": now.isoformat(),
        "last_at": now.isoformat(),
    }
    values = {
        "group_key": "opened::sku_unknown",
        "told": {"entries": [entry], "others": 0},
        "count": 1,
        "leaves_at": now,
        "due_at": None,
        "body": json.dumps({"type": "problem.opened", "data": {"problems": [entry]}}),
        "attempts": 2,
        "sent_at": now,
        **more,
    }
    row = Notice(tenant_id=of.tenant_id, rule_id=of.id, **values)
    session.add(row)
    session.flush()
    for taken, answer in ((False, title), (True, "")):
        reason = "" if taken else "it answered 500"
        tried = {"taken": taken, "reason": reason, "answer": answer, "duration_ms": 40}
        session.add(NoticeAttempt(tenant_id=of.tenant_id, notice_id=row.id, **tried))
    session.flush()
    return row
