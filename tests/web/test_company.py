"""Company settings."""

import pytest
from sqlalchemy import select

from portal.models import AuditEvent, Tenant
from tests.web.acts import BUT_SIGN_INS

GOOD = {"name": "Greenleaf & Daughters", "timezone": "America/Denver"}


@pytest.fixture
def kept(sessions, company):
    def read():
        with sessions.tenant(company.id) as session:
            row = session.get_one(Tenant, company.id)
            acts = session.scalars(
                select(AuditEvent.action).where(BUT_SIGN_INS).order_by(AuditEvent.seq)
            ).all()
            return row.name, row.timezone, acts

    return read


def test_name_and_time_zone_are_changed_and_written_down(company, admin, kept):
    address = f"/t/{company.slug}/company"
    admin.get(address)
    assert admin.post(address, GOOD | {"slug": "stolen", "stopped_at": "x"}).status_code == 303
    assert "Greenleaf &amp; Daughters" in admin.get(address).text
    assert kept() == (*GOOD.values(), ["company.renamed", "company.settings_changed"])
    admin.post(address, GOOD)
    assert len(kept()[2]) == 2


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"name": " "}, "company&#39;s name"),
        ({"name": "x" * 121}, "120"),
        ({"timezone": "Mars/Olympus"}, "no time zone"),
        ({"timezone": "../../etc/passwd"}, "no time zone"),
        ({"timezone": "\x00"}, "no time zone"),
        ({"timezone": "America"}, "no time zone"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field(company, admin, kept, changed, word):
    address = f"/t/{company.slug}/company"
    admin.get(address)
    answer = admin.post(address, GOOD | changed)
    assert answer.status_code == 422
    assert word in answer.text
    assert kept() == ("Greenleaf Farms", "America/Los_Angeles", [])
