"""Forms of tabs that were restored, or that another window signed in or out: they go on or are shown again."""

import re
from typing import Any

import pytest
from flask import Flask

from app.accounts import links
from app.depositions.models import Deposition
from tests.cast import PASSWORD, Cast
from tests.depositions import factories
from tests.pages import csrf, text

ADDRESS = "ines@example.com"


def token(client: Any, url: str = "/sign-in") -> str:
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', text(client.get(url)))
    assert found
    return found[1]


def sign_in_form(client: Any, **fields: str) -> dict[str, str]:
    return {"csrf_token": token(client), "email": ADDRESS, "password": PASSWORD, "next": "/settings", **fields}


def test_a_second_tab_goes_on_when_the_first_has_signed_in(client: Any, cast: Cast) -> None:
    second = sign_in_form(client)
    assert client.post("/sign-in", data=sign_in_form(client)).location == "/settings"
    late = client.post("/sign-in", data=second)
    assert (late.status_code, late.location) == (303, "/settings")
    elsewhere = client.post("/sign-in", data={**second, "next": "https://evil.example/"})
    assert (elsewhere.status_code, elsewhere.location) == (303, "/")
    assert client.get("/settings").status_code == 200


@pytest.mark.parametrize("forged", ["", "old"])
def test_a_restored_tab_shows_the_form_again_with_the_address(client: Any, cast: Cast, forged: str) -> None:
    answer = client.post("/sign-in", data={**sign_in_form(client), "csrf_token": forged})
    assert answer.status_code == 403
    page = text(answer)
    assert f'value="{ADDRESS}"' in page
    assert PASSWORD not in page
    assert 'name="next" type="hidden" value="/settings"' in page
    assert "Please try once more." in page
    again = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert again
    done = client.post("/sign-in", data={**sign_in_form(client), "csrf_token": again[1]})
    assert (done.status_code, done.location) == (303, "/settings")


def test_other_forms_of_visitors_are_shown_again(client: Any, cast: Cast) -> None:
    asked = client.post("/password/forgotten", data={"email": ADDRESS, "csrf_token": "old"})
    assert asked.status_code == 403
    assert f'value="{ADDRESS}"' in text(asked)
    assert "Please try once more." in text(asked)
    link = links.reset_link(cast.database.config, cast.people["ines"])
    path = link.removeprefix(cast.database.config.public_base_url)
    form = client.post(path, data={"password": "correct horse staple", "csrf_token": "old"})
    assert form.status_code == 403
    assert 'name="password"' in text(form)
    assert "correct horse" not in text(form)
    over = client.post("/sign-in/second", data={"one_time_code": "123456", "csrf_token": "old"})
    assert "Begin again with your password." in text(over)


@pytest.mark.parametrize("htmx", [{}, {"HX-Request": "true", "HX-Current-URL": "http://localhost/depositions/1"}])
def test_a_form_of_a_browser_that_signed_out_keeps_its_text(
    app: Flask, client: Any, cast: Cast, database: Any, htmx: dict[str, str]
) -> None:
    made = factories.request(database, cast)
    cast.sign_in(client, "ines")
    old = {"csrf_token": csrf(client), "version": str(made.version), "notice": "Half a note"}
    assert client.post("/sign-out", data={"csrf_token": csrf(client)}).status_code in (302, 303)
    answer = client.post(f"/depositions/{made.id}/write_notice", data=old, headers=htmx)
    assert answer.status_code == 401
    page = text(answer)
    assert "Your text is kept." in page
    assert "send it again" not in page
    if htmx:
        assert answer.headers["HX-Retarget"] == "body"
    kept = re.search(r'name="kept" value="([^"]+)"', page)
    fresh = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert kept
    assert fresh
    form = {"csrf_token": fresh[1], "email": ADDRESS, "password": PASSWORD, "kept": kept[1]}
    back = client.post("/sign-in", data=form)
    assert back.status_code == 200
    assert "Half a note" in text(back)
    assert "when you pressed “Write notice”" in text(back)
    with database.read() as db:
        assert db.get_one(Deposition, made.id).notice is None


def test_a_form_without_text_leads_back_to_its_page(client: Any, cast: Cast, database: Any) -> None:
    made = factories.request(database, cast)
    cast.sign_in(client, "ines")
    old = {"csrf_token": csrf(client), "version": str(made.version), "shown": "2026-12-01T04:57", "about:pets": "pets"}
    client.post("/sign-out", data={"csrf_token": csrf(client)})
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://localhost/depositions/{made.id}?view=all"}
    page = text(client.post(f"/depositions/{made.id}/assign", data=old, headers=headers))
    assert "Your text is kept." not in page
    assert f'name="next" type="hidden" value="/depositions/{made.id}?view=all"' in page
