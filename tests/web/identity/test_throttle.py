import pytest
from redis import Redis

from portal.extensions import new_redis
from portal.identity.throttle import Throttle, network

AWAY = "redis://127.0.0.1:1/0"


@pytest.fixture(params=["redis", "memory"])
def throttle(request, redis_url):
    redis = new_redis(redis_url if request.param == "redis" else AWAY)
    yield Throttle(redis)
    redis.close()


def test_five_attempts_are_free_then_each_wait_doubles(throttle):
    assert [throttle.sign_in("a@example.com", f"10.0.0.{n}") for n in range(5)] == [0] * 5
    assert throttle.sign_in("a@example.com", "10.0.1.1") == 30
    assert 0 < throttle.sign_in("a@example.com", "10.0.1.2") <= 30
    assert throttle.sign_in("b@example.com", "10.0.1.3") == 0


def test_an_address_has_twenty_attempts(throttle):
    waits = [throttle.sign_in(f"user{n}@example.com", "10.0.0.1") for n in range(21)]
    assert waits[:20] == [0] * 20
    assert 0 < waits[20] <= 900
    assert throttle.sign_in("other@example.com", "10.0.0.2") == 0


def test_a_good_sign_in_forgets_the_failures_before_it(throttle):
    for _ in range(4):
        throttle.sign_in("a@example.com", "10.0.0.1")
    throttle.signed_in("a@example.com", "10.0.0.1")
    assert [throttle.sign_in("a@example.com", "10.0.0.1") for _ in range(5)] == [0] * 5


def test_other_limits_count_too(throttle):
    assert [throttle.allow("test", times=2, seconds=60) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
        ("x", "unknown"),
    ],
)
def test_a_household_shares_its_limit(address, same):
    assert network(address) == same


def test_no_address_of_a_person_is_kept(redis_url):
    redis: Redis = new_redis(redis_url)
    Throttle(redis).sign_in("secret.name@example.com", "10.0.0.1")
    assert not [key for key in redis.scan_iter() if b"secret" in key]
    redis.close()
