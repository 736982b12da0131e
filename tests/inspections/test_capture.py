"""Evidence from the field user: kept as it came, named by the chain, and refused in words when it cannot be."""

import json
import uuid
from io import BytesIO

import pytest
from werkzeug.datastructures import FileStorage

from app.files import heif, keeping, pictures
from app.inspections import queries
from app.inspections.evidence.rules import SENTENCES
from app.kernel.store import digest, store_at
from tests.inspections import pages
from tests.inspections.conftest import token_of
from tests.inspections.test_field_pages import Browser
from tests.pictures import picture

PLACED = picture(place=True)


def file(content: bytes, name: str = "IMG_1.jpg") -> FileStorage:
    return FileStorage(BytesIO(content), name)


def items(database, session):
    with database.read() as db:
        return queries.evidence(db, uuid.UUID(session["id"]))


def chained(database, session, kind="evidence.captured"):
    with database.read() as db:
        links = queries.links(db, uuid.UUID(session["id"]))
    return [json.loads(link.payload) for link in links if link.kind == kind]


def stored(database, session, sha256):
    return store_at(database.config.evidence_url).get(keeping.originals(session["id"]), sha256)


class Phone(Browser):
    """The browser of a field user who has joined."""

    def __init__(self, app, integrator, session, **joining) -> None:
        super().__init__(app, **joining)
        invite = integrator.invite(session)
        self.place, self.session = f"/join/{session['id']}", session
        assert self.post(f"{self.place}/", t=token_of(invite)).status_code == 303

    def allow(self, **answers: str) -> None:
        given = {"camera": "granted", "gps": "granted", "recording": "granted", **answers}
        assert self.answer(self.place, **given).location == f"{self.place}/room"

    def send(self, accept: str = "text/html", **fields):
        self.headers["Accept"] = accept
        return self.post(f"{self.place}/evidence", **fields)

    def follow(self, answer) -> str:
        """The page that an answer leads to."""
        assert answer.status_code == 303
        return self.get(answer.location).get_data(as_text=True)


@pytest.fixture
def session(integrator) -> dict:
    return integrator.create()


@pytest.fixture
def phone(app, integrator, session) -> Phone:
    return Phone(app, integrator, session)


def test_photos_a_document_and_a_note_at_once(phone, session, database) -> None:
    phone.allow()
    pdf = b"%PDF-1.7 a page"
    page = phone.follow(
        phone.send(
            photo=file(PLACED), files=[file(picture(colour="blue")), file(pdf, "C:\\Rechnung‮.pdf")], note=" Riß\r\n"
        )
    )
    assert "Arrived: 4 items are in the record." in page
    assert "Rechnung.pdf" in page
    found = items(database, session)
    assert [each.kind for each in found] == ["photo", "photo", "document", "note"]
    assert [stored(database, session, each.sha256) for each in found[:3]] == [PLACED, picture(colour="blue"), pdf]
    assert (found[3].note, stored(database, session, found[3].sha256)) == ("Riß", "Riß".encode())
    named = chained(database, session)
    assert [(each["sha256"], each["record"]) for each in named] == [(each.sha256, each.record) for each in found]
    assert [digest(each.content.encode()) for each in found] == [each.record for each in found]
    known = found[0].particulars
    assert known["place"] == {"latitude": "48.856667", "longitude": "2.352222"}
    assert (known["captured_at"], known["captured_by"], known["place_by"]) == (
        "2026-11-29T09:00:00.000Z",
        *["device"] * 2,
    )
    written = json.dumps(named)
    assert not any(word in written for word in ("48.85", "IMG_1", "Rechnung"))
    assert named[0]["by"]["kind"] == "participant"


def test_without_leave_the_place_is_cut_before_the_hash_and_the_item_says_so(phone, otto, session, database) -> None:
    phone.allow(gps="denied")
    phone.send(photo=file(PLACED), latitude="48.8", longitude="2.3")
    (found,) = items(database, session)
    assert found.sha256 != digest(PLACED)
    assert b"\x88\x25" not in stored(database, session, found.sha256), "no pointer to a place"
    assert "place" not in found.particulars
    assert chained(database, session)[0]["place"] == "cut"
    assert "place not allowed, cut from the file" in otto.get(f"/inspections/{session['id']}").get_data(as_text=True)


def test_the_same_again_changes_nothing(phone, session, database) -> None:
    phone.allow()
    phone.send(photo=file(PLACED))
    before = pages.state(database, session)
    assert "in the record already" in phone.follow(phone.send(photo=file(PLACED, "other.jpg")))
    assert pages.state(database, session) == before
    assert len(items(database, session)) == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "nothing"),
        ({"note": " ​ "}, "nothing"),
        ({"note": "a\x00b"}, "unreadable"),
        ({"note": "x" * 10_001}, "too_long"),
        ({"files": (b"", "empty.jpg")}, "empty"),
        ({"files": (b"<svg><script>1</script></svg>", "photo.jpg")}, "not_taken"),
        ({"photo": (b"\xff\xd8\xff\xe0 none", "photo.jpg")}, "damaged"),
    ],
)
def test_bad_input_is_refused_in_words_and_costs_nothing_else(phone, session, database, fields, reason) -> None:
    phone.allow()
    before = pages.state(database, session)
    fields = {name: file(*value) if isinstance(value, tuple) else value for name, value in fields.items()}
    answer = phone.send(**fields)
    assert f"refused={reason}" in answer.location
    assert 'class="notice warn"' in phone.follow(answer)
    assert pages.state(database, session) == before
    if fields:
        again = {name: each for name, each in fields.items() if isinstance(each, str)}
        assert "added=1" in phone.send(photo=file(PLACED), **again).location


def test_who_may_not_and_when(phone, app, integrator, session, database) -> None:
    assert "First answer what you allow" in phone.follow(phone.send(photo=file(PLACED)))
    phone.allow(camera="denied")
    page = phone.get(f"{phone.place}/room").get_data(as_text=True)
    assert 'name="files"' in page
    assert "capture=" not in page, "who does not allow the camera may still choose from the gallery"
    assert "added=1" in phone.send(files=file(PLACED)).location
    observer = Browser(app, address="203.0.113.9")
    invite = integrator.invite(session, role="observer")
    observer.post(f"{phone.place}/", t=token_of(invite))
    refused = observer.post(f"{phone.place}/evidence", photo=file(picture(colour="green")))
    assert "refused=looking_on" in refused.location
    integrator.end(session)
    late = phone.send(photo=file(picture(colour="blue")))
    assert late.status_code == 410
    assert "This inspection has ended" in late.get_data(as_text=True)
    assert len(items(database, session)) == 1
    assert Browser(app, address="203.0.113.10").post(f"{phone.place}/evidence").status_code == 403


def test_a_script_hears_the_same_in_the_pages_language(phone, app, integrator) -> None:
    session = integrator.create(locale="fr")
    phone = Phone(app, integrator, session)
    phone.allow()
    answer = phone.send("application/json", files=[file(PLACED), file(b"GIF89a", "a.gif")], captured_at="1764000000000")
    assert answer.json["added"] == 1
    assert [each["reason"] for each in answer.json["results"]] == ["", "not_taken"]
    assert "ni une image JPEG" in answer.json["results"][1]["text"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("946684800000", {"captured_at": "2000-01-01T00:00:00.000Z", "captured_by": "device"}),
        *((odd, {}) for odd in ("9" * 14, "-1", "x", "9999999999999")),
    ],
)
def test_a_device_clock_that_is_years_off_is_kept_as_it_is_said_or_left_out(
    phone, session, database, typed, expected
) -> None:
    phone.allow()
    phone.send(note="n", captured_at=typed, latitude="91", longitude="nan", accuracy="x")
    (found,) = items(database, session)
    assert {name: each for name, each in found.particulars.items() if name not in ("name", "random")} == expected


def test_a_store_that_is_away_costs_nothing_and_says_so(phone, session, database, monkeypatch) -> None:
    phone.allow()
    before = pages.state(database, session)
    kept = store_at(database.config.evidence_url)
    with monkeypatch.context() as away:
        away.setattr(kept, "_opened", lambda: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert "still on your phone" in phone.follow(phone.send(photo=file(PLACED)))
        kept._away_until = 0.0
        assert phone.send("application/json", photo=file(PLACED)).status_code == 503
    kept._away_until = 0.0
    assert pages.state(database, session) == before
    assert "added=1" in phone.send(photo=file(PLACED)).location


def test_two_at_once_are_one(app, integrator, session, database) -> None:
    from tests.inspections.conftest import at_once

    phones = [Phone(app, integrator, session, address=f"203.0.113.{n}") for n in range(4)]
    for each in phones:
        each.allow()
    forms = at_once(4, lambda n: phones[n].send(photo=file(PLACED)).location.partition("?")[2].partition("#")[0])
    assert forms == {"added=1": 1, "refused=known": 3}
    assert len(items(database, session)) == 1


def test_every_reason_is_known_to_the_pages() -> None:
    from app.inspections.locales import TRANSLATIONS

    t = TRANSLATIONS.translator("en")
    counted = {"full"}  # only a prescreen counts the files of an answer
    assert all(t(f"evidence_reason_{reason}") for reason in SENTENCES.keys() - counted)


@pytest.mark.parametrize("gps", ["granted", "denied"])
def test_a_photo_of_an_iphone_is_kept_shown_and_downloaded(app, integrator, otto, outbox, database, gps) -> None:
    session, whole = integrator.create(), picture("HEIF", place=True)
    phone = Phone(app, integrator, session)
    phone.allow(gps=gps)
    assert ("image/heic" in phone.get(f"{phone.place}/room").text) == (gps == "granted")
    phone.send(files=file(whole))
    outbox.deliver_all()
    (photo,) = items(database, session)
    assert (photo.kind, photo.mime, photo.copying) == ("photo", pictures.HEIC, "made")
    place = f"/inspections/{session['id']}/evidence/{photo.id}"
    original = otto.get(f"{place}/original")
    assert (original.data == whole) == (gps == "granted")
    assert f"{photo.sha256}.heic" in original.headers["Content-Disposition"]
    assert pictures.facts(otto.get(f"{place}/copy").data).mime == "image/jpeg"
    assert pictures.facts(otto.get(f"{place}/thumbnail").data).mime == "image/jpeg"
    assert ("48.856667" in otto.get(f"/inspections/{session['id']}").text) == (gps == "granted")
    assert heif.is_heif(original.data)
