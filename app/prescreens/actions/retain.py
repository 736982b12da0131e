"""Erasing prescreens that an organization does not keep any longer, a few at a time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, select, tuple_

from app.accounts.models import Organization
from app.kernel.changes.events import WORKER
from app.kernel.db.engine import Database, Db
from app.kernel.db.inserts import insert_or_ignore
from app.prescreens.actions.erase import erase_prescreens, forget_contact
from app.prescreens.models import Contact, Prescreen, RetentionMark

PORTION = 25
"""Prescreens that are erased in one transaction."""
REASON = "Kept no longer than the organization wants"


class Retention:
    """A sweep of the worker: each call erases one portion in a transaction of its own and moves the mark of its
    organization, so that it goes on where it was. Returns whether there may be more."""

    def __init__(self) -> None:
        self._not_before: datetime | None = None

    def __call__(self, database: Database, now: datetime) -> bool:
        if self._not_before is not None and self._not_before - EVERY <= now < self._not_before:
            return False
        with database.read() as db:
            kept = select(Organization.id, Organization.prescreen_days)
            homes = db.execute(kept.where(Organization.prescreen_days.is_not(None))).all()
        for home in homes:
            with database.write() as db:
                if retain(db, home.id, home.prescreen_days, now):
                    return True
        self._not_before = now + EVERY
        return False


EVERY = timedelta(minutes=10)
"""How long nothing is looked for when nothing was due."""


def retain(db: Db, organization_id: int, days: int, now: datetime) -> int:
    """Erases the next prescreens of an organization that expired more than so many days ago, and contacts of whom no
    other is kept; returns how many prescreens were looked at."""
    until = now - timedelta(days=days)
    mine = select(RetentionMark.expires_at, RetentionMark.after).where(RetentionMark.organization_id == organization_id)
    mark = db.execute(mine.with_for_update()).first()
    due = select(Prescreen.id, Prescreen.contact_id, Prescreen.expires_at).where(
        Prescreen.organization_id == organization_id, Prescreen.expires_at <= until
    )
    if mark is not None:
        due = due.where(tuple_(Prescreen.expires_at, Prescreen.id) > tuple_(mark.expires_at, mark.after))
    rows = db.execute(due.order_by(Prescreen.expires_at, Prescreen.id).limit(PORTION)).all()
    if not rows:
        return 0
    erase_prescreens(db, [row.id for row in rows], by=WORKER, now=now, recent=False)
    for contact_id in sorted({row.contact_id for row in rows if row.contact_id}):
        _forget_if_nothing_is_kept(db, organization_id, contact_id, [row.contact_id for row in rows], now)
    db.execute(delete(RetentionMark).where(RetentionMark.organization_id == organization_id))
    last = {"expires_at": rows[-1].expires_at, "after": rows[-1].id}
    db.execute(insert_or_ignore(db, RetentionMark).values(organization_id=organization_id, **last))
    return len(rows)


def _forget_if_nothing_is_kept(
    db: Db, organization_id: int, contact_id: UUID, erased: Sequence[UUID | None], now: datetime
) -> None:
    """Contacts are locked before they are read: a prescreen that is filed meanwhile waits, or is seen."""
    contact = select(Contact.erased_at).where(Contact.id == contact_id).with_for_update()
    if db.scalars(contact).one() is not None:
        return
    filed = (Prescreen.organization_id == organization_id, Prescreen.contact_id == contact_id)
    if not db.scalar(select(exists().where(*filed, Prescreen.erased_at.is_(None)))):
        n = erased.count(contact_id)
        forget_contact(db, contact_id, organization_id, REASON, n, by=WORKER, now=now)
