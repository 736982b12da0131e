"""Fifty decisions at once, half by API and half on the page, in two processes: one is written, once."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select, update

from app.accounts.models import Person
from app.kernel.changes.events import Event
from app.kernel.db.engine import Database
from app.prescreens.models import DecisionSnapshot
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.prescreens.decisions import REASON
from tests.prescreens.factories import prescreen, stored
from tests.prescreens.test_approve import token
from tests.processes import Loaded
from tests.servers import environment

DECISIONS, PROCESSES = 50, 2


def test_of_fifty_decisions_one_is_written(
    app: Flask, database: Database, cast: Cast, outbox: Outbox, tmp_path: Path
) -> None:
    with database.write() as db:
        db.execute(update(Person).where(Person.id == cast.lena.id).values(undo_seconds=0))
    id = prescreen(database, cast.marston.id)
    lena = cast.sign_in(app.test_client(), "lena")
    fields = {verb: token(lena, f"/prescreens/{id}", verb) for verb in ("approve", "deny")}
    cookie = lena.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None

    def request(number: int) -> dict[str, Any]:
        verb, word = ("approve", "approved") if number % 8 < 4 else ("deny", "denied")
        if number % 4 < 2:  # every second request goes to the other process
            body = {"reviewStatus": word, "reviewNotes": str(number)}
            headers = cast.headers("prescreens")
            return {"path": f"/api/v1/sessions/{id}/review", "method": "PATCH", "json": body, "headers": headers}
        typed = {**fields[verb], **REASON, "notes": str(number)}
        headers = {"Cookie": f"{cookie.key}={cookie.value}"}
        return {"path": f"/prescreens/{id}/{verb}", "method": "POST", "data": typed, "headers": headers}

    requests = [request(number) for number in range(DECISIONS)]
    shares = [
        {"requests": requests[n::PROCESSES], "statuses": str(tmp_path / f"statuses-{n}")} for n in range(PROCESSES)
    ]
    order = tmp_path / "order"
    order.write_text(json.dumps(shares), "utf-8")
    assert Loaded("tests.prescreens.presses", [str(order)], environment(database.config)).wait(120) == 0
    found = Counter(number for n in range(PROCESSES) for number in json.loads((tmp_path / f"statuses-{n}").read_text()))
    assert found.pop(409) == DECISIONS - 1, found
    assert list(found) in ([200], [303]), "of the API, or of the page, which leads on"
    row = stored(database, id)
    winner = int(row.review_notes)
    assert row.review_status == ("approved" if winner % 8 < 4 else "denied")
    assert list(found) == [200 if winner % 4 < 2 else 303]
    assert len(outbox.emails("jane@example.com")) == 2, "that the answers came, and the decision"
    with database.read() as db:
        assert db.scalars(select(DecisionSnapshot.decision)).all() == [row.review_status]
        decided = Event.kind.in_(("prescreen.approved", "prescreen.denied"))
        assert db.scalar(select(func.count()).where(decided)) == 1
