"""A house full of work, and somebody who opens every door in it.

The demonstration data fill the rooms; Vera, who has every role everywhere, follows every link from the first page, as
do strangers from the links in letters. What no link leads to stands in APART, with the reason.
"""

import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from app import create_app, demo
from app.accounts.actions import sign_ins
from app.accounts.models import Membership, Person
from app.accounts.roles import Role
from app.kernel.clock import now
from app.kernel.db import Database, Db
from app.kernel.events import Actor
from app.kernel.outbox import OutboxRow

SITE = "http://localhost"
LINKS = (
    re.compile(r'<a\b[^>]*?\shref="([^"#]+)', re.S),
    re.compile(r'<img\b[^>]*?\ssrc="([^"#]+)', re.S),
    re.compile(r'<form\b(?![^>]*\bmethod="post")[^>]*?\saction="([^"#]+)', re.S | re.I),
)
MAILED = re.compile(r"https?://localhost(?::\d+)?(/[^\s\"'<>)]*)")
VERA = Actor("cli", None, "Tests", None, "cli")

APART: dict[str, tuple[str, ...]] = {
    "static": (),  # tests/kernel has them
    "health.live": ("/health/live",),
    "health.ready": ("/health/ready",),
    "health.metrics": ("/metrics",),
    "accounts_public.reset_asked": ("/password/asked",),
}
"""Addresses that machines, scripts and redirects lead to, and no link."""


@dataclass
class Visit:
    """One answer to one GET."""

    endpoint: str
    url: str
    status: int
    type: str
    html: str
    wrote: bool
    came_from: str
    signed_in: bool


@dataclass
class House:
    """The app on furnished data."""

    database: Database
    app: Flask
    visits: list[Visit] = field(default_factory=list)

    def client(self, email: str | None = None) -> FlaskClient:
        """A browser, signed in as somebody of the demonstration cast (`vera@example.com` opens everything)."""
        client = self.app.test_client()
        if email:
            with self.database.write() as db:
                person = db.scalars(select(Person).where(Person.email == email)).one()
                token = sign_ins.sign_in(db, person, address="127.0.0.1", user_agent="test", by=VERA, now=now())
            with client.session_transaction() as cookie:
                cookie["_user_id"] = token
                cookie["_fresh"] = True
        return client

    def pages(self) -> Iterator[Visit]:
        """Whole HTML pages that were shown."""
        return (v for v in self.visits if v.type == "text/html" and v.status == 200 and "<html" in v.html)

    def one_each(self) -> list[Visit]:
        """One page an endpoint, the first that was found."""
        first: dict[str, Visit] = {}
        for visit in self.pages():
            first.setdefault(visit.endpoint, visit)
        return list(first.values())


def furnish(database: Database) -> None:
    """Loads the demonstration data and Vera."""
    demo.load(database, now())
    with database.write() as db:
        vera = Person(email="vera@example.com", name="Vera Nkemelu", time_zone="Europe/Berlin", created_at=now())
        db.add(vera)
        db.flush()
        db.add_all(Membership(person_id=vera.id, organization_id=None, role=role.value) for role in Role)


def open_house(database: Database, visits_each: int) -> House:
    """Opens the app on furnished data and visits everything, at most so many addresses an endpoint and state of it."""
    house = House(database, create_app(database.config, database))
    crawl(house, visits_each)
    return house


def endpoint_of(app: Flask, url: str) -> str | None:
    """Which GET endpoint answers at an address; None when there is none."""
    try:
        return str(app.url_map.bind("localhost").match(urlsplit(url).path, method="GET")[0])
    except Exception:
        return None


def crawl(house: House, visits_each: int) -> None:
    with contextlib.closing(house.database.open_reader()) as watch:
        for email in ("vera@example.com", None):
            _follow(house, email, visits_each, watch)


def _follow(house: House, email: str | None, visits_each: int, watch: Db) -> None:
    client = house.client(email)
    seen: set[str] = set()
    counts: dict[str, int] = defaultdict(int)
    queue = [("/", "the first page")]
    if email is None:
        queue += [(url, "a letter") for url in mailed(house.database)]
    queue += [(url, "APART") for urls in APART.values() for url in urls]
    while queue:
        url, came_from = queue.pop(0)
        endpoint = endpoint_of(house.app, url) or "nothing"
        if url in seen or counts[endpoint] >= visits_each:
            continue
        seen.add(url)
        counts[endpoint] += 1
        before = written(watch)
        answer = client.get(url)
        wrote = written(watch) != before
        html = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
        visit = Visit(endpoint, url, answer.status_code, answer.mimetype, html, wrote, came_from, email is not None)
        house.visits.append(visit)
        found = [unescape(link) for links in LINKS for link in links.findall(html)]
        queue += [(link, url) for href in [*found, answer.location or ""] if (link := inside(url, href))]


def written(watch: Db) -> object:
    """Changes whenever anybody commits a write, as the database itself counts."""
    sqlite = watch.dialect == "sqlite"
    ask = "PRAGMA data_version" if sqlite else "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
    return watch.execute(text(ask)).scalar_one()


def inside(page: str, href: str) -> str | None:
    """A link as path and query, when it stays in the house."""
    if not href:
        return None
    parts = urlsplit(urljoin(SITE + page, href))
    if parts.scheme not in ("http", "https") or parts.hostname != "localhost":
        return None
    return parts.path + (f"?{parts.query}" if parts.query else "")


def mailed(database: Database) -> list[str]:
    """The links in everything that waits to leave or has left."""
    with database.read() as db:
        rows = db.scalars(select(OutboxRow).where(OutboxRow.payload != "").limit(400)).all()
    found: dict[str, None] = {}
    for row in rows:
        payload = json.loads(database.vault.decrypt(row.payload))
        for value in payload.values():
            if isinstance(value, str):
                found.update(dict.fromkeys(unescape(link).rstrip(".,") for link in MAILED.findall(value)))
    return list(found)
