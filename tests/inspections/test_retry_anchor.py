"""Ask an authority again that has failed for good."""

import uuid

import pytest
from sqlalchemy import update

from app.inspections import queries
from app.inspections.models import AnchorRequest
from tests.inspections.pages import kinds, others_may_not, send, sender, state, stored
from tests.pages import at_once, one_wins, text

pytestmark = pytest.mark.config(tsa_urls=("http://one.example/tsr", "http://two.example/tsr"))


@pytest.fixture
def failed(integrator, database):
    """An ended session whose first authority has failed: `failed["verb"]` asks it again."""
    session = integrator.create()
    integrator.end(session)
    settle(database, session, "failed")
    return session


def settle(database, session, state):
    """Writes down how the first authority answered."""
    with database.write() as db:
        first = anchors(db, session)[0]
        db.execute(update(AnchorRequest).where(AnchorRequest.id == first.id).values(state=state))
    session["verb"] = f"anchors/{first.id}/retry_anchor"


def anchors(db, session):
    return sorted(queries.anchors(db, uuid.UUID(session["id"])), key=lambda anchor: anchor.authority)


def test_works(otto, failed, database, outbox):
    assert send(otto, failed, failed["verb"]).status_code == 303
    with database.read() as db:
        first = anchors(db, failed)[0]
    assert (first.state, first.attempts) == ("pending", 0)
    assert stored(database, failed).anchoring == "pending"
    assert kinds(database, failed)[0] == "inspection.anchor_retried"
    assert [row.destination for row in outbox.rows("job:inspections.anchor")].count("one.example") == 2


def test_who_may_not(app, cast, database, failed):
    others_may_not(app, cast, database, failed, failed["verb"])


def test_twice(otto, failed, database):
    send(otto, failed, failed["verb"])
    before = state(database, failed)
    again = send(otto, failed, failed["verb"])
    assert again.status_code == 409
    assert "This authority is being asked already." in text(again)
    assert state(database, failed) == before


def test_wrong_state(otto, failed, database):
    settle(database, failed, "anchored")
    before = state(database, failed)
    refused = send(otto, failed, failed["verb"])
    assert refused.status_code == 409
    assert "This authority has already stamped the chain." in text(refused)
    assert state(database, failed) == before


def test_lost_race(another_browser, failed, database):
    one_wins(at_once([sender(another_browser(), failed, failed["verb"]) for _ in range(3)]))
    assert kinds(database, failed).count("inspection.anchor_retried") == 1


def test_unknown(otto, integrator, failed):
    for session, strange in (
        (failed, "anchors/b6a3f8a0-0000-4000-8000-000000000000/retry_anchor"),
        (integrator.create(), failed["verb"]),
    ):
        assert send(otto, session, strange).status_code == 404


def test_the_api_says_the_same(otto, integrator, failed):
    before = integrator.session(failed)
    send(otto, failed, failed["verb"])
    assert {**integrator.session(failed), "updated_at": None} == {**before, "updated_at": None}
