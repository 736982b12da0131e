"""The worker is killed when it has made a report, and a bundle: each is finished once."""

import signal
import time
import uuid
from pathlib import Path

import pytest
from sqlalchemy import select

from app.dashboard.documents import actions, jobs, queries
from app.inspections import bundles
from app.inspections.report import document
from app.kernel import store
from app.kernel.changes.events import Event
from app.kernel.clock import now
from tests.inspections.test_capture import PLACED, Phone, file
from tests.processes import Loaded
from tests.servers import environment

KINDS = (document.KIND, bundles.KIND)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_killed_worker_costs_nothing(app, integrator, database, outbox, cast, tmp_path: Path) -> None:
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED))
    outbox.deliver_all()
    with database.write() as db:
        about = (uuid.UUID(session["id"]), cast.marston.id, {"locale": "en"})
        ids = [actions.request(db, kind, *about, by=cast.actor("otto"), now=now()) for kind in KINDS]
    names = environment(database.config) | {"TMPDIR": str(tmp_path)}
    for _ in KINDS:  # a worker may have begun both when it is killed
        if not all(row.attempts for row in outbox.rows(actions.MAKE)):
            assert Loaded("tests.inspections.dying", [], names).wait(40) == -signal.SIGKILL
    worker = Loaded("tests.faults.victim", ["1"], names)
    try:
        ends = time.monotonic() + 60
        while {row.state for row in outbox.rows(actions.MAKE)} != {"sent"}:
            assert time.monotonic() < ends, "It never was finished."
            time.sleep(0.05)
    finally:
        worker.kill()
        worker.wait()
    assert {_of(database, id).state for id in ids} == {"ready"}
    files = store.store_at(database.config.evidence_url)
    for id in ids:
        assert list(files.names(jobs.folder(id))) == [f"{jobs.folder(id)}/{_of(database, id).sha256}"]
    assert all(row.attempts >= 2 for row in outbox.rows(actions.MAKE))
    with database.read() as db:
        requested = [kind.requested.kind for kind in KINDS]
        assert sorted(db.scalars(select(Event.kind).where(Event.kind.in_(requested)))) == sorted(requested)


def _of(database, id):
    with database.read() as db:
        return queries.get(db, id)
