import pytest

from portal.sync.addresses import WrongAddress, check_address, segment
from portal.sync.errors import Rejected, Unreadable

HOSTS = ("app.leaflink.com", "www.leaflink.com")


@pytest.mark.parametrize(
    "url",
    [
        "https://app.leaflink.com/api/v2/",
        "https://app.leaflink.com/api/v2",
        "https://APP.leaflink.com:443/api/v2/",
        " https://www.leaflink.com ",
    ],
)
def test_https_on_a_listed_host_is_let_in(url):
    assert check_address(url, hosts=HOSTS, allow_loopback=False).url.endswith("/")


REFUSED = [
    # address, part of the reason
    ("", "not a web address"),
    ("leaflink", "not a web address"),
    ("https://", "not a web address"),
    ("https://app.leaflink.com:0/", "not a web address"),
    ("https://app.leaflink.com:99999/", "not a web address"),
    ("https://app.leaflink.com:x/", "not a web address"),
    ("https://app.leaflink.com/\r\nX: 1", "not a web address"),
    ("https://app.leaflink.com/a b", "not a web address"),
    ("http://app.leaflink.com/", "https"),
    ("ftp://app.leaflink.com/", "https"),
    ("https://app.leaflink.com:8443/", "port"),
    ("https://app.leaflink.com.evil.com/", "host"),
    ("https://evil.com/app.leaflink.com", "host"),
    ("https://app.leaflink.com./", "host"),
    ("https://169.254.169.254/", "host"),
    ("https://localhost/", "host"),
    ("https://[::ffff:127.0.0.1]/", "host"),
    ("https://app。leaflink。com/", "host"),
    ("https://app.leaflink.com@evil.com/", "user name"),
    ("https://:secret@app.leaflink.com/", "user name"),
    ("https://app.leaflink.com\\@evil.com/", "user name"),
    ("https://app.leaflink.com/?next=", "end with its path"),
    ("https://app.leaflink.com/#x", "end with its path"),
    ("http://127.0.0.1:8100/", "https"),
]


@pytest.mark.parametrize(("url", "reason"), REFUSED)
def test_everything_else_is_refused_in_words(url, reason):
    with pytest.raises(WrongAddress, match=reason):
        check_address(url, hosts=HOSTS, allow_loopback=False)


def test_the_developer_switch_lets_in_the_sandbox_and_nothing_more():
    sandbox = check_address("http://127.0.0.1:8100/leaflink/api/v2/", hosts=HOSTS, allow_loopback=True)
    assert sandbox.below("orders-received/") == "http://127.0.0.1:8100/leaflink/api/v2/orders-received/"
    for url in (
        "http://127.0.0.1/",
        "https://127.0.0.1:8100/",
        "http://127.1:8100/",
        "http://0x7f.1:8100/",
        "http://2130706433:8100/",
        "http://localhost:8100/",
        "http://[::1]:8100/",
        "http://10.0.0.1:8100/",
        "http://app.leaflink.com:8100/",
    ):
        with pytest.raises(WrongAddress):
            check_address(url, hosts=HOSTS, allow_loopback=True)


def test_paths_stay_below_the_address_and_urls_on_its_host():
    address = check_address("https://app.leaflink.com/api/v2/", hosts=HOSTS, allow_loopback=False)
    assert address.below("/orders/?q=http://x") == "https://app.leaflink.com/api/v2/orders/?q=http://x"
    same = "https://app.leaflink.com:443/api/v2/orders/?offset=100"
    assert address.below(same) == same
    for url in (
        "http://app.leaflink.com/api/v2/",
        "https://www.leaflink.com/api/v2/",
        "https://app.leaflink.com:444/",
        "https://user@app.leaflink.com/",
        "https://app.leaflink.com\\@evil.com/",
        "https://[broken/",
        "file:///etc/passwd",
    ):
        with pytest.raises(Unreadable):
            address.below(url)


def test_an_id_is_one_segment_whatever_it_holds():
    assert segment("a/b?c#d %") == "a%2Fb%3Fc%23d%20%25"
    for wrong in ("", " ", ".", ".."):
        with pytest.raises(Rejected, match="not an id"):
            segment(wrong)
