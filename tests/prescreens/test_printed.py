"""The document, word for word: its example in the database, its requests sent, its answers compared."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from app.kernel.db.engine import Database
from app.prescreens.models import Contact, Prescreen, Questionnaire, QuestionnaireVersion
from tests.cast import Cast
from tests.clocks import Clock
from tests.prescreens.factories import QUESTIONS

PRINTED = Path(__file__).parent / "printed"
LIST: dict[str, Any] = json.loads((PRINTED / "list.json").read_text("utf-8"))
SESSION: dict[str, Any] = LIST["data"][0]
ID = SESSION["id"]
CREATED = datetime(2026, 2, 12, 10, 30, tzinfo=UTC)
READ_ON = datetime(2026, 2, 20, 9, 0, tzinfo=UTC)
"""A day on which the printed session still waited."""


@pytest.fixture
def headers(database: Database, cast: Cast, clock: Clock) -> dict[str, str]:
    """Jane Smith's session as printed, and fourteen that are like it: the document counts fifteen."""
    found = cast.headers("prescreens")
    clock.set(READ_ON)
    template_id, contact_id = UUID(SESSION["workflowTemplateId"]), UUID(SESSION["contactId"])
    home = cast.marston.id
    with database.write() as db:
        db.execute(
            insert(Questionnaire).values(
                id=template_id, organization_id=home, slug="two", name="Two", current_version=1, created_at=CREATED
            )
        )
        db.execute(
            insert(QuestionnaireVersion).values(
                workflow_template_id=template_id, number=1, questions=QUESTIONS, created_at=CREATED
            )
        )
        db.execute(insert(Contact).values(id=contact_id, organization_id=home, name="Jane Smith", created_at=CREATED))
        facts = {
            "organization_id": home,
            "workflow_template_id": template_id,
            "template_version": 1,
            "contact_id": contact_id,
            "submission": SESSION["submission"],
            "status": "completed",
            "name": "Jane Smith",
            "email": "jane@example.com",
            "updated_at": datetime(2026, 2, 12, 10, 45, tzinfo=UTC),
        }
        db.execute(insert(Prescreen).values(id=UUID(ID), **facts, **Prescreen.lifetime(CREATED)))
        for n in range(14):
            older = datetime(2026, 2, 11, n, tzinfo=UTC)
            db.execute(insert(Prescreen).values(**facts, **Prescreen.lifetime(older)))
    return found


def test_the_list_is_as_printed(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.get("/api/v1/sessions", headers=headers)
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["pagination"] == LIST["pagination"]
    assert answer.json["data"][0] == SESSION
    assert list(answer.json["data"][0]) == list(SESSION), "keys in the printed order"
    assert list(answer.json["data"][0]["submission"]) == list(SESSION["submission"])


def test_one_is_the_object_and_holds_it_again(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.get(f"/api/v1/sessions/{ID}", headers=headers)
    assert answer.status_code == 200
    assert answer.json == {**SESSION, "data": SESSION}


def test_the_printed_review_is_taken(client: FlaskClient, headers: dict[str, str]) -> None:
    raw = (PRINTED / "review-request.json").read_bytes()
    answer = client.patch(f"/api/v1/sessions/{ID}/review", data=raw, headers=headers, content_type="application/json")
    assert answer.status_code == 200
    found = answer.json
    assert found is not None
    inner = found.pop("data")
    assert found == inner
    assert found == SESSION | {
        "reviewStatus": "approved",
        "reviewNotes": "Strong candidate, good income verification",
        "reviewedAt": "2026-02-20T09:00:00Z",
        "updatedAt": "2026-02-20T09:00:00Z",
    }


def test_the_printed_errors(client: FlaskClient, headers: dict[str, str], clock: Clock) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    review = json.loads((PRINTED / "review-request.json").read_bytes())
    assert client.patch(f"/api/v1/sessions/{unknown}/review", json=review, headers=headers).status_code == 404
    assert client.patch(f"/api/v1/sessions/{ID}/review", json={}, headers=headers).status_code == 422
    assert client.patch(f"/api/v1/sessions/{ID}/review", json=review, headers=headers).status_code == 200
    assert client.patch(f"/api/v1/sessions/{ID}/review", json=review, headers=headers).status_code == 409


def test_expired_sessions_remain_queryable_but_cannot_be_reviewed(
    client: FlaskClient, headers: dict[str, str], clock: Clock
) -> None:
    clock.set(datetime(2026, 3, 14, 10, 30, tzinfo=UTC))
    answer = client.get("/api/v1/sessions?status=expired", headers=headers)
    assert answer.json is not None
    assert answer.json["pagination"]["total"] == 15
    assert answer.json["data"][0]["status"] == "expired"
    review = json.loads((PRINTED / "review-request.json").read_bytes())
    assert client.patch(f"/api/v1/sessions/{ID}/review", json=review, headers=headers).status_code == 422
