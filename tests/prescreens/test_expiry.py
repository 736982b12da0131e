"""Thirty days after it was created everything reads expired at once, with no worker and nothing written."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.kernel.db import recounts
from app.kernel.db.engine import Database
from app.kernel.errors import Gone, Invalid
from app.prescreens import actions
from app.prescreens.queries import counts, detail
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import review
from tests.cast import Cast
from tests.clocks import Clock
from tests.prescreens.decisions import decide
from tests.prescreens.factories import AGENT, PROSPECT, prescreen, stored

BEGUN = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
END = BEGUN + timedelta(days=30)
LAST_SECOND = END - timedelta(seconds=1)


def test_everywhere_at_once(client: FlaskClient, database: Database, cast: Cast, clock: Clock) -> None:
    headers = cast.headers("prescreens")
    waiting = prescreen(database, cast.marston.id)
    approved = prescreen(database, cast.marston.id, "approved")
    active = prescreen(database, cast.marston.id, "active")
    before = [stored(database, id) for id in (waiting, approved, active)]

    def api(path: str = "") -> Any:
        answer = client.get(f"/api/v1/sessions{path}", headers=headers)
        assert answer.status_code == 200
        return answer.json

    def totals() -> dict[str, int]:
        states = ("draft", "active", "completed", "expired")
        return {state: api(f"?status={state}")["pagination"]["total"] for state in states}

    assert totals() == {"draft": 0, "active": 1, "completed": 2, "expired": 0}
    expires_at = before[0].expires_at
    clock.set(expires_at)
    clock.move(seconds=-2)
    assert api(f"/{waiting}")["status"] == "completed"
    clock.set(max(row.expires_at for row in before))
    clock.move(seconds=1)
    assert totals() == {"draft": 0, "active": 0, "completed": 1, "expired": 2}
    assert api("?status=expired&reviewStatus=pending_review")["pagination"]["total"] == 2
    assert api(f"/{waiting}")["status"] == api(f"/{waiting}")["data"]["status"] == "expired"
    assert api(f"/{approved}")["status"] == "completed"
    assert api(f"/{waiting}")["reviewStatus"] == "pending_review"
    refused = client.patch(f"/api/v1/sessions/{waiting}/review", json={"reviewStatus": "approved"}, headers=headers)
    assert refused.status_code == 422

    lena = cast.sign_in(client, "lena")
    assert "Everything is decided" in lena.get("/prescreens").text
    listed = lena.get("/prescreens?state=expired").text
    assert str(waiting) in listed
    assert str(active) in listed
    page = lena.get(f"/prescreens/{waiting}").text
    assert "This prescreen expired 30 days after it was started." in page
    assert "Not now: approve, deny" in page
    assert 'id="approve"' not in page

    assert [stored(database, id) for id in (waiting, approved, active)] == before, "nothing was written"
    with database.read() as db:
        assert recounts.differences(db) == []


def test_the_last_second_of_the_thirty_days_is_in_time_and_the_next_is_not(database: Database, cast: Cast) -> None:
    """To the second, for what is read and counted, and for each of those who write: page, API, prospect."""
    reach = Reach((cast.marston.id,))
    by_page, by_api, withdrawn = (prescreen(database, cast.marston.id, at=BEGUN) for _ in range(3))
    active = prescreen(database, cast.marston.id, "active", at=BEGUN)
    assert {stored(database, id).expires_at for id in (by_page, by_api, withdrawn, active)} == {END}

    def read(at: datetime) -> tuple[set[str], int, int]:
        with database.read() as db:
            status = {review.status_of(detail.get(db, id), at) for id in (by_page, by_api)}
            numbers = counts.list_counts(db, reach, at)
        return status, numbers.of("waiting"), numbers.of("expired")

    assert read(LAST_SECOND) == ({"completed"}, 3, 0)
    assert read(END) == ({"expired"}, 0, 4)

    def write(act: Callable[..., Any], *given: Any, **more: Any) -> None:
        with database.write() as db:
            act(db, *given, **more)

    def everybody(at: datetime) -> list[Callable[[], Any]]:
        return [
            lambda: decide(database, cast, by_page, at=at),
            lambda: write(actions.approve, by_api, None, reach=reach, by=AGENT, now=at),
            lambda: write(actions.answer, active, "budget", ["2600"], by=PROSPECT, now=at),
            lambda: write(actions.withdraw, withdrawn, by=PROSPECT, now=at),
        ]

    before = [stored(database, id) for id in (by_page, by_api, active, withdrawn)]
    for act in everybody(END):
        with pytest.raises((Invalid, Gone)):
            act()
    assert [stored(database, id) for id in (by_page, by_api, active, withdrawn)] == before
    for act in everybody(LAST_SECOND):
        act()
    assert stored(database, by_api).review_status == "approved"
    assert stored(database, active).submission["budget"] == 2600
    assert stored(database, withdrawn).expires_at == LAST_SECOND
