"""People: inviting them, giving and taking roles, disabling, their own settings and passwords."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from sqlalchemy import ColumnElement, delete, select, update

from app.accounts import emails, events, passwords, rules
from app.accounts.models import Membership, Organization, Person, Theme
from app.accounts.queries import LARGEST_ID, person_by_email, place_of
from app.accounts.roles import TITLES, Role
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, record
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_once
from app.kernel.errors import Conflict, Gone, NotFound
from app.kernel.json_types import JsonObject
from app.kernel.outbox.dropping import drop
from app.kernel.outbox.outbox import Message


class PersonalSettings(TypedDict):
    """The settings that every person changes for themselves."""

    name: str
    time_zone: str
    theme: str
    single_keys: bool
    undo_seconds: int
    split_desks: str
    new_answers: str


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
    """Gives a person a role, creates the account when there is none, and sends an e-mail; not to an account that is
    disabled, for which no link works.

    No organization means all of them. Raises Invalid for a bad field, Conflict when the person has the role already.
    """
    person, _ = _ensure(db, email=email, name=name, time_zone=time_zone, organization=organization, by=by, now=now)
    _add_membership(db, person, role, organization)
    messages = []
    if person.disabled_at is None:
        messages.append(
            emails.invitation(db, person, organization, by)
            if person.password_hash is None
            else emails.role_given(db, person, TITLES[Role(role)], organization, by)
        )
    _record(db, events.PERSON_INVITED, person, organization, by, now, {"role": role}, messages)
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
    """Creates an account that is ready to sign in (command line, demonstration data). Raises Invalid, Conflict."""
    person, made = _ensure(db, email=email, name=name, time_zone=time_zone, organization=organization, by=by, now=now)
    if not made:
        raise Conflict(f"There is already an account with the address {person.email}.", code="person.exists")
    person.password_hash = password_hash
    _add_membership(db, person, role, organization)
    db.flush()
    _record(db, events.PERSON_CREATED, person, organization, by, now, {"role": role})
    return person


def give_role(
    db: Db, person: Person, role: str, organization: Organization | None, *, by: Actor, now: datetime
) -> None:
    """Gives a person a role. Raises Invalid, or Conflict when they have it."""
    before = _roles(db, person, organization)
    _add_membership(db, person, role, organization)
    changed = {"before": {"roles": before}, "after": {"roles": _roles(db, person, organization)}}
    _record(db, events.PERSON_ROLE_GIVEN, person, organization, by, now, {"role": role, **changed})


def take_role(db: Db, person: Person, membership_id: int, *, by: Actor, now: datetime) -> None:
    """Removes a role, from the next request on. Raises NotFound, or Conflict for one's own administrator role."""
    membership = db.get(Membership, membership_id) if membership_id <= LARGEST_ID else None
    if membership is None or membership.person_id != person.id:
        raise NotFound("There is no such role.")
    if by.kind == "person" and by.id == str(person.id) and membership.role == Role.ADMIN:
        raise Conflict(
            "You cannot remove your own administrator role. Ask another administrator. Nothing was changed.",
            code="person.own_role",
        )
    organization, role = membership.organization, membership.role
    before = _roles(db, person, organization)
    gone = db.execute(
        delete(Membership).where(Membership.id == membership_id).returning(Membership.id)
    ).scalar_one_or_none()
    if gone is None:
        raise NotFound("There is no such role.")
    changed = {"before": {"roles": before}, "after": {"roles": _roles(db, person, organization)}}
    _record(db, events.PERSON_ROLE_TAKEN, person, organization, by, now, {"role": role, **changed})


def disable(db: Db, person: Person, *, by: Actor, now: datetime) -> None:
    """Disables an account: its sign-ins and links end now. Raises Conflict when it is disabled, or on oneself."""
    if by.kind == "person" and by.id == str(person.id):
        raise Conflict("You cannot disable your own account. Nothing was changed.", code="person.own_account")
    done = _update(
        db,
        [Person.id == person.id, Person.disabled_at.is_(None)],
        {Person.disabled_at: now, Person.session_epoch: Person.session_epoch + 1},
    )
    if not done:
        raise Conflict("This account is already disabled. Nothing was changed.", code="person.already_disabled")
    drop(db, "person", person.id, reason="The account was disabled.", now=now, secret=True)
    _record(db, events.PERSON_DISABLED, person, None, by, now, _disabled(False, True))


def enable(db: Db, person: Person, *, by: Actor, now: datetime) -> None:
    """Enables a disabled account; the person has to sign in again. Raises Conflict when it is not disabled."""
    if not _update(db, [Person.id == person.id, Person.disabled_at.is_not(None)], {Person.disabled_at: None}):
        raise Conflict("This account is not disabled. Nothing was changed.", code="person.not_disabled")
    _record(db, events.PERSON_ENABLED, person, None, by, now, _disabled(True, False))


def invite_again(db: Db, person: Person, *, by: Actor, now: datetime) -> None:
    """Sends another invitation; the earlier link works until one is used. Raises Conflict once it was accepted."""
    if person.password_hash is not None:
        raise Conflict(f"{person.email} has already accepted the invitation. Nothing was sent.", code="person.active")
    if person.disabled_at is not None:
        raise Conflict("This account is disabled. Nothing was sent. Enable it first.", code="person.disabled")
    organization = place_of(person)
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
    db: Db, person: Person, settings: PersonalSettings, *, version: int, by: Actor, now: datetime
) -> None:
    """Changes a person's own settings. Raises Invalid, or Conflict when the version moved on."""
    after = PersonalSettings(
        name=rules.plain_text("name", settings["name"], rules.NAME_LENGTH),
        time_zone=rules.time_zone(settings["time_zone"]),
        theme=rules.one_of("theme", settings["theme"], (theme.value for theme in Theme)),
        single_keys=settings["single_keys"],
        undo_seconds=rules.undo_seconds(settings["undo_seconds"]),
        split_desks=rules.split_desks(settings["split_desks"].split()),
        new_answers=rules.new_answers(settings["new_answers"]),
    )
    values: Values = {
        Person.name: after["name"],
        Person.time_zone: after["time_zone"],
        Person.theme: after["theme"],
        Person.single_keys: after["single_keys"],
        Person.undo_seconds: after["undo_seconds"],
        Person.split_desks: after["split_desks"],
        Person.new_answers: after["new_answers"],
        Person.version: version + 1,
    }
    if not _update(db, [Person.id == person.id, Person.version == version], values):
        raise Conflict(
            "Your settings were changed in another window. Nothing was saved. Reload the page.",
            code="person.changed",
        )
    changed = {name: value for name, value in after.items() if getattr(person, name) != value}
    if changed:
        before = {name: getattr(person, name) for name in changed}
        _record(
            db,
            events.PERSON_CHANGED,
            person,
            None,
            by,
            now,
            {"before": before, "after": changed},
        )


def choose_new_answers(db: Db, person: Person, wanted: str, *, by: Actor, now: datetime) -> bool:
    """Changes when a person is written to about new answers; returns whether anything differs."""
    wanted, before = rules.new_answers(wanted), person.new_answers
    if wanted == before:
        return False
    _update(db, [Person.id == person.id], {Person.new_answers: wanted, Person.version: Person.version + 1})
    changes = {"before": {"new_answers": before}, "after": {"new_answers": wanted}}
    _record(db, events.PERSON_CHANGED, person, None, by, now, changes)
    return True


def choose_layout(db: Db, person_id: int, desk: str, *, split: bool) -> None:
    """Turns the split view of one desk on or off. The others stay as they are, also when two are changed at once."""
    found = db.execute(select(Person.split_desks).where(Person.id == person_id).with_for_update()).scalar_one()
    desks = {*found.split(), desk} if split else set(found.split()) - {desk}
    _update(db, [Person.id == person_id], {Person.split_desks: rules.split_desks(desks)})


def change_password(
    db: Db, person_id: int, epoch: int, password_hash: str, *, how: str, by: Actor, now: datetime
) -> int:
    """Sets a password, ends every sign-in and link of the account, and sends an e-mail. Returns the new epoch.

    `epoch` is the session epoch that the caller proved (of a link, or of the old password): of two at once one wins.
    `how` is changed, reset or accepted. Raises Gone when the epoch has passed.
    """
    conditions = [Person.id == person_id, Person.session_epoch == epoch, Person.disabled_at.is_(None)]
    if how == "accepted":
        conditions.append(Person.password_hash.is_(None))
    done = _update(db, conditions, {Person.password_hash: password_hash, Person.session_epoch: epoch + 1})
    if not done:
        raise Gone("This link has been used, or a newer one replaced it. Nothing was changed.", code="link.used")
    person = db.get_one(Person, person_id, populate_existing=True)
    drop(db, "person", person_id, reason="The password was set meanwhile.", now=now, secret=True)
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
    assert person is not None  # the unique index holds it, in this transaction
    return person, made is not None


def _disabled(before: bool, after: bool) -> JsonObject:
    """Whether an account is disabled, before and after an act."""
    return {"before": {"disabled": before}, "after": {"disabled": after}}


def _roles(db: Db, person: Person, organization: Organization | None) -> list[str]:
    """The roles that a person has for an organization, or for all."""
    id = organization.id if organization else None
    of = Membership.organization_id.is_(None) if id is None else Membership.organization_id == id
    return sorted(db.scalars(select(Membership.role).where(Membership.person_id == person.id, of)))


def _add_membership(db: Db, person: Person, role: str, organization: Organization | None) -> None:
    if organization is not None:
        rules.check_open(organization.name, organization.closed_at)
    known = rules.one_of("role", role, (role.value for role in Role))
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
        where = organization.name if organization else "all organizations"
        raise Conflict(
            f"{person.email} is already {TITLES[Role(known)].lower()} for {where}. Nothing was changed.",
            code="person.has_role",
        )


def _update(db: Db, conditions: Sequence[ColumnElement[bool]], values: Values) -> bool:
    done = db.execute(update(Person).where(*conditions).values(values).returning(Person.id))
    return done.scalar_one_or_none() is not None


def _record(
    db: Db,
    event_type: EventType,
    person: Person,
    organization: Organization | None,
    by: Actor,
    now: datetime,
    data: JsonObject | None = None,
    messages: Sequence[Message] = (),
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
