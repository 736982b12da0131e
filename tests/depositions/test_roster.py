"""The roster: its pages, who may, bad input, two at once, the CSV in and out, the calendar feed."""

import csv
import io
import re

import pytest
from icalendar import Calendar
from sqlalchemy import select

from app.accounts.models import Membership
from app.accounts.roles import Role
from app.depositions import actions
from app.depositions.models import Manager
from app.depositions.queries import managers, roster
from app.depositions.rules.transitions import Span
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.logs import redact
from tests.depositions import factories
from tests.pages import csrf, presser, text

FACTS = {
    "name": "Quartz Verbena",
    "email": "Quartz@Partner.example.com",
    "zone": "Pacific Time (US & Canada)",
    "languages": "English, polish, English",
    "skills": "",
    "buffer_before": "10",
    "buffer_after": "45",
    "rooms": "zoom https://zoom.example.com/{id}-{code}\r\nchime https://chime.example.com/{case}",
    "monday": "9 AM-12:30 PM, 13:30-18",
    "active": "y",
}
LONG = "x" * 201
HOSTILE = ["\x00", "a\x00b", LONG]


@pytest.fixture
def hugo(client, cast):
    """The browser of an administrator of the operating company."""
    return cast.sign_in(client, "hugo")


def post(client, url, **typed):
    return client.post(f"/depositions/managers{url}", data={"csrf_token": csrf(client), "version": 0, **typed})


def add(client, database, **typed):
    answer = post(client, "", **{**FACTS, **typed})
    assert answer.status_code == 303, text(answer)
    return int(answer.headers["Location"].rpartition("/")[2])


def row_of(database, id):
    with database.read() as db:
        return managers.get(db, id)


def history(database, id):
    with database.read() as db:
        return [(row.kind, row.data) for row in timeline(db, "manager", id)]


def test_added_changed_and_kept_with_before_and_after(hugo, database):
    id = add(hugo, database)
    row = row_of(database, id)
    assert (row.name, row.email, row.zone) == ("Quartz Verbena", "quartz@partner.example.com", "America/Los_Angeles")
    assert (row.languages, row.buffer_before, row.buffer_after) == (["English", "polish"], 10, 45)
    assert list(row.templates) == ["zoom", "chime"]
    page = text(hugo.get(f"/depositions/managers/{id}"))
    assert "<dd>9:00 AM–12:30 PM, 1:30–6:00 PM</dd>" in page, "as a page of that zone writes hours"
    assert 'value="9:00-12:30, 13:30-18:00"' in page, "as it is typed"
    assert "an outsider" in page
    assert "<dt>Telephone" not in page, "none was given"
    assert "Quartz Verbena" in text(hugo.get("/depositions/managers?q=quartz"))
    changed = {**FACTS, "zone": "Europe/Paris", "active": ""}
    assert post(hugo, f"/{id}/change", **{**changed, "version": 1}).status_code == 303
    assert not row_of(database, id).active
    kind, data = history(database, id)[0]
    assert (kind, data["before"]) == ("manager.changed", {"zone": "America/Los_Angeles", "active": True})
    assert data["after"] == {"zone": "Europe/Paris", "active": False}
    assert "zone: America/Los_Angeles → Europe/Paris" in text(hugo.get(f"/depositions/managers/{id}"))


def test_a_telephone_is_kept_as_it_was_typed_and_dialled(hugo, database):
    id = add(hugo, database, telephone=" tel:(415) 555‑0163 ext. 7 ")
    assert row_of(database, id).telephone == "(415) 555-0163 ext. 7"
    assert 'href="tel:+14155550163"' in text(hugo.get(f"/depositions/managers/{id}"))
    assert post(hugo, f"/{id}/change", **{**FACTS, "telephone": "٠٤ ٥٥٥ ٠١١٩", "version": 1}).status_code == 303
    assert row_of(database, id).telephone == "04 555 0119"
    assert history(database, id)[0][1]["after"] == {"telephone": "04 555 0119"}
    lines = csv.DictReader(io.StringIO(text(hugo.get("/depositions/managers/csv"))[1:]))
    assert [line["telephone"] for line in lines if line["name"] == FACTS["name"]] == ["04 555 0119"]


def test_a_person_of_the_team_is_known_by_their_address(hugo, database, cast):
    id = add(hugo, database, email="ada@example.com", name="Ada")
    assert row_of(database, id).person_id == cast.people["ada"].id


def test_one_address_is_one_row_and_a_stale_form_overwrites_nothing(hugo, database):
    id = add(hugo, database)
    assert "This address is in the roster already" in text(post(hugo, "", **FACTS))
    assert post(hugo, f"/{id}/change", **{**FACTS, "name": "Second", "version": 1}).status_code == 303
    stale = post(hugo, f"/{id}/change", **{**FACTS, "name": "Third", "version": 1})
    assert stale.status_code == 409
    assert "You changed them while you had this page open" in text(stale)
    assert "Third" in text(stale), "what was typed is not lost"
    assert row_of(database, id).name == "Second"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", ["", " ", "\u202e", *HOSTILE]),
        ("email", ["", "no", "a@b", "a b@example.com", "x" * 250 + "@example.com", "\x00@example.com"]),
        ("telephone", ["no", "12345", "1" * 16, "+1 415 555 0100 or so", "\x00"]),
        ("zone", ["", "Atlantis", "UTC+1", "\x00", LONG]),
        ("languages", [", ".join(f"l{n}" for n in range(21)), "x" * 61, "\x00"]),
        ("buffer_before", ["-1", "481", "1.5", "ten", "99999"]),
        (
            "rooms",
            [
                "zoom",
                "zoom javascript:x",
                "zoom https://z.example/{secret}",
                "zoom https://",
                "a https://x.y\nA https://x.z",
            ],
        ),
        ("monday", ["9", "9-", "25:00-26:00", "18:00-9:00", "9-12, 11-13", "9:75-10", "13 PM-14 PM", "\x00"]),
    ],
)
def test_bad_input_is_refused_in_words_and_nothing_is_stored(hugo, database, field, values):
    with database.read() as db:
        before = len(roster.every_row(db))
    for value in values:
        answer = post(hugo, "", **{**FACTS, field: value})
        assert (value, answer.status_code) == (value, 422)
        assert "Nothing was saved" in text(answer)
    with database.read() as db:
        assert len(roster.every_row(db)) == before


@pytest.mark.parametrize("name", ["x" * 200, "سلمى الكتبي", "🦀 <b>&amp;", "=cmd|' /C calc'!A0"])
def test_names_round_trip_on_page_and_csv(hugo, database, name):
    id = add(hugo, database, name=name)
    assert row_of(database, id).name == name
    hugo.get(f"/depositions/managers/{id}")
    file = text(hugo.get("/depositions/managers/csv"))
    (cells,) = [row for row in csv.DictReader(io.StringIO(file[1:])) if row["email"] == "quartz@partner.example.com"]
    assert not cells["name"].startswith("=")
    shown = post(hugo, "/import", rows=file)
    assert "0 managers are added, 0 are changed" in text(shown), "what was exported is imported as it is"


def test_who_may(client, cast, database):
    absence = {"first_day": "2027-01-04", "last_day": "2027-01-05", "version": 1}
    id = cast.managers["ines"].id
    for who, look, edit, away in (
        ("hugo", 200, 303, 303),
        ("ines", 200, 403, 303),
        ("ada", 200, 403, 403),
        ("adam", 403, 403, 403),
        ("aude", 403, 403, 403),
        ("lena", 403, 403, 403),
    ):
        cast.sign_in(client, who)
        assert (who, client.get("/depositions/managers").status_code) == (who, look)
        assert (who, client.get(f"/depositions/managers/{id}").status_code) == (who, look)
        version = row_of(database, id).version
        done = post(client, f"/{id}/absences", **{**absence, "version": version})
        assert (who, done.status_code) == (who, away)
        email = f"{who}@partner.example.com"
        assert (who, post(client, "", **{**FACTS, "email": email}).status_code) == (who, edit)
        assert (who, client.get("/depositions/managers/csv").status_code) == (who, look)
    assert client.get("/depositions").status_code == 403


AWAY = {"depositions.add_absence", "depositions.remove_absence", "depositions.away_today"}


@pytest.mark.parametrize("who", ["ines", "ada", "adam"])
def test_every_change_asks_who_it_is(app, client, cast, database, who):
    """Also where they administrate an organization besides: that makes nobody an administrator of the roster."""
    with database.write() as db:
        if who == "ines":
            db.add(Membership(person_id=cast.ines.id, organization_id=cast.marston.id, role=Role.ADMIN.value))
    cast.sign_in(client, who)
    data = {"csrf_token": csrf(client), "version": 1, **FACTS}
    changes = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/depositions/managers") and "POST" in rule.methods
    ]
    assert len(changes) > 6
    for rule in changes:
        if who == "ines" and rule.endpoint in AWAY:
            continue
        url = rule.rule.replace("<int:id>", "41").replace("<int:absence_id>", "1")
        assert (rule.endpoint, client.post(url, data=data).status_code) == (rule.endpoint, 403)


def test_the_sessions_of_a_manager_who_leaves_are_given_to_others(hugo, database, cast):
    made = factories.in_state(database, cast, "scheduled")
    canceled = factories.in_state(database, cast, "scheduled", **factories.OTHERS)
    with database.write() as db:
        actions.cancel(db, canceled.id, by=cast.actor("ines"), now=now(), notify=False)
    row = row_of(database, made.manager_id)
    answer = post(hugo, f"/{row.id}/change", version=row.version, name=row.name, email=row.email, zone=row.zone)
    assert (answer.status_code, answer.location) == (303, f"/depositions/managers/{row.id}/away")
    page = text(hugo.get(answer.location))
    assert "1 booked session is still theirs until it is given to somebody else." in page
    assert f"Not active any more: {row.name}" in page
    assert f'href="/depositions/{made.id}"' in page
    assert "Find replacements for 1 session" in text(hugo.get(f"/depositions/managers/{row.id}"))


def test_absences_are_told_where_a_session_is_scheduled_and_taken_back(ines, database, cast):
    id, made = cast.managers["ines"].id, factories.request(database, cast, starts_at=factories.at("2027-03-03 18:00"))
    absence = {"first_day": "2027-03-01", "last_day": "2027-03-05", "note": "On holiday <b>", "version": 1}
    assert post(ines, f"/{id}/absences", **absence).status_code == 303
    assert "away until Fri 5 Mar: On holiday" in text(ines.get(f"/depositions/{made.id}"))
    assert post(ines, f"/{id}/absences", **absence).status_code == 409
    wrong = [{"last_day": "2027-02-28"}, {"first_day": "soon"}, {"last_day": "2037-01-01"}, {"note": LONG}]
    wrong += [dict.fromkeys(("first_day", "last_day"), day) for day in ("9999-12-31", "0001-01-01")]
    for each in wrong:
        assert post(ines, f"/{id}/absences", **{**absence, "version": 2, **each}).status_code == 422
    (remove,) = re.findall(
        rf'action="/depositions/managers/{id}(/absences/\d+/remove)"', text(ines.get(f"/depositions/managers/{id}"))
    )
    assert post(ines, f"/{id}{remove}", version=2).status_code == 303
    assert post(ines, f"/{id}{remove}", version=3).status_code == 404
    assert "away until" not in text(ines.get(f"/depositions/{made.id}"))
    assert [kind for kind, _ in history(database, id)] == ["manager.absence_removed", "manager.absence_added"]


def test_a_timetable_is_of_one_manager_and_of_these_days(hugo, database, cast):
    mine, other = cast.managers["ines"].id, add(hugo, database)
    for id, version, day in (
        (mine, 1, "2027-03-01"),
        (mine, 2, "2027-03-04"),
        (mine, 3, "2027-02-27"),
        (other, 1, "2027-03-02"),
    ):
        absence = {"first_day": day, "last_day": day, "note": f"Away on {day}", "version": version}
        assert post(hugo, f"/{id}/absences", **absence).status_code == 303
    with database.read() as db:
        within = Span(factories.at("2027-03-02 09:00"), factories.at("2027-03-02 10:00"))
        found = {id: managers.timetable(db, id, within) for id in (mine, other)}
        absences = {id: [each.note for each in away] for id, (_, away) in found.items()}
    assert absences == {mine: ["Away on 2027-03-01"], other: ["Away on 2027-03-02"]}
    assert found[mine][0] == []
    assert [(each.weekday, each.starts, each.ends) for each in found[other][0]] == [(0, 540, 750), (0, 810, 1080)]


def test_an_import_shows_what_changes_and_changes_it_once(hugo, database, cast):
    rows = "email,name,zone\nines@example.com,Ines Okafor,Europe/Paris\nnew@partner.example.com,New One,UTC\n"
    shown = text(post(hugo, "/import", rows=rows))
    assert "1 manager is added, 1 is changed, 0 stay as they are." in shown
    assert "zone: <bdi>UTC</bdi> → <bdi>Europe/Paris</bdi>" in shown
    (seen,) = re.findall(r'name="seen" value="([0-9a-f]{64})"', shown)
    with database.read() as db:
        assert managers.by_email(db, "new@partner.example.com") is None, "looking changes nothing"
    assert post(hugo, "/import", rows=rows, seen=seen).status_code == 303
    with database.read() as db:
        assert managers.by_email(db, "ines@example.com").zone == "Europe/Paris"
        assert managers.by_email(db, "new@partner.example.com").name == "New One"
    again = post(hugo, "/import", rows=rows, seen=seen)
    assert (again.status_code, "0 managers are added" in text(again)) == (409, True)


@pytest.mark.parametrize(
    "rows",
    [
        "",
        "email",
        "name\nAna",
        "email,color\na@example.com,red",
        'email,name\n"a@example.com,x',
        "email,email\na,b",
        "\x00",
    ],
)
def test_a_file_that_is_no_list_of_managers_is_refused(hugo, rows):
    assert post(hugo, "/import", rows=rows).status_code == 422


def test_one_bad_row_stops_the_import_and_says_where(hugo, database):
    rows = "email,name,zone\nok@example.com,Ok,UTC\nno,Bad,Nowhere\nok@example.com,Twice,UTC\n"
    page = text(post(hugo, "/import", rows=rows))
    assert "2 rows cannot be read, so nothing is imported." in page
    assert 'name="seen"' not in page


def feed_of(hugo, id, version):
    page = text(post(hugo, f"/{id}/feed", version=version))
    (path,) = re.findall(r"(/managers/feed/[\w-]{40,}\.ics)", page)
    return path


def test_the_feed_has_the_sessions_as_they_are_and_ends_when_it_is_revoked(hugo, app, database, cast):
    id = cast.managers["ines"].id
    booked, canceled = (factories.in_state(database, cast, "scheduled") for _ in range(2))
    with database.write() as db:
        actions.cancel(db, canceled.id, by=cast.actor("ines"), now=now(), notify=False)
    path = feed_of(hugo, id, 1)
    reader = app.test_client()
    answer = reader.get(path)
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/calendar", "no-store")
    assert answer.headers["X-Robots-Tag"] == "noindex"
    events = Calendar.from_ical(answer.data).walk("VEVENT")
    assert {str(each["UID"])[:36]: str(each["STATUS"]) for each in events} == {
        str(booked.remote_session_id): "CONFIRMED",
        str(canceled.remote_session_id): "CANCELLED",
    }
    with database.read() as db:
        stored = db.execute(select(Manager.feed_hash).where(Manager.id == id)).scalar_one()
    assert stored not in path
    assert path.partition("feed/")[2] not in text(hugo.get(f"/depositions/managers/{id}")), "it is shown once"
    assert redact(f"GET {path}") == "GET /managers/feed/[redacted].ics"
    second = feed_of(hugo, id, 2)
    assert (reader.get(path).status_code, reader.get(second).status_code) == (404, 200)
    press = presser(hugo, f"/depositions/managers/{id}/feed/revoke", preview=True, version=3)
    assert press().status_code == 303
    assert reader.get(second).status_code == reader.get("/managers/feed/never.ics").status_code == 404


def test_the_feed_walks_an_index(database, cast):
    with database.read() as db:
        assert roster.feed(db, cast.managers["ines"].id, now()) == []
