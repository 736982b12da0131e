"""An organization's own words about consent: versions, who may change them, what field users are asked, what stays."""

import json
import re
import uuid
import zipfile
from io import BytesIO

import pytest
from sqlalchemy import func, select

from app.inspections import actions, queries, receipts
from app.inspections.locales import TRANSLATIONS, consent_wording
from app.inspections.models import OwnWording
from app.inspections.queries import own_wordings
from app.inspections.report import facts, reading
from app.kernel.changes.events import Actor, timeline
from app.kernel.clock import now
from app.kernel.crypto import sha256
from app.kernel.errors import Invalid
from tests.cli.running import Desk
from tests.inspections.conftest import token_of
from tests.inspections.test_capture import chained
from tests.inspections.test_field_pages import Browser
from tests.pages import at_once, csrf, one_wins, text

URL = "/inspections/wording"
OURS = "Marston & Vale looks through your camera.\nNothing else is done with it."
BY = Actor("cli", None, "desk command", None, "cli")


def place(cast, locale="en", organization="marston") -> str:
    return f"{URL}/{cast.organization(organization).id}/{locale}"


def press(client, cast, locale="en", organization="marston", **typed):
    """Saves the form of one language, as it was shown."""
    url = place(cast, locale, organization)
    shown = re.search(r'name="version"[^>]* value="(\d+)"', text(client.get(url)))
    data = {"version": shown[1] if shown else "0", "reason": "Our lawyer's words", **typed}
    return client.post(url, data={"csrf_token": csrf(client), **data})


def change(database, cast, locale="en", reason="By law", organization="marston", revision=None, **texts):
    with database.write() as db:
        id = cast.organization(organization).id
        return actions.change_wording(db, id, locale, texts, reason, revision=revision, by=BY, now=now())


def state(database) -> tuple[int, int]:
    """How many versions there are, and how many events about them."""
    with database.read() as db:
        rows = db.scalar(select(func.count()).select_from(OwnWording))
        return rows, sum(
            len(timeline(db, "consent_wording", f"{n}-{lang}")) for n in range(1, 6) for lang in ("en", "ar")
        )


@pytest.fixture
def adam(app, cast):
    return cast.sign_in(app.test_client(), "adam")


@pytest.fixture
def phone(app, integrator) -> Browser:
    """A field user who is in, and has not answered yet."""
    return inside(app, integrator, integrator.create())


def inside(app, integrator, session) -> Browser:
    phone = Browser(app)
    phone.invite = integrator.invite(session, recipient_first_name="Alex")
    phone.session, phone.place = session, f"/join/{session['id']}"
    assert phone.post(f"{phone.place}/", t=token_of(phone.invite)).status_code == 303
    return phone


def test_an_administrator_words_it_and_field_users_are_asked_so(adam, cast, database, phone) -> None:
    assert press(adam, cast, camera=OURS).status_code == 303
    page = text(adam.get(place(cast)))
    assert "Mixed: camera in your words, place and recording in the product’s." in page
    assert "Camera, version 1" in page
    assert "Our lawyer&#39;s words" in page
    asked = text(phone.get(f"{phone.place}/consent"))
    assert "Marston &amp; Vale looks through your camera." in asked
    assert "so that the inspector sees what you see" not in asked
    assert "so that each photo says where it was taken" in asked
    phone.answer(phone.place, camera="granted", gps="denied", recording="denied")
    given = {each["subject"]: each for each in chained(database, phone.session, "consent.given")}
    t = TRANSLATIONS.translator("en")
    words = consent_wording("camera", t, OURS)
    assert words.split("\n")[2:] == ["Your camera", *OURS.split("\n"), "Yes, I allow it / No"]
    assert given["camera"]["wording"] == sha256(words)
    assert given["gps"]["wording"] == sha256(consent_wording("gps", t))
    with database.read() as db:
        (row,) = db.scalars(select(OwnWording))
    assert (row.sha256, row.number, row.author, row.reason) == (sha256(words), 1, "Adam Reyes", "Our lawyer's words")


def test_the_words_are_in_bundle_report_and_receipt(adam, cast, database, phone, otto, integrator) -> None:
    press(adam, cast, camera=OURS)
    phone.answer(phone.place, camera="granted", gps="denied", recording="denied")
    press(adam, cast, camera="Newer words.")
    integrator.end(phone.session)
    id, t = uuid.UUID(phone.session["id"]), TRANSLATIONS.translator("en")
    words = consent_wording("camera", t, OURS)
    zipped = zipfile.ZipFile(BytesIO(otto.get(f"/inspections/{id}/chain.zip").data))
    (name,) = (each for each in zipped.namelist() if sha256(words) in each)
    assert zipped.read(name).decode() == words
    with database.read() as db:
        reported = facts.of(reading.source(db, id), t)
    assert (sha256(words), "en", words) in reported.wordings
    receipt = text(Browser(phone.client.application, address="198.51.100.4").get(link(database, phone)))
    assert "Nothing else is done with it." in receipt
    assert "Newer words." not in receipt


def link(database, phone) -> str:
    """The address of their receipt."""
    with database.read() as db:
        invite = queries.invite(db, uuid.UUID(phone.invite["id"]), uuid.UUID(phone.session["id"]))
        return receipts.url(database.config, invite).removeprefix(database.config.public_base_url)


def test_an_answer_counts_only_with_the_words_that_it_was_given_to(adam, cast, database, phone) -> None:
    shown = re.search(r'name="wording"[^>]* value="(\w+)"', phone.get(f"{phone.place}/consent").text)
    press(adam, cast, camera=OURS)
    sent = phone.post(f"{phone.place}/consent", wording=shown[1], camera="granted", gps="granted", recording="granted")
    assert "missing=1" in sent.location
    assert chained(database, phone.session, "consent.given") == []


def test_a_language_without_own_words_is_asked_in_the_products(cast, database, app, integrator) -> None:
    change(database, cast, "fr", camera="Nos mots.")
    for locale, own in (("fr", True), ("en", False), ("ar", False)):
        phone = inside(app, integrator, integrator.create(locale=locale))
        asked = text(phone.get(f"{phone.place}/consent"))
        assert ("Nos mots." in asked) is own, locale
    assert "Nos mots." in text(phone.get(f"{phone.place}/consent?lang=fr")), "the language of the page decides"


def test_an_empty_text_is_the_products_again_and_every_version_stays(adam, cast, database, phone) -> None:
    press(adam, cast, camera=OURS)
    press(adam, cast, camera="")
    assert "so that the inspector sees what you see" in text(phone.get(f"{phone.place}/consent"))
    page = text(adam.get(place(cast)))
    assert "The product’s words again." in page
    assert "All three are asked in the product’s words." in page
    with database.read() as db:
        kept = [(each.number, each.text) for each in own_wordings.versions(db, cast.marston.id, "en")]
        happened = timeline(db, "consent_wording", f"{cast.marston.id}-en")
    assert kept == [(2, ""), (1, OURS)]
    assert [(row.data["before"], row.data["after"]) for row in happened] == [(OURS, ""), ("", OURS)]
    assert {row.data["reason"] for row in happened} == {"Our lawyer's words"}


def test_who_may(app, cast, database) -> None:
    change(database, cast, camera=OURS)
    before = state(database)
    for who, status in (("otto", 403), ("lena", 403), ("ines", 403), ("nora", 403), ("abel", 404), ("aida", 404)):
        client = cast.sign_in(app.test_client(), who)
        assert (who, client.get(place(cast)).status_code) == (who, status)
        assert (who, press(client, cast, camera="x").status_code) == (who, status)
    for who in ("aude", "ada"):
        client = cast.sign_in(app.test_client(), who)
        page = client.get(place(cast))
        assert page.status_code == 200
        assert "Nothing else is done with it." in text(page)
        assert 'name="reason"' not in text(page)
        assert "Only administrators change how your organization asks for consent." in text(page)
        assert client.get(f"{URL}?organization={cast.marston.id}").status_code == 200
        assert press(client, cast, camera="x").status_code == 403
    assert state(database) == before
    hugo = cast.sign_in(app.test_client(), "hugo")
    assert press(hugo, cast, camera="By staff.").status_code == 303


def test_nothing_differs_nothing_is_saved(adam, cast, database) -> None:
    press(adam, cast, camera=OURS)
    before = state(database)
    again = press(adam, cast, camera=f"  {OURS}\r\n")
    assert again.status_code == 303
    assert "Nothing differs" in text(adam.get(place(cast)))
    assert state(database) == before


def test_stale(adam, cast, database) -> None:
    change(database, cast, camera=OURS)
    before = state(database)
    answer = press(adam, cast, camera="Mine.", version="0")
    assert answer.status_code == 409
    assert "desk command changed the wording" in text(answer)
    assert state(database) == before


def test_of_two_at_once_one_wins(app, cast, database) -> None:
    clients = [cast.sign_in(app.test_client(), "adam") for _ in range(4)]
    data = [
        {"csrf_token": csrf(each), "version": "0", "reason": "r", "camera": f"Words {n}."}
        for n, each in enumerate(clients)
    ]
    url = place(cast)
    one_wins(at_once([lambda c=c, d=d: c.post(url, data=d) for c, d in zip(clients, data, strict=True)]))
    assert state(database) == (1, 1)


def test_the_preview_saves_nothing_and_shows_what_was_typed(adam, cast, database) -> None:
    shown = press(adam, cast, "ar", step="preview", camera="نصنا <b>")
    assert shown.status_code == 200
    page = text(shown)
    phone = page[page.index('class="phone') :]
    assert 'lang="ar" dir="rtl"' in phone[:80]
    assert "نصنا &lt;b&gt;" in phone
    assert "Nothing is saved yet." in page
    assert "Our lawyer&#39;s words" in page, "what was typed stays"
    assert state(database) == (0, 0)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"camera": "x" * 1001}, "Use at most 1,000 characters."),
        ({"camera": "a\x00b"}, "character in it that cannot be stored"),
        ({"camera": "Say \u202eon"}, "turns letters round"),
        ({"camera": "a\x07b"}, "nobody can read"),
        ({"gps": "Words", "reason": " "}, "Say why"),
        ({"gps": "Words", "reason": "r" * 301}, "Use at most 300 characters."),
    ],
)
def test_words_that_cannot_be_asked(adam, cast, database, typed, sentence) -> None:
    answer = press(adam, cast, **typed)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert state(database) == (0, 0)


def test_hostile_words_are_text_everywhere(adam, cast, database, phone, integrator) -> None:
    hostile = "<script>alert(1)</script> {{ 7*7 }} " + "W" * 300 + " 🏚️ مرحبا"
    assert press(adam, cast, camera=hostile).status_code == 303
    phone.answer(phone.place, camera="granted", gps="granted", recording="granted")
    integrator.end(phone.session)
    pages = [adam.get(place(cast)), adam.get(URL), Browser(phone.client.application).get(link(database, phone))]
    for page in map(text, pages):
        assert "<script>alert" not in page
        assert " 49 " not in page
    assert "&lt;script&gt;alert(1)" in text(pages[2])


def test_blank_words_are_the_products(cast, database) -> None:
    assert change(database, cast, camera=" \u200b\u3164 ") == []
    with pytest.raises(Invalid, match="Say why"):
        change(database, cast, reason="", camera="x")


def test_an_unknown_language_or_organization(adam, cast) -> None:
    for url in (
        f"{URL}/{cast.marston.id}/xx",
        f"{URL}/999999/en",
        f"{URL}?organization=999999",
        place(cast, organization="harbor"),
    ):
        assert adam.get(url).status_code == 404


def test_the_command(database, cast, monkeypatch, tmp_path) -> None:
    desk, file = Desk(database, monkeypatch), tmp_path / "words.json"
    words = {"fr": {"camera": "Nos mots.", "gps": ""}, "ar": {"recording": "نصنا."}}
    file.write_text(json.dumps({"form": "session-desk/consent-wording/1", "wording": words}), "utf-8")
    where = ("--organization", "marston")
    assert desk("wording", "list", *where).stdout == "Every language is asked in the product's words.\n"
    assert "2 texts are new." in desk("wording", "import", str(file), *where, "--reason", "By law").stdout
    assert "said that already" in desk("wording", "import", str(file), *where, "--reason", "By law").stdout
    listed = desk("wording", "list", *where).stdout
    assert "fr  own: camera; the product's: gps, recording" in listed
    shown = json.loads(desk("wording", "show", *where, "--language", "fr", "--json").stdout)
    assert shown["asked"]["camera"]["text"].split("\n")[3] == "Nos mots."
    assert [(each["subject"], each["reason"]) for each in shown["versions"]] == [("camera", "By law")]
    assert "camera (own words)" in desk("wording", "show", *where, "--language", "fr").stdout
    again = tmp_path / "again.json"
    desk("wording", "export", str(again), *where)
    assert json.loads(again.read_text("utf-8"))["wording"] == {"ar": words["ar"], "fr": {"camera": "Nos mots."}}
    assert json.loads(desk("wording", "export", "-", *where).stdout) == json.loads(again.read_text("utf-8"))


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{",
        "[" * 100_000,
        '{"form": "other", "wording": {}}',
        '{"form": "session-desk/consent-wording/1", "wording": {"xx": {}}}',
        '{"form": "session-desk/consent-wording/1", "wording": {"fr": {"nose": "x"}}}',
        '{"form": "session-desk/consent-wording/1", "wording": {"fr": {"gps": 7}}}',
        '{"form": "session-desk/consent-wording/1", "wording": {"fr": {"gps": "\\ud800"}}}',
        '{"form": "session-desk/consent-wording/1", "wording": {"fr": {"gps": "' + "x" * 1001 + '"}}}',
        " " * 1_100_000,
    ],
)
@pytest.mark.usefixtures("cast")
def test_a_file_that_is_none(database, monkeypatch, tmp_path, content) -> None:
    file = tmp_path / "words.json"
    file.write_text(content, "utf-8")
    done = Desk(database, monkeypatch)("wording", "import", str(file), "--organization", "marston", "--reason", "r")
    assert done.exit_code == 1
    assert "Nothing was" in done.stderr
    assert state(database) == (0, 0)
