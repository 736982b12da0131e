"""The cast: test people and organizations that are the same in every test, with relations that tests can rely on.

Marston and Harbor have everything that an organization can have, and cannot see each other. Quill has self-service
scheduling, Pine is on the starter plan and may only read, Fern is on the pilot plan. Ines, Hugo and Ada are staff and
see every organization; the others belong to one organization. Mira works at two desks, Nora at none.
"""

from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts import api_auth
from app.accounts.actions import keys, sign_ins
from app.accounts.models import Membership, Organization, Person
from app.accounts.roles import Role
from app.depositions.models import Manager
from app.kernel.changes.events import Actor
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db

PASSWORD = "seven tall ladders lean"
PASSWORD_HASH = "$argon2id$v=19$m=8,t=1,p=1$LPKghASJsX6y+3vmTHhuqA$jS4C5NjQd2yBiKa3OuhxrHrCKXJfHeqkBPWutxwLqew"
"""The argon2 hash of PASSWORD, at the lowest cost, so that signing in takes tests no time."""

ORGANIZATIONS: dict[str, dict[str, Any]] = {
    "marston": {"name": "Marston & Vale", "plan": "pro"},
    "harbor": {"name": "Harbor Homes", "plan": "pro", "time_zone": "America/Los_Angeles"},
    "quill": {"name": "Quill Reporting", "plan": "scale", "self_service": True},
    "pine": {"name": "Pine Street Rentals", "plan": "starter"},
    "fern": {"name": "Fern Mutual", "plan": "pilot", "locale": "fr"},
}

PEOPLE: dict[str, tuple[str, list[tuple[Role, str | None]]]] = {
    "ines": ("Ines Okafor", [(Role.SCHEDULER, None)]),
    "hugo": ("Hugo Brandt", [(Role.ADMIN, None)]),
    "ada": ("Ada Lindqvist", [(Role.AUDITOR, None)]),
    "lena": ("Lena Ortiz", [(Role.LEASING_AGENT, "marston")]),
    "otto": ("Otto Kim", [(Role.OPERATOR, "marston")]),
    "adam": ("Adam Reyes", [(Role.ADMIN, "marston")]),
    "aude": ("Aude Martin", [(Role.AUDITOR, "marston")]),
    "mira": ("Mira Haddad", [(Role.LEASING_AGENT, "marston"), (Role.OPERATOR, "marston")]),
    "lars": ("Lars Holm", [(Role.LEASING_AGENT, "harbor")]),
    "oona": ("Oona Byrne", [(Role.OPERATOR, "harbor")]),
    "abel": ("Abel Costa", [(Role.ADMIN, "harbor")]),
    "aida": ("Aida Rossi", [(Role.AUDITOR, "harbor")]),
    "nora": ("Nora Weiss", []),
    "leda": ("Leda Moss", [(Role.LEASING_LEAD, "marston")]),
}

MANAGERS = ("ines",)
"""Who has a row of the roster, whose id is no person's."""

ROLES = {
    "scheduler": "ines",
    "leasing_agent": "lena",
    "leasing_lead": "leda",
    "operator": "otto",
    "admin": "adam",
    "auditor": "aude",
    "staff admin": "hugo",
    "staff auditor": "ada",
    "no role": "nora",
}
"""One person for each kind of access."""


def fill(database: Database) -> None:
    """Writes every organization, person and membership into an empty database."""
    with database.write() as db:
        _add(db)


def _add(db: Db) -> None:
    made = now()
    organizations = {
        slug: Organization(slug=slug, created_at=made, contact_email=f"desk@{slug}.example.com", **facts)
        for slug, facts in ORGANIZATIONS.items()
    }
    people = {
        called: Person(email=_email(called), name=name, created_at=made, password_hash=PASSWORD_HASH)
        for called, (name, _) in PEOPLE.items()
    }
    db.add_all([*organizations.values(), *people.values()])
    db.flush()
    for called, (_, places) in PEOPLE.items():
        for role, slug in places:
            where = organizations[slug].id if slug else None
            db.add(Membership(person_id=people[called].id, organization_id=where, role=role.value))
    for called in MANAGERS:
        facts = {"zone": "UTC", "languages": [], "skills": [], "templates": {}, "created_at": made, "updated_at": made}
        db.add(Manager(id=41, person_id=people[called].id, name=PEOPLE[called][0], email=_email(called), **facts))


def _email(called: str) -> str:
    return f"{called}@example.com"


class Cast:
    """The test people and organizations as a database holds them: `cast.marston` is an organization, `cast.ines` a
    person, `cast.managers["ines"]` her row of the roster. Rows are detached copies."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._keys: dict[tuple[str, str, tuple[str, ...]], str] = {}
        with database.read() as db:
            organizations = {found.slug: found for found in db.scalars(select(Organization))}
            people = {found.email: found for found in db.scalars(select(Person))}
            managers = {found.email: found for found in db.scalars(select(Manager))}
        self.organizations = {slug: organizations[slug] for slug in ORGANIZATIONS}
        self.people = {called: people[_email(called)] for called in PEOPLE}
        self.managers = {called: managers[_email(called)] for called in MANAGERS}

    def __getattr__(self, called: str) -> Any:
        for known in ("organizations", "people"):
            found = self.__dict__.get(known, {}).get(called)
            if found is not None:
                return found
        raise AttributeError(f"There is nobody called {called} in tests/cast.py.")

    def organization(self, which: Organization | str) -> Organization:
        return self.organizations[which] if isinstance(which, str) else which

    def key(self, product: str, organization: Organization | str = "marston", *scopes: str) -> str:
        """An API key of an organization; without scopes one that may do everything. Asked twice, it is the same."""
        owner = self.organization(organization)
        wanted = (product, owner.slug, scopes)
        if wanted not in self._keys:
            with self.database.write() as db:
                home = db.get_one(Organization, owner.id)
                made = keys.create(db, home, product, by=COMMAND_LINE, now=now(), scopes=scopes)[1]
            # Not before the commit: another thread would call with a key that there is not yet.
            self._keys.setdefault(wanted, made)
        return self._keys[wanted]

    def bearer(self, organization: Organization | str = "marston", **life: float) -> str:
        """A depositions bearer that an organization's own program would sign; `seconds=-60` gives an expired one."""
        owner = self.organization(organization)
        expires_at = now() + timedelta(**(life or {"hours": 1}))
        return api_auth.token(self.key("depositions", owner), owner.slug, expires_at)

    def headers(self, product: str, organization: Organization | str = "marston") -> dict[str, str]:
        """What a caller sends: `client.get(url, headers=cast.headers("inspections"))`."""
        token = self.bearer(organization) if product == "depositions" else self.key(product, organization)
        return {"Authorization": f"Bearer {token}"}

    def actor(self, called: str) -> Actor:
        """A person as history names them."""
        person = self.people[called]
        places = {slug for _, slug in PEOPLE[called][1]}
        slug = places.pop() if len(places) == 1 else None
        home = self.organizations[slug].id if slug else None
        return Actor("person", str(person.id), person.name, home, "page", "test-request", "192.0.2.1")

    def sign_in(self, client: FlaskClient, called: str) -> FlaskClient:
        """Signs a test client in as somebody, without the form and its throttle."""
        with self.database.write() as db:
            person = db.scalars(select(Person).where(Person.id == self.people[called].id)).one()
            opened = sign_ins.sign_in(
                db, person, address="127.0.0.1", user_agent="test", by=self.actor(called), now=now()
            )
        with client.session_transaction() as cookie:
            cookie["_user_id"] = opened
            cookie["_fresh"] = True
        return client

    def cookie(self, app: Flask, called: str) -> tuple[str, str]:
        """Name and value of the cookie of somebody who is signed in, for a real browser or another process."""
        client = self.sign_in(app.test_client(), called)
        found = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
        assert found is not None
        return found.key, found.value


COMMAND_LINE = Actor("cli", None, "Tests", None, "cli")
