"""The queue: which group, which order, how many, who is next."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.depositions import actions
from app.depositions.models import Deposition
from app.depositions.queries import counts, listing, managers, tabs
from app.depositions.rules.questions import Kind, NewQuestion
from app.depositions.views.filters import FILTERS
from app.kernel.clock import now
from app.kernel.db.counters import differences
from app.kernel.errors import BadRequest
from tests.dashboard.choosing import chooser
from tests.depositions import factories

choose = chooser(FILTERS)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def shown(database, f, moment=None, after=None, size=50):
    with database.read() as db:
        listed = listing.listing(db, f, moment or now())
        listed.size = size
        page = listed.page(db, after)
    return [(key, row.id) for key, row in page.rows], page.next_cursor


@pytest.fixture
def desk(database, cast):
    """One deposition of each kind, by name."""
    moment = now()

    def ask(starts, asked=HOUR, **facts):
        return factories.request(database, cast, starts_at=moment + starts, made_at=moment - asked, **facts).id

    made = {
        "late_soon": ask(20 * HOUR, 30 * HOUR),
        "soon": ask(3 * HOUR),
        "old": ask(9 * DAY, 50 * HOUR),
        "older": ask(40 * DAY, 90 * HOUR),
        "passed": ask(-300 * DAY, 70 * HOUR),
        "fresh": ask(5 * DAY, 5 * HOUR),
        "harbor": ask(5 * DAY, 4 * HOUR, organization="harbor", deponent_name="Delphine Okafor"),
        "ready": ask(6 * DAY, organization="quill"),
    }
    made["scheduled"] = factories.in_state(database, cast, "scheduled", starts_at=moment + 12 * DAY).id
    made["tomorrow"] = factories.in_state(database, cast, "scheduled", starts_at=moment + 10 * HOUR).id
    made["never"] = factories.in_state(database, cast, "scheduled", starts_at=moment - 2 * DAY).id
    made["asked"] = factories.in_state(database, cast, "scheduled", starts_at=moment + 20 * DAY).id
    with database.write() as db:
        actions.request_cancellation(
            db, made["asked"], organization_id=cast.marston.id, by=cast.actor("ines"), now=moment
        )
        question = NewQuestion("Which courthouse?", Kind.TEXT)
        actions.ask(db, made["fresh"], question, by=cast.actor("ines"), now=moment)
    made["active"] = factories.in_state(database, cast, "active", starts_at=moment - HOUR).id
    made["ended"] = factories.in_state(database, cast, "ended", starts_at=moment - 4 * DAY).id
    made["canceled"] = factories.in_state(database, cast, "canceled", starts_at=moment + 4 * DAY).id
    with database.write() as db:
        db.execute(update(Deposition).where(Deposition.id == made["ready"]).values({Deposition.hour_moved: True}))
        for name, stands, until in (("asked", "open", DAY), ("scheduled", "agreed", -DAY), ("tomorrow", "open", -DAY)):
            values = {Deposition.agreement: stands, Deposition.answers_until: moment + until}
            db.execute(update(Deposition).where(Deposition.id == made[name]).values(values))
    return made


def named(desk, rows):
    names = {id: name for name, id in desk.items()}
    return [(key, names[id]) for key, id in rows]


NEEDS = [
    ("soon", "soon"),
    ("soon", "late_soon"),
    ("waiting", "older"),
    ("waiting", "passed"),
    ("waiting", "old"),
    ("fresh", "fresh"),
    ("fresh", "harbor"),
]
SCHEDULED = [
    ("active", "active"),
    ("scheduled_soon", "tomorrow"),
    ("scheduled_later", "scheduled"),
    ("scheduled_later", "asked"),
    ("scheduled_passed", "never"),
    ("ready_later", "ready"),
]
LISTS = {
    tabs.NEEDS: NEEDS,
    tabs.STARTING: NEEDS[:2],
    tabs.CANCELLATION: [("cancellation", "asked")],
    tabs.ASKED: [("asked_open", "fresh")],
    tabs.OFFERED: [("offered_agreed", "scheduled"), ("offered_late", "tomorrow"), ("offered_open", "asked")],
    tabs.NOT_UP_TO_DATE: [("not_up_to_date", "canceled")],
    tabs.OVERLAPPING: [("overlapping", "fresh"), ("overlapping", "harbor")],
    tabs.MOVED: [("moved", "ready")],
    tabs.NEXT: [("next_unasked", "tomorrow")],
    tabs.SCHEDULED: SCHEDULED,
    tabs.EVERYTHING: [*NEEDS, *SCHEDULED, ("ended", "ended"), ("canceled", "canceled")],
}


def test_groups_order_and_counts(database, desk, subtests):
    for view in tabs.VIEWS:
        with subtests.test(view):
            rows, more = shown(database, choose(view=view))
            assert named(desk, rows) == LISTS[view]
            assert more is None
            with database.read() as db:
                f, moment = choose(view=view), now()
                listed = listing.listing(db, f, moment)
                sizes, kept = listed.counts(db, {key for key, _ in rows})
                assert (
                    counts.view_counts(db, None, moment)[view] == len(rows) == listed.total(db) == listed.count_all(db)
                )
                assert counts.counted_total(f, kept) == len(rows)
                assert sizes == {key: [k for k, _ in rows].count(key) for key, _ in rows}
                assert differences(db) == []


def test_pages_join_without_gap_or_repetition(database, desk, subtests):
    for view in tabs.VIEWS:
        with subtests.test(view):
            moment, f, seen, after = now(), choose(view=view), [], None
            while True:
                rows, after = shown(database, f, moment, after, size=2)
                seen += rows
                if after is None:
                    break
            assert named(desk, seen) == LISTS[view]


def test_neighbours_walk_the_same_way_both_ways(database, desk, subtests):
    for view in tabs.VIEWS:
        with subtests.test(view):
            order = [desk[name] for _, name in LISTS[view]]
            with database.read() as db:
                for place, id in enumerate(order):
                    near = listing.listing(db, choose(view=view), now()).near(db, id)
                    assert near.place == place + 1
                    assert near.previous == (order[place - 1] if place else None)
                    assert near.next == (order[place + 1] if place + 1 < len(order) else None)
                assert listing.listing(db, choose(view=view), now()).near(db, 4711) is None


def test_a_cursor_belongs_to_its_list(database, desk, cast):
    _, after = shown(database, choose(), size=1)
    for other in (
        choose(view=tabs.EVERYTHING),
        choose(reach=frozenset([cast.marston.id])),
        choose(organization_id=cast.harbor.id),
        choose(sort="starts"),
        choose(tag="vip"),
        choose(person="nobody"),
    ):
        with pytest.raises(BadRequest):
            shown(database, other, after=after)


def test_filters_combine(database, desk, cast):
    today = now().date()

    def found(**facts):
        return {name for _, name in named(desk, shown(database, choose(view=tabs.EVERYTHING, **facts))[0])}

    assert found(organization_id=cast.harbor.id) == {"harbor"}
    assert found(organization_id=cast.quill.id, state="ready") == {"ready"}
    assert found(state="canceled") == {"canceled"}
    assert found(reach=frozenset([cast.harbor.id, cast.quill.id])) == {"harbor", "ready"}
    assert found(reach=frozenset([cast.harbor.id]), organization_id=cast.quill.id) == set()
    assert found(reach=frozenset()) == set()
    assert found(first=today + 10 * DAY) == {"scheduled", "asked", "older"}
    assert found(first=today + 10 * DAY, last=today + 15 * DAY) == {"scheduled"}
    assert found(last=today - 3 * DAY) == {"passed", "ended"}
    assert found(q="okafor") == {"harbor"}
    assert found(q="OKA delph") == {"harbor"}
    assert found(q="okafor yarrow") == set()
    assert found(q="okafor", organization_id=cast.marston.id) == set()
    assert found(q=str(desk["ready"])) >= {"ready"}
    assert found(q="orsolya@example.com", state="ready") == {"ready"}
    assert found(q="!!!") == set()
    assert found(q="%") == set()


def test_counts_stay_with_what_the_reader_may_see(database, desk, cast):
    f = choose(reach=frozenset([cast.harbor.id]))
    with database.read() as db:
        assert counts.view_counts(db, f.reader.organization_ids, now())[tabs.EVERYTHING] == 1
        assert counts.waiting(db, f.reader.organization_ids, now()) == 1
        assert counts.waiting(db, None, now()) == 7
        assert counts.waiting(db, frozenset(), now()) == 0


def test_managers_are_the_active_rows_of_the_roster(database, cast):
    with database.read() as db:
        assert [one.name for one in managers.managers(db)] == ["Ines Okafor"]


def test_filters_by_case_and_by_flag(ines, cast, database):
    made = factories.request(database, cast)
    other = factories.request(database, cast, **{**factories.OTHERS, "deponent_email": made.deponent_email})
    alone = factories.request(database, cast, starts_at=now() + timedelta(days=40), case_name="Harrow v. Quay")

    def rows(query):
        answer = ines.get(f"/depositions?{query}")
        assert answer.status_code == 200
        assert "/depositions/csv?" in answer.text
        return {int(id) for id in re.findall(r'data-row="(\d+)"', answer.text)}

    assert rows("flag=overlap") == {made.id, other.id}
    assert rows("flag=moved") == set()
    assert rows("case=harrow+QUAY") == {alone.id}
    assert rows("case=Orsolya") == set(), "a name is no case"
    assert rows("case=keller&flag=overlap") == {made.id}
    assert "Case:</span> <bdi>harrow</bdi>" in ines.get("/depositions?case=harrow").text
    assert ines.get("/depositions?flag=purple").status_code == 422
    listed = ines.get("/depositions/csv?flag=overlap").text
    assert listed.count("Orsolya Brandt") == 1
    assert "Harrow" not in listed
