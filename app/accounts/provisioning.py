"""Accounts created from the command line: repeating the command is safe."""

from datetime import datetime
from typing import NamedTuple

from app.accounts import passwords
from app.accounts.actions import people
from app.accounts.models import Organization, Person
from app.accounts.queries import organization_named, person_by_email
from app.accounts.rules import email_address
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Database, Db
from app.kernel.errors import Conflict
from app.kernel.text import normalization


class WantedAccount(NamedTuple):
    """The account that an operator wants. No password: an invitation is sent. No slug: staff."""

    email: str
    name: str
    roles: tuple[str, ...]
    slug: str | None
    time_zone: str | None
    password: str | None


def ensure(database: Database, wanted: WantedAccount, *, by: Actor, now: datetime) -> tuple[Person, bool]:
    """The account, and whether it was created now. Raises Invalid, NotFound, or Conflict when it exists and differs."""
    email = email_address(wanted.email)
    with database.read() as db:
        existing = person_by_email(db, email)
    hashed = None
    if wanted.password is not None and existing is None:
        hashed = people.hashed(wanted.password, email=email, name=wanted.name)
    with database.write() as db:
        organization = organization_named(db, wanted.slug) if wanted.slug else None
        existing = person_by_email(db, email)
        if existing is not None:
            _check_same(existing, wanted, organization)
            return existing, False
        return _create(db, wanted, organization, hashed, by, now), True


def _create(
    db: Db, wanted: WantedAccount, organization: Organization | None, hashed: str | None, by: Actor, now: datetime
) -> Person:
    first, *more = wanted.roles
    email, name, zone = wanted.email, wanted.name, wanted.time_zone
    if hashed is None:
        made = people.invite(
            db, email=email, name=name, role=first, organization=organization, time_zone=zone, by=by, now=now
        )
    else:
        made = people.create(
            db,
            email=email,
            name=name,
            role=first,
            organization=organization,
            password_hash=hashed,
            time_zone=zone,
            by=by,
            now=now,
        )
    for role in more:
        people.give_role(db, made, role, organization, by=by, now=now)
    return made


def _check_same(person: Person, wanted: WantedAccount, organization: Organization | None) -> None:
    organization_id = organization.id if organization else None
    other = []
    if person.name != normalization.name(wanted.name):
        other.append("name")
    if wanted.time_zone is not None and person.time_zone != wanted.time_zone:
        other.append("time zone")
    if {(each.role, each.organization_id) for each in person.memberships} != {
        (role, organization_id) for role in wanted.roles
    }:
        other.append("role")
    if wanted.password is not None and not passwords.matches(person.password_hash, wanted.password):
        other.append("password")
    if person.disabled_at is not None:
        other.append("state (disabled)")
    if other:
        raise Conflict(
            f"There is already an account with the address {person.email}, with another {', '.join(other)}. "
            "Nothing was changed. The page People changes it.",
            code="person.exists",
        )
