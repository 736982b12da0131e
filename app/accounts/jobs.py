"""What the worker does for accounts: deciding whether a password reset was asked for somebody who exists."""

from app.accounts import emails
from app.accounts.actions.sign_ins import RESET_JOB
from app.accounts.queries import person_by_email
from app.kernel.events import WORKER, record
from app.kernel.outbox import Delivery, handles


@handles(RESET_JOB)
def send_reset(delivery: Delivery) -> None:
    """Writes the reset letter, once however often the job runs; nothing for unknown or disabled people."""
    with delivery.database.write() as db:
        person = person_by_email(db, delivery.payload["email"])
        if person is None or person.disabled_at is not None:
            return
        record(
            db,
            "person.reset_sent",
            subject_type="person",
            subject_id=person.id,
            organization_id=None,
            by=WORKER,
            now=delivery.now,
            messages=[emails.password_reset(db, person, dedupe=f"reset:{delivery.id}")],
        )
