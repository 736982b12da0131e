"""Evidence on the desk: the gallery, the files as attachments with an event each, and documents of the operator."""

import pytest

from app.files import keeping, pictures
from tests.inspections import pages
from tests.inspections.pages import kinds, others_may_not, send
from tests.inspections.test_capture import PLACED, Phone, chained, file, items, stored
from tests.pages import text
from tests.pictures import picture


@pytest.fixture
def session(integrator) -> dict:
    return integrator.create()


@pytest.fixture
def shown(app, integrator, session, database, outbox) -> str:
    """The address of a photo that was sent, and copied by the worker."""
    phone = Phone(app, integrator, session)
    phone.allow()
    assert "added=1" in phone.send(photo=file(PLACED, "<b>Door.jpg")).location
    outbox.deliver_all()
    return f"/inspections/{session['id']}/evidence/{items(database, session)[0].id}"


def test_the_gallery_and_its_files(otto, app, cast, session, shown, database) -> None:
    page = text(otto.get(f"/inspections/{session['id']}"))
    assert "&lt;b&gt;Door.jpg" in page
    assert "48.856667, 2.352222</span>" in page
    assert "by the phone</span>" in page
    assert f'src="{shown}/thumbnail"' in page
    small = otto.get(f"{shown}/thumbnail")
    assert pictures.facts(small.data).mime == small.mimetype == "image/jpeg"
    auditor = cast.sign_in(app.test_client(), "aude")
    for part, browser in (("original", otto), ("copy", auditor)):
        before = kinds(database, session)
        answer = browser.get(f"{shown}/{part}")
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert kinds(database, session) == ["inspection.evidence_downloaded", *before]
    assert otto.get(f"{shown}/original").data == PLACED
    assert b"Exif" not in otto.get(f"{shown}/copy").data
    stranger = cast.sign_in(app.test_client(), "oona")
    assert [stranger.get(f"{shown}/{part}").status_code for part in ("original", "copy", "thumbnail")] == [404] * 3


def test_a_file_that_was_changed_in_the_store_is_not_handed_out(otto, session, shown, database) -> None:
    from app.kernel.store import store_at

    (item,) = items(database, session)
    kept = store_at(database.config.evidence_url)
    (kept._folder / keeping.originals(item.inspection_id) / item.sha256).write_bytes(PLACED[:-1])
    before = kinds(database, session)
    refused = otto.get(f"{shown}/original")
    assert (refused.status_code, "is not the one that was put there" in text(refused)) == (404, True)
    assert kinds(database, session) == before


def test_a_picture_that_cannot_be_decoded_has_no_copy_and_stays(
    app, integrator, otto, session, database, outbox
) -> None:
    phone = Phone(app, integrator, session)
    phone.allow()
    broken = picture(size=(400, 300))[:-900]
    phone.send(photo=file(broken))
    outbox.deliver_all()
    (item,) = items(database, session)
    assert (item.copying, stored(database, session, item.sha256)) == ("failed", broken)
    assert "No copy: it cannot be decoded" in text(otto.get(f"/inspections/{session['id']}"))


def test_an_operator_adds_a_document(otto, session, database) -> None:
    assert send(otto, session, "add_document", file=file(b"%PDF-1.7 policy", "Policy.pdf")).status_code == 303
    (item,) = items(database, session)
    assert (item.kind, item.invite_id, chained(database, session)[0]["by"]) == ("document", None, pages.OTTO)
    again = send(otto, session, "add_document", file=file(b"%PDF-1.7 policy", "Again.pdf"))
    assert (again.status_code, "in the record already" in text(again)) == (409, True)
    assert send(otto, session, "add_document").status_code == 422
    assert len(items(database, session)) == 1


def test_who_may_not_add_one(app, cast, integrator, otto, session, database) -> None:
    others_may_not(app, cast, database, session, "add_document")
    integrator.end(session)
    assert send(otto, session, "add_document", file=file(b"%PDF-1.7 x", "x.pdf")).status_code == 409
    assert items(database, session) == []
