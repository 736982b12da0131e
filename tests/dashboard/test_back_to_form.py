"""What was typed and refused leads back to its form without scripts, at the desks of depositions and inspections."""

import html
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.inspections.models import Inspection
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.depositions import factories
from tests.pages import csrf, text

LONG = "with care & <b>more</b> " * 300


def goes_back(client: FlaskClient, address: str, to: str, typed: dict[str, str]) -> str:
    """The page that the refusal of this form leads back to, with everything that was typed in its fields."""
    token = {"csrf_token": csrf(client)}
    refused = client.post(f"{address}?sort=starts", data={**token, **typed})
    assert refused.status_code == 422, text(refused)
    form = refused.text.partition('name="edit"')[0].rpartition("<form")[2]
    assert f'action="{to}?sort=starts"' in form
    fields = [(name, html.unescape(value)) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form)]
    assert "version" not in dict(fields)
    edited = re.search(r'name="edit" value="(\w+)"', refused.text)
    assert edited is not None
    back = client.post(f"{to}?sort=starts", data=MultiDict([*fields, ("edit", edited[1])]))
    assert back.status_code == 200
    shown = html.unescape(back.text).replace("\r\n", "\n")
    assert [name for name, value in typed.items() if name != "version" and value.strip() not in shown] == []
    return back.text


@pytest.mark.parametrize(
    ("state", "verb", "typed"),
    [
        ("initial", "schedule", {"manager": "other", "manager_name": "Nils Ott", "manager_email": "nils at home"}),
        ("scheduled", "move", {"start_date": "31 February", "start_time": "14:30", "notice": "Counsel asked."}),
        ("scheduled", "change_manager", {"manager": "other", "manager_name": "Nils Ott", "manager_email": "x"}),
        ("scheduled", "ask", {"question": LONG, "kind": "text"}),
        ("scheduled", "write_notice", {"notice": LONG}),
        ("scheduled", "change_room", {"room_url": "https://" + "r" * 3000}),
    ],
)
def test_a_deposition(client: FlaskClient, database: Database, cast: Cast, state: str, verb: str, typed: Any) -> None:
    cast.sign_in(client, "ines")
    made = factories.in_state(database, cast, state)
    path = f"/depositions/{made.id}"
    page = goes_back(client, f"{path}/{verb}", path, {"version": str(made.version), **typed})
    form = page.partition(f'action="{path}/{verb}')[2].partition("</form>")[0]
    assert re.search(rf'name="version"[^>]*value="{made.version}"', form), "the page has the present version"
    # The fold that holds it is open.
    assert re.search(
        r"<details[^>]* open[^>]*>",
        page.partition(f'action="{path}/{verb}')[0].rpartition("<details")[1]
        + page.partition(f'action="{path}/{verb}')[0].rpartition("<details")[2],
    )


def test_hours_and_a_new_request(client: FlaskClient, database: Database, cast: Cast) -> None:
    """Their forms are pages of their own."""
    cast.sign_in(client, "ines")
    made = factories.in_state(database, cast, "scheduled")
    path = f"/depositions/{made.id}/propose"
    page = goes_back(client, path, path, {"version": str(made.version), "because": LONG, "quorum": "2"})
    assert re.search(rf'name="version"[^>]*value="{made.version}"', page)
    typed = {"organization": str(cast.marston.id), "title": "Keller v. " + "x" * 900, "asked_by": "Nils"}
    goes_back(client, "/depositions/create", "/depositions/new", typed)


@pytest.mark.parametrize(
    ("verb", "typed"),
    [
        ("invite", {"recipient_first_name": "Nils", "recipient_email": "nils at home"}),
        ("change_notes", {"notes": LONG * 3}),
        ("add_remark", {"text": LONG * 3}),
    ],
)
def test_an_inspection(client: FlaskClient, database: Database, cast: Cast, verb: str, typed: Any) -> None:
    cast.sign_in(client, "otto")
    created = client.post("/inspections/create", data={"csrf_token": csrf(client), **new_inspection(cast)})
    assert created.status_code == 303, text(created)
    with database.read() as db:
        (id,) = db.scalars(select(Inspection.id))
    path = f"/inspections/{id}"
    page = goes_back(client, f"{path}/{verb}", path, {"version": "0" * 64, **typed})
    if verb == "change_notes":
        form = page.partition(f'action="{path}/{verb}')[2].partition("</form>")[0]
        assert 'value="' + "0" * 64 not in form, "the page has the digest of the present notes"
        assert re.search(r'name="version"[^>]*value="[0-9a-f]{64}"', form)


def test_a_new_inspection(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "otto")
    page = goes_back(client, "/inspections/create", "/inspections/new", {**new_inspection(cast), "notes": LONG * 3})
    assert re.search(r'<option selected value="es"', page)


def new_inspection(cast: Cast) -> dict[str, str]:
    return {"organization": str(cast.marston.id), "locale": "es", "notes": "", "scheduled_for": "", "campaign": ""}


@pytest.mark.parametrize(
    ("state", "verb", "typed"),
    [
        ("scheduled", "schedule", {"room_url": "https://rooms.example.com/mine"}),
        ("ended", "change_room", {"room_url": "https://rooms.example.com/mine"}),
        ("canceled", "ask", {"question": "Which hour would suit?", "kind": "text"}),
    ],
)
def test_what_can_no_longer_be_done_leads_to_the_current_state(
    client: FlaskClient, database: Database, cast: Cast, state: str, verb: str, typed: dict[str, str]
) -> None:
    """Its page has no such form any more: what was typed stands on the refusal, to be copied."""
    cast.sign_in(client, "ines")
    made = factories.in_state(database, cast, state)
    path, manager = f"/depositions/{made.id}", str(cast.managers["ines"].id)
    form = {"csrf_token": csrf(client), "version": str(made.version), "manager": manager, **typed}
    refused = client.post(f"{path}/{verb}", data=form)
    assert refused.status_code == 409, text(refused)
    assert "Back to the form" not in text(refused)
    assert "Show the current state" in re.findall(rf'<a [^>]*href="{path}"[^>]*>(.*?)</a>', refused.text, re.S)[-1]
    assert all(value in text(refused) for value in typed.values())
    page = client.get(path).text
    assert f'action="{path}/{verb}"' not in page
