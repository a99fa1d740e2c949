"""The ends of the chains are written down outside the database, every hour, by whoever sweeps."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace

import pytest
from sqlalchemy import text

from portal.models import utc_now
from portal.sync import cron
from portal.sync.audit import anchors
from tests.sync.audit.chains import grow, tampering


@pytest.fixture
def path(tmp_path):
    return tmp_path / "anchors.jsonl"


def test_the_schedule_writes_them_down_and_logs_them(desk, tenant_id, path, caplog):
    grow(desk, tenant_id, 3)
    caplog.set_level(logging.INFO)
    stop = threading.Event()
    scheduling = replace(desk, settings=replace(desk.settings, audit_anchors=path, sweep_seconds=0.01))
    thread = threading.Thread(target=cron.run, args=(scheduling, stop))
    thread.start()
    try:
        for _ in range(500):
            if path.exists() and path.read_text().endswith("\n"):
                break
            stop.wait(0.05)
        stop.wait(0.2)  # sweeps go on
    finally:
        stop.set()
        thread.join(20)

    (line,) = path.read_text().splitlines()  # once, not at each sweep
    assert (json.loads(line)["chain"], json.loads(line)["seq"]) == (str(tenant_id), 3)
    assert f"audit anchor: chain {tenant_id}, row 3, " in caplog.text


def test_only_chains_that_moved_are_written_again(desk, tenant_id, path):
    grow(desk, tenant_id, 1)
    assert len(anchors.write(desk.sessions, path)) == 1
    assert anchors.write(desk.sessions, path) == []
    grow(desk, tenant_id, 1)

    assert [anchor.seq for anchor in anchors.write(desk.sessions, path)] == [2]
    assert [anchor.seq for anchor in anchors.read(path)] == [1, 2]


def test_several_processes_at_once_do_no_harm(desk, tenant_id, path):
    grow(desk, tenant_id, 2)
    threads = [threading.Thread(target=anchors.write, args=(desk.sessions, path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {(anchor.chain, anchor.seq) for anchor in anchors.read(path)} == {(tenant_id, 2)}


def test_a_file_that_cannot_be_written_to_is_said_and_tried_again_soon(desk, tenant_id, tmp_path, caplog):
    grow(desk, tenant_id, 1)
    blocked = replace(desk, settings=replace(desk.settings, audit_anchors=tmp_path))

    assert cron._anchor(blocked) == cron._AGAIN_SECONDS
    assert "the audit's anchors cannot be written to" in caplog.text


def test_the_oldest_act_that_no_anchor_knows_is_found(desk, tenant_id, path, engine):
    def since():
        with desk.sessions.system() as session:
            return anchors.unanchored_since(session, path)

    assert since() is None
    grow(desk, tenant_id, 2)
    with tampering(engine) as connection:
        connection.execute(text("UPDATE audit_event SET at = at - interval '3 hours' WHERE seq = 1"))
    assert utc_now() - since() > anchors.LATE
    anchors.write(desk.sessions, path)
    assert since() is None


def test_the_end_of_a_long_file_is_enough_for_the_last_anchors(desk, tenant_id, path):
    for _ in range(3):
        grow(desk, tenant_id, 1)
        anchors.write(desk.sessions, path)

    assert [anchor.seq for anchor in anchors.read(path, reach=300)] == [3]


@pytest.mark.parametrize("name", ["", "none", "file/in-a-file"])
def test_a_file_that_cannot_be_read_holds_no_anchors(tmp_path, name):
    (tmp_path / "file").touch()

    assert list(anchors.read(tmp_path / name)) == []
