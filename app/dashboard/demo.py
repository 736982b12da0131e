"""Saved views and a note on each desk's list, for the demonstration."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from app.accounts.models import Membership, Organization, Person
from app.accounts.roles import DEPOSITIONS, INSPECTIONS, PRESCREENS, Grant, Role
from app.dashboard.saved_views import actions, handover_notes, owners
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db

VIEWS = (
    ("ines.moreau@example.com", DEPOSITIONS, "house", "Marston, still open", "organization={marston}"),
    ("ana.ruiz@example.com", DEPOSITIONS, "", "Everything canceled", "state=canceled&view=everything"),
    ("priya.raman@example.com", PRESCREENS, "alder", "Expiring this week", "left=7"),
    ("camille.roche@example.com", INSPECTIONS, "maison", "French, upcoming", "language=fr&view=upcoming"),
)
NOTES = (
    (
        "ana.ruiz@example.com",
        DEPOSITIONS,
        "house",
        "I stopped at Marston's requests of this morning. Ines goes on from there.",
    ),
    (
        "jonas.thiele@example.com",
        PRESCREENS,
        "alder",
        "Emeka Obiora wants a call before we decide. Priya has the number.",
    ),
)


class Somebody(NamedTuple):
    """A person as the actions know them."""

    id: int
    grants: tuple[Grant, ...]


def load(db: Db, *, organizations: Mapping[str, Organization], people: Mapping[str, Person], now: datetime) -> None:
    """Writes them through the real actions, an hour ago."""
    then = now - timedelta(hours=1)
    ids = {slug: organization.id for slug, organization in organizations.items()}
    for email, desk, where, name, query in VIEWS:
        person, by = _somebody(db, people[email])
        place = _place(where, ids) or owners.own(person.id)
        actions.save(db, person, desk, place, name, query.format(**ids), by=by, now=then)
    for email, desk, where, text in NOTES:
        person, by = _somebody(db, people[email])
        handover_notes.write(db, person, desk, _place(where, ids), "", text, seen=0, by=by, now=then)


def _place(where: str, ids: dict[str, int]) -> str:
    return owners.of_organization(ids[where]) if where in ids else where


def _somebody(db: Db, person: Person) -> tuple[Somebody, Actor]:
    rows = db.query(Membership.role, Membership.organization_id).filter_by(person_id=person.id)
    grants = tuple(Grant(Role(role), place) for role, place in rows)
    return Somebody(person.id, grants), Actor("person", str(person.id), person.name, None, "page")
