"""Presses of people and calls of programs at the same moment, in processes that make one app: the only argument is a
JSON file that names the requests of each process and the file for each one's statuses."""

import json
import multiprocessing
import os
import sys
import threading
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from app import create_app
from app.config import Config

PATIENCE = 60


def main() -> None:
    order = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    app = create_app(Config.from_env())  # which opens no connection yet
    gate = multiprocessing.get_context("fork").Barrier(sum(len(share["requests"]) for share in order))
    children = []
    for share in order:
        if not (child := os.fork()):
            _press(app, share, gate)
            os._exit(0)
        children.append(child)
    sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))


def _press(app: Any, share: dict[str, Any], gate: Barrier) -> None:
    requests = share["requests"]
    statuses = [0] * len(requests)

    def press(place: int) -> None:
        client = app.test_client(use_cookies=False)
        gate.wait(PATIENCE)
        statuses[place] = client.open(**requests[place]).status_code

    threads = [threading.Thread(target=press, args=(place,), daemon=True) for place in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    Path(share["statuses"]).write_text(json.dumps(statuses), "utf-8")
