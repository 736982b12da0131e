"""Every number of an overview is a link to exactly the rows that were counted."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, text, update

from app.accounts.models import Person
from app.dashboard.counted_rows import Counted
from app.dashboard.events import EXPORTED
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db import hourly_stats
from app.kernel.db.engine import Database
from app.kernel.db.hourly_stats import Days
from tests import demo_data
from tests.cast import Cast
from tests.clocks import Clock
from tests.depositions import factories
from tests.project import crawler

DESKS = {"depositions": "ines", "prescreens": "lena", "inspections": "otto"}
FIGURE = re.compile(r"<figure.*?</figure>", re.S)
NUMBER = re.compile(r'<a href="([^"]+)"[^>]*>(?:<title>)?([\d,]+)')
ROW = '<th scope="row" class="title-cell"'


def links(page: str) -> Iterator[tuple[str, int]]:
    """The links of the charts, in pictures and tables, each with the number that it shows."""
    for figure in FIGURE.findall(page):
        for url, number in NUMBER.findall(figure):
            yield unescape(url), int(number.replace(",", ""))


@pytest.mark.filled(by=(demo_data.load, crawler.add_vera))
@pytest.mark.parametrize("desk", DESKS)
def test_every_link_of_a_chart_leads_to_as_many_rows_as_it_says(database: Database, app: Flask, desk: str) -> None:
    client = crawler.DemoSite(database, app).client("vera@example.com")
    organization = re.search(r'<option value="(\d+)"', client.get(f"/{desk}/overview").text)
    assert organization
    seen: set[tuple[str, int]] = set()
    for query in ("", "?span=90", f"?organization={organization[1]}"):
        seen |= set(links(client.get(f"/{desk}/overview{query}").text))
    wrong = []
    for url, number in sorted(seen):
        answer = client.get(url)
        if url.startswith("/depositions/board?day="):
            # The day itself, where what is expected has no rows yet.
            assert answer.status_code == 200
            continue
        found = answer.text.count(ROW)
        if answer.status_code != 200 or found != min(number, 200):
            wrong.append((url, number, found))
    assert len(seen) > 50
    assert not wrong


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland"])
def test_days_of_a_clock_change_have_their_own_rows(
    database: Database, client: FlaskClient, cast: Cast, clock: Clock, zone: str
) -> None:
    """25 October is a day of 25 hours in Berlin, 1 November one in Los Angeles; 27 September has 23 in Auckland."""
    clock.set(datetime(2026, 11, 4, 12, tzinfo=UTC))
    with database.write() as db:
        db.execute(update(Person).where(Person.name == "Adam Reyes").values(time_zone=zone))
    moments = [
        datetime(2026, month, day, tzinfo=UTC) + timedelta(hours=hour, minutes=30)
        for month, day in ((9, 26), (10, 24), (10, 31))
        for hour in range(0, 60, 3)
    ]
    for moment in moments:
        factories.request(database, cast, made_at=moment)
    cast.sign_in(client, "adam")
    days = Days(zone, date(2026, 9, 20), date(2026, 11, 4))
    edges = dict(zip(days, days.edges(), strict=False))
    for first in (date(2026, 9, 27), date(2026, 10, 25), date(2026, 11, 1)):
        begin, end = edges[first] * 3600, edges[first + timedelta(days=1)] * 3600
        expected = len([m for m in moments if begin <= m.timestamp() < end])
        page = client.get(f"/depositions/overview?rows=deposition.asked&from={first}&to={first}")
        assert page.text.count(ROW) == expected > 0
    counted = list(links(client.get("/depositions/overview?span=90").text))
    assert counted
    for url, number in counted:
        if "rows=" in url:
            assert client.get(url).text.count(ROW) == number


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize(
    "query",
    [
        "rows=nothing&from=2026-11-01&to=2026-11-02",
        "rows=delivery.finished",
        "rows=delivery.finished&from=2026-11-02&to=2026-11-01",
        "rows=delivery.finished&from=0001-01-01&to=2026-11-01",
        "rows=delivery.finished&from=x&to=2026-11-01",
        "rows=delivery.finished&from=2026-11-01&to=2026-11-02&is=%00",
        "rows=delivery.finished&from=2026-11-01&to=2026-11-02&over=7",
        "rows=delivery.finished&from=2026-11-01&to=2026-11-02&under=a",
    ],
)
def test_rows_that_do_not_exist_are_refused_in_words(client: FlaskClient, cast: Cast, desk: str, query: str) -> None:
    cast.sign_in(client, DESKS[desk])
    page = client.get(f"/{desk}/overview?{query}")
    assert page.status_code == 400
    assert "Start again from the overview." in page.text


def test_rows_and_their_file_are_of_the_readers_organizations(
    database: Database, client: FlaskClient, cast: Cast
) -> None:
    factories.request(database, cast, "marston", deponent_name="Of Marston")
    factories.request(database, cast, "harbor", deponent_name="Of Harbor")
    today = now().date()
    url = f"/depositions/overview?rows=deposition.asked&from={today - timedelta(days=1)}&to={today + timedelta(days=1)}"
    cast.sign_in(client, "adam")
    page = client.get(url).text
    assert "Of Marston" in page
    assert "Of Harbor" not in page
    assert client.get(f"{url}&organization={cast.harbor.id}").status_code == 404
    answer = client.get(f"{url}&csv=all")
    head, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert head == ["Thing", "Detail", "Organization", "State", "Time", "Waited (s)"]
    assert [row[0] for row in rows] == ["Of Marston"]
    with database.read() as db:
        kept = db.scalars(select(Event).where(Event.kind == EXPORTED.kind)).one()
        assert kept.data["rows"] == 1


def test_the_file_has_every_row_however_many(database: Database, cast: Cast, monkeypatch: Any) -> None:
    for _ in range(7):
        factories.request(database, cast)
    counted = Counted(
        event="deposition.asked",
        days=Days("UTC", now().date() - timedelta(days=1), now().date() + timedelta(days=1)),
        organization_ids={cast.marston.id},
    )
    monkeypatch.setattr(Counted.rows, "__defaults__", (3, None))
    with database.read() as db:
        pieces = list(counted.all(db))
        assert [len(piece) for piece in pieces] == [3, 3, 1]
        assert len({row.key for piece in pieces for row in piece}) == counted.count(db) == 7


EVENTS = sorted(each.name for stats in hourly_stats.declared() for each in stats.events)


@pytest.mark.parametrize("name", EVENTS)
def test_the_rows_of_every_event_are_found_by_an_index(database: Database, name: str) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    days = Days("UTC", date(2026, 11, 1), date(2026, 11, 30))
    narrow = {"categories": ["", "a"], "subcategories": ["", "b"]}
    counted = Counted(event=name, days=days, organization_ids={1, 2}, buckets=[0, 1], **narrow)
    event.listen(database.reader, "before_cursor_execute", note)
    with database.read() as db:
        assert counted.count(db) == 0
    event.remove(database.reader, "before_cursor_execute", note)
    statement, parameters = asked[-1]
    with database.write() as db:
        if not database.sqlite:
            # The tables are empty here: whether an index can carry it, not whether it pays.
            db.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if database.sqlite else "EXPLAIN "
        rows = db.connection().exec_driver_sql(explain + statement, parameters).all()
    plan = "\n".join(str(row[-1]) for row in rows)
    at = next(each.at for stats in hourly_stats.declared() for each in stats.events if each.name == name)
    if database.sqlite:
        assert re.search(rf"SEARCH r USING .*INDEX \w+ \(.*{at}>", plan), plan
    else:
        # Of several indexes it takes any of an empty table.
        assert "Index Cond" in plan, plan
