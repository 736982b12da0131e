"""A log that is full, broken, closed or not read: nothing waits for it or fails by it, what is lost is counted."""

import os
import re
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import pytest
import structlog

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox.outbox import Message
from app.log_sink import LARGEST, Sink
from tests.disks import small_disk
from tests.messages.sending import HANDLERS, promise, row_of
from tests.servers import Server
from tests.worker.test_destinations import eventually, working

LINE = "x" * 999


def into(descriptor: int) -> TextIO:
    return os.fdopen(descriptor, "w")


def test_lines_arrive_whole_and_in_order(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as file:
        sink = Sink(file)
        threads = [threading.Thread(target=lambda n=n: [sink.write(f"{n} {i}") for i in range(200)]) for n in range(4)]  # type: ignore[misc]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sink.flush(10)
    lines = (tmp_path / "log").read_text().splitlines()
    for n in range(4):
        assert [line for line in lines if line.startswith(f"{n} ")] == [f"{n} {i}" for i in range(200)]
    assert (len(lines), sink.dropped) == (800, 0)


def test_a_reader_that_is_gone_costs_the_lines() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with into(writer) as stream:
        sink = Sink(stream)
        for _ in range(10):
            sink.write(LINE)
        assert sink.flush(10)
    assert sink.dropped == 10


def test_a_reader_that_reads_nothing_holds_nobody_up() -> None:
    reader, writer = os.pipe()
    with into(writer) as stream:
        sink = Sink(stream)
        for _ in range(4 * LARGEST // 1000):
            sink.write(LINE)
        assert not sink.flush(0.05), "the pipe is full"
        assert sink.dropped > LARGEST // 1000, "what waits is bounded: one lot that is written, and one that gathers"
        os.close(reader)
        assert sink.flush(10), "and the thread goes on when the reader has gone"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has it")
def test_a_full_disk_costs_the_lines() -> None:
    with Path("/dev/full").open("w") as stream:
        sink = Sink(stream)
        sink.write(LINE)
        assert sink.flush(10)
    assert sink.dropped == 1


def test_after_a_full_disk_the_next_line_begins_a_line(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=1) as disk, (disk.path / "log").open("w") as stream:
        sink, written = Sink(stream), 0
        disk.fill()
        while not sink.dropped:
            sink.write(f"{written} {LINE}")
            assert sink.flush(10)
            written += 1
        disk.free()
        sink.write("after")
        assert sink.flush(10)
        lines = (disk.path / "log").read_text().splitlines()
    assert lines[-1] == "after"
    assert sink.dropped == 1


@pytest.mark.parametrize("stream", [None, "closed", "raises"])
def test_whatever_the_stream_is(stream: str | None, tmp_path: Path) -> None:
    class Raises:
        def fileno(self) -> int:
            raise OSError

        def write(self, _text: str) -> None:
            raise BrokenPipeError

    file = (tmp_path / "log").open("w")
    file.close()
    given: Any = {None: None, "closed": file, "raises": Raises()}[stream]
    sink = Sink(given)
    sink.write("lost")
    assert sink.flush(10)
    assert sink.dropped == 1


def test_a_forked_process_begins_anew(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        sink = Sink(stream)
        sink.write("parent")
        with sink._changed:  # as the thread of the log may hold it at the moment of a fork
            child = os.fork()
        if child == 0:
            sink.write("child")
            os._exit(0 if sink.flush(10) else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert sink.flush(10)
    assert sorted((tmp_path / "log").read_text().split()) == ["child", "parent"]


class BrokenLogger:
    """A logger whose every line fails, as one of a library might."""

    def __getattr__(self, _method: str) -> Callable[..., None]:
        def fail(*_: object, **__: object) -> None:
            raise BrokenPipeError("the log is gone")

        return fail


def test_a_delivery_whose_log_line_fails_lets_its_row_go(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    (id,) = promise(database, Message("test", {}, destination="a.example"))
    tries: list[float] = []

    def handler(_delivery: object) -> None:
        tries.append(time.monotonic())
        if len(tries) == 1:
            raise ValueError("unforeseen, which is logged")

    monkeypatch.setitem(HANDLERS, "test", handler)
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(0), logger_factory=lambda *_: BrokenLogger()
    )
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    try:
        with working(database, lease=0.5) as worker:
            eventually(lambda: len(tries) == 1 and not worker._in_flight)
            eventually(lambda: row_of(database, id).state == "sent")
    finally:
        structlog.configure(**before)
    assert len(tries) == 2
    assert row_of(database, id).due_at <= now()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_server_goes_on_with_a_full_log(serve: Callable[..., Server]) -> None:
    server = serve(log=Path("/dev/full"))
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(path: str) -> str:
        with direct.open(f"http://127.0.0.1:{server.port}{path}", timeout=20) as answer:
            return answer.read().decode()

    for path in ("/health/live", "/health/ready", "/sign-in"):
        assert get(path)
    # The thread of the log is behind the requests by a moment.
    eventually(lambda: re.search(r"^desk_log_lines_dropped_total [1-9]", get("/metrics"), re.M) is not None)
