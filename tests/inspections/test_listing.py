"""The live board as one list: page, counts, CSV, ticked rows and neighbours agree."""

import contextlib
import csv
import io
import uuid
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, update

from app.dashboard import tags
from app.inspections import actions
from app.inspections.models import Inspection
from app.inspections.queries import listing
from app.inspections.views.filters import FILTERS
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db.counters import differences
from tests.dashboard.choosing import chooser
from tests.pages import csrf
from tests.pages import text as body

choose = chooser(FILTERS)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
T = Inspection.__table__.c


def make(database, cast, organization="marston", called="otto", **facts):
    with database.write() as db:
        place = getattr(cast, organization)
        person = cast.people[called]
        common = {"organization_id": place.id, "by": cast.actor(called), "now": now(), "locale": "en"}
        return actions.create(db, operator_email=person.email, **{**common, **facts}).id


def stand(database, id, **values):
    with database.write() as db:
        db.execute(update(Inspection.__table__).where(T.id == id).values(**values))


def in_state(database, cast, state, at, **facts):
    """One in `state`; `at` is when it takes place, begins or ended."""
    id = make(database, cast, **facts)
    expiry = {"expires_at": at + DAY, "expires_on": (at + DAY).strftime("%Y-%m-%d"), "created_at": min(at, now())}
    joined = {**expiry, "expires_on": "", "started_at": at}
    stand(
        database,
        id,
        **{
            "created": expiry,
            "open": {**joined, "status": "open"},
            "live": {**joined, "status": "open", "attended_at": at},
            "recording": {**joined, "status": "recording", "attended_at": at},
            "ended": {**joined, "status": "closed", "ended_at": at, "anchoring": "anchored"},
            "stuck": {**joined, "status": "closed", "ended_at": at, "anchoring": "failed"},
        }[state],
    )
    return id


@pytest.fixture
def desk(database, cast):
    """Two dozen in every state, some tagged, some taken, some with a campaign."""
    moment, made = now(), []
    with database.write() as db:
        campaign = actions.create_campaign(db, organization_id=cast.marston.id, name="Hail 2026", now=moment)
        named = campaign.id
    states = ("created", "open", "live", "recording", "ended", "stuck", "created", "created")
    for n in range(24):
        home = "harbor" if n % 5 == 0 else "marston"
        facts = {"organization": home, "called": "oona" if home == "harbor" else "otto", "notes": f"Roof number{n}"}
        facts |= {"locale": "fr"} if n % 4 == 0 else {}
        facts |= {"campaign_id": named} if n % 3 == 0 and home == "marston" else {}
        at = moment + (n - 9) * 5 * HOUR if states[n % 8] == "created" else moment - n * HOUR
        made.append(in_state(database, cast, states[n % 8], at, **facts))
    with database.write() as db:
        for id in made[::4]:
            home = db.execute(select(T.organization_id).where(T.id == id)).scalar_one()
            tags.add(db, "inspection", id, home, "VIP", by=cast.actor("otto"), now=moment)
        facts = {"recipient_email": "al@example.com", "send_email": True, "ttl_minutes": 600}
        actions.invite(db, made[1], by=cast.actor("otto"), now=moment, **facts)
        for id in made[::6]:
            actions.assign(db, id, assignee=(cast.otto.id, cast.otto.name), by=cast.actor("otto"), now=moment)
    return made, named


def all_pages(db, listed):
    """Every row, page by page forwards; and the same backwards, from the last page."""
    listed.size = 3
    forth, pages, after = [], [], None
    while True:
        page = listed.page(db, after)
        pages.append([row.id for _, row in page.rows])
        forth += pages[-1]
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
    made, campaign = desk
    today, moment = now().date(), now()
    few = frozenset([cast.harbor.id, cast.marston.id])
    many = few | frozenset(range(4000, 4010))
    filters = st.builds(
        choose,
        view=st.sampled_from(list(listing.VIEWS)),
        campaign=st.sampled_from([None, None, campaign]),
        language=st.sampled_from(["", "", "fr"]),
        operator=st.sampled_from([None, None, cast.otto.id]),
        person=st.sampled_from([None, None, "nobody", cast.otto.id]),
        organization_id=st.sampled_from([None, None, cast.marston.id, cast.harbor.id]),
        first=st.sampled_from([None, None, today - DAY, today + DAY]),
        last=st.sampled_from([None, None, today, today + 9 * DAY]),
        q=st.sampled_from(["", "", "roof", "number1", "nobody"]),
        tag=st.sampled_from(["", "", "vip", "none"]),
        reach=st.sampled_from([None, frozenset(), frozenset([cast.harbor.id]), few, many]),
        zone=st.sampled_from(["UTC", "Europe/Paris", "America/Los_Angeles"]),
        sort=st.sampled_from(["", "when", "-when", "ended", "-ended"]),
    )

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(filters)
    def agree(f):
        with database.read() as db:
            listed = listing.listing(db, f, moment)
            rows = all_pages(db, listed)
            assert len(set(rows)) == len(rows) == listed.total(db) == listed.count_all(db)
            assert [row.id for _, row in listed.stream(db, size=3)] == rows
            sizes, kept = listed.counts(db, {segment.key for segment in listed.compiled.segments})
            assert sum(sizes.values()) == len(rows)
            assert listing.counted_total(f, kept) in (None, len(rows))
            if not f.values and not f.sort:
                assert {key: listing.tab_counts(kept)[key] for key in sizes} == sizes
            found = listed.rows_of(db, made)
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


def test_sorted_or_not_a_tab_has_the_same(database, cast, desk):
    with database.read() as db:
        for view in listing.VIEWS:
            for reach in (None, frozenset([cast.marston.id])):
                plain = {row.id for _, row in listing.listing(db, choose(view, reach=reach), now()).stream(db)}
                for sort in choose(view).sorts:
                    f = choose(view, reach=reach, sort=sort)
                    assert {row.id for _, row in listing.listing(db, f, now()).stream(db)} == plain


def test_what_waits_comes_first(database, cast):
    moment = now()
    made = {
        "upcoming": in_state(database, cast, "created", moment + 9 * DAY),
        "today": in_state(database, cast, "created", moment),
        "live": in_state(database, cast, "recording", moment - 2 * HOUR),
        "second": in_state(database, cast, "open", moment - HOUR),
        "first": in_state(database, cast, "open", moment - 3 * HOUR),
        "over": in_state(database, cast, "created", moment - 3 * DAY),
        "newer": in_state(database, cast, "created", moment - 2 * DAY),
    }
    names = {id: name for name, id in made.items()}

    def listed(view):
        with database.read() as db:
            rows = listing.listing(db, choose(view), moment).page(db).rows
        return [(key, names[row.id]) for key, row in rows]

    assert listed("now") == [("waiting", "first"), ("waiting", "second"), ("live", "live"), ("today", "today")]
    assert listed("waiting") == [("waiting", "first"), ("waiting", "second")]
    assert listed("upcoming") == [("upcoming", "upcoming")]
    assert listed("expired") == [("expired", "newer"), ("expired", "over")]


def test_who_waits_is_one_press_away_from_the_overview(client, cast, database):
    in_state(database, cast, "open", now() - HOUR)
    in_state(database, cast, "recording", now() - HOUR)
    otto = cast.sign_in(client, "otto")
    assert 'href="/inspections?view=waiting"' in body(otto.get("/inspections/overview"))
    page = body(otto.get("/inspections?view=waiting"))
    assert page.count('data-row="') == 1
    assert "waits · People who wait at the door" in page


# Taking, ticked rows, copies


def press(client, rows, act, query="", **typed):
    data = {"csrf_token": csrf(client, "/inspections"), "row": rows, "act": act, **typed}
    return client.post(f"/inspections/bulk{query}", data=data)


def page_after(client, answer):
    assert answer.status_code == 303, body(answer)
    return body(client.get(answer.headers["Location"]))


def kept(database, id):
    with database.read() as db:
        return db.execute(select(T.assignee_id, T.assignee_name, T.version, T.updated_at).where(T.id == id)).one()


def test_who_makes_or_attends_one_has_it(otto, cast, database, integrator, field):
    fields = {"organization": str(cast.marston.id), "locale": "en", "campaign": ""}
    answer = otto.post("/inspections/create", data={"csrf_token": csrf(otto, "/inspections/new"), **fields})
    mine = uuid.UUID(answer.headers["Location"].rpartition("/")[2])
    assert kept(database, mine).assignee_id == cast.otto.id
    session = integrator.create()
    field.join(integrator.invite(session))
    place = f"/inspections/{session['id']}"
    assert otto.post(f"{place}/attend", data={"csrf_token": csrf(otto, place)}).status_code == 303
    assert kept(database, uuid.UUID(session["id"])).assignee_id == cast.otto.id
    assert body(otto.get("/inspections?with=me&view=all")).count('data-row="') == 2
    assert body(otto.get("/inspections?operator=me&view=all")).count('data-row="') == 1
    assert body(otto.get("/inspections?with=nobody&view=all")).count('data-row="') == 0


def test_ticked_rows_are_assigned_tagged_and_given_back(otto, cast, database):
    made = sorted(make(database, cast, notes=f"Roof {n}") for n in range(3))
    stand(database, made[0], version=2)
    rows = [f"{id}:1" for id in made]
    page = page_after(otto, press(otto, rows, f"assign:{cast.otto.id}"))
    assert "2 assigned to you. 1 was left alone:" in page
    assert [kept(database, id).assignee_id for id in made] == [None, cast.otto.id, cast.otto.id]
    rows = [f"{id}:2" for id in made]
    assert "3 tagged “vip”." in page_after(otto, press(otto, rows, "tag", tag="VIP"))
    assert body(otto.get("/inspections?tag=vip")).count('data-row="') == 3
    assert "2 unassigned. 1 was left alone: This is assigned to nobody" in page_after(
        otto, press(otto, rows, "unassign")
    )
    answer = press(otto, rows, "export")
    assert len(list(csv.reader(io.StringIO(body(answer)[1:], newline="")))) == 4
    for act in ("end", "revoke", "cancel"):
        assert press(otto, rows, act).status_code == 422
    with database.read() as db:
        assert differences(db) == []
        assert set(db.execute(select(T.status)).scalars()) == {"created"}


def test_what_is_not_ones_own_is_neither_changed_nor_named(client, cast, database):
    foreign = make(database, cast, "harbor", "oona", notes="Secret roof")
    cast.sign_in(client, "otto")
    token = csrf(client, "/inspections")
    assert "Secret roof" not in body(client.get("/inspections?view=all"))
    page = page_after(client, press(client, [f"{foreign}:1"], "tag", tag="vip"))
    assert "None tagged “vip”. 1 was left alone: it is not in this list." in page
    assert "Secret" not in page
    for verb in ("assign", "unassign", "tag", "untag"):
        data = {"csrf_token": token, "version": "1", "tag": "vip"}
        assert client.post(f"/inspections/{foreign}/{verb}", data=data).status_code == 404
    assert "Secret" not in body(client.get("/inspections/csv?view=all"))
    assert "Secret" not in body(client.get(f"/inspections?view=all&organization={cast.harbor.id}"))
    with database.read() as db:
        assert tags.tags_of(db, "inspection", [foreign]) == {}


def test_who_only_looks_may_copy_and_do_nothing_else(client, cast, database):
    made = make(database, cast)
    cast.sign_in(client, "aude")
    assert press(client, [f"{made}:1"], "unassign").status_code == 403
    assert press(client, [f"{made}:1"], "export").status_code == 200


def test_a_copy_is_the_list_and_leaves_a_note(otto, cast, database, desk):
    answer = otto.get("/inspections/csv?view=all&language=fr&sort=-when")
    rows = list(csv.reader(io.StringIO(body(answer)[1:], newline="")))
    assert "inspections-all-" in answer.headers["Content-Disposition"]
    with database.read() as db:
        scope = frozenset([cast.marston.id])
        f = choose("all", language="fr", sort="-when", reach=scope)
        ids = [str(row.id) for _, row in listing.listing(db, f, now()).stream(db)]
        e = Event.__table__.c
        data, who = db.execute(select(e.data, e.actor_name).where(e.kind == "desk.exported")).one()
    shown = [row[0] for row in rows[1:]]
    assert [id for id in shown if id in ids] == ids
    assert (data["rows"], who) == (len(shown), cast.otto.name)
    assert data["address"] == "/inspections?view=all&language=fr&sort=-when"


def test_addresses_of_before_still_work(otto, cast, integrator, desk):
    for query in ("view=upcoming", "view=now&language=fr", "operator=me", "view=all&campaign=" + str(desk[1])):
        page = body(otto.get(f"/inspections?{query}"))
        assert "Live board" in page
    assert "Nothing matches" in body(otto.get("/inspections?view=upcoming&q=nosuchword"))


@pytest.mark.parametrize(
    "query", ["sort=upside", "with=x", "with=-1", "before=forged", "from=2026-13-01", "tag=" + "x" * 31]
)
def test_addresses_that_cannot_be_read_are_refused(otto, cast, query):
    assert otto.get(f"/inspections?{query}").status_code in (400, 422)


def test_the_page_of_one_knows_the_list_one_came_from(otto, cast, database):
    moment = now()
    first, second, third = (in_state(database, cast, "open", moment - n * HOUR) for n in (3, 2, 1))
    page = body(otto.get(f"/inspections/{second}?operator=me"))
    assert "2 of 3" in page
    assert f'href="/inspections/{first}?operator=me" rel="prev"' in page
    assert f'href="/inspections/{third}?operator=me" rel="next"' in page
    assert f'action="/inspections/{second}/end?operator=me"' in page


def test_rows_that_left_say_who_did_what(otto, cast, database, integrator):
    integrator.create(notes="Rain, which stays")
    session = integrator.create(notes="Hail")
    place = f"/inspections/{session['id']}"
    page = otto.get("/inspections")
    with database.write() as db:
        actions.end(db, uuid.UUID(session["id"]), by=cast.actor("mira"), now=now())
    fresh = body(otto.get("/inspections", headers={"X-Desk-Poll": "1", "X-Desk-Rows": session["id"]}))
    assert place in body(page)
    gone = fresh.partition("data-removed")[2]
    assert f"Ended by {cast.mira.name}" in gone


def test_a_message_that_was_accepted_is_news(otto, cast, database, integrator, outbox):
    session = integrator.create()
    integrator.invite(session, recipient_email="al@example.com", send_email=True)
    first = otto.get("/inspections")
    revision = first.headers["ETag"]
    poll = {"X-Desk-Poll": "1", "If-None-Match": revision}
    assert otto.get("/inspections", headers=poll).status_code == 304
    outbox.deliver_all()
    after = otto.get("/inspections", headers=poll)
    assert after.status_code == 200
    assert "Message accepted, not opened" in body(after)


@pytest.mark.parametrize(("query", "seconds"), [("", "2"), ("?view=upcoming", "10"), ("?view=now", "2")])
def test_the_live_board_polls_often(otto, cast, query, seconds):
    assert f'data-live-every="{seconds}"' in body(otto.get(f"/inspections{query}"))


# What it costs

FRAGMENT, PAGE = 10, 17
"""Queries of the fragment and of the whole page, whatever the table holds."""


@contextlib.contextmanager
def asked(database):
    """The statements that are asked meanwhile, with their values."""
    seen = []

    def note(*given):
        seen.append(given[2:4])

    event.listen(database.reader, "before_cursor_execute", note)
    yield seen
    event.remove(database.reader, "before_cursor_execute", note)


def test_how_often_the_database_is_asked(otto, cast, database, desk):
    otto.get("/inspections")
    with asked(database) as seen:
        otto.get("/inspections", headers={"HX-Request": "true", "HX-Target": "div#queue"})
        fragment = len(seen)
        otto.get("/inspections")
    assert (fragment, len(seen) - fragment) == (FRAGMENT, PAGE), "\n".join(statement for statement, _ in seen)
