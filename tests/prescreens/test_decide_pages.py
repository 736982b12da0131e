"""Holds on pages: the bar that follows, the next row, the colleague who has to wait, scripts on and off."""

import html
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.datastructures import MultiDict

from app.accounts.models import Person
from app.dashboard.undo.models import State
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens.models import Prescreen
from app.wiring import wire
from app.worker import Worker
from tests.cast import Cast
from tests.clocks import Clock
from tests.prescreens.decisions import NOTES, REASON, decide, last, stands, sweep
from tests.prescreens.factories import prescreen, stored
from tests.prescreens.test_approve import token
from tests.project.visual_checks import serving

FRAGMENT = {"HX-Request": "true", "HX-Target": "div#holds"}


@pytest.fixture
def lena(client: FlaskClient, cast: Cast) -> FlaskClient:
    return cast.sign_in(client, "lena")


def two(database: Database, cast: Cast) -> tuple[Any, Any]:
    """Two that wait, in the order of the list."""
    return tuple(
        prescreen(database, cast.marston.id, given={"fullName": name}, at=now() - timedelta(days=days))
        for name, days in (("Jane Smith", 9), ("Emeka Obiora", 8))
    )


def approve(client: FlaskClient, id: Any, verb: str = "approve", **typed: str) -> Any:
    path = f"/prescreens/{id}"
    return client.post(f"{path}/{verb}", data={"notes": NOTES, **REASON, **token(client, path, verb), **typed})


def words(text: str) -> str:
    """What people read of it."""
    return html.unescape(" ".join(re.sub(r"<[^>]+>", "", text).split()))


def bar(text: str) -> str:
    """The bar's words."""
    found = text.partition('id="holds"')[2].partition(">")[2].partition("<dialog")[0]
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", found).split()))


def test_it_goes_to_the_next_row_and_the_bar_comes_along(lena: FlaskClient, database: Database, cast: Cast) -> None:
    jane, emeka = two(database, cast)
    answer = approve(lena, jane)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/prescreens/{emeka}")
    for path in (answer.headers["Location"], "/prescreens", "/settings", f"/prescreens/{jane}"):
        assert re.search(r"Approving Jane Smith in (2\d|30) s ?\.", bar(lena.get(path).text)), path
    answer = approve(lena, emeka, "deny")
    assert answer.headers["Location"] == "/prescreens", "the end of the list"
    shown = bar(lena.get("/prescreens").text)
    assert shown.startswith("Denying Emeka Obiora in")
    assert "1 more is pending." in shown
    assert "Jane Smith" not in shown
    page = lena.get("/holds").text
    assert page.index("Denying Emeka Obiora") < page.index("Approving Jane Smith")
    assert (page.count('id="list-undo-'), page.count('id="undo-')) == (2, 1), "one for each, and that of the bar"
    assert stored(database, jane).review_status == stored(database, emeka).review_status == "pending_review"


def test_what_is_on_hold_is_passed_over_on_the_way(app: Any, lena: FlaskClient, database: Database, cast: Cast) -> None:
    jane, emeka = two(database, cast)
    third = prescreen(database, cast.marston.id, given={"fullName": "Bo Li"})
    decide(database, cast, emeka, who="mira")
    assert approve(lena, jane).headers["Location"] == f"/prescreens/{third}"
    assert stands(database, jane) is State.PENDING


def test_the_own_page_says_why_and_undo_brings_the_notes_back(
    lena: FlaskClient, database: Database, cast: Cast
) -> None:
    jane, _ = two(database, cast)
    approve(lena, jane)
    path = f"/prescreens/{jane}"
    page = lena.get(path).text
    assert page.count("Undo that first if you want to decide otherwise.") == 1, "in the line of what cannot be done"
    assert "You approve this, final in" in words(page)
    fields = {"csrf_token": token(lena, "/prescreens/" + str(two(database, cast)[0]))["csrf_token"]}
    undone = lena.post(f"/holds/{last(database, jane).id}/undo", data=fields)
    assert (undone.status_code, undone.headers["Location"]) == (303, path)
    page = lena.get(path).text
    assert "Undone. Jane Smith waits for a decision again; nothing was sent." in page
    assert f">{NOTES}</textarea>" in page.replace("\r\n", "").replace("\n", "")
    assert "Lena Ortiz undid it before it was final" in page
    assert bar(page) == ""


def test_with_scripts_undo_only_changes_the_bar(lena: FlaskClient, database: Database, cast: Cast) -> None:
    jane, emeka = two(database, cast)
    approve(lena, jane)
    page = lena.get(f"/prescreens/{emeka}").text
    fields = {"csrf_token": token(lena, f"/prescreens/{emeka}")["csrf_token"]}
    assert f'hx-post="/holds/{last(database, jane).id}/undo" hx-target="#holds"' in page
    answer = lena.post(f"/holds/{last(database, jane).id}/undo", data=fields, headers=FRAGMENT)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="holds"')
    assert "Undone. Jane Smith waits" in answer.text.partition('id="toasts" hx-swap-oob="beforeend"')[2]
    again = lena.get("/holds", headers=FRAGMENT)
    assert again.text.lstrip().startswith('<div id="holds"')
    assert " hidden>" in again.text


def test_too_late_is_said_without_scripts_too(lena: FlaskClient, database: Database, cast: Cast, clock: Clock) -> None:
    jane, emeka = two(database, cast)
    approve(lena, jane)
    clock.move(seconds=31)
    page = lena.get("/holds").text
    assert "Jane Smith is approved . This is final. It is being carried out." in bar(page)
    fields = {"csrf_token": token(lena, f"/prescreens/{emeka}")["csrf_token"]}
    answer = lena.post(f"/holds/{last(database, jane).id}/undo", data=fields)
    assert answer.status_code == 409
    assert re.search(r"It was too late to undo: Jane Smith was approved, finally, \d+ s ago\.", answer.text)
    assert sweep(database)
    page = lena.get("/holds").text
    assert "Approval of Jane Smith: final" in page
    assert "Approving" not in bar(page)


def test_another_agent_waits_and_reads_why(app: Any, lena: FlaskClient, database: Database, cast: Cast) -> None:
    jane, _ = two(database, cast)
    mira = cast.sign_in(app.test_client(), "mira")
    ready = token(mira, f"/prescreens/{jane}", "deny")
    approve(lena, jane)
    page = mira.get(f"/prescreens/{jane}").text
    assert len(re.findall(r"Lena Ortiz approves this; it is final in \d+ s. You can decide if", words(page))) == 1
    assert "Not now: approve, deny" in words(page)
    assert 'id="approve"' not in page
    assert 'id="deny"' not in page
    assert "Approving" not in bar(page), "it is Lena's bar"
    answer = mira.post(f"/prescreens/{jane}/deny", data={**ready, **REASON, "notes": "typed with care"})
    assert answer.status_code == 409
    assert "Lena Ortiz approves this" in answer.text
    assert "typed with care" in answer.text
    assert f"/holds/{last(database, jane).id}" not in page
    fields = {"csrf_token": ready["csrf_token"]}
    assert mira.post(f"/holds/{last(database, jane).id}/undo", data=fields).status_code == 404


def test_the_overtaken_agent_reads_it_until_they_have_understood(
    lena: FlaskClient, database: Database, cast: Cast
) -> None:
    jane, emeka = two(database, cast)
    approve(lena, jane)
    lena.patch(f"/api/v1/sessions/{jane}/review", json={"reviewStatus": "denied"}, headers=cast.headers("prescreens"))
    for _ in range(2):
        assert "Your approval of Jane Smith was not written" in bar(lena.get(f"/prescreens/{emeka}").text)
    page = lena.get(f"/prescreens/{jane}").text
    assert "Your approval was not written." in page
    assert NOTES in page
    fields = {"csrf_token": token(lena, f"/prescreens/{emeka}")["csrf_token"]}
    assert lena.post(f"/holds/{last(database, jane).id}/read", data=fields).status_code == 303
    assert "was not written" not in bar(lena.get(f"/prescreens/{emeka}").text)


def test_what_would_be_sent_has_changed_since_the_page_was_read(
    lena: FlaskClient, database: Database, cast: Cast
) -> None:
    jane, _ = two(database, cast)
    path = f"/prescreens/{jane}"
    fields = token(lena, path)
    with database.write() as db:
        db.execute(update(Prescreen).where(Prescreen.id == jane).values(email="jane.smith@example.com"))
    answer = lena.post(f"{path}/approve", data={**fields, "notes": "typed with care"})
    assert answer.status_code == 409
    assert "jane.smith@example.com" in answer.text
    assert "typed with care" in answer.text
    digest = re.search(r'name="preview" value="([0-9a-f]{64})"', answer.text)
    assert digest is not None
    assert lena.post(f"{path}/approve", data={**fields, "preview": digest[1]}).status_code == 303
    assert stands(database, jane) is State.PENDING


def test_the_list_says_who_decides_what(app: Any, lena: FlaskClient, database: Database, cast: Cast) -> None:
    jane, _ = two(database, cast)
    approve(lena, jane)
    mira = cast.sign_in(app.test_client(), "mira")
    assert re.search(r"Lena Ortiz approves this, final in \d+ s", words(mira.get("/prescreens").text))
    assert re.search(r"You approve this, final in \d+ s", words(lena.get("/prescreens").text))


def test_hostile_names_stay_text(lena: FlaskClient, database: Database, cast: Cast) -> None:
    evil = "<script>alert(1)</script>"
    id = prescreen(database, cast.marston.id, given={"fullName": evil})
    approve(lena, id)
    for path in ("/holds", "/prescreens", f"/prescreens/{id}"):
        assert "<script>alert" not in lena.get(path).text


@pytest.fixture
def worker(database: Database) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=Worker(wire(database.config, database)).run, args=(stop,), daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(30)


@pytest.fixture
def window(page: Any, app: Any, cast: Cast) -> Iterator[Any]:
    """Lena's browser; `window.address` is where the site is."""
    name, value = cast.cookie(app, "lena")
    with serving(app) as page.address:
        page.context.add_cookies([{"name": name, "value": value, "url": page.address}])
        yield page


@pytest.mark.browser
def test_press_see_it_follow_and_take_it_back(window: Any, database: Database, cast: Cast) -> None:
    jane, emeka = two(database, cast)
    window.goto(f"{window.address}/prescreens/{jane}")
    window.get_by_role("button", name="Approve Jane Smith").click()
    window.wait_for_url(f"**/prescreens/{emeka}")
    window.locator("#holds", has_text="Approving Jane Smith in").wait_for()
    notes = window.get_by_label("Notes for your team")
    notes.fill("about Emeka")
    left = int(window.locator("[data-seconds]").inner_text())
    window.wait_for_function("n => Number(document.querySelector('[data-seconds]').textContent) < n", arg=left)
    notes.press("Control+z")
    assert stands(database, jane) is State.PENDING, "in a field the key is the field's own"
    notes.fill("about Emeka")
    window.locator("h1").click()
    window.keyboard.press("Control+z")
    window.get_by_text("Undone. Jane Smith waits for a decision again").wait_for()
    assert stands(database, jane) is State.UNDONE
    assert notes.input_value() == "about Emeka"
    assert window.url.endswith(str(emeka))


@pytest.mark.browser
def test_the_bar_goes_when_it_is_final(window: Any, database: Database, cast: Cast, worker: None) -> None:
    jane, _ = two(database, cast)
    decide(database, cast, jane, seconds=10)
    window.goto(f"{window.address}/prescreens")
    bar = window.locator("#holds")
    assert bar.is_visible()
    bar.wait_for(state="hidden", timeout=60_000)
    assert stored(database, jane).review_status == "approved"


def deciding(page: str) -> str:
    """The form that decides, beside the list with forms of its own."""
    return page[page.index('id="decide"') :].partition("</form>")[0]


def test_without_an_undo_window_a_decision_is_confirmed(lena: FlaskClient, database: Database, cast: Cast) -> None:
    jane, _ = two(database, cast)
    assert 'name="step" value="preview"' not in deciding(lena.get(f"/prescreens/{jane}").text)
    with database.write() as db:
        db.execute(update(Person).where(Person.id == cast.lena.id).values(undo_seconds=0))
    page = lena.get(f"/prescreens/{jane}").text
    assert 'name="step" value="preview"' in deciding(page)
    assert 'id="preview"' in page
    shown = approve(lena, jane, step="preview")
    assert shown.status_code == 200
    assert "Review and approve" in shown.text
    assert "It is final at once." in shown.text
    assert stored(database, jane).review_status == "pending_review"


@pytest.mark.parametrize(
    ("verb", "typed", "refused"),
    [
        (
            "deny",
            {"notes": "with care", "reason": "Pets", "about:Pets": ":else", "other:Pets": ""},
            422,
        ),
        ("deny", {"reason": "Pets", "about:Pets": ":else", "other:Pets": "two & a bird " * 20}, 422),
        ("approve", {"notes": "with care", "version": "1"}, 409),
        ("ask", {"added": "How many cars?", "text": "with care", "keys": "nonsense"}, 422),
        ("note", {"text": "with care " * 300}, 422),
    ],
)
def test_what_was_typed_goes_back_to_its_form_without_scripts(
    lena: FlaskClient, database: Database, cast: Cast, verb: str, typed: dict[str, str], refused: int
) -> None:
    """The page of the refusal leads back to the form as it was typed, with the version that is shown there."""
    jane, _ = two(database, cast)
    path = f"/prescreens/{jane}"
    answer = lena.post(f"{path}/{verb}?view=all", data={**token(lena, path), **typed})
    assert answer.status_code == refused
    assert "<dt>About:" not in answer.text, "nobody typed the key of a question"
    form = answer.text.partition('name="edit"')[0].rpartition("<form")[2]
    assert f'action="{path}?view=all"' in form
    fields = [(name, html.unescape(value)) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form)]
    assert "version" not in dict(fields)
    edited = re.search(r'name="edit" value="(\w+)"', answer.text)
    assert edited is not None
    back = lena.post(f"{path}?view=all", data=MultiDict([*fields, ("edit", edited[1])]))
    assert back.status_code == 200
    shown = html.unescape(back.text)
    assert all(typed[name].strip() in shown for name in typed.keys() - {"version", "keys", "about:Pets"})
    assert ('value="Pets" checked' in shown) is (verb == "deny")
    if verb != "note":
        deciding_or_asking = back.text.partition('id="decide"')[2]
        assert f'name="version" type="hidden" value="{stored(database, jane).version}"' in deciding_or_asking


SAVINGS = "their savings & a <b>guarantor</b>"


@pytest.mark.parametrize(
    ("changed", "refused"),
    [({"why": ""}, 422), ({"why": SAVINGS * 30}, 422), ({"version": "1"}, 409), ({"preview": "0" * 64}, 409)],
)
def test_why_and_all_else_of_its_form_are_kept_where_approving_is_refused(
    lena: FlaskClient, database: Database, cast: Cast, changed: dict[str, str], refused: int
) -> None:
    """Against a criterion that is not met, so that the form asks why; reasons of a denial may be typed beside it."""
    jane = prescreen(database, cast.marston.id, given={"budget": "1900"})
    path = f"/prescreens/{jane}"
    typed = {"why": SAVINGS, "notes": "with care", "reason": "Budget", "about:Budget": "budget", "other:Budget": "Aunt"}
    typed |= {"shown": "2026-11-24T18:00:00+00:00"}
    answer = lena.post(f"{path}/approve", data={**token(lena, path), **typed, **changed})
    assert answer.status_code == refused
    assert (changed.get("why") == "") is ("Say why you approve nevertheless" in html.unescape(answer.text))
    form = answer.text.partition('name="edit"')[0].rpartition("<form")[2]
    fields = [(name, html.unescape(value)) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form)]
    edited = re.search(r'name="edit" value="(\w+)"', answer.text)
    assert edited is not None
    shown = lena.post(path, data=MultiDict([*fields, ("edit", edited[1])])).text
    wanted = {**typed, **changed}
    areas = re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>(.*?)</textarea>', shown.partition('id="decide"')[2], re.S)
    areas_of_form = {name: html.unescape(value).strip() for name, value in areas}
    assert areas_of_form["why"] == wanted["why"].strip()
    assert areas_of_form["notes"] == "with care"
    assert 'value="Budget" checked' in shown
    about = shown.partition('name="about:Budget"')[2].partition("</select>")[0]
    assert re.search(r'value="budget"[^>]*selected', about), about
    other = re.search(r'<input[^>]*name="other:Budget"[^>]*>', shown)
    assert other is not None
    assert 'value="Aunt"' in other[0]
    assert stored(database, jane).review_status == "pending_review"
