"""Jobs of the accounts: sending password resets to people who exist, deleting old sign-ins."""

import time
from datetime import datetime, timedelta

from app.accounts import emails, events
from app.accounts.actions.sign_ins import RESET_JOB, forget_old
from app.accounts.queries import person_by_email
from app.kernel.changes.events import Actor, record
from app.kernel.db.engine import Database
from app.kernel.outbox import recipient_limits
from app.kernel.outbox.outbox import Delivery, Handler, is_known

A_DAY = 6
"""E-mails a day that strangers can have sent to one person by asking for a new password in their name."""


def send_reset(delivery: Delivery) -> None:
    """Queues the reset e-mail, once however often the job runs; nothing for unknown or disabled people.

    The event names the visitor who asked.
    """
    with delivery.database.write() as db:
        payload, key = delivery.payload, f"reset:{delivery.id}"
        person = person_by_email(db, payload["email"])
        if person is None or person.disabled_at is not None or is_known(db, key):
            return
        limit = (recipient_limits.bucket("reset", recipient_limits.mailbox(person.email)), A_DAY, timedelta(days=1))
        if recipient_limits.count(db, [limit], delivery.now) is not None:
            return
        record(
            db,
            events.PERSON_RESET_SENT,
            subject_type="person",
            subject_id=person.id,
            organization_id=None,
            by=Actor("visitor", None, "Visitor", None, "page", payload.get("request_id"), payload.get("address")),
            now=delivery.now,
            messages=[emails.password_reset(db, person, dedupe=key)],
        )


TIDY_EVERY = 600.0
"""Seconds between two looks for sign-ins that are long over."""


class Tidy:
    """Deletes what is long over, a portion at a time, once in a while."""

    def __init__(self) -> None:
        self._at = 0.0

    def __call__(self, database: Database, now: datetime) -> bool:
        if time.monotonic() < self._at:
            return False
        with database.write() as db:
            more = forget_old(db, now)
        if not more:
            self._at = time.monotonic() + TIDY_EVERY
        return more


HANDLERS: dict[str, Handler] = {RESET_JOB: send_reset}
