"""The account of a manager gets another e-mail address: their row of the roster, their sessions and mails follow."""

import base64
from functools import partial

from icalendar import Calendar
from sqlalchemy import select

from app.accounts.actions import addresses
from app.accounts.models import Person
from app.depositions import actions, emails
from app.depositions.actions import roster
from app.depositions.models import DepositionPerson, Kind, Manager
from app.depositions.queries import managers, people
from app.desks import FOLLOWERS
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from tests.cast import COMMAND_LINE
from tests.depositions import factories
from tests.pages import at_once

OLD, NEW = "ines@example.com", "ines@new.example.com"


def change(database, cast, email=NEW):
    with database.write() as db:
        ines = db.get_one(Person, cast.ines.id)
        addresses.change(db, ines, email, followers=FOLLOWERS, by=cast.actor("hugo"), now=now())


def managed(database, id):
    """The address of a session's manager, and those of which something is known."""
    with database.read() as db:
        of = (DepositionPerson.deposition_id == id, DepositionPerson.kind == Kind.MANAGER.value)
        known = db.execute(
            select(DepositionPerson.address, DepositionPerson.concerned).where(*of).order_by(DepositionPerson.address)
        ).all()
        return db.execute(factories.one(id)).one().manager_email, [tuple(row) for row in known]


def test_the_row_of_the_roster_follows_with_before_and_after(database, cast):
    change(database, cast)
    id = cast.managers["ines"].id
    with database.read() as db:
        row = managers.get(db, id)
        newest = timeline(db, "manager", id)[0]
    assert (row.email, row.person_id) == (NEW, cast.ines.id)
    assert (newest.kind, newest.actor_name) == ("manager.changed", "Hugo Brandt")
    assert newest.data == {"before": {"email": OLD}, "after": {"email": NEW}}
    assert row.version == cast.managers["ines"].version + 1, "a form that is open is stale"


def test_rows_of_others_stay(database, cast):
    with database.write() as db:
        outsider = roster.add_for_booking(db, "Quartz", "quartz@partner.example.com", "UTC", by=COMMAND_LINE, now=now())
        ana = db.get_one(Person, cast.lena.id)
        addresses.change(db, ana, "lena@new.example.com", followers=FOLLOWERS, by=COMMAND_LINE, now=now())
    with database.read() as db:
        found = {row.id: row.email for row in db.scalars(select(Manager))}
    assert found == {cast.managers["ines"].id: OLD, outsider: "quartz@partner.example.com"}


def test_sessions_that_are_not_over_follow_and_the_others_keep_what_was_written_down(database, cast):
    made = {state: factories.in_state(database, cast, state) for state in ("scheduled", "active", "ended")}
    theirs = factories.schedule(
        database,
        cast,
        factories.request(database, cast).id,
        manager_name="Quartz",
        manager_email="quartz@partner.example.com",
        reason="x",
    )
    canceled = factories.in_state(database, cast, "scheduled", deponent_name="Called Off")
    with database.write() as db:
        actions.cancel(db, canceled.id, by=cast.actor("ines"), now=now())
    factories.delivered(database)
    change(database, cast)
    assert managed(database, made["scheduled"].id) == (NEW, [(NEW, True)])
    assert managed(database, made["active"].id) == (NEW, [(NEW, True)])
    assert managed(database, made["ended"].id) == (OLD, [(OLD, True)])
    assert managed(database, theirs.id)[0] == "quartz@partner.example.com"
    assert managed(database, canceled.id)[0] == OLD


def test_they_know_what_they_knew_and_are_told_what_comes_at_the_new_address(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    change(database, cast)
    with database.read() as db:
        assert people.outdated(db, made.id) == []
        assert not db.execute(factories.one(made.id)).one().not_up_to_date
    before = len(outbox.emails())
    with database.write() as db:
        actions.cancel(db, made.id, by=cast.actor("ines"), now=now())
    theirs = [mail for mail in outbox.emails()[before:] if "ines" in mail["to"]]
    (mail,) = theirs
    assert (mail["to"], mail["subject"][:10]) == (NEW, "Canceled: ")
    calendar = Calendar.from_ical(base64.b64decode(mail["attachments"][0]["content"]))
    assert NEW in str(calendar.walk("VEVENT")[0]["ATTENDEE"])


def test_the_link_in_an_earlier_mail_knows_them_still(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    (line,) = [each for each in outbox.emails(OLD)[0]["text"].splitlines() if f"/sessions/{made.slug}?k=" in each]
    change(database, cast)
    with database.read() as db:
        session = db.execute(factories.one(made.id)).one()
        them = emails.recognize(session, db.config, line.partition("?k=")[2])
    assert them is not None
    assert (them.email, them.kind) == (NEW, Kind.MANAGER)


def test_what_waits_for_the_former_address_is_dropped_and_shown_as_missed(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    change(database, cast)
    with database.read() as db:
        row = db.execute(factories.one(made.id)).one()
        missed = [one.address for one in people.outdated(db, made.id)]
    dropped = [each for each in outbox.rows("email") if each.state == "dropped" and each.subject_type == "deposition"]
    assert [each.payload["to"] for each in dropped] == [OLD]
    assert (row.not_up_to_date, missed) == (True, [NEW])


def test_a_mailbox_that_was_a_former_managers_is_now_theirs(database, cast):
    """Somebody managed it under an address of the roster that they left since; then it became that of Ines."""
    made = factories.schedule(
        database,
        cast,
        factories.request(database, cast).id,
        manager_name="Quartz",
        manager_email=NEW,
        reason="x",
    )
    factories.delivered(database)
    with database.write() as db:
        ines = actions.Booking(manager_id=cast.managers["ines"].id, reason="x")
        actions.change_manager(db, made.id, ines, by=cast.actor("ines"), now=now())
        row = managers.by_email(db, NEW)
        db.execute(Manager.__table__.update().where(Manager.id == row.id).values(email="quartz@third.example.com"))
    factories.delivered(database)
    assert managed(database, made.id) == (OLD, [(OLD, True), (NEW, False)])
    change(database, cast)
    assert managed(database, made.id) == (NEW, [(NEW, True)])


def test_what_a_former_manager_knows_stays_theirs(database, cast):
    quartz = {"manager_name": "Quartz", "manager_email": "quartz@partner.example.com", "reason": "x"}
    made = factories.schedule(database, cast, factories.request(database, cast).id, **quartz)
    factories.delivered(database)
    with database.write() as db:
        ines = actions.Booking(manager_id=cast.managers["ines"].id, reason="x")
        actions.change_manager(db, made.id, ines, by=cast.actor("ines"), now=now())
    change(database, cast)
    assert managed(database, made.id) == (NEW, [(NEW, True), ("quartz@partner.example.com", False)])


def test_the_same_person_is_chosen_and_imported_by_the_new_address(database, cast):
    change(database, cast)
    with database.write() as db:
        again = roster.add_for_booking(db, "Ines", NEW.upper(), "UTC", by=COMMAND_LINE, now=now())
    assert again == cast.managers["ines"].id


def test_beside_verbs_on_their_sessions_nobody_waits_in_a_circle(database, cast, outbox):
    """A test that ends in a deadlock of PostgreSQL fails, whatever it asserts."""
    booked = [factories.in_state(database, cast, "scheduled") for _ in range(2)]
    asked = [factories.request(database, cast) for _ in range(2)]

    def cancel(id):
        with database.write() as db:
            actions.cancel(db, id, by=cast.actor("ines"), now=now())

    def book(id):
        with database.write() as db:
            ines = actions.Booking(manager_id=cast.managers["ines"].id, room_url=factories.ROOM, reason="x")
            actions.schedule(db, id, ines, by=cast.actor("ines"), now=now())

    verbs = [partial(cancel, booked[0].id), partial(change, database, cast), *(partial(book, one.id) for one in asked)]
    at_once([*verbs, outbox.deliver_all])
    with database.read() as db:
        found = [db.execute(factories.one(one.id)).one().manager_email for one in (booked[1], *asked)]
    assert found == [NEW] * 3
