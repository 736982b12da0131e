"""Moving windows: exact in parallel, over processes, and in every span of a window."""

import multiprocessing
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from app.config import Config
from app.kernel.api.rate_limits import Limiter, refuse
from app.kernel.errors import RateLimited
from tests.clocks import Clock


@pytest.fixture
def limiter() -> Limiter:
    return Limiter(Config.for_tests())


def test_the_limit_is_let_through_and_not_one_more(limiter: Limiter) -> None:
    assert [limiter.hit("a", 3).allowed for _ in range(5)] == [True] * 3 + [False] * 2


def test_remaining_counts_down_and_buckets_are_apart(limiter: Limiter) -> None:
    assert [limiter.hit("a", 3).remaining for _ in range(4)] == [2, 1, 0, 0]
    assert limiter.hit("b", 3).remaining == 2


def test_no_span_of_a_window_lets_more_through(limiter: Limiter, clock: Clock) -> None:
    clock.move(seconds=0)
    assert limiter.hit("a", 2).allowed
    clock.move(seconds=50)
    assert limiter.hit("a", 2).allowed
    clock.move(seconds=9)
    assert not limiter.hit("a", 2).allowed, "59 seconds after the first"
    clock.move(seconds=2)
    assert limiter.hit("a", 2).allowed, "the first has left the window"
    assert not limiter.hit("a", 2).allowed, "the second has not"


def test_the_reset_is_when_the_oldest_hit_leaves(limiter: Limiter, clock: Clock) -> None:
    first = limiter.hit("a", 2)
    clock.move(seconds=30)
    second = limiter.hit("a", 2)
    assert first.reset == second.reset
    refused = limiter.hit("a", 2)
    assert 29 <= refused.retry_after <= 31
    with pytest.raises(RateLimited) as caught:
        refuse(refused)
    assert caught.value.headers["Retry-After"] == str(refused.retry_after)
    assert caught.value.headers["X-RateLimit-Remaining"] == "0"


def test_a_caller_who_is_refused_does_not_burn_what_is_shared(limiter: Limiter) -> None:
    for _ in range(10):
        limiter.hit_all([("key:1", 2), ("organization:1", 5)])
    decision = limiter.hit_all([("key:2", 5), ("organization:1", 5)])
    assert (decision.allowed, decision.remaining) == (True, 2), "two of the first key's ten counted"


def test_the_tighter_bucket_speaks(limiter: Limiter) -> None:
    decision = limiter.hit_all([("key:1", 60), ("organization:1", 10)])
    assert (decision.limit, decision.remaining) == (10, 9)


def test_threads_share_one_window(limiter: Limiter) -> None:
    allowed: list[bool] = []

    def hit() -> None:
        allowed.extend(limiter.hit("a", 60).allowed for _ in range(20))

    threads = [threading.Thread(target=hit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == 60


def _hits(database_url: str, n: int) -> int:
    limiter = Limiter(replace(Config.for_tests(), testing=False, database_url=database_url))
    return sum(limiter.hit("a", 60).allowed for _ in range(n))


def test_processes_share_one_window(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/desk.sqlite3"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert sum(pool.starmap(_hits, [(url, 40)] * 4)) == 60
