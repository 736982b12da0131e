"""Files as answers: added, refused in words, taken out, sent, read by staff, and erased with everything else."""

import html
import re
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.files import keeping
from app.kernel import store
from app.prescreens.answer_files import AnswerFile
from app.prescreens.models import Prescreen
from app.prescreens.rules import files
from tests.pictures import picture
from tests.prescreens.factories import QUESTIONS, template
from tests.prescreens.visitors import START, Visitor, token_in

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
    return {name for each in rows(database) for place in (keeping.originals, keeping.copies) for name in found.names(place(each.id))}


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
    ("content", "name", "said"),
    [
        (b"", "empty.jpg", "is empty"),
        (b"<svg onload=alert(1)>", "lies.jpg", "is not taken here"),
        (picture("PNG", size=(10, 10))[:40], "cut.png", "damaged"),
        (b"PK\x03\x04 a document", "form.pdf", "is not taken here"),
    ],
)
def test_what_does_not_fit_is_refused_in_words_and_not_kept(visitor, database, content, name, said) -> None:
    add(visitor, (content, name), (PDF, "=HYPERLINK(1).pdf"))
    assert said in visitor.page
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
