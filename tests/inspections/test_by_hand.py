"""Time and place that a person enters by hand: kept beside what the phone says, and shown as entered everywhere."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from app.inspections import receipts
from app.inspections.evidence import by_hand
from app.inspections.evidence.rules import Unfit
from app.inspections.locales import TRANSLATIONS
from app.inspections.report import facts, reading
from app.kernel.clock import now
from tests.inspections import pages
from tests.inspections.test_capture import PLACED, Phone, chained, file, items

ENTERED = {"typed_at": "2026-05-23T12:00", "typed_place": " Rue Ünal 12,‮ 2nd floor "}


@pytest.fixture
def session(integrator) -> dict:
    return integrator.create()


@pytest.fixture
def phone(app, integrator, session) -> Phone:
    phone = Phone(app, integrator, session)
    phone.allow()
    return phone


def reported(database, session, lang="en") -> str:
    with database.read() as db:
        source = reading.source(db, uuid.UUID(session["id"]))
        return "\n".join(facts.of(source, TRANSLATIONS.translator(lang)).pieces[0].lines)


def test_it_stands_beside_what_the_phone_says_and_the_chain_names_it(phone, otto, session, database) -> None:
    page = phone.follow(phone.send(photo=file(PLACED), **ENTERED))
    (found,) = items(database, session)
    known = found.particulars
    assert (known["captured_by"], known["place_by"]) == ("person", "person")
    assert known["place"] == {"text": "Rue Ünal 12, 2nd floor"}
    assert known["device_captured_at"] == "2026-11-29T09:00:00.000Z"
    assert known["device_place"] == {"latitude": "48.856667", "longitude": "2.352222"}
    (named,) = chained(database, session)
    assert named["by_hand"] == ["place", "time"]
    assert "Ünal" not in json.dumps(named, ensure_ascii=False), "what is personal stands beside the chain"
    assert "Place, entered by hand: Rue Ünal 12, 2nd floor" in page
    assert "12:00" in page
    shown = otto.get(f"/inspections/{session['id']}").text
    assert "Rue Ünal 12, 2nd floor, entered by hand" in shown
    assert shown.count("entered by hand") >= 2
    written = reported(database, session)
    assert "entered by hand: \u2068Rue Ünal 12, 2nd floor\u2069" in written
    assert "entered by hand" in written.split("Place")[0]
    assert "von Hand eingegeben: \u2068Rue Ünal" in reported(database, session, "de")
    lines = receipts.pieces([found], "Europe/Paris", TRANSLATIONS.translator("en"))[0].entered
    assert [each.split(", entered")[0][:5] for each in lines] == ["Taken", "Place"]


def test_what_was_not_entered_is_as_the_phone_says(phone, otto, session, database) -> None:
    phone.send(photo=file(PLACED), typed_at="", typed_place="  ")
    (found,) = items(database, session)
    assert (found.particulars["captured_by"], found.particulars["place_by"]) == ("device", "device")
    assert "by_hand" not in chained(database, session)[0]
    assert "entered by hand" not in reported(database, session)


def test_a_place_may_be_entered_where_that_of_the_phone_is_not_allowed(phone, session, database) -> None:
    phone.allow(gps="denied")
    phone.send(photo=file(PLACED), note="dry", **ENTERED)
    photo, note = items(database, session)
    assert photo.particulars["place"] == note.particulars["place"] == {"text": "Rue Ünal 12, 2nd floor"}
    assert "device_place" not in photo.particulars
    assert chained(database, session)[0]["place"] == "cut"


@pytest.mark.parametrize(
    ("entered", "reason"),
    [
        *(({"typed_at": odd}, "bad_time") for odd in ("x", "2026-13-01T00:00", "2026-05-23 12:00", "9999-12-31T23:59")),
        ({"typed_at": "0001-01-01T00:00"}, "bad_time"),
        ({"typed_place": "x" * 201}, "bad_place"),
    ],
)
def test_bad_input_is_refused_in_words(phone, session, database, entered, reason) -> None:
    before = pages.state(database, session)
    answer = phone.send(note="n", **entered)
    assert f"refused={reason}" in answer.location
    assert 'class="notice warn"' in phone.follow(answer)
    assert pages.state(database, session) == before


def test_a_time_that_the_clocks_skip_is_refused() -> None:
    """It was taken for the hour after, without a word."""
    later = datetime(2026, 4, 1, tzinfo=UTC)
    with pytest.raises(Unfit):
        by_hand.read({"typed_at": "2026-03-08T02:30"}, "America/New_York", later)
    entered = by_hand.read({"typed_at": "2025-11-02T01:30"}, "America/New_York", later)
    assert entered.at == datetime(2025, 11, 2, 5, 30, tzinfo=UTC), "the first of the two"


def test_a_time_that_is_yet_to_come_is_refused(phone, session, database) -> None:
    later = (now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    assert "refused=bad_time" in phone.send(note="n", typed_at=later).location
    assert items(database, session) == []


def test_operators_enter_both_for_a_document(otto, session, database) -> None:
    answer = pages.send(otto, session, "add_document", file=file(PLACED, "Door.jpg"), **ENTERED)
    assert answer.status_code == 303
    (found,) = items(database, session)
    assert (found.particulars["captured_by"], found.particulars["place_by"]) == ("operator", "operator")
    assert chained(database, session)[0]["by_hand"] == ["place", "time"]
    assert "Rue Ünal 12, 2nd floor, entered by hand" in otto.get(f"/inspections/{session['id']}").text
    assert "entered by hand: \u2068Rue" in reported(database, session)
    refused = pages.send(otto, session, "add_document", file=file(b"%PDF-1.7 x", "x.pdf"), typed_at="soon")
    assert (refused.status_code, "yet to come" in refused.text) == (422, True)
    assert len(items(database, session)) == 1


def test_what_was_entered_goes_when_it_is_erased(phone, session, database, cast, app, integrator) -> None:
    phone.send(note="dry", **ENTERED)
    (found,) = items(database, session)
    gone = found._replace(content=None)
    assert receipts.entered(gone, "Europe/Paris", TRANSLATIONS.translator("en")) == []
