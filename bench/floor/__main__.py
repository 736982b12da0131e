"""Serves the floor as the product is served: python -m bench.floor PORT WORKERS THREADS"""

import sys

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

if __name__ == "__main__":
    port, workers, threads = map(int, sys.argv[1:])
    Granian(
        "bench.floor.wsgi:app",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        http=HTTPModes.http1,
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,
    ).serve()
