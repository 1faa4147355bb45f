import asyncio

import pytest

from serving.limits import RateLimiter, SecurityHeaders
from serving.problems import RequestError, problem_response


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def limiter(clock):
    return RateLimiter(clock)


def seconds_to_wait(limiter, per_minute, **arguments):
    with pytest.raises(RequestError, match=f"more requests than the {per_minute} a minute") as caught:
        limiter.take("key", per_minute, **arguments)
    return int(problem_response(caught.value, None).headers["retry-after"])


def test_a_minutes_requests_may_come_at_once_and_no_more(limiter):
    for _ in range(60):
        limiter.take("key", 60)
    assert seconds_to_wait(limiter, 60) == 1


def test_a_bucket_fills_at_its_rate_and_never_over(limiter, clock):
    for _ in range(6):
        limiter.take("key", 6)
    assert seconds_to_wait(limiter, 6) == 10
    clock.now = 9.9
    assert seconds_to_wait(limiter, 6) == 1
    clock.now = 10.0
    limiter.take("key", 6)
    clock.now = 10_000.0
    for _ in range(6):
        limiter.take("key", 6)
    assert seconds_to_wait(limiter, 6) == 10


def test_who_waits_as_long_as_told_is_let_in(limiter, clock):
    for per_minute in (1, 7, 59, 601):
        for _ in range(per_minute):
            limiter.take("key", per_minute)
        clock.now += seconds_to_wait(limiter, per_minute)
        limiter.take("key", per_minute)
        clock.now += 10_000


def test_keys_do_not_share_a_bucket_and_no_limit_is_none(limiter):
    limiter.take("key", 1)
    limiter.take("other", 1)
    for _ in range(1000):
        limiter.take("free", None)
    assert seconds_to_wait(limiter, 1) == 60


def test_a_batch_leaves_its_key_in_debt(limiter, clock):
    limiter.take("key", 60)
    limiter.charge("key", 60, 89)
    assert seconds_to_wait(limiter, 60) == 31
    clock.now = 31.0
    limiter.take("key", 60)


def answered(media_type, scheme):
    """Headers of an answer of a small application behind the wrapper."""
    sent = []

    async def application(_scope, _receive, send):
        headers = [(b"content-type", media_type)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def send(message):
        sent.append(message)

    asyncio.run(SecurityHeaders(application)({"type": "http", "scheme": scheme}, None, send))
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_a_page_is_allowed_to_load_its_parts():
    assert "content-security-policy" not in answered(b"text/html; charset=utf-8", "http")
    assert answered(b"text/html", "http")["x-frame-options"] == "DENY"
    assert answered(b"application/json", "http")["content-security-policy"].startswith("default-src 'none'")


def test_https_is_remembered_behind_https_alone():
    assert answered(b"application/json", "https")["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in answered(b"application/json", "http")
