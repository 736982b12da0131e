"""What every verb's test asks of an inspection's page, and of the API beside it."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from app.inspections import actions, queries
from app.inspections.locales import TRANSLATIONS, consent_wording
from app.inspections.models import Inspection, Invite
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.pages import presser, text

ONLY_OPERATORS = "Only inspection operators may do this."
WITH_PREVIEW = ("invite", "new_code", "reissue", "revoke", "end", "erase_person")
"""The verbs that show what they send before they act."""


def consent(database: Database, session: dict[str, Any], **answers: str) -> None:
    """Answers for every field user who has joined; what is not said is granted, as far as it is asked."""
    given = {**dict.fromkeys(stored(database, session).subjects, "granted"), **answers}
    here = actions.Visitor.of("203.0.113.7", "Safari", None, "page")
    t = TRANSLATIONS.translator("en")
    wordings = {subject: actions.Wording(consent_wording(subject, t), t.lang) for subject in given}
    with database.write() as db:
        for invite in queries.invites(db, uuid.UUID(session["id"])):
            if invite.joined_at is not None:
                actions.consent(db, invite, given, wordings, visitor=here, now=now())


def sender(client: Any, session: dict[str, Any], verb: str, **typed: Any) -> Callable[[], Any]:
    """The last press of a button of an inspection's page. `verb` may lie deeper: `invites/<id>/revoke`."""
    preview = verb.rpartition("/")[2] in WITH_PREVIEW
    return presser(client, f"/inspections/{session['id']}/{verb}", preview=preview, **typed)


def send(client: Any, session: dict[str, Any], verb: str, **typed: Any) -> Any:
    """Presses a button; where a preview comes first, also the button beneath that."""
    return sender(client, session, verb, **typed)()


def others_may_not(app: Any, cast: Any, database: Database, session: dict[str, Any], verb: str, **typed: Any) -> None:
    """Checks that nobody but the operators presses this verb, and that nothing changes when others do."""
    before = state(database, session)
    for who, status in (("aude", 403), ("adam", 403), ("hugo", 403), ("ines", 403), ("lena", 403), ("oona", 404)):
        answer = send(cast.sign_in(app.test_client(), who), session, verb, **typed)
        assert (who, answer.status_code) == (who, status)
        if who in ("aude", "adam", "hugo"):
            assert ONLY_OPERATORS in text(answer)
    assert state(database, session) == before


def stored(database: Database, session: dict[str, Any]) -> Inspection:
    """The inspection as it is now."""
    with database.read() as db:
        return queries.get(db, uuid.UUID(session["id"]))


def state(database: Database, session: dict[str, Any]) -> tuple[object, ...]:
    """All that a verb may change: the row, its invites, its chain and its events."""
    id = uuid.UUID(session["id"])
    with database.read() as db:
        rows = [(Inspection, queries.get(db, id)), *((Invite, each) for each in queries.invites(db, id))]
        return (
            [[getattr(row, column.key) for column in model.__table__.c] for model, row in rows],
            [link.hash for link in queries.links(db, id)],
            kinds(database, session),
        )


def kinds(database: Database, session: dict[str, Any]) -> list[str]:
    """The kinds of the inspection's events, the newest first."""
    with database.read() as db:
        return [row.kind for row in timeline(db, "inspection", session["id"])]


OTTO = {"account": "5", "kind": "person", "name": "Otto Kim"}
"""How the chain names this operator."""


def last_link(database: Database, session: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The newest event of the chain: kind and payload."""
    with database.read() as db:
        link = queries.links(db, uuid.UUID(session["id"]))[-1]
    return link.kind, json.loads(link.payload)
