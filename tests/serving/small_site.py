"""A small site on the server of `desk serve`, in a hurry: python -m tests.serving.small_site PORT WORKERS THREADS

Its deadlines are short, its memory for bodies is small, and each path does to the server what a test needs.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from functools import partial

import structlog
from flask import Flask, Response, request

from app import serving
from app.config import Config
from app.middleware import BODY_ERROR
from app.serving import bridge, supervisor

LARGEST = 512 * 1024
PIECE, PIECES = b"0123456789abcdef" * 16384, 64
"""The large answer: 16 MiB, more than the sockets' buffers take."""


def application(threads: int = 1) -> bridge.Bridge:
    """The small site."""
    serving.begin_process()
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST

    @app.before_request
    def check_body() -> None:
        if error := request.environ.get(BODY_ERROR):
            raise error

    @app.route("/who")
    def who() -> str:
        return f"{os.getpid()} {os.getppid()}"

    @app.route("/echo/<path:rest>", methods=("GET", "POST"))
    def echo(rest: str) -> dict[str, object]:
        headers = {name: request.headers.get(name) for name in ("X-One", "X-Two", "Cookie")}
        return {"rest": rest, "body": request.get_data(as_text=True), "host": request.host, **headers}

    @app.route("/large")
    def large() -> Response:
        return Response(iter([PIECE] * PIECES))

    @app.route("/breaks")
    @app.route("/api/breaks")
    def breaks() -> Response:
        def pieces() -> Iterator[bytes]:
            yield PIECE
            raise ValueError("planted")

        return Response(pieces())

    @app.route("/slow")
    def slow() -> str:
        structlog.get_logger().info("slow begins")
        time.sleep(1)
        return "done"

    @app.route("/crash")
    def crash() -> Response:
        os._exit(3)

    return bridge.Bridge(app, threads=threads, largest=lambda path: LARGEST)


def main(port: str, workers: str, threads: str) -> None:
    multiprocessing.set_start_method("fork")  # what is shortened here holds in the web processes too
    bridge.READ_SECONDS, serving.HEAD_SECONDS = 2, 2
    bridge.BODIES = 2 * LARGEST
    supervisor.delay = lambda deaths: deaths * 0.01
    serving.load = lambda config: Flask(__name__)  # type: ignore[assignment]
    serving.application = partial(application, int(threads))  # type: ignore[assignment]
    serving.serve(Config(), host="127.0.0.1", port=int(port), workers=int(workers))


if __name__ == "__main__":
    main(*sys.argv[1:])
