"""Bundles by the worker: however large, once, resumable, known by hash for good, gone when something is erased."""

import io
import uuid
import zipfile

import pytest
from sqlalchemy import select

from app.files.keeping import copies, originals
from app.inspections import actions, bundle, bundles
from app.inspections.evidence.models import MadeFile
from app.kernel import store
from app.kernel.clock import now
from tests.cli.running import Desk
from tests.inspections import pages
from tests.inspections.test_capture import PLACED, Phone, file, items


@pytest.fixture
def session(app, integrator, outbox) -> dict:
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED), note="dry")
    outbox.deliver_all()
    return session


def link(client, session) -> str:
    """The address of the bundle on the page."""
    page = client.get(f"/inspections/{session['id']}").text
    return page.partition('href="/documents/')[2].partition('"')[0]


def test_a_large_bundle_is_made_by_the_worker_once_and_can_be_resumed(
    app, otto, mira, cast, session, database, outbox, monkeypatch
) -> None:
    monkeypatch.setattr(bundles, "AT_ONCE", 10)
    place = f"/inspections/{session['id']}"
    assert otto.get(f"{place}/chain.zip").status_code == 409
    assert "Download to verify offline" not in otto.get(place).text
    for client in (otto, mira, otto):
        assert pages.send(client, session, "make_bundle").status_code == 303
    assert "It is made as soon as it is its turn" in otto.get(place).text
    outbox.deliver_all()
    assert pages.kinds(database, session).count("inspection.bundle_requested") == 1
    address = f"/documents/{link(otto, session)}"
    auditor = cast.sign_in(app.test_client(), "aude")
    assert pages.send(auditor, session, "make_bundle").status_code == 403
    whole = auditor.get(address)
    digest = store.digest(whole.data)
    assert (whole.headers["ETag"], whole.headers["Accept-Ranges"]) == (f'"{digest}"', "bytes")
    assert set(bundle.read(whole.data).originals) == {each.sha256 for each in items(database, session)}
    rest = otto.get(address, headers={"Range": "bytes=100-", "If-Range": f'"{digest}"'})
    assert (rest.status_code, rest.data) == (206, whole.data[100:])
    assert rest.headers["Content-Range"] == f"bytes 100-{len(whole.data) - 1}/{len(whole.data)}"
    other = otto.get(address, headers={"Range": "bytes=100-", "If-Range": '"another"'})
    assert (other.status_code, other.data) == (200, whole.data)
    assert otto.get(address, headers={"Range": f"bytes={len(whole.data)}-"}).status_code == 416
    assert pages.kinds(database, session).count("inspection.evidence_downloaded") == 3
    checked = app.test_client().get("/verify/", query_string={"q": digest})
    assert "Your file is a bundle of the record" in checked.text


def test_what_is_erased_takes_its_bundles_along_but_not_their_hashes(otto, cast, session, database, outbox) -> None:
    pages.send(otto, session, "make_bundle")
    outbox.deliver_all()
    address = f"/documents/{link(otto, session)}"
    assert otto.get(address).status_code == 200
    with database.write() as db:
        item = items(database, session)[0]
        id, by = uuid.UUID(session["id"]), cast.actor("adam")
        actions.erase_evidence(db, id, item.id, reason="asked for", by=by, now=now())
    assert otto.get(address).status_code == 404
    outbox.deliver_all()
    kept = store.store_at(database.config.evidence_url)
    assert not kept.names(f"documents/{address.split('/')[2]}")
    assert set(kept.names(originals(id))) | set(kept.names(copies(id)))
    with database.read() as db:
        assert len(db.scalars(select(MadeFile.sha256)).all()) == 1


def test_the_command_writes_the_same_bundle(session, database, monkeypatch, tmp_path, otto) -> None:
    monkeypatch.setenv("EVIDENCE_URL", database.config.evidence_url)
    done = Desk(database, monkeypatch)("evidence", "bundle", session["id"], str(tmp_path / "b.zip"), "--json")
    assert done.exit_code == 0
    content = (tmp_path / "b.zip").read_bytes()
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    assert otto.get(f"/inspections/{session['id']}/chain.zip").data == content
