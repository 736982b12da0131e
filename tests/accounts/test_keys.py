"""The key pages: made and shown once, revoked for good, a bearer for an hour."""

import re
import threading

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts import api_auth
from app.accounts.actions import keys
from app.accounts.models import ApiKey
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict
from tests.accounts.browser import confirm, post
from tests.cast import Cast

SHOWN = re.compile(r'<output id="(?:key|bearer)"[^>]*>([^<]+)</output>')


def make(client: FlaskClient, organization: int, product: str = "prescreens", **more: object) -> object:
    return post(client, "/keys", {"organization": str(organization), "product": product, **more})


@pytest.mark.parametrize("who", ["hugo", "adam"])
def test_a_key_is_shown_once(client: FlaskClient, cast: Cast, database: Database, who: str) -> None:
    cast.sign_in(client, who)
    answer = make(client, cast.marston.id, label="CI <b>")
    shown = SHOWN.search(answer.text)
    assert shown is not None
    assert answer.headers["Cache-Control"] == "no-store"
    with database.read() as db:
        assert (
            api_auth.prescreens_authenticator.authenticate(f"Bearer {shown[1]}", db, now()).organization.slug
            == "marston"
        )
        history = timeline(db, "organization", cast.marston.id)
    assert history[0].kind == "key.created"
    assert shown[1] not in str(history)
    page = client.get("/keys").text
    assert shown[1] not in page
    assert "CI &lt;b&gt;" in page
    assert shown[1] not in client.get(f"/organizations/{cast.marston.id}").text


def test_scopes_are_for_inspections(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "adam")
    make(client, cast.marston.id, "inspections", scopes=["sessions:read"])
    make(client, cast.marston.id, "prescreens", scopes=["sessions:read"])
    with database.read() as db:
        assert [row.scopes for row in db.scalars(select(ApiKey).order_by(ApiKey.id))] == [["sessions:read"], []]


def test_keys_are_made_at_home_only(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "adam")
    for organization in (cast.harbor.id, 987654):
        assert make(client, organization).status_code == 422
    assert make(client, cast.marston.id, "everything").status_code == 422
    with database.read() as db:
        assert db.scalars(select(ApiKey)).all() == []


def test_the_list_keeps_to_its_own(client: FlaskClient, cast: Cast) -> None:
    mine, theirs = cast.key("prescreens"), cast.key("prescreens", "harbor")
    page = cast.sign_in(client, "adam").get("/keys").text
    assert mine[:9] in page
    assert theirs[:9] not in page
    page = cast.sign_in(client, "hugo").get(f"/keys?organization={cast.harbor.id}").text
    assert theirs[:9] in page
    assert mine[:9] not in page


def test_a_revoked_key_opens_nothing(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.key("prescreens")
    cast.sign_in(client, "adam")
    with database.read() as db:
        id = db.execute(select(ApiKey.id)).scalar_one()
    assert client.get("/api/v1/sessions", headers=cast.headers("prescreens")).status_code == 200
    assert confirm(client, f"/keys/{id}/revoke").status_code == 303
    assert client.get("/api/v1/sessions", headers=cast.headers("prescreens")).status_code == 401
    again = post(client, f"/keys/{id}/revoke")
    assert again.status_code == 409
    assert "already revoked" in again.text
    assert "Revoked" in client.get("/keys").text


def test_strangers_keys_answer_like_none(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.key("prescreens", "harbor")
    cast.sign_in(client, "adam")
    with database.read() as db:
        id = db.execute(select(ApiKey.id)).scalar_one()
    for key in (id, 987654, 10**17):
        answer = post(client, f"/keys/{key}/revoke")
        assert (answer.status_code, "There is no such key." in answer.text) == (404, True)


def test_two_revocations_at_once(database: Database, cast: Cast) -> None:
    cast.key("prescreens")
    outcomes: list[str] = []
    gate = threading.Barrier(4)

    def press() -> None:
        gate.wait()
        try:
            with database.write() as db:
                keys.revoke(db, db.scalars(select(ApiKey)).one(), by=cast.actor("adam"), now=now())
            outcomes.append("revoked")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "refused", "refused", "revoked"]


def test_a_bearer_for_an_hour(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    url = f"/organizations/{cast.marston.id}"
    assert "Create one first." in client.get(url).text
    refused = post(client, f"{url}/bearer")
    assert refused.status_code == 409
    assert "has no active depositions key to sign this with" in refused.text
    cast.key("depositions")
    shown = SHOWN.search(post(client, f"{url}/bearer").text)
    assert shown is not None
    answer = client.get("/api/v1/session_requests", headers={"Authorization": f"Bearer {shown[1]}"})
    assert answer.status_code == 200
