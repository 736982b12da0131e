"""The backfill: what people know of sessions is read from the messages of a former version, and nothing is sent."""

import json

from sqlalchemy import delete, select, update

from app.depositions import actions
from app.depositions.models import Deposition, DepositionPerson, Kind
from app.depositions.queries import backfills, people
from app.kernel.clock import now
from app.kernel.outbox.outbox import OutboxRow
from tests.depositions import factories
from tests.depositions.pages import stored


def as_before(database):
    """Takes away what the former version did not keep."""
    with database.write() as db:
        db.execute(delete(DepositionPerson))
        db.execute(update(Deposition).values(not_up_to_date=False, sequence_at=None))


def fill(database):
    with database.write() as db:
        (mine,) = (each for each in backfills.BACKFILLS if each.name == "people.depositions")
        portion = mine.portion(db, None, 500)
    assert portion.position is None
    return portion.rows


def states(database, made):
    with database.read() as db:
        return {
            one.address or one.kind: (one.message_state, one.invited_sequence, one.outdated)
            for one in people.known(db, made.id)
        }


def test_what_was_sent_is_what_is_known(database, cast, outbox):
    known = factories.in_state(database, cast, "scheduled", invites=())
    silent = factories.in_state(database, cast, "scheduled", invites=())
    factories.delivered(database)
    waiting = factories.in_state(database, cast, "scheduled", invites=())
    asked = factories.request(database, cast)
    with database.write() as db:
        actions.cancel(db, silent.id, by=cast.actor("ines"), now=now(), notify=False)
    as_before(database)
    before = [(row.id, row.state) for row in outbox.rows()]
    assert fill(database) == 3
    assert [(row.id, row.state) for row in outbox.rows()] == before
    assert states(database, known) == {
        "orsolya@example.com": ("accepted", 1, False),
        "system": ("accepted", 1, False),
    }
    assert states(database, silent) == {"orsolya@example.com": ("accepted", 1, True)}
    assert states(database, waiting) == {
        "orsolya@example.com": ("waiting", None, False),
        "system": ("waiting", 0, False),
    }
    assert states(database, asked) == {}
    flagged = {made.id for made in (known, silent, waiting, asked) if stored(database, made.id).not_up_to_date}
    assert flagged == {silent.id}
    assert stored(database, silent.id).sequence_at == stored(database, silent.id).canceled_at


def test_a_message_of_the_past_that_arrives_later_counts(database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled", invites=(), postback_url=None)
    as_before(database)
    with database.write() as db:
        for row in outbox.rows("email", "queued"):
            payload = {name: value for name, value in row.payload.items() if name != "receipt"}
            encrypted = db.vault.encrypt(json.dumps(payload))
            db.execute(update(OutboxRow).where(OutboxRow.id == row.id).values(payload=encrypted))
    fill(database)
    factories.delivered(database)
    assert states(database, made)["orsolya@example.com"] == ("accepted", 1, False)
    with database.read() as db:
        kinds = db.execute(select(DepositionPerson.kind).distinct()).scalars().all()
    assert kinds == [Kind.PARTICIPANT.value]
