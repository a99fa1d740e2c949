"""From ready to live: which step comes first, and which buttons there are."""

from __future__ import annotations

import pytest

from portal.blueprints.next_steps import Way, before_live
from portal.models import Preview

DONE, READING, FAILED = (Preview(state=state) for state in ("done", "reading", "failed"))

WAYS: tuple[tuple[str, Way, str, list[str], list[str]], ...] = (
    # What is known; then the step that comes first, the buttons, and what is done.
    ("nothing ran", Way(ran=False, blocking=("SKU",), preview=None), "Check both sides",
     ["Check both sides", "Preview"], []),
    ("a check blocks", Way(ran=True, blocking=("SKU",), preview=None), "See what blocks",
     ["See what blocks", "Preview"], []),
    ("it blocks, with a preview", Way(ran=True, blocking=("SKU", "Rep"), preview=DONE), "See what blocks",
     ["See what blocks"], ["previewed"]),
    ("nothing blocks", Way(ran=True, blocking=(), preview=None), "Preview",
     ["Preview", "Go live"], ["checked"]),
    ("a preview is made", Way(ran=True, blocking=(), preview=READING), "",
     ["See how far it is", "Go live"], ["checked"]),
    ("a preview did not work", Way(ran=True, blocking=(), preview=FAILED), "Preview",
     ["Preview", "Go live"], ["checked"]),
    ("previewed", Way(ran=True, blocking=(), preview=DONE), "Go live", ["Go live"],
     ["checked", "previewed"]),
)  # fmt: skip


@pytest.mark.promise("ON-1")
@pytest.mark.parametrize(("known", "first", "buttons", "done"), [row[1:] for row in WAYS],
                         ids=[row[0] for row in WAYS])  # fmt: skip
def test_one_step_comes_first_and_live_waits_for_what_blocks(known, first, buttons, done):
    steps = list(before_live(known))
    assert [step.label for step in steps if step.first] == [first] * bool(first)
    assert [step.label for step in steps if step.label] == buttons
    assert [
        word for step in steps if step.done for word in ("checked", "previewed") if word in step.text
    ] == done
