"""What became of personal data: a contact who was erased, and one whose export the first worker that runs makes."""

from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.models import Organization
from app.dashboard.documents import actions as documents
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.prescreens import actions
from app.prescreens.models import Prescreen, ReviewStatus
from app.prescreens.queries.stages import Reach
from app.prescreens.views import export


def erased(db: Db, home: Organization, now: datetime) -> None:
    """A contact who was denied and has asked to be erased."""
    denied = (Prescreen.organization_id == home.id, Prescreen.review_status == ReviewStatus.DENIED.value)
    oldest = select(Prescreen.contact_id).where(*denied, Prescreen.contact_id.is_not(None))
    found = db.scalars(oldest.order_by(Prescreen.expires_at, Prescreen.id).limit(1)).one()
    assert found is not None
    by, at, reach = Actor("cli", None, "Operations", None, "cli"), now - timedelta(days=1), Reach((home.id,))
    actions.erase_contact(db, found, reach=reach, reason="Asked for it by telephone", by=by, now=at, recent=False)


def exported(db: Db, home: Organization, by: Actor, now: datetime) -> None:
    """The export of a contact who was approved, with the case file of that."""
    approved = (Prescreen.organization_id == home.id, Prescreen.review_status == ReviewStatus.APPROVED.value)
    latest = select(Prescreen.contact_id).where(*approved, Prescreen.contact_id.is_not(None))
    found = db.scalars(latest.order_by(Prescreen.expires_at.desc(), Prescreen.id).limit(1)).one()
    options = {"reason": "Asked for a copy by e-mail", "language": "en"}
    documents.request(db, export.KIND, found, home.id, options, by=by, now=now)
