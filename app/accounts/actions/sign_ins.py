"""Signing in, signing out, and asking for a new password."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from app.accounts import events, passwords
from app.accounts.models import Person, SignIn, UsedChallenge
from app.accounts.queries import LARGEST_ID, person_by_email
from app.accounts.rules import ABSOLUTE, IDLE
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, record
from app.kernel.crypto import random_token, sha256
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound
from app.kernel.outbox.outbox import Message

KEPT = timedelta(days=30)
"""How long a sign-in that is over can still be looked up."""
RESET_JOB = "job:accounts.password_reset"


def recognize(db: Db, email: str, password: str) -> Person | None:
    """The person whose address and password these are, or nobody; unknown people cost as much as wrong passwords."""
    person = person_by_email(db, email) if _storable(email) else None
    known = passwords.matches(person.password_hash if person else None, password)
    return person if known and person is not None and person.disabled_at is None else None


def sign_in(
    db: Db, person: Person, *, address: str, user_agent: str, by: Actor, now: datetime, how: str = "password"
) -> str:
    """Opens a sign-in for a browser and returns the random id that goes into its cookie. `how` is a key of HOW.

    The sign-in carries the epoch `recognize` saw: if the password changed or the account was disabled meanwhile, it
    is dead from birth.
    """
    token = random_token(32)
    db.add(
        SignIn(
            person_id=person.id,
            token_sha256=sha256(token),
            session_epoch=person.session_epoch,
            address=address[:64],
            user_agent="".join(c if c.isprintable() else " " for c in user_agent)[:300],
            created_at=now,
            last_seen_at=now,
            proved_at=now,
        )
    )
    db.flush()
    _record(db, events.PERSON_SIGNED_IN, person.id, by, now, {"how": how})
    return token


def prove(db: Db, sign_in_id: int, *, now: datetime) -> None:
    """Notes that whoever sits at this sign-in has just shown who they are, for what asks for that."""
    db.execute(update(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None)).values(proved_at=now))


def end_sign_in(db: Db, person_id: int, sign_in_id: int, *, by: Actor, now: datetime) -> None:
    """Ends one sign-in of a person, this browser's or another's. Raises NotFound when there is none to end."""
    if sign_in_id > LARGEST_ID:
        raise NotFound("There is no such sign-in, or it has ended already.")
    done = db.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.person_id == person_id, SignIn.ended_at.is_(None))
        .values(ended_at=now)
        .returning(SignIn.id)
    ).scalar_one_or_none()
    if done is None:
        raise NotFound("There is no such sign-in, or it has ended already.")
    _record(db, events.PERSON_SIGNED_OUT, person_id, by, now)


def end_other_sign_ins(db: Db, person_id: int, kept_id: int, *, by: Actor, now: datetime) -> int:
    """Ends every sign-in of a person but one. Returns how many were open."""
    ended = db.execute(
        update(SignIn)
        .where(
            SignIn.person_id == person_id,
            SignIn.id != kept_id,
            SignIn.ended_at.is_(None),
            SignIn.created_at > now - ABSOLUTE,
            SignIn.last_seen_at > now - IDLE,
        )
        .values(ended_at=now)
        .returning(SignIn.id)
    ).all()
    if ended:
        _record(db, events.PERSON_OTHERS_SIGNED_OUT, person_id, by, now)
    return len(ended)


def forget_old(db: Db, now: datetime, portion: int = 500) -> bool:
    """Deletes sign-ins that are over for a month and challenges that have expired. Whether there may be more."""
    sign_in, used = SignIn.__table__.c, UsedChallenge.__table__.c
    old = select(sign_in.id).where(sign_in.created_at < now - ABSOLUTE - KEPT).order_by(sign_in.created_at)
    gone = db.execute(delete(SignIn.__table__).where(sign_in.id.in_(old.limit(portion))).returning(sign_in.id)).all()
    db.execute(delete(UsedChallenge.__table__).where(used.expires_at < now))
    return len(gone) == portion


def ask_reset(db: Db, email: str, *, by: Actor, now: datetime) -> None:
    """Notes that somebody wants a new password. Whether the address is known is decided later, by the worker.

    So the answer and its cost are the same for everybody.
    """
    address = email.strip().lower()
    record(
        db,
        events.RESET_REQUESTED,
        subject_type="address",
        subject_id=sha256(address)[:40],
        organization_id=None,
        by=by,
        now=now,
        messages=[
            Message(RESET_JOB, {"email": address}, destination="accounts", secret=True, summary="Password reset asked")
        ],
    )


def _record(
    db: Db, event_type: EventType, person_id: int, by: Actor, now: datetime, data: dict[str, Any] | None = None
) -> None:
    record(db, event_type, subject_type="person", subject_id=person_id, organization_id=None, by=by, now=now, data=data)


def _storable(text: str) -> bool:
    """Whether a database can be asked for this text at all."""
    return len(text) <= 254 and all(c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF for c in text)
