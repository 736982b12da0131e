"""The worker is killed when it has made a report, a bundle, or the copies of a photo: each is finished once."""

import signal
import time
import uuid
from pathlib import Path

import pytest
from sqlalchemy import select

from app.dashboard.documents import actions, jobs, queries
from app.files import keeping
from app.inspections import bundles, emails
from app.inspections.report import document
from app.kernel import store
from app.kernel.changes.events import Event
from app.kernel.clock import now
from tests.inspections.test_capture import PLACED, Phone, file, items, stored
from tests.processes import Loaded
from tests.servers import environment

KINDS = (document.KIND, bundles.KIND)


@pytest.mark.timeout(400)
def test_a_killed_worker_costs_nothing_and_leaves_no_originals(
    app, integrator, database, outbox, cast, tmp_path: Path
) -> None:
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED))
    outbox.deliver_all()
    with database.write() as db:
        about = (uuid.UUID(session["id"]), cast.marston.id, {"locale": "en"})
        ids = [actions.request(db, kind, *about, by=cast.actor("otto"), now=now()) for kind in KINDS]
    names = environment(database.config) | {"TMPDIR": str(tmp_path)}
    for _ in range(4):  # a worker may begin both before it is killed, or the same one again
        if not all(row.attempts for row in outbox.rows(actions.MAKE)):
            assert Loaded("tests.inspections.dying", ["document"], names).wait(40) == -signal.SIGKILL
    left = [each for each in tmp_path.rglob("*") if each.is_file() and PLACED[:200] in each.read_bytes()]
    kept = Path(database.config.evidence_url)
    assert [each for each in left if not each.is_relative_to(kept)] == [], "originals beside the store"
    finish(outbox, actions.MAKE, names)
    assert {_of(database, id).state for id in ids} == {"ready"}
    files = store.store_at(database.config.evidence_url)
    for id in ids:
        assert list(files.names(jobs.folder(id))) == [f"{jobs.folder(id)}/{_of(database, id).sha256}"]
    assert all(row.attempts >= 2 for row in outbox.rows(actions.MAKE))
    with database.read() as db:
        requested = [kind.requested.kind for kind in KINDS]
        assert sorted(db.scalars(select(Event.kind).where(Event.kind.in_(requested)))) == sorted(requested)


@pytest.mark.timeout(400)
def test_a_photo_whose_worker_was_killed_is_copied_once(app, integrator, database, outbox, tmp_path: Path) -> None:
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED))
    names = environment(database.config) | {"TMPDIR": str(tmp_path)}
    assert Loaded("tests.inspections.dying", ["copy"], names).wait(40) == -signal.SIGKILL
    (photo,) = items(database, session)
    written = store.store_at(database.config.evidence_url).names(keeping.copies(photo.inspection_id))
    assert (photo.copying, len(written)) == ("pending", 2), "stored, and not noted"
    finish(outbox, emails.COPY, names)
    (photo,) = items(database, session)
    copies = {f"{keeping.copies(photo.inspection_id)}/{each}" for each in (photo.copy_sha256, photo.thumbnail_sha256)}
    assert photo.copying == "made"
    assert set(store.store_at(database.config.evidence_url).names(keeping.copies(photo.inspection_id))) == copies
    assert stored(database, session, photo.sha256) == PLACED
    assert all(row.attempts >= 2 for row in outbox.rows(emails.COPY))


def finish(outbox, channel: str, names: dict[str, str]) -> None:
    """Another worker, until it has done all jobs of a channel."""
    worker = Loaded("tests.faults.victim", ["1"], names)
    try:
        ends = time.monotonic() + 60
        while {row.state for row in outbox.rows(channel)} != {"sent"}:
            assert time.monotonic() < ends, "It never was finished."
            time.sleep(0.05)
    finally:
        worker.kill()
        worker.wait()


def _of(database, id):
    with database.read() as db:
        return queries.get(db, id)
