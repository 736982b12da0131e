"""What waits to be sent when something later is said to the same person: it is not sent after it, nor in its place."""

from app.depositions import actions
from app.depositions.queries import people
from app.depositions.rules.new_request import Invite, SessionChange
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import send, stored

QUARTZ, OBSIDIAN = Invite("quartz@example.com"), Invite("obsidian@example.com", "host")


def give(database, cast, made, name):
    booking = actions.Booking(manager_name=name.title(), manager_email=f"{name}@example.com")
    with database.write() as db:
        return actions.change_manager(db, made.id, booking, by=cast.actor("ines"), now=now())


def invite(database, cast, made, *invites):
    with database.write() as db:
        change = SessionChange(invites=invites)
        return actions.change_session(
            db, made.id, change, by=cast.actor("ines"), now=now(), organization_id=made.organization_id
        )


def written_to(outbox, address):
    """The subjects of the e-mails to an address, up to the colon, with what became of each."""
    rows = [row for row in outbox.rows("email") if row.payload["to"] == address]
    return sorted((row.payload["subject"].partition(":")[0], row.state) for row in rows)


def outdated(database, made):
    with database.read() as db:
        return [(one.kind, one.address) for one in people.outdated(db, made.id)]


def test_of_two_rooms_the_manager_hears_of_the_last(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    for room in ("https://rooms.example.com/first", "https://rooms.example.com/second"):
        with database.write() as db:
            actions.change_room(db, made.id, room, by=cast.actor("ines"), now=now())
    assert written_to(outbox, "ines@example.com") == [
        ("Changed", "dropped"),
        ("Changed", "queued"),
        ("You manage", "sent"),
    ]
    (waiting,) = outbox.rows("email", "queued")
    assert "https://rooms.example.com/second" in waiting.payload["text"]


def test_a_manager_whom_no_invitation_has_reached_is_invited_to_the_new_room(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    with database.write() as db:
        actions.change_room(db, made.id, "https://rooms.example.com/new", by=cast.actor("ines"), now=now())
    assert written_to(outbox, "ines@example.com") == [("You manage", "dropped"), ("You manage", "queued")]


def test_a_session_that_is_given_away_and_back_is_theirs(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    give(database, cast, made, "kwame")
    give(database, cast, made, "ines")
    assert written_to(outbox, "ines@example.com") == [
        ("No longer yours", "dropped"),
        ("You manage", "queued"),
        ("You manage", "sent"),
    ]
    assert written_to(outbox, "kwame@example.com") == [("No longer yours", "queued"), ("You manage", "dropped")]
    factories.delivered(database)
    assert (outdated(database, made), stored(database, made.id).not_up_to_date) == ([], False)


def test_somebody_who_is_invited_and_at_once_no_longer_is_not_invited_afterwards(database, cast, outbox):
    made = factories.in_state(database, cast, "ready")
    factories.delivered(database)
    amber = Invite("amber@example.com")
    invite(database, cast, made, QUARTZ, OBSIDIAN, amber)
    invite(database, cast, made, QUARTZ, OBSIDIAN)
    (_, invitation), (farewell, state) = reversed(written_to(outbox, "amber@example.com"))
    assert (invitation, farewell, state) == ("dropped", "No longer invited", "queued")
    invite(database, cast, made, QUARTZ, OBSIDIAN, amber)
    assert [state for _, state in written_to(outbox, "amber@example.com")].count("queued") == 1
    factories.delivered(database)
    assert outdated(database, made) == []


def test_somebody_who_takes_part_again_and_was_not_told_is_not_up_to_date(ines, database, cast, outbox):
    made = factories.in_state(database, cast, "ready")
    factories.delivered(database)
    invite(database, cast, made, OBSIDIAN)
    factories.delivered(database)
    again = invite(database, cast, made, QUARTZ, OBSIDIAN)
    assert outdated(database, made) == []
    factories.delivered(database, "dead")
    assert outdated(database, made) == [("participant", "quartz@example.com")]
    assert stored(database, made.id).not_up_to_date
    with database.read() as db:
        assert "quartz@example.com" not in people.informed(db, again)
    before = len(outbox.rows("email"))
    assert send(ines, made.id, "tell", version=again.version).status_code == 303
    (message,) = outbox.rows("email")[before:]
    assert message.payload["to"] == "quartz@example.com"
    assert not message.payload["subject"].startswith(("Moved", "No longer"))
    factories.delivered(database)
    assert outdated(database, made) == []
