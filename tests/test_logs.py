"""One record is one line, whatever is in it; and it holds no row's values."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from contextvars import copy_context

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from portal import logs


def logged(act):
    """What a logger writes, as lines."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.OneLine())
    logger = logging.getLogger("portal.test_logs")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        act(logger)
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
    return stream.getvalue()


INJECTIONS = (
    "\r\n2026 INFO admin login",
    'x\n{"level": "INFO", "message": "admin login"}',
    "\x1b[2J\x1b[1;1Hnothing happened",
    "first\u2028second\u2029third\x85fourth",
    "\x00\x08\x7f\x9b31m",
    "\ud800",
)


@pytest.mark.parametrize("injected", INJECTIONS)
def test_a_record_is_one_line_whatever_is_in_it(injected):
    out = logged(lambda logger: logger.warning("refused %s", injected, extra={"link": injected}))

    assert out.endswith("\n")
    line = out[:-1]
    assert len(out.splitlines()) == 1
    assert line.isascii()
    assert line.isprintable()
    record = json.loads(line)
    assert record["message"] == f"refused {injected}"
    assert (record["level"], record["logger"]) == ("WARNING", "portal.test_logs")
    assert record["time"].endswith("+00:00")


@pytest.mark.parametrize("injected", INJECTIONS)
def test_a_terminal_shows_one_line_of_it_too(injected):
    line = logged(lambda logger: logger.warning("refused %s", injected))[:-1]

    for shown in (logs.readable(line), logs.readable(injected)):
        assert len(shown.splitlines()) <= 1
        assert "\x1b" not in shown
        assert "\x9b" not in shown


def test_a_terminal_shows_level_logger_message_and_the_last_of_an_exception():
    def fail(logger):
        try:
            int("seven")
        except ValueError:
            logger.exception("bug")

    last = "ValueError: invalid literal for int() with base 10: 'seven'"
    assert logs.readable(logged(fail)) == f"ERROR portal.test_logs: bug ({last})"
    assert logs.readable("plain words") == "plain words"


def test_an_exception_of_the_database_names_no_value(engine, tenant):
    def fail(logger):
        try:
            with engine.begin() as connection:
                connection.execute(
                    text(
                        "INSERT INTO app_user (id, email, name) SELECT gen_random_uuid(), :email, 'x'"
                        " FROM generate_series(1, 2)"
                    ),
                    {"email": "canary\n@example.com"},
                )
        except IntegrityError:
            logger.exception("bug")

    record = json.loads(logged(fail))
    assert "uq_app_user_email" in record["exception"]
    assert "canary" not in record["exception"]


def test_the_request_is_named():
    token = logs.reference.set("f00d")
    try:
        record = json.loads(logged(lambda logger: logger.error("bug")))
    finally:
        logs.reference.reset(token)
    assert record["reference"] == "f00d"


@pytest.mark.promise("MO-8")
def test_lines_name_what_is_worked_on_whoever_logs_them():
    def work(logger):
        with logs.about(run="a-run", connection=None):
            with logs.about(link="a-link"):
                logger.warning("inside")
            logger.warning("beside", extra={"link": "another"})
        logger.warning("after")

    inside, beside, after = (json.loads(line) for line in logged(work).splitlines())
    assert (inside["run"], inside["link"]) == ("a-run", "a-link")
    assert (beside["run"], beside["link"]) == ("a-run", "another")
    assert {"run", "link", "connection"}.isdisjoint(inside.keys() & after.keys())


def test_a_request_names_what_its_address_does_and_nothing_of_the_one_before():
    def answer(logger):
        logs.begin_request("f00d", {"link": "a-link"})
        logger.warning("first")
        logs.begin_request("beef", {})
        logger.warning("second")

    first, second = (json.loads(line) for line in copy_context().run(logged, answer).splitlines())
    assert (first["reference"], first["link"]) == ("f00d", "a-link")
    assert second["reference"] == "beef"
    assert "link" not in second


def test_a_process_that_dies_says_so_on_one_line():
    program = "from portal import logs; logs.configure(); raise ValueError('first\\nsecond')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    record = json.loads(line)
    assert record["level"] == "CRITICAL"
    assert "ValueError: first\nsecond" in record["exception"]
