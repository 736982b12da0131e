"""People to whom the desk writes: leads about what expires, agents about new answers."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select

from app.accounts.models import IN_FORCE, Membership, NewAnswers, Organization, Person
from app.accounts.roles import PRESCREENS, WRITERS, Grant, Role, scope_of
from app.accounts.scope import Scope
from app.kernel.db.engine import Db
from app.prescreens.models import Prescreen


class Recipient(NamedTuple):
    """A person of the team."""

    id: int
    name: str
    email: str
    time_zone: str
    new_answers: str


_PEOPLE = (
    select(Person.id, Person.name, Person.email, Person.time_zone, Person.new_answers)
    .join(Membership, Membership.person_id == Person.id)
    .where(Person.disabled_at.is_(None), IN_FORCE)
    .distinct()
    .order_by(Person.id)
)
_AGENTS = Membership.role.in_(sorted(WRITERS[PRESCREENS]))


def leads(db: Db, organization_id: int) -> list[Recipient]:
    """The leasing leads of an organization; without one its administrators."""
    for role in (Role.LEASING_LEAD, Role.ADMIN):
        found = _people(db, Membership.organization_id == organization_id, Membership.role == role.value)
        if found:
            return found
    return []


def of_new_answers(db: Db, organization_id: int) -> list[Recipient]:
    """The agents of an organization, staff among them, who want to hear of new answers."""
    here = or_(Membership.organization_id == organization_id, Membership.organization_id.is_(None))
    return _people(db, here, _AGENTS, Person.new_answers != NewAnswers.NEVER.value)


def agent(db: Db, person_id: int) -> tuple[Recipient, Scope] | None:
    """A person, and the organizations for which they decide; None for one who does not, or not any more."""
    found = _people(db, Person.id == person_id, _AGENTS)
    if not found:
        return None
    theirs = select(Membership.role, Membership.organization_id).where(Membership.person_id == person_id, IN_FORCE)
    grants = db.execute(theirs)
    grants_of = [Grant(Role(role), organization_id) for role, organization_id in grants]
    return found[0], scope_of(grants_of, WRITERS[PRESCREENS])


def _people(db: Db, *conditions: ColumnElement[bool]) -> list[Recipient]:
    return [Recipient._make(row) for row in db.execute(_PEOPLE.where(*conditions))]


def sent_in(db: Db, scope: Scope, since: datetime, until: datetime) -> int:
    """How many prospects sent their answers from one moment until another. Eight in the morning is no full hour of UTC
    everywhere, so the rows are counted, by an index: hourly statistics would lose those of a part of an hour."""
    homes = select(Organization.id).where(scope.where(Organization.id))
    sent = (Prescreen.completed_at >= since, Prescreen.completed_at < until)
    statement = select(func.count()).select_from(Prescreen).where(Prescreen.organization_id.in_(homes), *sent)
    return int(db.execute(statement).scalar_one())
