"""Demonstration data: organizations, the cast, their keys, and what the three rooms add. Never in production.

Keys and passwords are derived from SECRET_KEY, so that loading again prints the same. Everything is written in one
transaction: a load that is interrupted leaves nothing behind.
"""

import hashlib
import hmac
from base64 import b32encode, urlsafe_b64encode
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, NamedTuple

from sqlalchemy import case, func, insert, select

from app.accounts import passwords, rules
from app.accounts.actions import keys, organizations, people
from app.accounts.models import ApiKey, Organization, Person, Product
from app.accounts.queries import organization_by_slug
from app.config import Config
from app.kernel.changes.events import Actor
from app.kernel.crypto import sha256
from app.kernel.db.engine import Database, Db
from app.kernel.errors import Conflict, Denied
from app.kernel.outbox.outbox import DEAD, SENT, OutboxAttempt, OutboxRow

BY = Actor("cli", None, "Demonstration data", None, "cli")
ROOMS = ("depositions", "prescreens", "inspections", "dashboard")
HOUSE = None
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


class Player(NamedTuple):
    email: str
    name: str
    time_zone: str
    places: tuple[tuple[str, str | None], ...]
    """(role, slug of the organization or HOUSE)"""


CLIENTS = (
    Client("marston", "Marston Litigation", "pro", "America/New_York"),
    Client("hartwell", "Hartwell Pine LLP", "scale", "America/Los_Angeles", self_service=True),
    Client("alder", "Alder Row Homes", "pro", "America/Chicago"),
    Client("maison", "Maison Assurances", "scale", "Europe/Paris", locale="fr"),
    Client("khaleej", "الخليج للتأمين", "pro", "Asia/Dubai", locale="ar"),
    Client("cedar", "Cedar Lane Lettings", "starter", "Europe/London", decision_emails=False),
    Client("juniper", "Juniper Claims", "free", "America/Denver"),
    Client("brightwater", "Brightwater Adjusters", "pro", "America/Phoenix", billing="past_due"),
)

CAST = (
    Player("ines.moreau@example.com", "Ines Moreau", "Europe/Paris", (("scheduler", HOUSE),)),
    Player("ana.ruiz@example.com", "Ana Ruiz", "America/Los_Angeles", (("scheduler", HOUSE),)),
    Player("jonas.thiele@example.com", "Jonas Thiele", "America/Chicago", (("leasing_agent", "alder"),)),
    Player("priya.raman@example.com", "Priya Raman", "America/New_York", (("leasing_agent", "alder"),)),
    Player("elise.marchand@example.com", "Élise Marchand", "Europe/Paris", (("leasing_agent", "maison"),)),
    Player("fiona.kerr@example.com", "Fiona Kerr", "Europe/London", (("leasing_agent", "cedar"),)),
    Player("camille.roche@example.com", "Camille Roche", "Europe/Paris", (("operator", "maison"),)),
    Player("tomasz.wilk@example.com", "Tomasz Wilk", "Europe/Warsaw", (("operator", "maison"),)),
    Player("owen.parry@example.com", "Owen Parry", "America/Chicago", (("operator", "alder"),)),
    Player("layla.haddad@example.com", "ليلى حداد", "Asia/Dubai", (("operator", "khaleej"),)),
    Player("marisol.vega@example.com", "Marisol Vega", "America/Denver", (("operator", "juniper"),)),
    Player("margit.sorensen@example.com", "Margit Sørensen", "Europe/Copenhagen", (("admin", HOUSE),)),
    Player("dolores.whitfield@example.com", "Dolores Whitfield", "America/Chicago", (("admin", "alder"),)),
    Player("henri.vasseur@example.com", "Henri Vasseur", "Europe/Paris", (("admin", "maison"), ("operator", "maison"))),
    Player("kwame.boateng@example.com", "Kwame Boateng", "Africa/Accra", (("auditor", HOUSE),)),
    Player("ruth.abrams@example.com", "Ruth Abrams", "America/New_York", (("auditor", "marston"),)),
)


def load(database: Database, now: datetime) -> tuple[dict[str, Any], bool]:
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


def printed(config: Config) -> dict[str, Any]:
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
                        "scopes": list(rules.SCOPES[product]),
                    }
                    for product in Product
                ],
            }
            for client in CLIENTS
        ],
        "people": [
            {"email": player.email, "password": password(config, player.email), "role": role, "organization": place}
            for player in CAST
            for role, place in player.places
        ],
    }


def key(config: Config, slug: str, product: Product) -> str:
    """The demonstration key of an organization at one door."""
    return rules.PREFIXES[product] + urlsafe_b64encode(_derived(config, f"key:{slug}:{product}")).decode().rstrip("=")


def password(config: Config, email: str) -> str:
    """The demonstration password of a person: three groups of four, easy to copy by hand."""
    text = b32encode(_derived(config, f"password:{email}")).decode().lower()
    return "-".join((text[:4], text[4:8], text[8:12]))


def _derived(config: Config, what: str) -> bytes:
    return hmac.new(config.secret_keys[0].encode(), f"session-desk demo {what}".encode(), hashlib.sha256).digest()


def _write(db: Db, config: Config, now: datetime) -> None:
    made = {client.slug: _client(db, config, client, now - AGE) for client in CLIENTS}
    cast = {player.email: _player(db, config, player, made, now - AGE) for player in CAST}
    for room in ROOMS:
        import_module(f"app.{room}.demo").load(db, organizations=made, people=cast, now=now)
        db.flush()
    _attempts(db)


def _attempts(db: Db) -> None:
    """One attempt for each message that is told as tried: otherwise its page says that a worker was killed."""
    o = OutboxRow.__table__.c
    ok = case((o.state == DEAD, False), else_=True)
    detail = func.coalesce(o.last_error, "")
    tried = select(o.id, o.attempts, o.finished_at, o.finished_at, ok, detail).where(
        o.attempts == 1, o.finished_at.is_not(None), o.state.in_((SENT, DEAD))
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
        by=BY,
        now=now,
    )
    for product in Product:
        secret = key(config, client.slug, product)
        keys.create(db, organization, product, label="Demonstration", secret=secret, by=BY, now=now)
    return organization


def _player(db: Db, config: Config, player: Player, made: dict[str, Organization], now: datetime) -> Person:
    (role, place), *more = player.places
    person = people.create(
        db,
        email=player.email,
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
    return person


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
