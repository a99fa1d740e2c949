"""`trellis audit`: what it verifies, shows and writes down."""

from __future__ import annotations

import json
import os

from sqlalchemy import text

from tests.sync.audit.chains import tampering


def test_an_untouched_record_verifies_and_says_what_was_done(run, read):
    run("tenant", "add", "acme", "--name", "Acme")
    run("writes", "stop", "--tenant", "acme", "--reason", "stock count")

    assert run("audit", "verify") == "✓ acme: 1 acts\n✓ installation: 1 acts\n"
    (act,) = read("audit", "show", "--tenant", "acme")
    assert (act["seq"], act["actor"], act["action"]) == (1, "command line", "writes.stopped")
    assert act["detail"] == {"reason": "stock count"}


def test_a_tamper_is_named_and_the_command_fails(run, read, engine):
    run("tenant", "add", "acme", "--name", "Acme")
    with tampering(engine) as connection:
        connection.execute(text("UPDATE audit_event SET actor = 'nobody'"))

    assert "row 1 was changed: its hash does not fit" in run("audit", "verify", code=1)
    found = read("audit", "verify", "--tenant", "installation", "--json", code=1)
    assert found["installation"]["findings"] == [
        {"kind": "changed", "seq": 1, "words": "row 1 was changed: its hash does not fit"}
    ]


def test_a_chain_that_was_anchored_and_is_gone_is_missed(run, engine, env):
    run("tenant", "add", "acme", "--name", "Acme")
    assert "the ends of 1 chain " in run("audit", "anchor")
    assert "the ends of 0 chains " in run("audit", "anchor")  # only when something moved
    with tampering(engine) as connection:
        connection.execute(text("DELETE FROM audit_event"))
        connection.execute(text("DELETE FROM audit_head"))

    assert "all rows are missing" in run("audit", "verify", code=1)


def test_anchors_that_cannot_be_written_say_so(run, env, tmp_path):
    (tmp_path / "anchors.jsonl").mkdir()
    run("tenant", "add", "acme", "--name", "Acme")

    assert "cannot be written to" in run("audit", "anchor", code=1)


def test_an_unknown_company_is_refused(run):
    assert "no tenant" in run("audit", "verify", "--tenant", "nope", code=1)


def test_the_file_of_anchors_is_its_owners_alone_and_only_grows(run, env):
    run("tenant", "add", "acme", "--name", "Acme")
    run("audit", "anchor")
    path = env["TRELLIS_AUDIT_ANCHORS"]
    with open(path, "a") as file:
        file.write('{"at": "torn')
    run("tenant", "add", "other", "--name", "Other")
    run("audit", "anchor")

    assert os.stat(path).st_mode & 0o777 == 0o600
    with open(path) as file:
        whole = [json.loads(line) for line in file if not line.startswith('{"at": "torn')]
    assert [line["seq"] for line in whole] == [1, 2]
    assert run("audit", "verify") == "✓ installation: 2 acts\n"
