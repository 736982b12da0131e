"""A kind of document for tests, and a worker in a process of its own that makes it, to be killed:
`python -m tests.dashboard.making <seconds of lease>`."""

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from app.accounts.roles import PRESCREENS
from app.config import Config
from app.dashboard.documents import jobs
from app.dashboard.documents.kinds import File, Kind, Making
from app.dashboard.documents.models import Document
from app.kernel import pdf
from app.kernel.changes import events
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from app.wiring import wire
from app.worker import Worker

REQUESTED = EventType("prescreen.sheet_requested", "Sheet requested by {who}")
DOWNLOADED = EventType("prescreen.sheet_downloaded", "Sheet downloaded by {who}")


def record(
    db: Db, event_type: EventType, document: Document, *, by: Actor, now: datetime, data: Mapping[str, object]
) -> None:
    events.record(
        db,
        event_type,
        subject_type=document.subject_type,
        subject_id=document.subject_id,
        organization_id=document.organization_id,
        by=by,
        now=now,
        data=dict(data),
    )


def slow(making: Making) -> File:
    """A PDF of some hundred rows, which takes longer than it takes to kill its worker."""
    making.progress("Writing the PDF")
    rows = [f"<tr><td>{number}</td><td>{making.document.subject_id}</td></tr>" for number in range(400)]
    html = f"<html lang='en'><title>Sheet</title><table>{''.join(rows)}</table></html>"
    return File("sheet.pdf", pdf.MIME, pdf.render(pdf.Source(html, making.document.requested_at)))


def kind(make: Callable[[Making], File] = slow, basis: str = "1", needs: str = PRESCREENS) -> Kind:
    """A kind about prescreens."""
    return Kind(
        name="test.sheet",
        title="Sheet",
        subject_type="prescreen",
        make=make,
        basis=lambda db, id, options: basis,
        needs=needs,
        url=lambda document: "/prescreens",
        record=record,
        requested=REQUESTED,
        downloaded=DOWNLOADED,
        members={"inside.txt": "text/plain"},
    )


def worker(database: Database, made: Kind, lease: float = 30) -> Worker:
    """A worker that makes these alone, and deletes them."""
    wiring = wire(database.config, database)
    return Worker(replace(wiring, sweeps=(), handlers={**wiring.handlers, **jobs.handlers([made])}), lease=lease)


def work(database: Database, made: Kind) -> None:
    """Does what is due."""
    while worker(database, made).run_once(now()):
        """Another round."""


def main() -> None:
    lease = float(sys.argv[1])
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    worker(Database(Config.from_env()), kind(), lease).run(stop)


if __name__ == "__main__":
    main()
