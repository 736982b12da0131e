"""A real server whose clock is stepped back an hour (libfaketime): nobody waits longer than the window."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cast import Cast
from tests.conftest import missing
from tests.faults import bugs
from tests.faults.results import long_only, note
from tests.inspections.conftest import SESSIONS
from tests.servers import Server

pytestmark = pytest.mark.timeout(3600)
LIBRARIES = [Path(f"/usr/lib/{machine}-linux-gnu/faketime/libfaketimeMT.so.1") for machine in ("x86_64", "aarch64")]


class FakeTime:
    """The clock of a process: seconds beside the true one, read anew at every question."""

    def __init__(self, file: Path) -> None:
        self.file, self.offset = file, 0
        self.move(0)

    def move(self, seconds: int) -> None:
        self.offset += seconds
        self.file.write_text(f"{self.offset:+d}\n")

    @property
    def environment(self) -> dict[str, str]:
        library = next((path for path in LIBRARIES if path.exists()), None)
        if library is None:
            missing("libfaketime is missing: install the Debian package faketime.")
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }


@pytest.fixture
def fake_time(tmp_path: Path) -> FakeTime:
    return FakeTime(tmp_path / "faketime")


def calls(server: Server, headers: dict[str, str], n: int) -> list[tuple[int, Any]]:
    """Status and Retry-After of so many calls."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    found = []
    for _ in range(n):
        asked = urllib.request.Request(f"http://127.0.0.1:{server.port}{SESSIONS}", headers=headers)
        try:
            with direct.open(asked, timeout=20) as answer:
                json.load(answer)
                found.append((answer.status, None))
        except urllib.error.HTTPError as refused:
            found.append((refused.code, int(refused.headers["Retry-After"])))
    return found


def step_back(serve: Callable[..., Server], cast: Cast, clock: FakeTime, bug: str | None = None) -> bool:
    """Whether a key was neither given more calls nor locked out longer than its window."""
    headers = cast.headers("inspections")
    server = serve(**clock.environment, **bugs.environment(bug))
    assert [status for status, _ in calls(server, headers, 30)] == [200] * 30
    clock.move(-3600)
    stepped = calls(server, headers, 35)
    allowed = [status for status, _ in stepped].count(200)
    waits = [wait for status, wait in stepped if status == 429]
    clock.move(61)
    after = [status for status, _ in calls(server, headers, 60)]
    return allowed == 30 and all(wait <= 60 for wait in waits) and after == [200] * 60


@long_only
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_key_is_not_locked_out(serve: Callable[..., Server], cast: Cast, fake_time: FakeTime) -> None:
    assert step_back(serve, cast, fake_time)
    note("the clock of a server steps back an hour", "sqlite", 1, "30 calls left, all 60 again after the window")


@long_only
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_measure_notices(serve: Callable[..., Server], cast: Cast, fake_time: FakeTime) -> None:
    assert not step_back(serve, cast, fake_time, "clock_is_believed")
    note("planted: clock_is_believed", "sqlite", 1, "noticed")
