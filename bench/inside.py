"""`./dev bench inside [--rows N] [--db sqlite|postgresql] [--profile PATH]`: what a request costs within one process.

The same requests as `./dev bench` sends, handed straight to the floor's and the product's WSGI functions in turn, a
block of each, so that whatever else the machine does meets both alike. No server and no socket are between, so a ratio
of here is not one of there; it is what the Python of a request weighs, within minutes.
"""

import argparse
import cProfile
import gc
import importlib
import os
import pstats
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import Any

import psutil

from app import create_app, logs
from app.config import Config
from app.kernel import clock
from app.kernel.db.engine import Database
from app.log_sink import Sink
from bench import world
from bench.board import signed_in, spent
from bench.load import Load, tree
from bench.paths import PATHS, Loads
from bench.run import ROOT, SCHEDULER, databases, open_prescreens, reopen, wake

BLOCKS, BLOCK = 40, 8
"""Blocks of requests of each side and path, and requests of a block. The figure is that of the fourth fastest, because
others use the machine too."""

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Any]


def environs(load: Load) -> Iterator[dict[str, Any]]:
    """The requests of a path, again and again, as a server hands them over."""
    run = os.urandom(6).hex()
    fixed = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in load.headers.items()}
    for number, line in enumerate(cycle(load.file.read_text().splitlines())):
        bearer, _, target = line.partition("\t")
        path, _, query = target.partition("?")
        body = load.body.replace("%N", str(number)).encode()
        yield {
            "REQUEST_METHOD": load.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost:8000",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": BytesIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **fixed,
            **({"HTTP_AUTHORIZATION": f"Bearer {bearer}"} if bearer else {}),
            **({"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))} if body else {}),
            **({"HTTP_IDEMPOTENCY_KEY": f"{run}-{number}"} if load.method == "POST" else {}),
        }


class Side:
    """The floor or the product, asked for one path."""

    def __init__(self, app: Wsgi, load: Load) -> None:
        self._app, self._requests = app, environs(load)
        self._polls = "X-Desk-Poll" in load.headers
        self._revision = ""
        self.costs: list[float] = []

    def ask(self, times: int) -> None:
        """So many requests. Raises RuntimeError when one is not answered as it should be."""
        for _ in range(times):
            self._ask(next(self._requests))

    def _ask(self, environ: dict[str, Any]) -> None:
        answered: list[Any] = []
        if self._revision:
            environ["HTTP_IF_NONE_MATCH"] = self._revision
        body = self._app(environ, lambda status, headers, *_: answered.extend((status, headers)))
        for _piece in body:
            pass
        if close := getattr(body, "close", None):
            close()
        status, headers = answered
        if status[0] not in "23" or (status[:1] == "3" and not self._polls):
            raise RuntimeError(f"{environ['PATH_INFO']}: {status}")
        if self._polls:
            self._revision = next((value for name, value in headers if name.lower() == "etag"), self._revision)

    def block(self, processes: Sequence[psutil.Process]) -> None:
        """One block, of which the CPU milliseconds a request are kept, the database's included."""
        before, began = spent(processes), time.process_time()
        self.ask(BLOCK)
        self.costs.append((time.process_time() - began + spent(processes) - before) * 1000 / BLOCK)


def product(database: Database) -> tuple[Wsgi, str]:
    """The product's WSGI function, and the cookie of somebody who is signed in. Every request has its line in the log,
    which leads nowhere."""
    client = signed_in(database)
    cookie = client.get_cookie("desk")
    assert cookie is not None
    return create_app(database.config, database).wsgi_app, f"desk={cookie.value}"


def main(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench inside", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--db", default="sqlite", choices=("sqlite", "postgresql"))
    parser.add_argument("--paths", default=",".join(path.name for path in PATHS if not path.by_piece))
    parser.add_argument("--profile", default="", help="print where one path's time goes instead")
    parser.add_argument("--data", type=Path, default=ROOT / "var" / "bench")
    chosen = parser.parse_args(given)
    chosen.data.mkdir(parents=True, exist_ok=True)
    with databases(chosen.db, chosen.data) as place, tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = url = place.fresh(chosen.rows)
        now = clock.now()
        database = Database(Config(database_url=url))
        try:
            pool = open_prescreens(database, now)
            loads = Loads(Path(folder), chosen.rows, pool, now)
            logs.SINK = Sink(open(os.devnull, "w"))  # noqa: SIM115  # as long as the process
            wake(database, now)
            apps: dict[str, tuple[Wsgi, str]] = {
                "floor": (importlib.import_module("bench.floor.wsgi").app, f"floor={world.sign_in_token(SCHEDULER)}"),
                "product": product(database),
            }
            gc.collect()
            gc.freeze()  # as both servers do once they are loaded: a full collection fell upon whatever allocated then
            if chosen.profile:
                profile(Side(apps["product"][0], loads.of(chosen.profile, apps["product"][1])))
                return 0
            print("| path | floor, CPU ms | product, CPU ms | ratio | goal |\n|---|---|---|---|---|")
            for path in (each for each in PATHS if each.name in chosen.paths.split(",")):
                names = [name for name in apps if name == "product" or path.goal]
                sides = {name: Side(apps[name][0], loads.of(path.name, apps[name][1])) for name in names}
                processes: list[psutil.Process] = []
                for number in range(BLOCKS + 1):
                    for side in sides.values():
                        if path.name == "review":
                            reopen(database, pool, wait=0)
                        side.block(processes)
                        if not number:
                            side.costs.clear()  # what is done once
                    if not number and place.pid:
                        processes = tree(place.pid)  # with those of both sides' connections
                cost = {name: sorted(side.costs)[BLOCKS // 10 - 1] for name, side in sides.items()}
                goal = path.goal[chosen.db == "postgresql"] if path.goal else path.most
                ratio = f"**{cost['product'] / cost['floor']:.1f}**" if "floor" in cost else ""
                floor = f"{cost['floor']:.3f}" if "floor" in cost else ""
                print(f"| {path.title} | {floor} | {cost['product']:.3f} | {ratio} | {goal or ''} |", flush=True)
        finally:
            database.dispose()
            place.close(chosen.rows)
    return 0


def profile(side: Side) -> None:
    """Where the time of one path goes."""
    side.ask(50)
    watched = cProfile.Profile(time.thread_time)  # not what other programs take
    watched.enable()
    side.ask(300)
    watched.disable()
    pstats.Stats(watched).sort_stats("tottime").print_stats(60)
    pstats.Stats(watched).sort_stats("cumulative").print_stats(90)
