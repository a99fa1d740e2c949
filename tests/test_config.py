"""Settings: a wrong one is one line that says what to do."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from portal.config import DEMO_PACE, WrongSetting, from_environment
from portal.embedded.private import secret_file

# Keys of nobody, made once at random.
RAW = bytes.fromhex("9f1c07e2a4b86d35f0127ac9e85b43d6be6f90211d7c54a3088ecb42f7395a6d")
KEY = base64.b64encode(RAW).decode()
FROM_FILE = "file-Rk3vT9wQz7LxN2bHs6YcU1mJdG8pEa4o"
SECRET = "hush-qE7vY2mZt0c9XbW4uL1sKd8RfJ5nPgA6"
GOOD = {
    "DATABASE_URL": "postgresql://trellis:hush-database@127.0.0.1/trellis",
    "REDIS_URL": "redis://:hush-redis@127.0.0.1:6379/0",
    "TRELLIS_SECRET_KEY": SECRET,
    "TRELLIS_MASTER_KEY": KEY,
}


def test_the_settings_of_an_ordinary_installation_are_read():
    settings = from_environment(GOOD)

    assert settings.database_url == "postgresql+psycopg://trellis:hush-database@127.0.0.1/trellis"
    assert settings.master_keys == {"k1": RAW}
    assert (settings.settle_seconds, settings.lease_seconds, settings.links_at_once) == (180.0, 45.0, 8)
    assert not settings.allow_loopback


@pytest.mark.parametrize(
    ("changed", "names", "says"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL", "trellis up"),
        ({"DATABASE_URL": "sqlite:///x.db"}, "DATABASE_URL", "PostgreSQL only"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL", "for example postgresql://"),
        ({"MIGRATION_DATABASE_URL": "oracle://x"}, "MIGRATION_DATABASE_URL", "for example"),
        ({"REDIS_URL": " "}, "REDIS_URL", "for example redis://"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL", "for example redis://"),
        ({"TRELLIS_SECRET_KEY": ""}, "TRELLIS_SECRET_KEY", "make one with"),
        ({"TRELLIS_SECRET_KEY": "short"}, "TRELLIS_SECRET_KEY", "32 characters"),
        ({"TRELLIS_MASTER_KEY": ""}, "TRELLIS_MASTER_KEY", "make one with"),
        ({"TRELLIS_MASTER_KEY": ","}, "TRELLIS_MASTER_KEY", "make one with"),
        ({"TRELLIS_MASTER_KEY": "not base64!"}, "TRELLIS_MASTER_KEY", "32 bytes"),
        ({"TRELLIS_MASTER_KEY": base64.b64encode(b"k" * 16).decode()}, "TRELLIS_MASTER_KEY", "32 bytes"),
        ({"TRELLIS_MASTER_KEY": f"a:{KEY},b:nope"}, "TRELLIS_MASTER_KEY", "32 bytes"),
        ({"TRELLIS_MASTER_KEY": f"a:{KEY},a:{KEY}"}, "TRELLIS_MASTER_KEY", "two keys called 'a'"),
        ({"PORT": "http"}, "PORT", "1 to 65535"),
        ({"PORT": "0"}, "PORT", "1 to 65535"),
        ({"PORT": "70000"}, "PORT", "1 to 65535"),
        ({"PORT": "-1"}, "PORT", "1 to 65535"),
        ({"PORT": "\u0663"}, "PORT", "1 to 65535"),
        ({"SANDBOX_PORT": "8.1"}, "SANDBOX_PORT", "1 to 65535"),
        ({"TRELLIS_LINKS_AT_ONCE": "many"}, "TRELLIS_LINKS_AT_ONCE", "whole number"),
        ({"TRELLIS_SMTP_URL": "http://mail.example.com"}, "TRELLIS_SMTP_URL", "smtp://"),
        ({"TRELLIS_SMTP_URL": "smtp://"}, "TRELLIS_SMTP_URL", "smtp://"),
        ({"TRELLIS_SMTP_URL": "smtp://u:p@h:port"}, "TRELLIS_SMTP_URL", "smtp://"),
        ({"TRELLIS_SMTP_URL": "smtp://mail.example.com"}, "TRELLIS_MAIL_FROM", "not set"),
        ({"TRELLIS_MAIL_FROM": "nobody"}, "TRELLIS_MAIL_FROM", "give an address"),
        ({"TRELLIS_MAIL_FROM": "a@example.com\nBcc: b@example.com"}, "TRELLIS_MAIL_FROM", "give an address"),
        ({"TRELLIS_METRICS_TOKEN": "secret"}, "TRELLIS_METRICS_TOKEN", "32 characters"),
        ({"TRELLIS_PAGES_PER_MINUTE": "0"}, "TRELLIS_PAGES_PER_MINUTE", "whole number"),
        ({"TRELLIS_LIVE_WATCHERS": "0"}, "TRELLIS_LIVE_WATCHERS", "whole number"),
        ({"TRELLIS_SETTLE_SECONDS": "soon"}, "TRELLIS_SETTLE_SECONDS", "less than a day"),
        ({"TRELLIS_SETTLE_SECONDS": "0"}, "TRELLIS_SETTLE_SECONDS", "more than 0"),
        ({"TRELLIS_LEASE_SECONDS": "nan"}, "TRELLIS_LEASE_SECONDS", "more than 0"),
        ({"TRELLIS_POLL_SECONDS": "inf"}, "TRELLIS_POLL_SECONDS", "less than a day"),
        ({"TRELLIS_SWEEP_SECONDS": "-5"}, "TRELLIS_SWEEP_SECONDS", "more than 0"),
        ({"TRELLIS_BACKOFF_CAP_SECONDS": "1e9"}, "TRELLIS_BACKOFF_CAP_SECONDS", "less than a day"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it_and_says_what_to_do(changed, names, says):
    with pytest.raises(WrongSetting) as refused:
        from_environment(GOOD | changed)

    message = str(refused.value)
    assert message.startswith(names)
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "content",
    [None, "", "no json", "[]", '"text"', '{"secret_key": 5}', '{"master_key": ["x"]}', b"\xff\xfe"],
)
def test_a_secret_file_that_cannot_be_used_is_named(tmp_path: Path, content):
    path = tmp_path / "secrets"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(WrongSetting) as refused:
        from_environment(
            {
                "DATABASE_URL": GOOD["DATABASE_URL"],
                "REDIS_URL": GOOD["REDIS_URL"],
                "TRELLIS_SECRET_FILE": str(path),
            }
        )

    assert "TRELLIS_SECRET" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_secrets_come_from_a_file_and_the_environment_wins(tmp_path: Path):
    path = tmp_path / "secrets"
    path.touch(0o640)
    path.write_text(json.dumps({"secret_key": FROM_FILE, "master_key": KEY, "master_key_id": "k9"}))
    env = {name: GOOD[name] for name in ("DATABASE_URL", "REDIS_URL")} | {"TRELLIS_SECRET_FILE": str(path)}

    assert from_environment(env).secret_key == FROM_FILE
    assert list(from_environment(env).master_keys) == ["k9"]
    assert from_environment(env | {"TRELLIS_SECRET_KEY": f"e{SECRET}"}).secret_key == f"e{SECRET}"


def test_several_master_keys_are_read_and_the_first_encrypts():
    other = base64.b64encode(b"o" * 32).decode()

    keys = from_environment(GOOD | {"TRELLIS_MASTER_KEY": f"new:{KEY}, old:{other}"}).master_keys

    assert list(keys.items()) == [("new", RAW), ("old", b"o" * 32)]


@pytest.mark.parametrize("prefix", ["postgresql://", "postgres://", "postgresql+psycopg://"])
def test_every_usual_spelling_of_a_postgresql_address_is_understood(prefix):
    assert (
        from_environment(GOOD | {"DATABASE_URL": f"{prefix}h/d"}).database_url == "postgresql+psycopg://h/d"
    )


def test_the_demo_has_its_own_pace_and_an_explicit_setting_wins():
    demo = from_environment(GOOD | {"TRELLIS_DEMO": "1", "TRELLIS_SETTLE_SECONDS": "3"})

    assert demo.backoff_cap_seconds == DEMO_PACE["backoff_cap_seconds"]
    assert demo.poll_seconds == DEMO_PACE["poll_seconds"]
    assert demo.settle_seconds == 3
    assert demo.allow_loopback


def test_settings_do_not_show_their_secrets():
    shown = repr(from_environment(GOOD))

    assert "hush" not in shown
    assert KEY not in shown
    assert "9f1c" not in shown


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize(
    "weak",
    [
        "x" * 40,
        "test" * 10,
        "fuzz" * 10,
        "0123456789" * 4,
        "change-me-before-you-go-live-or-else",
        "django-insecure-8fj2k1l9x0c7v6b5n4m3q2w1",
        "This is the default key of our installation",
        "my-trellis-key-0123456789-abcdefghij",
        "your-key-here-your-key-there-12345678",
        "aabbaabbccddaabbccddaabbccddaabbccdd"[:31] + "a",
    ],
)
def test_a_secret_key_that_anybody_could_guess_is_refused_and_says_how_to_make_one(weak):
    with pytest.raises(WrongSetting, match=r"^TRELLIS_SECRET_KEY is .*make one with: python3") as refused:
        from_environment(GOOD | {"TRELLIS_SECRET_KEY": weak})
    assert weak not in str(refused.value)


@pytest.mark.parametrize(
    "weak",
    [
        bytes(32),
        b"\xff" * 32,
        b"test" * 8,
        b"\x01\x02\x03\x04" * 8,
        bytes(range(32)),
        bytes(range(255, 223, -1)),
        bytes(range(0, 224, 7)),
        b"correct horse battery staple 123"[:32],
        b"0123456789abcdef0123456789ABCDEF",
        bytes.fromhex("9f1c07e2a4b86d35f0127ac9e85b43d6") * 2,
    ],
)
def test_a_master_key_that_anybody_could_guess_seals_nothing_and_only_opens_what_it_sealed(weak):
    with pytest.raises(WrongSetting, match=r"^TRELLIS_MASTER_KEY is .*make one with: python3"):
        from_environment(GOOD | {"TRELLIS_MASTER_KEY": encoded(weak)})

    both = from_environment(GOOD | {"TRELLIS_MASTER_KEY": f"new:{KEY},old:{encoded(weak)}"})
    assert list(both.master_keys) == ["new", "old"]


def test_keys_made_as_the_message_says_or_by_trellis_up_are_never_refused(tmp_path: Path):
    for _ in range(300):
        env = {"TRELLIS_SECRET_KEY": encoded(os.urandom(32)), "TRELLIS_MASTER_KEY": encoded(os.urandom(32))}
        from_environment(GOOD | env)
        from_environment(GOOD | {"TRELLIS_SECRET_KEY": os.urandom(16).hex()})
    env = {name: GOOD[name] for name in ("DATABASE_URL", "REDIS_URL")}
    from_environment(env | {"TRELLIS_SECRET_FILE": str(secret_file(tmp_path / "secrets"))})


def test_the_demo_may_have_any_key():
    weak = {"TRELLIS_SECRET_KEY": "k" * 40, "TRELLIS_MASTER_KEY": encoded(bytes(32))}
    assert from_environment(GOOD | weak | {"TRELLIS_DEMO": "1"}).demo


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602, 0o620, 0o666])
def test_a_secret_file_that_others_may_open_is_refused(tmp_path: Path, mode: int):
    path = secret_file(tmp_path / "secrets")
    path.chmod(mode)
    env = {name: GOOD[name] for name in ("DATABASE_URL", "REDIS_URL")} | {"TRELLIS_SECRET_FILE": str(path)}

    with pytest.raises(WrongSetting, match=f"chmod 600 {path}"):
        from_environment(env)


def test_keys_of_before_still_open_what_they_signed():
    settings = from_environment(GOOD | {"TRELLIS_SECRET_KEY_FALLBACKS": " one , two "})
    assert settings.secret_key_fallbacks == ("one", "two")
