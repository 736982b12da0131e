"""Thousands of answers, keys of 10 KB and values of other types, by every way in: refused in words."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.kernel.db.engine import Database
from app.prescreens import links
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.pages import csrf, text
from tests.prescreens.factories import prescreen, stored
from tests.prescreens.test_ask import ask
from tests.prescreens.visitors import token_in

KEY = "k" * 10_000
MANY = [f"v{number}" for number in range(5_000)]
HOME = "/p/marston/two-bedroom"
ONE = "Please give one answer here."
TYPED: dict[str, tuple[dict[str, Any], str]] = {
    "many answers": ({"answer": MANY}, ONE),
    "two answers": ({"answer": ["2500", "2600"]}, ONE),
    "a long one": ({"answer": "y" * 100_000}, "Please type a number in digits"),
    "a field with a long name": ({KEY: "x", "answer": "-"}, "Please type a number in digits"),
    "many fields": ({**dict.fromkeys(MANY[:900], "x"), "answer": "-"}, "Please type a number in digits"),
}


@pytest.mark.parametrize(("form", "words"), TYPED.values(), ids=TYPED)
@pytest.mark.parametrize("way", ["chat", "asked"])
def test_what_a_visitor_types(
    client: FlaskClient, database: Database, cast: Cast, way: str, form: dict[str, Any], words: str
) -> None:
    if way == "chat":
        id = prescreen(database, cast.marston.id, "active")
        address = f"{HOME}/chat/{links.token(database.config, links.CHAT, id)}"
    else:
        id = prescreen(database, cast.marston.id)
        address = f"{HOME}/asked/{links.token(database.config, links.INQUIRY, ask(database, cast, id, 'budget'))}"
    before = stored(database, id).submission
    token = token_in(client.get(address).text)
    answer = client.post(f"{address}/answer", data={"csrf_token": token, "step": "budget", **form})
    assert answer.status_code == 303
    assert words in text(client.get(answer.headers["Location"]))
    assert stored(database, id).submission == before


def test_a_step_that_nobody_asked_and_a_body_that_is_no_form(
    client: FlaskClient, database: Database, cast: Cast
) -> None:
    id = prescreen(database, cast.marston.id, "active")
    before = stored(database, id).submission
    address = f"{HOME}/chat/{links.token(database.config, links.CHAT, id)}"
    token = token_in(client.get(address).text)
    assert client.get(f"{address}?step={KEY}").status_code == 200
    answer = client.post(f"{address}/answer", data={"csrf_token": token, "step": KEY, "answer": "x"})
    assert answer.status_code == 303
    assert KEY not in client.get(answer.headers["Location"]).text
    large = client.post(f"{address}/answer", data={"answer": "x" * 3_000_000})
    assert (large.status_code, "too much at once" in text(large)) == (413, True)
    assert client.post(f"{address}/answer", json={"step": "budget", "answer": MANY}).status_code == 403
    assert stored(database, id).submission == before


BODIES: list[tuple[Any, str]] = [
    ({"reviewStatus": MANY}, "reviewStatus: This must be 'approved' or 'denied'."),
    ({"reviewStatus": {"approved": True}}, "reviewStatus: This must be"),
    ({"reviewStatus": KEY}, "reviewStatus: This must be"),
    ({"reviewStatus": "approved", "reviewNotes": MANY}, "reviewNotes: This must be text."),
    ({"reviewStatus": "approved", "reviewNotes": KEY}, "reviewNotes: This may have at most 2000 characters."),
    ({KEY: "approved"}, "reviewStatus: This is required."),
    (dict.fromkeys(MANY, "approved"), "reviewStatus: This is required."),
    (MANY, "The body must be a JSON object."),
]


@pytest.mark.parametrize(("body", "words"), BODIES)
def test_what_a_program_sends(client: FlaskClient, database: Database, cast: Cast, body: Any, words: str) -> None:
    id = prescreen(database, cast.marston.id)
    path = f"/api/v1/sessions/{id}/review"
    answer = client.patch(path, json=body, headers=cast.headers("prescreens", cast.marston))
    assert answer.status_code == 422
    assert words in answer.json["detail"]
    assert len(answer.data) < 1_000, "nothing of it is said back"
    assert stored(database, id).review_status == "pending_review"


PRESSED: dict[str, dict[str, Any]] = {
    "deny": {"reason": MANY},
    "deny ": {"reason": KEY, "why": KEY},
    "approve": {"why": KEY, "notes": KEY},
    "ask": {"keys": MANY},
    "ask ": {"keys": KEY},
    "ask  ": {"added": "\n".join(MANY)},
    "ask   ": {"added": KEY, "text": KEY},
}


@pytest.mark.parametrize(("verb", "form"), PRESSED.items(), ids=PRESSED)
def test_what_an_agent_presses(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox, verb: str, form: dict[str, Any]
) -> None:
    id = prescreen(database, cast.marston.id)
    row, mails = stored(database, id), len(outbox.rows("email"))
    cast.sign_in(client, "leda")
    data = {"csrf_token": csrf(client), "version": row.version, "preview": "x", **form}
    answer = client.post(f"/prescreens/{id}/{verb.strip()}", data=data)
    assert answer.status_code == 422
    assert re.search(r"Nothing was (decided|asked|saved|changed|sent)|Not saved yet", text(answer))
    after = stored(database, id)
    assert (after.version, after.review_status, after.inquiry) == (row.version, "pending_review", row.inquiry)
    assert len(outbox.rows("email")) == mails


def test_what_is_written_into_a_questionnaire(client: FlaskClient, database: Database, cast: Cast) -> None:
    questionnaire = stored(database, prescreen(database, cast.marston.id)).workflow_template_id
    cast.sign_in(client, "leda")
    base = f"/prescreens/questionnaires/{questionnaire}"
    for path, form in (
        ("questions", {"label": KEY, "type": "text"}),
        ("questions", {"label": "Which?", "type": KEY}),
        ("questions/1", {"label": "Which?", "key": KEY}),
        ("questions/1", {"label": "Which?", "options": "\n".join(MANY), "asked": "always"}),
        ("rename", {"name": KEY}),
        ("introduction", {"introduction": KEY * 2}),
    ):
        data = {"csrf_token": csrf(client), "version": 1, **form}
        answer = client.post(f"{base}/{path}", data=data)
        assert answer.status_code == 422, (path, form.keys())
        assert "Not saved yet" in text(answer)
    for given in (f'{{"{KEY}": 1}}', '{"fullName": {"a": [1]}, "budget": true}', "[" * 5_000):
        data = {"csrf_token": csrf(client), "version": 1, "step": "fullName", "given": given, "answer": MANY}
        answer = client.post(f"{base}/preview", data=data)
        assert (answer.status_code, ONE in text(answer)) == (200, True), "a preview says what the chat would say"
