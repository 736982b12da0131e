"""The chat opened again: after a refused answer, after a change of an earlier one, and in a second tab."""

import html
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.kernel.db.engine import Database
from app.prescreens.models import Prescreen
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.prescreens.factories import JANE, QUESTIONS, prescreen, template
from tests.prescreens.visitors import START, Visitor, answer_all, token_in

# Pages that can be opened again, and text that is kept --------------------------------------------------------------


def test_it_works_without_cookies(visitor: Visitor, database: Database) -> None:
    visitor.client = visitor.client.application.test_client(use_cookies=False)
    answer_all(visitor.get(START).press("/start"), {**JANE, "budget": "2500"}).press("/complete")
    assert "<h1>Your answers are sent</h1>" in visitor.page


def test_a_refused_answer_has_an_address_that_can_be_opened_again(visitor: Visitor, database: Database) -> None:
    visitor.get(START).press("/start").press("/answer", step="fullName", answer="Jane")
    visitor.press("/answer", step="moveInDate", answer="")
    assert re.search(r'<input class="input"[^>]* type="date"', visitor.page), "nothing was typed that it could not show"
    visitor.press("/answer", step="moveInDate", answer="soon")
    visitor.press("/answer", step="moveInDate", answer="as soon as I can <b>")
    elsewhere = Visitor(visitor.client.application.test_client()).get(visitor.path)
    for page in (visitor.page, visitor.get(visitor.path).page, elsewhere.page):
        field = re.search(r'<input class="input"[^>]*>', page)
        assert field is not None
        assert 'value="as soon as I can &lt;b&gt;"' in field[0]
        assert 'type="text"' in field[0], "a date field of a browser would show nothing of it"
        assert "Please type a date" in page
    back = visitor.change("fullName")
    assert 'value="Jane"' in back.page
    assert "Please type a date" not in back.page
    with database.read() as db:
        row = db.scalars(select(Prescreen)).one()
    assert (row.submission, row.version) == ({"fullName": "Jane"}, 2), "a refused answer is none"
    back.press("/answer", step="fullName", answer="Janet")
    assert visitor.step == "moveInDate"
    assert "as soon as I can" not in visitor.page


@pytest.mark.parametrize("typed", ["x" * 20_001, "\u202e\x00 lone \ud800 \U0001f600", ""])
def test_any_refused_text_is_kept_as_far_as_it_can_be_stored(visitor: Visitor, typed: str) -> None:
    visitor.get(START).press("/start").press("/answer", step="fullName", answer="Jane")
    sent = typed.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    visitor.press("/answer", step="moveInDate", answer=sent)
    assert visitor.step == "moveInDate"
    assert 'aria-invalid="true"' in visitor.page
    assert typed[:20_001].strip("\x00 \ud800")[:100].partition("\x00")[0] in visitor.page


def test_every_form_of_the_chat_leads_to_an_address_that_can_be_opened(visitor: Visitor) -> None:
    visitor.get(START).press("/start")
    chat = visitor.path.partition("?")[0]
    for verb in ("answer", "send_link", "complete"):
        assert visitor.client.get(f"{chat}/{verb}").headers["Location"] == chat
    token = token_in(visitor.page)
    for verb, fields in (("send_link", {}), ("complete", {}), ("answer", {"step": "pets", "answer": "1 cat"})):
        refused = visitor.client.post(f"{chat}/{verb}", data={"csrf_token": token, **fields})
        assert refused.status_code == 303, verb
        visitor.get(refused.headers["Location"])
    assert visitor.step == "fullName"


# What became due ---------------------------------------------------------------------------------------------------

OPTIONAL_PETS = [{**each, "required": False} if each["key"] == "pets" else each for each in QUESTIONS]


@pytest.fixture
def optional(visitor: Visitor, database: Database, cast: Cast) -> Visitor:
    """A chat with a question that becomes due by an earlier answer, and that may be left empty."""
    with database.write() as db:
        template(db, cast.marston.id, "optional", questions=OPTIONAL_PETS)
    return visitor.get("/p/marston/optional").press("/start")


@pytest.mark.parametrize("pets", ["1 dog", ""])
def test_a_question_that_became_due_by_a_change_is_asked_once(optional: Visitor, database: Database, pets: str) -> None:
    answer_all(optional, {**JANE, "hasPets": "no"})
    assert "Which ones?" not in optional.page
    optional.change("hasPets").press("/answer", step="hasPets", answer="yes")
    assert optional.step == "pets"
    optional.press("/answer", step="pets", answer=pets)
    assert "Nothing has been sent yet." in optional.page, "nothing else became due"
    assert ("One dog" in optional.page) is bool(pets)
    optional.press("/complete")
    with database.read() as db:
        row = db.scalars(select(Prescreen)).one()
    assert (row.submission.get("pets") or "", "pets" in (row.left_empty or [])) == (pets, not pets)


def test_what_is_due_is_asked_before_the_answers_are_sent(optional: Visitor, database: Database) -> None:
    answer_all(optional, {**JANE, "hasPets": "no"})
    review, path = optional.page, optional.path
    optional.change("hasPets").press("/answer", step="hasPets", answer="yes")
    optional.get(path)
    assert "Not asked yet" in optional.page
    assert "Send to Marston" not in optional.page
    fields = {"csrf_token": token_in(review)}
    sent = optional.client.post(path.partition("?")[0] + "/complete", data=fields)
    assert optional.get(sent.headers["Location"]).step == "pets"
    with database.read() as db:
        assert db.scalars(select(Prescreen.status)).one() == "active"


def test_staff_see_what_was_due_and_left_empty(database: Database, cast: Cast, client: FlaskClient) -> None:
    """Also of answers that were sent before the chat asked what became due."""
    with database.write() as db:
        optional = template(db, cast.marston.id, "optional", questions=OPTIONAL_PETS)
    due = prescreen(database, cast.marston.id, template_id=optional, given={"pets": None})
    undue = prescreen(database, cast.marston.id, template_id=optional, given={"hasPets": "no", "pets": None})
    with database.write() as db:
        db.execute(update(Prescreen).values(left_empty=None))
    cast.sign_in(client, "lena")
    for id, shown in ((due, True), (undue, False)):
        page = client.get(f"/prescreens/{id}").text
        row = page.partition("<bdi>Which ones?</bdi>")[2].partition("</tr>")[0]
        assert ("due, left empty" in row) is shown


def test_changing_an_early_answer_asks_nothing_again(visitor: Visitor) -> None:
    answer_all(visitor.get(START).press("/start"))
    visitor.change("fullName").press("/answer", step="fullName", answer="Janet Smith")
    assert "Nothing has been sent yet." in visitor.page
    visitor.change("hasPets").press("/answer", step="hasPets", answer="no")
    assert "Nothing has been sent yet." in visitor.page
    visitor.change("hasPets").press("/answer", step="hasPets", answer="yes")
    assert visitor.step == "pets"


# What is sent is what was reviewed ---------------------------------------------------------------------------------


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form that sends the answers."""
    form = page.partition('id="review"')[2].partition("</form>")[0]
    return {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', form)}


def test_answers_that_another_tab_changed_are_not_sent(visitor: Visitor, database: Database, outbox: Outbox) -> None:
    answer_all(visitor.get(START).press("/start"))
    seen, chat = hidden(visitor.page), visitor.path.partition("?")[0]
    visitor.change("budget").press("/answer", step="budget", answer="1900")
    refused = visitor.client.post(f"{chat}/complete", data=seen)
    assert refused.status_code == 409
    assert "Your answers changed after you looked at them" in refused.text
    marked = re.findall(r'<div class="warn">\s*<dt[^>]*>([^<]+)</dt>', refused.text)
    assert marked == ["Monthly budget"]
    assert not outbox.rows()
    assert visitor.client.get(f"{chat}/complete").headers["Location"] == chat
    sent = visitor.client.post(f"{chat}/complete", data=hidden(refused.text))
    assert "<h1>Your answers are sent</h1>" in visitor.get(sent.headers["Location"]).page
    with database.read() as db:
        assert db.scalars(select(Prescreen)).one().submission["budget"] == 1900


def test_a_tab_that_comes_too_late_is_told_so(visitor: Visitor) -> None:
    answer_all(visitor.get(START).press("/start"))
    seen, chat = hidden(visitor.page), visitor.path.partition("?")[0]
    visitor.change("budget").press("/answer", step="budget", answer="1900").press("/complete", **hidden(visitor.page))
    late = visitor.client.post(f"{chat}/complete", data=seen)
    assert "Your answers were already sent." in visitor.get(late.headers["Location"]).page


@pytest.mark.parametrize("seen", ["", "[]", "null", "{", '{"budget": 7}', "[" * 5000])
def test_a_review_that_cannot_be_read_is_shown_again(visitor: Visitor, seen: str) -> None:
    answer_all(visitor.get(START).press("/start"))
    visitor.press("/complete", 409, seen=seen)
    assert "Your answers changed after you looked at them" in visitor.page
