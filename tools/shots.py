"""`./dev shots`: the README's pictures and a sheet of every page, taken anew into docs/shots."""

import json
import socket
import subprocess
import tempfile
from pathlib import Path

from tools import ROOT, demo
from tools.console import become, python
from tools.demo import Demo
from tools.signals import StopSignals


def main(arguments: list[str]) -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="session-desk-") as folder:
        taken = take(demo.load(Path(folder), port))
    return taken or become("docs/shots/sheet.py", *arguments)


def take(loaded: Demo) -> int:
    """Takes the README's pictures of the running demo site; the exit code of what takes them."""
    command = python("docs/shots/take.py", loaded.base)
    with StopSignals() as signals, demo.open_site(loaded, signals) as processes, tempfile.TemporaryFile("w+") as cast:
        json.dump(loaded.cast, cast)
        cast.seek(0)
        taker = subprocess.Popen(command, cwd=ROOT, env=loaded.env, stdin=cast)
        try:
            while taker.poll() is None:
                processes.check()
                signals.wait(0.3)
        finally:
            taker.terminate()
            taker.wait()
        return taker.returncode
