"""Pages that show the same are rendered once."""

import threading

import pytest

from portal.live.shared import Shared


class Clock:
    """Stands still until it is moved."""

    now = 1_000.0

    def __call__(self):
        return self.now


def test_whoever_asks_for_the_same_within_some_seconds_gets_the_same():
    shared, rendered = Shared(), []

    def render():
        rendered.append("once")
        return "html"

    assert {shared.get("mine", render) for _ in range(500)} == {"html"}
    assert rendered == ["once"]


def test_what_looks_otherwise_is_rendered_by_itself():
    shared = Shared()
    assert shared.get(("mine", "viewer"), lambda: "one") == "one"
    assert shared.get(("mine", "admin"), lambda: "two") == "two"


def test_once_it_is_old_it_is_rendered_anew():
    clock = Clock()
    shared = Shared(seconds=5, clock=clock)
    assert shared.get("mine", lambda: "old") == "old"
    clock.now += 5
    assert shared.get("mine", lambda: "new") == "new"


def test_while_one_renders_anew_the_others_get_what_was_there():
    clock = Clock()
    shared = Shared(seconds=5, clock=clock)
    shared.get("mine", lambda: "old")
    clock.now += 5
    begun, go_on = threading.Event(), threading.Event()

    def slowly():
        begun.set()
        assert go_on.wait(10)
        return "new"

    slow = threading.Thread(target=shared.get, args=("mine", slowly))
    slow.start()
    assert begun.wait(10)
    assert shared.get("mine", lambda: pytest.fail("a second one renders")) == "old"
    go_on.set()
    slow.join()
    assert shared.get("mine", lambda: pytest.fail("it was just rendered")) == "new"


def test_only_so_many_are_kept():
    shared = Shared()
    for number in range(2_000):
        shared.get(number, lambda: "html")
    assert shared.get(0, lambda: "again") == "again"
    assert shared.get(1_999, lambda: "again") == "html"
