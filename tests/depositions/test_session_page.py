"""The session's own page: what and when, too early, in, over, canceled; and the mailed link that knows who comes."""

import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from app.accounts.models import Organization
from app.depositions import actions, emails
from app.depositions.locales import TRANSLATIONS, hours
from app.depositions.models import Deposition
from app.depositions.queries import language_backfill
from app.depositions.rules.new_request import parse_start
from app.kernel import signing
from app.kernel.clock import now
from app.kernel.db import backfills
from tests.depositions import factories
from tests.pages import text


@pytest.mark.parametrize("path", ["", "/join"])
def test_unknown_and_not_yet_booked_look_alike(client, cast, database, path):
    made = factories.request(database, cast)
    assert client.get(f"/sessions/{made.slug}{path}").status_code == 404
    assert client.get(f"/sessions/nothing-here{path}").status_code == 404
    assert client.get(f"/sessions/%00{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "/join"])
@pytest.mark.parametrize("state", ["scheduled", "ready"])
def test_too_early(client, cast, database, state, path):
    made = factories.in_state(database, cast, state)
    answer = client.get(f"/sessions/{made.slug}{path}")
    assert answer.status_code == 200
    assert "Begins in" in text(answer)
    assert "appears here when the session begins" in text(answer)
    assert "Deposition of Orsolya Brandt" in text(answer)
    assert factories.ROOM not in text(answer)
    assert answer.headers["Cache-Control"] == "no-store"


def test_active_leads_into_the_room(client, cast, database):
    made = factories.in_state(database, cast, "active")
    assert "Enter the room" in text(client.get(f"/sessions/{made.slug}"))
    answer = client.get(f"/sessions/{made.slug}/join")
    assert (answer.status_code, answer.headers["Location"]) == (303, factories.ROOM)


@pytest.mark.parametrize("url", ["https://meet.example/غرفة?k=é", "https://meet.example/a;b,c?d=%C3%A9"])
def test_any_room_that_can_be_booked_can_be_entered(client, cast, database, url):
    made = factories.in_state(database, cast, "active")
    with database.write() as db:
        db.execute(update(Deposition).where(Deposition.id == made.id).values(room_url=url))
    joined = client.get(f"/sessions/{made.slug}/join").headers["Location"]
    entered = client.get(f"/sessions/{made.slug}/room").headers["Refresh"]
    assert entered == f"0; url={joined}"
    assert joined.isascii()


@pytest.mark.parametrize(("state", "words"), [("canceled", "was canceled"), ("ended", "has ended")])
@pytest.mark.parametrize("path", ["", "/join"])
def test_gone(client, cast, database, state, words, path):
    made = factories.in_state(database, cast, state)
    answer = client.get(f"/sessions/{made.slug}{path}")
    assert answer.status_code == 410
    assert words in text(answer)
    assert factories.ROOM not in text(answer)


def test_the_mailed_link_knows_who_comes(client, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    for email, shown in (("orsolya@example.com", "Orsolya Brandt"), ("obsidian@example.com", "obsidian@example.com")):
        (message,) = outbox.emails(email)
        url = re.search(r"http://localhost:8000(/sessions/\S+)", message["text"])[1]
        page = text(client.get(url))
        assert f"<bdi>{shown}</bdi>" in page
        assert ("a host of this session" in page) == (email == "obsidian@example.com")
    other = factories.in_state(database, cast, "ready")
    proof = url.partition("?k=")[2]
    for bad in ("forged", proof[:-2], ""):
        assert "You come as" not in text(client.get(f"/sessions/{made.slug}?k={bad}"))
    assert "You come as" not in text(client.get(f"/sessions/{other.slug}?k={proof}"))


def test_the_printed_link_works_and_is_not_guessable(client, cast, database):
    made = factories.in_state(database, cast, "active")
    (row,) = client.get("/api/v1/session_requests", headers=cast.headers("depositions")).json["requests"]
    path = row["session_url"].removeprefix("http://localhost:8000")
    assert client.get(path).status_code == 303
    assert re.fullmatch(r"/sessions/keller-v-northline-freight-[0-9a-f]{20}/join", path)
    assert client.get(f"/sessions/{made.slug[:-1]}/join").status_code == 404


@pytest.mark.parametrize(
    ("locale", "direction", "canceled", "early", "hours"),
    [
        (
            "fr",
            "ltr",
            "a été annulée",
            "Commence dans",
            "mardi 8 décembre 2026|07:50 – 09:05|heure normale du Pacifique",
        ),
        ("es-MX", "ltr", "fue cancelada", "Empieza en", "martes 8 de diciembre de 2026|07:50 – 09:05|PST, hora"),
        ("ar", "rtl", "أُلغيت", "تبدأ بعد", "07:50 – 09:05|PST، "),
    ],
)
def test_it_speaks_the_organizations_language(client, cast, database, clock, locale, direction, canceled, early, hours):
    with database.write() as db:
        db.execute(update(Organization).where(Organization.slug == "marston").values(locale=locale))
    moment = datetime(2026, 12, 8, 15, 50, tzinfo=UTC)
    for state, words in (("canceled", canceled), ("scheduled", early)):
        page = client.get(f"/sessions/{factories.in_state(database, cast, state, starts_at=moment).slug}").text
        assert f'<html lang="{locale[:2]}" dir="{direction}">' in page
        assert words in page
        for each in hours.split("|"):
            assert each in page
        for english in ("was canceled", "Deposition of", "Begins", "begins", "your time", "keep it to yourself"):
            assert english not in page


def test_the_language_of_the_session_wins(client, cast, database, outbox):
    with database.write() as db:
        db.execute(update(Organization).where(Organization.slug == "marston").values(locale="ar"))
    for given, lang, subject in (("Spanish", "es", "Programada: Declaración de Orsolya"), ("en-US", "en", "Scheduled")):
        made = factories.in_state(database, cast, "scheduled", details={"language": given})
        assert f'<html lang="{lang}" dir="ltr">' in client.get(f"/sessions/{made.slug}").text
        assert f'<html lang="{lang}" dir="ltr">' in client.post(f"/sessions/{made.slug}").text, "a refusal too"
        message = outbox.emails("orsolya@example.com")[-1]
        assert message["subject"].startswith(subject)
        assert message["locale"] == lang
    asked = client.get("/api/v1/session_requests", headers=cast.headers("depositions")).json["requests"]
    assert [each["session_details"]["language"] for each in asked] == ["Spanish", "en-US"]


def test_the_default_that_was_stored_before_is_forgotten(database, cast):
    """What one who asked for no language was answered is not what they asked for."""
    given = ({"language": "en-US", "interpreter": "Tamil"}, {"language": "es"}, {"language": "en-US"})
    made = [factories.request(database, cast, details=details).id for details in given]
    assert backfills.run(database, [language_backfill.LANGUAGES], now(), size=1) == {"languages.depositions": 2}
    with database.read() as db:
        assert [db.execute(factories.one(id)).one().details for id in made] == [
            {"interpreter": "Tamil"},
            {"language": "es"},
            {},
        ]


def test_the_ends_of_a_session_across_a_clock_change_each_have_their_zone():
    start, end = datetime(2027, 11, 7, 8, 30, tzinfo=UTC), datetime(2027, 11, 7, 9, 15, tzinfo=UTC)
    shown = hours(start, end, "America/Los_Angeles", TRANSLATIONS.translator("fr"))
    assert (shown.day, shown.clock) == ("dimanche 7 novembre 2027", "01:30 PDT – 01:15 PST")


def test_a_session_past_midnight_names_the_day_on_which_it_ends():
    start, end = datetime(2026, 12, 5, 6, 30, tzinfo=UTC), datetime(2026, 12, 5, 8, 30, tzinfo=UTC)
    shown = hours(start, end, "America/Denver", TRANSLATIONS.translator("en"))
    assert shown == (
        "Friday 4 December 2026",
        "11:30 PM – 1:30 AM (into Saturday)",
        "MST, Mountain Standard Time",
    )
    assert hours(start, start, "America/Denver", TRANSLATIONS.translator("en")).clock == "11:30 PM"


def test_the_calendar_file_is_the_entry_of_the_mail_and_invites_nobody(client, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    page = client.get(f"/sessions/{made.slug}").text
    assert f'href="/sessions/{made.slug}/calendar.ics"' in page
    file = client.get(f"/sessions/{made.slug}/calendar.ics")
    assert (file.status_code, file.mimetype) == (200, "text/calendar")
    assert file.headers["Content-Disposition"] == "attachment; filename=session.ics"
    lines = file.text.replace("\r\n ", "").splitlines()
    assert "METHOD:PUBLISH" in lines
    assert not [line for line in lines if line.startswith("ATTENDEE")]
    (message,) = outbox.emails("orsolya@example.com")
    (uid,) = [line for line in lines if line.startswith("UID:")]
    assert uid.encode() in b64decode(message["attachments"][0]["content"])
    never_booked = factories.in_state(database, cast, "canceled")
    assert client.get(f"/sessions/{never_booked.slug}/calendar.ics").status_code == 410
    with database.write() as db:
        actions.cancel(db, made.id, by=cast.actor("ines"), now=now(), notify=False)
    taken_out = client.get(f"/sessions/{made.slug}/calendar.ics").text.replace("\r\n ", "").splitlines()
    assert {uid, "METHOD:CANCEL", "SEQUENCE:2", "STATUS:CANCELLED"} <= set(taken_out)


def test_shortly_before_the_page_is_loaded_again(client, cast, database, clock):
    made = factories.in_state(database, cast, "scheduled")
    clock.set(made.starts_at - timedelta(minutes=20))
    page = text(client.get(f"/sessions/{made.slug}"))
    assert "Begins in 19 minutes" in page or "Begins in 20 minutes" in page
    assert "Reload this page" in page, "where no scripts run"
    assert "Add to calendar" not in page


POLL = {"X-Desk-Poll": "1"}


def test_the_page_polls_what_changes_alone(client, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    page = client.get(f"/sessions/{made.slug}")
    again = client.get(f"/sessions/{made.slug}", headers={**POLL, "If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    with database.write() as db:
        actions.start(db, made.id, by=cast.actor("ines"), now=now(), reason="On purpose.")
    changed = client.get(f"/sessions/{made.slug}", headers={**POLL, "If-None-Match": page.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.text.startswith('<div class="stack loose" id="status" data-kind="open"')
    assert "Enter the room" in changed.text
    assert len(changed.data) < 2500
    with database.write() as db:
        actions.end(db, made.id, by=cast.actor("ines"), now=made.starts_at)
    over = client.get(f"/sessions/{made.slug}", headers={**POLL, "If-None-Match": changed.headers["ETag"]})
    assert (over.status_code, 'data-every="0"' in over.text) == (410, True)


def test_every_link_of_the_page_keeps_who_comes(client, cast, database, outbox):
    made = factories.in_state(database, cast, "active")
    (message,) = outbox.emails("orsolya@example.com")
    url = re.search(r"http://localhost:8000(/sessions/\S+)", message["text"])[1]
    links = re.findall(rf'(?:href|action|data-address)="(/sessions/{made.slug}[^"]*)"', client.get(url).text)
    assert {link.partition("?")[0].removeprefix(f"/sessions/{made.slug}") for link in links} == {"", "/join", "/test"}
    assert {link.partition("?")[2] for link in links} == {url.partition("?")[2]}
    back = re.search(r'href="(/sessions/[^"]*)">Back', client.get(links[-1]).text)
    assert back[1] == url


def test_long_after_the_planned_hour_it_says_so(client, cast, database, clock):
    made = factories.in_state(database, cast, "scheduled")
    clock.set(made.starts_at + timedelta(minutes=20))
    page = text(client.get(f"/sessions/{made.slug}"))
    assert "It has not begun yet" in page
    assert "The hour has passed and the room is not open." in page


def test_what_to_bring_and_who_helps(client, cast, database, outbox):
    details = {"interpreter": "Tamil <b>", "additional_details": "The witness must not know this."}
    made = factories.in_state(database, cast, "scheduled", details=details)
    page = text(client.get(f"/sessions/{made.slug}"))
    for words in (
        "for 1 hour and 15 minutes",
        "Interpreter: Tamil &lt;b&gt;",
        "only the person who is questioned",
        "Ines",
    ):
        assert words in page
    assert "must not know" not in page
    (message,) = outbox.emails("orsolya@example.com")
    url = re.search(r"http://localhost:8000(/sessions/\S+)", message["text"])[1]
    assert "you are asked to show it at the start" in text(client.get(url))
    over = text(client.get(f"/sessions/{factories.in_state(database, cast, 'ended').slug}"))
    assert "What you need" not in over
    assert "For a transcript, or anything else, ask Marston" in over


def test_the_test_alone_may_ask_for_camera_and_microphone_and_can_send_nothing(client, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    page = client.get(f"/sessions/{made.slug}/test")
    assert page.headers["Permissions-Policy"] == "camera=(self), microphone=(self), geolocation=()"
    policy = page.headers["Content-Security-Policy"]
    assert "connect-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert "media-src 'self' blob:" in policy
    assert "data-clock" not in page.text, "the server's clock is asked for by a request"
    assert "Nothing leaves your device" in page.text
    assert "Your browser runs no scripts" in page.text
    other = client.get(f"/sessions/{made.slug}")
    assert other.headers["Permissions-Policy"] == "camera=(), microphone=(), geolocation=()"
    gone = client.get(f"/sessions/{factories.in_state(database, cast, 'canceled').slug}/test")
    assert (gone.status_code, gone.headers["Permissions-Policy"]) == (410, "camera=(), microphone=(), geolocation=()")


def test_an_ended_session_shows_when_it_took_place(client, cast, database):
    made = factories.in_state(database, cast, "scheduled", starts_at=factories.at("2026-01-12 17:30"))
    facts = {"state": "ended", "started_at": factories.at("2026-01-12 17:34")}
    for ended, shown, words in (
        ("12 19:12", "9:34 – 11:12 AM", "took place"),
        ("15 09:00", "9:30 – 10:45 AM", "closed"),
    ):
        with database.write() as db:
            values = {**facts, "ended_at": factories.at(f"2026-01-{ended}")}
            db.execute(update(Deposition).where(Deposition.id == made.id).values(values))
        page = text(client.get(f"/sessions/{made.slug}"))
        assert (shown in page, words in page) == (True, True), ended
    assert 'data-own-time="2026-01-12T17:30:00Z"' in page, "its end was forgotten for days"


def test_a_moved_session_says_when_it_was_planned_before(client, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled", starts_at=factories.at("2031-03-10 18:30"))
    first = client.get(f"/sessions/{made.slug}")
    to = actions.Move(parse_start("2031-03-12", "02:30 PM", "Eastern Time (US & Canada)"), 2)
    with database.write() as db:
        actions.move(db, made.id, to, by=cast.actor("ines"), now=now())
    page = client.get(f"/sessions/{made.slug}", headers={**POLL, "If-None-Match": first.headers["ETag"]})
    assert "Moved to another hour" in page.text
    assert 'data-former="2031-03-10T18:30:00Z/2031-03-10T19:45:00Z"' in page.text, "for the visitor's own clock"
    assert "<s>Mon 10 Mar 2031, 11:30 AM–12:45 PM PDT</s>" in page.text
    assert "Wednesday 12 March 2031" in page.text
    assert "Add the new hour" in page.text
    file = client.get(f"/sessions/{made.slug}/calendar.ics").text
    assert "SEQUENCE:2" in file
    assert "DTSTART:20310312T183000Z" in file


def test_a_link_stays_that_of_its_recipient_when_others_take_their_place(client, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    urls = {
        address: re.search(r"http://localhost:8000(/sessions/\S+)", outbox.emails(address)[0]["text"])[1]
        for address in ("quartz@example.com", "obsidian@example.com")
    }
    others = [
        {"email": "amber@example.com", "access_level": "host"},
        {"email": "Quartz@example.com", "access_level": ""},
    ]
    with database.write() as db:
        db.execute(update(Deposition).where(Deposition.id == made.id).values(invites=others))
        with_place = signing.sign(db.config, emails.INVITEE, [made.id, 1])
    assert "<bdi>Quartz@example.com</bdi>" in client.get(urls["quartz@example.com"]).text
    assert "You come as" not in client.get(urls["obsidian@example.com"]).text
    former = client.get(f"/sessions/{made.slug}?k={with_place}").text
    assert "<bdi>amber@example.com</bdi>" in former, "a link of a former version knows the place alone"
