"""Erasing a contact: nothing of them is in any table, page, file or answer of the API afterwards; counts stay."""

from collections import Counter
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from app.dashboard.documents.models import Document
from app.dashboard.undo.models import PendingDecision
from app.kernel.changes.event_erasure import erase_events
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, NotFound
from app.prescreens import actions
from app.prescreens.models import Contact, DecisionSnapshot, Prescreen
from app.prescreens.queries.stages import Reach
from tests import history
from tests.cast import Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.pages import text as page_text
from tests.prescreens.decisions import decide, last
from tests.prescreens.erasing import NAME, NEEDLES, WHO, everywhere, kept, traces, where_traces_are
from tests.prescreens.factories import prescreen, stored

REASON = "Asked for it on Monday"


def erase(database: Database, cast: Cast, id: UUID, **more: object) -> int:
    """Erases the contact of a prescreen."""
    contact_id = stored(database, id).contact_id
    with database.write() as db:
        given = {"reach": Reach((cast.marston.id,)), "reason": REASON, "by": cast.actor("adam"), "now": now(), **more}
        return actions.erase_contact(db, contact_id, **given)  # type: ignore[arg-type]


def counted(database: Database) -> Counter[tuple[str, str]]:
    with database.read() as db:
        rows = db.execute(text("SELECT status, review_status, sum(n) FROM prescreen_counts GROUP BY 1, 2")).all()
    return Counter({(status, review): int(n) for status, review, n in rows})


def test_nothing_is_left_in_any_table(client: FlaskClient, database: Database, cast: Cast, outbox: Outbox) -> None:
    ids = everywhere(client, database, cast, outbox)
    other = prescreen(database, cast.marston.id, given={"fullName": "Omar Haddad", "email": "omar@example.com"})
    before, numbers = where_traces_are(database), counted(database)
    assert before >= {
        "contacts.name", "contacts.email_key", "contacts.phone_key", "prescreens.submission", "prescreens.review_notes",
        "prescreen_notes.text", "prescreen_inquiries.text", "prescreen_inquiries.added", "prescreen_decisions.why",
        "prescreen_decisions.reasons", "holds.name", "holds.payload", "outbox.payload", "outbox.summary",
        "outbox.destination", "development_mail.content", "search_entries.title", "search_entries.rest",
        "idempotency_keys.body", "events.data", "events.actor_name", "events.address", "tags.name",
    }  # fmt: skip
    with database.write() as db:  # as if another process had put the tags on: two slots, which sum to nothing
        db.execute(text("UPDATE tag_counts SET slot = (slot + 1) % 16"))
    assert erase(database, cast, ids["denied"]) == 6
    left = where_traces_are(database)
    assert not left, [found for found in kept(database) if found[0] in left and traces(found[1])][:5]
    assert counted(database) == numbers
    with database.read() as db:
        assert db.scalars(select(Document.state)).all() == ["expired"]
        assert db.scalar(select(func.count()).where(DecisionSnapshot.answers_hash != "")) == 2, "what was decided upon"
        assert db.scalar(select(PendingDecision.state).where(PendingDecision.subject_id == str(ids["pending"]))) == (
            "overtaken"
        )
    outbox.deliver_all()
    assert not where_traces_are(database), "nor does the worker bring something back"
    assert stored(database, other).name == "Omar Haddad"
    after = {name: stored(database, id) for name, id in ids.items()}
    assert {row.review_status for row in after.values()} == {"denied", "approved", "pending_review"}
    assert all(row.expires_at <= now() for row in after.values() if row.review_status == "pending_review")


def test_no_page_and_no_answer_of_the_api_has_it(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox
) -> None:
    ids = everywhere(client, database, cast, outbox)
    contact = stored(database, ids["denied"]).contact_id
    headers = cast.headers("prescreens")
    first = client.get(f"/api/v1/sessions/{ids['denied']}", headers=headers).json
    erase(database, cast, ids["denied"])
    answer = client.get(f"/api/v1/sessions/{ids['denied']}", headers=headers).json
    assert answer.keys() == first.keys(), "the documented shape"
    assert (answer["submission"], answer["reviewNotes"], answer["contactId"]) == ({}, None, str(contact))
    assert answer["reviewStatus"] == "denied"
    lists = [f"/api/v1/sessions?contactId={contact}", f"/api/v1/contacts/{contact}", "/api/v1/contacts"]
    found = [client.get(path, headers=headers) for path in lists]
    assert found[0].json["pagination"]["total"] == 4
    repeated = client.patch(
        f"/api/v1/sessions/{ids['api']}/review",
        json={"reviewStatus": "approved", "reviewNotes": f"{NAME} is fine"},
        headers={**headers, "Idempotency-Key": "zf-1"},
    )
    assert repeated.status_code == 409, "what was answered is not kept"
    adam = cast.sign_in(client.application.test_client(), "adam")
    own = [f"/prescreens/{id}" for id in ids.values()]
    paths = [*own, f"/prescreens/contacts/{contact}", "/prescreens?state=all", "/prescreens/csv?state=all", "/messages"]
    paths += ["/messages?view=sent", "/audit", "/audit/csv", "/prescreens/overview", "/", "/mail"]
    found += [adam.get(path) for path in paths]
    found += [adam.get(f"/search?q={needle}") for needle in ("zebrafinch", "numbats")]
    for each in found:
        assert each.status_code == 200, each.request.path
        assert not traces(page_text(each).replace('value="zebrafinch"', "")) or each.request.path == "/search"
    assert "Nothing" in page_text(adam.get("/search?q=zebrafinch"))
    page = page_text(adam.get(own[0]))
    assert "Erased" in page
    assert "What is personal was erased by Adam Reyes" in page
    assert REASON in page_text(adam.get(f"/prescreens/contacts/{contact}"))


def test_what_cannot_be_erased(database: Database, cast: Cast, clock: Clock) -> None:
    id = prescreen(database, cast.marston.id, given=WHO)
    with pytest.raises(NotFound):
        erase(database, cast, id, reach=Reach((cast.harbor.id,)))
    decide(database, cast, id)
    clock.move(seconds=31)
    with pytest.raises(Conflict, match="is being written"):
        erase(database, cast, id)
    assert stored(database, id).name == NAME
    with database.write() as db:
        db.execute(update(PendingDecision).values(state="undone"))
    assert erase(database, cast, id) == 1
    with pytest.raises(Conflict, match="erased before"):
        erase(database, cast, id)
    with database.read() as db:
        kinds = db.scalars(select(Event.kind).where(Event.kind.like("%.erased")).order_by(Event.id)).all()
    assert kinds == ["prescreen.erased", "contact.erased"]


def test_who_comes_later_is_a_new_contact(database: Database, cast: Cast) -> None:
    first = prescreen(database, cast.marston.id, given=WHO)
    erase(database, cast, first)
    again = prescreen(database, cast.marston.id, given=WHO)
    assert stored(database, again).contact_id != stored(database, first).contact_id
    assert stored(database, first).contact_id is not None, "what was decided stays filed"


def test_another_contact_who_shares_keeps_what_is_theirs(database: Database, cast: Cast) -> None:
    home = cast.marston.id
    mine = prescreen(database, home, given={**WHO, "phone": None})
    prescreen(database, home, given={"fullName": "Omar Haddad", "email": None})
    both = prescreen(database, home, given={**WHO, "phone": "+1 555 010 4477"})
    omar = stored(database, both).other_contact_id
    assert omar is not None
    with database.write() as db:
        actions.erase_contact(db, omar, reach=Reach((home,)), reason=REASON, by=cast.actor("adam"), now=now())
        assert db.scalars(select(Contact.name).where(Contact.id == omar)).one() == ""
    assert stored(database, both).other_contact_id is None
    assert stored(database, both).name == stored(database, mine).name == NAME


def test_history_lets_one_narrow_change_pass(database: Database, cast: Cast) -> None:
    """Before an erasure is on record nothing of an event changes, and then only what is personal goes."""
    id = prescreen(database, cast.marston.id, given=WHO)
    with database.write() as db:
        facts = select(Event).where(Event.subject_id == str(id)).order_by(Event.id)
        first = db.scalars(facts).all()[-1].id
    with history.rewriting(database) as db:
        old = '{"prospect": "Zebrafinch", "told": true}'
        db.execute(text(f"UPDATE events SET data = '{old}', actor_name = 'Zebrafinch' WHERE id = {first}"))
    refused = pytest.raises(IntegrityError, match="rows of events are only ever added")
    with refused, database.write() as db:
        erase_events(db, "prescreen", id)
    erase(database, cast, id)
    with database.read() as db:
        event = db.get_one(Event, first)
        assert (event.actor_name, event.data, event.address) == ("Somebody", {"told": True}, None)
    for change in ("actor_name = 'Jane'", "kind = 'prescreen.denied'", "data = '{}'", "address = '192.0.2.1'"):
        with pytest.raises(IntegrityError, match="are only ever added"), database.write() as db:
            db.execute(text(f"UPDATE events SET {change} WHERE id = {first}"))
    with pytest.raises(IntegrityError, match="are only ever added"), database.write() as db:
        db.execute(text(f"DELETE FROM events WHERE id = {first}"))


def test_new_events_hold_no_names(client: FlaskClient, database: Database, cast: Cast, outbox: Outbox) -> None:
    everywhere(client, database, cast, outbox)
    with database.read() as db:
        rows = db.execute(select(Event.kind, Event.actor_name, Event.data).where(Event.request_id != "r-1")).all()
    assert not [row for row in rows if traces(f"{row.actor_name} {row.data}") and not row.kind.endswith(".tagged")]
    assert NEEDLES
    assert last(database, stored_pending(database)).name == NAME, "the bar of the user says who it is"


def stored_pending(database: Database) -> UUID:
    with database.read() as db:
        return UUID(db.scalars(select(PendingDecision.subject_id).where(PendingDecision.state == "held")).one())


def test_counts_of_an_organization_do_not_change(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "approved", given=WHO)
    with database.read() as db:
        before = db.scalar(select(func.count()).select_from(Prescreen))
        hours = db.execute(text("SELECT moment, sum(n) FROM tallies GROUP BY moment ORDER BY moment")).all()
    erase(database, cast, id)
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Prescreen)) == before
        after = db.execute(text("SELECT moment, sum(n) FROM tallies GROUP BY moment ORDER BY moment")).all()
    assert [row for row in after if row.moment.startswith("prescreen")] == [
        row for row in hours if row.moment.startswith("prescreen")
    ]
