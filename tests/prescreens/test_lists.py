"""Lists, counts and pages say the same as a slow recount, in every filter, on both databases."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from app.accounts.scope import Scope
from app.kernel.db import recounts
from app.kernel.db.engine import Database, Db
from app.prescreens.models import Contact, Prescreen
from app.prescreens.queries import api, counts, listing
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.review import status_of
from app.prescreens.views.filters import FILTERS
from tests.cast import Cast
from tests.dashboard.choosing import chooser
from tests.prescreens.factories import template

choose = chooser(FILTERS)

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
STORED = [
    ("draft", "pending_review"),
    ("active", "pending_review"),
    ("completed", "pending_review"),
    ("completed", "approved"),
    ("completed", "denied"),
]


class Place:
    """Some hundred prescreens of two organizations, around every edge that a list has."""

    def __init__(self, database: Database, cast: Cast) -> None:
        self.database = database
        self.mine, self.other = cast.marston.id, cast.harbor.id
        dice = random.Random(7)
        with database.write() as db:
            self.templates = [template(db, self.mine, slug) for slug in ("one", "two")]
            elsewhere = [template(db, self.other, "one")]
            self.contacts = [self._contact(db, self.mine) for _ in range(4)]
            moments = [NOW + timedelta(days=d, hours=h) for d in range(-40, 31) for h in (-10, 0, 3)]
            edges = [NOW, NOW + timedelta(microseconds=1), NOW - timedelta(microseconds=1)]
            edges += [NOW + timedelta(days=n, microseconds=m) for n in (3, 7, 10) for m in (0, 1)]
            rows = [self._row(dice, at, self.mine, dice.choice(self.templates)) for at in moments + edges * 4]
            rows += [self._row(dice, at, self.other, elsewhere[0], False) for at in moments[::2]]
            db.execute(insert(Prescreen.__table__), rows)
        self.rows = [row for row in rows if row["organization_id"] == self.mine]

    def _contact(self, db: Db, organization_id: int) -> UUID:
        id = uuid4()
        db.execute(insert(Contact).values(id=id, organization_id=organization_id, name="", created_at=NOW))
        return id

    def _row(
        self, dice: random.Random, expires_at: datetime, organization_id: int, template_id: UUID, contact: bool = True
    ) -> dict[str, Any]:
        status, review_status = dice.choice(STORED)
        created_at = expires_at - timedelta(days=30)
        return {
            "id": uuid4(),
            "organization_id": organization_id,
            "workflow_template_id": template_id,
            "template_version": 1,
            "contact_id": dice.choice([*self.contacts, None]) if contact else None,
            "submission": {},
            "status": status,
            "review_status": review_status,
            "reviewed_at": None if review_status == "pending_review" else created_at + timedelta(hours=dice.random()),
            "name": "Jane Smith",
            "updated_at": created_at,
            **Prescreen.lifetime(created_at),
        }

    def expected(self, filters: api.Filters) -> list[UUID]:
        """The slow way."""
        found = [
            row
            for row in self.rows
            if filters.contact_id in (None, row["contact_id"])
            and filters.questionnaire_id in (None, row["workflow_template_id"])
            and filters.review_status in (None, row["review_status"])
            and filters.status in (None, status_of(_Row(row), NOW))
        ]
        return [row["id"] for row in sorted(found, key=lambda r: (r["expires_at"], r["id"].int), reverse=True)]


class _Row:
    def __init__(self, facts: dict[str, Any]) -> None:
        self.__dict__.update(facts)


@pytest.fixture
def place(database: Database, cast: Cast) -> Iterator[Place]:
    return Place(database, cast)


def test_every_filter_counts_and_lists_like_a_recount(place: Place) -> None:
    with place.database.read() as db:
        for status, review, by_template, by_contact in product(
            (None, "draft", "active", "completed", "expired"),
            (None, "pending_review", "approved", "denied"),
            (False, True),
            (False, True),
        ):
            filters = api.Filters(
                place.contacts[0] if by_contact else None,
                place.templates[0] if by_template else None,
                status,
                review,
            )
            wanted = place.expected(filters)
            assert api.count(db, place.mine, filters, NOW) == len(wanted), filters
            got: list[UUID] = []
            for offset in range(0, len(wanted) + 7, 7):
                got += [row.id for row in api.page(db, place.mine, filters, NOW, offset=offset, limit=7)]
            assert got == wanted, filters


def test_far_pages_land_where_near_ones_would(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "JUMP_FROM", 0)
    with place.database.read() as db:
        for status, review, template_id in product(
            (None, "completed", "expired", "active"), (None, "pending_review", "denied"), (None, place.templates[1])
        ):
            filters = api.Filters(None, template_id, status, review)
            wanted = place.expected(filters)
            for offset in range(0, len(wanted), 5):
                rows = api.page(db, place.mine, filters, NOW, offset=offset, limit=5)
                assert [row.id for row in rows] == wanted[offset : offset + 5], (filters, offset)


def test_tabs_and_groups_count_like_a_recount(place: Place) -> None:
    def waiting(days: int | None = None) -> int:
        return sum(
            status_of(_Row(row), NOW) == "completed"
            and row["review_status"] == "pending_review"
            and (days is None or row["expires_at"] <= NOW + timedelta(days=days))
            for row in place.rows
        )

    with place.database.read() as db:
        found = counts.list_counts(db, Reach((place.mine,)), NOW)
        everywhere = counts.list_counts(db, Reach(None), NOW)
        nobody = counts.list_counts(db, Reach(()), NOW)
        assert counts.waiting_count(db, Scope(False, frozenset({place.mine})), NOW) == waiting()
        assert counts.waiting_count(db, Scope(True, frozenset()), NOW) == everywhere.waiting
    assert found.waiting == waiting()
    assert found.until == {n: waiting(n) for n in counts.LIMITS}
    by_state = {
        "answering": api.Filters(status="active"),
        "approved": api.Filters(review_status="approved"),
        "denied": api.Filters(review_status="denied"),
        "expired": api.Filters(status="expired"),
        "all": api.Filters(),
    }
    drafts = {row["id"] for row in place.rows if row["status"] == "draft"}
    assert drafts, "a draft is in no tab"
    for state, filters in by_state.items():
        assert found.of(state) == len(set(place.expected(filters)) - drafts), state
    assert found.of("decided") == found.of("approved") + found.of("denied")
    assert everywhere.everything > found.everything > nobody.everything == 0


@pytest.mark.parametrize("reach", ["none", "one", "several", "everything"])
def test_every_view_lists_what_its_tab_and_groups_count(place: Place, reach: str) -> None:
    whose = {"none": [], "one": [place.mine], "several": [place.mine, place.other], "everything": None}[reach]
    ids = None if whose is None else frozenset(whose)
    with place.database.read() as db:
        for state, left in [*((state, None) for state in listing.STATES), ("waiting", 3), ("waiting", 7)]:
            f = choose(state=state, left=left, reach=ids)
            listed = listing.listing(db, f, NOW)
            counted = counts.read(listed.counts(db)[1])
            rows = list(listed.stream(db, size=9))
            seen = [row.id for _, row in rows]
            assert len(seen) == len(set(seen)) == counted.of(state, left) == listed.total(db), (state, left)
            for key in (segment.key for segment in listed.compiled.segments):
                assert [k for k, _ in rows].count(key) == counted.group(key), (state, left, key)


def test_kept_counts_equal_a_recount(place: Place) -> None:
    with place.database.read() as db:
        assert recounts.differences(db) == []
