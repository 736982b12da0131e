"""Signing in, signing out, and asking for a new password."""

from datetime import datetime

from sqlalchemy import update

from app.accounts import passwords
from app.accounts.models import Person, SignIn
from app.accounts.queries import LARGEST_ID, person_by_email
from app.kernel.crypto import random_token, sha256
from app.kernel.db import Db
from app.kernel.errors import NotFound
from app.kernel.events import Actor, record
from app.kernel.outbox import Message

RESET_JOB = "job:accounts.password_reset"


def recognize(db: Db, email: str, password: str) -> Person | None:
    """The person whose address and password these are, or nobody; unknown people cost as much as wrong passwords."""
    person = person_by_email(db, email) if _storable(email) else None
    known = passwords.matches(person.password_hash if person else None, password)
    return person if known and person is not None and person.disabled_at is None else None


def sign_in(db: Db, person: Person, *, address: str, user_agent: str, by: Actor, now: datetime) -> str:
    """Opens a sign-in for a browser and returns the random id that goes into its cookie.

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
        )
    )
    db.flush()
    record(db, "person.signed_in", subject_type="person", subject_id=person.id, organization_id=None, by=by, now=now)
    return token


def end_sign_in(db: Db, person_id: int, sign_in_id: int, *, by: Actor, now: datetime) -> None:
    """Ends one sign-in of a person, this browser's or another's. Raises NotFound when there is none to end."""
    if sign_in_id > LARGEST_ID:
        raise NotFound("There is no such sign-in, or it has ended already.")
    done = db.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.person_id == person_id, SignIn.ended_at.is_(None))
        .values(ended_at=now)
        .returning(SignIn.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if done is None:
        raise NotFound("There is no such sign-in, or it has ended already.")
    record(db, "person.signed_out", subject_type="person", subject_id=person_id, organization_id=None, by=by, now=now)


def ask_reset(db: Db, email: str, *, by: Actor, now: datetime) -> None:
    """Notes that somebody wants a new password. Whether the address is known is decided later, by the worker.

    So the answer and its cost are the same for everybody.
    """
    address = email.strip().lower()
    record(
        db,
        "person.reset_asked",
        subject_type="address",
        subject_id=sha256(address)[:40],
        organization_id=None,
        by=by,
        now=now,
        messages=[
            Message(RESET_JOB, {"email": address}, destination="accounts", secret=True, summary="Password reset asked")
        ],
    )


def _storable(text: str) -> bool:
    """Whether a database can be asked for this text at all."""
    return len(text) <= 254 and all(c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF for c in text)
