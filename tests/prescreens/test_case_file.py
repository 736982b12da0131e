"""The case file: whole, checkable with stock tools, without the team's notes unless asked, for those who may."""

import hashlib
import html
import json
import re
import shutil
import subprocess
import zipfile
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app.accounts.models import Organization
from app.dashboard.documents import queries as documents
from app.dashboard.documents.models import Document
from app.kernel import clock, pdf
from app.kernel.changes.events import Actor, Event
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox.delivery_status import send_again
from app.kernel.outbox.outbox import OutboxRow
from app.prescreens import actions, case_files
from app.prescreens.events import SUBJECT
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import DecisionSnapshot, Prescreen
from app.prescreens.presentation import moment
from app.prescreens.queries import reasons
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.conftest import missing
from tests.outgoing import Outbox
from tests.pages import csrf, text
from tests.prescreens.factories import JANE, PROSPECT, prescreen

NOTES = "CANARY drives a hard bargain"


def press(client: FlaskClient, id: UUID, **typed: str) -> int:
    data = {"csrf_token": csrf(client), **typed}
    return client.post(f"/prescreens/{id}/case_file", data=data).status_code


def latest(database: Database, id: UUID) -> Document | None:
    with database.read() as db:
        return documents.latest(db, "prescreen.case_file", SUBJECT, id)


def opened(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def words(content: bytes) -> str:
    """The text of a PDF, its white space folded."""
    if shutil.which("pdftotext") is None:
        missing("pdftotext is missing: install the Debian package poppler-utils.")
    printed = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True).stdout.decode()
    return " ".join(printed.split())


def asked_about_the_floor(database: Database, cast: Cast, id: UUID) -> None:
    reach = Reach((cast.marston.id,))
    with database.write() as db:
        asks = "Which floor do you mean?"
        actions.ask(db, id, ["budget"], [], asks, reach=reach, version=None, by=cast.actor("lena"), now=now())


def test_one_press_makes_it_and_its_sums_hold(
    database: Database, cast: Cast, client: FlaskClient, outbox: Outbox
) -> None:
    id = prescreen(database, cast.marston.id, "denied", notes=NOTES)
    outbox.deliver_all()
    cast.sign_in(client, "leda")
    assert press(client, id) == press(client, id) == 303
    assert "made as soon as it is its turn" in text(client.get(f"/prescreens/{id}"))
    outbox.deliver_all()
    document = latest(database, id)
    assert document is not None
    assert document.state == "ready", document.failure
    page = text(client.get(f"/prescreens/{id}"))
    assert str(document.sha256) in page
    content = client.get(f"/documents/{document.id}/{document.name}").data
    assert hashlib.sha256(content).hexdigest() == document.sha256
    files = opened(content)
    assert set(files) == {
        "HOW-TO-CHECK.txt",
        "SHA256SUMS",
        "activity.json",
        "answers.json",
        "case-file.pdf",
        "criteria.json",
        "decision.json",
        "mail/1.eml",
        "mail/2.eml",
        "questions.json",
    }
    sums = dict(reversed(line.split("  ")) for line in files.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(each).hexdigest() for name, each in files.items()}
    decision = json.loads(files["decision.json"])
    assert sums["answers.json"] == decision["answers_hash"]
    assert sums["criteria.json"] == decision["criteria_hash"]
    mail = message_from_bytes(files["mail/2.eml"], policy=default)
    assert mail["To"] == "Jane Smith <jane@example.com>"
    printed = words(files["case-file.pdf"])
    for expected in ("Case file: Jane Smith", "Monthly budget", "at least 2,400", "Denied", sums["answers.json"]):
        assert expected in printed, expected
    assert not any(b"CANARY" in each for each in files.values())
    assert "CANARY" not in printed
    assert client.get(f"/documents/{document.id}/case-file.pdf").data == files["case-file.pdf"]
    with database.read() as db:
        kinds = db.scalars(select(Event.kind).where(Event.kind.contains("case_file")).order_by(Event.id)).all()
    assert [kind.partition("case_file_")[2] for kind in kinds] == ["requested", "downloaded", "downloaded"]


def test_each_answer_has_its_time(database: Database, cast: Cast) -> None:
    """That of the answer as it stands: a changed one has a new time, one that was sent once more as it was has not."""
    begun = now().replace(microsecond=0) - timedelta(hours=9)
    id = prescreen(database, cast.marston.id, "active", at=begun)
    for minutes, (key, typed) in enumerate([*list(JANE.items())[1:], ("budget", "3000"), ("email", JANE["email"])], 1):
        with database.write() as db:
            actions.answer(db, id, key, [typed], by=PROSPECT, now=begun + timedelta(minutes=minutes))
    expected = dict(zip(JANE, range(len(JANE)), strict=True)) | {"budget": len(JANE)}
    with database.write() as db:
        actions.complete(db, id, by=PROSPECT, now=begun + timedelta(hours=1))
        reach, lena = Reach((cast.marston.id,)), cast.actor("lena")
        inquiry = actions.ask(
            db, id, ["moveInDate", "phone"], [], "", reach=reach, version=None, by=lena, now=begun + timedelta(hours=2)
        )
        for key, typed in (("moveInDate", "2026-05-02"), ("phone", JANE["phone"])):
            actions.answer_inquiry(db, inquiry, key, [typed], by=PROSPECT, now=begun + timedelta(hours=3))
    expected |= {"moveInDate": 180}
    case = case_files.read(database, id, notes=False)
    files = opened(case_files.written(case, now(), "Lena").content)
    times = json.loads(files["questions.json"])["answered_at"]
    assert times == {key: clock.iso(begun + timedelta(minutes=at)) for key, at in expected.items()}
    printed = words(files["case-file.pdf"])
    t = TRANSLATIONS.translator("en")
    for at in set(expected.values()):
        assert moment(begun + timedelta(minutes=at), case.questionnaire.time_zone, t) in printed


@pytest.mark.parametrize("kept", [True, False])
def test_a_decision_by_program_has_the_mirror_of_then(database: Database, cast: Cast, kept: bool) -> None:
    """Nothing is counted while a program waits; the case file counts those that were decided before it."""
    api, at = Actor("integrator", None, "Marston & Vale", None, "api"), now().replace(microsecond=0)
    ids = [prescreen(database, cast.marston.id, given={"more": f"{n}"}) for n in range(4)]
    for n, (id, act) in enumerate(
        zip(ids, (actions.approve, actions.deny, actions.deny, actions.approve), strict=True)
    ):
        with database.write() as db:
            act(db, id, None, reach=Reach((cast.marston.id,)), by=api, now=at + timedelta(minutes=n))
    if not kept:  # as decisions of earlier versions are
        with database.write() as db:
            db.execute(delete(DecisionSnapshot))
    pages: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pdf, "render", lambda source: pages.append(source.html) or b"%PDF")
        for id in ids[1:3]:
            case = case_files.read(database, id, notes=False)
            files = opened(case_files.written(case, now(), "Lena").content)
            assert case.mirror
            decision = json.loads(files["decision.json"])
            assert decision["alike"] == {"approved": case.mirror.approved, "denied": case.mirror.denied}
    assert "same key answers then: 1 decided, 1 approved, 0 denied" in pages[0]
    assert "same key answers then: 2 decided, 1 approved, 1 denied" in pages[1]


def test_answers_from_before_times_were_kept_have_none(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active")
    with database.write() as db:
        db.execute(update(Prescreen).where(Prescreen.id == id).values(answer_times=None))
        actions.answer(db, id, "budget", ["3000"], by=PROSPECT, now=now())
    files = opened(case_files.written(case_files.read(database, id, notes=False), now(), "Lena").content)
    assert list(json.loads(files["questions.json"])["answered_at"]) == ["budget"]


def test_the_notes_are_in_it_only_with_a_tick(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "denied", notes=NOTES)
    made = case_files.written(case_files.read(database, id, notes=True), now(), "Lena")
    files = opened(made.content)
    assert files["review-notes.txt"].decode() == NOTES
    assert NOTES in words(files["case-file.pdf"])
    with database.read() as db:
        assert reasons.snapshot(db, id) is not None


@pytest.mark.parametrize("sent", [True, False])
def test_links_of_the_prospect_alone_open_nothing(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox, sent: bool
) -> None:
    """The e-mail is as it left, or waits to leave, but for the proofs of its links."""
    id = prescreen(database, cast.marston.id)
    outbox.deliver_all()
    asked_about_the_floor(database, cast, id)
    proofs = {
        proof for mail in outbox.emails() for proof in re.findall(r"/(?:asked|status)/([\w.-]{9,})", mail["text"])
    }
    assert len(proofs) == 2
    if sent:
        outbox.deliver_all()
        assert not [row for row in outbox.rows("email") if any(proof in str(row.payload) for proof in proofs)]
    files = opened(case_files.written(case_files.read(database, id, notes=False), now(), "Lena").content)
    mail = message_from_bytes(files["mail/2.eml"], policy=default)
    for part in ("plain", "html"):
        body = mail.get_body((part,))
        assert body is not None
        words = body.get_content()
        assert "Which floor do you mean?" in words
        assert words.count("/asked/[their own proof]") == words.count("/asked/") > 0
        assert words.count("/status/[their own proof]") == words.count("/status/") > 0
    assert "has a question about your answers" in mail["Subject"]
    assert not any(proof.encode() in each for each in files.values() for proof in proofs)
    for row in outbox.rows("email", "sent"):
        with database.write() as db:
            assert send_again(db, row.id, now()) is None, "what left without its link says nothing"


@pytest.mark.parametrize("language", ["es", "fr", "ar"])
def test_an_email_of_which_nothing_is_kept_has_its_subject(database: Database, cast: Cast, language: str) -> None:
    """As earlier versions blanked them, with an English name of their kind."""
    id = prescreen(database, cast.marston.id)
    with database.write() as db:
        db.execute(update(OutboxRow).where(OutboxRow.subject_id == str(id)).values(payload="", state="sent"))
    pages: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pdf, "render", lambda source: pages.append(source.html) or b"%PDF")
        case_files.written(case_files.read(database, id, notes=False), now(), "Lena", language)
    t = TRANSLATIONS.translator(language)
    assert t("mail_completed_subject", organization=cast.marston.name) in html.unescape(pages[0])
    assert "Prescreen completed" not in pages[0]
    assert t("case_mail_gone") in pages[0]


@pytest.mark.parametrize("language", ["en", "es", "fr", "ar"])
def test_how_to_check_is_in_the_language_of_the_file(database: Database, cast: Cast, language: str) -> None:
    id = prescreen(database, cast.marston.id, "denied")
    case = case_files.read(database, id, notes=False)
    files = opened(case_files.written(case, now(), "Lena", language).content)
    words = files["HOW-TO-CHECK.txt"].decode()
    title = {"en": "How to check", "es": "Cómo comprobar", "fr": "Comment vérifier", "ar": "كيفية التحقق"}[language]
    assert words.startswith(title)
    for command in ("sha256sum -c SHA256SUMS", "sha256sum answers.json criteria.json"):
        assert f"\n    {command}\n" in words, "a line to copy, whatever the direction"
    decision = json.loads(files["decision.json"])
    assert {"answers_hash", "criteria_hash", "review_status"} <= set(decision), "keys are for programs"


def test_who_may(database: Database, cast: Cast, client: FlaskClient, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id, "denied")
    for who, status in (("lena", 403), ("aude", 403), ("lars", 404), ("abel", 404)):
        cast.sign_in(client, who)
        assert press(client, id) == status, who
        assert "Make the case file" not in text(client.get(f"/prescreens/{id}"))
    assert latest(database, id) is None
    cast.sign_in(client, "adam")
    assert press(client, id) == 303
    outbox.deliver_all()
    document = latest(database, id)
    assert document is not None
    address = f"/documents/{document.id}/{document.name}"
    for who, status in (("aude", 200), ("hugo", 200), ("lena", 404), ("abel", 404), ("aida", 404)):
        cast.sign_in(client, who)
        assert client.get(address).status_code == status, who


def test_hostile_text_is_text(database: Database, cast: Cast, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)>{{7*7}}../../etc/passwd\u202e مرحبا 🙂" + "x" * 300
    id = prescreen(database, cast.marston.id, "completed", given={"fullName": "=cmd|' /C calc'!A0", "more": hostile})
    made = case_files.written(case_files.read(database, id, notes=False), now(), "Lena")
    files = opened(made.content)
    assert re.fullmatch(r"case-file-[0-9a-f]{8}\.zip", made.name)
    assert all(re.fullmatch(r"[A-Za-z0-9/.-]+", name) and ".." not in name for name in files)
    assert json.loads(files["answers.json"])["more"] == hostile
    if shutil.which("pdftotext"):
        assert "onerror=alert(1)>{{7*7}}" in words(files["case-file.pdf"]).replace(" ", "")


def test_thousands_of_answers_are_printed_in_part(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = prescreen(database, cast.marston.id, "completed")
    many = {f"key{number}": "y" * 10_000 for number in range(5_000)}
    with database.write() as db:
        db.execute(update(Prescreen).where(Prescreen.id == id).values(submission=many))
    pages: list[str] = []
    monkeypatch.setattr(pdf, "render", lambda source: pages.append(source.html) or b"%PDF")
    case_files.written(case_files.read(database, id, notes=False), now(), "Lena")
    assert "Further answers are in answers.json" in pages[0]
    assert len(pages[0]) < 2_500_000


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("es", ("Expediente: Jane Smith", "Preguntas y respuestas", "No se cumple", "Rechazada", "faltan 250")),
        ("fr", ("Dossier : Jane Smith", "Questions et réponses", "Non rempli", "Refusée", "il manque 250")),
        ("ar", ("Jane Smith", "SHA256SUMS")),
    ],
)
def test_its_words_are_in_the_language_that_was_chosen(
    database: Database, cast: Cast, language: str, expected: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    id = prescreen(database, cast.marston.id, "denied", given={"budget": "2150"})
    pages: list[str] = []
    render = pdf.render
    monkeypatch.setattr(pdf, "render", lambda source: pages.append(source.html) or render(source))
    case = case_files.read(database, id, notes=True)
    files = opened(case_files.written(case, now(), "Lena", language).content)
    printed = words(files["case-file.pdf"])
    for each in expected:
        assert each in printed.replace("\u2068", ""), (each, printed)
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in pages[0]
    if language == "ar":
        assert "الأسئلة والإجابات" in pages[0]
        assert "مرفوض" in pages[0]
        assert "\u2068What is your full name?\u2069" in pages[0], "each goes in its own direction"
    english = {
        "Questions and answers",
        "Not met",
        "Answers sent",
        "For a person",
        "How to check",
        "None of",
        "Attached",
    }
    assert not [each for each in english if each in pages[0]]
    answers = opened(case_files.written(case, now(), "Lena", "en").content)["answers.json"]
    assert files["answers.json"] == answers, "the other files are as they always are"


def test_the_language_is_the_organizations_unless_another_is_chosen(
    database: Database, cast: Cast, client: FlaskClient, outbox: Outbox
) -> None:
    id = prescreen(database, cast.marston.id, "denied")
    with database.write() as db:
        db.execute(update(Organization).where(Organization.id == cast.marston.id).values(locale="es-MX"))
    cast.sign_in(client, "leda")
    assert '<option selected value="es">' in text(client.get(f"/prescreens/{id}"))
    chosen = []
    for typed in ({}, {"language": "fr"}):
        assert press(client, id, **typed) == 303
        outbox.deliver_all()
        document = latest(database, id)
        assert document is not None
        chosen.append(document.options["language"])
        content = client.get(f"/documents/{document.id}/{document.name}").data
        assert {"es": "Expediente", "fr": "Dossier"}[chosen[-1]] in words(opened(content)["case-file.pdf"])
    assert chosen == ["es", "fr"]
    assert press(client, id, language="xx") == 422
