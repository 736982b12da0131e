"""Demonstration data: organizations, people, their keys, and what each desk adds. Never in production.

Keys and passwords are derived from SECRET_KEY, so that loading again prints the same. Everything is written in one
transaction: a load that is interrupted leaves nothing behind.
"""

import hashlib
import hmac
from base64 import b32encode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import NamedTuple, TypedDict

from sqlalchemy import case, func, insert, select, update

from app.accounts import passwords
from app.accounts.actions import addresses, keys, organizations, people
from app.accounts.models import ApiKey, Organization, Person
from app.accounts.queries import organization_by_slug
from app.accounts.roles import ACCESS, Product
from app.config import Config
from app.kernel.changes.events import Actor
from app.kernel.crypto import sha256
from app.kernel.db.engine import Database, Db
from app.kernel.errors import Conflict, Denied
from app.kernel.outbox.outbox import DEAD, SENT, OutboxAttempt, OutboxRow

BY = Actor("cli", None, "Demonstration data", None, "cli")
STAFF = None
"""In place of an organization: the role holds in all of them."""
AGE = timedelta(days=120)
"""How long ago the organizations joined."""


class Client(NamedTuple):
    slug: str
    name: str
    plan: str
    time_zone: str
    locale: str = "en"
    self_service: bool = False
    billing: str = "active"
    decision_emails: bool = True
    evidence_days: int | None = None
    colour: str = ""
    public_phone: str = ""
    hours: str = ""


class Player(NamedTuple):
    email: str
    name: str
    time_zone: str
    roles: tuple[tuple[str, str | None], ...]
    """(role, slug of the organization or STAFF)"""
    formerly: str = ""
    """The address that they had at first."""


CLIENTS = (
    Client(
        "marston",
        "Marston Litigation",
        "pro",
        "America/New_York",
        colour="#79371e",
        public_phone="+1 212 555 0142",
        hours="Monday to Friday, 8:00 AM to 6:00 PM in New York",
    ),
    Client("hartwell", "Hartwell Pine LLP", "scale", "America/Los_Angeles", self_service=True),
    Client(
        "alder",
        "Alder Row Homes",
        "pro",
        "America/Chicago",
        colour="#255d34",
        public_phone="+1 312 555 0177",
        hours="Monday to Saturday, 9 AM to 5 PM",
    ),
    Client(
        "maison",
        "Maison Assurances",
        "scale",
        "Europe/Paris",
        locale="fr",
        evidence_days=730,
        colour="#3c448d",
        public_phone="+33 1 55 50 14 20",
        hours="Du lundi au vendredi, de 9 h à 18 h",
    ),
    Client(
        "khaleej",
        "الخليج للتأمين",
        "pro",
        "Asia/Dubai",
        locale="ar",
        colour="#7a2452",
        public_phone="+971 4 555 0188",
        hours="من الأحد إلى الخميس، من 8 صباحًا إلى 4 مساءً",
    ),
    Client("cedar", "Cedar Lane Lettings", "starter", "Europe/London", decision_emails=False),
    Client("juniper", "Juniper Claims", "free", "America/Denver"),
    Client("brightwater", "Brightwater Adjusters", "pro", "America/Phoenix", billing="past_due"),
)
GONE = Client("larkspur", "Larkspur Reporting", "starter", "Europe/London")
"""A client who left. It is closed, so nobody gets its keys."""

CAST = (
    Player("ines.moreau@example.com", "Ines Moreau", "Europe/Paris", (("scheduler", STAFF),)),
    Player("ana.ruiz@example.com", "Ana Ruiz", "America/Los_Angeles", (("scheduler", STAFF),)),
    Player("jonas.thiele@example.com", "Jonas Thiele", "America/Chicago", (("leasing_agent", "alder"),)),
    Player(
        "priya.raman@example.com",
        "Priya Raman",
        "America/New_York",
        (("leasing_agent", "alder"), ("leasing_lead", "alder")),
    ),
    Player(
        "elise.marchand@example.com",
        "Élise Marchand",
        "Europe/Paris",
        (("leasing_agent", "maison"),),
        formerly="elise.dubreuil@example.com",
    ),
    Player("fiona.kerr@example.com", "Fiona Kerr", "Europe/London", (("leasing_agent", "cedar"),)),
    Player("camille.roche@example.com", "Camille Roche", "Europe/Paris", (("operator", "maison"),)),
    Player("tomasz.wilk@example.com", "Tomasz Wilk", "Europe/Warsaw", (("operator", "maison"),)),
    Player("owen.parry@example.com", "Owen Parry", "America/Chicago", (("operator", "alder"),)),
    Player("layla.haddad@example.com", "ليلى حداد", "Asia/Dubai", (("operator", "khaleej"),)),
    Player("marisol.vega@example.com", "Marisol Vega", "America/Denver", (("operator", "juniper"),)),
    Player("margit.sorensen@example.com", "Margit Sørensen", "Europe/Copenhagen", (("admin", STAFF),)),
    Player("dolores.whitfield@example.com", "Dolores Whitfield", "America/Chicago", (("admin", "alder"),)),
    Player("henri.vasseur@example.com", "Henri Vasseur", "Europe/Paris", (("admin", "maison"), ("operator", "maison"))),
    Player("kwame.boateng@example.com", "Kwame Boateng", "Africa/Accra", (("auditor", STAFF),)),
    Player("ruth.abrams@example.com", "Ruth Abrams", "America/New_York", (("auditor", "marston"),)),
)


class LoadedOrganization(TypedDict):
    slug: str
    name: str
    plan: str
    self_service: bool
    keys: list[dict[str, object]]


class LoadedPerson(TypedDict):
    email: str
    password: str
    role: str
    organization: str | None


class Loaded(TypedDict):
    """What `desk demo load` prints, in the form that scripts read."""

    organizations: list[LoadedOrganization]
    people: list[LoadedPerson]


def load(database: Database, now: datetime) -> tuple[Loaded, bool]:
    """Loads everything the first time. Returns what to print, and whether anything was written.

    Raises Denied in production, Conflict when these organizations exist but were not made here.
    """
    config = database.config
    if config.production:
        raise Denied("Demonstration data are not loaded in production: PUBLIC_BASE_URL is https. Nothing was done.")
    with database.write() as db:
        first = CLIENTS[0]
        fresh = organization_by_slug(db, first.slug) is None
        if fresh:
            _write(db, config, now)
        else:
            _check(db, config)
    return printed(config), fresh


def printed(config: Config) -> Loaded:
    """The cast with its keys and passwords, in the shape scripts read."""
    return {
        "organizations": [
            {
                "slug": client.slug,
                "name": client.name,
                "plan": client.plan,
                "self_service": client.self_service,
                "keys": [
                    {
                        "product": product.value,
                        "key": key(config, client.slug, product),
                        "scopes": list(ACCESS[product].key_scopes),
                    }
                    for product in Product
                ],
            }
            for client in CLIENTS
        ],
        "people": [
            {"email": player.email, "password": password(config, player.email), "role": role, "organization": place}
            for player in CAST
            for role, place in player.roles
        ],
    }


def key(config: Config, slug: str, product: Product) -> str:
    """The demonstration key of an organization for one API."""
    return ACCESS[product].key_prefix + urlsafe_b64encode(_derived(config, f"key:{slug}:{product}")).decode().rstrip(
        "="
    )


def password(config: Config, email: str) -> str:
    """The demonstration password of a person: three groups of four, easy to copy by hand."""
    text = b32encode(_derived(config, f"password:{email}")).decode().lower()
    return "-".join((text[:4], text[4:8], text[8:12]))


def _derived(config: Config, what: str) -> bytes:
    return hmac.new(config.secret_keys[0].encode(), f"session-desk demo {what}".encode(), hashlib.sha256).digest()


def _write(db: Db, config: Config, now: datetime) -> None:
    # Here, because every start of `./dev run` asks whether they are loaded: that needs no desk, and they take a second.
    from app.dashboard import demo as dashboard
    from app.desks import DESKS

    made = {client.slug: _client(db, config, client, now - AGE) for client in CLIENTS}
    gone = _client(db, config, GONE, now - AGE)
    organizations.close(db, gone, by=BY, now=now - timedelta(days=7))
    cast = {player.email: _player(db, config, player, made, now - AGE) for player in CAST}
    for load_more in (*(desk.load_demo for desk in DESKS), dashboard.load):
        load_more(db, organizations=made, people=cast, now=now)
        db.flush()
    _attempts(db)


def _attempts(db: Db) -> None:
    """Writes one attempt for each delivered message: otherwise its page says that a worker was killed."""
    ok = case((OutboxRow.state == DEAD, False), else_=True)
    detail = func.coalesce(OutboxRow.last_error, "")
    tried = select(OutboxRow.id, OutboxRow.attempts, OutboxRow.finished_at, OutboxRow.finished_at, ok, detail).where(
        OutboxRow.attempts == 1,
        OutboxRow.finished_at.is_not(None),
        OutboxRow.state.in_((SENT, DEAD)),
        OutboxRow.id.not_in(select(OutboxAttempt.outbox_id)),
    )
    columns = ["outbox_id", "number", "started_at", "ended_at", "ok", "detail"]
    db.execute(insert(OutboxAttempt.__table__).from_select(columns, tried))


def _client(db: Db, config: Config, client: Client, now: datetime) -> Organization:
    organization = organizations.create(
        db,
        slug=client.slug,
        name=client.name,
        plan=client.plan,
        billing=client.billing,
        self_service=client.self_service,
        locale=client.locale,
        time_zone=client.time_zone,
        contact_email=f"desk@{client.slug}.example.com",
        decision_emails=client.decision_emails,
        evidence_days=client.evidence_days,
        colour=client.colour,
        public_email=f"hello@{client.slug}.example.com" if client.public_phone else "",
        public_phone=client.public_phone,
        hours=client.hours,
        by=BY,
        now=now,
    )
    for product in Product:
        secret = key(config, client.slug, product)
        keys.create(db, organization, product, label="Demonstration", secret=secret, by=BY, now=now)
    return organization


def _player(db: Db, config: Config, player: Player, made: dict[str, Organization], now: datetime) -> Person:
    (role, place), *more = player.roles
    person = people.create(
        db,
        email=player.formerly or player.email,
        name=player.name,
        role=role,
        organization=made[place] if place else None,
        password_hash=passwords.hash_password(password(config, player.email)),
        time_zone=player.time_zone,
        by=BY,
        now=now,
    )
    for further, where in more:
        people.give_role(db, person, further, made[where] if where else None, by=BY, now=now)
    if player.formerly:
        _another_address(db, person, player.email, now + AGE / 2)
    return person


def _another_address(db: Db, person: Person, email: str, now: datetime) -> None:
    """As if they had opened the link to it; nothing past is mailed today."""
    by = Actor("person", str(person.id), person.name, None, "page")
    addresses.change(db, person, email, followers=(), epoch=person.session_epoch, by=by, now=now)
    mine = (OutboxRow.subject_type == "person", OutboxRow.subject_id == str(person.id))
    db.execute(update(OutboxRow.__table__).where(*mine).values(state=SENT, attempts=1, finished_at=OutboxRow.due_at))


def _check(db: Db, config: Config) -> None:
    """Raises Conflict unless these are our organizations and people, loaded under this SECRET_KEY."""
    digests = {sha256(key(config, client.slug, product)) for client in CLIENTS for product in Product}
    found = set(db.execute(select(ApiKey.secret_sha256).where(ApiKey.secret_sha256.in_(digests))).scalars())
    if found != digests:
        raise Conflict(
            "Organizations of the demonstration exist already, but their keys were not made under this SECRET_KEY. "
            "Nothing was changed. Use an empty database, or the SECRET_KEY they were loaded with.",
            code="demo.other_data",
        )
