"""Wording: what a message says, as data for programs and as a letter for people. Pure.

Neither names a customer: what looks like personal data in a problem's words is masked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.sync.notices.grouping import Entry, Told
from portal.sync.personal import hide

OPENED, RESOLVED, SUMMARY, TEST = "problem.opened", "problem.resolved", "problems.summary", "test"
_TYPES = {"opened": OPENED, "resolved": RESOLVED}
_WHO = {"tenant": "you", "support": "Trellis support", "operator": "the operator of Trellis"}


@dataclass(frozen=True)
class Company:
    """Whom a message is about.

    Args:
        slug: as addresses name it.
        name: as people name it.
        connections: names of its connections by id.
        url: of its pages, without a slash at the end.
    """

    slug: str
    name: str
    connections: Mapping[str, str]
    url: str


def type_of(group: str) -> str:
    """The type of a group's messages, by which programs tell them apart."""
    return _TYPES.get(group.partition(":")[0], SUMMARY)


def body(kind: str, at: datetime, told: Told, company: Company) -> str:
    """Write a message as JSON, as it is signed and sent.

    Args:
        kind: its type.
        at: when it was written.
        told: what it tells.
        company: whom it is about.
    """
    data: dict[str, Any] = {
        "company": {"slug": company.slug, "name": company.name},
        "count": told.count,
        "problems": [_problem(entry, company) for entry in told.entries],
        "others": told.others,
        "url": f"{company.url}/problems",
    }
    return json.dumps({"type": kind, "timestamp": at.isoformat(), "data": data}, ensure_ascii=False)


def _problem(entry: Entry, company: Company) -> dict[str, Any]:
    about = entry.connection_id
    connection = {"id": about, "name": company.connections.get(about, "")} if about else None
    return {
        "state": entry.happening,
        "code": entry.code,
        "title": hide(entry.title),
        "next_step": hide(entry.next_step),
        "who": entry.who,
        "connection": connection,
        "count": entry.count,
        "first_at": entry.first_at,
        "last_at": entry.last_at,
    }


def letter(sent: str) -> tuple[str, str]:
    """Write the same message as a mail.

    Args:
        sent: what `body` wrote.

    Returns:
        Its subject and its text.
    """
    message = json.loads(sent)
    data = message["data"]
    subject = " ".join(f"{data['company']['name']}: {_headline(message['type'], data)}".split())
    lines = [_said(message["type"], data["company"]["name"]), ""]
    for problem in data["problems"]:
        lines += _paragraph(problem)
    if data["others"]:
        lines += [f"And {data['others']:,} more.", ""]
    lines += [f"All of them: {data['url']}", "", "Who is told what is chosen in Trellis under Notifications."]
    return subject[:200], "\n".join(lines) + "\n"


def _headline(kind: str, data: Mapping[str, Any]) -> str:
    if kind == TEST:
        return "a test of your notifications"
    count, problems = data["count"], data["problems"]
    if count == 1:
        return f"{'resolved: ' if kind == RESOLVED else ''}{problems[0]['title']}"
    what = {RESOLVED: "problems are resolved", OPENED: "problems"}.get(kind, "things to know")
    first = f", such as: {problems[0]['title']}" if kind != SUMMARY and problems else ""
    return f"{count:,} {what}{first}"


def _said(kind: str, company: str) -> str:
    opening = {
        OPENED: f"Something at {company} needs attention.",
        RESOLVED: f"These problems at {company} are resolved.",
        TEST: f"This is a test. Notifications about {company} arrive here.",
    }
    return opening.get(kind, f"What happened at {company} since the last summary.")


def _paragraph(problem: Mapping[str, Any]) -> list[str]:
    times = f" ({problem['count']:,} times)" if problem["count"] > 1 else ""
    where = f"On {problem['connection']['name']}. " if problem["connection"] else ""
    if problem["state"] == "resolved":
        return [f"- Resolved: {problem['title']}{times}", f"  {where}".rstrip(), ""]
    who = _WHO.get(problem["who"], problem["who"])
    return [f"- {problem['title']}{times}", f"  {where}Next, for {who}: {problem['next_step']}", ""]
