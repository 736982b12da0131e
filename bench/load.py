"""Sends one path's requests with wrk, and counts what the server and PostgreSQL spent on them."""

import json
import os
import secrets
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent to one path. `once`: each line of the file at most one time, because it can be done only once."""

    file: Path
    method: str = "GET"
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    once: bool = False

    def behind(self, lines: int) -> "Load":
        """The same without its first lines. What was done to them cannot be done again."""
        rest = self.file.with_suffix(".rest.txt")
        rest.write_text("".join(self.file.read_text().splitlines(keepends=True)[lines:]))
        return replace(self, file=rest)


@dataclass(frozen=True, slots=True)
class Figures:
    """What wrk saw. Latencies in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    max: float
    bytes: int
    refused: int
    broken: int


class Refused(Exception):
    """An answer that was not 2xx, or none: the figures would mean nothing."""


def send(load: Load, base: str, *, connections: int, seconds: int) -> Figures:
    """Keeps `connections` busy for that long. Raises Refused unless every answer was 2xx."""
    env = {
        **os.environ,
        "FILE": str(load.file),
        "METHOD": load.method,
        "BODY": load.body,
        "HEADERS": "\n".join(f"{name}: {value}" for name, value in load.headers.items()),
        "ONCE": "yes" if load.once else "",
        "RUN": secrets.token_hex(6),
    }
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT), base]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    line = next((line for line in reversed(done.stdout.splitlines()) if line.startswith("{")), None)
    if line is None:
        raise Refused(f"wrk said: {done.stdout}{done.stderr}")
    found = Figures(**json.loads(line))
    if found.refused or found.broken:
        raise Refused(f"{found.refused} of {found.requests} answers were not 2xx, {found.broken} were missing.")
    return found


def tree(pid: int) -> list[psutil.Process]:
    """A process and everything below it."""
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """What they and their dead children have spent so far."""
    spent = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system + times.children_user + times.children_system
    return spent


def shared_memory(processes: list[psutil.Process]) -> float:
    """Their proportional set size in MiB: shared pages count once."""
    return sum(process.memory_full_info().pss for process in processes) / 2**20
