"""Back from a preview without scripts: the page with what was typed, and nothing done."""

import re

import pytest

from tests.depositions import factories
from tests.pages import csrf, digest, text


def typed(client, cast, made, **more):
    token = csrf(client, f"/depositions/{made.id}")
    facts = {
        "manager": str(cast.managers["ines"].id),
        "room_url": factories.ROOM,
        "provider": "chime & co",
        "version": 1,
    }
    return {"csrf_token": token, **facts, **more}


def unchanged(database, made):
    with database.read() as db:
        return db.execute(factories.one(made.id)).one() == made


def test_the_button_of_the_preview_leads_to_the_page(ines, cast, database, outbox):
    made = factories.request(database, cast)
    data = typed(ines, cast, made)
    listed = f"/depositions/{made.id}/schedule?view=everything"
    preview = text(ines.post(listed, data={**data, "step": "preview"}))
    assert f'name="edit" value="schedule" formaction="/depositions/{made.id}?view=everything"' in preview
    back = ines.post(f"/depositions/{made.id}?view=everything", data={**data, "edit": "schedule"})
    assert back.status_code == 200
    page = text(back)
    assert 'value="chime &amp; co"' in page
    assert f'value="{factories.ROOM}"' in page
    assert f'action="/depositions/{made.id}/schedule?view=everything"' in page
    assert unchanged(database, made)
    assert not outbox.rows()


def test_the_form_to_cancel_comes_back_open(ines, cast, database):
    made = factories.request(database, cast)
    data = {"csrf_token": csrf(ines, f"/depositions/{made.id}"), "version": 1, "edit": "cancel"}
    page = text(ines.post(f"/depositions/{made.id}", data=data))
    (opened,) = re.findall(r"<details[^>]* open>(.*?)</summary>", page)
    assert "Cancel the request" in opened
    form = page.partition(f'action="/depositions/{made.id}/cancel"')[2].partition("</form>")[0]
    assert 'name="notify"' in form
    assert "checked" not in form
    assert unchanged(database, made)


@pytest.mark.parametrize("verb", ["schedule", "cancel"])
def test_a_page_from_before_an_upgrade_goes_back_without_acting(ines, cast, database, outbox, verb):
    made = factories.request(database, cast)
    data = typed(ines, cast, made)
    seen = digest(ines.post(f"/depositions/{made.id}/{verb}", data={**data, "step": "preview"}))
    answer = ines.post(f"/depositions/{made.id}/{verb}", data={**data, "step": "edit", "preview": seen})
    assert answer.status_code == 200
    assert unchanged(database, made)
    assert not outbox.rows()


@pytest.mark.parametrize("who", ["aude", "lena"])
def test_who_may_not(client, cast, database, who):
    made = factories.request(database, cast)
    cast.sign_in(client, who)
    data = {"csrf_token": csrf(client, "/settings"), "version": 1, "edit": "schedule"}
    assert client.post(f"/depositions/{made.id}", data=data).status_code in (403, 404)


def test_unknown(ines, cast):
    data = {"csrf_token": csrf(ines, "/depositions"), "version": 1, "edit": "schedule"}
    assert ines.post("/depositions/987654", data=data).status_code == 404
