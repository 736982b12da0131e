"""Change the checklist: what is prepared for a request, and whose open items are flags."""

import pytest

from app.depositions import actions
from app.depositions.queries import checklists
from app.depositions.rules.checklist import Item, Progress, read
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.errors import Conflict, Invalid
from tests.depositions import factories
from tests.depositions.pages import listed, others_may_not, send, sender, stored
from tests.pages import at_once, one_wins, text

TYPED = {"interpreter": "none", "exhibits": "open", "reporter": "done", "link": "open"}


def kept(database, id):
    with database.read() as db:
        return {item.value: progress.value for item, progress in checklists.checklist(db, id).items()}


@pytest.mark.parametrize("state", ["initial", "scheduled", "ready", "active"])
def test_works(ines, cast, database, state):
    made = factories.in_state(database, cast, state)
    before = listed(ines, cast, made.id)
    assert send(ines, made.id, "change_checklist", version=made.version, **TYPED).status_code == 303
    assert kept(database, made.id) == TYPED
    assert stored(database, made.id).version == made.version + 1
    page = text(ines.get(f"/depositions/{made.id}"))
    assert "Checklist changed by Ines Okafor" in page
    assert "exhibits: not needed → to do" in page
    assert "Exhibits: to do, Reporter: done, Link tested: to do" in page
    assert ("On the checklist, and not done: exhibits." in page) == (state != "active")
    if state != "active":
        assert "Exhibits missing" in text(ines.get("/depositions?view=everything"))
    assert listed(ines, cast, made.id) == before, "the API says nothing of it"


def test_what_is_done_is_no_flag_any_more(ines, cast, database):
    made = factories.request(database, cast)
    send(ines, made.id, "change_checklist", version=1, **TYPED)
    done = {**TYPED, "exhibits": "done", "link": "none"}
    assert send(ines, made.id, "change_checklist", version=2, **done).status_code == 303
    assert kept(database, made.id) == done
    page = text(ines.get("/depositions"))
    assert "Exhibits missing" not in page
    with database.read() as db:
        data = timeline(db, "deposition", made.id)[0].data
    assert data == {"before": {"exhibits": "open", "link": "open"}, "after": {"exhibits": "done", "link": "none"}}


def test_who_may_not(client, cast, database):
    others_may_not(client, cast, database, factories.request(database, cast), "change_checklist", **TYPED)


def test_twice(ines, cast, database):
    made = factories.request(database, cast)
    assert send(ines, made.id, "change_checklist", version=1, **TYPED).status_code == 303
    again = send(ines, made.id, "change_checklist", version=2, **TYPED)
    assert (again.status_code, "The checklist says that already." in text(again)) == (409, True)


def test_while_it_is_live(ines, cast, database):
    made = factories.in_state(database, cast, "active")
    assert f'action="/depositions/{made.id}/change_checklist' in text(ines.get(f"/depositions/{made.id}"))
    assert send(ines, made.id, "change_checklist", version=made.version, **TYPED).status_code == 303
    assert stored(database, made.id).version == made.version + 1


@pytest.mark.parametrize("state", ["ended", "canceled"])
def test_wrong_state(ines, cast, database, state):
    made = factories.in_state(database, cast, state)
    answer = send(ines, made.id, "change_checklist", version=made.version, **TYPED)
    assert (answer.status_code, "needs no checklist" in text(answer)) == (409, True)
    assert stored(database, made.id) == made
    assert set(kept(database, made.id).values()) == {"none"}


def test_stale(ines, cast, database):
    made = factories.request(database, cast)
    send(ines, made.id, "change_checklist", version=1, **TYPED)
    stale = send(ines, made.id, "change_checklist", version=1, **{**TYPED, "link": "done"})
    assert (stale.status_code, "You changed the checklist while" in text(stale)) == (409, True)
    assert kept(database, made.id) == TYPED


def test_lost_race(another_browser, cast, database):
    made = factories.request(database, cast)
    one_wins(at_once([sender(another_browser(), made.id, "change_checklist", version=1, **TYPED) for _ in range(3)]))
    assert kept(database, made.id) == TYPED


def test_unknown(ines):
    assert send(ines, 987654, "change_checklist", **TYPED).status_code == 404


@pytest.mark.parametrize("typed", [{**TYPED, "link": "maybe"}, {**TYPED, "link": "\x00"}, {"exhibits": ""}])
def test_what_cannot_be_read_is_refused_in_words(ines, cast, database, typed):
    made = factories.request(database, cast)
    assert send(ines, made.id, "change_checklist", version=1, **typed).status_code == 422
    assert stored(database, made.id) == made


def test_some_items_alone_as_the_command_line_writes_them(cast, database):
    made = factories.request(database, cast)
    by = cast.actor("ines")
    with database.write() as db:
        actions.change_checklist(db, made.id, read({"link": "open"}), by=by, now=now())
    with database.write() as db:
        actions.change_checklist(db, made.id, {Item.EXHIBITS: Progress.DONE}, by=by, now=now())
    assert kept(database, made.id) == {"interpreter": "none", "exhibits": "done", "reporter": "none", "link": "open"}
    for typed in ({"lunch": "done"}, {"link": "x"}):
        with pytest.raises(Invalid):
            read(typed)
    with database.write() as db, pytest.raises(Conflict):
        actions.change_checklist(db, made.id, {}, by=by, now=now())
