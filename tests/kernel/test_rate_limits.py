"""Moving windows: exact in parallel, over processes, and in every span of a window."""

import contextlib
import multiprocessing
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from app.config import Config
from app.kernel.api.rate_limits import FileWindows, Limiter, by_network, refuse
from app.kernel.errors import RateLimited, Unavailable
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


@pytest.mark.slow
def test_processes_share_one_window(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/desk.sqlite3"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert sum(pool.starmap(_hits, [(url, 40)] * 4)) == 60


@pytest.mark.parametrize("hours", [1, 24 * 400])
def test_a_clock_that_steps_back_gives_nothing_away_and_locks_for_a_window_at_most(
    limiter: Limiter, clock: Clock, hours: int
) -> None:
    for _ in range(30):
        assert limiter.hit("a", 60).allowed
        clock.move(seconds=1)
    clock.move(hours=-hours)
    assert sum(limiter.hit("a", 60).allowed for _ in range(60)) == 30, "no allowance beyond the limit"
    refused = limiter.hit("a", 60)
    assert not refused.allowed
    assert refused.retry_after <= 60
    clock.move(seconds=61)
    assert sum(limiter.hit("a", 60).allowed for _ in range(70)) == 60, "the whole limit after one window"


def test_a_bucket_that_was_full_before_the_clock_stepped_back_opens_after_its_window(
    limiter: Limiter, clock: Clock
) -> None:
    for _ in range(10):
        limiter.hit("a", 10, 600)
    clock.move(hours=-1)
    refused = limiter.hit("a", 10, 600)
    assert not refused.allowed
    assert refused.retry_after <= 600
    clock.move(seconds=300)
    assert not limiter.hit("a", 10, 600).allowed
    clock.move(seconds=301)
    assert limiter.hit("a", 10, 600).allowed


@given(moves=st.lists(st.integers(-7200, 120), min_size=1, max_size=30), limit=st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_whatever_the_clock_does_nobody_waits_longer_than_the_window(moves: list[int], limit: int) -> None:
    limiter = Limiter(Config.for_tests())
    with time_machine.travel(1_800_000_000, tick=False) as traveller:
        elapsed, hits = 0, []
        for move in moves:
            traveller.shift(move)
            # Time that has really passed is at least what the clock went forward.
            elapsed += max(move, 0)
            decision = limiter.hit("a", limit)
            assert decision.retry_after <= 60
            if decision.allowed:
                hits.append(elapsed)
            assert sum(elapsed - 60 < hit for hit in hits) <= limit
        traveller.shift(61)
        assert limiter.hit("a", limit).allowed


def test_windows_that_have_passed_are_deleted(limiter: Limiter, clock: Clock) -> None:
    assert isinstance(limiter._windows, FileWindows)
    for number in range(500):
        limiter.hit(f"visitor:{number}", 5)
    clock.move(seconds=-3600)
    limiter.hit("b", 5)
    clock.move(seconds=200)
    limiter.hit("c", 5)
    with contextlib.closing(sqlite3.connect(limiter._windows.path)) as connection:
        assert connection.execute("SELECT bucket FROM moving_windows").fetchall() == [("c/60",)]


def test_the_worker_deletes_them_where_nobody_calls_any_more(limiter: Limiter, clock: Clock) -> None:
    assert isinstance(limiter._windows, FileWindows)
    limiter.hit("a", 5)
    clock.move(seconds=61)
    limiter.tidy()
    with contextlib.closing(sqlite3.connect(limiter._windows.path)) as connection:
        assert connection.execute("SELECT count(*) FROM moving_windows").fetchone() == (0,)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("garbage", "unknown"),
    ],
)
def test_a_network_is_an_ipv4_address_or_64_bits(address: str, network: str) -> None:
    assert by_network("join", address) == f"join:{network}"


def test_a_file_that_cannot_be_used_lets_reads_through_and_guesses_not(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite3"
    limiter = Limiter(replace(Config.for_tests(), testing=False, database_url=f"sqlite:///{path}"))
    Path(f"{path}.limits").mkdir()
    assert [limiter.hit("a", 1).allowed for _ in range(3)] == [True] * 3
    with pytest.raises(Unavailable) as caught:
        limiter.hit("sign-in", 1, guarded=True)
    assert int(caught.value.headers["Retry-After"]) > 0
    assert limiter.uncounted == 4
    Path(f"{path}.limits").rmdir()
    assert [limiter.hit("a", 1).allowed for _ in range(2)] == [True, False], "it recovers by itself"


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite3"
    Path(f"{path}.limits").write_bytes(b"this is no database" * 1000)
    limiter = Limiter(replace(Config.for_tests(), testing=False, database_url=f"sqlite:///{path}"))
    assert limiter.hit("a", 1).allowed, "not counted"
    assert [limiter.hit("a", 1).allowed for _ in range(2)] == [True, False]
