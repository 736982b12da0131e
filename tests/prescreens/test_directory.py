"""Workflow templates and contacts by API: read-only, in the style of sessions, each organization its own."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, insert, select, text

from app.kernel.clock import now
from app.kernel.db import backfills, recounts
from app.kernel.db.backfills import BackfillState
from app.kernel.db.engine import Database
from app.prescreens.models import Contact
from app.prescreens.queries import directory
from app.prescreens.queries.backfills import COUNTED
from tests.cast import Cast
from tests.planner import count_rows
from tests.prescreens.factories import prescreen, stored, template
from tests.prescreens.test_plans import by_index, plans

LISTS = ("/api/v1/workflow-templates", "/api/v1/contacts")


def test_a_template_says_what_prospects_are_asked_and_nothing_else(
    client: FlaskClient, database: Database, cast: Cast
) -> None:
    with database.write() as db:
        id = template(db, cast.marston.id)
        theirs = template(db, cast.harbor.id)
    headers = cast.headers("prescreens")
    answer = client.get(f"/api/v1/workflow-templates/{id}", headers=headers).json
    assert answer is not None
    one = answer.pop("data")
    assert one == answer
    assert answer.keys() == {
        "id",
        "name",
        "version",
        "isOpen",
        "url",
        "languages",
        "introduction",
        "questions",
        "createdAt",
        "publishedAt",
    }
    assert answer["url"].endswith("/p/marston/two-bedroom")
    budget = next(question for question in answer["questions"] if question["key"] == "budget")
    assert budget.keys() == {"key", "label", "type", "required", "help", "options"}, "no criterion leaves"
    listed = client.get("/api/v1/workflow-templates", headers=headers).json
    assert listed == {"data": [one], "pagination": {"page": 1, "limit": 20, "total": 1, "totalPages": 1}}
    assert client.get(f"/api/v1/workflow-templates/{theirs}", headers=headers).status_code == 404


def test_contacts_newest_first(client: FlaskClient, database: Database, cast: Cast) -> None:
    row = stored(database, prescreen(database, cast.marston.id))
    theirs = stored(database, prescreen(database, cast.harbor.id))
    with database.write() as db:
        older = {"organization_id": cast.marston.id, "created_at": now() - timedelta(days=2)}
        db.execute(insert(Contact), [{"id": uuid4(), "name": f"Old {n}", **older} for n in range(2)])
    headers = cast.headers("prescreens", "marston")
    first = client.get("/api/v1/contacts?limit=1", headers=headers).json
    assert first is not None
    assert first["pagination"] == {"page": 1, "limit": 1, "total": 3, "totalPages": 3}
    assert first["data"] == [
        {
            "id": str(row.contact_id),
            "name": "Jane Smith",
            "email": "jane@example.com",
            "phone": "+1 555 010 4477",
            "createdAt": first["data"][0]["createdAt"],
        }
    ]
    assert first["data"][0]["createdAt"].endswith("Z")
    ids = [client.get(f"/api/v1/contacts?limit=1&page={n}", headers=headers).json["data"] for n in (1, 2, 3, 4)]  # type: ignore[index]
    assert [len(page) for page in ids] == [1, 1, 1, 0]
    assert len({page[0]["id"] for page in ids[:3]}) == 3
    one = client.get(f"/api/v1/contacts/{row.contact_id}", headers=headers).json
    assert one == {**first["data"][0], "data": first["data"][0]}
    assert client.get(f"/api/v1/contacts/{theirs.contact_id}", headers=headers).status_code == 404


@pytest.mark.parametrize("path", LISTS)
def test_nothing_but_reading(client: FlaskClient, cast: Cast, path: str) -> None:
    for headers, limit in ((cast.headers("prescreens", "pine"), 50), (cast.headers("prescreens", "quill"), 200)):
        answer = client.get(f"{path}?limit=5000", headers=headers)
        assert answer.status_code == 200
        assert answer.json is not None
        assert answer.json["pagination"] == {"page": 1, "limit": limit, "total": 0, "totalPages": 0}
        assert client.post(path, headers=headers, json={}).status_code == 405
    for query in ("page=0", "limit=x", "page="):
        assert client.get(f"{path}?{query}", headers=headers).status_code == 422
    assert client.get(path, headers=cast.headers("inspections")).status_code == 401


def test_a_far_page_of_contacts_is_the_same_page(
    client: FlaskClient, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins on a day that the statistics lead to, also among contacts of one moment and of days without any."""
    moments = [0, 0, 0, 1, 59, 60, 61, 600, 600, 1439, 9000]
    with database.write() as db:
        for home in (cast.marston.id, cast.harbor.id):
            db.execute(
                insert(Contact),
                [
                    {"id": uuid4(), "name": str(n), "organization_id": home, "created_at": now() - timedelta(minutes=n)}
                    for n in moments
                ],
            )
        erased = db.scalars(select(Contact.id).where(Contact.organization_id == cast.marston.id)).first()
        db.execute(delete(Contact).where(Contact.id == erased))
    headers = cast.headers("prescreens", "marston")

    def pages() -> list[object]:
        return [client.get(f"/api/v1/contacts?limit=3&page={number}", headers=headers).json for number in range(1, 6)]

    near = pages()
    monkeypatch.setattr(directory, "JUMP_FROM", 0)
    assert pages() == near
    assert near[3]["pagination"] == {"page": 4, "limit": 3, "total": 10, "totalPages": 4}  # type: ignore[index]
    with database.read() as db:
        assert recounts.differences(db) == []


def test_contacts_are_listed_and_counted_in_their_indexes(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the number of contacts nor their far pages are read from the contacts themselves, nor from others'."""
    monkeypatch.setattr(directory, "JUMP_FROM", 50)
    with database.write() as db:
        hours = [
            {
                "id": UUID(int=n + 1),
                "name": "Jane",
                "organization_id": cast.harbor.id if n % 40 else cast.marston.id,
                "created_at": now() - timedelta(hours=n),
            }
            for n in range(4000)
        ]
        db.execute(insert(Contact), hours)
    count_rows(database)
    near = plans(database, lambda db: directory.contacts(db, cast.marston.id, offset=0, limit=20))
    far = plans(database, lambda db: directory.contacts(db, cast.marston.id, offset=60, limit=20))
    for plan in (near, far):
        by_index(plan, ("contacts",))
        assert "ix_contacts_newest" in plan, plan
    assert "created_at" in far
    assert "tallies" in far


def test_contacts_of_a_former_version_are_counted_meanwhile_and_afterwards(
    client: FlaskClient, database: Database, cast: Cast
) -> None:
    made = {"organization_id": cast.marston.id, "created_at": now(), "is_counted": False}
    with database.write() as db:
        db.execute(insert(Contact), [{"id": uuid4(), "name": str(n), **made} for n in range(5)])
        db.execute(insert(BackfillState).values(name=COUNTED.name))
    headers = cast.headers("prescreens", "marston")
    kept = "SELECT coalesce(sum(n), 0) FROM contact_counts"
    for after in (0, 5):
        listed = client.get("/api/v1/contacts?limit=2&page=3", headers=headers).json
        assert listed is not None
        assert (listed["pagination"]["total"], len(listed["data"])) == (5, 1)
        with database.read() as db:
            assert db.execute(text(kept)).scalar_one() == after
        backfills.run(database, (COUNTED,), now(), size=2)
    with database.read() as db:
        assert recounts.differences(db) == []
