import pytest

from portal.sync.addresses import WrongAddress, check_address, check_receiver, segment
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


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/trellis",
        "https://hooks.example.com/trellis?team=7&key=a%20b",
        "https://HOOKS.example.com:443/",
        "https://8.8.8.8/hook",
        "https://xn--bcher-kva.example/",
    ],
)
def test_a_receiver_may_be_any_host_of_the_public_internet_and_is_called_as_it_was_written(url):
    address = check_receiver(f" {url} ", allow_loopback=False)
    assert (address.url, address.loopback) == (url, False)


INSIDE = [
    "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f.1/", "https://0x7f000001/",
    "https://017700000001/", "https://10.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/",
    "https://[::ffff:8.8.8.8]/", "https://[fe80::1]/", "https://[64:ff9b::7f00:1]/", "https://localhost/",
    "https://localhost./", "https://db.internal/", "https://printer.local./", "https://intranet/",
    "https://1.0.0.127.in-addr.arpa/",
]  # fmt: skip


@pytest.mark.parametrize("url", INSIDE)
def test_a_receiver_is_nowhere_but_on_the_public_internet(url):
    with pytest.raises(WrongAddress, match="public internet"):
        check_receiver(url, allow_loopback=False)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "not a web address"),
        ("hooks.example.com", "not a web address"),
        ("https://hooks.example.com/a b", "not a web address"),
        ("https://hooks.example.com/\r\nX: 1", "not a web address"),
        ("https://hooks\u3002example.com/", "not a web address"),
        ("http://hooks.example.com/", "https"),
        ("ftp://hooks.example.com/", "https"),
        ("https://hooks.example.com:8443/", "port"),
        ("https://hooks.example.com@10.0.0.1/", "user name"),
        ("https://hooks.example.com/#x", "#"),
        ("http://127.0.0.1:9000/", "https"),
    ],
)
def test_what_is_no_address_of_a_receiver_is_refused_in_words(url, reason):
    with pytest.raises(WrongAddress, match=reason):
        check_receiver(url, allow_loopback=False)


def test_the_developer_switch_lets_a_receiver_be_on_this_machine_by_its_address_alone():
    assert check_receiver("http://127.0.0.1:9000/hook", allow_loopback=True).loopback
    for url in ("http://localhost:9000/", "http://10.0.0.1:80/", "http://127.0.0.1/", "https://127.0.0.1/"):
        with pytest.raises(WrongAddress):
            check_receiver(url, allow_loopback=True)
