"""The queue: which group, which order, how many, who is next; and that the database walks an index for it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.depositions import actions
from app.depositions.models import Deposition
from app.depositions.queries import detail, listing, managers
from app.kernel.clock import now
from app.kernel.db.counters import differences
from app.kernel.errors import BadRequest
from tests.depositions import factories

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
    made["active"] = factories.in_state(database, cast, "active", starts_at=moment - HOUR).id
    made["ended"] = factories.in_state(database, cast, "ended", starts_at=moment - 4 * DAY).id
    made["canceled"] = factories.in_state(database, cast, "canceled", starts_at=moment + 4 * DAY).id
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
    listing.NEEDS: NEEDS,
    listing.STARTING: NEEDS[:2],
    listing.CANCELLATION: [("cancellation", "asked")],
    listing.SCHEDULED: SCHEDULED,
    listing.EVERYTHING: [*NEEDS, *SCHEDULED, ("ended", "ended"), ("canceled", "canceled")],
}


@pytest.mark.parametrize("view", listing.VIEWS)
def test_groups_order_and_counts(database, desk, view):
    rows, more = shown(database, listing.Filters(view=view))
    assert named(desk, rows) == LISTS[view]
    assert more is None
    with database.read() as db:
        f, moment = listing.Filters(view=view), now()
        listed = listing.listing(db, f, moment)
        sizes, kept = listed.counts(db, {key for key, _ in rows})
        assert listing.view_counts(db, f, moment)[view] == len(rows) == listed.total(db) == listed.count_all(db)
        assert listing.kept_total(f, kept) == len(rows)
        assert sizes == {key: [k for k, _ in rows].count(key) for key, _ in rows}
        assert differences(db) == []


@pytest.mark.parametrize("view", listing.VIEWS)
def test_pages_join_without_gap_or_repetition(database, desk, view):
    moment, f, seen, after = now(), listing.Filters(view=view), [], None
    while True:
        rows, after = shown(database, f, moment, after, size=2)
        seen += rows
        if after is None:
            break
    assert named(desk, seen) == LISTS[view]


@pytest.mark.parametrize("view", listing.VIEWS)
def test_neighbours_walk_the_same_way_both_ways(database, desk, view):
    order = [desk[name] for _, name in LISTS[view]]
    with database.read() as db:
        for place, id in enumerate(order):
            near = listing.listing(db, listing.Filters(view=view), now()).near(db, id)
            assert near.place == place + 1
            assert near.previous == (order[place - 1] if place else None)
            assert near.next == (order[place + 1] if place + 1 < len(order) else None)
        assert listing.listing(db, listing.Filters(view=view), now()).near(db, 4711) is None


def test_a_cursor_belongs_to_its_list(database, desk, cast):
    _, after = shown(database, listing.Filters(), size=1)
    for other in (
        listing.Filters(view=listing.EVERYTHING),
        listing.Filters(reach=frozenset([cast.marston.id])),
        listing.Filters(organization_id=cast.harbor.id),
        listing.Filters(sort="starts"),
        listing.Filters(tag="vip"),
        listing.Filters(person=listing.UNASSIGNED),
    ):
        with pytest.raises(BadRequest):
            shown(database, other, after=after)


def test_filters_combine(database, desk, cast):
    whole = listing.Filters(view=listing.EVERYTHING)
    today = now().date()

    def found(**facts):
        return {name for _, name in named(desk, shown(database, replace(whole, **facts))[0])}

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
    f = listing.Filters(reach=frozenset([cast.harbor.id]))
    with database.read() as db:
        assert listing.view_counts(db, f, now())[listing.EVERYTHING] == 1
        assert listing.waiting(db, f.reach, now()) == 1
        assert listing.waiting(db, None, now()) == 7
        assert listing.waiting(db, frozenset(), now()) == 0


def test_managers_are_the_scheduling_team(database, cast):
    with database.read() as db:
        assert [one.name for one in managers.managers(db)] == ["Ines Okafor"]


@pytest.fixture
def crowd(database, cast):
    """Many depositions, so that a planner has to choose."""
    moment = now().replace(microsecond=0)
    first = factories.request(database, cast, starts_at=moment)
    with database.write() as db:
        columns = [c.name for c in listing.D.columns if c.name not in ("id", "remote_session_id", "slug", "state")]
        listed = ", ".join(columns)
        numbers = (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)"
            if db.dialect == "sqlite"
            else "WITH n(i) AS (SELECT generate_series(1, 4000))"
        )
        fresh_id = "hex(randomblob(16))" if db.dialect == "sqlite" else "gen_random_uuid()"
        shift = {
            "starts_at": "datetime(starts_at, (i - 2000) || ' hours') || '.000000'",
            "ends_at": "datetime(ends_at, (i - 2000) || ' hours') || '.000000'",
            "created_at": "datetime(created_at, -i || ' minutes') || '.000000'",
        }
        if db.dialect != "sqlite":
            shift = {
                "starts_at": "starts_at + (i - 2000) * interval '1 hour'",
                "ends_at": "ends_at + (i - 2000) * interval '1 hour'",
                "created_at": "created_at - i * interval '1 minute'",
            }
        shift["cancellation_open"] = "(i % 100 = 1)"
        values = ", ".join(shift.get(name, name) for name in columns)
        states = "CASE i % 6 WHEN 0 THEN 'initial' WHEN 1 THEN 'scheduled' WHEN 2 THEN 'ready' WHEN 3 THEN 'active' "
        states += "WHEN 4 THEN 'ended' ELSE 'canceled' END"
        db.execute(
            text(
                f"INSERT INTO depositions ({listed}, remote_session_id, slug, state) {numbers} "
                f"SELECT {values}, {fresh_id}, 's' || i, {states} FROM n, depositions WHERE depositions.id = {first.id}"
            )
        )
    with database.write() as db:
        db.execute(text("ANALYZE"))
    return first


def plan(db, statement, values=None):
    """The planner's words for a statement."""
    if values:
        named = statement.compile().params.keys()
        statement = statement.params({name: value for name, value in values.items() if name in named})
    sql = statement.compile(db.get_bind(), compile_kwargs={"render_postcompile": True})
    prefix = "EXPLAIN QUERY PLAN " if db.dialect == "sqlite" else "EXPLAIN "
    connection = db.connection()
    parameters = sql.params if sql.positiontup is None else tuple(sql.params[name] for name in sql.positiontup)
    processors = sql._bind_processors
    if isinstance(parameters, tuple):
        parameters = tuple(
            processors[name](sql.params[name]) if name in processors else sql.params[name] for name in sql.positiontup
        )
    rows = connection.exec_driver_sql(prefix + str(sql), parameters).all()
    return "\n".join(str(row[-1]) for row in rows)


def walks_an_index(words, bounded=False):
    """Reads a stretch of an index; in its order too, unless the stretch is one day's and small anyway."""
    assert "SCAN depositions\n" not in words + "\n", words
    assert "Seq Scan on depositions" not in words, words
    if not bounded:
        assert "TEMP B-TREE" not in words, words
        assert "Sort" not in words, words


# Of one organization, the few sessions to be canceled are found through the house's index and looked through.
@pytest.mark.parametrize(
    ("view", "organization"),
    [
        *((view, False) for view in listing.VIEWS),
        *((view, True) for view in listing.VIEWS if view != listing.CANCELLATION),
    ],
)
def test_every_group_is_a_range_on_an_index(database, cast, crowd, view, organization):
    f = listing.Filters(view=view, organization_id=cast.marston.id if organization else None)
    with database.read() as db:
        listed = listing.listing(db, f, now())
        for at, stretch in enumerate(listed.shape.stretches):
            values = [crowd._mapping[column.key] or now() for column in stretch.order]
            for beyond, back in ((False, False), (True, False), (False, True), (True, True)):
                statement = listed.shape.rows(at, beyond=beyond, back=back, most=51)
                facts = {**listed.values, **{f"at_{n}": value for n, value in enumerate(values)}}
                walks_an_index(plan(db, statement, facts), bounded=stretch.key.endswith("soon"))


@pytest.mark.parametrize("view", listing.VIEWS)
@pytest.mark.parametrize("sort", ["starts", "-starts", "received", "-received"])
@pytest.mark.parametrize("organization", [False, True])
def test_every_order_offered_is_carried_by_indexes(database, cast, crowd, view, sort, organization):
    f = listing.Filters(view=view, sort=sort, organization_id=cast.marston.id if organization else None)
    if sort.removeprefix("-") not in f.sorts:
        assert f.order == ""
        return
    with database.read() as db:
        listed = listing.listing(db, f, now())
        (stretch,) = listed.shape.stretches
        values = {f"at_{n}": crowd._mapping[column.key] for n, column in enumerate(stretch.order)}
        for beyond in (False, True):
            statement = listed.shape.rows(0, beyond=beyond, back=False, most=51)
            # The heads of the states are merged, and the few sessions to be canceled sorted; nothing else is.
            merged = len(stretch.arms) > 1 or view in (listing.CANCELLATION, listing.STARTING)
            walks_an_index(plan(db, statement, {**listed.values, **values}), bounded=merged)


@pytest.mark.parametrize("person", [listing.UNASSIGNED, 1])
def test_whose_they_are_is_found_by_an_index(database, cast, crowd, person):
    with database.read() as db:
        listed = listing.listing(db, listing.Filters(view=listing.EVERYTHING, person=person, tag="vip"), now())
        for at in range(len(listed.shape.stretches)):
            walks_an_index(plan(db, listed.shape.rows(at, beyond=False, back=False, most=51), listed.values), True)


def test_the_api_list_walks_an_index(database, cast, crowd):
    with database.write() as db:
        # One organization among others, so that walking all rows in order of id is no way to find its own.
        others = {"harbor": cast.harbor.id}
        db.execute(text("UPDATE depositions SET organization_id = :harbor WHERE id % 10 <> 0"), others)
    # As autovacuum leaves a table: before it, PostgreSQL does not trust an index to show what is there.
    with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if database.sqlite else "VACUUM ANALYZE depositions"))
    with database.read() as db:
        mine = detail.select(Deposition.id).where(Deposition.organization_id == cast.marston.id)
        ids = mine.order_by(Deposition.id).limit(100).offset(200)
        words = plan(db, ids)
        walks_an_index(words)
        assert "ix_depositions_organization" in words
        walks_an_index(plan(db, detail.BY_SLUG.params(organization_id=1, wanted="x")))


def test_overlaps_walk_an_index(database, cast, crowd):
    with database.write() as db:
        actions.schedule(db, crowd.id, factories.booking(cast), by=cast.actor("ines"), now=now(), version=1)
    with database.read() as db:
        found = managers.overlaps(db, "ines@example.com", crowd.starts_at, crowd.ends_at, besides=0)
        assert [row.id for row in found] == [crowd.id]
