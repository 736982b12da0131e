"""A worker in a process of its own, which is killed when it has made a document and not kept it yet:
`python -m tests.inspections.dying`."""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace

from app.config import Config
from app.dashboard.documents import jobs
from app.dashboard.documents.kinds import File, Making
from app.inspections import bundles
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


def main() -> None:
    config = Config.from_env()
    wiring = wire(config, Database(config))
    kinds = [replace(kind, make=dying(kind.make)) for kind in (document.KIND, bundles.KIND)]
    handlers = {**wiring.handlers, **jobs.handlers(kinds)}
    Worker(replace(wiring, sweeps=(), handlers=handlers), lease=LEASE).run(threading.Event())


if __name__ == "__main__":
    main()
