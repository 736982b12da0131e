"""Thirty days after it was created everything reads expired at once, with no worker and nothing written."""

from typing import Any

from flask.testing import FlaskClient

from app.kernel.db import recounts
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.clocks import Clock
from tests.prescreens.factories import prescreen, stored


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
