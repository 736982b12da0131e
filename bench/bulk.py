"""What is measured by the piece and not by the request: rows of a CSV, messages of the worker."""

import csv
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from psutil import Process
from sqlalchemy import func, select

from app.config import Config
from app.depositions.actions import rereading
from app.depositions.locales import translator
from app.inspections import nightly
from app.inspections.models import VerificationRun
from app.kernel import clock
from app.kernel.db.engine import Database, Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.outbox import email, outbox, webhooks
from app.kernel.outbox.outbox import QUEUED, SENT, Message, OutboxRow
from bench import world
from bench.load import Refused, cpu_seconds, tree
from bench.servers import ROOT, Server, ask
from tests.outgoing import MailServer, Receiver

MOST_ROWS = 100_000
"""Rows of a whole room that are exported; of more, those of one organization."""
WARM, MESSAGES = 50, 1000
ABOUT = ("deposition", "1")
"""The item that the messages are about: long ended, so that the product writes none of its own."""
PATIENCE = 300.0
"""Seconds in which all messages have to arrive, and those of before."""


def spent(server: int, database: int | None) -> list[float]:
    """CPU seconds of a process tree and of the database so far."""
    return [cpu_seconds(processes) for processes in (tree(server), tree(database) if database else [])]


def each(before: list[float], after: list[float], pieces: int, seconds: float) -> dict[str, Any]:
    """The figures of so many pieces."""
    own, database = ((end - start) * 1000 / pieces for start, end in zip(before, after, strict=True))
    facts = {"pieces": pieces, "per_second": round(pieces / seconds, 1)}
    return {"cpu_ms": round(own, 5), "database_ms": round(database, 5), **facts}


# Rows of a CSV ----------------------------------------------------------------------------------------------------


def address(n: int) -> str:
    """The CSV of the depositions in a room of `n` rows."""
    return "/depositions/csv?view=everything" + ("&organization=2" if n > MOST_ROWS else "")


def export(server: Server, cookie: str, n: int, database: int | None, seconds: int) -> dict[str, Any]:
    """The list of depositions as a scheduler takes it, again and again for that long."""

    def take() -> int:
        with ask(server.base + address(n), headers={"Cookie": cookie}, seconds=PATIENCE) as answer:
            return sum(1 for _ in csv.reader(io.TextIOWrapper(answer, "utf-8", newline=""))) - 1

    take()
    rows, began, before = 0, time.monotonic(), spent(server.process.pid, database)
    while time.monotonic() < began + seconds:
        rows += take()
    took, after = time.monotonic() - began, spent(server.process.pid, database)
    if not rows:
        raise Refused("The CSV had no rows.")
    return each(before, after, rows, took)


# Messages of the worker -------------------------------------------------------------------------------------------

Make = Callable[[Db, int, str], Message]


def notice(db: Db, i: int, url: str) -> Message:
    """What an organization is notified of."""
    claims = {"event": "session.scheduled", "request_id": i, "state": "scheduled", "at": clock.iso(clock.now())}
    return webhooks.notification(url, claims, i % world.ORGANIZATIONS + 1)


def mail(db: Db, i: int, url: str) -> Message:
    """What a guest is written about a session."""
    case = {
        "what": f"Deposition of Ada Keller {i}",
        "title": f"Deposition of Ada Keller {i}",
        "case": "Keller v. Harbor",
    }
    when = {
        "when": "Sunday, 23 May 2027, 10:00",
        "day": "23 May 2027",
        "zone": "Pacific Time",
        "t": translator({}, "en"),
    }
    case["organization"] = world.organization_name(2)
    return email.email_message(db, "deposition-canceled", to=f"guest{i}@example.com", name="Ada Keller", **case, **when)


@contextmanager
def worker(url: str, log: Path, **environment: str) -> Iterator[Process]:
    """The product's worker as it is run."""
    with log.open("wb") as words:
        started = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "worker"],
            env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT), **environment},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
        )
    try:
        yield Process(started.pid)
    finally:
        started.terminate()
        try:
            started.wait(30)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def deliver(
    url: str, make: Make, arrived: Callable[[], int], target: str, database_pid: int | None, log: Path, smtp: str
) -> dict[str, Any]:
    """Starts the worker, queues messages when it has nothing to do, and waits until all have arrived and are marked."""
    database = Database(Config(database_url=url))
    rest_tonight(database)
    try:
        with worker(url, log, SMTP_URL=smtp, WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8") as process:
            queue(database, make, target, WARM)
            until(lambda: arrived() >= WARM and waiting(database) == 0 and not busy(database))
            time.sleep(2)
            known, before = arrived(), spent(process.pid, database_pid)
            queue(database, make, target, MESSAGES)
            began = time.monotonic()
            until(lambda: arrived() >= known + MESSAGES)
            took = time.monotonic() - began
            until(lambda: waiting(database) == 0)
            after = spent(process.pid, database_pid)
        return each(before, after, MESSAGES, took)
    finally:
        database.dispose()


def rest_tonight(database: Database) -> None:
    """Lets the worker find every record verified this night and the next: it would begin with that in the middle of the
    messages, a minute after its start."""
    now = clock.now()
    done = {"proven": 0, "broken": 0, "not_proven": 0, "lease_until": now, "started_at": now, "finished_at": now}
    nights = [(now - nightly.HOUR + timedelta(days=n)).strftime("%Y-%m-%d") for n in range(2)]
    with database.write() as db:
        db.execute(insert_or_ignore(db, VerificationRun), [{"night": night, **done} for night in nights])


def queue(database: Database, make: Make, target: str, n: int) -> None:
    with database.write() as db:
        messages = [make(db, i, target) for i in range(n)]
        subject, id = ABOUT
        outbox.enqueue(
            db,
            messages,
            event_id=None,
            organization_id=2,
            subject_type=subject,
            subject_id=id,
            now=clock.now(),
        )


def waiting(database: Database) -> int:
    """Messages of the bench that the worker has not finished. Raises Refused when one was not sent."""
    subject, id = ABOUT
    states = select(OutboxRow.state, func.count()).where(OutboxRow.subject_type == subject, OutboxRow.subject_id == id)
    with database.read() as db:
        found = {state: int(n) for state, n in db.execute(states.group_by(OutboxRow.state))}
    if set(found) - {QUEUED, SENT}:
        raise Refused(f"The worker gave messages up: {found}.")
    return found.get(QUEUED, 0)


SOON = timedelta(minutes=1)
"""Until then nothing else may become due: a webhook of before that nobody took is tried again after five seconds."""


def busy(database: Database) -> bool:
    """Whether the worker has other work first: messages of what was created and reviewed before, and rows that the
    bench wrote without what the product keeps beside them."""
    with database.read() as db:
        due = select(OutboxRow.id).where(OutboxRow.state == QUEUED, OutboxRow.due_at <= clock.now() + SOON).limit(1)
        return db.execute(due).first() is not None or rereading.anything_outdated(db)


def until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > ends:
            raise Refused(f"Not all messages arrived within {PATIENCE:g} seconds.")
        time.sleep(0.05)


# ------------------------------------------------------------------------------------------------------------------


def measure(
    name: str, server: Server, cookie: str, url: str, n: int, database: int | None, seconds: int, folder: Path
) -> dict[str, Any]:
    """The figures of one of these paths."""
    if name == "csv":
        return export(server, cookie, n, database, seconds)
    log = folder / "worker.log"
    if name == "webhook":
        with Receiver() as receiver:
            return deliver(url, notice, lambda: len(receiver.got), receiver.url, database, log, "")
    with MailServer() as mails:
        return deliver(url, mail, lambda: len(mails.mails), "", database, log, mails.url)
