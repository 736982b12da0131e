"""A site full of work, and a user who follows every link of it.

The demonstration data fill the desks; Vera, who has every role everywhere, follows every link from the first page, as
do strangers from the links in e-mails. What no link leads to stands in APART, with the reason.
"""

import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from html import unescape
from urllib.parse import urljoin, urlsplit
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from app import demo
from app.accounts import links as account_links
from app.accounts.actions import sign_ins
from app.accounts.last_seen import PendingTimes
from app.accounts.models import Membership, Passkey, Person, TotpSecret
from app.accounts.roles import Product, Role
from app.depositions import emails
from app.depositions.emails import hours
from app.depositions.models import Deposition, DepositionQuestion, ProposalPerson
from app.depositions.queries import reconfirmation
from app.inspections import receipts
from app.inspections.evidence.models import Evidence
from app.inspections.models import Invite
from app.kernel.changes.events import Actor
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from app.kernel.outbox.dev_mailbox import DevelopmentMail
from app.kernel.outbox.outbox import OutboxRow
from app.prescreens import links as prescreen_links
from tests import apps

SITE = "http://localhost"
OF_EACH_STANDING = """
    SELECT o.slug, w.slug, min(CAST(p.id AS varchar(36)))
    FROM prescreens p JOIN workflow_templates w ON w.id = p.workflow_template_id
    JOIN organizations o ON o.id = p.organization_id
    WHERE p.status = 'completed' GROUP BY o.slug, w.slug, p.review_status
"""
OF_EACH_INQUIRY = """
    SELECT o.slug, w.slug, min(CAST(i.id AS varchar(36)))
    FROM prescreen_inquiries i JOIN prescreens p ON p.id = i.prescreen_id
    JOIN workflow_templates w ON w.id = p.workflow_template_id JOIN organizations o ON o.id = p.organization_id
    GROUP BY o.slug, w.slug, i.answered_at IS NULL
"""
OF_EACH_FILE = """
    SELECT o.slug, w.slug, min(CAST(p.id AS varchar(36)))
    FROM prescreen_files f JOIN prescreens p ON p.id = f.prescreen_id
    JOIN workflow_templates w ON w.id = p.workflow_template_id JOIN organizations o ON o.id = p.organization_id
    WHERE f.thumbnail_sha256 IS NOT NULL GROUP BY o.slug, w.slug, p.status
"""
FORM = re.compile(r'<form\b([^>]*\bmethod="post"[^>]*)>(.*?)</form>', re.S | re.I)
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
    "accounts_public.reset_requested": ("/password/asked",),
    "accounts_public.second_step": (),  # after the right password; see _walk_in
    "accounts.proof": ("/settings/proof",),  # linked when fifteen minutes have passed since signing in
    "deliveries.moved": ("/deliveries",),  # the former address of messages
    "prescreens.templates": ("/prescreens/templates",),  # the former address of questionnaires
    "prescreens.template": (),  # the same of one
    "reference.moved": ("/api/docs/depositions",),  # the address that earlier documents printed
    "brand.sheet": ("/brand/marston.css",),  # a stylesheet, which pages link in their head
    "managers_public.feed": (),  # calendars ask it; its address is shown once
    "inspections_public.offline": (),  # a phone keeps it, to show it without a connection
    "inspections_public.parts": (),  # a script asks which parts of a file are here
    "inspections_public.worker": (),  # a browser registers it
    "depositions_public.room": (),  # leaves for another site at once; tests/depositions/test_who_came.py opens it
    "depositions_answers.reconfirm": (),  # a mailed link; tests/depositions/test_reconfirm.py opens it
    "depositions_answers.question": (),  # a mailed link; tests/depositions/test_ask.py opens it
    "prescreens_public.reading": (),  # js/reading.js asks it; without scripts the next page says it
    "prescreens_public.asked_file_thumbnail": (),  # of what was just added; tests/prescreens/test_files.py has it
    "documents.download": (),  # a file; tests/dashboard/test_documents.py has it
    "holds.list": ("/holds",),  # the bar asks it; without scripts the bar is on every page
    "home.palette": ("/palette", "/palette?q=smith"),  # js/palette.js asks it; without scripts Enter searches
    "mail.inbox": ("/mail",),  # for developers; ./dev run prints it
    "mail.message": (),  # the demonstration's mail waits for a worker; tests/messages has it
}
"""Addresses that machines, developers and redirects are led to, and that no page links to."""


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
    cookie: str
    """The header with which it was asked; empty without one."""
    leads_to: list[str] = field(default_factory=list)

    def cookies(self, base: str) -> list[dict[str, str]]:
        """The same for a browser."""
        pairs = (one.partition("=") for one in self.cookie.split("; ") if one)
        return [{"name": name, "value": value, "url": base} for name, _, value in pairs]


class Unwritten(PendingTimes):
    """Last-seen times that nobody writes: whatever else a visit writes is a fault."""

    def add(self, *_: object) -> None:
        pass


@dataclass
class DemoSite:
    """The app on demonstration data."""

    database: Database
    app: Flask
    visits: list[Visit] = field(default_factory=list)

    def client(self, email: str | None = None) -> FlaskClient:
        """A browser, signed in as somebody of the demonstration cast (`vera@example.com` may see everything)."""
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


def add_vera(database: Database) -> None:
    """Adds Vera, who has every role everywhere, to the demonstration data."""
    with database.write() as db:
        vera = Person(email="vera@example.com", name="Vera Nkemelu", time_zone="Europe/Berlin", created_at=now())
        db.add(vera)
        db.flush()
        db.add_all(Membership(person_id=vera.id, organization_id=None, role=role.value) for role in Role)
        db.add(
            TotpSecret(person_id=vera.id, secret_encrypted=db.vault.encrypt("A" * 32), last_step=0, created_at=now())
        )
        key = {"credential_id": "AAAA", "public_key": "", "sign_count": 0, "name": "Laptop", "created_at": now()}
        db.add(Passkey(person_id=vera.id, **key))
        vera.second_factor = True
        db.add(_email_page(db))


def _email_page(db: Db) -> DevelopmentMail:
    """What the worker would have put on the mail page."""
    mail = {"to": "vera@example.com", "name": "Vera", "subject": "Welcome", "text": "Come in.", "html": "<p>Come in."}
    content = db.vault.encrypt(json.dumps({**mail, "attachments": []}))
    return DevelopmentMail(outbox_id=uuid4(), channel="email", content=content, created_at=now())


def open_demo_site(database: Database, visits_each: int) -> DemoSite:
    """Opens the app on demonstration data and visits everything: `visits_each` addresses an endpoint and state."""
    site = DemoSite(database, apps.made(database))
    # The same database serves other tests afterwards, so only this crawl goes without.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "pending_times", Unwritten(database), raising=False)
        crawl(site, visits_each)
    return site


def endpoint_of(app: Flask, url: str, method: str = "GET") -> str | None:
    """Which endpoint answers at an address; None when there is none."""
    try:
        return str(app.url_map.bind("localhost").match(urlsplit(url).path, method=method)[0])
    except Exception:
        return None


def crawl(site: DemoSite, visits_each: int) -> None:
    with contextlib.closing(site.database.open_reader()) as watch:
        look = partial(_look, site, watch)
        _follow(site, look, "vera@example.com", visits_each)
        _follow(site, look, None, visits_each)
        _walk_in(site, look)


def _look(site: DemoSite, watch: Db, client: FlaskClient, url: str, came_from: str, signed_in: bool) -> Visit:
    before = written(watch)
    answer = client.get(url)
    wrote = written(watch) != before
    html = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
    endpoint = endpoint_of(site.app, url) or "nothing"
    visit = Visit(
        endpoint,
        url,
        answer.status_code,
        answer.mimetype,
        html,
        wrote,
        came_from,
        signed_in,
        answer.request.headers.get("Cookie", ""),
    )
    visit.leads_to = [link for href in [*links(html), answer.location or ""] if (link := inside(url, href))]
    site.visits.append(visit)
    return visit


def _follow(site: DemoSite, look: Callable[..., Visit], email: str | None, visits_each: int) -> None:
    client = site.client(email)
    seen: set[str] = set()
    counts: dict[str, int] = defaultdict(int)
    queue = [("/", "the first page"), *((url, "APART") for urls in APART.values() for url in urls)]
    if email is None:
        queue += [(url, "an e-mail") for url in (*mailed(site.database), *known(site.database))]
    else:
        queue.append((own_link(site.database, email), "an e-mail"))
    # Last, because tests take the first page of an address for the usual one.
    further = [] if email is None else of_each_state(site.database)
    while queue or further:
        url, came_from = queue.pop(0) if queue else (further.pop(), "a list")
        endpoint = endpoint_of(site.app, url) or "nothing"
        if url in seen or (counts[endpoint] >= visits_each and came_from != "a list"):
            continue
        seen.add(url)
        counts[endpoint] += 1
        visit = look(client, url, came_from, email is not None)
        queue += [(link, url) for link in visit.leads_to]


def _walk_in(site: DemoSite, look: Callable[..., Visit]) -> None:
    """What strangers see only after they pressed something: a chat, a second step, and the field user's way in."""
    chat = next(v.url for v in site.visits if v.endpoint == "prescreens_public.welcome" and v.status == 200)
    client = site.client()
    with time_machine.travel(now() + timedelta(seconds=5)) as later:  # a page that is read before it is pressed
        look(client, press(client, chat, read=lambda: later.shift(5)), "pressing Start", False)

    with site.database.read() as db:
        vera = db.scalars(select(Person).where(Person.email == "vera@example.com")).one()
    client = site.client()
    with client.session_transaction() as cookie:
        cookie["half"] = {"p": vera.id, "e": vera.session_epoch, "until": int(now().timestamp()) + 3600}
    look(client, "/sign-in/second", "the right password", False)

    config = site.database.config
    caller = {"Authorization": f"Bearer {demo.key(config, 'maison', Product.INSPECTIONS)}"}
    for recipient in ({}, {"recipient_email": "alex@example.com"}):
        client = site.client()
        made = client.post("/api/v1/public/sessions", headers=caller, json={}).get_json()
        invite = client.post(f"/api/v1/public/sessions/{made['id']}/participants", headers=caller, json=recipient)
        url = inside("/", invite.get_json()["join_url"].replace(config.public_base_url, SITE))
        look(client, url, "an invitation", False)
        url = press(client, url)
        look(client, url, "pressing Continue", False)
        if not recipient:
            look(client, press(client, url, camera="denied", gps="denied", recording="denied"), "consenting", False)


def press(client: FlaskClient, url: str | None, read: Callable[[], object] = lambda: None, **filled: str) -> str:
    """Sends the page's first form as it stands, with these answers, after `read`. Returns where that leads."""
    html = client.get(str(url)).get_data(as_text=True)
    read()
    form = FORM.search(html)
    assert form is not None, f"{url} has no form to press."
    action = re.search(r'\saction="([^"]*)"', form[1])
    hidden = re.findall(r'<input[^>]*type="hidden"[^>]*>', form[2])
    data = {str(_attribute(one, "name")): _attribute(one, "value") or "" for one in hidden}
    answer = client.post(inside(str(url), unescape(action[1]) if action else str(url)), data={**data, **filled})
    assert answer.location, f"Pressing at {url} leads nowhere ({answer.status_code})."
    return str(inside(str(url), answer.location))


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else None


def of_each_state(database: Database) -> list[str]:
    """One request in every state, and one prescreen with files: the first ones of a list are all alike."""
    with database.read() as db:
        ids = db.execute(text("SELECT max(id) FROM depositions GROUP BY state ORDER BY state")).scalars().all()
        files = db.execute(text(OF_EACH_FILE)).all()
    return [*(f"/depositions/{id}" for id in ids), *(f"/prescreens/{UUID(str(id))}" for _, _, id in files)]


def own_link(database: Database, email: str) -> str:
    """The link to another address that somebody asked for who is signed in."""
    with database.read() as db:
        person = db.scalars(select(Person).where(Person.email == email)).one()
    return str(inside("/", account_links.address_link(database.config, person, f"new.{email}")))


def known(database: Database) -> list[str]:
    """Links that people got in e-mails which are not kept: of every state one."""
    config = database.config
    with database.read() as db:
        slugs = (
            db.execute(text("SELECT min(slug) FROM depositions WHERE booked_at IS NOT NULL GROUP BY state ORDER BY 1"))
            .scalars()
            .all()
        )
        vera = db.scalars(select(Person).where(Person.email == "vera@example.com")).one()
        jobs = (account_links.invitation_link(config, vera), account_links.reset_link(config, vera))
        prescreens = db.execute(text(OF_EACH_STANDING)).all()
        asked = [emails.question_url(config, id) for id in db.scalars(select(DepositionQuestion.id))]
        sessions = db.scalars(select(Deposition).where(Deposition.reconfirmation.in_(("silent", "no")))).all()
        for session in {each.reconfirmation: each for each in sessions}.values():
            who, *_ = reconfirmation.respondents(session, reconfirmation.contact(db, session.organization_id))
            asked.append(emails.reconfirm_url(session, config, who))
        asked += [
            hours.proposal_url(config, one.proposal_id, one.address) for one in db.scalars(select(ProposalPerson))
        ]
        inquiries = db.execute(text(OF_EACH_INQUIRY)).all()
        files = db.execute(text(OF_EACH_FILE)).all()
        showing = db.scalars(select(Invite).join(Evidence, Evidence.invite_id == Invite.id).distinct()).all()
        asked += [receipts.url(config, invite) for invite in showing]
    found = [f"/sessions/{slug}{end}" for slug in slugs for end in ("", "/join")]
    for organization, workflow, id in prescreens:
        token = prescreen_links.token(config, prescreen_links.STATUS, UUID(str(id)))
        found.append(f"/p/{organization}/{workflow}/status/{token}")
    for organization, workflow, id in files:
        token = prescreen_links.token(config, prescreen_links.CHAT, UUID(str(id)))
        found.append(f"/p/{organization}/{workflow}/chat/{token}?step=papers")
    for organization, workflow, id in inquiries:
        token = prescreen_links.token(config, prescreen_links.INQUIRY, UUID(str(id)))
        found.append(f"/p/{organization}/{workflow}/asked/{token}")
    for organization, workflow, id in prescreens:
        again = prescreen_links.again_url(config, organization, workflow, UUID(str(id)))
        found.append(again.removeprefix(config.public_base_url))
    return found + [link.removeprefix(config.public_base_url) for link in (*jobs, *asked)]


def written(watch: Db) -> object:
    """Changes whenever anybody writes to this database, as the database itself counts; see `counting_writes`."""
    ask = "PRAGMA data_version" if watch.dialect == "sqlite" else "SELECT last_value, is_called FROM writes_seen"
    return tuple(watch.execute(text(ask)).one())


@contextlib.contextmanager
def counting_writes(database: Database) -> Iterator[None]:
    """Lets PostgreSQL count writes to each table meanwhile, rolled back ones too. Transaction numbers would not do:
    they belong to the whole server, and other workers write to their databases on it."""
    with database.write() as db:
        tables = db.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        db.execute(text("CREATE SEQUENCE writes_seen"))
        body = "$$ BEGIN PERFORM nextval('writes_seen'); RETURN NULL; END $$"
        db.execute(text(f"CREATE FUNCTION see_write() RETURNS trigger LANGUAGE plpgsql AS {body}"))
        for table in tables:
            db.execute(
                text(
                    f"CREATE TRIGGER see_write AFTER INSERT OR UPDATE OR DELETE ON {table} "
                    "FOR EACH STATEMENT EXECUTE FUNCTION see_write()"
                )
            )
    try:
        yield
    finally:
        with database.write() as db:
            db.execute(text("DROP FUNCTION see_write() CASCADE"))
            db.execute(text("DROP SEQUENCE writes_seen"))


def links(html: str) -> Iterator[str]:
    """Every address a page names for reading."""
    return (unescape(link) for pattern in LINKS for link in pattern.findall(html))


def inside(page: str, href: str) -> str | None:
    """A link as path and query, when it stays in the site."""
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
