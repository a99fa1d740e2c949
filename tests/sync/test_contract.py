"""Pages of whole rows, as every client reads them."""

import pytest

from portal.sync.contract import Rows
from portal.sync.reading import Fields


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"id": "b"}, "b"),
        ({"id": 7}, "7"),
        ({"id": None}, ""),
        ({"id": {"of": "nothing"}}, "{'of': 'nothing'}"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_stops_no_other(wrong, named):
    page = [Fields({"id": "a", "sku": "A"}), Fields(wrong), Fields({"id": "c", "sku": "C"})]
    found = Rows.read(page, lambda row: row.text("sku"), 3, "next")
    assert (found.rows, found.total, found.position) == (("A", "C"), 3, "next")
    ((name, error),) = found.unreadable
    assert name == named
    assert "sku" in str(error)
