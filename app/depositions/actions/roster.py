"""Writes of the roster of managers: its rows, their absences, and the tokens of their calendar feeds."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import delete, insert, select, update

from app.accounts.models import Person
from app.accounts.rules import sign_in_address
from app.depositions import events
from app.depositions.actions import overlaps, people
from app.depositions.models import Absence, Manager, WorkingHours
from app.depositions.queries import managers, roster
from app.depositions.rules.roster import RosterFacts, check_absence
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, record, stale_conflict
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_once
from app.kernel.errors import Conflict, FieldError, NotFound
from app.kernel.json_types import JsonObject


def add(db: Db, facts: RosterFacts, *, by: Actor, now: datetime) -> int:
    """Adds a row, of a person when the address is that of one. Raises Conflict when the address has a row."""
    values = {**_values(facts), Manager.person_id: _person(db, facts.email), Manager.created_at: now}
    id = insert_once(db, Manager, {**values, Manager.updated_at: now})
    if id is None:
        raise _taken()
    _store_hours(db, id, facts)
    _record(db, events.MANAGER_ADDED, id, by=by, now=now, data=facts.as_data())
    return id


def add_for_booking(db: Db, name: str, email: str, zone: str, *, by: Actor, now: datetime) -> int:
    """The id of the row with this address; a new row when there is none. Its zone is that of the session, until the
    team writes a better one."""
    found = managers.by_email(db, email)
    if found is not None:
        return found.id
    try:
        return add(db, RosterFacts(name, email.lower(), zone), by=by, now=now)
    except Conflict:
        # Another booking has added it since.
        found = managers.by_email(db, email)
        if found is None:
            raise
        return found.id


def change(
    db: Db, manager_id: int, facts: RosterFacts, *, by: Actor, now: datetime, version: int | None = None
) -> bool:
    """Writes what differs, and returns whether anything did. Raises NotFound; Conflict when the row moved on since
    `version`, or when the address has another row."""
    changed = _change(db, manager_id, facts, by=by, now=now, version=version)
    if _NEEDS & changed:
        overlaps.restore_of_managers(db, [manager_id])
    return bool(changed)


_NEEDS = {"buffer_before", "buffer_after"}
"""What a manager's sessions need between two."""


def _change(
    db: Db, manager_id: int, facts: RosterFacts, *, by: Actor, now: datetime, version: int | None = None
) -> set[str]:
    manager = _locked(db, manager_id, version, by)
    before, after = roster.facts_of(db, manager).as_data(), facts.as_data()
    changed = [name for name in after if before[name] != after[name]]
    if not changed:
        return set()
    other = managers.by_email(db, facts.email)
    if other is not None and other.id != manager_id:
        raise _taken()
    person_id = manager.person_id if "email" not in changed else _person(db, facts.email, besides=manager_id)
    _write(db, manager, {**_values(facts), Manager.person_id: person_id}, now)
    _store_hours(db, manager_id, facts)
    data = {"before": {name: before[name] for name in changed}, "after": {name: after[name] for name in changed}}
    _record(db, events.MANAGER_CHANGED_FACTS, manager_id, by=by, now=now, data=data)
    return set(changed)


def follow_address(db: Db, person_id: int, email: str, *, by: Actor, now: datetime) -> None:
    """Gives a person's row the address that their account gets, and their sessions that are not over, so that what is
    written to them about those comes to it. Raises Conflict when another row has it."""
    id = db.scalar(select(Manager.id).where(Manager.person_id == person_id))
    if id is None:
        return
    manager = _locked(db, id, None, by)
    other = managers.by_email(db, email)
    if other is not None and other.id != id:
        raise Conflict(
            "Somebody else has this address in the roster of managers. Nothing was changed. The scheduling team can "
            "give that row another address first.",
            code="manager.address_taken",
            errors=[FieldError("email", "taken", "Somebody else has this address in the roster of managers.")],
        )
    _write(db, manager, {Manager.email: email}, now)
    people.follow_manager(db, id, email, now)
    data: JsonObject = {"before": {"email": manager.email}, "after": {"email": email}}
    _record(db, events.MANAGER_CHANGED_FACTS, id, by=by, now=now, data=data)


def add_absence(
    db: Db,
    manager_id: int,
    first_day: date,
    last_day: date,
    note: str,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> None:
    """Writes days on which a manager is away. Raises NotFound, Invalid, Conflict."""
    check_absence(first_day, last_day, note)
    manager = _locked(db, manager_id, version, by)
    days: JsonObject = {"first_day": first_day, "last_day": last_day, "note": note}
    db.execute(insert(Absence).values(manager_id=manager_id, **days))
    _write(db, manager, {}, now)
    _record(db, events.ABSENCE_ADDED, manager_id, by=by, now=now, data=_days(days))


def remove_absence(
    db: Db, manager_id: int, absence_id: int, *, by: Actor, now: datetime, version: int | None = None
) -> None:
    """Takes an absence back. Raises NotFound, Conflict."""
    manager = _locked(db, manager_id, version, by)
    row = db.execute(
        delete(Absence)
        .where(Absence.id == absence_id, Absence.manager_id == manager_id)
        .returning(Absence.first_day, Absence.last_day, Absence.note)
    ).first()
    if row is None:
        raise NotFound("This absence is not there any more. Nothing was changed.")
    _write(db, manager, {}, now)
    _record(db, events.ABSENCE_REMOVED, manager_id, by=by, now=now, data=_days(row._asdict()))


def make_feed(db: Db, manager_id: int, *, by: Actor, now: datetime, version: int | None = None) -> str:
    """Makes the token of a calendar feed and returns it; it is stored as a hash. A former one ends."""
    manager = _locked(db, manager_id, version, by)
    token = secrets.token_urlsafe(32)
    _write(db, manager, {Manager.feed_hash: feed_hash(token), Manager.feed_made_at: now}, now)
    _record(db, events.FEED_MADE, manager_id, by=by, now=now, data={})
    return token


def revoke_feed(db: Db, manager_id: int, *, by: Actor, now: datetime, version: int | None = None) -> None:
    """Ends a manager's calendar feed. Raises Conflict when there is none."""
    manager = _locked(db, manager_id, version, by)
    if manager.feed_hash is None:
        raise Conflict("There is no calendar feed. Nothing was changed.")
    _write(db, manager, {Manager.feed_hash: None, Manager.feed_made_at: None}, now)
    _record(db, events.FEED_REVOKED, manager_id, by=by, now=now, data={})


class Imported(NamedTuple):
    """How many rows an import has added, changed and found as they were."""

    added: int
    changed: int
    same: int


def import_rows(db: Db, rows: Sequence[RosterFacts], *, by: Actor, now: datetime) -> Imported:
    """Adds the rows whose address is new and changes the others. Rows that are not named stay as they are."""
    known = {facts.email: managers.by_email(db, facts.email) for facts in rows}
    # In the order in which others wait for each other, not in that of the file (actions/overlaps.py).
    new = sorted((facts for facts in rows if known[facts.email] is None), key=lambda facts: facts.email)
    for facts in new:
        add(db, facts, by=by, now=now)
    managers.lock(db, {found.id for found in known.values() if found})
    changed = {}
    for facts in rows:
        if found := known[facts.email]:
            changed[found.id] = _change(db, found.id, facts, by=by, now=now)
    overlaps.restore_of_managers(db, [id for id, names in changed.items() if _NEEDS & names])
    number = sum(map(bool, changed.values()))
    return Imported(len(new), number, len(rows) - len(new) - number)


def feed_hash(token: str) -> str:
    """The stored form of a feed's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def check_active(manager: Manager) -> None:
    """Raises Conflict for a manager who is not active."""
    if not manager.active:
        raise Conflict(
            f"{manager.name} is not active in the roster. Nothing was changed. Choose another manager, or make them "
            "active again.",
            code="manager.not_active",
            errors=[FieldError("manager", "not_active", "Choose another manager.")],
        )


def _locked(db: Db, manager_id: int, version: int | None, by: Actor) -> Manager:
    """The row, locked until the transaction ends. Raises NotFound, and Conflict when it moved on since `version`."""
    manager = managers.lock(db, [manager_id]).get(manager_id)
    if manager is None:
        raise NotFound("There is no such manager in the roster.")
    if version is not None and manager.version != version:
        raise stale_conflict(db, events.MANAGER, manager_id, version, manager.version, events.EVENTS, by)
    return manager


def _write(db: Db, manager: Manager, values: Values, now: datetime) -> None:
    moved = {Manager.version: manager.version + 1, Manager.updated_at: now}
    db.execute(update(Manager).where(Manager.id == manager.id).values({**values, **moved}))


def _values(facts: RosterFacts) -> Values:
    return {
        Manager.name: facts.name,
        Manager.email: facts.email,
        Manager.telephone: facts.telephone,
        Manager.zone: facts.zone,
        Manager.languages: list(facts.languages),
        Manager.skills: list(facts.skills),
        Manager.buffer_before: facts.buffer_before,
        Manager.buffer_after: facts.buffer_after,
        Manager.templates: dict(facts.templates),
        Manager.active: facts.active,
    }


def _store_hours(db: Db, manager_id: int, facts: RosterFacts) -> None:
    db.execute(delete(WorkingHours).where(WorkingHours.manager_id == manager_id))
    if facts.hours:
        db.execute(insert(WorkingHours), [{"manager_id": manager_id, **each._asdict()} for each in facts.hours])


def _person(db: Db, email: str, besides: int | None = None) -> int | None:
    """The person with this address, unless another row of the roster is theirs."""
    others = select(Manager.person_id).where(Manager.person_id.is_not(None))
    if besides is not None:
        others = others.where(Manager.id != besides)
    theirs = Person.email == sign_in_address(email)
    found: int | None = db.execute(select(Person.id).where(theirs, Person.id.not_in(others))).scalar()
    return found


def _taken() -> Conflict:
    detail = "This address is in the roster already. One address is one manager."
    return Conflict(
        f"{detail} Nothing was saved.", code="manager.address_taken", errors=[FieldError("email", "taken", detail)]
    )


def _days(row: Mapping[str, object]) -> JsonObject:
    return {name: str(value) for name, value in row.items()}


def _record(db: Db, event_type: EventType, id: int, *, by: Actor, now: datetime, data: JsonObject) -> None:
    record(db, event_type, subject_type=events.MANAGER, subject_id=id, organization_id=None, by=by, now=now, data=data)
