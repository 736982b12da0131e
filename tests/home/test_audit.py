"""The audit: the list, its filters, the scope of its readers, and that its cost stays flat."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, text

from app.accounts.scope import Scope
from app.home import audit
from app.kernel import clock
from app.kernel.changes.events import Event
from app.kernel.db.engine import Database
from tests.accounts.browser import post
from tests.cast import Cast
from tests.history import rewriting
from tests.planner import count_rows

EVERYTHING = Scope(True, frozenset())


def happened(database: Database, n: int, **facts: Any) -> None:
    """Writes `n` events, a minute apart, the last one now."""
    now = clock.now()
    plain: dict[str, Any] = {
        "organization_id": None,
        "subject_type": "deposition",
        "subject_id": "7",
        "kind": "deposition.requested",
        "actor_kind": "key",
        "actor_id": "1",
        "actor_name": "Marston",
        "via": "api",
        "data": {},
    }
    rows = [{**plain, **facts, "created_at": now - timedelta(minutes=n - 1 - i)} for i in range(n)]
    with database.write() as db:
        db.execute(insert(Event.__table__), rows)


def kinds_of(page: audit.Page) -> list[str]:
    return [row.kind for row in page.rows]


def test_an_act_stands_in_the_list(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "hugo")
    changed = {"version": "1", "name": "Hugo B.", "time_zone": "UTC", "theme": "dark", "undo_seconds": "30"}
    assert post(client, "/settings", changed).status_code == 303
    page = client.get("/audit").get_data(as_text=True)
    assert "Settings changed" in page
    assert "Hugo Brandt → Hugo B." in page


def test_a_filter_that_cannot_be_read_is_named_and_dropped_and_the_others_hold(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "hugo")
    for wrong in ("desk=moon", "kind=nothing.ever", "who=x", "organization=-1", "from=tomorrow", "about=7", "to=1-1-1"):
        answer = client.get(f"/audit?{wrong}&when=today")
        assert (answer.status_code, answer.text.count("was left out.")) == (200, 1), wrong
        assert "when=today" in answer.text or "from" in wrong or "to=" in wrong
        assert client.get(f"/audit/csv?{wrong}").status_code == 422, "a file is never silently unfiltered"
    assert client.get("/audit?after=forged").status_code == 400


def test_days_are_typed_as_the_reader_writes_them_or_named_as_a_period(
    client: FlaskClient, cast: Cast, database: Database
) -> None:
    happened(database, 1, organization_id=cast.marston.id, actor_name="Somebody of today")
    cast.sign_in(client, "adam")
    typed = client.get("/audit?desk=depositions&from=11/24/2019&to=24+Nov+2020")
    assert typed.location == "/audit?desk=depositions&from=2019-11-24&to=2020-11-24"
    page = client.get(typed.location).get_data(as_text=True)
    assert "When:</span> <bdi>11/24/2019–11/24/2020</bdi>" in page
    assert 'href="/audit?desk=depositions" hx-get' in page, "one chip takes both ends off"
    assert "Somebody of today" not in page
    assert "Somebody of today" in client.get("/audit?when=today").get_data(as_text=True)
    assert "Somebody of today" not in client.get("/audit?when=yesterday").get_data(as_text=True)
    assert "“When” was left out." in client.get("/audit?when=once").text


def test_who_has_no_business_here_is_refused(client: FlaskClient, cast: Cast) -> None:
    for stranger in ("ines", "lena", "otto", "nora"):
        cast.sign_in(client, stranger)
        assert client.get("/audit").status_code == 403


def test_an_organization_sees_its_own_and_nothing_else(client: FlaskClient, cast: Cast, database: Database) -> None:
    happened(database, 1, organization_id=cast.marston.id, actor_name="Somebody of Marston")
    happened(database, 1, organization_id=cast.harbor.id, actor_name="Somebody of Harbor")
    happened(database, 1, organization_id=None, actor_name="Somebody of the platform")
    for reader in ("adam", "aude"):
        cast.sign_in(client, reader)
        page = client.get("/audit").get_data(as_text=True)
        assert "Somebody of Marston" in page
        assert "Somebody of Harbor" not in page
        assert "Somebody of the platform" not in page
        foreign = client.get(f"/audit?organization={cast.harbor.id}").get_data(as_text=True)
        assert "Somebody of Harbor" not in foreign
        theirs = client.get("/audit?desk=depositions&about=7").get_data(as_text=True)
        assert "Somebody of Harbor" not in theirs
        assert "Somebody of Marston" in theirs
    cast.sign_in(client, "ada")
    page = client.get("/audit").get_data(as_text=True)
    assert all(f"Somebody of {who}" in page for who in ("Marston", "Harbor", "the platform"))


def test_pages_hold_each_event_once(database: Database, cast: Cast) -> None:
    happened(database, 23, organization_id=cast.marston.id)
    happened(database, 23, organization_id=cast.harbor.id)
    for scope, wanted in (
        (Scope(False, frozenset({cast.marston.id})), 23),
        (Scope(False, frozenset({cast.marston.id, cast.harbor.id})), 46),
    ):
        found: list[int] = []
        after = None
        with database.read() as db:
            while True:
                page = audit.page(db, scope, audit.Filters(), after, size=10)
                found += [row.id for row in page.rows]
                after = page.next_cursor
                if after is None:
                    break
            assert found == [row.id for row in audit.all_rows(db, scope, audit.Filters())]
        assert found == sorted(set(found), reverse=True)
        assert len(found) == wanted


def test_days_are_the_readers(database: Database) -> None:
    happened(database, 3 * 24 * 60 // 30)
    today = clock.now().date()
    with rewriting(database) as db:  # half an hour apart, over a day and a half
        db.execute(
            text("UPDATE events SET created_at = :at WHERE id = (SELECT max(id) FROM events)"),
            {"at": (clock.now() - timedelta(seconds=1)).replace(tzinfo=None).isoformat(sep=" ")}
            if database.sqlite
            else {"at": clock.now() - timedelta(seconds=1)},
        )
    with database.read() as db:
        here = audit.page(db, EVERYTHING, audit.Filters(first=today, last=today), None, size=500).rows
        assert here
        assert all(row.created_at.date() == today for row in here)
        before = audit.Filters(last=today - timedelta(days=400))
        assert audit.page(db, EVERYTHING, before, None).rows == []


def test_a_rare_kind_is_found_window_by_window(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "WINDOW", 20)
    happened(database, 1, kind="deposition.canceled")
    happened(database, 50)
    f = audit.Filters(kind="deposition.canceled")
    with database.read() as db:
        first = audit.page(db, EVERYTHING, f, None)
        assert first.rows == []
        assert first.looked_back_to is not None
        second = audit.page(db, EVERYTHING, f, first.next_cursor)
        third = audit.page(db, EVERYTHING, f, second.next_cursor)
        assert kinds_of(third) == ["deposition.canceled"]
        assert third.next_cursor is None
        assert [row.kind for row in audit.all_rows(db, EVERYTHING, f)] == ["deposition.canceled"]


def test_a_kind_is_found_under_its_earlier_names(client: FlaskClient, cast: Cast, database: Database) -> None:
    happened(database, 1, kind="deposition.given_back", actor_name="Before Renaming")
    happened(database, 1, kind="deposition.unassigned", actor_name="After Renaming")
    happened(database, 1, kind="deposition.started", actor_name="Something Else")
    cast.sign_in(client, "hugo")
    for kind in ("deposition.unassigned", "deposition.given_back"):
        page = client.get(f"/audit?kind={kind}").text
        rows = page.partition("<tbody>")[2]
        assert "Before Renaming" in rows
        assert "After Renaming" in rows
        assert "Something Else" not in rows


def test_what_belongs_to_no_desk_is_found_under_its_earlier_name(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "hugo")
    old, new = (client.get(f"/audit?desk={name}").text.partition("<tbody>")[2] for name in ("house", "general"))
    assert "Hugo Brandt" in old
    assert old.count("<tr ") == new.count("<tr ")


def test_one_person_is_found_by_index(database: Database, cast: Cast) -> None:
    happened(database, 30)
    happened(database, 2, actor_kind="person", actor_id=str(cast.ines.id), actor_name="Ines Okafor")
    count_rows(database)
    f = audit.Filters(person_id=cast.ines.id)
    with database.read() as db:
        assert {row.actor_name for row in audit.page(db, EVERYTHING, f, None).rows} == {"Ines Okafor"}
        reach = audit._window(EVERYTHING, f, None, None)
        assert reach is not None
        compiled = str(reach.compile(db.get_bind(), compile_kwargs={"literal_binds": True}))
        if database.sqlite:
            plan = "\n".join(str(row[-1]) for row in db.execute(text(f"EXPLAIN QUERY PLAN {compiled}")))
        else:
            db.execute(text("SET enable_seqscan = off"))
            plan = "\n".join(row[0] for row in db.execute(text(f"EXPLAIN {compiled}")))
            db.execute(text("RESET enable_seqscan"))  # the connection goes back to others
    assert "ix_events_person" in plan


def test_kept_facts_read_as_before_and_after() -> None:
    data = {"before": {"time_zone": "Europe/Paris", "single_keys": True}, "after": {"time_zone": "UTC"}, "told": False}
    assert audit.facts(data) == [
        ("time zone", "Europe/Paris → UTC"),
        ("single keys", "yes → nothing"),
        ("told", "no"),
    ]


def test_a_page_asks_a_fixed_number_of_statements(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "hugo")
    seen = []
    for n in (60, 600):
        happened(database, n, organization_id=cast.marston.id)
        client.get("/audit")
        seen.append(statements(database, lambda: client.get("/audit")))
    assert seen[0] == seen[1]


def statements(database: Database, act: Any) -> int:
    from sqlalchemy import event

    count = 0

    def one_more(*_: Any) -> None:
        nonlocal count
        count += 1

    event.listen(database.reader, "before_cursor_execute", one_more)
    try:
        act()
    finally:
        event.remove(database.reader, "before_cursor_execute", one_more)
    return count


def test_the_file_is_the_list_and_is_noted(client: FlaskClient, cast: Cast, database: Database) -> None:
    happened(database, 3, organization_id=cast.marston.id, actor_name="=HYPERLINK(1)")
    happened(database, 2, organization_id=cast.harbor.id)
    cast.sign_in(client, "aude")
    answer = client.get("/audit/csv?desk=depositions")
    lines = answer.get_data(as_text=True).removeprefix("\ufeff").splitlines()
    assert answer.mimetype == "text/csv"
    assert len(lines) == 4
    assert all("'=HYPERLINK(1)" in line for line in lines[1:])
    page = client.get("/audit").get_data(as_text=True)
    assert "/audit?desk=depositions" in page


def test_the_file_of_another_organization_is_noted_in_ones_own(
    client: FlaskClient, cast: Cast, database: Database
) -> None:
    happened(database, 1, organization_id=cast.harbor.id)
    cast.sign_in(client, "aude")
    for organization_id in (cast.harbor.id, 999_999):
        answer = client.get(f"/audit/csv?organization={organization_id}")
        assert len(answer.get_data(as_text=True).splitlines()) == 1
    with database.read() as db:
        noted = db.scalars(select(Event.organization_id).where(Event.subject_id == "audit")).all()
    assert noted == [cast.marston.id] * 2, "nobody writes into the audit of another organization"
