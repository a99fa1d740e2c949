"""Deadlines: an act is called once its time is up, and never after it was called off."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

from portal.sync.deadlines import Deadlines

_LONG, _SHORT = 30.0, 0.05


def test_what_takes_too_long_is_ended_by_another_thread():
    over, by = threading.Event(), []

    def end():
        by.append(threading.current_thread().name)
        over.set()

    with Deadlines().after(_SHORT, end):
        assert over.wait(10)

    assert by == ["deadlines"]


def test_what_ended_in_time_is_left_alone():
    deadlines, called = Deadlines(), []
    with deadlines.after(_SHORT, lambda: called.append("late")):
        pass
    with deadlines.after(_LONG, lambda: called.append("never")):
        time.sleep(3 * _SHORT)

    assert called == []


def test_a_shorter_time_is_up_first_whoever_came_first():
    deadlines, over = Deadlines(), threading.Event()
    with deadlines.after(_LONG, lambda: None), deadlines.after(_SHORT, over.set):
        assert over.wait(10)


def test_a_new_deadline_is_kept_after_all_others_have_ended():
    deadlines, over = Deadlines(), threading.Event()
    with deadlines.after(_SHORT, lambda: None):
        time.sleep(3 * _SHORT)
    with deadlines.after(_SHORT, over.set):
        assert over.wait(10)


def test_many_deadlines_share_one_thread():
    deadlines = Deadlines()
    before = threading.active_count()
    with deadlines.after(_LONG, lambda: None), deadlines.after(_LONG, lambda: None):
        assert threading.active_count() == before + 1


_FORKS = """
import os, threading
from portal.sync.deadlines import Deadlines

deadlines, over = Deadlines(), threading.Event()
with deadlines.after(30, lambda: None):
    pass
if child := os.fork():
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
with deadlines.after(0.05, over.set):
    os._exit(0 if over.wait(10) else 1)
"""


def test_a_forked_process_waits_for_its_own_deadlines():
    subprocess.run([sys.executable, "-W", "ignore", "-c", _FORKS], check=True, timeout=60)
