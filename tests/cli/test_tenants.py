"""`trellis tenant export` and `delete`."""

from __future__ import annotations

import stat
import zipfile

import pytest
from sqlalchemy import select

from portal.models import AuditEvent, Tenant
from tests.models.rows import fill


@pytest.fixture
def acme(clean, desk):
    return fill(desk.sessions, "acme")["tenant"]


def acts(desk):
    with desk.sessions.system() as session:
        return session.scalars(select(AuditEvent.action).order_by(AuditEvent.at)).all()


def test_an_export_is_a_file_that_nobody_else_may_open(desk, acme, read, run, tmp_path):
    path = tmp_path / "acme.zip"

    shown = read("tenant", "export", "acme", "--to", str(path))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert shown["rows"] > 10
    assert "link.jsonl" in zipfile.ZipFile(path).namelist()
    assert "cannot be made" in run("tenant", "export", "acme", "--to", str(path), code=1)
    assert acts(desk) == ["company.exported"]


def test_a_deletion_is_asked_for_with_the_slug_and_taken_back(desk, acme, run):
    assert "another slug" in run("tenant", "delete", "acme", typed="acne\n", code=1)
    assert "seven days" in run("tenant", "delete", "acme", typed="acme\n")
    assert "lives on" in run("tenant", "delete", "acme", "--take-back")
    assert "not asked for" in run("tenant", "delete", "acme", "--take-back", code=1)
    assert acts(desk) == ["company.deletion_asked", "company.deletion_taken_back"]


def test_without_grace_it_is_gone_at_once_and_its_slug_is_not_given_out_again(desk, acme, run):
    assert "is deleted" in run("tenant", "delete", "acme", "--now", "--yes")
    with desk.sessions.system() as session:
        assert session.scalars(select(Tenant.retired_at)).one() is not None
    assert "There is no tenant" in run("tenant", "delete", "acme", "--yes", code=1)
    assert "taken" in run("tenant", "add", "acme", "--name", "Acme", code=1)
    assert acts(desk)[-1] == "company.deleted"
