import pytest

from portal.sync.personal import hide, hide_change


@pytest.mark.parametrize(
    ("text", "personal"),
    [
        ("Mail kim.doe+x@mail.example now", "kim.doe+x@mail.example"),
        ("Ring (510) 555-0142 first", "(510) 555-0142"),
        ("Ring 510.555.0142", "510.555.0142"),
        ("Ring 1-510-555-0142!", "510-555-0142"),
        ("Ring 5105550142", "5105550142"),
        ("Ring +44 20 7946 0958", "7946 0958"),
        ("phone: 555 0142", "555 0142"),
        ("DOB 02/03/1990", "02/03/1990"),
        ("born on March 2, 1990", "March 2, 1990"),
        ("Date of birth: 1990-03-02", "1990-03-02"),
        ("medical id MMJ-4417-22", "4417"),
        ("Patient no. 881234", "881234"),
        ("Caregiver card #CG77123", "CG77123"),
        ("Leave it at 1200 Harbor Bay Parkway, Suite 4", "1200 Harbor"),
        ("Leave it at 12 W. Elm St.", "Elm"),
        ('{"phone": "5550142", "sku": "A"}', "5550142"),
        ('{"ship_address": "Rear door"}', "Rear door"),
    ],
)
def test_personal_data_is_hidden_in_the_middle_of_a_text(text, personal):
    assert personal not in hide(text)
    assert "***" in hide(text)


@pytest.mark.parametrize(
    "text",
    [
        "Order 4F2A-1187 for C11-0000214-LIC",
        "6f1c1d0a-2b3c-4d5e-8f90-a1b2c3d4e5f6",
        "/t/greenleaf/orders/01a21ae7-3aa4-7a05-b350-a4579369d6b8",
        "Created 00018842 at 2026-03-02T12:00:00Z, 412 ms",
        "24 eaches of BD-35-LMN at $4.75, 1,842.00 in all",
        "Blue Dream 3.5 g, Lemon · 1 case × 24",
        "The order was placed 2026-03-02 and shipped 03/04/2026.",
        "PUT, second attempt, 1764211076",
        "Net 15, 2 lines",
    ],
)
def test_what_is_no_personal_data_stays(text):
    assert hide(text) == text


def test_a_changed_field_is_hidden_by_its_name():
    assert hide_change("Phone", "5") == "***"
    assert hide_change("Birth date", "x") == "***"
    assert hide_change("Phone", None) is None
    assert hide_change("Quantity", "5") == "5"
