from dataclasses import replace

import pytest

from portal.models import new_id
from portal.sync import mail
from portal.sync.mail import transport
from tests.web.conftest import Visitor, built


@pytest.fixture
def demo(settings, tmp_path):
    with built(replace(settings, demo=True, data=tmp_path)) as app:
        app.testing = True
        yield app


def test_the_mail_of_the_demo_is_read_newest_first_and_its_links_lead_to_this_site_only(demo, settings):
    there = demo.extensions["trellis"].settings
    for subject, text in (
        ("Older <b>", "Hello\nhttps://evil.example/x"),
        ("Newer", f"Choose it here:\n{settings.public_url}/reset/link?token=abc\n"),
    ):
        transport.send(there, new_id(), "notice", mail.Message("olive@acme.example", subject, text))
    page = Visitor(demo).get("/demo/mail").text
    assert page.index("Newer") < page.index("Older &lt;b&gt;")
    assert f'<a href="{settings.public_url}/reset/link?token=abc">' in page
    assert 'href="https://evil.example' not in page


def test_there_is_no_such_page_outside_of_the_demo(anybody):
    assert anybody.get("/demo/mail").status_code == 404


def test_a_demo_without_mail_says_so(demo):
    assert "No mail yet" in Visitor(demo).get("/demo/mail").text
