"""Back from a preview without scripts: the page with the notes as they were typed, and nothing decided."""

import re
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.prescreens.decisions import REASON
from tests.prescreens.factories import prescreen, stored


def typed(client: FlaskClient, id: UUID) -> dict[str, str]:
    """The fields of the decision form, with notes."""
    form = client.get(f"/prescreens/{id}").text.partition('id="decide"')[2]
    found = {name: re.search(rf'name="{name}"[^>]*value="([^"]+)"', form) for name in ("csrf_token", "version")}
    return {name: match[1] for name, match in found.items() if match} | {"notes": "Calls back <b>on Monday</b>"}


@pytest.mark.parametrize("verb", ["approve", "deny"])
def test_the_button_of_the_preview_leads_to_the_page(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox, verb: str
) -> None:
    id = prescreen(database, cast.marston.id)
    lena = cast.sign_in(client, "lena")
    before, messages, fields = stored(database, id), len(outbox.rows()), {**typed(lena, id), **REASON}
    preview = lena.post(f"/prescreens/{id}/{verb}?left=7", data={**fields, "step": "preview"}).text
    assert f'name="edit" value="decide" formaction="/prescreens/{id}?left=7"' in preview
    back = lena.post(f"/prescreens/{id}?left=7", data={**fields, "edit": "decide"})
    assert back.status_code == 200
    assert "Calls back &lt;b&gt;on Monday&lt;/b&gt;</textarea>" in back.text
    assert 'value="Budget" checked' in back.text
    assert f'action="/prescreens/{id}/approve?left=7"' in back.text
    assert stored(database, id) == before
    assert len(outbox.rows()) == messages


@pytest.mark.parametrize("who", ["aude", "adam"])
def test_who_may_not(client: FlaskClient, database: Database, cast: Cast, who: str) -> None:
    id = prescreen(database, cast.marston.id)
    someone = cast.sign_in(client, who)
    token = re.search(r'name="csrf-token" content="([^"]+)"', someone.get("/settings").text)
    assert token
    assert someone.post(f"/prescreens/{id}", data={"csrf_token": token[1], "edit": "decide"}).status_code == 403
