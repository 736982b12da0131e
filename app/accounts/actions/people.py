"""People: inviting them, giving and taking roles, disabling, their own settings and passwords."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update

from app.accounts import emails, events, passwords, rules
from app.accounts.models import Membership, Organization, Person, Theme
from app.accounts.queries import LARGEST_ID, person_by_email
from app.accounts.roles import TITLES, Role
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, record
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_once
from app.kernel.errors import Conflict, Gone, NotFound


def invite(
    db: Db,
    *,
    email: str,
    name: str,
    role: str,
    organization: Organization | None,
    by: Actor,
    now: datetime,
    time_zone: str | None = None,
) -> Person:
    """Gives somebody a role, makes their account when there is none, and writes to them.

    No organization means the whole house. Raises Invalid for a bad field, Conflict when they have the role already.
    """
    person, _ = _ensure(db, email=email, name=name, time_zone=time_zone, organization=organization, by=by, now=now)
    _place(db, person, role, organization)
    message = (
        emails.invitation(db, person, organization, by)
        if person.password_hash is None
        else emails.role_given(db, person, TITLES[Role(role)], organization, by)
    )
    _record(db, events.PERSON_INVITED, person, organization, by, now, {"role": role}, [message])
    return person


def create(
    db: Db,
    *,
    email: str,
    name: str,
    role: str,
    organization: Organization | None,
    password_hash: str,
    by: Actor,
    now: datetime,
    time_zone: str | None = None,
) -> Person:
    """Makes an account that is ready to sign in (command line, demonstration data). Raises Invalid, Conflict."""
    person, made = _ensure(db, email=email, name=name, time_zone=time_zone, organization=organization, by=by, now=now)
    if not made:
        raise Conflict(f"There is already somebody with the address {person.email}.", code="person.exists")
    person.password_hash = password_hash
    _place(db, person, role, organization)
    db.flush()
    _record(db, events.PERSON_CREATED, person, organization, by, now, {"role": role})
    return person


def give_role(
    db: Db, person: Person, role: str, organization: Organization | None, *, by: Actor, now: datetime
) -> None:
    """Adds a role. Raises Invalid, or Conflict when they have it."""
    _place(db, person, role, organization)
    _record(db, events.PERSON_ROLE_GIVEN, person, organization, by, now, {"role": role})


def take_role(db: Db, person: Person, membership_id: int, *, by: Actor, now: datetime) -> None:
    """Takes a role away; it holds from the next request on. Raises NotFound, or Conflict for one's own adminship."""
    membership = db.get(Membership, membership_id) if membership_id <= LARGEST_ID else None
    if membership is None or membership.person_id != person.id:
        raise NotFound("There is no such role.")
    if by.kind == "person" and by.id == str(person.id) and membership.role == Role.ADMIN:
        raise Conflict(
            "You cannot take away your own administrator role. Ask another administrator. Nothing was changed.",
            code="person.own_role",
        )
    gone = db.execute(
        delete(Membership).where(Membership.id == membership_id).returning(Membership.id)
    ).scalar_one_or_none()
    if gone is None:
        raise NotFound("There is no such role.")
    _record(db, events.PERSON_ROLE_TAKEN, person, membership.organization, by, now, {"role": membership.role})


def disable(db: Db, person: Person, *, by: Actor, now: datetime) -> None:
    """Shuts an account: every sign-in and link of it ends now. Raises Conflict when done already, or on oneself."""
    if by.kind == "person" and by.id == str(person.id):
        raise Conflict("You cannot disable your own account. Nothing was changed.", code="person.own_account")
    done = _set(
        db,
        Person.id == person.id,
        Person.disabled_at.is_(None),
        disabled_at=now,
        session_epoch=Person.session_epoch + 1,
    )
    if not done:
        raise Conflict("This account is already disabled. Nothing was changed.", code="person.already_disabled")
    _record(db, events.PERSON_DISABLED, person, None, by, now)


def enable(db: Db, person: Person, *, by: Actor, now: datetime) -> None:
    """Opens a disabled account again; it has to sign in anew. Raises Conflict when it is not disabled."""
    if not _set(db, Person.id == person.id, Person.disabled_at.is_not(None), disabled_at=None):
        raise Conflict("This account is not disabled. Nothing was changed.", code="person.not_disabled")
    _record(db, events.PERSON_ENABLED, person, None, by, now)


def invite_again(db: Db, person: Person, *, by: Actor, now: datetime) -> None:
    """Sends a fresh invitation; the earlier link stays good until one is used. Raises Conflict once it was taken."""
    if person.password_hash is not None:
        raise Conflict(f"{person.name} has already taken the invitation. Nothing was sent.", code="person.active")
    if person.disabled_at is not None:
        raise Conflict("This account is disabled. Nothing was sent. Enable it first.", code="person.disabled")
    organization = next((each.organization for each in person.memberships if each.organization), None)
    _record(
        db,
        events.PERSON_INVITED,
        person,
        organization,
        by,
        now,
        None,
        [emails.invitation(db, person, organization, by)],
    )


def change_settings(
    db: Db, person: Person, changes: Mapping[str, Any], *, version: int, by: Actor, now: datetime
) -> None:
    """One's own name, time zone, look and keys. Raises Invalid, or Conflict when changed elsewhere meanwhile."""
    checks: dict[str, Any] = {
        "name": lambda value: rules.plain_text("name", value, rules.NAME_LENGTH),
        "time_zone": rules.time_zone,
        "theme": lambda value: rules.one_of("theme", value, (each.value for each in Theme)),
        "single_keys": bool,
        "undo_seconds": rules.undo_seconds,
    }
    after = {name: checks[name](value) for name, value in changes.items()}
    if not _set(db, Person.id == person.id, Person.version == version, **after, version=version + 1):
        raise Conflict(
            "Your settings were changed in another window meanwhile. Nothing was saved. Load the page again.",
            code="person.changed",
        )
    before = {name: getattr(person, name) for name in after if getattr(person, name) != after[name]}
    if before:
        _record(
            db,
            events.PERSON_CHANGED,
            person,
            None,
            by,
            now,
            {"before": before, "after": {name: after[name] for name in before}},
        )


def change_password(
    db: Db, person_id: int, epoch: int, password_hash: str, *, how: str, by: Actor, now: datetime
) -> int:
    """Sets a password, ends every sign-in and link of the account, and says so by mail. Returns the new epoch.

    `epoch` is the session epoch the caller proved (a link's, or the one whose old password was given): of two at once
    one wins. `how` is changed, reset or accepted. Raises Gone when the epoch has passed.
    """
    done = _set(
        db,
        Person.id == person_id,
        Person.session_epoch == epoch,
        Person.disabled_at.is_(None),
        *((Person.password_hash.is_(None),) if how == "accepted" else ()),
        password_hash=password_hash,
        session_epoch=epoch + 1,
    )
    if not done:
        raise Gone("This link has been used, or a newer one replaced it. Nothing was changed.", code="link.used")
    person = db.get_one(Person, person_id, populate_existing=True)
    event_type = {
        "changed": events.PERSON_PASSWORD_CHANGED,
        "reset": events.PERSON_PASSWORD_RESET,
        "accepted": events.PERSON_ACCEPTED,
    }[how]
    messages = [] if how == "accepted" else [emails.password_changed(db, person, now)]
    _record(db, event_type, person, None, by, now, None, messages)
    return epoch + 1


def hashed(password: str, *, email: str, name: str) -> str:
    """Checks a new password and hashes it. Slow on purpose: call it before the transaction. Raises Invalid."""
    return passwords.hash_password(rules.password(password, email=email, name=name))


def _ensure(
    db: Db,
    *,
    email: str,
    name: str,
    time_zone: str | None,
    organization: Organization | None,
    by: Actor,
    now: datetime,
) -> tuple[Person, bool]:
    address = rules.email_address(email)
    zone = time_zone or (organization.time_zone if organization else "America/New_York")
    made = insert_once(
        db,
        Person,
        {
            Person.email: address,
            Person.name: rules.plain_text("name", name, rules.NAME_LENGTH),
            Person.time_zone: rules.time_zone(zone),
            Person.locale: "en",
            Person.theme: Theme.SYSTEM.value,
            Person.single_keys: True,
            Person.session_epoch: 0,
            Person.version: 1,
            Person.created_at: now,
        },
    )
    person = db.get_one(Person, made) if made is not None else person_by_email(db, address)
    assert person is not None  # the unique index said so, in this transaction
    return person, made is not None


def _place(db: Db, person: Person, role: str, organization: Organization | None) -> None:
    known = rules.one_of("role", role, (each.value for each in Role))
    placed = insert_once(
        db,
        Membership,
        {
            Membership.person_id: person.id,
            Membership.organization_id: organization.id if organization else None,
            Membership.role: known,
        },
    )
    if placed is None:
        where = organization.name if organization else "the whole house"
        raise Conflict(
            f"{person.name} is already {TITLES[Role(known)].lower()} for {where}. Nothing was changed.",
            code="person.has_role",
        )


def _set(db: Db, *conditions: Any, **values: Any) -> bool:
    done = db.execute(update(Person).where(*conditions).values(**values).returning(Person.id))
    return done.scalar_one_or_none() is not None


def _record(
    db: Db,
    event_type: EventType,
    person: Person,
    organization: Organization | None,
    by: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
    messages: Any = (),
) -> None:
    record(
        db,
        event_type,
        subject_type="person",
        subject_id=person.id,
        organization_id=organization.id if organization else None,
        by=by,
        now=now,
        data=data,
        messages=messages,
    )
