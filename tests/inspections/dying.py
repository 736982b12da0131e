"""A worker in a process of its own, which is killed when it has made a document and not kept it yet, or has stored the
copies of a photo and not noted them: `python -m tests.inspections.dying document|copy`."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace

from app.config import Config
from app.dashboard.documents import jobs
from app.dashboard.documents.kinds import File, Making
from app.inspections import actions, bundles
from app.inspections.report import document
from app.kernel.db.engine import Database
from app.wiring import wire
from app.worker import Worker

LEASE = 1.0


def dying(make: Callable[[Making], File]) -> Callable[[Making], File]:
    def made(making: Making) -> File:
        file = make(making)
        os.kill(os.getpid(), signal.SIGKILL)
        return file

    return made


def killed(*_: object, **__: object) -> bool:
    os.kill(os.getpid(), signal.SIGKILL)
    return False


def main() -> None:
    config = Config.from_env()
    if sys.argv[1] == "copy":
        actions.settle_copy = killed
    wiring = wire(config, Database(config))
    kinds = [replace(kind, make=dying(kind.make)) for kind in (document.KIND, bundles.KIND)]
    handlers = wiring.handlers if sys.argv[1] == "copy" else {**wiring.handlers, **jobs.handlers(kinds)}
    Worker(replace(wiring, sweeps=(), handlers=handlers), lease=LEASE).run(threading.Event())


if __name__ == "__main__":
    main()
