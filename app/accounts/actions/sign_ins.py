"""Signing in, signing out, and asking for a new password."""

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from app.accounts import events, passwords
from app.accounts.models import KnownNetwork, Person, SignIn, UsedChallenge
from app.accounts.queries import LARGEST_ID, person_by_email
from app.accounts.rules import ABSOLUTE, IDLE, sign_in_address
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, record
from app.kernel.crypto import random_token, sha256
from app.kernel.db.engine import Db
from app.kernel.db.inserts import INSERTS
from app.kernel.db.prepared import Prepared
from app.kernel.errors import NotFound
from app.kernel.json_types import JsonObject
from app.kernel.networks import network_of
from app.kernel.outbox import outbox
from app.kernel.outbox.outbox import SENT, Message, OutboxAttempt, OutboxRow
from app.kernel.text.normalization import characters

KEPT = timedelta(days=30)
"""How long a sign-in that has ended is kept."""
NETWORK_KEPT = timedelta(days=400)
"""How long a network stays known after the last sign-in from it."""
REQUEST_KEPT = timedelta(days=1)
"""How long a request for a new password is kept after it was dealt with."""
RESET_JOB = "job:accounts.password_reset"


_START: Prepared[object] = Prepared(insert(SignIn.__table__).inline())


def _remembering(dialect: str) -> Prepared[object]:
    statement = INSERTS[dialect](KnownNetwork.__table__)
    seen = {"seen_at": statement.excluded.seen_at}
    return Prepared(statement.on_conflict_do_update(index_elements=["person_id", "network"], set_=seen))


_REMEMBER = {dialect: _remembering(dialect) for dialect in INSERTS}


def recognize(db: Db, email: str, password: str) -> Person | None:
    """The person with this address and password, or None; unknown people cost as much as wrong passwords."""
    person = person_by_email(db, email) if _storable(email) else None
    matches = passwords.matches(person.password_hash if person else None, password)
    return person if matches and person is not None and person.disabled_at is None else None


def sign_in(
    db: Db, person: Person, *, address: str, user_agent: str, by: Actor, now: datetime, how: str = "password"
) -> str:
    """Starts a sign-in for a browser and returns the token for its cookie. `how` is a key of events.FACTORS.

    The sign-in has the epoch that `recognize` read: when the password changed or the account was disabled since, it is
    not valid.
    """
    token = random_token(32)
    values = {
        "person_id": person.id,
        "token_sha256": sha256(token),
        "session_epoch": person.session_epoch,
        "address": address[:64],
        "user_agent": characters.without_controls(user_agent)[:300],
        "created_at": now,
        "last_seen_at": now,
        "proved_at": now,
    }
    _START.run(db, values)
    _remember_network(db, person.id, network_of(address), now)
    _record(db, events.PERSON_SIGNED_IN, person.id, by, now, {"how": how})
    return token


def _remember_network(db: Db, person_id: int, network: str, now: datetime) -> None:
    _REMEMBER[db.dialect].run(db, {"person_id": person_id, "network": network, "seen_at": now})


def prove(db: Db, sign_in_id: int, *, now: datetime) -> None:
    """Records that the person of this sign-in has just proved their identity."""
    db.execute(update(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None)).values({SignIn.proved_at: now}))


def keep(db: Db, sign_in_id: int, epoch: int) -> None:
    """Lets one sign-in outlast the end of the others, when its own person has begun a new session epoch in it."""
    db.execute(update(SignIn).where(SignIn.id == sign_in_id).values({SignIn.session_epoch: epoch}))


def end_sign_in(db: Db, person_id: int, sign_in_id: int, *, by: Actor, now: datetime) -> None:
    """Ends one sign-in of a person. Raises NotFound when it is unknown or has ended."""
    if sign_in_id > LARGEST_ID:
        raise NotFound("There is no such sign-in, or it has ended already.")
    done = db.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.person_id == person_id, SignIn.ended_at.is_(None))
        .values({SignIn.ended_at: now})
        .returning(SignIn.id)
    ).scalar_one_or_none()
    if done is None:
        raise NotFound("There is no such sign-in, or it has ended already.")
    _record(db, events.PERSON_SIGNED_OUT, person_id, by, now)


def end_other_sign_ins(db: Db, person_id: int, kept_id: int, *, by: Actor, now: datetime) -> int:
    """Ends every sign-in of a person but one. Returns how many were active."""
    ended = db.execute(
        update(SignIn)
        .where(
            SignIn.person_id == person_id,
            SignIn.id != kept_id,
            SignIn.ended_at.is_(None),
            SignIn.created_at > now - ABSOLUTE,
            SignIn.last_seen_at > now - IDLE,
        )
        .values({SignIn.ended_at: now})
        .returning(SignIn.id)
    ).all()
    if ended:
        _record(db, events.PERSON_OTHERS_SIGNED_OUT, person_id, by, now)
    return len(ended)


def forget_old(db: Db, now: datetime, portion: int = 500) -> bool:
    """Deletes sign-ins that ended a month ago, expired challenges, networks that a person has left, and requests for
    new passwords that are done with. Returns whether there may be more."""
    old = select(SignIn.id).where(SignIn.created_at < now - ABSOLUTE - KEPT).order_by(SignIn.created_at)
    deleted = db.execute(delete(SignIn).where(SignIn.id.in_(old.limit(portion))).returning(SignIn.id)).all()
    db.execute(delete(UsedChallenge).where(UsedChallenge.expires_at < now))
    db.execute(delete(KnownNetwork).where(KnownNetwork.seen_at < now - NETWORK_KEPT))
    return len(deleted) + _forget_requests(db, now, portion) >= portion


def _forget_requests(db: Db, now: datetime, portion: int) -> int:
    """Deletes the jobs of password resets. They name addresses that visitors typed, most of them perhaps unknown."""
    done = [OutboxRow.organization_id.is_(None), OutboxRow.state == SENT, OutboxRow.created_at < now - REQUEST_KEPT]
    found = db.scalars(select(OutboxRow.id).where(*done, OutboxRow.channel == RESET_JOB).limit(portion)).all()
    db.execute(delete(OutboxAttempt).where(OutboxAttempt.outbox_id.in_(found)))
    db.execute(delete(OutboxRow).where(OutboxRow.id.in_(found)))
    return len(found)


def request_reset(db: Db, email: str, *, by: Actor, now: datetime) -> None:
    """Queues the request for a new password. The worker finds out later whether the address is known.

    So the response and its cost are the same for every address, and nothing stays of an address that is unknown.
    """
    payload = {"email": sign_in_address(email), "request_id": by.request_id, "address": by.address}
    message = Message(RESET_JOB, payload, destination="accounts", secret=True, summary="Password reset requested")
    outbox.enqueue(db, [message], event_id=None, organization_id=None, subject_type=None, subject_id=None, now=now)


def _record(
    db: Db, event_type: EventType, person_id: int, by: Actor, now: datetime, data: JsonObject | None = None
) -> None:
    record(db, event_type, subject_type="person", subject_id=person_id, organization_id=None, by=by, now=now, data=data)


def _storable(text: str) -> bool:
    """Whether both databases take this text as a parameter."""
    return len(text) <= 254 and all(
        character.isprintable() and not 0xD800 <= ord(character) <= 0xDFFF for character in text
    )
