from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.blueprints import presentation
from portal.models import CONNECTION_STATES, LINK_STATES

PACIFIC = ZoneInfo("America/Los_Angeles")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (1.42, "1.4 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (600, "10 min"),
        (7800, "2 h 10 min"),
        (86400, "1 day"),
        (90000, "1 day 1 h"),
        (864000, "10 days"),
    ],
)
def test_a_length_is_said_in_two_units(seconds, words):
    assert presentation.span(seconds) == presentation.span(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("1842", "$1,842.00"),
        ("4.7500", "$4.75"),
        ("4.7525", "$4.7525"),
        ("-3", "-$3.00"),
        (None, "–"),
        ("NaN", "NaN"),
        ("abc", "abc"),
    ],
)
def test_money_keeps_its_decimals(amount, words):
    assert presentation.money(amount) == words


@pytest.mark.fault(65)
def test_times_are_in_the_tenants_zone_and_name_it():
    at = datetime(2026, 7, 4, 19, 30, 5, 123456, UTC)
    year = "" if datetime.now(UTC).year == 2026 else ", 2026"
    assert presentation.clock(at, PACIFIC) == f"Jul 4{year}, 12:30:05 PDT"
    assert presentation.moment(at, PACIFIC).endswith(" 12:30:05.123")
    assert presentation.iso(at) == "2026-07-04T19:30:05.123+00:00"


def test_every_state_has_its_words():
    assert set(presentation.ORDER_WORDS) == set(LINK_STATES)
    assert (
        set(presentation.CONNECTION_WORDS) == set(presentation.CONNECTION_MEANING) == set(CONNECTION_STATES)
    )
