"""Revoking an invite."""

from datetime import datetime

from sqlalchemy import update

from app.inspections import events, queries, rules
from app.inspections.actions._invites import drop_unsent, event_data, sealed
from app.inspections.actions._write import lock, record, seal_act
from app.inspections.actions.consent import settle_consent
from app.inspections.models import Inspection, Invite
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def revoke(db: Db, invite: Invite, *, by: Actor, now: datetime) -> Invite:
    """Revokes an invite: its link, code and field session end at once. Raises Conflict when it was revoked already."""
    changed = db.execute(
        update(Invite)
        .where(Invite.id == invite.id, Invite.revoked_at.is_(None))
        .values({Invite.revoked_at: now})
        .returning(Invite.id)
    ).one_or_none()
    fresh = queries.invite(db, invite.id, invite.inspection_id)
    if changed is None:
        rules.check_revoke(fresh)
    drop_unsent(db, fresh, "The invite was revoked.", now)
    settle_consent(db, fresh.inspection_id, now)
    if locked := lock(db, fresh.inspection_id, rules.LIVE_STATES, now=now):  # one that is over grows no more
        seal_act(db, locked, "invite.revoked", sealed(fresh), by=by, now=now)
    inspection = db.get_one(Inspection, fresh.inspection_id)
    record(db, events.INVITE_REVOKED, inspection, by=by, now=now, data=event_data(fresh))
    return fresh
