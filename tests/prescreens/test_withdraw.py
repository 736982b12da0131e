"""Withdrawing answers that wait for their decision, by the prospect: on the page after sending, and nowhere else."""

import csv
import io
import json
import re
import shutil
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.dashboard.undo import actions as undo
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db import recounts
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, Gone, Refusal
from app.prescreens import actions, case_files, links
from app.prescreens.models import Prescreen
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.pages import at_once
from tests.prescreens.factories import AGENT, PROSPECT, prescreen, stored
from tests.prescreens.test_case_file import opened, words
from tests.prescreens.visitors import START, Visitor, answer_all, token_in


def chat(database: Database, id: UUID) -> str:
    return f"{START}/chat/{links.token(database.config, links.CHAT, id)}"


def withdraw(database: Database, id: UUID) -> None:
    with database.write() as db:
        actions.withdraw(db, id, by=PROSPECT, now=now())


def decide(database: Database, cast: Cast, id: UUID, seconds: int) -> None:
    """A decision of Lena's that can be undone for so many seconds."""
    row = stored(database, id)
    with database.write() as db:
        subject = undo.Subject("prescreen", id, cast.marston.id, "Jane Smith", f"/prescreens/{id}")
        lena = cast.lena.id
        undo.decide(
            db,
            subject,
            "approve",
            person_id=lena,
            seconds=seconds,
            payload={"notes": None},
            version=row.version,
            digest="",
            by=AGENT,
            now=now(),
        )


def test_it_reads_expired_everywhere(visitor: Visitor, database: Database, cast: Cast, client: FlaskClient) -> None:
    answer_all(visitor.get(START).press("/start")).press("/complete")
    assert "Withdraw my answers…" in visitor.page
    visitor.press("/withdraw")
    assert "<h1>You withdrew your answers</h1>" in visitor.page
    assert "Withdraw my answers…" not in visitor.page
    status = Visitor(client.application.test_client()).get(visitor.status_path).page
    assert "Withdrawn by you" in status
    assert "<strong>Pending</strong>" in status
    with database.read() as db:
        id = db.scalars(select(Prescreen.id)).one()
        event = db.scalars(select(Event).where(Event.kind == "prescreen.withdrawn")).one()
    assert event.data["before"]["expiresAt"] > event.data["after"]["expiresAt"]
    assert event.actor_name == "The prospect"
    cast.sign_in(client, "lena")
    assert "Jane Smith" not in client.get("/prescreens").text
    assert "Jane Smith" in client.get("/prescreens?state=expired").text
    assert "Withdrawn by the prospect" in client.get("/prescreens?state=expired").text
    assert "The prospect withdrew the answers" in client.get(f"/prescreens/{id}").text
    headers = cast.headers("prescreens")
    api = client.get("/api/v1/sessions?status=expired", headers=headers).get_json()
    (one,) = api["data"]
    assert (one["id"], one["status"], one["expiresAt"]) == (str(id), "expired", one["updatedAt"])
    refused = client.patch(
        f"/api/v1/sessions/{id}/review",
        json={"reviewStatus": "approved"},
        headers=headers,
    )
    assert (refused.status_code, refused.get_json()["code"]) == (422, "session.expired")
    assert "withdrawn" in refused.get_json()["detail"]
    with database.write() as db:
        assert recounts.differences(db) == []


def test_a_page_that_was_read_before_is_stale_afterwards(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    before = stored(database, id).version
    withdraw(database, id)
    assert stored(database, id).version == before + 1


def test_twice_changes_nothing(database: Database, cast: Cast, clock: Clock) -> None:
    id = prescreen(database, cast.marston.id)
    withdraw(database, id)
    first = stored(database, id)
    clock.move(minutes=5)
    withdraw(database, id)
    assert (stored(database, id).version, stored(database, id).expires_at) == (first.version, first.expires_at)


@pytest.mark.parametrize(
    ("state", "days", "refusal"),
    [("active", 0, Conflict), ("approved", 0, Conflict), ("denied", 0, Conflict), ("completed", 31, Gone)],
)
def test_what_does_not_wait_cannot_be_withdrawn(
    database: Database, cast: Cast, client: FlaskClient, state: str, days: int, refusal: type[Refusal]
) -> None:
    id = prescreen(database, cast.marston.id, state, at=now() - timedelta(days=days))
    before = stored(database, id)
    with pytest.raises(refusal):
        withdraw(database, id)
    visitor = Visitor(client)
    page = client.get(chat(database, id)).text
    if state != "active" or days:
        assert "Withdraw my answers" not in page
    visitor.page = client.get(chat(database, prescreen(database, cast.marston.id))).text
    pressed = client.post(f"{chat(database, id)}/withdraw", data={"csrf_token": token_in(visitor.page)})
    assert pressed.status_code == 403, "the form of another link"
    assert stored(database, id).version == before.version


def test_a_pending_decision_is_dropped_and_its_agent_reads_why(
    database: Database, cast: Cast, client: FlaskClient, outbox: Outbox, clock: Clock
) -> None:
    id = prescreen(database, cast.marston.id)
    decide(database, cast, id, 60)
    sent = len(outbox.emails("jane@example.com"))
    withdraw(database, id)
    lena = cast.sign_in(client, "lena")
    assert "Jane Smith has withdrawn their answers meanwhile." in lena.get("/prescreens").text
    clock.move(minutes=2)
    assert stored(database, id).review_status == "pending_review"
    assert len(outbox.emails("jane@example.com")) == sent


def test_a_decision_that_is_final_and_not_yet_written_counts(database: Database, cast: Cast, clock: Clock) -> None:
    id = prescreen(database, cast.marston.id)
    decide(database, cast, id, 5)
    clock.move(seconds=6)
    with pytest.raises(Conflict, match="decided already"):
        withdraw(database, id)


def test_it_and_a_review_at_once(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    reach = Reach((cast.marston.id,))

    def press(act: Any) -> str:
        try:
            with database.write() as db:
                act(db)
        except Refusal as refusal:
            return refusal.code or type(refusal).__name__
        return "done"

    review = partial(actions.approve, prescreen_id=id, notes=None, reach=reach, by=AGENT, now=now())
    leave = partial(actions.withdraw, prescreen_id=id, by=PROSPECT, now=now())
    found = at_once([partial(press, review), partial(press, leave)])
    assert sorted(answer == "done" for answer in found) == [False, True], found
    row = stored(database, id)
    assert (row.review_status == "approved") != (row.expires_at < row.created_at + timedelta(days=30))


def test_what_was_started_before_can_be_decided_still(database: Database, cast: Cast, client: FlaskClient) -> None:
    """A repeated page of the chat, opened after somebody decided."""
    id = prescreen(database, cast.marston.id)
    address = chat(database, id)
    page = client.get(address).text
    with database.write() as db:
        actions.approve(db, id, None, reach=Reach((cast.marston.id,)), by=AGENT, now=now())
        db.execute(update(Prescreen).values(updated_at=now()))
    late = client.post(f"{address}/withdraw", data={"csrf_token": token_in(page)})
    assert late.status_code == 303
    assert stored(database, id).review_status == "approved"


HOSTILE = "=cmd|' /C calc'!A0<img src=x onerror=alert(1)>{{7*7}}\u202e\r\nBcc: all@example.com مرحبا🙂"
WHOLE = {"keys": "a" * 10_000, "csrf_token[]": "x", "expiresAt": HOSTILE, "token": "../../etc", "\x00": "\x00"}
"""Fields that the form does not have: it is one button."""


def test_hostile_answers_that_are_withdrawn_stay_text(
    database: Database, cast: Cast, client: FlaskClient, outbox: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    id = prescreen(database, cast.marston.id, given={"fullName": HOSTILE, "more": HOSTILE + "x" * 4000})
    named = stored(database, id).name
    decide(database, cast, id, 60)
    capsys.readouterr()
    address = chat(database, id)
    many = {f"k{number}": HOSTILE for number in range(400)}
    form = {"csrf_token": token_in(client.get(address).text), **WHOLE, **many}
    assert client.post(f"{address}/withdraw", data=form).status_code == 303
    logged = capsys.readouterr().out
    assert stored(database, id).withdrawn_at
    visitor = client.application.test_client()
    lena, leda = (cast.sign_in(client.application.test_client(), who) for who in ("lena", "leda"))
    sent = visitor.get(address).text
    status = Visitor(visitor).get(Visitor(visitor).get(address).status_path).page
    overtaken = lena.get("/prescreens").text
    pages = [
        sent,
        status,
        overtaken,
        *(lena.get(path).text for path in ("/prescreens?state=expired", f"/prescreens/{id}")),
    ]
    assert "withdrawn their answers meanwhile" in overtaken
    assert not [page for page in pages if "<img src=x" in page]
    assert all("onerror=alert(1)&gt;{{7*7}}" in page for page in (sent, *pages[2:])), "and nothing of it is lost"
    table = lena.get("/prescreens/csv?state=expired").text
    cells = [cell for row in csv.reader(io.StringIO(table)) for cell in row if "cmd|" in cell]
    assert cells
    assert not [cell for cell in cells if re.search("(?<!')=cmd", cell)], "a spreadsheet runs nothing"
    made = case_files.written(case_files.read(database, id, notes=True), now(), "Leda")
    files = opened(made.content)
    assert json.loads(files["answers.json"])["fullName"] == named
    if shutil.which("pdftotext"):
        assert "onerror=alert(1)>{{7*7}}" in words(files["case-file.pdf"]).replace(" ", "")
    assert "withdrew the answers" in leda.get(f"/prescreens/{id}").text
    for mail in (*outbox.emails("jane@example.com"), *outbox.emails("lena@example.com")):
        assert "cmd|" not in mail["subject"] + mail["text"] + mail["html"], "nothing that was typed is mailed"
    assert not [part for part in ("calc", "onerror", "Bcc:", "aaaa") if part in logged]
