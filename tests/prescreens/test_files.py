"""Files as answers: added, refused in words, taken out, sent, read by staff, and erased with everything else."""

import html
import re
import zipfile
from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, text, update

from app.files import keeping
from app.files import reading as file_reading
from app.kernel import store
from app.kernel.clock import now
from app.prescreens import actions, case_files, links, personal_files, reading
from app.prescreens.answer_files import AnswerFile
from app.prescreens.models import Contact, DecisionSnapshot, Inquiry, Prescreen
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import files
from tests.pictures import picture
from tests.prescreens.factories import QUESTIONS, prescreen, template
from tests.prescreens.visitors import START, Visitor, token_in
from tests.s3 import s3 as s3

PLACED = picture(place=True)
PDF = b"%PDF-1.7 a payslip"
FILE: dict[str, Any] = {"key": "payslips", "label": "Your payslips", "type": "file", "bounds": {"files": 3}}
ASKED = [QUESTIONS[0], FILE, QUESTIONS[5]]


@pytest.fixture
def visitor(database, cast, client) -> Visitor:
    with database.write() as db:
        template(db, cast.marston.id, questions=ASKED)
    return Visitor(client).get(START).press("/start").press("/answer", step="fullName", answer="Jane Smith")


def add(visitor: Visitor, *sent: tuple[bytes, str], status: int = 303, **fields: Any) -> Visitor:
    parts = [(BytesIO(content), name) for content, name in sent]
    return visitor.press("/files", status, step="payslips", answer=parts, **fields)


def rows(database) -> list[AnswerFile]:
    with database.read() as db:
        return list(db.scalars(select(AnswerFile).order_by(AnswerFile.received_at, AnswerFile.sha256)))


def submission(database) -> dict[str, Any]:
    with database.read() as db:
        return db.scalars(select(Prescreen.submission)).one()


def kept(database) -> set[str]:
    found = store.store_at(database.config.evidence_url)
    return {
        name
        for each in rows(database)
        for place in (keeping.originals, keeping.copies)
        for name in found.names(place(each.id))
    }


def test_files_are_added_shown_taken_out_and_sent(visitor, database, outbox) -> None:
    add(visitor, (PLACED, "../../IMG_1.jpg"), (PDF, "pay.pdf"))
    assert visitor.step == "payslips"
    assert "IMG_1.jpg" in visitor.page
    assert "../" not in visitor.page.split("<main")[1].split("</ul>")[0].replace("../static", "")
    photo = next(each for each in rows(database) if each.mime == "image/jpeg")
    assert photo.sha256 != store.digest(PLACED), "where it was taken is cut before the hash is taken"
    assert b"GPS" not in store.store_at(database.config.evidence_url).get(keeping.originals(photo.id), photo.sha256)
    outbox.deliver_all()
    visitor.get(visitor.path.partition("#")[0])
    src = html.unescape(re.search(r'src="([^"]+/files/[^"]+)"', visitor.page)[1])
    assert visitor.client.get(src).mimetype == "image/jpeg"
    pdf = store.digest(PDF)
    visitor.press("/files", step="payslips", remove=pdf)
    outbox.deliver_all()
    assert [each.erased_at is None for each in rows(database) if each.sha256 == pdf] == [False]
    assert not any(pdf in name for name in kept(database))
    assert submission(database)["payslips"] == [f"IMG_1.jpg (sha256:{photo.sha256})"]
    add(visitor, (PDF, "pay.pdf"))
    visitor.press("/files", step="payslips")
    assert visitor.step == "email"
    visitor.press("/answer", step="email", answer="jane@example.com")
    assert "IMG_1.jpg, pay.pdf" in visitor.page
    assert photo.sha256 not in visitor.page
    visitor.press("/complete")
    outbox.deliver_all()
    assert len([each for each in rows(database) if each.erased_at is None]) == 2


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "empty.jpg", "is empty"),
        (b"<svg onload=alert(1)>", "lies.jpg", "is not taken here"),
        (picture("PNG", size=(10, 10))[:40], "cut.png", "damaged"),
        (b"PK\x03\x04 a document", "form.pdf", "is not taken here"),
    ],
)
def test_what_does_not_fit_is_refused_in_words_and_not_kept(visitor, database, content, name, sentence) -> None:
    add(visitor, (content, name), (PDF, "=HYPERLINK(1).pdf"))
    assert sentence in visitor.page
    assert f"{name}:" in visitor.page
    assert "=HYPERLINK(1).pdf" in visitor.page, "the other one is kept"
    assert len(rows(database)) == 1
    assert visitor.step == "payslips"


def test_a_required_one_that_is_left_empty_is_asked_again(visitor) -> None:
    visitor.press("/files", step="payslips")
    assert visitor.step == "payslips"
    assert 'id="answer-error"' in visitor.page


def test_no_more_than_the_question_takes_and_the_same_one_once(visitor, database) -> None:
    add(visitor, *[(PDF + bytes([n]), f"{n}.pdf") for n in range(5)])
    assert "At most 3 files" in visitor.page
    assert len(submission(database)["payslips"]) == 3
    visitor.press("/files", step="payslips", remove=store.digest(PDF + b"\x00"))
    add(visitor, (PDF + b"\x01", "again.pdf"))
    assert len(submission(database)["payslips"]) == 2


def test_a_file_that_is_added_again_counts_once(visitor, database, outbox, monkeypatch) -> None:
    monkeypatch.setattr("app.prescreens.rules.files.MOST_ADDED", 2)
    add(visitor, (PDF, "one.pdf"), (PDF + b"2", "two.pdf"))
    for _ in range(2):
        visitor.press("/files", step="payslips", remove=store.digest(PDF))
        outbox.deliver_all()
        add(visitor, (PDF, "one.pdf"))
        assert len(submission(database)["payslips"]) == 2
    add(visitor, (PDF + b"3", "three.pdf"))
    assert len(submission(database)["payslips"]) == 2


def test_what_is_typed_where_a_file_is_asked_is_no_file(visitor, database) -> None:
    forged = files.written("never sent.pdf", "0" * 64)
    visitor.client.post(
        visitor.path.partition("?")[0] + "/answer",
        data={"csrf_token": token_in(visitor.page), "step": "payslips", "answer": forged},
    )
    assert "payslips" not in submission(database)


def test_a_store_that_is_away_loses_nothing(visitor, database, monkeypatch) -> None:
    def away(*_: object) -> str:
        raise store.Away

    monkeypatch.setattr(store.Store, "put", away)
    add(visitor, (PDF, "pay.pdf"))
    assert "cannot be kept at the moment" in visitor.page
    assert rows(database) == []


def test_another_session_sees_no_file(visitor, database, app, outbox) -> None:
    add(visitor, (PLACED, "mine.jpg"))
    outbox.deliver_all()
    (mine,) = rows(database)
    other = Visitor(app.test_client()).get(START).press("/start").press("/answer", step="fullName", answer="Eve")
    path = other.path.partition("?")[0]
    assert other.client.get(f"{path}/files/{mine.id}").status_code == 404


def test_names_are_shown_as_they_may_be(visitor, database) -> None:
    add(visitor, (PDF, "a" * 300 + ".pdf"), (PDF + b"2", "\u202egnp.pdf"))
    names = [each.name for each in files.named(submission(database)["payslips"])]
    assert all(len(name) <= 200 and "\u202e" not in name for name in names)


def test_staff_read_and_download_and_others_do_not(visitor, database, outbox, cast, app) -> None:
    add(visitor, (PLACED, "<b>id.jpg"), (PDF, "pay.pdf"))
    visitor.press("/files", step="payslips").press("/answer", step="email", answer="")
    visitor.press("/complete")
    outbox.deliver_all()
    with database.read() as db:
        id: UUID = db.scalars(select(Prescreen.id)).one()
    agent = cast.sign_in(app.test_client(), "lena")
    page = agent.get(f"/prescreens/{id}").text
    assert "&lt;b&gt;id.jpg" in page
    photo = next(each for each in rows(database) if each.mime == "image/jpeg")
    assert photo.sha256 in page
    for part in ("original", "copy"):
        answer = agent.get(f"/prescreens/{id}/files/{photo.id}/{part}")
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert agent.get(f"/prescreens/{id}/files/{photo.id}/thumbnail").mimetype == "image/jpeg"
    assert "File of an answer downloaded" in agent.get(f"/prescreens/{id}").text
    with database.read() as db:
        id = db.scalars(select(Prescreen.id)).one()
    for who, status in (("lars", 404), ("aude", 200), ("otto", 403)):
        browser = cast.sign_in(app.test_client(), who)
        for part in ("original", "copy", "thumbnail"):
            assert browser.get(f"/prescreens/{id}/files/{photo.id}/{part}").status_code == status, who
    rows_csv = agent.get("/prescreens/csv?state=all").text
    assert "sha256:" not in rows_csv


def sent(visitor, database, outbox, *what: tuple[bytes, str]) -> UUID:
    add(visitor, *what)
    visitor.press("/files", step="payslips").press("/answer", step="email", answer="jane@example.com")
    visitor.press("/complete")
    outbox.deliver_all()
    with database.read() as db:
        return db.scalars(select(Prescreen.id)).one()


def test_a_blind_first_look_shows_no_file(visitor, database, outbox, cast, app) -> None:
    id = sent(visitor, database, outbox, (PLACED, "janes-id.jpg"))
    with database.write() as db:
        db.execute(update(Prescreen).values(blind=True))
    agent = cast.sign_in(app.test_client(), "lena")
    (photo,) = rows(database)
    page = agent.get(f"/prescreens/{id}").text
    assert "janes-id.jpg" not in page
    assert photo.sha256 not in page
    assert str(photo.id) not in page
    assert agent.get(f"/prescreens/{id}/files/{photo.id}/original").status_code == 404


def test_a_decision_and_its_case_file_have_the_files(visitor, database, outbox, cast) -> None:
    id = sent(visitor, database, outbox, (PLACED, "id.jpg"), (PDF, "pay.pdf"))
    by, reach = cast.actor("lena"), Reach((cast.marston.id,))
    with database.write() as db:
        actions.approve(db, id, None, reach=reach, by=by, now=now())
    with database.read() as db:
        answers_hash = db.scalars(select(DecisionSnapshot.answers_hash)).one()
    made = case_files.written(case_files.read(database, id, notes=False), now(), "Lena")
    with zipfile.ZipFile(BytesIO(made.content)) as archive:
        names = archive.namelist()
        assert store.digest(archive.read("answers.json")) == answers_hash
        for each in rows(database):
            (name,) = [name for name in names if each.sha256 in name]
            assert store.digest(archive.read(name)) == each.sha256
            assert each.sha256.encode() in archive.read("answers.json")


def erase(database, cast) -> None:
    by, reach = cast.actor("adam"), Reach((cast.marston.id,))
    with database.write() as db:
        contact = db.scalars(select(Contact.id)).one()
        actions.erase_contact(db, contact, reach=reach, reason="Asked for it", by=by, now=now())


def test_erasing_deletes_them_and_keeps_their_hashes(visitor, database, outbox, cast) -> None:
    sent(visitor, database, outbox, (PLACED, "id.jpg"), (PDF, "pay.pdf"))
    assert kept(database)
    erase(database, cast)
    outbox.deliver_all()
    assert kept(database) == set()
    assert all(each.erased_at for each in rows(database))
    with database.read() as db:
        assert "id.jpg" not in str(db.execute(text("SELECT data FROM events")).all())


def test_what_was_never_sent_goes_a_week_after_the_thirty_days(visitor, database, outbox, clock) -> None:
    add(visitor, (PLACED, "id.jpg"))
    outbox.deliver_all()
    clock.move(days=31)
    outbox.deliver_all()
    assert kept(database)
    clock.move(days=7)
    outbox.deliver_all()
    assert kept(database) == set()


def test_what_was_sent_stays_after_the_thirty_days(visitor, database, outbox, clock) -> None:
    sent(visitor, database, outbox, (PDF, "pay.pdf"))
    clock.move(days=40)
    outbox.deliver_all()
    assert len(kept(database)) == 1


def test_nothing_is_added_after_sending(visitor, database, outbox) -> None:
    path, page = visitor.path.partition("?")[0], visitor.page
    sent(visitor, database, outbox, (PDF, "pay.pdf"))
    data = {"csrf_token": token_in(page), "step": "payslips", "answer": (BytesIO(PDF + b"2"), "late.pdf")}
    assert visitor.client.post(f"{path}/files", data=data).status_code == 303
    assert len(rows(database)) == 1
    data = {"csrf_token": token_in(page), "step": "payslips", "remove": rows(database)[0].sha256}
    assert visitor.client.post(f"{path}/files", data=data).status_code == 303
    assert len(submission(database)["payslips"]) == 1


def asked(visitor, database, outbox, cast, app, *what: tuple[bytes, str]) -> tuple[UUID, Visitor]:
    """A prescreen that was sent, and the page that asks for its files again."""
    id = sent(visitor, database, outbox, *what)
    by, reach = cast.actor("lena"), Reach((cast.marston.id,))
    with database.write() as db:
        inquiry = actions.ask(db, id, ["payslips"], (), "", reach=reach, version=None, by=by, now=now())
    token = links.token(database.config, links.INQUIRY, inquiry)
    return id, Visitor(app.test_client()).get(f"{START}/asked/{token}")


def test_asked_again_the_old_files_stay_readable(visitor, database, outbox, cast, app) -> None:
    id, page = asked(visitor, database, outbox, cast, app, (PLACED, "old.jpg"))
    page.press("/files", step="payslips", answer=[(BytesIO(b"no file"), "no.txt"), (BytesIO(PDF), "new.pdf")])
    assert "is not taken here" in page.page
    assert "new.pdf" in page.page, "the other one is added, and nothing is sent yet"
    assert [each.name for each in files.named(submission(database)["payslips"])] == ["old.jpg"]
    page.press("/files", step="payslips")
    outbox.deliver_all()
    assert [each.name for each in files.named(submission(database)["payslips"])] == ["new.pdf"]
    staff = cast.sign_in(app.test_client(), "lena").get(f"/prescreens/{id}").text
    assert "old.jpg" in staff
    assert "new.pdf" in staff
    old = next(each for each in rows(database) if each.mime == "image/jpeg")
    with database.read() as db:
        assert old.sha256 in files.kept(db.get_one(Prescreen, id), db.scalars(select(Inquiry)).all(), now())


def test_asked_again_a_file_is_shown_and_taken_out_before_it_is_sent(visitor, database, outbox, cast, app) -> None:
    _, page = asked(visitor, database, outbox, cast, app, (PDF, "old.pdf"))
    page.press("/files", step="payslips", answer=[(BytesIO(PLACED), "mine.jpg"), (BytesIO(PDF + b"2"), "two.pdf")])
    outbox.deliver_all()
    page.get(page.path.partition("#")[0])
    src = html.unescape(re.search(r'src="([^"]+/files/[^"]+)"', page.page)[1])
    assert page.client.get(src).mimetype == "image/jpeg"
    two = store.digest(PDF + b"2")
    page.press("/files", step="payslips", remove=two)
    outbox.deliver_all()
    assert "two.pdf" not in page.page
    assert not any(two in name for name in kept(database))
    page.press("/files", step="payslips", remove=store.digest(PDF))
    outbox.deliver_all()
    assert any(store.digest(PDF) in name for name in kept(database)), "an answer names it"
    page.press("/files", step="payslips")
    assert [each.name for each in files.named(submission(database)["payslips"])] == ["mine.jpg"]
    address = src.partition("?")[0]
    assert page.client.get(address.rpartition("/")[0] + f"/{uuid4()}").status_code == 404


def test_what_is_not_sent_yet_is_in_no_case_file(visitor, database, outbox, cast, app) -> None:
    id, page = asked(visitor, database, outbox, cast, app, (PDF, "old.pdf"))
    page.press("/files", step="payslips", answer=[(BytesIO(PLACED), "mine.jpg")])
    old = store.digest(PDF)
    assert [*case_files.read(database, id, notes=False).files] == [f"files/{old}.pdf"], "staff see nothing else, too"
    page.press("/files", step="payslips")
    names = {name.partition(".")[0] for name in case_files.read(database, id, notes=False).files}
    assert names == {f"files/{each.sha256}" for each in rows(database)}, "as it is, and as it was before"


def test_asked_again_a_required_one_is_not_sent_empty(visitor, database, outbox, cast, app) -> None:
    _, page = asked(visitor, database, outbox, cast, app, (PDF, "old.pdf"))
    page.press("/files", step="payslips")
    assert 'id="answer-error"' in page.page
    assert [each.name for each in files.named(submission(database)["payslips"])] == ["old.pdf"]


def test_on_s3_too(visitor, database, outbox, cast, s3) -> None:
    database.config = replace(database.config, evidence_url=f"s3://evidence/{uuid4()}")
    sent(visitor, database, outbox, (PLACED, "id.jpg"))
    assert len(kept(database)) == 3
    erase(database, cast)
    outbox.deliver_all()
    assert kept(database) == set()


CONDITIONAL = [
    QUESTIONS[0],
    {"key": "has", "label": "Do you have some?", "type": "yesno"},
    {**FILE, "required": False, "condition": {"all": [{"key": "has", "one_of": [True]}]}},
]


def test_a_file_whose_question_is_asked_no_more_goes_at_once(database, cast, client, outbox) -> None:
    with database.write() as db:
        template(db, cast.marston.id, questions=CONDITIONAL)
    visitor = Visitor(client).get(START).press("/start").press("/answer", step="fullName", answer="Jane Smith")
    visitor.press("/answer", step="has", answer="yes")
    add(visitor, (PLACED, "id.jpg"))
    outbox.deliver_all()
    assert len(kept(database)) == 3
    visitor.get(visitor.path.partition("?")[0] + "?step=has")
    visitor.press("/answer", step="has", answer="no")
    outbox.deliver_all()
    assert "payslips" not in submission(database)
    assert kept(database) == set()
    assert all(each.erased_at for each in rows(database))


def test_a_lost_file_is_found_each_day_until_it_is_back(
    visitor, database, outbox, cast, client, app, clock, monkeypatch
) -> None:
    id = sent(visitor, database, outbox, (PLACED, "id.jpg"), (PDF, "pay.pdf"))
    assert reading.read_portion(database, now()) is False, "each was read when it came"
    pdf = next(each for each in rows(database) if each.mime != "image/jpeg")
    found = store.store_at(database.config.evidence_url)
    found.delete(keeping.originals(pdf.id), pdf.sha256)
    clock.move(days=1, seconds=1)
    monkeypatch.setattr(file_reading, "PORTION", 1)
    assert reading.read_portion(database, now()) is True
    while reading.read_portion(database, now()):
        pass
    assert {each.sha256: each.fault for each in rows(database)}[pdf.sha256] == "missing"
    assert sorted(each.fault for each in rows(database)) == ["", "missing"]
    assert "was missing from the store" in cast.sign_in(app.test_client(), "lena").get(f"/prescreens/{id}").text
    assert "desk_answer_files_faulty 1.0" in client.get("/metrics").text
    found.put(keeping.originals(pdf.id), PDF)
    clock.move(days=1, seconds=1)
    while reading.read_portion(database, now()):
        pass
    assert [each.fault for each in rows(database)] == ["", ""]
    with database.read() as db:
        kinds = list(db.scalars(text("SELECT kind FROM events WHERE kind LIKE 'prescreen.file_%' ORDER BY id")))
    assert kinds[-2:] == ["prescreen.file_faulty", "prescreen.file_whole"]


def test_a_file_that_is_another_one_now_is_found(visitor, database, outbox, cast, app, clock, monkeypatch) -> None:
    id = sent(visitor, database, outbox, (PDF, "pay.pdf"))
    clock.move(days=2)
    monkeypatch.setattr(keeping, "hash_of", lambda *_: "0" * 64)
    reading.read_portion(database, now())
    assert [each.fault for each in rows(database)] == ["changed"]
    assert "was another file" in cast.sign_in(app.test_client(), "lena").get(f"/prescreens/{id}").text


def test_a_store_that_is_away_breaks_no_file(visitor, database, outbox, clock, monkeypatch) -> None:
    sent(visitor, database, outbox, (PDF, "pay.pdf"))
    clock.move(days=2)

    def away(*_: object) -> str:
        raise store.Away

    monkeypatch.setattr(keeping, "hash_of", away)
    assert reading.read_portion(database, now()) is False
    assert [each.fault for each in rows(database)] == [""]


def test_an_export_has_the_files(visitor, database, outbox, cast) -> None:
    sent(visitor, database, outbox, (PLACED, "id.jpg"), (PDF, "pay.pdf"))
    mine = rows(database)
    with database.read() as db:
        contact = db.scalars(select(Contact.id)).one()
    theirs, id = prescreen(database, cast.marston.id, "draft"), uuid4()
    sha256 = store.store_at(database.config.evidence_url).put(keeping.originals(id), b"theirs")
    with database.write() as db:
        facts = {column.key: getattr(mine[0], column.key) for column in AnswerFile.__table__.columns}
        db.execute(insert(AnswerFile.__table__).values({**facts, "id": id, "prescreen_id": theirs, "sha256": sha256}))
    content = personal_files.written(database, contact, now(), "Lena", None)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        found = {store.digest(archive.read(name)) for name in archive.namelist() if name.startswith("files/")}
    assert found == {each.sha256 for each in mine}, "and nobody else's"
