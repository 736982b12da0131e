"""`./dev run` as a newcomer meets it: one command, printed sign-ins and requests that work, a clean end."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
DEV = str(ROOT / "dev")
LONG = 200
"""Seconds. Nothing waits so long unless it fails, however slow the machine is."""
pytestmark = pytest.mark.timeout(600)


class Running:
    """`./dev run` on a free port with data of its own. `said` is what it printed until it was ready.

    `sigint` is what its shell has told it to do at Ctrl-C. A terminal tells it nothing; a script that puts it into the
    background has it ignored, and a suite that runs there hands that down.
    """

    def __init__(self, folder: Path, sigint: signal.Handlers = signal.SIG_DFL) -> None:
        self.folder, self.port = folder, free_port()
        for module in ("app", "tools"):  # as the user's own folder may hold
            (folder.parent / f"{module}.py").write_text("raise SystemExit('This is not Session Desk.')")
        self.process = subprocess.Popen(
            [sys.executable, DEV, "run", "--port", str(self.port), "--data", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "PUBLIC_BASE_URL")},
            cwd=folder.parent,
            preexec_fn=lambda: signal.signal(signal.SIGINT, sigint),
        )
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        self.printed = "".join(lines)
        assert "Ctrl-C" in self.printed, self.process.communicate()[1]
        self.family = psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait()

    def close(self) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGTERM)
        self.process.communicate()


class First(Running):
    """A first run: what it printed was tried, and then Ctrl-C pressed. Its folder holds the demonstration data."""

    def try_everything(self) -> None:
        commands = [line for line in self.printed.splitlines() if line.startswith("curl ")]
        self.answers = [json.loads(subprocess.check_output(["bash", "-c", f"{line} -s"])) for line in commands]
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.mail = direct.open(f"http://127.0.0.1:{self.port}/mail").status
        load = [sys.executable, DEV, "desk", "--data", str(self.folder), "demo", "load", "--json"]
        self.loaded_again = json.loads(subprocess.check_output(load))
        self.exit_code = self.end(signal.SIGINT)
        assert self.process.stderr is not None
        self.complaints = self.process.stderr.read()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> First:
    """It takes its time: the demonstration data are loaded."""
    started = First(tmp_path_factory.mktemp("first") / "data")
    try:
        started.try_everything()
    finally:
        started.close()
    return started


@pytest.fixture
def running(first: First, tmp_path: Path) -> Iterator[Running]:
    """Another run, on a copy of what the first one left."""
    shutil.copytree(first.folder, tmp_path / "data")
    started = Running(tmp_path / "data")
    yield started
    started.close()


def test_everything_it_prints_works_and_ctrl_c_ends_it(first: First) -> None:
    assert f"http://localhost:{first.port}" in first.printed
    for role in ("scheduler", "leasing_agent", "operator", "admin", "auditor"):
        assert re.search(rf"^  {role} +\S+@\S+ +\S+$", first.printed, re.M)

    assert len(first.answers) == 3
    assert first.answers[0]["requests"][0]["remote_session"]["case"] == "567-case-id-name"
    assert first.answers[1]["pagination"]["total"] > 0
    assert first.answers[2]["notes"] == "Vehicle damage — claim CL-2026-0042"
    assert first.mail == 200
    people = first.loaded_again["people"]
    assert all(person["password"] in first.printed for person in people if person["email"] in first.printed)

    assert first.exit_code == 0
    assert first.complaints == "\nStopping.\n", "no word of anybody's besides"
    _gone, alive = psutil.wait_procs(first.family, timeout=LONG)
    assert not alive
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", first.port))


def test_a_child_that_dies_ends_the_other_and_is_named(running: Running) -> None:
    worker = next(child for child in running.family if child.cmdline()[-1] == "worker")
    worker.kill()
    assert running.process.wait() == 1
    assert running.process.stderr is not None
    assert "worker process ended by itself" in running.process.stderr.read()
    assert not psutil.wait_procs(running.family, timeout=LONG)[1]


def test_settings_last_and_nothing_outlives_the_script(first: First, running: Running) -> None:
    before, after = first.folder / "settings.env", running.folder / "settings.env"
    assert before.stat().st_mode & 0o077 == 0
    assert after.stat().st_mode & 0o077 == 0
    unlike = set(before.read_text().splitlines()) ^ set(after.read_text().splitlines())
    assert all(line.startswith("PUBLIC_BASE_URL=") for line in unlike)
    assert passwords(first.printed) == passwords(running.printed)

    running.process.kill()
    assert not psutil.wait_procs(running.family, timeout=LONG)[1]


def passwords(output_text: str) -> list[str]:
    return re.findall(r"^  \S+ +\S+@\S+ +(\S+)$", output_text, re.M)
