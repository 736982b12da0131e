"""What an inspection uses: only that is asked of field users, in the words of 14 languages; it is declared when the
inspection is made, and changed later without taking back a question that somebody has answered."""

import uuid
from datetime import timedelta

import pytest

from app.inspections import actions, queries
from app.inspections.evidence import rules as evidence_rules
from app.inspections.evidence.rules import Unfit
from app.inspections.locales import TRANSLATIONS
from app.inspections.models import Inspection
from app.kernel.clock import now
from app.kernel.errors import Conflict
from tests.inspections.conftest import SESSIONS, token_of
from tests.inspections.pages import OTTO, consent, kinds, last_link, others_may_not, send, sender, state, stored
from tests.inspections.test_capture import PLACED, Phone, chained, file, items
from tests.inspections.test_field_pages import Browser, mailed, place
from tests.pages import at_once, csrf, one_wins, text

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""About the words of a page alone, in each language."""
ALL = ["camera", "gps", "recording"]
ALSO_GPS = {"subjects": ["camera", "gps"], "seen": "camera"}


@pytest.fixture
def bare(integrator):
    """A session that uses the camera alone, in English."""
    return integrator.create(subjects=["camera"], locale="en")


@pytest.fixture
def phone(app):
    return Browser(app)


def enter(phone, integrator, session):
    """Lets a field user in by a link without a code; returns the invite and where they are led."""
    invite = integrator.invite(session)
    return invite, phone.post(f"{place(invite)}/", t=token_of(invite)).location


@pytest.mark.parametrize(
    ("given", "used"),
    [({}, ALL), ({"subjects": None}, ALL), ({"subjects": ["gps", "camera", "gps"]}, ALL[:2]), ({"subjects": []}, [])],
)
def test_the_api_declares_what_is_used_and_all_of_it_where_nothing_is_said(integrator, database, given, used) -> None:
    session = integrator.create(**given)
    assert stored(database, session).subjects == used
    assert "subjects" not in session, "the object is as printed"
    assert last_link(database, session)[1]["subjects"] == used, "the record says so from its first event"


@pytest.mark.parametrize("odd", ["camera", ["smell"], [1], {"camera": 1}, ["camera"] * 4, [None]])
def test_odd_subjects_are_refused(integrator, odd) -> None:
    refused = integrator.post(SESSIONS, {"subjects": odd})
    assert refused.status_code == 400
    assert any(field.startswith("subjects") for field in refused.json["field_errors"])


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ({"asking": "1", "subjects": ["recording", "camera"]}, ["camera", "recording"]),
        ({"asking": "1"}, []),
        ({}, ALL),
    ],
    ids=["some", "none ticked", "a form that does not offer them"],
)
def test_the_form_declares_what_is_used(otto, database, typed, used) -> None:
    made = otto.post("/inspections/create", data={**new_form(otto), **typed})
    assert made.status_code == 303
    session = {"id": made.location.partition("?")[0].rpartition("/")[2]}
    assert stored(database, session).subjects == used


def new_form(client) -> dict[str, str]:
    page = text(client.get("/inspections/new"))
    organization = page.partition('name="organization"')[2].partition('value="')[2].partition('"')[0]
    return {"csrf_token": csrf(client), "organization": organization, "notes": "", "locale": "en", "campaign": ""}


def test_the_form_refuses_what_nobody_can_allow(otto) -> None:
    refused = otto.post("/inspections/create", data={**new_form(otto), "asking": "1", "subjects": ["smell"]})
    assert refused.status_code == 422


def test_only_what_is_used_is_asked(phone, integrator, bare) -> None:
    invite, led = enter(phone, integrator, bare)
    assert led == f"{place(invite)}/consent"
    page = phone.get(led).text
    assert 'name="camera"' in page
    assert 'name="gps"' not in page
    assert 'name="recording"' not in page
    assert phone.answer(place(invite), camera="granted").location == f"{place(invite)}/room"
    assert integrator.session(bare)["consent_state"] == {"camera": "granted"}
    room = phone.get(f"{place(invite)}/room").text
    assert "not answered yet" not in room
    assert 'name="photo"' in room


def test_one_that_uses_nothing_asks_nothing_and_takes_documents(phone, integrator) -> None:
    session = integrator.create(subjects=[], locale="en")
    invite, led = enter(phone, integrator, session)
    assert led == f"{place(invite)}/room"
    assert phone.get(f"{place(invite)}/consent").location == f"{place(invite)}/room"
    room = phone.get(f"{place(invite)}/room").text
    assert 'name="files"' in room
    assert 'name="photo"' not in room
    assert "What you allow" not in room
    sent = phone.post(f"{place(invite)}/evidence", note="Dry since Tuesday")
    assert "added=1" in sent.location


@ONE_DATABASE
@pytest.mark.parametrize("locale", TRANSLATIONS.languages)
@pytest.mark.parametrize("subjects", [["camera"], ["gps", "recording"], ALL], ids="+".join)
def test_the_words_before_name_what_is_asked_alone(app, integrator, locale, subjects) -> None:
    session = integrator.create(subjects=subjects, locale=locale)
    invite = integrator.invite(session, recipient_email="alex@policyholder.com")
    phone, t = Browser(app), TRANSLATIONS.translator(locale)
    welcome = phone.get(mailed(invite)).text
    code = phone.get(phone.post(f"{place(invite)}/", t=token_of(invite)).location).text
    named = {each: t(f"consent_short_{each}") for each in ALL}
    for page, key in ((welcome, "consent_ahead"), (code, "code_next")):
        start = t(key, what="\0").partition("\0")[0]
        given = page.partition(start)[2].partition("<")[0]
        assert start in page
        assert [each for each in ALL if named[each] in given.partition(".")[0]] == subjects
    assert (t("code_next_recording") in code) == ("recording" in subjects)


def test_an_answer_about_what_is_not_used_is_refused_in_words(phone, integrator, bare, database) -> None:
    invite, _ = enter(phone, integrator, bare)
    before = state(database, bare)
    refused = phone.answer(place(invite), camera="granted", gps="granted")
    assert refused.status_code == 409
    assert "Nothing was saved." in refused.text
    with pytest.raises(Conflict, match="This inspection does not use a recording, so nobody is asked about that"):
        consent(database, bare, recording="denied")
    assert state(database, bare) == before


def test_no_place_is_kept_where_none_is_used(app, integrator, database) -> None:
    session = integrator.create(subjects=["camera"], locale="en")
    sent_by = Phone(app, integrator, session)
    sent_by.answer(sent_by.place, camera="granted")
    assert "added=1" in sent_by.send(photo=file(PLACED), latitude="48.1", longitude="11.5").location
    assert "place" not in items(database, session)[0].particulars
    assert chained(database, session)[0]["place"] == "cut"


def test_recording_cannot_start_where_none_is_used(otto, phone, integrator, database, bare) -> None:
    invite, _ = enter(phone, integrator, bare)
    phone.answer(place(invite), camera="granted")
    before = state(database, bare)
    refused = send(otto, bare, "start_recording")
    assert refused.status_code == 409
    assert "This inspection uses no recording" in text(refused)
    assert state(database, bare) == before
    page = text(otto.get(f"/inspections/{bare['id']}"))
    assert "This inspection uses no recording" in page
    assert "<dt>Asked about</dt><dd>camera</dd>" in page
    assert "Not answered yet" not in page


def test_works(otto, bare, database) -> None:
    assert send(otto, bare, "change_subjects", **ALSO_GPS).status_code == 303
    assert stored(database, bare).subjects == ["camera", "gps"]
    assert last_link(database, bare) == (
        "subjects.changed",
        {"before": ["camera"], "after": ["camera", "gps"], "by": OTTO},
    )
    assert kinds(database, bare)[0] == "inspection.subjects_changed"
    assert "field users are asked about: camera, place" in text(otto.get(f"/inspections/{bare['id']}"))


def test_before_anybody_answered_a_question_may_go(otto, phone, integrator, bare, database) -> None:
    invite, led = enter(phone, integrator, bare)
    assert led.endswith("/consent")
    assert send(otto, bare, "change_subjects", subjects=[], seen="camera").status_code == 303
    assert stored(database, bare).subjects == []
    assert phone.get(f"{place(invite)}/consent").location == f"{place(invite)}/room"


def test_what_somebody_answered_stays(otto, phone, integrator, bare, database) -> None:
    invite, _ = enter(phone, integrator, bare)
    phone.answer(place(invite), camera="denied")
    integrator.post(f"{SESSIONS}/{bare['id']}/participants/{invite['id']}/revoke")
    before = state(database, bare)
    refused = send(otto, bare, "change_subjects", subjects=["gps"], seen="camera")
    assert refused.status_code == 409
    assert "Somebody has answered about the camera already" in text(refused)
    assert state(database, bare) == before
    assert "answered, so it stays" in text(otto.get(f"/inspections/{bare['id']}"))


def test_what_is_added_is_asked_of_those_who_are_in(otto, phone, integrator, bare, database) -> None:
    invite, _ = enter(phone, integrator, bare)
    phone.answer(place(invite), camera="granted")
    before = phone.get(f"{place(invite)}/room").text
    revision = before.partition('data-revision="')[2].partition('"')[0]
    assert "not answered yet" not in before
    send(otto, bare, "change_subjects", subjects=ALL, seen="camera")
    news = phone.get(f"{place(invite)}/room", headers={"If-None-Match": revision})
    assert news.status_code == 200, "the phone hears of it within two seconds"
    assert "not answered yet" in news.text
    sent = phone.post(f"{place(invite)}/evidence", note="too early")
    assert "refused=unanswered" in sent.location
    assert send(otto, bare, "start_recording").status_code == 409
    consent(database, bare)
    assert "added=1" in phone.post(f"{place(invite)}/evidence", note="now").location
    assert send(otto, bare, "start_recording").status_code == 303


def test_who_may_not(app, cast, database, bare) -> None:
    others_may_not(app, cast, database, bare, "change_subjects", **ALSO_GPS)


def test_twice(otto, bare, database) -> None:
    send(otto, bare, "change_subjects", **ALSO_GPS)
    before = state(database, bare)
    assert send(otto, bare, "change_subjects", **ALSO_GPS).status_code == 303
    assert state(database, bare)[1:] == before[1:], "the same again is no change"


def test_wrong_state(otto, integrator, bare, database) -> None:
    integrator.end(bare)
    before = state(database, bare)
    refused = send(otto, bare, "change_subjects", **ALSO_GPS)
    assert refused.status_code == 409
    assert "its record is sealed" in text(refused)
    assert state(database, bare) == before


def test_stale(otto, mira, bare, database) -> None:
    send(mira, bare, "change_subjects", subjects=["recording"], seen="camera")
    late = send(otto, bare, "change_subjects", **ALSO_GPS)
    assert late.status_code == 409
    assert "Somebody else changed what is asked while you were choosing." in text(late)
    own = send(mira, bare, "change_subjects", **ALSO_GPS)
    assert "You changed what is asked while you were choosing." in text(own)
    assert stored(database, bare).subjects == ["recording"]


def test_lost_race(otto, mira, bare, database) -> None:
    both = [
        sender(otto, bare, "change_subjects", subjects=["camera", "gps"], seen="camera"),
        sender(mira, bare, "change_subjects", subjects=["recording"], seen="camera"),
    ]
    one_wins(at_once(both))
    assert kinds(database, bare).count("inspection.subjects_changed") == 1


def test_an_answer_and_a_removal_at_once_never_leave_an_answer_to_nothing(database, integrator, bare, phone) -> None:
    enter(phone, integrator, bare)

    def remove() -> str:
        with database.write() as db:
            try:
                by = queries.invites(db, uuid.UUID(bare["id"]))[0]
                actor = actions.Visitor.of("203.0.113.7", "Safari", None, "page").actor(by)
                actions.change_subjects(db, uuid.UUID(bare["id"]), (), seen=["camera"], by=actor, now=now())
            except Conflict:
                return "kept"
            return "removed"

    def answer() -> str:
        try:
            consent(database, bare, camera="granted")
        except Conflict:
            return "refused"
        return "answered"

    assert sorted(at_once([remove, answer])) in (["answered", "kept"], ["refused", "removed"])
    row = stored(database, bare)
    assert set(row.consent_state) <= set(row.subjects)


def test_what_waits_on_a_phone_is_not_lost_to_a_question_that_came_too_late(integrator, app, database) -> None:
    session = integrator.create(subjects=["camera", "gps"])
    integrator.end(session)
    ended: Inspection = stored(database, session)
    soon = now() + timedelta(hours=1)
    evidence_rules.check_capture(ended, soon, role="field", answers={"camera": "granted"}, late=True)
    with pytest.raises(Unfit, match=r"."):
        evidence_rules.check_capture(ended, soon, role="field", answers={}, late=True)
