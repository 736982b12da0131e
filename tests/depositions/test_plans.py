"""The reads of the lists walk an index, on both databases: asked of the planner, over four thousand depositions."""

import re
from itertools import product

import pytest
from sqlalchemy import text

from app.depositions import actions
from app.depositions.actions import rereading
from app.depositions.events import SUBJECT
from app.depositions.models import ConflictKey, Deposition, OfferedKey
from app.depositions.queries import (
    conflicts,
    counts,
    detail,
    listing,
    managers,
    marks,
    planning,
    proposals,
    related,
    roster,
    tabs,
)
from app.depositions.rules.transitions import Span
from app.depositions.views.filters import FILTERS
from app.kernel.clock import now
from app.kernel.db.prepared import Prepared
from app.kernel.text import search
from app.kernel.text.search import SearchDocument
from tests.cast import Cast
from tests.dashboard.choosing import chooser
from tests.depositions import factories
from tests.planner import count_rows

choose = chooser(FILTERS)


OF_FEW = {
    tabs.CANCELLATION: "ix_depositions_cancellation",
    tabs.ASKED: "ix_depositions_question",
    tabs.OFFERED: "ix_depositions_agreement",
    tabs.MOVED: "ix_depositions_hour_moved",
}
"""The indexes of marks that few rows have, by tab."""


FIRST = 1
"""The number of the first deposition of a database."""


def many(database):
    """Many depositions, so that a planner has to choose."""
    first = factories.request(database, Cast(database), starts_at=now().replace(microsecond=0))
    with database.write() as db:
        columns = [
            c.name for c in Deposition.__table__.columns if c.name not in ("id", "remote_session_id", "slug", "state")
        ]
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
            "promised_by": "datetime(promised_by, -i || ' minutes') || '.000000'",
        }
        if db.dialect != "sqlite":
            shift = {
                "starts_at": "starts_at + (i - 2000) * interval '1 hour'",
                "ends_at": "ends_at + (i - 2000) * interval '1 hour'",
                "created_at": "created_at - i * interval '1 minute'",
                "promised_by": "promised_by - i * interval '1 minute'",
            }
        shift["reconfirm_at"] = shift["starts_at"].replace("- 2000", "- 2020")
        shift["question"] = "CASE i % 50 WHEN 3 THEN 'open' WHEN 7 THEN 'answered' END"
        shift["agreement"] = "CASE i % 50 WHEN 1 THEN 'open' WHEN 2 THEN 'agreed' END"
        shift["answers_until"] = shift["starts_at"]
        shift["cancellation_open"] = shift["not_up_to_date"] = "(i % 100 = 1)"
        values = ", ".join(shift.get(name, name) for name in columns)
        states = "CASE i % 6 WHEN 0 THEN 'initial' WHEN 1 THEN 'scheduled' WHEN 2 THEN 'ready' WHEN 3 THEN 'active' "
        states += "WHEN 4 THEN 'ended' ELSE 'canceled' END"
        db.execute(
            text(
                f"INSERT INTO depositions ({listed}, remote_session_id, slug, state) {numbers} "
                f"SELECT {values}, {fresh_id}, 's' || i, {states} FROM n, depositions WHERE depositions.id = {first.id}"
            )
        )


crowded = pytest.mark.filled(by=(many,))
"""For tests with `crowd`."""
pytestmark = crowded


@pytest.fixture
def crowd(database, cast):
    """The deposition that all the others were copied from."""
    count_rows(database)
    with database.read() as db:
        return db.get_one(Deposition, FIRST)


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


def explained(db, statement, values):
    """The planner's words for a statement with lists among its values."""
    statement = statement.statement if isinstance(statement, Prepared) else statement
    sql = statement.params(values).compile(db.get_bind(), compile_kwargs={"literal_binds": True})
    rows = db.execute(text(f"EXPLAIN {'QUERY PLAN ' if db.dialect == 'sqlite' else ''}{sql}"))
    return "\n".join(str(row[-1]) for row in rows)


def faults_of(words, asked, bounded=False):
    """What is wrong with a plan: it reads the whole table, or sorts what is more than one day's."""
    signs = ["SCAN depositions\n", "Seq Scan on depositions", *([] if bounded else ["TEMP B-TREE", "Sort"])]
    return [f"{asked} {sign.strip()}:\n{words}" for sign in signs if sign in words + "\n"]


def walks_an_index(words, bounded=False):
    """Reads a range of an index; in its order too, unless the range is one day's and small anyway."""
    assert not faults_of(words, "", bounded)


def test_every_group_is_a_range_on_an_index(database, cast, crowd):
    faults = []
    with database.read() as db:
        for view, organization in product(tabs.VIEWS, ("", "{marston}", "{marston},{harbor}")):
            places = organization.format(marston=cast.marston.id, harbor=cast.harbor.id)
            listed = listing.listing(db, choose(view=view, organization_id=places), now())
            for at, segment in enumerate(listed.compiled.segments):
                values = [getattr(crowd, column.key) or now() for column in segment.order]
                for beyond, back in ((False, False), (True, False), (False, True), (True, True)):
                    statement = listed.compiled.rows(at, beyond=beyond, back=back, most=51).statement
                    facts = {**listed.values, **{f"at_{n}": value for n, value in enumerate(values)}}
                    bounded = segment.key.endswith("soon") or view in (tabs.NEXT, *OF_FEW)
                    # The heads of several ranges are merged; nothing else is sorted.
                    bounded |= len(segment.branches) > 1
                    asked = (view, organization, segment.key, beyond, back)
                    words = plan(db, statement, facts)
                    faults += faults_of(words, asked, bounded=bounded)
                    if OF_FEW.get(view, "") not in words:
                        faults.append(f"{asked} does not read {OF_FEW[view]}:\n{words}")
    assert not faults, "\n\n".join(faults)


def test_what_few_rows_have_is_counted_by_its_own_index(database, cast, crowd, subtests):
    """An index of states or organizations holds everybody else's rows too, and nothing stops the walk."""
    for reach in ("all", "one", "several"):
        with subtests.test(reach):
            here = {
                "all": {},
                "one": {"only": cast.marston.id},
                "several": {"organizations": [cast.marston.id, cast.harbor.id]},
            }
            values = {**tabs.moments(now()), **here[reach]}
            with database.read() as db:
                words = [
                    explained(db, query, {name: values[name] for name in query.compile().params if name in values})
                    for query in counts.counter_queries(reach)
                ]
            few = [*OF_FEW.values(), "ix_depositions_reconfirm"]
            assert [
                [index for index in few if index in each] for each in words if any(index in each for index in few)
            ] == [
                ["ix_depositions_reconfirm"],
                ["ix_depositions_question"],
                ["ix_depositions_agreement"],
                ["ix_depositions_hour_moved"],
            ]
            wrong = (
                "SCAN depositions\n",
                "Seq Scan on depositions",
                "ix_depositions_promised",
                "ix_depositions_organization ",
            )
            assert not [each for each in words if any(sign in each + "\n" for sign in wrong)]


def test_every_order_offered_is_carried_by_indexes(database, cast, crowd):
    faults, offered = [], 0
    with database.read() as db:
        for view, sort, organization in product(
            tabs.VIEWS, ("starts", "-starts", "received", "-received"), ("", "{marston}", "{marston},{harbor}")
        ):
            places = organization.format(marston=cast.marston.id, harbor=cast.harbor.id)
            f = choose(view=view, sort=sort, organization_id=places)
            if sort.removeprefix("-") not in f.sorts:
                assert f.sort == ""
                continue
            offered += 1
            listed = listing.listing(db, f, now())
            (segment,) = listed.compiled.segments
            values = {f"at_{n}": getattr(crowd, column.key) for n, column in enumerate(segment.order)}
            for beyond in (False, True):
                statement = listed.compiled.rows(0, beyond=beyond, back=False, most=51).statement
                # The heads of the states are merged, and the few sessions to be canceled sorted; nothing else is.
                merged = len(segment.branches) > 1 or view in (tabs.CANCELLATION, tabs.STARTING, tabs.MOVED)
                words = plan(db, statement, {**listed.values, **values})
                faults += faults_of(words, (view, sort, organization, beyond), bounded=merged)
    assert offered > len(tabs.VIEWS)
    assert not faults, "\n\n".join(faults)


def test_whose_they_are_is_found_by_an_index(database, cast, crowd, subtests):
    for person in ("nobody", 1):
        with subtests.test(str(person)), database.read() as db:
            listed = listing.listing(db, choose(view=tabs.EVERYTHING, person=person, tag="vip"), now())
            for at in range(len(listed.compiled.segments)):
                statement = listed.compiled.rows(at, beyond=False, back=False, most=51).statement
                walks_an_index(plan(db, statement, listed.values), True)


FLAG_INDEXES = {
    "overlap": "overlapping",
    "cancellation": "cancellation",
    "moved": "hour_moved",
    "answered": "question",
    "asked": "question",
    "agreed": "agreement",
    "offered": "agreement",
}


def test_a_flag_is_found_by_its_own_index(database, cast, crowd, subtests):
    """However many rows there are in the states of the list: rows and counts."""
    for flag in marks.INDEXED:
        with subtests.test(flag), database.read() as db:
            for view in (tabs.EVERYTHING, tabs.SCHEDULED):
                listed = listing.listing(db, choose(view=view, flag=flag), now())
                assert [segment.key for segment in listed.compiled.segments] == ["flagged", "flagged_passed"]
                statements = [listed.compiled.rows(at, beyond=False, back=False, most=51).statement for at in range(2)]
                for statement in (*statements, listed.compiled.counts((0, 1), counters=False).statement):
                    words = plan(db, statement, listed.values)
                    walks_an_index(words, bounded=True)
                    assert re.search(rf"ix_depositions_(organization_)?{FLAG_INDEXES[flag]}\b", words), words


def test_the_api_list_walks_an_index(database, cast, crowd):
    with database.write() as db:
        # One organization among others, so that walking all rows in order of id is no way to find its own.
        others = {"harbor": cast.harbor.id}
        db.execute(text("UPDATE depositions SET organization_id = :harbor WHERE id % 10 <> 0"), others)
    # Before a vacuum PostgreSQL does not trust an index to show what is there.
    count_rows(database, "depositions")
    with database.read() as db:
        mine = detail.select(Deposition.id).where(Deposition.organization_id == cast.marston.id)
        ids = mine.order_by(Deposition.id).limit(100).offset(200)
        words = plan(db, ids)
        walks_an_index(words)
        assert "ix_depositions_organization" in words
        for filtered in (False, True):
            count, page = detail._statements(filtered, filtered, sessions=True)
            span = {"after": now(), "before": now(), "organization_id": cast.marston.id, "size": 100, "offset": 200}
            # The page itself is put into the order of its ids, a hundred at most.
            walks_an_index(words := plan(db, page, span), bounded=True)
            assert filtered or "ix_depositions_sessions" in words
            if filtered:
                walks_an_index(plan(db, count, span))
        walks_an_index(plan(db, detail.BY_SLUG.params(organization_id=1, wanted="x")))


def test_overlaps_walk_an_index(database, cast, crowd):
    with database.write() as db:
        booking = factories.booking(cast, reason="It is now.")
        actions.schedule(db, crowd.id, booking, by=cast.actor("ines"), now=now(), version=1)
    with database.read() as db:
        words = plan(db, roster.FEED, {"manager_id": 41, "after": now(), "before": now()})
        walks_an_index(words)
        assert "ix_depositions_managed" in words
        found = managers.overlaps(db, cast.managers["ines"], crowd.starts_at, crowd.ends_at, besides=0)
        assert [row.id for row in found] == [crowd.id]


def test_conflicts_walk_an_index(database, cast, crowd):
    with database.write() as db:
        # Some keys of many sessions, such as an address that is invited to all of them.
        keys = "SELECT id, id % 40, 'address', id * 600, id * 600 + 3600, id % 3 <> 0 FROM depositions"
        db.execute(text(f"INSERT INTO conflict_keys (deposition_id, key, need, begins, ends, alone) {keys}"))
    count_rows(database, "conflict_keys")
    span = {"keys": [1, 2], "begins": 60_000, "ends": 63_600, "earliest": 60_000 - conflicts.LONGEST, "besides": 0}
    asked = {
        "sharing": (conflicts._SHARING[True], span),
        "shared": (conflicts._SHARING[False], span),
        "taken": (proposals._TAKEN[ConflictKey], span),
        "still": (conflicts._STILL, {"ids": [100, 200]}),
        "counted": (conflicts._COUNTED, {"ids": [100, 200]}),
    }
    with database.read() as db:
        for name, (statement, values) in asked.items():
            words = explained(db, statement, values)
            assert "SCAN conflict_keys" not in words, f"{name}:\n{words}"
            assert "Seq Scan" not in words, f"{name}:\n{words}"
            assert "ix_conflict_keys_span" in words, f"{name}:\n{words}"


def test_what_a_plan_reads_walks_an_index(database, cast, crowd):
    """However many requests wait elsewhere, and sessions the team had before."""
    with database.write() as db:
        # Forty managers, whose sessions are of two hundred cases.
        db.execute(text("UPDATE depositions SET manager_id = 100 + id % 40, case_name = 'Case ' || (id % 200)"))
    count_rows(database)
    within = Span(crowd.starts_at, crowd.starts_at + planning.AHEAD)
    moments = planning._moments(within)
    known = {"managers": list(range(100, 120)), "cases": [f"Case {n}" for n in range(50)], **moments}
    with database.read() as db:
        for name, statement, values, index in (
            ("waiting", planning.WAITING, moments, "starts"),
            ("managed", planning.MANAGED, {"manager": 100, **moments}, "managed"),
            ("known", planning.KNOWN, known, "starts|managed"),
        ):
            words = explained(db, statement, values)
            # What lies within some days may be put into order.
            assert not faults_of(words, name, bounded=True)
            assert re.search(rf"ix_depositions_(organization_)?({index})\b", words), f"{name}:\n{words}"


def test_offered_hours_are_found_by_their_keys(database, cast, crowd):
    with database.write() as db:
        keys = "SELECT id, id % 40, 'manager', id * 600, id * 600 + 3600 FROM depositions"
        db.execute(text(f"INSERT INTO offered_keys (deposition_id, key, need, begins, ends) {keys}"))
    count_rows(database, "offered_keys")
    span = {"keys": [1, 2], "begins": 60_000, "ends": 63_600, "earliest": 60_000 - conflicts.LONGEST, "besides": 0}
    asked = {
        "conflicts": (conflicts._OFFERED, span),
        "taken": (proposals._TAKEN[OfferedKey], span),
        "plan": (planning.OFFERED, span),
    }
    with database.read() as db:
        for name, (statement, values) in asked.items():
            words = explained(db, statement, values)
            assert "SCAN" not in words, f"{name}:\n{words}"
            assert "Seq Scan" not in words, f"{name}:\n{words}"
            assert "ix_offered_keys_span" in words, f"{name}:\n{words}"


def test_other_sessions_of_the_case_are_few_and_found_by_their_ids(database, cast, crowd):
    with database.write() as db:
        for n in range(40):
            search.add(db, SearchDocument(SUBJECT, str(n + 2), cast.marston.id, (crowd.case_name,)))
    with database.read() as db:
        walks_an_index(explained(db, related._SESSIONS, {"ids": [1, 2, 3]}), bounded=True)
        found = search.ids(db, SUBJECT, crowd.case_name, [cast.marston.id], related._READ)
        assert len(found) <= related._READ
        assert len(related.related(db, crowd)) <= related.SHOWN


def test_what_older_rules_placed_is_found_by_an_index(database, cast, crowd):
    with database.read() as db:
        words = plan(db, rereading._OUTDATED, {"version": "2026z", "most": 200})
    walks_an_index(words)
    assert "ix_depositions_zone_version" in words
