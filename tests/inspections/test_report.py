"""The report: made once, in each language, with everything that is recorded, for those who may have it."""

import gc
import hashlib
import json
import re
import subprocess
import time
import unicodedata
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app.cli import main
from app.inspections import chain, numbers, verification
from app.inspections.evidence.models import EvidenceState
from app.inspections.locales import TRANSLATIONS, consent_wording
from app.inspections.queries import AskedStamp, Item
from app.inspections.report import document, facts
from app.kernel.changes.events import Event
from app.kernel.crypto import sha256
from app.kernel.text.i18n import LANGUAGES
from tests.inspections.test_capture import PLACED, Phone, file
from tests.pages import presser
from tests.pictures import picture

# WeasyPrint leaves the file of its colour profile to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
AT = datetime(2026, 11, 28, 15, 15, tzinfo=UTC)
HOSTILE = "<b>x</b>{{ 7*7 }} " + "W" * 200 + " 🏚️ مرحبا"
ELEMENT = re.compile("<[a-z]")
ID = uuid.UUID("749311a8-d04f-4d39-a092-6b2d24b19147")
INVITE = uuid.UUID("11111111-2222-4333-8444-555555555555")


def source(rows: int = 1, notes: str = "Hail, CL-2026-0042", name: str = "Zoë Łukasz") -> facts.Source:
    """A record of every kind of event, without a database, with so many notes."""
    items, links = [], []

    def add(kind: str, /, **payload: object) -> None:
        head = links[-1].hash if links else chain.GENESIS
        links.append(chain.seal(len(links), head, kind, payload, AT))

    add("session.created", session=str(ID), organization="marston")
    add("participant.joined", participant=str(INVITE), role="field", record="0" * 64)
    add("operator.joined", operator={"kind": "person", "account": 1, "name": "Ötto Vale"})
    add("consent.given", participant=str(INVITE), subject="gps", answer="granted", wording="a" * 64, locale="en")
    for n in range(rows):
        sha = f"{n:064x}"
        add("evidence.captured", item=str(uuid.UUID(int=n)), kind="note", sha256=sha, by={"kind": "participant"})
        content = json.dumps({"name": "", "captured_at": chain.instant(AT), "captured_by": "device"})
        items.append(
            Item(
                *(uuid.UUID(int=n), ID, INVITE, len(links), "note", sha, 120, "text/plain", "1" * 64, AT, content),
                *(f"Scratch {n}", "none", None, None, None, None, "", False, None, None, name, ""),
            )
        )
    others = [kind for kind in facts.KINDS if kind not in {link.kind for link in links}]
    for kind in sorted(others, key=lambda kind: kind == chain.END):
        about = {"item": str(uuid.UUID(int=0)), "by": {"kind": "person", "name": "Ana"}}
        add(kind, participant=str(INVITE), subject="camera", answer="denied", text="A remark", operator="Ana", **about)
    statement = chain.statement(str(ID), links[-1].hash, len(links)).decode()
    stamped = [AskedStamp(uuid.UUID(int=1), "https://tsa.example", "end", statement, "pending", 0, "", None, None, AT)]
    verdict = verification.verify(str(ID), links, stamped, [], length=len(links), head=links[-1].hash)
    invite = SimpleNamespace(id=INVITE, role="field", recipient_name=name, joined_at=AT, otp_required=True)
    answer = facts.Answer(INVITE, "gps", "granted", "a" * 64, "en", AT, "What do you allow?\nYour place")
    inspection = SimpleNamespace(id=ID, notes=notes, scheduled_for=None, started_at=AT, ended_at=AT)
    return facts.Source(
        *(
            inspection,
            "Maison Assurances",
            "Europe/Paris",
            "Hail",
            [invite],
            [answer],
            items,
            links,
            {},
            stamped,
            verdict,
        )
    )


def pdf_of(made: facts.Source, locale: str, folder: Path) -> Path:
    """The PDF, as the child process writes it; here in this process, since loading the library takes longest."""
    from weasyprint import HTML

    from app.kernel.pdf.child import Given

    page = document.page_of(made, TRANSLATIONS.translator(locale), AT, "https://desk.example/verify/X", {})
    path = folder / f"{locale}.pdf"
    HTML(string=page, base_url="given:", url_fetcher=Given({})).write_pdf(path, pdf_variant="pdf/a-3a")
    return path


def text_of(path: Path) -> str:
    ran = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True, text=True)
    return ran.stdout


def words_of(text: str) -> set[str]:
    """Without signs that only say how text runs, and without forms of letters that a font joins."""
    return set(unicodedata.normalize("NFKC", "".join(c for c in text if unicodedata.category(c) != "Cf")).split())


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_text_of_each_language_comes_back_out_of_the_pdf(locale: str, tmp_path: Path) -> None:
    made, t = source(), TRANSLATIONS.translator(locale)
    path = pdf_of(made, locale, tmp_path)
    read = words_of(text_of(path))
    for key in (
        "report_title",
        "report_people",
        "report_consent",
        "report_evidence",
        "report_activity",
        "report_stamps",
    ):
        assert words_of(t(key)) <= read, key
    missing = {kind for kind in facts.KINDS if not words_of(t(f"report_event_{kind.replace('.', '_')}")) & read}
    assert not missing
    assert {"Zoë", "Łukasz", "Ötto", numbers.number_of(ID)} <= read


OWN = {
    "fr": "Maison Assurances regarde par votre caméra pendant l’inspection.\nElle est gardée cinq ans ; rien d’autre.",
    "ar": "بموافقتك نسجّل الصورة والصوت أثناء المعاينة.\nيُحفظ التسجيل مع الملف ولا يُستعمل لغير ذلك.",
}


@pytest.mark.parametrize("report", ["en", "ar"])
@pytest.mark.parametrize("locale", OWN)
def test_an_organizations_own_wording_comes_back_out_of_the_pdf(locale: str, report: str, tmp_path: Path) -> None:
    asked = consent_wording("camera", TRANSLATIONS.translator(locale), OWN[locale])
    answer = facts.Answer(INVITE, "camera", "granted", sha256(asked), locale, AT, asked)
    made = replace(source(), answers=[answer])
    text = text_of(pdf_of(made, report, tmp_path))
    assert plain_words_of(asked) <= plain_words_of(text), plain_words_of(asked) - plain_words_of(text)
    assert sha256(asked) in re.sub(r"\s", "", text)


def test_words_run_as_their_language_does_in_a_report_that_runs_the_other_way(tmp_path: Path) -> None:
    asked = facts.Answer(INVITE, "gps", "granted", "a" * 64, "en", AT, "What do you allow?\nYour place")
    path = pdf_of(replace(source(), answers=[asked]), "ar", tmp_path)
    boxes = subprocess.run(["pdftotext", "-bbox", str(path), "-"], capture_output=True, check=True, text=True).stdout
    assert ">allow?</word>" in boxes, "the question mark stands after the last word"


def plain_words_of(text: str) -> set[str]:
    """The words without punctuation and vowel signs, which stand on the other side where a text runs the other way, and
    without alef with hamza, which pdftotext loses where the font drew it first as a part of lam-alef."""

    def plain(sign: str) -> str:
        kind = unicodedata.category(sign)
        return "" if kind in ("Cf", "Mn") else " " if kind[0] in "PZC" else sign

    return set("".join(map(plain, unicodedata.normalize("NFKD", text.replace("أ", "")))).split())


def test_it_carries_the_statement_and_is_the_same_each_time(tmp_path: Path) -> None:
    made, t, path = source(), TRANSLATIONS.translator("ar"), tmp_path / "report.pdf"
    path.write_bytes(document.written(made, t, AT, "https://desk.example/verify/X", {}))
    subprocess.run(["pdfdetach", "-saveall", "-o", str(tmp_path), str(path)], check=True)
    assert (tmp_path / facts.STATEMENT).read_text() == made.stamped[0].statement
    info = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=True).stdout
    assert "Tagged:          yes" in info
    assert document.written(made, t, AT, "https://desk.example/verify/X", {}) == path.read_bytes()


def test_hostile_text_stays_text_and_on_the_page(tmp_path: Path) -> None:
    path = pdf_of(source(notes=HOSTILE, name=HOSTILE), "en", tmp_path)
    text = text_of(path)
    assert "{{ 7*7 }}" in text
    assert "<b>x</b>" in text
    boxes = subprocess.run(["pdftotext", "-bbox", str(path), "-"], capture_output=True, check=True, text=True).stdout
    right = max(float(part.split('"')[0]) for part in boxes.split('xMax="')[1:])
    assert right < 596, "nothing leaves the page"


def test_a_note_costs_few_elements() -> None:
    """Each is laid out, drawn and tagged: with 24 a note, 200 notes took twice the time."""
    t = TRANSLATIONS.translator("en")
    none, one = (len(ELEMENT.findall(document.page_of(source(n), t, AT, "/verify/X", {}))) for n in (1, 2))
    assert one - none <= 13, "a row of evidence and one of activity"


def seconds(page: str) -> float:
    """The CPU that a PDF takes in this process, as the child process writes it."""
    from weasyprint import HTML

    from app.kernel.pdf.child import Given

    began = time.process_time()
    HTML(string=page, base_url="given:", url_fetcher=Given({})).write_pdf(pdf_variant="pdf/a-3a")
    return time.process_time() - began


def test_200_notes_cost_little_more_than_a_bare_table_of_them() -> None:
    """So that the 5 seconds of docs/evidence.md do not grow, on a machine of whatever speed: the same two rows a note
    without our styles take most of the time. It was 1.5 to 2.2 times theirs on a busy one."""
    cells = "".join(
        f"<tr><td>Note<td>{n}. Note<br>Scratch {n}<td>{n:064x}<tr><td>{n}<td>2026-11-28 15:15<td>{n:064x}"
        for n in range(200)
    )
    style = "table { table-layout: fixed; width: 100% } td { overflow-wrap: anywhere }"
    bare = f"<html lang=en><title>Notes</title><style>{style}</style><table>{cells}</table>"
    page = document.page_of(source(200), TRANSLATIONS.translator("en"), AT, "https://desk.example/verify/X", {})
    seconds(bare.replace(cells, "<tr><td>"))  # what is loaded once
    gc.disable()
    try:
        assert seconds(page) < 3 * seconds(bare)
    finally:
        gc.enable()


def test_the_report_says_only_what_is_proven() -> None:
    t = TRANSLATIONS.translator("en")
    found = facts.of(source(), t)
    assert (found.tone, found.shows) == ("warn", t("report_shows_not"))
    assert [stamp.state for stamp in found.stamps] == [t("report_stamp_pending")]
    assert found.sums == ["1 piece of evidence", "21 events in the chain", "0 verified time stamps"]


@pytest.fixture
def session(app, integrator, outbox) -> dict:
    session = integrator.create(locale="fr")
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED), files=file(picture("PNG")), note="dry")
    outbox.deliver_all()
    return session


def kinds_of(database) -> list[str]:
    with database.read() as db:
        about = Event.kind.in_(("inspection.report_requested", "inspection.report_downloaded"))
        return list(db.scalars(select(Event.kind).where(about).order_by(Event.id)))


def link_in(page: str) -> str:
    return page.split('href="/documents/')[1].split('"')[0]


def test_a_press_has_it_made_and_everybody_may_have_it(otto, mira, session, outbox, database) -> None:
    at = f"/inspections/{session['id']}"
    assert "Make the report" in otto.get(at).text
    for browser in (otto, mira):
        assert presser(browser, f"{at}/report")().status_code == 303
    assert "You can leave this page" in otto.get(at).text
    outbox.deliver_all()
    page = otto.get(at).text
    assert "Make the report" not in page
    taken = otto.get(f"/documents/{link_in(page)}")
    assert (taken.status_code, taken.data[:5]) == (200, b"%PDF-")
    assert b"pdfaid:part" in taken.data or taken.data.count(b"obj") > 10
    assert kinds_of(database) == ["inspection.report_requested", "inspection.report_downloaded"]
    digest = hashlib.sha256(taken.data).hexdigest()
    assert "Your file is a report on the record" in otto.get("/verify/", query_string={"q": digest}).text
    presser(otto, f"{at}/add_remark", text="It was wet.")()
    again = otto.get(at).text
    assert "Something came since" in again
    assert "Make the report anew" in again


def test_nobody_joined_nothing_to_report(otto, integrator) -> None:
    session = integrator.create()
    at = f"/inspections/{session['id']}"
    answer = presser(otto, f"{at}/report")()
    assert answer.status_code == 409
    assert 'id="report"' in otto.get(at).text


def test_an_auditor_looks_and_another_organization_does_not(app, cast, session, otto, outbox) -> None:
    at = f"/inspections/{session['id']}"
    presser(otto, f"{at}/report")()
    outbox.deliver_all()
    link = link_in(otto.get(at).text)
    aude, stranger = (cast.sign_in(app.test_client(), who) for who in ("aude", "oona"))
    assert aude.get(f"/documents/{link}").status_code == 200
    assert presser(aude, f"{at}/report")().status_code == 403
    assert stranger.get(f"/documents/{link}").status_code == 404
    assert presser(stranger, f"{at}/report")().status_code in (403, 404)


def test_the_command(session, database, outbox, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database.config.database_url)
    monkeypatch.setenv("EVIDENCE_URL", database.config.evidence_url)
    desk = CliRunner()
    first = json.loads(desk.invoke(main, ["inspection", "report", session["id"], "--json"]).output)
    assert first["state"] == "queued"
    outbox.deliver_all()
    written = tmp_path / "report.pdf"
    assert "is written" in desk.invoke(main, ["inspection", "report", session["id"], "--to", str(written)]).output
    with database.read() as db:
        thumbnails = db.scalars(select(EvidenceState.thumbnail_sha256)).all()
    assert sum(each is not None for each in thumbnails) == 2
    assert "Rapport" in text_of(written)
    images = subprocess.run(["pdfimages", "-list", str(written)], capture_output=True, text=True, check=True).stdout
    assert images.count("image") >= 2
