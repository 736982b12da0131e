"""One list, asked by everybody: page, counts, CSV, ticked rows and neighbours agree whatever narrows it."""

import contextlib
import csv
import io
import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text

from app.dashboard import tags
from app.depositions import actions
from app.depositions.models import Deposition
from app.depositions.queries import counts, listing, tabs
from app.depositions.views.filters import FILTERS
from app.kernel.changes.events import Event, timeline
from app.kernel.clock import now
from app.kernel.db.counters import differences
from app.kernel.errors import Invalid
from tests.dashboard.choosing import chooser
from tests.depositions import factories
from tests.pages import csrf
from tests.pages import text as body

choose = chooser(FILTERS)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def desk(database, cast):
    """Thirty depositions in every state, some tagged, some taken."""
    moment, made = now(), []
    states = ("initial", "initial", "scheduled", "ready", "active", "ended", "canceled")
    for n in range(30):
        # Apart, because nobody can be in two sessions at once.
        starts = moment + (n * 7 - 60) * 3 * HOUR
        name = f"{'Ada' if n % 3 else 'Bea'} Number{n}"
        organization = "harbor" if n % 5 == 0 else "marston"
        one = (
            factories.in_state(
                database, cast, states[n % 7], starts_at=starts, deponent_name=name, organization=organization
            )
            if states[n % 7] != "ready"
            else factories.in_state(database, cast, "ready", starts_at=starts)
        )
        made.append(one.id)
    with database.write() as db:
        for id in made[::4]:
            home = db.execute(select(Deposition.organization_id).where(Deposition.id == id)).scalar_one()
            tags.add(db, "deposition", id, home, "VIP", by=cast.actor("ines"), now=moment)
        for id in made[::6]:
            actions.assign(db, id, assignee=(cast.ines.id, "Ines Okafor"), by=cast.actor("ines"), now=moment)
    return made


def all_pages(db, listed):
    """Every row, page by page forwards; and the same backwards, from the last page."""
    listed.size = 4
    forth, pages, after = [], [], None
    while True:
        page = listed.page(db, after)
        forth += [row.id for _, row in page.rows]
        pages.append([row.id for _, row in page.rows])
        after = page.next_cursor
        if after is None:
            break
    back = page
    for earlier in reversed(pages[:-1]):
        back = listed.page(db, before=back.previous_cursor)
        assert [row.id for _, row in back.rows] == earlier
    return forth


@pytest.mark.slow
def test_everybody_means_the_same_list(database, cast, desk):
    today = now().date()
    filters = st.builds(
        choose,
        view=st.sampled_from(list(tabs.VIEWS)),
        organization_id=st.sampled_from([None, None, cast.marston.id, cast.harbor.id]),
        first=st.sampled_from([None, None, today - 3 * DAY, today + DAY]),
        last=st.sampled_from([None, None, today + 9 * DAY]),
        q=st.sampled_from(["", "", "ada", "number1", "nobody"]),
        reach=st.sampled_from([None, frozenset(), frozenset([cast.harbor.id]), frozenset([cast.marston.id, 4711])]),
        tag=st.sampled_from(["", "", "vip", "none"]),
        person=st.sampled_from([None, None, "nobody", cast.ines.id]),
        sort=st.sampled_from(["", "starts", "-starts", "received", "-received"]),
        flag=st.sampled_from(["", "", "", "overlap", "checklist", "webhook"]),
        in_zone=st.sampled_from(["", "", "", "Pacific"]),
    )

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(filters)
    def agree(f):
        with database.read() as db:
            listed = listing.listing(db, f, now())
            rows = all_pages(db, listed)
            assert len(set(rows)) == len(rows) == listed.total(db) == listed.count_all(db)
            assert [row.id for _, row in listed.stream(db, size=3)] == rows
            sizes, kept = listed.counts(db, {segment.key for segment in listed.compiled.segments})
            assert sum(sizes.values()) == len(rows)
            assert counts.counted_total(f, kept) in (None, len(rows))
            found = listed.rows_of(db, desk)
            assert {id for id, (key, _) in found.items() if key is not None} == set(rows)
            if f.reader.organization_ids is not None:
                assert {row.organization_id for _, row in found.values()} <= f.reader.organization_ids
            for place, id in enumerate(rows[:3]):
                near = listed.near(db, id)
                assert near.place == place + 1
                assert near.previous == (rows[place - 1] if place else None)
                assert near.next == (rows[place + 1] if place + 1 < len(rows) else None)

    agree()
    with database.read() as db:
        assert differences(db) == []


def exported(database):
    with database.read() as db:
        e = Event.__table__.c
        return db.execute(select(e.data, e.actor_name, e.organization_id).where(e.kind == "desk.exported")).all()


def test_a_copy_is_the_list_and_leaves_a_note(ines, cast, database, desk):
    answer = ines.get("/depositions/csv?view=everything&tag=vip&sort=-starts")
    assert answer.mimetype == "text/csv"
    assert "depositions-everything-" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True)[1:], newline="")))
    with database.read() as db:
        f = choose(view="everything", tag="vip", sort="-starts")
        ids = [row.id for _, row in listing.listing(db, f, now()).stream(db)]
    assert [int(row[0]) for row in rows[1:]] == ids
    assert len(ids) == 8
    ((data, who, _),) = exported(database)
    assert (data["rows"], data["ticked"], who) == (8, False, "Ines Okafor")
    assert data["address"] == "/depositions?view=everything&tag=vip&sort=-starts"


def test_a_copy_runs_no_formula(ines, cast, database):
    factories.request(database, cast, deponent_name="=HYPERLINK(1)", case_name="＝cmd")
    shown_text = ines.get("/depositions/csv").get_data(as_text=True)
    assert ",'=HYPERLINK(1)," in shown_text
    assert ",'＝cmd," in shown_text


def test_a_copy_stays_within_ones_organizations(client, cast, database, desk):
    cast.sign_in(client, "abel")
    shown_text = client.get("/depositions/csv?view=everything").get_data(as_text=True)
    assert "Harbor Homes" in shown_text
    assert "Marston" not in shown_text
    ((_, _, home),) = exported(database)
    assert home == cast.harbor.id


def press(client, ids, act, query="", **typed):
    rows = [id if isinstance(id, str) else f"{id}:1" for id in ids]
    data = {"csrf_token": csrf(client, "/depositions"), "row": rows, "act": act, **typed}
    return client.post(f"/depositions/bulk{query}", data=data)


def status_after(client, answer):
    assert answer.status_code == 303, body(answer)
    return body(client.get(answer.headers["Location"]))


def test_ticked_rows_are_assigned_and_what_moved_on_is_left_alone(ines, cast, database):
    made = [factories.request(database, cast, starts_at=now() + n * DAY).id for n in (3, 4, 5)]
    factories.schedule(database, cast, made[0])
    page = status_after(ines, press(ines, made, f"assign:{cast.ines.id}"))
    assert "2 assigned to you. 1 was left alone: you scheduled it at" in page
    with database.read() as db:
        kept = dict(db.execute(select(Deposition.id, Deposition.assignee_id)).all())
        status = db.execute(select(Event.subject_id).where(Event.kind == "deposition.assigned")).scalars().all()
    assert kept == {made[0]: None, made[1]: cast.ines.id, made[2]: cast.ines.id}
    assert sorted(map(int, status)) == made[1:]
    page = status_after(ines, press(ines, made[1:], "unassign"))
    assert "None unassigned. 2 were left alone: Orsolya Brandt, you assigned it at" in page
    page = status_after(ines, press(ines, [f"{id}:2" for id in made[1:]], "unassign"))
    assert "2 unassigned." in page


def test_two_people_tick_the_same_rows_at_once(app, cast, database):
    made = [factories.request(database, cast, starts_at=now() + n * DAY).id for n in range(3, 9)]
    with database.write() as db:
        db.execute(text("UPDATE memberships SET role = 'scheduler' WHERE person_id = :hugo"), {"hugo": cast.hugo.id})
    people = {}
    for called in ("ines", "hugo"):
        client = cast.sign_in(app.test_client(), called)
        people[called] = (client, csrf(client, "/depositions"))
    together, answers = threading.Barrier(2), []

    def go(called, ids):
        client, token = people[called]
        together.wait()
        data = {"csrf_token": token, "row": [f"{id}:1" for id in ids], "act": f"assign:{cast.people[called].id}"}
        answers.append(client.post("/depositions/bulk", data=data).status_code)

    threads = [threading.Thread(target=go, args=("ines", made)), threading.Thread(target=go, args=("hugo", made[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303, 303]
    with database.read() as db:
        rows = db.execute(select(Deposition.assignee_id, Deposition.version)).all()
        status = db.execute(select(Event.subject_id).where(Event.kind == "deposition.assigned")).scalars().all()
    assert {row.version for row in rows} == {2}
    assert sorted(map(int, status)) == made
    assert {row.assignee_id for row in rows} <= {cast.ines.id, cast.hugo.id}


@pytest.mark.parametrize(
    ("rows", "act", "sentence"),
    [
        ([], "give_back", "Select at least one row first."),
        (["x"], "give_back", "A selected row could not be read."),
        (["1:1"], "cancel", "Choose what to do with the selected rows."),
        (["1:1"], "assign:4711", "Choose a person who works at this desk."),
        (["1:1"], "tag", "Type the tag first"),
    ],
)
def test_what_is_pressed_wrongly_is_said(ines, cast, database, rows, act, sentence):
    factories.request(database, cast)
    answer = press(ines, rows, act)
    assert answer.status_code == 422
    assert sentence in body(answer)


def test_who_only_looks_may_copy_and_do_nothing_else(client, cast, database):
    made = factories.request(database, cast).id
    cast.sign_in(client, "aude")
    assert press(client, [made], "unassign").status_code == 403
    assert press(client, [made], "tag", tag="vip").status_code == 403
    answer = press(client, [made, "4711:1"], "export")
    assert answer.status_code == 200
    assert body(answer).count("Orsolya") == 1
    ((data, _, _),) = exported(database)
    assert (data["rows"], data["ticked"]) == (1, True)


def test_another_organizations_row_is_neither_changed_nor_named(client, cast, database):
    made = factories.request(database, cast, organization="harbor").id
    cast.sign_in(client, "adam")
    with database.write() as db:
        db.execute(text("UPDATE memberships SET role = 'scheduler' WHERE person_id = :adam"), {"adam": cast.adam.id})
    page = status_after(client, press(client, [made], "tag", tag="vip"))
    assert "None tagged “vip”. 1 was left alone: it is not in this list." in page
    assert "Orsolya" not in page
    with database.read() as db:
        assert tags.tags_of(db, "deposition", [made]) == {}
    assert body(press(client, [made], "export")).count("Orsolya") == 0


def test_tags_are_put_on_shown_filtered_and_taken_off(ines, cast, database):
    made = factories.request(database, cast).id
    other = factories.request(database, cast, starts_at=now() + 3 * DAY, deponent_name="Nobody Tagged").id
    token = csrf(ines, "/depositions")
    for name in ("Needs  Interpreter", "vip"):
        assert ines.post(f"/depositions/{made}/tag", data={"csrf_token": token, "tag": name}).status_code == 303
    assert "needs interpreter" in body(ines.get(f"/depositions/{made}"))
    page = body(ines.get("/depositions?tag=VIP"))
    assert f'id="deposition-{made}"' in page
    assert f'id="deposition-{other}"' not in page
    assert ines.post(f"/depositions/{made}/untag", data={"csrf_token": token, "tag": "vip"}).status_code == 303
    with database.read() as db:
        assert tags.tags_of(db, "deposition", [made, other]) == {made: ("needs interpreter",)}
        assert differences(db) == []
        assert db.execute(select(Deposition.version).where(Deposition.id == made)).scalar_one() == 1
        kinds = [status.kind for status in reversed(timeline(db, "deposition", made))]
    assert kinds == ["deposition.requested", "deposition.tagged", "deposition.tagged", "deposition.untagged"]


@pytest.mark.parametrize("bad", ["", "  ", "\n", "x" * 31])
def test_a_tag_is_a_word_or_two(bad):
    with pytest.raises(Invalid):
        tags.tidy(bad)


@pytest.mark.parametrize("name", ["علی\u200cرضا", "👩\u200d👩\u200d👧 vip"])
def test_a_tag_keeps_its_joiners(name):
    assert tags.tidy(f" {name}\n") == name


def test_tags_of_others_are_not_offered(client, cast, database, desk):
    cast.sign_in(client, "aida")
    made = factories.request(database, cast, starts_at=now() + 99 * DAY).id
    with database.write() as db:
        tags.add(db, "deposition", made, cast.marston.id, "secret word", by=cast.actor("ines"), now=now())
    page = body(client.get("/depositions?view=everything"))
    assert "vip" in page
    assert "secret word" not in page


@contextlib.contextmanager
def statements(database):
    seen = []

    def note(*given):
        seen.append(given[2])

    event.listen(database.reader, "before_cursor_execute", note)
    yield seen
    event.remove(database.reader, "before_cursor_execute", note)


def test_how_often_the_database_is_asked(ines, cast, database, desk):
    ines.get("/depositions")
    with statements(database) as seen:
        ines.get("/depositions", headers={"HX-Request": "true", "HX-Target": "div#queue"})
        fragment = len(seen)
        ines.get("/depositions")
    assert (fragment, len(seen) - fragment) == (FRAGMENT, PAGE), seen


FRAGMENT, PAGE = 9, 15
"""Queries of the fragment and of the whole page, whatever the table holds."""


@pytest.mark.parametrize("query", ["sort=upside", "with=x", "with=-1", "before=forged", "tag=" + "x" * 31])
def test_addresses_that_cannot_be_read_are_said(ines, cast, query):
    assert ines.get(f"/depositions?{query}").status_code in (400, 422)


def test_heads_sort_and_say_so(ines, cast, database, desk):
    page = body(ines.get("/depositions?view=everything&sort=starts"))
    assert 'aria-sort="ascending"><a href="/depositions?view=everything&amp;sort=-starts">' in page
    assert "aria-sort" not in body(ines.get("/depositions"))
