"""Measures floor and product in turn on the same database, path by path: python -m bench [--rows …] [--db …]"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, select, update

from app.accounts.models import SignIn
from app.config import Config
from app.kernel import clock
from app.kernel.db.engine import Database
from app.prescreens.models import Prescreen
from bench import bulk, data, report, world
from bench.load import Figures, Load, Refused, cpu_seconds, send, shared_memory, tree
from bench.paths import MOST_LINES, NAMES, PATHS, Loads
from bench.peers import measuring as peers
from bench.peers.catalog import QUESTIONS
from bench.servers import ROOT, SIDES, Server, ask, sign_in, start, start_postgresql, workers

RESULTS = Path(__file__).with_name("results.jsonl")
SCHEDULER = "scheduler@bench.example"
CONNECTIONS = 16
P = Prescreen.__table__.c

Make = Callable[[str, int], float]
"""Fills the empty database at an address with so many rows, and returns the seconds it took."""


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--rows", default="10000", help="rows a room, comma-separated (10000)")
    parser.add_argument("--db", default="sqlite,postgresql", help="sqlite, postgresql or both")
    parser.add_argument("--paths", default=",".join(NAMES), help="which paths, of " + ", ".join(NAMES))
    parser.add_argument("--duration", type=int, default=5, help="seconds a path and side (5)")
    parser.add_argument("--data", type=Path, default=ROOT / "var" / "bench", help="where databases are kept")
    parser.add_argument("--label", default="", help="a word to find this run by in results.jsonl")
    parser.add_argument("--peers", action="store_true", help="what a team would pick instead as well (bench/peers)")
    parser.add_argument("--no-record", action="store_true", help="print only; results and README stay as they are")
    chosen = parser.parse_args(given)
    if chosen.peers and chosen.paths == ",".join(NAMES):
        chosen.paths = ",".join(QUESTIONS)
    unknown = set(chosen.paths.split(",")) - set(NAMES)
    if unknown:
        parser.error(f"There is no path called {', '.join(sorted(unknown))}.")
    return chosen


def main(given: list[str]) -> int:
    chosen = arguments(given)
    folder = chosen.data.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    run = {
        "at": clock.iso(clock.now()),
        "commit": commit(),
        "machine": machine(),
        "label": chosen.label,
        "busy": busy(),
    }
    found: list[dict[str, Any]] = []
    for database in chosen.db.split(","):
        with databases(database, folder) as place:
            for n in map(int, chosen.rows.split(",")):
                beside = peers.measure(place, n, chosen, folder) if chosen.peers else ()
                for row in chain(measure(place, n, chosen, folder), beside):
                    found.append({**run, **row})
                    if not chosen.no_record:
                        # At once: what follows may fail, or be stopped.
                        with RESULTS.open("a") as lines:
                            lines.write(json.dumps(found[-1]) + "\n")
                if not chosen.no_record:
                    report.write(RESULTS)
                    peers.write(RESULTS)
    print("\n" + report.table(found))
    if chosen.peers:
        print("\n" + peers.table(found))
    failed = [row for row in found if "failed" in row]
    for row in failed:
        print(f"{row['db']}, {row['rows']:,} rows, {row['path']}, {row['side']}: {row['failed']}")
    return 1 if failed else 0


def commit() -> str:
    text = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return text.stdout.strip() or "unknown"


def busy() -> float:
    """How many programs wanted a processor in the last minute."""
    return round(os.getloadavg()[0], 1)


def machine() -> str:
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"


# Databases --------------------------------------------------------------------------------------------------------


class SqliteFiles:
    """Databases as files: one with fresh rows for each size, and the copy that a run may change."""

    name = "sqlite"
    pid = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fresh(self, n: int, kind: str = "rows", make: Make = data.make) -> str:
        """The address of a copy of the `n` rows, which are made if there are none yet."""
        source, copy = (self._folder / f"{each}-{n}.sqlite3" for each in (kind, "run"))
        if not source.exists():
            building = self._folder / "building.sqlite3"
            _remove(building)
            text(f"sqlite: making {n:,} {kind}")
            text(f"sqlite: made in {make(f'sqlite:///{building}', n):.0f} s")
            building.rename(source)
        _remove(copy)
        shutil.copyfile(source, copy)
        return f"sqlite:///{copy}"

    def close(self, n: int) -> None:
        _remove(self._folder / f"run-{n}.sqlite3")


def _remove(path: Path) -> None:
    for each in path.parent.glob(path.name + "*"):
        each.unlink()


class PostgresDatabases:
    """The same as databases of one PostgreSQL server."""

    name = "postgresql"

    def __init__(self, folder: Path) -> None:
        self.server = start_postgresql(folder / "server")
        self.pid = int((self.server.pgdata / "postmaster.pid").read_text().split()[0])
        url = self.server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        self._engine = create_engine(url, isolation_level="AUTOCOMMIT")

    def _run(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def _url(self, name: str) -> str:
        found = self._engine.url.set(database=name, drivername="postgresql")
        return found.render_as_string(hide_password=False)

    def fresh(self, n: int, kind: str = "rows", make: Make = data.make) -> str:
        source, copy = f"{kind}_{n}", f"run_{n}"
        with self._engine.connect() as connection:
            known = connection.exec_driver_sql("SELECT datname FROM pg_database").scalars().all()
        if source not in known:
            self._run("DROP DATABASE IF EXISTS building")
            self._run("CREATE DATABASE building")
            text(f"postgresql: making {n:,} {kind}")
            text(f"postgresql: made in {make(self._url('building'), n):.0f} s")
            self._run(f"ALTER DATABASE building RENAME TO {source}")
        self._run(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
        self._run(f"CREATE DATABASE {copy} TEMPLATE {source} STRATEGY file_copy")
        return self._url(copy)

    def close(self, n: int) -> None:
        self._run(f"DROP DATABASE IF EXISTS run_{n} WITH (FORCE)")


@contextmanager
def databases(name: str, folder: Path) -> Iterator[Any]:
    if name == "sqlite":
        yield SqliteFiles(folder)
        return
    place = PostgresDatabases(folder)
    try:
        yield place
    finally:
        place.server.cleanup()


def text(sentence: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {sentence}", flush=True)


# Measuring --------------------------------------------------------------------------------------------------------


def measure(place: Any, n: int, chosen: argparse.Namespace, folder: Path) -> Iterable[dict[str, Any]]:
    """Every path on one database of one size, floor and product in turn."""
    url, now = place.fresh(n), clock.now()
    database = Database(Config(database_url=url))
    pool = open_prescreens(database, now)
    loads = Loads(folder, n, pool, now)
    text(f"{place.name}: {n:,} rows a room, {len(pool):,} prescreens to review")
    running: dict[str, Server] = {}
    try:
        for side in SIDES:
            running[side] = start(side, place.name, url, folder / f"{side}.log")
            wait_until_idle(running[side])
        wake(database, now)
        cookies = {
            "floor": f"floor={world.sign_in_token(SCHEDULER)}",
            "product": sign_in(running["product"].base, SCHEDULER),
        }
        for path in (path for path in PATHS if path.name in chosen.paths.split(",")):
            for side in SIDES if path.goal else ("product",):
                server, cookie = running[side], cookies[side]
                try:
                    if path.by_piece:
                        row = bulk.measure(path.name, server, cookie, url, n, place.pid, chosen.duration, folder)
                    else:
                        load = loads.of(path.name, cookie)
                        again = None
                        if load.once:
                            reopen(database, pool)
                            # The floor is quick enough to decide them all, and keeps nothing of what it decided.
                            again = partial(reopen, database, pool) if side == "floor" else None
                        row = one_path(server, load, place.pid, chosen.duration, again)
                except (Refused, OSError) as error:
                    row = {"failed": f"{error} Not measured; the run went on."}
                row |= {"db": place.name, "rows": n, "path": path.name, "side": side}
                text(report.line(row))
                yield row
        yield about(running["product"], place.name, n)
    finally:
        for server in running.values():
            server.stop()
        database.dispose()
        place.close(n)


def wait_until_idle(server: Server) -> None:
    """Waits until a server that has just begun has compiled its templates, which would count with the first path."""
    spent, ends = -1.0, time.monotonic() + 120
    while (now := cpu_seconds(tree(server.process.pid))) > spent + 0.05 and time.monotonic() < ends:
        spent = now
        time.sleep(2)


def one_path(
    server: Server, load: Load, database_pid: int | None, seconds: int, again: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Warms up, measures alone on one connection, then with sixteen. `again` takes back what was done, before each."""
    weight = probe(server, load)
    figures: list[Figures] = []
    spent = [0.0, 0.0]
    for connections, duration in ((4, 1), (1, max(1, seconds // 2)), (CONNECTIONS, seconds)):
        if again:
            again()
        watched = [tree(server.process.pid), tree(database_pid) if database_pid else []]
        before = [cpu_seconds(processes) for processes in watched]
        figures.append(send(load, server.base, connections=connections, seconds=duration))
        after = [cpu_seconds(processes) for processes in watched]
        spent = [end - start for start, end in zip(before, after, strict=True)]
        if load.once and not again:
            load = load.behind(figures[-1].requests + connections)
    _, alone, loaded = figures
    if not loaded.requests or not alone.requests:
        raise Refused("Nothing was answered in time.")
    each = 1000 / loaded.requests
    return {
        "cpu_ms": round(spent[0] * each, 4),
        "database_ms": round(spent[1] * each, 4),
        "per_second": round(loaded.requests / loaded.seconds, 1),
        "p50": loaded.p50,
        "p99": loaded.p99,
        "max": loaded.max,
        "alone_p50": alone.p50,
        "alone_p99": alone.p99,
        "bytes": weight,
        "load": {key: value for key, value in asdict(loaded).items() if key in ("requests", "seconds")},
    }


def probe(server: Server, load: Load) -> int:
    """One request by hand: the size of its answer. Says what came back when it was not 2xx."""
    if load.once:
        return 0
    bearer, _, target = load.file.read_text().partition("\n")[0].partition("\t")
    headers = {**load.headers, **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
    if load.body:
        headers |= {"Content-Type": "application/json", "Idempotency-Key": os.urandom(8).hex()}
    with ask(server.base + target, method=load.method, body=load.body, headers=headers) as answer:
        return len(answer.read())


def open_prescreens(database: Database, now: datetime) -> list[tuple[UUID, int]]:
    """Prescreens that can be reviewed: their ids lie at random, so neighbours belong to different organizations."""
    waiting = (P.status == "completed", P.review_status == "pending_review", P.expires_at > now + timedelta(hours=1))
    wanted = select(P.id, P.organization_id).where(*waiting).where(P.organization_id > 1)
    with database.read() as db:
        return [(row[0], row[1]) for row in db.execute(wanted.order_by(P.id).limit(MOST_LINES))]


def reopen(database: Database, pool: list[tuple[UUID, int]], wait: float = 1) -> None:
    """Takes the bench's own decisions back, once those are done that were under way when wrk stopped."""
    time.sleep(wait)
    undone = {"review_status": "pending_review", "reviewed_at": None, "reviewed_by": None, "review_notes": None}
    ids = [id for id, _ in pool]
    with database.write() as db:
        for start in range(0, len(ids), 500):
            these = (P.id.in_(ids[start : start + 500]), P.review_status != "pending_review")
            db.execute(update(Prescreen.__table__).where(*these).values(undone))


def wake(database: Database, now: datetime) -> None:
    """The floor's people have just been seen, however old the rows are."""
    with database.write() as db:
        db.execute(update(SignIn.__table__).values(created_at=now, last_seen_at=now))


def about(server: Server, database: str, n: int) -> dict[str, Any]:
    """The product's processes themselves."""
    return {
        "db": database,
        "rows": n,
        "path": "process",
        "side": "product",
        "workers": workers(database),
        "memory_mib": round(shared_memory(tree(server.process.pid)), 1),
        "seconds_to_answer": round(server.seconds_to_answer, 2),
        "cpu_to_answer": round(server.cpu_to_answer, 2),
    }
