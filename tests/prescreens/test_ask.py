"""Asking the prospect again: by link, with the old answers readable, and for the API nothing but newer answers."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, Gone, Invalid
from app.prescreens import actions, links
from app.prescreens.models import Prescreen
from app.prescreens.queries import counts, inquiries
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.pages import csrf, presser, text
from tests.prescreens.decisions import decide, sweep
from tests.prescreens.factories import PROSPECT, prescreen, stored
from tests.prescreens.visitors import token_in


def ask(database: Database, cast: Cast, id: UUID, *keys: str, added: tuple[str, ...] = (), **more: Any) -> UUID:
    with database.write() as db:
        reach = Reach((more.get("home", cast.marston.id),))
        version = more.get("version", stored(database, id).version)
        at = more.get("at") or now()
        return actions.ask(
            db, id, keys, added, "Please look again.", reach=reach, version=version, by=cast.actor("lena"), now=at
        )


def answer(database: Database, inquiry: UUID, key: str, typed: str, at: Any = None) -> bool:
    with database.write() as db:
        return actions.answer_inquiry(db, inquiry, key, [typed], by=PROSPECT, now=at or now())


def link(database: Database, inquiry: UUID) -> str:
    return f"/p/marston/two-bedroom/asked/{links.token(database.config, links.INQUIRY, inquiry)}"


def test_from_the_page_by_mail_to_the_new_answer(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox
) -> None:
    id = prescreen(database, cast.marston.id, given={"budget": "1200"})
    before = stored(database, id)
    lena, headers = cast.sign_in(client, "lena"), cast.headers("prescreens")
    typed = {
        "version": before.version,
        "keys": "budget",
        "added": "Who is your guarantor?\n",
        "text": "One more thing.",
    }
    shown = lena.post(f"/prescreens/{id}/ask", data={"csrf_token": csrf(lena), **typed, "step": "preview"})
    assert "One more thing." in text(shown)
    assert stored(database, id) == before, "a preview asks nothing"
    assert presser(lena, f"/prescreens/{id}/ask", preview=True, **typed)().status_code == 303
    mail = outbox.emails("jane@example.com")[-1]
    assert mail["subject"] == "Marston & Vale has a question about your answers"
    assert "Jane" not in mail["text"] + mail["html"], "the address is not proven hers"
    status = re.search(r"/p/marston/two-bedroom/status/\S+", mail["text"])
    assert status
    assert f'{status[0]}"' in mail["html"]
    assert client.application.test_client().get(status[0]).status_code == 200
    row = stored(database, id)
    assert (row.status, row.review_status, row.inquiry, row.expires_at) == (
        "completed",
        "pending_review",
        "asked",
        before.expires_at,
    )
    wire = client.get(f"/api/v1/sessions/{id}", headers=headers).json
    assert wire is not None
    assert (wire["status"], wire["reviewStatus"], wire["submission"]) == (
        "completed",
        "pending_review",
        before.submission,
    )
    for tab in ("/prescreens?state=asked", "/prescreens"):
        assert "Jane Smith" in text(lena.get(tab))
    found = re.search(r"/p/marston/two-bedroom/asked/\S+", mail["text"])
    assert found
    visitor = client.application.test_client()
    page = text(visitor.get(found[0]))
    assert "Monthly budget" in page
    assert "You answered: 1,200" in page
    assert "Who is your guarantor?" not in page, "one question a step"
    token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"|name="csrf_token" value="([^"]+)"', page)
    data = {"csrf_token": next(filter(None, token.groups())) if token else ""}
    refused = visitor.post(f"{found[0]}/answer", data={**data, "step": "budget", "answer": "a lot"})
    assert refused.status_code == 303
    for _ in range(2):
        page = text(visitor.get(refused.location))
        assert 'value="a lot"' in page
        assert 'id="answer-error"' in page
    assert visitor.post(f"{found[0]}/answer", data={**data, "step": "budget", "answer": "2600"}).status_code == 303
    assert stored(database, id).submission == before.submission, "not before the last answer"
    assert "a lot" not in text(visitor.get(refused.location)), "it was answered since"
    assert "Who is your guarantor?" in text(visitor.get(found[0]))
    done = visitor.post(f"{found[0]}/answer", data={**data, "step": "asked1", "answer": "My aunt"})
    assert done.status_code == 303
    assert "Thank you, your answers are sent" in text(visitor.get(found[0]))
    row = stored(database, id)
    assert row.submission == {**before.submission, "budget": 2600, "asked1": "My aunt"}
    assert (row.inquiry, row.version) == ("answered", before.version + 1)
    assert row.updated_at > before.updated_at
    assert row.alike_key != before.alike_key
    page = text(lena.get(f"/prescreens/{id}")).partition('id="item"')[2]
    assert "Before: <bdi>Monthly budget: 1,200</bdi>" in page
    assert "Who is your guarantor?" in page
    assert "My aunt" in page


def test_what_the_chat_refused_is_not_that_of_what_is_asked_again(
    client: FlaskClient, database: Database, cast: Cast
) -> None:
    """Nor what another question, or an earlier inquiry, refused."""
    id = prescreen(database, cast.marston.id)
    inquiry = ask(database, cast, id, "budget", "more")
    url = link(database, inquiry)
    visitor = client.application.test_client()
    form = {"csrf_token": token_in(text(visitor.get(url))), "step": "budget", "answer": "a lot"}
    assert visitor.post(f"{url}/answer", data=form).status_code == 303
    assert 'value="a lot"' in text(visitor.get(f"{url}?step=budget"))
    assert "a lot" not in text(visitor.get(f"{url}?step=more"))
    with database.write() as db:
        kept = {"step": "budget", "typed": ["x y"]}
        db.execute(update(Prescreen).where(Prescreen.id == id).values(refused_answer=kept))
    assert "x y" not in text(visitor.get(f"{url}?step=budget"))
    assert answer(database, inquiry, "budget", "2600") is False
    assert stored(database, id).refused_answer is None


def test_what_was_answered_is_on_top_and_counted_once(client: FlaskClient, database: Database, cast: Cast) -> None:
    prescreen(database, cast.marston.id, given={"fullName": "Urgent One"}, at=now() - timedelta(days=28))
    days = {"Asked Again": 27, "Answered It": 5}
    ids = {
        name: prescreen(database, cast.marston.id, given={"fullName": name}, at=now() - timedelta(days=ago))
        for name, ago in days.items()
    }
    made = {name: ask(database, cast, id, "budget") for name, id in ids.items()}
    assert answer(database, made["Answered It"], "budget", "2700")
    lena = cast.sign_in(client, "lena")
    page = text(lena.get("/prescreens")).partition("<tbody")[2]
    assert page.index("Answered what was asked") < page.index("Answered It") < page.index("Three days or fewer")
    assert page.index("Three days or fewer") < page.index("Urgent One")
    with database.read() as db:
        numbers = counts.list_counts(db, Reach((cast.marston.id,)), now())
    assert [numbers.group(key) for key in ("answered", "within-3", "within-7", "later")] == [1, 2, 0, 0]
    assert (numbers.of("asked"), numbers.of("waiting")) == (1, 3)
    asked = text(lena.get("/prescreens?state=asked")).partition("<tbody")[2]
    assert "Asked Again" in asked
    assert "Answered It<" not in asked
    decide(database, cast, ids["Answered It"])


@pytest.mark.parametrize("state", ["draft", "active", "approved"])
def test_not_when_nothing_waits(database: Database, cast: Cast, state: str) -> None:
    with pytest.raises(Conflict):
        ask(database, cast, prescreen(database, cast.marston.id, state), "budget")


def test_twice_stale_pending_and_over(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    with pytest.raises(Conflict):
        ask(database, cast, id, "budget", version=1)
    for keys, added in (((), ()), (("nonsense",), ()), ((), ("x" * 301,)), ((), tuple("abcdef"))):
        with pytest.raises(Invalid):
            ask(database, cast, id, *keys, added=added)
    decide(database, cast, id)
    with pytest.raises(Conflict):
        ask(database, cast, id, "budget")
    assert stored(database, id).inquiry is None
    other = prescreen(database, cast.marston.id, given={"fullName": "Bo Li", "email": "bo@example.com"})
    made = ask(database, cast, other, "budget")
    with pytest.raises(Conflict):
        ask(database, cast, other, "budget")
    with pytest.raises(Gone):
        answer(database, made, "budget", "2600", at=now() + timedelta(days=30))


def test_a_decision_meanwhile_closes_the_link_in_words(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    made = ask(database, cast, id, "budget")
    decision = decide(database, cast, id)
    answered_first = prescreen(database, cast.marston.id, given={"fullName": "Bo Li", "email": "bo@example.com"})
    second = ask(database, cast, answered_first, "budget")
    pending = decide(database, cast, answered_first)
    assert answer(database, second, "budget", "2700"), "a pending decision does not close it"
    sweep(database, max(decision.final_at, pending.final_at))
    assert stored(database, id).review_status == "approved"
    assert stored(database, id).inquiry is None
    assert stored(database, answered_first).review_status == "pending_review", "decided upon other answers"
    with pytest.raises(Gone):
        answer(database, made, "budget", "2600")
    page = client.application.test_client().get(link(database, made))
    assert page.status_code == 410
    assert "Nothing is asked any more" in text(page)
    with database.read() as db:
        assert inquiries.of(db, id)[0].answered_at is None


@pytest.mark.parametrize(("who", "status"), [("aude", 403), ("adam", 403), ("lars", 404)])
def test_who_may_not(client: FlaskClient, database: Database, cast: Cast, who: str, status: int) -> None:
    id = prescreen(database, cast.marston.id)
    other = cast.sign_in(client, who)
    data = {"csrf_token": csrf(other), "version": stored(database, id).version, "keys": "budget", "step": "preview"}
    assert other.post(f"/prescreens/{id}/ask", data=data).status_code == status
    assert client.application.test_client().get("/p/marston/two-bedroom/asked/forged").status_code == 404


def test_a_new_address_is_found_and_an_answer_left_empty_goes(
    client: FlaskClient, database: Database, cast: Cast
) -> None:
    id = prescreen(database, cast.marston.id)
    before = stored(database, id)
    inquiry = ask(database, cast, id, "fullName", "email", "phone")
    given = {"fullName": "Joanna Smythe", "email": "zebra@example.com", "phone": ""}
    assert [answer(database, inquiry, key, typed) for key, typed in given.items()] == [False, False, True]
    row = stored(database, id)
    assert (row.name, row.email, row.phone, row.phone_key) == ("Joanna Smythe", "zebra@example.com", None, None)
    assert "phone" not in row.submission
    with database.read() as db:
        kept = inquiries.get(db, inquiry)
    assert kept is not None
    assert kept.former is not None
    assert kept.former["phone"] == before.submission["phone"]
    lena = cast.sign_in(client, "lena")
    assert "Joanna Smythe" in text(lena.get("/prescreens?q=zebra"))
    # And a new number is one that contacts are known by.
    assert answer(database, ask(database, cast, id, "phone"), "phone", "+1 555 010 9999")
    assert stored(database, id).phone_key not in (None, before.phone_key)


def test_a_question_that_is_written_later_takes_no_earlier_answer(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    for n, typed in enumerate(("My aunt", "Two cars"), 1):
        assert answer(database, ask(database, cast, id, added=(f"Question {n}?",)), f"asked{n}", typed)
    row = stored(database, id)
    assert (row.submission["asked1"], row.submission["asked2"]) == ("My aunt", "Two cars")
