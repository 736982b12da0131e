"""The processes of a tool end with it, whenever a signal comes; shown with small stand-ins for web and worker."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
import pytest

from tools import processes
from tools.console import Refusal
from tools.processes import Processes
from tools.signals import StopSignals

SLEEPS = ["sleep", "1000"]
DEAF = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1000; done"]
"""A process that does not hear SIGTERM. Once it has printed its line."""
LEAVES_A_CHILD = ["sh", "-c", "sleep 1000 & echo $!; wait"]


@pytest.fixture
def signals() -> Iterator[StopSignals]:
    with StopSignals() as counted:
        yield counted


def started(commands: dict[str, list[str]], folder: Path, signals: StopSignals) -> Processes:
    return Processes(commands, os.environ, folder, signals)


def family() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def check_for_ever(running: Processes) -> None:
    while True:
        running.check()


def first_line(path: Path) -> str:
    """What a process has printed first, once it has."""
    while not (path.exists() and (text := path.read_text()).endswith("\n")):
        time.sleep(0.01)
    return text.strip()


def test_a_signal_between_any_two_instructions_ends_all(tmp_path: Path, signals: StopSignals) -> None:
    before = set(family())

    def interrupting(frame: FrameType, event: str, _: Any) -> Any:
        frame.f_trace_opcodes = True
        if event == "opcode":
            signal.raise_signal(signal.SIGINT)
        return interrupting

    with started({"one": SLEEPS, "other": SLEEPS}, tmp_path, signals) as running:
        sys.settrace(interrupting)
        try:
            running.check()
        except KeyboardInterrupt:
            pytest.fail("The signal was heard in the middle of a check.")
        finally:
            sys.settrace(None)
        assert signals.count > 50
        with pytest.raises(KeyboardInterrupt):
            signals.wait(0)
    assert set(family()) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_heard_although_it_was_ignored_and_what_was_before_comes_back(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with StopSignals() as signals:
            signal.raise_signal(number)
            with pytest.raises(KeyboardInterrupt):
                signals.wait(60)
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_one_that_ended_is_named_with_its_last_lines(tmp_path: Path, signals: StopSignals) -> None:
    commands = {"one": SLEEPS, "other": ["sh", "-c", "echo so it goes; exit 7"]}
    expected = pytest.raises(Refusal, match=r"(?s)other process ended by itself \(exit code 7\).*so it goes")
    with started(commands, tmp_path, signals) as running, expected:
        check_for_ever(running)


def test_one_that_does_not_end_is_killed(tmp_path: Path, signals: StopSignals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.1)
    before = set(family())
    with started({"deaf": DEAF}, tmp_path, signals):
        assert first_line(tmp_path / "deaf.log") == "deaf"
    assert set(family()) == before


def test_a_second_signal_does_not_wait(tmp_path: Path, signals: StopSignals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 1_000_000)
    before = set(family())
    with started({"deaf": DEAF}, tmp_path, signals):
        assert first_line(tmp_path / "deaf.log") == "deaf"
        for _ in range(2):
            signal.raise_signal(signal.SIGTERM)
    assert set(family()) == before


def test_what_a_killed_process_leaves_behind_ends_too(tmp_path: Path, signals: StopSignals) -> None:
    with started({"parent": LEAVES_A_CHILD}, tmp_path, signals):
        orphan = psutil.Process(int(first_line(tmp_path / "parent.log")))
        parent = orphan.parent()
        assert parent is not None
        parent.kill()
        parent.wait()
        assert orphan.is_running()
    gone, _alive = psutil.wait_procs([orphan], timeout=60)
    assert gone


def test_one_that_cannot_start_stops_the_others(tmp_path: Path, signals: StopSignals) -> None:
    before = set(family())
    with pytest.raises(FileNotFoundError), started({"one": SLEEPS, "none": ["/no/such"]}, tmp_path, signals):
        pytest.fail("It was not started.")
    assert set(family()) == before
