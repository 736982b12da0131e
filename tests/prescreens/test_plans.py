"""Every hot read walks an index, on both databases: asked of the planner itself, over six thousand rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import event, insert, select, update

from app.accounts.scope import Scope
from app.dashboard.listing import Listing
from app.dashboard.undo import queries as undo_queries
from app.dashboard.undo.models import PendingDecision
from app.kernel.db.engine import Database, Db
from app.kernel.text import search
from app.prescreens.actions._count import count_steps
from app.prescreens.models import Contact, DecisionSnapshot, FirstLook, Prescreen
from app.prescreens.queries import (
    alike,
    api,
    calibration,
    contact_history,
    contacts,
    counts,
    drafts,
    drop_off,
    fairness,
    first_looks,
    forecast,
    listing,
    questionnaires,
    waiting_times,
)
from app.prescreens.queries.first_looks import Looker
from app.prescreens.queries.search import search_document
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.answers import Person
from app.prescreens.rules.fairness import MOST
from app.prescreens.rules.progress import Step
from app.prescreens.rules.reasons import Mirror
from app.prescreens.views.filters import FILTERS
from app.prescreens.views.measured import Group
from tests.cast import Cast
from tests.dashboard.choosing import chooser
from tests.planner import count_rows
from tests.prescreens.factories import template

choose = chooser(FILTERS)

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
ROWS = 6_000
STAGES = [("draft", "pending_review"), ("active", "pending_review"), ("completed", "pending_review")]
STAGES += [("completed", "approved"), ("completed", "denied")]


def fill(database: Database) -> None:
    """Two organizations' prescreens over 200 days."""
    cast = Cast(database)
    homes = [cast.marston.id, cast.harbor.id]
    with database.write() as db:
        templates = {home: [template(db, home, slug) for slug in ("one", "two")] for home in homes}
        rows = []
        for n in range(ROWS):
            status, review = STAGES[n % 5]
            created_at = NOW - timedelta(minutes=n * 48)
            rows.append(
                {
                    "id": UUID(int=n * 7919 + 1),
                    "organization_id": homes[n % 2],
                    "workflow_template_id": templates[homes[n % 2]][n // 2 % 2],
                    "template_version": 1,
                    "submission": {},
                    "status": status,
                    "review_status": review,
                    "reviewed_at": None if review == "pending_review" else created_at + timedelta(hours=1),
                    "name": f"Jane {n}",
                    "alike_key": str(n % 10 // 5 + n % 50 // 10 * 2),
                    "inquiry": {2: "asked", 7: "answered"}.get(n % 20),
                    "updated_at": created_at,
                    **Prescreen.lifetime(created_at),
                }
            )
        db.execute(insert(Prescreen.__table__), rows)
    count_rows(database)


pytestmark = pytest.mark.filled(by=(fill,))


@pytest.fixture
def home(database: Database, cast: Cast) -> int:
    """One of the two organizations."""
    return int(cast.marston.id)


@pytest.fixture
def findable(database: Database, home: int) -> int:
    """The same, found by their names."""
    with database.write() as db:
        for id, organization_id in db.execute(select(Prescreen.id, Prescreen.organization_id)).all():
            who = Person(f"Jane{id.int % 997} Smith")
            search.add(db, search_document(id, organization_id, who))
    count_rows(database)
    return home


@contextmanager
def listening(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that the block reads with."""
    heard: list[tuple[str, Any]] = []

    def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        heard.append((statement, parameters))

    event.listen(database.reader, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(database.reader, "before_cursor_execute", hear)


def plans(database: Database, read: Callable[[Db], object]) -> str:
    """How the planner would run what `read` reads."""
    with database.read() as db, listening(database) as heard:
        read(db)
    assert heard
    explain = "EXPLAIN QUERY PLAN " if database.sqlite else "EXPLAIN "
    found = []
    with database.reader.connect() as connection:
        for statement, parameters in heard:
            rows = connection.exec_driver_sql(explain + statement, parameters).all()
            found += [str(row[-1]) for row in rows]
    return "\n".join(found)


LARGE = ("prescreens", "search_entries", "prescreen_day_counts")


def by_index(plan: str, tables: tuple[str, ...] = LARGE) -> None:
    """No table of any size is read from end to end."""
    for table in tables:
        assert f"Seq Scan on {table}" not in plan, plan
        assert f"SCAN {table}\n" not in f"{plan}\n", plan


def in_order(plan: str) -> None:
    """Rows come out of the index as they are wanted: nothing is sorted first."""
    by_index(plan)
    assert "TEMP B-TREE FOR ORDER BY" not in plan, plan
    assert "Sort" not in plan, plan


def test_the_documented_list(database: Database, home: int) -> None:
    def read(filters: api.Filters, offset: int) -> Callable[[Db], object]:
        return lambda db: api.page(db, home, filters, NOW, offset=offset, limit=20)

    with database.read() as db:
        template_id = api.page(db, home, api.Filters(), NOW, offset=0, limit=1)[0].workflow_template_id
    for filters in (
        api.Filters(),
        api.Filters(questionnaire_id=template_id),
        api.Filters(status="active"),
        api.Filters(status="completed"),
        api.Filters(status="expired"),
        api.Filters(review_status="denied"),
        api.Filters(questionnaire_id=template_id, status="completed", review_status="pending_review"),
    ):
        for offset in (0, 900, 1500):
            # A far page asks for every day of the organization, which is half of all days here.
            tables = LARGE[:2] if offset > api.JUMP_FROM else LARGE
            by_index(plans(database, read(filters, offset)), tables)


def test_one_and_its_count(database: Database, home: int) -> None:
    by_index(plans(database, lambda db: api.one(db, home, UUID(int=1))))
    for status in (None, "active", "completed", "expired"):
        by_index(plans(database, lambda db, s=status: api.count(db, home, api.Filters(status=s), NOW)))


def around(listed: Listing, db: Db) -> None:
    """The first page, the one after it, that one backwards, and what lies beside a row."""
    listed.size = 20
    first = listed.page(db)
    if first.next_cursor:
        second = listed.page(db, first.next_cursor)
        listed.page(db, before=second.previous_cursor)
        listed.page(db, second.next_cursor or first.next_cursor)


def test_the_queue(database: Database, home: int) -> None:
    for reach, state in product((frozenset({home}), None), listing.STATES):
        sorts = ("", *(mark + name for name in choose(state=state).sorts for mark in ("", "-")))
        for f in (choose(state=state, reach=reach, sort=sort) for sort in sorts):
            found = plans(database, lambda db, f=f: around(listing.listing(db, f, NOW), db))
            # The heads of several stages are merged, and only they are sorted.
            (by_index if f.sort and state in ("answering", "expired") else in_order)(found)


def test_the_queue_narrowed(database: Database, home: int, cast: Cast) -> None:
    with database.read() as db:
        template_id = api.page(db, home, api.Filters(), NOW, offset=0, limit=1)[0].workflow_template_id
    for reach in (frozenset({home}), None):
        for state in ("waiting", "answering", "expired", "all"):
            f = choose(state=state, reach=reach, template_id=template_id)
            in_order(plans(database, lambda db, f=f: around(listing.listing(db, f, NOW), db)))
        for state in listing.STATES:
            f = choose(state=state, reach=reach, first=NOW.date() - timedelta(days=9), last=NOW.date())
            found = plans(database, lambda db, f=f: around(listing.listing(db, f, NOW), db))
            # Of a few days those of one decision may as well be found first and sorted then.
            (by_index if state in ("approved", "denied", "expired") else in_order)(found)
    for facts in ({"tag": "vip"}, {"person": cast.lena.id}, {"person": "nobody"}):
        for state in listing.STATES:
            f = choose(state=state, reach=frozenset({home}), **facts)  # type: ignore[arg-type]
            by_index(plans(database, lambda db, f=f: around(listing.listing(db, f, NOW), db)))


class Contacted(NamedTuple):
    """A row whose contact is known."""

    id: UUID
    organization_id: int
    contact_id: UUID
    expires_at: datetime


def test_a_row_and_its_place(database: Database, home: int) -> None:
    for reach in (frozenset({home}), None):
        f = choose(reach=reach)
        with database.read() as db:
            row = listing.listing(db, f, NOW).page(db).rows[3][1]
        by_index(plans(database, lambda db, f=f, id=row.id: listing.near(db, listing.listing(db, f, NOW), f, NOW, id)))
    known = Contacted(row.id, home, row.id, row.expires_at)
    by_index(plans(database, lambda db: contacts.returning(db, [known])))


def test_what_a_decision_is_compared_with(database: Database, home: int) -> None:
    one = Prescreen(organization_id=home, alike_key="7")
    by_contact = Prescreen(id=UUID(int=1), organization_id=home, contact_id=UUID(int=5))
    by_index(plans(database, lambda db: contacts.earlier(db, by_contact)))
    counted = plans(database, lambda db: alike.mirror(db, one))
    by_index(counted)
    assert "ix_prescreens_alike" in counted
    with database.read() as db:
        assert alike.mirror(db, one) == Mirror(120, 120)


def test_what_a_draft_is_compared_with_and_how_long_decisions_take(database: Database, home: int) -> None:
    with database.read() as db:
        asked = db.scalars(select(Prescreen.workflow_template_id).where(Prescreen.organization_id == home)).first()
    assert asked is not None
    compared = plans(database, lambda db: drafts.latest_answers(db, home, asked, NOW))
    by_index(compared)
    in_order(compared)
    assert "ix_prescreens_template_stage" in compared
    waited = plans(database, lambda db: waiting_times.usual_days(db, home, NOW))
    by_index(waited)
    in_order(waited)
    assert "_decided" in waited


def test_a_contact(database: Database, home: int, cast: Cast) -> None:
    viewer = Looker(cast.lena.id, Scope(False, frozenset({home})))
    with database.write() as db:
        made = {"organization_id": home, "created_at": NOW, "phone_key": "+1555"}
        db.execute(insert(Contact.__table__), [{"id": UUID(int=n + 1), **made} for n in range(2000)])
        some = Prescreen.organization_id == home
        ids = db.scalars(select(Prescreen.id).where(some).order_by(Prescreen.id).limit(3)).all()
        for id, (own, other) in zip(ids, ((1, None), (1, 2), (2, 1)), strict=True):
            pair = {"contact_id": UUID(int=own), "other_contact_id": UUID(int=other) if other else None}
            db.execute(update(Prescreen).where(Prescreen.id == id).values(pair))
    count_rows(database)
    with database.read() as db:
        contact = contact_history.get(db, UUID(int=1))
    assert contact is not None

    def read(db: Db) -> None:
        assert len(contact_history.filed(db, contact, viewer, NOW)[0]) == 2
        assert len(contact_history.also_fits(db, contact, viewer, NOW)) == 1
        assert UUID(int=2) in [other.id for other in contact_history.sharing(db, contact, viewer, NOW)]

    by_index(plans(database, read), (*LARGE, "contacts"))


def test_the_numbers_of_the_tabs(database: Database, home: int) -> None:
    for reach in (Reach((home,)), Reach(None)):
        by_index(plans(database, lambda db, r=reach: counts.list_counts(db, r, NOW)))
    for scope in (Scope(False, frozenset({home})), Scope(True, frozenset())):
        words = plans(database, lambda db, s=scope: counts.waiting_count(db, s, NOW))
        by_index(words)


def test_the_search(database: Database, findable: int) -> None:
    for words in ("jane12", "jane12 smith"):
        f = choose(state="all", q=words, reach=frozenset({findable}))
        by_index(plans(database, lambda db, f=f: listing.listing(db, f, NOW).page(db)))


def test_what_is_on_hold(database: Database, home: int, cast: Cast) -> None:
    """Among thousands of holds that ended long ago, the few that count are found at once."""
    with database.write() as db:
        rows = [
            {
                "id": UUID(int=n + 1),
                "subject_type": "prescreen",
                "subject_id": str(UUID(int=n * 7919 + 1)),
                "organization_id": home,
                "person_id": cast.lena.id,
                "shown_to": cast.lena.id if n < 3 else None,
                "kind": "approve",
                "name": "Jane",
                "url": "/",
                "actor": {"name": "Lena Ortiz"},
                "payload": {"notes": None},
                "version": 1,
                "digest": "0" * 64,
                "pressed_at": NOW - timedelta(minutes=n),
                "final_at": NOW,
                "due_at": NOW,
                "failures": 0,
                "state": "held" if n < 3 else "final",
            }
            for n in range(ROWS)
        ]
        db.execute(insert(PendingDecision.__table__), rows)
    count_rows(database)
    some = [UUID(int=n * 7919 + 1) for n in range(50)]
    for read in (
        lambda db: undo_queries.on_bar(db, cast.lena.id),
        lambda db: undo_queries.pending(db, "prescreen", some[0]),
        lambda db: undo_queries.latest(db, "prescreen", some[0]),
        lambda db: undo_queries.pending_of(db, "prescreen", some),
        lambda db: undo_queries.pending_ids(db, "prescreen"),
        lambda db: undo_queries.recent(db, cast.lena.id),
        lambda db: undo_queries.due(db, NOW, 20),
    ):
        by_index(plans(database, read), ("holds",))


def test_the_forecast_and_the_notices(database: Database, home: int) -> None:
    in_order(plans(database, lambda db: forecast.first_to_decide(db, home, NOW)))
    by_index(plans(database, lambda db: forecast.outlook(db, home, "UTC", NOW)), (*LARGE, "tallies"))


def test_what_became_of_each_question(database: Database, home: int) -> None:
    with database.write() as db:
        ids = [row.id for row in questionnaires.listing(db, Reach(None))]
        for id, version in product(ids, range(1, 40)):
            count_steps(db, id, version, [Step(f"q{n}", "shown") for n in range(20)])
    count_rows(database)
    by_index(plans(database, lambda db: drop_off.counts(db, ids[0], 7)), ("prescreen_question_counts",))


def decided(database: Database) -> list[UUID]:
    """A snapshot of the decision for every prescreen: one of ten by API, one of fifty after a blind first look."""
    hashes = dict.fromkeys(("answers_hash", "criteria_hash", "email_hash"), "0" * 64)
    with database.write() as db:
        found = db.execute(select(Prescreen.id, Prescreen.organization_id, Prescreen.reviewed_at)).all()
        rows = [
            {
                "prescreen_id": id,
                "organization_id": organization_id,
                "decision": "approved",
                "via": "page" if n % 10 else "api",
                "decided_by": "Lena",
                "version": 1,
                "template_version": 1,
                "met": {},
                "reasons": [],
                "why": "",
                "pressed_at": at or NOW,
                "decided_at": at or NOW,
                "first_choice": None if n % 50 else "approve",
                **hashes,
            }
            for n, (id, organization_id, at) in enumerate(found)
        ]
        db.execute(insert(DecisionSnapshot.__table__), rows)
    count_rows(database)
    return [id for id, *_ in found]


def test_the_first_looks(database: Database, home: int, cast: Cast) -> None:
    """Whether there are blind ones is asked of an index of these alone, as is what was chosen at first looks."""
    every = decided(database)
    ids = every[:50]
    look = {"person_id": cast.mira.id, "organization_id": home, "choice": "approve", "version": 1, "chosen_at": NOW}
    with database.write() as db:
        db.execute(insert(FirstLook.__table__), [{"prescreen_id": id, **look} for id in every])
        db.execute(update(Prescreen).where(Prescreen.id.in_(ids[:2])).values(blind=True))
    count_rows(database)
    viewer = Looker(cast.lena.id, Scope(False, frozenset({home})))
    for some in (ids, ids[:1]):
        asked = plans(database, lambda db, some=some: first_looks.unseen_of(db, some, viewer, NOW))
        by_index(asked, (*LARGE, "prescreen_first_looks"))
        assert "ix_prescreens_blind" in asked
    chosen = plans(database, lambda db: first_looks.decided_by_choice(db, [home], NOW - timedelta(days=30)))
    by_index(chosen, ("prescreen_decisions",))
    assert "ix_prescreen_decisions_first_choice" in chosen


def test_the_decisions_of_the_fairness_page(database: Database, home: int) -> None:
    """As many as count at most are read, in order, among others of the API and of another organization."""
    decided(database)
    read = plans(database, lambda db: fairness.latest(db, home, "UTC", 20))
    in_order(read)
    by_index(read, (*LARGE, "prescreen_decisions"))
    assert "ix_prescreen_decisions_page" in read
    with database.read() as db, listening(database) as heard:
        seen = fairness.measured(db, home, "UTC")
    assert seen.fairness.n == MOST
    assert len(heard) == 3


def test_the_rows_behind_the_fairness_page(database: Database, home: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read by their ids, or along the index of what was decided; of one organization as of all."""
    with database.read() as db:
        ids = list(db.scalars(select(Prescreen.id).where(Prescreen.organization_id == home).limit(MOST)))
    monkeypatch.setattr(Group, "values", lambda *_: {"measured": ids})
    for reach, state in product((None, frozenset({home})), ("decided", "denied")):
        chosen = choose(state=state, language="es", reach=reach, organization_id=home)
        listed = plans(database, lambda db, chosen=chosen: listing.listing(db, chosen, NOW).page(db))
        by_index(listed)


def test_the_cases_of_a_calibration_round(database: Database, home: int) -> None:
    """Out of the latest decisions alone, and read by their ids."""
    chosen = plans(database, lambda db: calibration.candidates(db, home))
    by_index(chosen)
    assert "_decided" in chosen
    by_index(plans(database, lambda db: calibration.cases(db, [])))
