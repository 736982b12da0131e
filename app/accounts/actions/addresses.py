"""The e-mail address of a person: a new one that they ask for and prove by a link, or that staff give them.

All that a person did and has is found by their id. What was written down with an address keeps it: it was so.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, update
from sqlalchemy.exc import IntegrityError

from app.accounts import emails, events, rules
from app.accounts.models import Person
from app.accounts.queries import person_by_email, place_of
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, record, timeline
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, FieldError, Gone, RateLimited
from app.kernel.json_types import JsonObject
from app.kernel.outbox import recipient_limits
from app.kernel.outbox.dropping import drop
from app.kernel.outbox.outbox import Message

MOST = 6
"""Links a day to one mailbox, and for one person."""
A_DAY = timedelta(days=1)


class Follower(Protocol):
    """Gives a desk's own copy of a person's address, by which it writes to them, the new one.

    Raises Conflict when something else at the desk has that address.
    """

    def __call__(self, db: Db, person_id: int, email: str, *, by: Actor, now: datetime) -> None: ...


def ask(db: Db, person: Person, email: str, *, by: Actor, now: datetime) -> str:
    """Sends a link to the address that a person wants, and a notice to the one they have. Returns the new one.

    Whether an account has it already is said only to who opens the link, and so is its owner. Raises Invalid, and
    RateLimited for the seventh on a day.
    """
    address = rules.new_address(email, person.email)
    mailbox = recipient_limits.bucket("address", recipient_limits.mailbox(address))
    limits = [(mailbox, MOST, A_DAY), (recipient_limits.bucket("address-of", person.id), MOST, A_DAY)]
    if (wait := recipient_limits.count(db, limits, now)) is not None:
        seconds = max(1, -int(-wait.total_seconds() // 1))
        detail = f"{MOST} such e-mails were sent within a day, the most there may be. Nothing was sent. Try tomorrow."
        raise RateLimited(detail, headers={"Retry-After": str(seconds)})
    messages = [emails.address_link(db, person, address), emails.address_asked(db, person, now)]
    _record(db, events.PERSON_ADDRESS_ASKED, person, by, now, None, messages)
    return address


def change(
    db: Db,
    person: Person,
    email: str,
    *,
    followers: Iterable[Follower],
    by: Actor,
    now: datetime,
    epoch: int | None = None,
    version: int | None = None,
) -> Person:
    """Gives a person another address: their sign-ins and links end now, and they read of it at both addresses.

    `epoch` is that of the link which they opened, `version` what an administrator saw of the account. Who has not
    accepted their invitation gets another one instead. Raises Invalid; Conflict when it is taken, or when the account
    moved on; Gone when the link was used.
    """
    if epoch is not None and person.session_epoch != epoch:
        raise _moved_on(epoch)
    former, address = person.email, rules.new_address(email, person.email)
    check_free(db, address)
    seen: list[ColumnElement[bool]] = [Person.id == person.id, Person.email == former]
    seen += [Person.session_epoch == epoch] if epoch is not None else []
    seen += [Person.version == version] if version is not None else []
    values = {
        Person.email: address,
        Person.session_epoch: Person.session_epoch + 1,
        Person.version: Person.version + 1,
    }
    try:
        # Before the person's row, for which whoever changes such a copy waits last.
        for follow in followers:
            follow(db, person.id, address, by=by, now=now)
        done = db.scalar(update(Person).where(*seen).values(values).returning(Person.id))
    except IntegrityError:  # another transaction took the address
        raise _taken(invited=False) from None
    if done is None:
        raise _moved_on(epoch)
    drop(db, "person", person.id, reason="The address was changed meanwhile.", now=now, secret=True)
    person = db.get_one(Person, person.id, populate_existing=True)
    changed: JsonObject = {"before": {"email": former}, "after": {"email": address}}
    messages = _messages(db, person, former, by, now, own=epoch is not None)
    _record(db, events.PERSON_ADDRESS_CHANGED, person, by, now, changed, messages)
    return person


def check_free(db: Db, address: str) -> None:
    """Raises Conflict when an account has this address."""
    if (other := person_by_email(db, address)) is not None:
        raise _taken(invited=other.password_hash is None and other.disabled_at is None)


def had(db: Db, person: Person, email: str) -> bool:
    """Whether the address that a person has took the place of this one."""
    kind, address = events.PERSON_ADDRESS_CHANGED.kind, rules.sign_in_address(email)
    last = next((row.data for row in timeline(db, "person", person.id) if row.kind == kind), None)
    return last is not None and last["before"]["email"] == address


def _messages(db: Db, person: Person, former: str, by: Actor, now: datetime, *, own: bool) -> list[Message]:
    if person.disabled_at is not None:
        return []
    if person.password_hash is None:  # whose the mistyped address is, is not to learn the right one
        return [emails.invitation(db, person, place_of(person), by)]
    left = emails.address_left(db, person, former, by, now, own=own)
    return [left] if own else [left, emails.address_given(db, person, by, now)]


def _taken(*, invited: bool) -> Conflict:
    detail = "Another account has this address. One address is one account."
    if invited:
        detail = "This address has an open invitation, and so an account of its own. Accept that one, or have its "
        detail += "address changed first."
    return Conflict(
        f"{detail} Nothing was changed.",
        code="person.address_taken",
        errors=[FieldError("email", "taken", detail)],
    )


def _moved_on(epoch: int | None) -> Conflict | Gone:
    if epoch is not None:
        return Gone("This link has been used, or a newer one replaced it. Nothing was changed.", code="link.used")
    detail = "This account was changed in another window. Nothing was saved. Reload the page."
    return Conflict(detail, code="person.changed")


def _record(
    db: Db,
    event_type: EventType,
    person: Person,
    by: Actor,
    now: datetime,
    data: JsonObject | None,
    messages: Iterable[Message],
) -> None:
    record(
        db,
        event_type,
        subject_type="person",
        subject_id=person.id,
        organization_id=None,
        by=by,
        now=now,
        data=data,
        messages=messages,
    )
