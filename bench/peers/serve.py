"""Serves one program: python -m bench.peers.serve MODULE wsgi|asgi PORT WORKERS THREADS

WSGI under the server, workers and threads of the product; ASGI under uvicorn, which its frameworks recommend.
"""

import sys


def main(module: str, kind: str, port: int, workers: int, threads: int) -> None:
    target = f"bench.peers.{module}:create_app"
    if kind == "asgi":
        import uvicorn

        uvicorn.run(
            target, factory=True, port=port, workers=workers, log_level="warning", access_log=False, lifespan="off"
        )
        return
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    Granian(
        target,
        factory=True,
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


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
