"""A contact of whom something is kept in every place where that can be, and a look through every table."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import inspect, update

from app.kernel.changes import events as history
from app.kernel.changes.events import Actor
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens import actions, events
from app.prescreens.models import Prescreen
from app.prescreens.queries import questionnaires
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.reasons import Grounds, Reason
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.pages import csrf
from tests.prescreens.decisions import decide, decide_in
from tests.prescreens.factories import PROSPECT, prescreen, stored

NAME, EMAIL, PHONE = "Zebrafinch Quokka", "zebrafinch@quokka.example.com", "+1 202 555 0147"
TYPED = "We are numbats and a family of four"
WHO: dict[str, str | None] = {"fullName": NAME, "email": EMAIL, "phone": PHONE, "more": TYPED}
NEEDLES = ("zebrafinch", "quokka", "numbat", "2025550147", "202 555 0147", "555-0147", "203.0.113.77")
NETWORK = "203.0.113.77"


def traces(text: str) -> list[str]:
    """The needles that are in a text."""
    return [needle for needle in NEEDLES if needle in text.lower()]


def kept(database: Database) -> Iterator[tuple[str, str]]:
    """Every value of every column of every table, decrypted where it is encrypted, by table and column.

    Not looked into is the index of SQLite's full-text search, whose blocks keep marks of what was deleted.
    """
    with database.read() as db:
        connection = db.connection()
        for table in inspect(connection).get_table_names():
            if table.startswith("search_index"):
                continue
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"').mappings():
                for column, value in row.items():
                    yield f"{table}.{column}", _clear(database, value)


def _clear(database: Database, value: object) -> str:
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    try:
        return database.vault.decrypt(text)
    except Exception:
        return text


def where_traces_are(database: Database) -> set[str]:
    """The columns in which something of the contact is."""
    return {place for place, text in kept(database) if traces(text)}


def everywhere(client: FlaskClient, database: Database, cast: Cast, outbox: Outbox) -> dict[str, UUID]:
    """Fills every place; returns the prescreens by what they are."""
    home = cast.marston.id
    ids = {"denied": prescreen(database, home, given=WHO, at=now() - timedelta(days=40))}
    with database.write() as db:
        # Denied in time, by a page, with all that an agent may type.
        db.execute(update(Prescreen).where(Prescreen.id == ids["denied"]).values(Prescreen.lifetime(now())))
    grounds = Grounds((Reason("Budget", "", f"{NAME} said so"),), f"{NAME} is known to us")
    with database.write() as db:
        decide_in(db, cast, ids["denied"], "deny", grounds=grounds, notes=f"{NAME} never pays", seconds=0)
    ids["api"] = prescreen(database, home, given=WHO)
    headers = {**cast.headers("prescreens"), "Idempotency-Key": "zf-1"}
    body = {"reviewStatus": "approved", "reviewNotes": f"{NAME} is fine"}
    assert client.patch(f"/api/v1/sessions/{ids['api']}/review", json=body, headers=headers).status_code == 200
    ids["expired"] = prescreen(database, home, given=WHO, at=now() - timedelta(days=31))
    lena = cast.actor("lena")
    reach = Reach((home,))
    with database.write() as db:
        actions.renew(db, ids["expired"], reach=reach, by=lena, now=now())
        row = stored(database, ids["expired"])
        questionnaire = questionnaires.of_prescreen(db, row)
        ids["renewed"] = actions.start_again(db, ids["expired"], questionnaire, by=PROSPECT, now=now())
    ids["active"] = prescreen(database, home, "active", given=WHO)
    with database.write() as db:
        for key, typed in (("email", EMAIL), ("more", TYPED)):
            actions.answer(db, ids["active"], key, [typed], by=PROSPECT, now=now())
    outbox.deliver_all()
    ids["pending"] = prescreen(database, home, given=WHO)
    with database.write() as db:
        actions.ask(db, ids["pending"], ["more"], [f"Where does {NAME} live?"], f"Dear {NAME}", reach=reach,
                    version=None, by=lena, now=now())  # fmt: skip
        actions.write_note(
            db, ids["pending"], f"{NAME} called", reach=reach, person_id=cast.lena.id, by=lena, now=now()
        )
        _as_earlier_versions(db, ids, home)
    decide(database, cast, ids["pending"], "deny", grounds=grounds, notes=f"{NAME} again")
    mira = cast.sign_in(client.application.test_client(), "leda")
    form = {"csrf_token": csrf(mira), "tag": "numbats"}
    assert mira.post(f"/prescreens/{ids['pending']}/tag", data=form).status_code in (200, 303)
    form = {"csrf_token": csrf(mira)}
    assert mira.post(f"/prescreens/{ids['denied']}/case_file", data=form).status_code == 303
    return ids


def _as_earlier_versions(db: Any, ids: dict[str, UUID], home: int) -> None:
    """Events as they were written when they held names and network addresses."""
    them = Actor("prospect", None, NAME, home, "page", "r-1", NETWORK)
    why = f"What would be sent to {NAME} changed before this was final."
    for kind, data in (
        (events.COMPLETED, {}),
        (events.WITHDRAWN, {"prospect": NAME, "before": {"expiresAt": "x"}, "after": {"expiresAt": "y"}}),
        (events.DECISION_RETURNED, {"act": "deny", "holder": "Lena Ortiz", "why": why}),
        (events.EXPIRED, {"prospect": NAME, "told": False}),
    ):
        history.record(db, kind, subject_type=events.SUBJECT, subject_id=ids["expired"], organization_id=home, by=them,
                       now=now(), data=data)  # fmt: skip
