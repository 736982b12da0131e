"""`desk deposition tell` and `decline-cancellation`: the same verbs as on the page."""

from app.depositions import actions
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.cli.running import Desk
from tests.depositions import factories


def test_those_who_do_not_know_are_written_to_once(desk: Desk, database: Database, cast: Cast) -> None:
    made = factories.in_state(database, cast, "scheduled", invites=())
    factories.delivered(database)
    with database.write() as db:
        actions.cancel(db, made.id, by=cast.actor("ines"), now=now(), notify=False)
    facts = desk.json("deposition", "tell", str(made.id))
    assert facts == {"id": made.id, "people": ["orsolya@example.com", cast.people["ines"].email], "webhook": False}
    again = desk("deposition", "tell", str(made.id))
    assert (again.exit_code, "There is nobody to write to." in again.output) == (1, True)


def test_a_cancellation_is_declined(desk: Desk, database: Database, cast: Cast) -> None:
    made = factories.in_state(database, cast, "scheduled")
    refused = desk("deposition", "decline-cancellation", str(made.id), "--notice", "It stays.")
    assert (refused.exit_code, "does not wait for an answer" in refused.output) == (1, True)
    with database.write() as db:
        owner = cast.organizations["marston"].id
        actions.request_cancellation(db, made.id, organization_id=owner, by=cast.actor("ines"), now=now())
    facts = desk.json("deposition", "decline-cancellation", str(made.id), "--notice", "It stays.")
    assert facts == {"id": made.id, "state": "scheduled", "notice": "It stays."}
