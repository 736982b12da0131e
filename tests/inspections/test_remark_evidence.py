"""Remarks on pieces of evidence: sealed, never overwritten, corrected by a newer one; and the stamp over each piece."""

import uuid
from dataclasses import replace
from types import SimpleNamespace

import pytest

from app.inspections import records
from app.inspections.presentation.gallery import cover_of
from app.inspections.verification import Finding, Result
from tests.cli.running import Desk
from tests.inspections import pages
from tests.inspections.pages import kinds
from tests.inspections.test_capture import PLACED, Phone, chained, file, items
from tests.inspections.test_chain import run, unpack
from tests.inspections.test_checkpoints import authority, stamped  # noqa: F401
from tests.inspections.test_erase_evidence import erase
from tests.pages import presser, text


@pytest.fixture
def session(app, integrator, outbox) -> dict:
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED), note="dry")
    outbox.deliver_all()
    return session


def remark(browser, session, item, text="The left door, before the hail."):
    return presser(browser, f"/inspections/{session['id']}/evidence/{item.id}/remark", text=text)()


def page_of(app, cast, session) -> str:
    return text(cast.sign_in(app.test_client(), "otto").get(f"/inspections/{session['id']}"))


def test_a_remark_is_kept_for_good_and_a_newer_one_corrects_it(
    app, cast, otto, session, integrator, database, outbox, tmp_path
) -> None:
    photo, note = items(database, session)
    assert remark(otto, session, photo, "The right <door>.").status_code == 303
    assert remark(otto, session, photo, "The left door.").status_code == 303
    remarks = chained(database, session, "evidence.remarked")
    assert [(each["item"], each["sha256"], each["text"]) for each in remarks] == [
        (str(photo.id), photo.sha256, "The right <door>."),
        (str(photo.id), photo.sha256, "The left door."),
    ]
    assert remarks[0]["by"]["name"] == cast.people["otto"].name
    assert kinds(database, session)[:2] == ["inspection.evidence_remarked"] * 2
    page = otto.get(f"/inspections/{session['id']}").text
    assert page.index("The left door.") < page.index("1 earlier remark") < page.index("The right &lt;door&gt;.")
    integrator.end(session)
    assert remark(otto, session, note, "Seen again after the end.").status_code == 303
    with database.read() as db:
        record = records.read(db, uuid.UUID(session["id"]))
    assert record.verdict(()).fault == ""
    assert record.links[-1].kind == "evidence.remarked", "and no operator joins what has ended"
    folder = unpack(otto.get(f"/inspections/{session['id']}/chain.zip").data, tmp_path)
    ran = run(folder)
    assert (ran.returncode, "BROKEN" in ran.stdout) == (2, False), ran
    assert (folder / "events.jsonl").read_text().count("evidence.remarked") == 3


@pytest.fixture
def adam(app, cast):
    return cast.sign_in(app.test_client(), "adam")


def test_who_may_not_and_what_is_needed(app, cast, adam, session, database) -> None:
    photo, note = items(database, session)
    before = pages.state(database, session)
    for who, status in (("aude", 403), ("oona", 404)):
        assert remark(cast.sign_in(app.test_client(), who), session, photo).status_code == status
    otto = cast.sign_in(app.test_client(), "otto")
    assert remark(otto, session, photo, " ").status_code == 422
    assert remark(otto, session, SimpleNamespace(id=uuid.uuid4())).status_code == 404
    assert pages.state(database, session) == before
    assert erase(adam, session, note).status_code == 303
    refused = remark(otto, session, note)
    assert (refused.status_code, "about nothing" in text(refused)) == (409, True)


def test_the_command_adds_one(session, database, monkeypatch) -> None:
    desk, (photo, _) = Desk(database, monkeypatch), items(database, session)
    assert (
        desk.json("evidence", "remark", session["id"], str(photo.id), "--text", " Left door. ")["text"] == "Left door."
    )
    assert desk("evidence", "remark", session["id"], str(photo.id), "--text", " ").exit_code == 1
    assert [each["text"] for each in chained(database, session, "evidence.remarked")] == ["Left door."]


def test_each_piece_says_which_stamp_covers_it(
    app,
    cast,
    session,
    integrator,
    database,
    outbox,
    clock,
    stamped,  # noqa: F811
) -> None:
    assert "Not stamped" in page_of(app, cast, session)
    integrator.end(session)
    assert "Not stamped yet" in page_of(app, cast, session)
    outbox.deliver_all()
    page = page_of(app, cast, session)
    assert page.count("Proven by ") >= 2
    database.config = replace(database.config, tsa_roots=())
    assert "Stamped, not proven" in page_of(app, cast, session)


def asked(events, result, reply=b"x"):
    statement = f'{{"session":"s","events":{events},"head":"h"}}'
    return SimpleNamespace(
        authority="https://one.example/", statement=statement, reply=reply, stamped_at=None
    ), Finding(result, "Why.")


def test_the_first_good_stamp_over_a_piece_counts_and_no_earlier_one() -> None:
    item = SimpleNamespace(sequence=5)
    proven, other, pending = Result.PROVEN, Result.NOT_PROVEN, Result.NOT_PROVEN
    assert cover_of(item, []).text == "Not stamped"
    assert cover_of(item, [asked(4, proven)]).text == "Not stamped"
    assert cover_of(item, [asked(4, proven), asked(5, pending, None)]).text == "Not stamped yet"
    assert cover_of(item, [asked(5, other), asked(9, proven)]).text.startswith("Proven by")
    assert cover_of(item, [asked(5, other), asked(4, proven)]).text.startswith("Stamped, not proven")
    assert cover_of(item, [asked(5, Result.BROKEN)]).text.startswith("Does not hold")
