"""The overviews of the three desks: true numbers of one's own organizations, at the same cost however much there is."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, update

from app.accounts.scope import Scope
from app.dashboard import recent_events
from app.kernel.clock import now
from app.kernel.db import recounts
from app.kernel.db.engine import Database
from app.kernel.outbox.outbox import Message, OutboxRow, enqueue
from app.kernel.text.datetimes import duration
from app.prescreens.events import APPROVED, DENIED
from tests.cast import Cast
from tests.depositions import factories
from tests.prescreens import factories as prescreens

DESKS = {"depositions": "ines", "prescreens": "lena", "inspections": "otto"}
QUERIES = {"depositions": 15, "prescreens": 13, "inspections": 9}
"""Who is signed in, the navigation's counts, then: organizations, tallies, what waits now, what is failing, the oldest
message, whether a worker takes messages; prescreens read the names of templates, the forecast and what to decide first
too, depositions what starts soon, the shares of organizations, and for the capacity of the team its sessions, its past
requests and its roster."""


@contextmanager
def watched(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    for engine in (database.reader, database.writer):
        event.listen(engine, "before_cursor_execute", keep)
    yield seen
    for engine in (database.reader, database.writer):
        event.remove(engine, "before_cursor_execute", keep)


@pytest.mark.parametrize("desk", DESKS)
def test_an_empty_desk_says_so_and_draws_nothing(client: FlaskClient, cast: Cast, desk: str) -> None:
    cast.sign_in(client, DESKS[desk])
    page = client.get(f"/{desk}/overview")
    assert page.status_code == 200
    assert "Nothing to draw yet" in page.text
    assert "<figure" not in page.text


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("query", ["span=8", "span=", "span=7%00", "organization=x", "organization=-1", "csv=nothing"])
def test_an_address_that_cannot_be_read_is_refused_in_words(
    client: FlaskClient, cast: Cast, desk: str, query: str
) -> None:
    cast.sign_in(client, DESKS[desk])
    page = client.get(f"/{desk}/overview?{query}")
    assert page.status_code == 400
    assert "Start again from the overview." in page.text


@pytest.mark.parametrize("desk", DESKS)
def test_a_strange_organization_answers_like_none_at_all(client: FlaskClient, cast: Cast, desk: str) -> None:
    cast.sign_in(client, {"depositions": "adam"}.get(desk, DESKS[desk]))
    answers = [client.get(f"/{desk}/overview?organization={id}") for id in (cast.harbor.id, 10**8)]
    assert [a.status_code for a in answers] == [404, 404]
    assert client.get(f"/{desk}/overview?organization={cast.marston.id}").status_code == 200


def caption(client: FlaskClient, desk: str, key: str, more: str = "") -> list[list[str]]:
    answer = client.get(f"/{desk}/overview?csv={key}{more}")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert f'attachment; filename="{desk}-{key}-' in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_requests_count_on_the_day_they_came_for_their_own_desk_only(
    database: Database, client: FlaskClient, cast: Cast
) -> None:
    for _ in range(3):
        factories.request(database, cast)
    cast.sign_in(client, "adam")
    head, *rows = caption(client, "depositions", "requests")
    assert head == ["Day", "7 AM to 8 PM there", "before 7 AM or after 8 PM there"]
    assert len(rows) == 30
    assert sum(int(n) for _, *each in rows for n in each) == 3
    assert sum(int(n) for n in rows[-1][1:]) == 3
    page = client.get("/depositions/overview").text
    assert "3 requests, 3 more than in the 30 days before. Today has the most, 3 requests." in page
    cast.sign_in(client, "abel")
    assert "Nothing to draw yet" in client.get("/depositions/overview").text


def test_three_decisions_are_no_percentage(database: Database, client: FlaskClient, cast: Cast) -> None:
    for _ in range(3):
        prescreens.prescreen(database, cast.marston.id)
    cast.sign_in(client, "lena")
    page = client.get("/prescreens/overview?span=7").text
    assert "3 prescreens, 3 more than in the 7 days before" in page
    assert "%" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.S).split("<main", 1)[1].split("</main>", 1)[0]


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("span", [7, 90])
def test_it_costs_the_same_however_much_there_is(
    database: Database, client: FlaskClient, cast: Cast, desk: str, span: int
) -> None:
    cast.sign_in(client, DESKS[desk])
    found = []
    for more in (1, 12):
        for _ in range(more):
            factories.request(database, cast)
            prescreens.prescreen(database, cast.marston.id)
        with watched(database) as seen:
            assert client.get(f"/{desk}/overview?span={span}").status_code == 200
        found.append(len([s for s in seen if s.lstrip().upper().startswith(("SELECT", "WITH"))]))
    assert found == [QUERIES[desk]] * 2
    with database.read() as db:
        assert recounts.differences(db) == []


def send(database: Database, organization_id: int, subject: str, channel: str, **changes: Any) -> None:
    """A message about a thing of a desk, as the worker left it."""
    with database.write() as db:
        about = {"organization_id": organization_id, "subject_type": subject, "subject_id": "1"}
        (id,) = enqueue(
            db, [Message(channel, {"to": "a@example.com"}, "example.com")], event_id=None, now=now(), **about
        )
        db.execute(update(OutboxRow).where(OutboxRow.id == id).values(**changes))


def arrived(**more: Any) -> dict[str, Any]:
    return {"state": "sent", "finished_at": now(), "attempts": 1, **more}


def test_what_is_still_failing_has_not_arrived(database: Database, client: FlaskClient, cast: Cast) -> None:
    for _ in range(3):
        send(database, cast.marston.id, "deposition", "email", **arrived())
    cast.sign_in(client, "adam")
    assert "All 3 of the last 30 days arrived." in client.get("/depositions/overview").text
    for _ in range(4):
        send(
            database,
            cast.marston.id,
            "deposition",
            "webhook",
            last_error="No answer",
            due_at=now() + timedelta(hours=1),
        )
    # Of others: another organization, another desk, a job that is nobody's message.
    send(database, cast.harbor.id, "deposition", "webhook", last_error="No answer")
    send(database, cast.marston.id, "prescreen", "webhook", last_error="No answer")
    send(database, cast.marston.id, "deposition", "job:depositions.x", last_error="No answer")
    page = client.get("/depositions/overview").text
    assert "3 of 7 messages of the last 30 days arrived. 4 still being tried." in page
    assert "All 3" not in page
    send(database, cast.marston.id, "deposition", "webhook", **arrived(state="dead"))
    send(database, cast.marston.id, "deposition", "email", **arrived(attempts=2))
    page = client.get("/depositions/overview").text
    assert "4 of 9 messages of the last 30 days arrived, 1 after a retry. 4 still being tried, 1 failed." in page
    head, *rows = caption(client, "depositions", "deliveries")
    assert head == ["Channel", "Sent at once", "Sent later", "Still being tried", "Failed"]
    assert rows == [["E-mail", "3", "1", "0", "0"], ["SMS", "0", "0", "0", "0"], ["Webhook", "0", "0", "4", "1"]]


def test_messages_about_everything_of_a_desk_count(database: Database, client: FlaskClient, cast: Cast) -> None:
    for subject in ("inspection", "invite"):
        send(database, cast.marston.id, subject, "email", **arrived())
        send(database, cast.marston.id, subject, "sms", last_error="No answer")
    cast.sign_in(client, "otto")
    assert "2 of 4 messages of the last 30 days arrived. 2 still being tried." in (
        client.get("/inspections/overview").text
    )


def test_the_oldest_that_waits_is_ones_own(database: Database, client: FlaskClient, cast: Cast) -> None:
    def shown() -> list[str]:
        page = client.get("/inspections/overview").text
        return re.findall(r"The oldest still waiting has been due for ([^.]+)\.", page)

    cast.sign_in(client, "otto")
    send(database, cast.marston.id, "inspection", "email", **arrived())
    send(database, cast.harbor.id, "inspection", "email", due_at=now() - timedelta(hours=5))
    assert shown() == []
    for hours in (1, 2):
        send(database, cast.marston.id, "inspection", "email", due_at=now() - timedelta(hours=hours))
    assert shown() == [duration(timedelta(hours=2))]


def test_a_list_is_quiet_since_something_of_ones_own(database: Database, cast: Cast) -> None:
    prescreens.prescreen(database, cast.harbor.id, "approved")
    with database.read() as db:
        ours, theirs = (
            recent_events.since(db, "prescreen", (APPROVED, DENIED), Scope(False, frozenset([home.id])).where)
            for home in (cast.marston, cast.harbor)
        )
    assert (ours, theirs is None) == (None, False)
