"""The list's filters that no index carries: true among the nearest rows, one bounded statement, and said where cut."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.depositions import actions
from app.depositions.models import Deposition, State
from app.depositions.queries import listing, nearest, tabs
from app.depositions.rules.checklist import Item, Progress
from app.depositions.views.filters import FILTERS
from app.kernel.clock import now
from tests.dashboard.choosing import chooser
from tests.depositions import factories
from tests.depositions.test_plans import crowd, crowded
from tests.pages import text

__all__ = ["crowd"]

choose = chooser(FILTERS)


def rows(client, query):
    answer = client.get(f"/depositions?{query}")
    assert answer.status_code == 200, text(answer)
    return {int(id) for id in re.findall(r'data-row="(\d+)"', text(answer))}


@pytest.fixture
def three(database, cast):
    """One of Los Angeles, one of Paris with something open on its checklist, one of Paris that is over by its hour."""
    west = factories.request(database, cast)
    paris = factories.request(database, cast, zone="Paris", **factories.OTHERS)
    past = factories.request(database, cast, zone="Paris", starts_at=now() - timedelta(days=9), postback_url=None)
    with database.write() as db:
        wanted = {Item.INTERPRETER: Progress.OPEN}
        actions.change_checklist(db, paris.id, wanted, by=cast.actor("ines"), now=now())
    return west.id, paris.id, past.id


def test_a_list_is_narrowed_by_zone_and_by_every_flag(ines, three):
    west, paris, past = three
    for name in ("Europe/Paris", "Paris", "paris", "CET"):
        assert rows(ines, f"zone={name}") == {paris, past}
    assert rows(ines, "zone=Pacific+time") == {west}
    assert rows(ines, "zone=Asia/Tokyo") == set()
    assert rows(ines, "flag=checklist") == {paris}
    assert rows(ines, "flag=webhook") == {past}
    assert rows(ines, "flag=calls&view=scheduled") == set()
    assert rows(ines, "flag=checklist&zone=Europe/Paris&case=dunmore") == {paris}
    assert rows(ines, "flag=checklist&zone=Pacific") == set()
    assert rows(ines, "flag=overlap&zone=Paris") == set()
    page = text(ines.get("/depositions?zone=paris"))
    assert "Zone:</span> <bdi>Europe/Paris</bdi>" in page
    assert "Looked for among" not in page
    listed = text(ines.get("/depositions/csv?zone=paris"))
    assert (listed.count("Orsolya Brandt"), listed.count("Tomasz Adeyemi")) == (1, 1)


def test_what_is_no_zone_is_named(ines):
    for name in ("Mars", "x" * 300, "%00", "٣"):
        answer = ines.get(f"/depositions?zone={name}")
        assert (answer.status_code, "Type a city or a zone" in text(answer)) == (422, True), name


def test_another_organizations_rows_do_not_use_up_what_is_looked_through(client, cast, database, monkeypatch):
    """The nearest rows of the reader's organizations, however many nearer ones others have."""
    mine = factories.request(database, cast, zone="Paris", starts_at=now() + timedelta(days=30))
    for n in range(4):
        factories.request(database, cast, "harbor", zone="Paris", starts_at=now() + timedelta(days=n + 1))
    monkeypatch.setattr(nearest, "LOOKED", 2)
    nearest.statement.cache_clear()
    with database.read() as db:
        found = {}
        for name, reach in (
            ("all", None),
            ("one", frozenset([cast.marston.id])),
            ("two", frozenset([cast.marston.id, cast.harbor.id])),
            ("none", frozenset()),
            ("many", frozenset([cast.marston.id, *range(1000, 1010)])),
        ):
            found[name] = nearest.ids(db, nearest.ZONE, choose(reach=reach), "Europe/Paris")
    nearest.statement.cache_clear()
    assert {name: len(ids) for name, ids in found.items()} == {"all": 2, "one": 1, "two": 3, "none": 0, "many": 1}
    assert mine.id in found["one"]
    assert mine.id in found["two"]
    assert mine.id not in found["all"]


def test_the_nearest_on_both_sides_are_looked_through_and_the_page_says_so(ines, cast, database, monkeypatch):
    made = [
        factories.request(database, cast, zone="Paris", starts_at=now() + timedelta(days=n), case_name=f"Case {n}").id
        for n in (-5, -3, -1, 1, 3, 5)
    ]
    monkeypatch.setattr(nearest, "LOOKED", 2)
    nearest.statement.cache_clear()
    assert rows(ines, "zone=paris") == set(made[1:5])
    page = text(ines.get("/depositions?zone=paris&sort=-starts"))
    assert "Looked for among the 2 that begin next and the 2 that began last." in page
    assert "Looked for" not in text(ines.get("/depositions"))
    assert "Looked for" not in text(ines.get("/depositions?flag=overlap"))
    nearest.statement.cache_clear()


def test_a_state_narrows_what_is_looked_through(database, cast, three):
    with database.write() as db:
        db.execute(update(Deposition).where(Deposition.id == three[1]).values(state="canceled"))
    with database.read() as db:
        found = nearest.ids(db, nearest.ZONE, choose(view="everything", state="canceled"), "Europe/Paris")
        assert found == [three[1]]
        assert nearest.ids(db, nearest.ZONE, choose(), "Europe/Paris") == [three[2]]


def explained(db, statement, values):
    """The planner's words for a statement with lists in it."""
    named = statement.compile().params
    given = statement.params({name: value for name, value in values.items() if name in named})
    literal = given.compile(db.get_bind(), compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN " if db.dialect == "sqlite" else "EXPLAIN "
    return "\n".join(str(row[-1]) for row in db.connection().exec_driver_sql(f"{explain}{literal}"))


@crowded
@pytest.mark.parametrize("wanted", [nearest.ZONE, *listing.LOOKED_FOR])
def test_it_reads_ranges_of_an_index_of_so_many_rows(database, cast, crowd, wanted):
    values = {"at": now(), "value": "Europe/Paris", "place_0": cast.marston.id, "places": [cast.marston.id]}
    with database.read() as db:
        for places, few in ((0, False), (1, False), (0, True)):
            made = nearest.statement(wanted, (State.INITIAL, State.SCHEDULED), places, few)
            words = explained(db, made, values)
            assert "SCAN depositions\n" not in words + "\n", words
            assert "Seq Scan on depositions" not in words, words
            assert re.search(r"ix_depositions_(organization_)?starts", words), words


@crowded
def test_the_list_of_what_was_found_is_read_by_ids(database, cast, crowd):
    with database.read() as db:
        for facts in ({"flag": "checklist"}, {"in_zone": "Paris"}):
            listed = listing.listing(db, choose(view=tabs.EVERYTHING, **facts), now())
            assert [segment.key for segment in listed.compiled.segments] == ["found"]
            words = explained(db, listed.compiled.rows(0, beyond=False, back=False, most=51).statement, listed.values)
            assert "Seq Scan on depositions" not in words, words
            assert "SCAN depositions\n" not in words + "\n", words
