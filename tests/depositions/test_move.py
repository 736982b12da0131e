"""Move: a booked session to another moment, with everything that says so."""

import base64
import re
from datetime import UTC, timedelta

import pytest
from sqlalchemy import update

from app.depositions import actions, presentation
from app.depositions.actions import roster
from app.depositions.rules.new_request import parse_start, tidy_details
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.outbox.outbox import OutboxRow
from app.kernel.text import datetimes
from app.kernel.text.time_zones import clock12
from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.pages import at_once, csrf, digest, one_wins, text

WHEN = {
    "start_date": "2031-03-12",
    "start_time": "14:30",
    "time_zone": "Eastern Time (US & Canada)",
    "estimated_duration": "2",
}
THEN = "Wed 12 Mar 2031, 2:30–4:30 PM EDT"


def target(date="2031-03-12", hour="02:30 PM", **facts):
    return actions.Move(parse_start(date, hour, "Eastern Time (US & Canada)"), 2, **facts)


def move(database, cast, made, to=None, **facts):
    with database.write() as db:
        return actions.move(db, made.id, to or target(), by=cast.actor("ines"), now=now(), **facts)


def preview_of(client, made, **typed):
    """The confirmation, and the fields that confirm it."""
    fields = {"csrf_token": csrf(client), "version": made.version, "notify": "y", **WHEN, **typed}
    fields = {name: value for name, value in fields.items() if value is not None}
    shown = client.post(f"/depositions/{made.id}/move", data={**fields, "step": "preview"})
    return shown, {**fields, "preview": digest(shown)}


@pytest.mark.parametrize("state", ["scheduled", "ready"])
def test_works(ines, cast, database, outbox, state):
    made = factories.in_state(database, cast, state)
    outbox.deliver_all()
    sent = len(outbox.rows())
    answer = send(ines, made.id, "move", version=made.version, notify="y", notice=" Counsel asked. ", **WHEN)
    assert answer.status_code == 303
    page = text(ines.get(f"/depositions/{made.id}"))
    people = 4 if made.manager_id else 3
    assert f"Moved to {THEN}. {people} people will be notified by e-mail." in page
    row = stored(database, made.id)
    assert (row.state, row.version, row.sequence) == (state, made.version + 1, made.sequence + 1)
    assert (row.start_date, row.start_time, row.zone) == ("2031-03-12", "02:30 PM", "America/New_York")
    assert row.ends_at - row.starts_at == timedelta(hours=2)
    assert (row.previous_starts_at, row.notice) == (made.starts_at, "Counsel asked.")
    assert (row.remote_session_id, row.slug) == (made.remote_session_id, made.slug)
    new = outbox.rows()[sent:]
    to_manager = ["email"] if made.manager_id else []
    assert sorted(each.channel for each in new) == [*to_manager, *["email"] * 3, "webhook"]
    with database.read() as db:
        event = timeline(db, "deposition", made.id)[0]
    assert (event.kind, event.data["to"], event.data["told"]) == ("deposition.moved", THEN, True)
    assert event.data["before"]["start_date"] == made.start_date
    assert event.data["after"]["start_date"] == "2031-03-12"


def test_participants_read_why_in_the_mail_and_on_their_page(ines, client, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    outbox.deliver_all()
    sent = len(outbox.rows())
    why = "The interpreter <b> could not come."
    send(ines, made.id, "move", version=made.version, notify="y", because=f" {why} ", notice="For counsel.", **WHEN)
    mails = {each["to"]: each for each in outbox.emails()[-4:]}
    assert len(outbox.rows()) - sent == 5
    assert f"Why: {why}" in mails["quartz@example.com"]["text"]
    assert "The interpreter &lt;b&gt; could not come." in mails["quartz@example.com"]["html"]
    page = client.get(f"/sessions/{made.slug}").text
    assert "<p>Why: <bdi>The interpreter &lt;b&gt; could not come.</bdi></p>" in page
    assert "It was moved on" in page
    assert "For counsel." not in page + mails["quartz@example.com"]["text"], "the notice is for the organization"
    assert f"participants read: “{why}”".replace("<b>", "&lt;b&gt;") in text(ines.get(f"/depositions/{made.id}"))
    move(database, cast, stored(database, made.id), target("2031-03-13"))
    assert "Why:" not in client.get(f"/sessions/{made.slug}").text, "the next move has another reason, or none"
    too_long = send(ines, made.id, "move", because="x" * 301, **WHEN)
    assert (too_long.status_code, "at most 300 characters" in too_long.text) == (422, True)


def test_the_api_says_the_same(ines, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    before = listed(ines, cast, made.id)
    send(ines, made.id, "move", version=made.version, notify="y", **WHEN)
    after = listed(ines, cast, made.id)
    moment = {"start_date": "2031-03-12", "start_time": "02:30 PM", "time_zone": WHEN["time_zone"]}
    assert after["remote_session"] == {**before["remote_session"], **moment, "estimated_duration": 2}
    assert {**after, "remote_session": 0} == {**before, "remote_session": 0}
    posted = [row for row in outbox.rows("webhook") if row.state == "queued"]
    claims = posted[0].payload["claims"]["requests"][0]
    assert len(posted) == 1
    assert claims["remote_session"]["start_date"] == "2031-03-12"


def test_who_may_not(client, cast, database):
    others_may_not(client, cast, database, factories.in_state(database, cast, "scheduled"), "move", notify="y", **WHEN)


def test_twice(ines, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    assert send(ines, made.id, "move", version=2, notify="y", **WHEN).status_code == 303
    again = send(ines, made.id, "move", version=3, notify="y", **WHEN)
    assert again.status_code == 422
    assert "The session is at that hour already. Type another day or hour." in text(again)
    again = sender(ines, made.id, "move", version=2, notify="y", **WHEN)()
    assert (again.status_code, "You moved it" in text(again)) == (409, True), "of an old page, what was done since"
    assert stored(database, made.id).sequence == 2


@pytest.mark.parametrize("state", ["initial", "active", "ended", "canceled"])
def test_wrong_state(ines, cast, database, state):
    made = factories.in_state(database, cast, state)
    assert send(ines, made.id, "move", version=made.version, notify="y", **WHEN).status_code == 409
    assert stored(database, made.id) == made


def test_stale(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    stale = send(ines, made.id, "move", version=1, notify="y", **WHEN)
    assert stale.status_code == 409
    assert "You scheduled it" in text(stale)
    assert stored(database, made.id) == made


def test_lost_race(another_browser, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    presses = [sender(another_browser(), made.id, "move", version=2, notify="y", **WHEN) for _ in range(3)]
    one_wins(at_once(presses))
    assert len([row for row in outbox.rows() if row.state == "queued"]) == 5


def test_unknown(ines):
    assert send(ines, 987654, "move", notify="y", **WHEN).status_code == 404


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"start_date": "2031-02-30"}, "a day that exists"),
        ({"start_date": ""}, "Choose the day."),
        ({"start_time": "25:00"}, "Write the time as hh:mm AM or hh:mm PM"),
        ({"start_time": "13:30 PM"}, "Write the time as hh:mm AM or hh:mm PM"),
        ({"start_date": "2031-03-09", "start_time": "02:30"}, "1:59 AM is followed by 03:00 AM"),
        ({"time_zone": "Mars/Olympus"}, "Name a time zone we know"),
        ({"estimated_duration": "0"}, "more than 0 and at most 24"),
        ({"estimated_duration": "24,5"}, "more than 0 and at most 24"),
        ({"estimated_duration": "nan"}, "more than 0 and at most 24"),
        ({"notice": "\x00"}, "cannot be stored"),
        ({"reason": "x" * 501}, "Use at most 500 characters."),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(ines, cast, database, typed, sentence):
    made = factories.in_state(database, cast, "scheduled")
    refused = send(ines, made.id, "move", version=2, **{**WHEN, "notify": "y", **typed})
    assert (refused.status_code, sentence in text(refused)) == (422, True)
    assert stored(database, made.id) == made


@pytest.mark.parametrize(
    ("typed", "wire"), [("09:05", "09:05 AM"), ("12:00", "12:00 PM"), ("00:15", "12:15 AM"), ("1:30 pm", "01:30 PM")]
)
def test_hours_are_read_in_any_usual_form(ines, cast, database, typed, wire):
    made = factories.in_state(database, cast, "scheduled")
    given = {**WHEN, "start_time": typed, "estimated_duration": "1,5"}
    assert send(ines, made.id, "move", version=2, notify="y", **given).status_code == 303
    row = stored(database, made.id)
    assert (row.start_time, row.estimated_duration) == (wire, "1.5")


@pytest.mark.parametrize("hours", [4 / 3, 0.1 + 0.2, 23.999999999999996, 0.00001, 2.0])
def test_a_length_that_an_organization_computed_does_not_stand_in_the_way(ines, cast, database, hours):
    """80 minutes are four thirds of an hour: the form brings back what it shows."""
    made = factories.in_state(database, cast, "scheduled", estimated_duration=hours)
    page = ines.get(f"/depositions/{made.id}").text
    shown = re.search(r'name="estimated_duration"[^>]*value="([^"]*)"', page)
    typed = {**WHEN, "estimated_duration": shown[1]}
    answer = send(ines, made.id, "move", version=made.version, notify="y", **typed)
    assert answer.status_code == 303, text(answer)
    row = stored(database, made.id)
    assert (float(row.estimated_duration), row.ends_at - row.starts_at) == (hours, made.ends_at - made.starts_at)


def test_an_hour_that_comes_twice_is_the_first_and_flagged(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    twice = {**WHEN, "start_date": "2031-11-02", "start_time": "01:30"}
    shown, _ = preview_of(ines, made, **twice)
    page = text(shown)
    flags = ["this hour comes twice. The first of the two is taken.", "is outside 7 AM to 8 PM", "falls on a Sunday"]
    places = [page.index(flag) for flag in flags]
    assert places == sorted(places)
    assert "Sun 2 Nov 2031, 1:30–3:30 AM" not in page
    assert send(ines, made.id, "move", version=2, notify="y", **twice).status_code == 303
    assert stored(database, made.id).ambiguous


def test_a_past_hour_needs_a_reason(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    past = {"start_date": "2020-03-11"}
    shown, fields = preview_of(ines, made, **past)
    assert (shown.status_code, 'name="reason"' in text(shown)) == (200, True)
    assert text(shown).index("The requested time is already over.")
    refused = ines.post(f"/depositions/{made.id}/move", data=fields)
    assert (refused.status_code, "Say why the session is put into the past." in text(refused)) == (422, True)
    assert stored(database, made.id) == made
    done = ines.post(f"/depositions/{made.id}/move", data={**fields, "reason": "It took place then."})
    assert done.status_code == 303
    assert "It took place then." in text(ines.get(f"/depositions/{made.id}"))


def test_an_overlap_needs_a_reason(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    other = factories.in_state(database, cast, "scheduled", starts_at=target().start.starts_at)
    shown, fields = preview_of(ines, made)
    assert f'/depositions/{other.id}"' in text(shown)
    refused = ines.post(f"/depositions/{made.id}/move", data=fields)
    assert (refused.status_code, "Say why it is booked over the overlap." in text(refused)) == (409, True)
    assert ines.post(f"/depositions/{made.id}/move", data={**fields, "reason": "Two rooms."}).status_code == 303
    with database.read() as db:
        data = timeline(db, "deposition", made.id)[0].data
    assert (data["overlaps"], data["reason"]) == ([other.id], "Two rooms.")


def test_the_emails_say_from_when_to_when(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    outbox.deliver_all()
    sent = len(outbox.emails())
    move(database, cast, made)
    messages = outbox.emails()[sent:]
    people = {"orsolya@example.com", "quartz@example.com", "obsidian@example.com", "ines@example.com"}
    assert sorted(each["to"] for each in messages) == sorted(people)
    for message in messages:
        assert message["subject"] == "Moved: Deposition of Orsolya Brandt, Wed 12 Mar 2031"
        for part in ("text", "html"):
            assert THEN in message[part]
            assert presentation.hours(made) in message[part]
    file = base64.b64decode(messages[0]["attachments"][0]["content"]).decode()
    assert "METHOD:REQUEST" in file
    assert f"UID:{made.remote_session_id}@localhost" in file
    assert "SEQUENCE:2" in file
    assert "DTSTART:20310312T183000Z" in file


def test_invitations_that_were_not_sent_say_the_new_hour(database, cast, outbox):
    """One that waited would bring the old hour after the new one; and who was never invited cannot read of a move."""
    made = factories.in_state(database, cast, "scheduled")
    with database.write() as db:
        others = OutboxRow.summary.not_like("%orsolya@example.com")
        db.execute(update(OutboxRow).where(others).values(due_at=now() + timedelta(days=1)))
    outbox.deliver_all()
    old = {row.id for row in outbox.rows()}
    move(database, cast, made)
    rows = outbox.deliver_all()
    assert {(row.state, row.last_error) for row in rows if row.id in old and row.state != "sent"} == {
        ("dropped", "The session was moved.")
    }
    subjects = {each["to"]: each["subject"].partition(":")[0] for each in outbox.emails() if "2031" in each["subject"]}
    assert subjects == {
        "orsolya@example.com": "Moved",
        "quartz@example.com": "Scheduled",
        "obsidian@example.com": "Scheduled",
        "ines@example.com": "You manage",
    }


def test_a_silent_move_says_who_goes_on_believing_and_asks_why(ines, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    page = text(preview_of(ines, made, notify=None)[0])
    assert "4 e-mails and 1 webhook about it have not been sent yet, and will not be." in page
    assert "5 recipients will not hear of it" in page
    factories.delivered(database)
    sent = len(outbox.rows())
    shown, fields = preview_of(ines, made, notify=None)
    page = text(shown)
    assert "Review and move, notifying nobody" in page
    day = datetimes.day(datetimes.local(made.starts_at, made.zone).date())
    assert f"4 calendars and 1 webhook keep saying {day}" in page
    assert page.count("an e-mail and a calendar entry, ") == 4
    assert "Sends no e-mail, calendar file or webhook." in page
    refused = ines.post(f"/depositions/{made.id}/move", data=fields)
    assert (refused.status_code, "Say why nobody is notified." in text(refused)) == (422, True)
    assert stored(database, made.id) == made
    done = ines.post(f"/depositions/{made.id}/move", data={**fields, "reason": "We call them."}, follow_redirects=True)
    assert "Nobody is notified of it." in text(done)
    assert "nobody is notified by e-mail: We call them." in text(done)
    assert len(outbox.rows()) == sent


def test_a_silent_move_to_another_manager_does_not_say_that_nobody_is_told(ines, cast, database, outbox):
    """Who gives a session up and who gets it are told in any case: the page counts them, and so does the sentence."""
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    with database.write() as db:
        by = cast.actor("ines")
        other = str(roster.add_for_booking(db, "Quill Marlow", "quill@example.com", "UTC", by=by, now=now()))
    shown, fields = preview_of(ines, made, notify=None, manager=other)
    page = text(shown)
    assert "Review and move, notifying no participant" in page
    assert "Move, notify only 2 managers" in page
    assert "Why is nobody notified?" in page
    assert "Nobody is reminded of an hour of which they were not notified." in page
    sent = len(outbox.emails())
    done = ines.post(f"/depositions/{made.id}/move", data={**fields, "reason": "Calls."}, follow_redirects=True)
    assert "Only 2 managers will be notified by e-mail." in text(done)
    outbox.deliver_all()
    assert len(outbox.emails()) - sent == 2
    made = factories.in_state(database, cast, "scheduled")
    page = text(preview_of(ines, made, manager=other, start_date="2031-03-13")[0])
    assert "Move and notify 5 people" in page, "the former manager too"


def test_the_gravest_comes_first_and_every_hour_names_its_zone(ines, cast, database):
    wish = {"details": tidy_details({"interpreter": "Arabic"})}
    made = factories.in_state(database, cast, "scheduled", **wish)
    pacific = "Pacific Time (US & Canada)"
    past = parse_start("2020-03-14", "02:30 PM", pacific)
    factories.request(database, cast, starts_at=past.starts_at, **factories.OTHERS, **wish)
    page = text(preview_of(ines, made, start_date="2020-03-14", time_zone=pacific)[0])
    order = ["Sat 14 Mar 2020, 2:30", "your time", "instead of", "already over", "same interpreter", "a Saturday"]
    places = [page.index(each, page.index("confirmation-sum")) for each in order]
    assert places == sorted(places)
    assert "Why at an hour that is over?" in page
    assert "14 Mar 2020, 21:30 UTC" in page


def test_a_silent_move_to_another_hour_than_was_shown_is_shown_first(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    _, fields = preview_of(ines, made, notify=None)
    other = {**fields, "start_date": "2031-03-13", "reason": "We call them."}
    again = ines.post(f"/depositions/{made.id}/move", data=other)
    assert (again.status_code, "Thu 13 Mar 2031" in text(again)) == (409, True)
    assert stored(database, made.id) == made


def test_after_a_silent_move_people_are_told_from_the_hour_that_they_know(ines, cast, database, outbox):
    made = factories.in_state(database, cast, "scheduled")
    outbox.deliver_all()
    moved = move(database, cast, made, target("2031-03-11"), notify=False)
    page = text(
        ines.post(
            f"/depositions/{made.id}/cancel",
            data={"csrf_token": csrf(ines), "version": moved.version, "step": "preview"},
        )
    )
    assert page.count("an e-mail and a calendar entry, ") == 4
    assert "Tue 11 Mar 2031" not in re.search(r'<table class="beliefs">.*</table>', page, re.DOTALL)[0]
    sent = len(outbox.emails())
    after = move(database, cast, made)
    assert after.previous_starts_at == made.starts_at
    assert not any("11 Mar 2031" in each["text"] for each in outbox.emails()[sent:])


def test_the_page_of_the_session_says_both_hours(client, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    move(database, cast, made)
    page = text(client.get(f"/sessions/{made.slug}"))
    assert "Wednesday 12 March 2031" in page
    assert re.search(r"<s>[^<]+P[SD]T</s>", page)


def test_going_back_brings_the_form_back(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    typed = {"csrf_token": csrf(ines), "version": made.version, "edit": "move", **WHEN, "notice": "Counsel asked."}
    page = text(ines.post(f"/depositions/{made.id}", data=typed))
    assert 'value="2031-03-12"' in page
    assert 'value="14:30"' in page
    assert "Counsel asked." in page
    assert not re.search(r'<input checked[^>]*id="move-notify"', page)


def test_the_confirmation_says_what_follows_by_itself_and_loses_no_text(ines, cast, database):
    with database.write() as db:
        actions.change_settings(db, cast.marston.id, {"reminders": True}, by=cast.actor("ines"), now=now())
    made = factories.in_state(database, cast, "scheduled")
    page = text(preview_of(ines, made)[0])
    assert "2 follow-ups" in page
    assert re.search(
        r"<p><bdi>Reminder 24 h before</bdi>, <time[^>]*>.*?</time>, if it is still needed then.</p>", page
    )
    assert 'name="edit" value="move"' in page
    assert 'class="breadcrumb"' not in page, "its link would lose what was typed"


def test_nothing_is_sent_after_a_silent_cancellation(cast, database, outbox, clock):
    """Not by what was ordered before either: reminders, and the question whether it takes place."""
    by = cast.actor("ines")
    with database.write() as db:
        switches = {"reminders": True, "reconfirmation": True, "reconfirm_deponent": True}
        actions.change_settings(db, cast.organizations["marston"].id, switches, by=by, now=now())
    clock.move(minutes=1)
    made = factories.in_state(database, cast, "scheduled", starts_at=now() + timedelta(hours=70))
    outbox.deliver_all()
    wall = (now() + timedelta(hours=40)).astimezone(UTC)
    soon = actions.Move(parse_start(f"{wall:%Y-%m-%d}", clock12(wall), "UTC"), 1)
    move(database, cast, made, soon)
    outbox.deliver_all()
    assert [row.channel for row in outbox.rows() if row.state == "queued" and "remind" in row.channel]
    with database.write() as db:
        actions.cancel(db, made.id, by=by, now=now(), notify=False)
    sent = [row.id for row in outbox.rows() if row.channel in ("email", "webhook") and row.state == "sent"]
    for _ in range(8):
        clock.move(hours=6)
        rows = outbox.deliver_all()
    assert [row.id for row in rows if row.channel in ("email", "webhook") and row.state == "sent"] == sent
    assert not [row for row in rows if row.state == "queued" and row.channel == "email"]
