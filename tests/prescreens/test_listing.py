"""One list, asked by everybody: page, counts, CSV, ticked rows and neighbours agree whatever narrows it."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, select, update

from app.dashboard import tags
from app.dashboard.filters import Chosen
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db.counters import differences
from app.kernel.db.engine import Database, Db
from app.prescreens import actions
from app.prescreens.models import Prescreen, QuestionnaireVersion
from app.prescreens.queries import counts, listing
from app.prescreens.queries.listing import Seen
from app.prescreens.queries.stages import Reach
from app.prescreens.views.filters import FILTERS
from tests.cast import Cast
from tests.dashboard.choosing import chooser
from tests.prescreens.factories import prescreen, stored, template
from tests.prescreens.test_approve import token

choose = chooser(FILTERS)

DAY = timedelta(days=1)
STATES = ("completed", "completed", "approved", "draft", "active", "denied", "completed")


@pytest.fixture
def made(database: Database, cast: Cast) -> list[UUID]:
    """Twenty-eight prescreens in every state and age, some tagged, some taken."""
    moment, found = now(), []
    with database.write() as db:
        other = template(db, cast.marston.id, "studio", name="Studio prescreen")
    for n in range(28):
        home = cast.harbor.id if n % 5 == 4 else cast.marston.id
        name = f"{'Ada' if n % 3 else 'Bea'} Number{n}"
        at = moment - DAY * ((n * 11) % 34)
        template_id = other if home == cast.marston.id and n % 4 == 0 else None
        found.append(prescreen(database, home, STATES[n % 7], given={"fullName": name}, at=at, template_id=template_id))
    with database.write() as db:
        by = cast.actor("lena")
        for id in found[::4]:
            home = db.execute(select(Prescreen.organization_id).where(Prescreen.id == id)).scalar_one()
            tags.add(db, "prescreen", id, home, "VIP", by=by, now=moment)
        for id in found[::6]:
            assignee = (cast.lena.id, cast.lena.name)
            actions.assign(db, id, assignee=assignee, former=None, reach=Reach(None), by=by, now=moment)
    return found


def all_pages(db: Db, listed: Any) -> list[UUID]:
    """Every row, page by page forwards; and the same backwards, from the last page."""
    listed.size = 4
    forth: list[UUID] = []
    pages: list[list[UUID]] = []
    after = None
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
def test_everybody_means_the_same_list(database: Database, cast: Cast, made: list[UUID]) -> None:
    today = now().date()
    with database.read() as db:
        template_id = db.execute(select(Prescreen.workflow_template_id).where(Prescreen.id == made[0])).scalar_one()
    filters = st.builds(
        choose,
        state=st.sampled_from(listing.STATES),
        left=st.sampled_from([None, None, 3, 7]),
        organization_id=st.sampled_from([None, None, cast.marston.id, cast.harbor.id]),
        template_id=st.sampled_from([None, None, template_id]),
        first=st.sampled_from([None, None, today - 20 * DAY, today - 3 * DAY]),
        last=st.sampled_from([None, None, today - 9 * DAY]),
        q=st.sampled_from(["", "", "ada", "number1", "nobody"]),
        reach=st.sampled_from([None, frozenset(), frozenset([cast.harbor.id]), frozenset([cast.marston.id, 4711])]),
        tag=st.sampled_from(["", "", "vip", "none"]),
        person=st.sampled_from([None, None, "nobody", cast.lena.id]),
        sort=st.sampled_from(["", "left", "-left", "decided", "-decided"]),
    )

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(filters)
    def agree(f: Chosen) -> None:
        with database.read() as db:
            moment = now()
            listed = listing.listing(db, f, moment)
            rows = all_pages(db, listed)
            assert len(set(rows)) == len(rows) == listed.total(db) == listed.count_all(db)
            assert [row.id for _, row in listed.stream(db, size=3)] == rows
            sizes, kept = listed.counts(db, {segment.key for segment in listed.compiled.segments})
            assert sum(sizes.values()) == len(rows)
            if listing.is_plain(f):
                left = f.args.get("left")
                numbers = counts.read(kept)
                assert numbers.of(f.tab, int(left) if left else None) == len(rows)
                if not f.sort:
                    assert {key: numbers.group(key) for key in sizes} == sizes
            found = listed.rows_of(db, made)
            assert {id for id, (key, _) in found.items() if key is not None} == set(rows)
            if f.reader.organization_ids is not None:
                assert {row.organization_id for _, row in found.values()} <= f.reader.organization_ids
            for place, id in enumerate(rows[:3]):
                near = listing.near(db, listed, f, moment, id)
                assert near is not None
                assert near.place == place + 1
                assert near.previous == (rows[place - 1] if place else None)
                assert near.next == (rows[place + 1] if place + 1 < len(rows) else None)

    agree()
    with database.read() as db:
        assert differences(db) == []


@pytest.fixture
def lena(client: FlaskClient, cast: Cast) -> FlaskClient:
    return cast.sign_in(client, "lena")


def exported(database: Database) -> Any:
    with database.read() as db:
        e = Event.__table__.c
        return db.execute(select(e.data, e.actor_name, e.organization_id).where(e.kind == "desk.exported")).all()


def test_a_copy_is_the_list_and_leaves_a_note(
    lena: FlaskClient, cast: Cast, database: Database, made: list[UUID]
) -> None:
    answer = lena.get("/prescreens/csv?state=all&tag=vip&sort=left")
    assert answer.mimetype == "text/csv"
    assert "prescreens-all-" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.text[1:], newline="")))
    with database.read() as db:
        f = choose(state="all", tag="vip", sort="left", reach=frozenset([cast.marston.id]))
        ids = [str(row.id) for _, row in listing.listing(db, f, now()).stream(db)]
    assert [row[0] for row in rows[1:]] == ids
    assert "Harbor" not in answer.text
    ((data, who, home),) = exported(database)
    assert (data["rows"], data["ticked"], who, home) == (len(ids), False, "Lena Ortiz", cast.marston.id)
    assert data["address"] == "/prescreens?state=all&tag=vip&sort=left"


def test_a_copy_runs_no_formula(lena: FlaskClient, cast: Cast, database: Database) -> None:
    prescreen(database, cast.marston.id, given={"fullName": "=HYPERLINK(1)"})
    assert ",'=HYPERLINK(1)," in lena.get("/prescreens/csv").text


def press(client: FlaskClient, database: Database, ids: list[UUID], act: str, **typed: Any) -> Any:
    """Ticks rows as they are now, without a script, and presses a button."""
    csrf = client.get("/prescreens").text.partition('name="csrf-token" content="')[2].partition('"')[0]
    rows = typed.pop("row", None) or [seen(database, id) for id in ids]
    return client.post("/prescreens/bulk", data={"csrf_token": csrf, "row": rows, "act": act, **typed})


def seen(database: Database, id: UUID) -> str:
    row = stored(database, id)
    return f"{id}:{Seen(row.version, row.assignee_id).number}"


def followed(client: FlaskClient, answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["Location"]).text


def test_the_list_says_what_was_seen(lena: FlaskClient, cast: Cast, database: Database) -> None:
    id = prescreen(database, cast.marston.id)
    assert f'value="{seen(database, id)}"' in lena.get("/prescreens").text
    assert Seen.read(Seen(7, None).number) == Seen(7, None)
    assert Seen.read(Seen(7, 12).number) == Seen(7, 12)


def test_ticked_rows_are_assigned_and_what_moved_on_is_left_alone(
    lena: FlaskClient, cast: Cast, database: Database
) -> None:
    made = [prescreen(database, cast.marston.id, at=now() - n * DAY) for n in (3, 4, 5)]
    rows = [seen(database, id) for id in made]
    with database.write() as db:
        reach = Reach((cast.marston.id,))
        mira = (cast.mira.id, cast.mira.name)
        actions.assign(db, made[0], assignee=mira, former=None, reach=reach, by=cast.actor("mira"), now=now())
        actions.approve(db, made[1], None, reach=reach, by=cast.actor("mira"), now=now())
    page = followed(lena, press(lena, database, made, f"assign:{cast.lena.id}", row=rows))
    assert "1 assigned to you. 2 were left alone:" in page
    assert "Mira Haddad assigned it at" in page
    assert "Mira Haddad approved it at" in page
    assignees = [stored(database, id).assignee_id for id in made]
    assert assignees == [cast.mira.id, None, cast.lena.id]
    page = followed(lena, press(lena, database, made[2:], f"assign:{cast.mira.id}"))
    assert "1 assigned to Mira Haddad." in page
    assert "Assigned to Mira Haddad by Lena Ortiz" in lena.get(f"/prescreens/{made[2]}").text
    page = followed(lena, press(lena, database, made[2:], "unassign"))
    assert "1 unassigned." in page
    page = followed(lena, press(lena, database, made[2:], "unassign"))
    assert "None unassigned. 1 was left alone: This is assigned to nobody." in page


@pytest.mark.parametrize("act", ["approve", "deny", "approve:1", "decide"])
def test_nothing_is_decided_by_the_dozen(lena: FlaskClient, cast: Cast, database: Database, act: str) -> None:
    made = [prescreen(database, cast.marston.id) for _ in range(2)]
    answer = press(lena, database, made, act)
    assert answer.status_code == 422
    assert "Choose what to do with the selected rows." in answer.text
    assert {stored(database, id).review_status for id in made} == {"pending_review"}


def test_another_organizations_row_is_neither_changed_nor_named(
    lena: FlaskClient, cast: Cast, database: Database
) -> None:
    theirs = prescreen(database, cast.harbor.id, given={"fullName": "Hidden Person"})
    for act, typed in (("tag", {"tag": "vip"}), (f"assign:{cast.lena.id}", {}), ("unassign", {})):
        page = followed(lena, press(lena, database, [theirs], act, **typed))
        assert "1 was left alone: it is not in this list." in page
        assert "Hidden" not in page
    with database.read() as db:
        assert tags.tags_of(db, "prescreen", [theirs]) == {}
    assert "Hidden" not in press(lena, database, [theirs], "export").text
    assert stored(database, theirs).assignee_id is None
    fields = {**token(lena, f"/prescreens/{prescreen(database, cast.marston.id)}"), "tag": "vip"}
    for verb in ("assign", "unassign", "tag", "untag"):
        assert lena.post(f"/prescreens/{theirs}/{verb}", data=fields).status_code == 404


def test_who_only_looks_may_copy_and_do_nothing_else(client: FlaskClient, cast: Cast, database: Database) -> None:
    id = prescreen(database, cast.marston.id)
    aude = cast.sign_in(client, "aude")
    assert press(aude, database, [id], "unassign").status_code == 403
    assert press(aude, database, [id], "tag", tag="vip").status_code == 403
    answer = press(aude, database, [id], "export")
    assert answer.status_code == 200
    assert answer.text.count(",Waiting for a decision,Jane Smith,") == 1


def test_tags_are_put_on_shown_filtered_and_taken_off(lena: FlaskClient, cast: Cast, database: Database) -> None:
    one, other = (prescreen(database, cast.marston.id) for _ in range(2))
    fields = token(lena, f"/prescreens/{one}")
    assert lena.post(f"/prescreens/{one}/tag", data={**fields, "tag": "Two  Dogs"}).status_code == 303
    page = lena.get("/prescreens?tag=two dogs").text
    assert f'id="prescreen-{one}"' in page
    assert f'id="prescreen-{other}"' not in page
    assert "Tagged by Lena Ortiz" in lena.get(f"/prescreens/{one}").text
    assert lena.post(f"/prescreens/{one}/untag", data={**fields, "tag": "two dogs"}).status_code == 303
    with database.read() as db:
        assert tags.tags_of(db, "prescreen", [one, other]) == {}


def test_rows_that_left_say_who_did_what(lena: FlaskClient, cast: Cast, database: Database) -> None:
    gone, stays = (prescreen(database, cast.marston.id) for _ in range(2))
    with database.write() as db:
        reach = Reach((cast.marston.id,))
        actions.deny(db, gone, None, reach=reach, by=cast.actor("mira"), now=now())
    page = lena.get("/prescreens", headers={"X-Desk-Poll": "1", "X-Desk-Rows": f"{gone},{stays}"}).text
    left = page.partition("data-removed")[2]
    assert f'id="prescreen-{gone}"' in left
    assert f'id="prescreen-{stays}"' not in left
    assert "Denied by Mira Haddad" in left


@pytest.mark.parametrize(
    ("query", "seconds"), [("", "2"), ("?left=3", "2"), ("?state=waiting", "2"), ("?state=all", "10")]
)
def test_how_often_a_page_asks_again(lena: FlaskClient, query: str, seconds: str) -> None:
    assert f'data-live-every="{seconds}"' in lena.get(f"/prescreens{query}").text.replace(".0", "")


def test_heads_sort_and_say_so(lena: FlaskClient, cast: Cast, database: Database) -> None:
    for state in ("completed", "approved"):
        prescreen(database, cast.marston.id, state)
    page = lena.get("/prescreens?sort=left").text
    assert 'aria-sort="ascending"><a href="/prescreens?sort=-left">Time left' in page
    assert "aria-sort" not in lena.get("/prescreens").text
    page = lena.get("/prescreens?state=decided&sort=-decided").text
    assert 'aria-sort="descending"><a href="/prescreens?state=decided">Decided' in page


def test_the_detail_knows_its_place(lena: FlaskClient, cast: Cast, database: Database) -> None:
    made = [prescreen(database, cast.marston.id, at=now() - n * DAY) for n in (9, 8, 7)]
    page = lena.get(f"/prescreens/{made[1]}?left=7").text
    assert "2 of 3" not in page, "none of them is in that list"
    page = lena.get(f"/prescreens/{made[1]}").text
    assert "<span>2 of 3</span>" in page
    assert f'href="/prescreens/{made[0]}" rel="prev"' in page
    assert f'href="/prescreens/{made[2]}" rel="next"' in page


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    heard: list[str] = []

    def hear(*given: Any) -> None:
        heard.append(given[2])

    event.listen(database.reader, "before_cursor_execute", hear)
    yield heard
    event.remove(database.reader, "before_cursor_execute", hear)


FRAGMENT, PAGE = 13, 19
"""Queries of the fragment and of the whole page, whatever the table holds. One of the fragment's names the
organizations, of which the sentence under the title speaks."""


@pytest.mark.parametrize("many", [1, 9])
def test_how_often_the_database_is_asked(lena: FlaskClient, cast: Cast, database: Database, many: int) -> None:
    for n in range(many):
        id = prescreen(database, cast.marston.id, at=now() - 3 * n * DAY)
        with database.write() as db:
            db.execute(update(Prescreen).where(Prescreen.id == id).values(assignee_id=cast.mira.id))
    lena.get("/prescreens")
    with statements(database) as heard:
        lena.get("/prescreens", headers={"HX-Request": "true", "HX-Target": "div#queue"})
        fragment = len(heard)
        lena.get("/prescreens")
    assert (fragment, len(heard) - fragment) == (FRAGMENT, PAGE), "\n".join(heard)


def test_a_copy_has_a_column_for_every_question_that_was_ever_asked(
    lena: FlaskClient, cast: Cast, database: Database
) -> None:
    """Thousands of columns from a long history of a questionnaire, and a prescreen with as many answers."""
    versions, each = 250, 20
    with database.write() as db:
        id = template(db, cast.marston.id, slug="long")
    made = [prescreen(database, cast.marston.id, template_id=id) for _ in range(3)]
    with database.write() as db:
        for number in range(2, versions + 2):
            questions = [
                {"key": f"key{number}x{n}", "label": f"Question {number}.{n}", "type": "text"} for n in range(each)
            ]
            version = {"workflow_template_id": id, "number": number, "questions": questions, "introduction": ""}
            db.execute(insert(QuestionnaireVersion).values(**version, created_at=now()))
        keys = [f"key{number}x{n}" for number in range(2, versions + 2) for n in range(each)]
        many = {key: f"={key}" for key in keys} | {"key2x0": "y" * 10_000}
        db.execute(update(Prescreen).where(Prescreen.id == made[0]).values(submission=many))
    answer = lena.get("/prescreens/csv?state=all")
    head, *rows = csv.reader(io.StringIO(answer.text[1:], newline=""))
    assert {f"Question {number}.{n}" for number in range(2, versions + 2) for n in range(each)} <= set(head)
    assert {len(row) for row in rows} == {len(head)}
    (full,) = (dict(zip(head, row, strict=True)) for row in rows if row[0] == str(made[0]))
    assert full["Question 2.0"] == "y" * 10_000
    assert full["Question 251.19"] == "'=key251x19", "no cell is a formula"
