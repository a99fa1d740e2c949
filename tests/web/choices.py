"""Problems that somebody chose for an act, for tests of pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from portal.models import Problem, ProblemChoice
from tests.web.factory import Company


def choice(session: Session, company: Company, *problems: Problem, **more: Any) -> ProblemChoice:
    """Choose problems for an act, as they are now."""
    values: dict[str, Any] = {"act": "retry", "made_by": "Dana Reyes", "matched": len(problems), **more}
    shown = [[str(one.id), one.revision] for one in problems]
    row = ProblemChoice(tenant_id=company.id, shown=shown, **values)
    session.add(row)
    session.flush()
    return row
