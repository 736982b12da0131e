"""Answers are sent while the contact that they fit is erased: nothing is filed under an erased contact."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens import actions
from app.prescreens.queries import contacts
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.prescreens.factories import JANE, PROSPECT, prescreen, stored

NUMBER = "+1 555 010 2020"
KNOWN = {"fullName": "Omar Haddad", "email": None, "phone": NUMBER}
SENDING = {"fullName": "Emeka Obiora", "email": "emeka@example.com", "phone": NUMBER}
"""Another address: only when it is sent does it fit, by the number."""
SECONDS = 15.0


def answered(database: Database, cast: Cast) -> UUID:
    """Everything is answered, and nothing sent."""
    id = prescreen(database, cast.marston.id, "active", given=SENDING)
    with database.write() as db:
        for key, typed in {**JANE, **SENDING}.items():
            actions.answer(db, id, key, [typed], by=PROSPECT, now=now())
    return id


class Side(Thread):
    """One side of a race; what it raised is raised again when it is waited for."""

    def __init__(self, database: Database, act: Callable[[Any], object]) -> None:
        super().__init__(daemon=True)
        self.database, self.act = database, act
        self.fault: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            with self.database.write() as db:
                self.act(db)
        except BaseException as fault:
            self.fault = fault

    def wait(self) -> None:
        self.join(SECONDS)
        assert not self.is_alive()
        if self.fault is not None:
            raise self.fault


@pytest.mark.parametrize("paused", ["match", "stays"])
def test_either_way_nothing_is_filed_under_an_erased_contact(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch, paused: str
) -> None:
    """The one who sends pauses once they have found their contact, and once they have made sure that it stays.

    SQLite has one writer at a time, so there the erasure waits for the end of the pause.
    """
    first = prescreen(database, cast.marston.id, given=KNOWN)
    contact = stored(database, first).contact_id
    assert contact is not None
    sending = answered(database, cast)
    reached, go_on = Event(), Event()
    real = getattr(contacts, paused)

    def pausing(*given: Any, **named: Any) -> Any:
        found = real(*given, **named)
        if not reached.is_set():
            reached.set()
            go_on.wait(1.0)
        return found

    monkeypatch.setattr(contacts, paused, pausing)
    by, reach = cast.actor("adam"), Reach((cast.marston.id,))
    sender = Side(database, lambda db: actions.complete(db, sending, by=PROSPECT, now=now()))
    assert reached.wait(SECONDS)
    eraser = Side(
        database, lambda db: actions.erase_contact(db, contact, reach=reach, reason="Asked", by=by, now=now())
    )
    eraser.join(0.3)
    go_on.set()
    sender.wait()
    eraser.wait()
    row = stored(database, sending)
    assert row.status == "completed"
    assert stored(database, first).name == "Erased"
    if row.contact_id == contact:
        assert (row.name, row.submission) == ("Erased", {}), "it was there first, and is erased with the contact"
    else:
        assert row.name == "Emeka Obiora"
        with database.read() as db:
            found = contacts.get(db, row.contact_id)
        assert found is not None
        assert (found.name, found.erased_at) == ("Emeka Obiora", None)
