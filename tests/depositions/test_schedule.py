"""Schedule: the team books what an organization requested."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.depositions import actions
from app.depositions.models import Manager
from app.depositions.queries import managers
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.errors import Conflict
from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.depositions.races import lost, race, won
from tests.pages import at_once, csrf, digest, one_wins, text


def typed(cast, **more):
    return {"manager": str(cast.managers["ines"].id), "room_url": factories.ROOM, "provider": "chime", **more}


def test_works(ines, cast, database, outbox):
    made = factories.request(database, cast)
    answer = send(ines, made.id, "schedule", **typed(cast))
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/depositions/{made.id}"
    page = text(ines.get(f"/depositions/{made.id}"))
    assert "Scheduled. 4 people will be notified by e-mail." in page
    assert "This request is already scheduled." in page
    assert (len(outbox.rows("email")), len(outbox.rows("webhook"))) == (4, 1)
    row = stored(database, made.id)
    assert (row.state, row.version, row.sequence, row.slug) == ("scheduled", 2, 1, made.slug)
    assert (row.manager_name, row.manager_email) == ("Ines Okafor", "ines@example.com")
    assert (row.provider, row.room_url) == ("chime", factories.ROOM)


def test_with_a_manager_who_is_not_in_the_list(ines, cast, database):
    made = factories.request(database, cast)
    other = typed(cast, manager="other", manager_name="Quartz Verbena", manager_email="Quartz@partner.example.com")
    assert send(ines, made.id, "schedule", **other).status_code == 303
    assert "quartz@partner.example.com" in text(ines.get(f"/depositions/{made.id}"))


def test_without_a_room_the_managers_own_at_the_provider_is_meant(ines, cast, database):
    id = cast.managers["ines"].id
    with database.write() as db:
        rooms = {"zoom": "https://zoom.example.com/{id}", "chime": "https://chime.example.com/me"}
        db.execute(update(Manager).where(Manager.id == id).values({Manager.templates: rooms}))
    first, second, third = (factories.request(database, cast, starts_at=now() + timedelta(days=n)) for n in (5, 6, 7))
    refused = send(ines, third.id, "schedule", **typed(cast, room_url="", provider="teams"))
    assert refused.status_code == 422
    assert "Ines Okafor has no room at teams in the roster" in text(refused)
    for made, provider in ((first, "Chime"), (second, "")):
        assert send(ines, made.id, "schedule", **typed(cast, room_url="", provider=provider)).status_code == 303
    assert stored(database, first.id).room_url == "https://chime.example.com/me"
    booked = stored(database, second.id)
    assert (booked.room_url, booked.provider) == (f"https://zoom.example.com/{second.id}", "zoom")
    assert stored(database, third.id) == third


def test_somebody_else_gets_a_row_and_is_chosen_the_next_time(ines, cast, database):
    first, second = (factories.request(database, cast, starts_at=now() + timedelta(days=n)) for n in (5, 6))
    other = {"manager": "other", "manager_name": "Quartz Verbena", "manager_email": "Quartz@partner.example.com"}
    assert send(ines, first.id, "schedule", **typed(cast, **other)).status_code == 303
    with database.read() as db:
        row = managers.by_email(db, "quartz@partner.example.com")
        assert timeline(db, "manager", row.id)[0].kind == "manager.added"
    assert f'value="{row.id}"' in text(ines.get(f"/depositions/{second.id}"))
    again = {"manager": "other", "manager_name": "Q.", "manager_email": "quartz@partner.example.com"}
    assert send(ines, second.id, "schedule", **typed(cast, **again)).status_code == 303
    assert (stored(database, second.id).manager_id, stored(database, second.id).manager_name) == (row.id, row.name)


def test_a_manager_who_is_not_active_is_refused_in_words(ines, cast, database):
    made, id = factories.request(database, cast), cast.managers["ines"].id
    with database.write() as db:
        db.execute(update(Manager).where(Manager.id == id).values({Manager.active: False}))
    other = {"manager": "other", "manager_name": "Ines", "manager_email": "ines@example.com"}
    refused = send(ines, made.id, "schedule", **typed(cast, **other))
    assert (refused.status_code, "is not active in the roster" in text(refused)) == (409, True)
    assert stored(database, made.id) == made


@pytest.mark.parametrize(
    "wrong",
    [
        {"room_url": ""},
        {"room_url": "rooms/42"},
        {"room_url": "javascript:alert(1)"},
        {"room_url": "https://"},
        {"room_url": "https://u:p@rooms.example.com"},
        {"manager": "4711"},
        {"manager": "other", "manager_name": "Quartz", "manager_email": "no"},
        {"manager": "other", "manager_email": "quartz@example.com"},
    ],
)
def test_what_cannot_be_used_is_refused(ines, cast, database, wrong):
    made = factories.request(database, cast)
    assert send(ines, made.id, "schedule", **typed(cast, **wrong)).status_code == 422
    assert stored(database, made.id) == made


def test_who_may_not(client, cast, database):
    others_may_not(client, cast, database, factories.request(database, cast), "schedule", **typed(cast))


def test_twice(ines, cast, database, outbox):
    made = factories.request(database, cast)
    assert send(ines, made.id, "schedule", **typed(cast)).status_code == 303
    sent = len(outbox.rows())
    again = send(ines, made.id, "schedule", version=2, **typed(cast))
    assert again.status_code == 409
    assert "This request is already scheduled." in text(again)
    assert len(outbox.rows()) == sent


@pytest.mark.parametrize("state", ["ready", "active", "ended", "canceled"])
def test_wrong_state(ines, cast, database, state):
    made = factories.in_state(database, cast, state)
    assert send(ines, made.id, "schedule", version=made.version, **typed(cast)).status_code == 409
    assert stored(database, made.id) == made


def test_stale(ines, cast, database, outbox):
    made = factories.request(database, cast)
    assert send(ines, made.id, "write_notice", notice="Who pays?").status_code == 303
    stale = send(ines, made.id, "schedule", version=1, **typed(cast))
    assert stale.status_code == 409
    assert "It has changed since you saw it, so nothing was done or sent." in text(stale)
    assert "You wrote a notice" in text(stale)
    assert not outbox.rows()


def test_lost_race(another_browser, cast, database):
    made = factories.request(database, cast)
    presses = [sender(another_browser(), made.id, "schedule", **typed(cast, reason="Both.")) for _ in range(3)]
    for page in one_wins(at_once(presses)):
        assert "This request is already scheduled." in page


def test_unknown(ines, cast):
    assert send(ines, 987654, "schedule", **typed(cast)).status_code == 404


def test_the_api_says_the_same(ines, cast, database):
    made = factories.request(database, cast)
    assert listed(ines, cast, made.id)["session_state"] == "initial"
    assert listed(ines, cast, made.id)["session_url"] is None
    send(ines, made.id, "schedule", **typed(cast))
    row = listed(ines, cast, made.id)
    assert row["session_state"] == "scheduled"
    assert row["session_url"].endswith(f"/sessions/{made.slug}/join")
    assert f"/sessions/{made.slug}" in text(ines.get(f"/depositions/{made.id}"))
    assert listed(ines, cast, made.id, "harbor") is None


def test_an_overlap_is_refused_in_words_and_keeps_what_was_typed(ines, cast, database):
    starts_at = now() + timedelta(days=5)
    factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    made = factories.request(database, cast, starts_at=starts_at, **factories.OTHERS)
    assert "overlaps" in text(ines.get(f"/depositions/{made.id}"))
    refused = send(ines, made.id, "schedule", **typed(cast))
    assert refused.status_code == 409
    assert "): same manager.</strong> Nothing was changed." in text(refused)
    assert factories.ROOM in text(refused)
    assert send(ines, made.id, "schedule", **typed(cast, reason="Ana helps.")).status_code == 303
    assert "in spite of an overlap: Ana helps." in text(ines.get(f"/depositions/{made.id}"))


def test_the_reason_over_an_overlap_is_asked_for_where_it_is_confirmed(ines, cast, database):
    starts_at = now() + timedelta(days=5)
    other = factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    made = factories.request(database, cast, starts_at=starts_at, **factories.OTHERS)
    data = {"csrf_token": csrf(ines), "version": 1, **typed(cast)}
    shown = ines.post(f"/depositions/{made.id}/schedule", data={**data, "step": "preview"})
    assert shown.status_code == 200
    assert f'Overlaps <a href="/depositions/{other.id}">' in text(shown)
    assert re.search('<textarea[^>]* name="reason"[^>]* required', text(shown))
    assert 'type="hidden" name="reason"' not in text(shown)
    data["preview"] = digest(shown)
    assert ines.post(f"/depositions/{made.id}/schedule", data=data).status_code == 409
    done = ines.post(f"/depositions/{made.id}/schedule", data={**data, "reason": "Ana helps."})
    assert done.status_code == 303, "the reason was typed after the preview, and changes nothing in it"
    assert "in spite of an overlap: Ana helps." in text(ines.get(f"/depositions/{made.id}"))


def test_refusals_for_scripts_land_beside_the_controls(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    headers = {"HX-Request": "true", "HX-Target": "main"}
    refused = send(ines, made.id, "schedule", version=2, headers=headers, **typed(cast))
    assert refused.status_code == 409
    assert refused.headers["HX-Retarget"] == "#refusal"
    assert text(refused).lstrip().startswith("<div")
    assert 'id="refusal"' in text(ines.get(f"/depositions/{made.id}"))


def test_each_participant_gets_one_email_with_a_calendar_file_and_a_link_of_their_own(database, cast, outbox):
    made = factories.request(
        database,
        cast,
        invites=factories.new_request.fold_invites([factories.new_request.Invite("ORSOLYA@example.com")]),
    )
    factories.schedule(database, cast, made.id)
    (message,) = outbox.emails("orsolya@example.com")
    assert message["subject"].startswith("Scheduled: Deposition of Orsolya Brandt, ")
    assert f"/sessions/{made.slug}?k=" in message["text"]
    (file,) = message["attachments"]
    assert file["type"] == "text/calendar; method=REQUEST; charset=UTF-8"


def test_the_webhook_is_queued_once_and_only_when_the_request_has_one(database, cast, outbox):
    factories.schedule(database, cast, factories.request(database, cast).id)
    assert len(outbox.rows("webhook")) == 1
    later = timedelta(days=20)
    quiet = factories.request(database, cast, postback_url=None, starts_at=now() + later)
    factories.schedule(database, cast, quiet.id)
    assert len(outbox.rows("webhook")) == 1


def test_overlap_asks_for_a_reason_and_keeps_it(database, cast):
    starts_at = now() + timedelta(days=5)
    first = factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    second = factories.request(database, cast, organization="harbor", starts_at=starts_at + timedelta(minutes=80))
    with pytest.raises(Conflict) as refused:
        factories.schedule(database, cast, second.id)
    assert refused.value.code == "session_request.overlap"
    factories.schedule(database, cast, second.id, reason=" Ana takes the second. ")
    with database.read() as db:
        event = timeline(db, "deposition", second.id)[0]
    assert event.data["overlaps"] == [first.id]
    assert event.data["reason"] == "Ana takes the second."


def test_another_manager_or_a_canceled_session_is_no_overlap(database, cast):
    starts_at = now() + timedelta(days=5)
    first = factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    second = factories.request(database, cast, starts_at=starts_at, **factories.OTHERS)
    factories.schedule(database, cast, second.id, manager_name="Quartz", manager_email="quartz@partner.example.com")
    with database.write() as db:
        actions.cancel(db, first.id, by=cast.actor("ines"), now=now(), notify=False)
    third = factories.request(database, cast, starts_at=starts_at)  # as the first, which is canceled
    assert factories.schedule(database, cast, third.id).state == "scheduled"


def test_a_refused_schedule_leaves_nothing(database, cast, outbox):
    starts_at = now() + timedelta(days=5)
    factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    second = factories.request(database, cast, starts_at=starts_at)
    before = len(outbox.rows())
    with pytest.raises(Conflict):
        factories.schedule(database, cast, second.id)
    with database.read() as db:
        assert len(timeline(db, "deposition", second.id)) == 1
    assert len(outbox.rows()) == before


def one_of_each(made, cast):
    ines = cast.actor("ines")
    booking = factories.booking(cast, reason="Both.")
    return [
        lambda db: actions.schedule(db, made.id, booking, by=ines, now=now(), version=1),
        lambda db: actions.cancel(db, made.id, by=ines, now=now(), version=1),
        lambda db: actions.withdraw(db, made.id, organization_id=made.organization_id, by=ines, now=now(), notify=True),
    ]


def test_schedule_against_cancel_against_cancel_has_one_winner(database, cast, outbox):
    for _ in range(5):
        made = factories.request(database, cast, starts_at=now() + timedelta(days=5))
        before = len(outbox.rows())
        got = race(database, one_of_each(made, cast) * 2)
        (winner,) = won(got)
        assert len(lost(got)) == 5
        assert {refusal.status for refusal in lost(got)} <= {409, 422}
        with database.read() as db:
            assert len(timeline(db, "deposition", made.id)) == 2
        assert len(outbox.rows()) == before + 3 + (2 if winner.state == "scheduled" else 0)


def test_two_bookings_of_one_manager_at_once_see_each_other(database, cast):
    ines = cast.actor("ines")
    for day in range(5, 9):
        starts_at = now() + timedelta(days=day)
        ids = [factories.request(database, cast, starts_at=starts_at).id for _ in range(2)]
        got = race(
            database,
            [
                lambda db, id=id: actions.schedule(db, id, factories.booking(cast), by=ines, now=now(), version=1)
                for id in ids
            ],
        )
        assert len(won(got)) == 1
        assert [refusal.code for refusal in lost(got)] == ["session_request.overlap"]


def test_every_form_asks_for_manager_and_room_alike(ines, cast, database):
    """On the page of the request, on a page of its own and in the dialog of the board."""
    made = factories.request(database, cast)
    with database.write() as db:
        db.execute(
            update(Manager).where(Manager.id == cast.managers["ines"].id).values(templates={"chime": "https://x"})
        )
    asked = {}
    for path in (f"/depositions/{made.id}", f"/depositions/{made.id}/manager"):
        page = ines.get(path).text
        choices = re.findall(r'<input type="radio" name="manager"[^>]*>', page)
        asked[path] = [*choices, *re.findall(r'<input[^>]*name="room_url"[^>]*>', page)[:1]]
    first, second = asked.values()
    assert len(first) > 2
    assert first == second
