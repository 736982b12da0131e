"""A review by API is immediate and overtakes a pending decision, until its undo window ends: then that decides."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.dashboard.undo import actions as undo_actions
from app.dashboard.undo import presentation
from app.dashboard.undo.models import State
from app.kernel.changes.events import Actor
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, Refusal
from app.prescreens import actions
from app.prescreens.jobs import FINALIZERS
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.prescreens.decisions import activity, decide, kinds, last, sweep, undo
from tests.prescreens.factories import prescreen, stored

ROUNDS = 25
KEY = Actor("key", "3", "pro key", None, "api", "test-request", "192.0.2.9")


def review(client: FlaskClient, cast: Cast, id: Any, word: str = "denied") -> Any:
    return client.patch(
        f"/api/v1/sessions/{id}/review", json={"reviewStatus": word}, headers=cast.headers("prescreens")
    )


def test_the_api_wins_and_the_agent_is_notified(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox
) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id)
    assert review(client, cast, id).status_code == 200
    ended = last(database, id)
    assert (ended.state, ended.shown_to) == (State.OVERTAKEN, cast.lena.id)
    line = presentation.bar([ended], now())[0]
    assert line.title == "Your approval of Jane Smith was not written"
    assert "(API) has denied Jane Smith meanwhile, which was final at once." in line.note
    assert sorted(kinds(database, id)) == ["decision_overtaken", "decision_pending", "denied"]
    overtaken = next(event for event in activity(database, id) if event.kind == "prescreen.decision_overtaken")
    assert (overtaken.data["holder"], overtaken.data["act"], overtaken.via) == ("Lena Ortiz", "approve", "api")
    assert not sweep(database, decision.final_at)
    assert stored(database, id).review_status == "denied"
    assert len(outbox.emails("jane@example.com")) == 2
    with pytest.raises(Conflict, match="nothing left to undo"):
        undo(database, cast, decision)


def test_after_the_hold_the_api_is_late_even_without_a_worker(
    client: FlaskClient, database: Database, cast: Cast, clock: Clock
) -> None:
    id = prescreen(database, cast.marston.id)
    decision = decide(database, cast, id)
    clock.move(hours=1)
    refused = review(client, cast, id)
    assert (refused.status_code, refused.json["code"]) == (409, "session.already_reviewed")
    assert refused.json["detail"].startswith("Lena Ortiz has approved this.")
    assert sweep(database)
    row = stored(database, id)
    assert (row.review_status, row.reviewed_at) == ("approved", decision.final_at)


def test_without_a_hold_the_api_is_as_it_was(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    assert review(client, cast, id).status_code == 200
    assert review(client, cast, id).status_code == 409
    assert kinds(database, id) == ["denied"]


def together(*run: Any) -> list[Any]:
    """Runs them at once; what each returned, or its refusal's code."""
    ready, got = threading.Barrier(len(run)), [None] * len(run)

    def one(place: int, act: Any) -> None:
        ready.wait()
        try:
            got[place] = act()
        except Refusal as refused:
            got[place] = refused.code

    threads = [threading.Thread(target=one, args=each) for each in enumerate(run)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def by_api(database: Database, cast: Cast, id: Any, at: Any = None) -> str:
    with database.write() as db:
        actions.deny(db, id, None, reach=Reach((cast.marston.id,)), by=KEY, now=at or now())
    return "denied"


@pytest.mark.slow
def test_pressed_and_reviewed_at_once(database: Database, cast: Cast, outbox: Outbox) -> None:
    """In either order the API's review stands, and no decision stays pending on a reviewed prescreen."""
    for _ in range(ROUNDS):
        id = prescreen(database, cast.marston.id)
        got = together(
            lambda id=id: decide(database, cast, id).state,  # type: ignore[misc]  # bound at once
            lambda id=id: by_api(database, cast, id),  # type: ignore[misc]
        )
        assert got[1] == "denied"
        assert stored(database, id).review_status == "denied"
        found = sorted(kinds(database, id))
        if got[0] == "session.already_reviewed":
            assert found == ["denied"]
        else:
            assert found == ["decision_overtaken", "decision_pending", "denied"]
            assert last(database, id).state == State.OVERTAKEN


@pytest.mark.slow
def test_written_down_and_reviewed_at_once(database: Database, cast: Cast, outbox: Outbox) -> None:
    """A worker and the API, whose clocks differ by a little: one decision, one e-mail, one end of the pending one."""
    for _ in range(ROUNDS):
        id = prescreen(database, cast.marston.id)
        decision, emails = decide(database, cast, id), len(outbox.rows())
        before, after = (decision.final_at + timedelta(milliseconds=ms) for ms in (-5, 5))
        got = together(
            lambda decision=decision, at=after: str(undo_actions.settle(database, decision.id, at, FINALIZERS)),  # type: ignore[misc]
            lambda id=id, at=before: by_api(database, cast, id, at),  # type: ignore[misc]
        )
        row, ended = stored(database, id), last(database, id)
        assert len(outbox.rows()) == emails + 1
        if row.review_status == "approved":
            assert got == ["final", "session.already_reviewed"]
            assert sorted(kinds(database, id)) == ["approved", "decision_pending"]
            assert ended.state == State.FINAL
        else:
            assert got == ["None", "denied"]
            assert sorted(kinds(database, id)) == ["decision_overtaken", "decision_pending", "denied"]
            assert ended.state == State.OVERTAKEN
