"""Creating, running and ending an inspection."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from app.accounts.models import Organization
from app.inspections import chain, events, queries, rules
from app.inspections.actions._write import append, in_status, live, row_of, take, tell
from app.inspections.actions.anchor import ask_authorities
from app.inspections.models import COUNTS, Anchoring, Campaign, ChainEvent, Inspection, Status
from app.inspections.queries import search
from app.kernel.changes.events import Actor
from app.kernel.clock import iso
from app.kernel.crypto import same, sha256
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, FieldError, Invalid
from app.kernel.outbox import outbox
from app.kernel.outbox.outbox import Message

_i = Inspection.__table__.c
_o = Organization.__table__.c
CHANGED_MEANWHILE = "Somebody else changed this inspection at the same moment. Nothing was changed. Look again."
REMIND = "job:inspections.remind"


def create(
    db: Db,
    *,
    organization_id: int,
    by: Actor,
    now: datetime,
    notes: str = "",
    scheduled_for: datetime | None = None,
    locale: str | None = None,
    campaign_id: uuid.UUID | None = None,
    operator_email: str | None = None,
    assigned: tuple[int, str] | None = None,
    id: uuid.UUID | None = None,
) -> Inspection:
    """A new inspection, its first chain event and its reminders. Demonstration data bring their own `id`.

    `assigned` (id and name) has it from the start.

    Raises PaymentRequired (billing, free plan used up) and Invalid (campaign of somebody else, impossible moment).
    """
    organization = _billed(db, organization_id)
    rules.check_schedule(scheduled_for)
    if campaign_id is not None:
        _check_campaign(db, campaign_id, organization_id)
    expires_at = rules.expiry(now, scheduled_for)
    id = id or uuid.uuid4()
    first = {"session": str(id), "organization": organization.slug}
    link = chain.seal(0, chain.GENESIS, "session.created", first, now)
    values: dict[str, Any] = {
        "id": id,
        "organization_id": organization_id,
        "campaign_id": campaign_id,
        "status": Status.CREATED.value,
        "operator_email": operator_email or organization.contact_email,
        "operator_name": by.name if by.kind == "person" else "",
        "assignee_id": assigned[0] if assigned else None,
        "assignee_name": assigned[1] if assigned else None,
        "scheduled_for": scheduled_for,
        "expires_at": expires_at,
        "expires_on": expires_at.strftime("%Y-%m-%d"),
        "notes": notes,
        "locale": locale or organization.locale,
        "consent_state": {},
        "anchoring": Anchoring.NOT_ENDED.value,
        "chain_length": link.sequence,
        "chain_head": link.hash,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    db.execute(insert(Inspection.__table__), values)
    db.execute(insert(ChainEvent.__table__), row_of(id, link))
    search.keep(db, id)
    inspection = Inspection(**values)
    data = {"scheduled_for": iso(scheduled_for), "locale": inspection.locale}
    tell(db, events.CREATED, inspection, by, now, data, _reminders(inspection, now))
    return inspection


def _billed(db: Db, organization_id: int) -> Any:
    """The organization, checked for billing. A free one is locked first, so that parallel creates count in turn."""
    wanted = select(_o.slug, _o.plan, _o.billing, _o.locale, _o.contact_email).where(_o.id == organization_id)
    organization = db.execute(wanted).one()
    ever = 0
    if organization.plan in rules.FREE_PLANS:
        organization = db.execute(wanted.with_for_update(key_share=True)).one()
        ever = int(db.scalar(select(func.sum(COUNTS.c.n)).where(COUNTS.c.organization_id == organization_id)) or 0)
    rules.check_billing(organization.plan, organization.billing, ever)
    return organization


def _check_campaign(db: Db, id: uuid.UUID, organization_id: int) -> None:
    c = Campaign.__table__.c
    if db.scalar(select(c.id).where(c.id == id, c.organization_id == organization_id)) is None:
        sentence = "This is not a campaign of your organization."
        raise Invalid(f"campaign: {sentence}", errors=(FieldError("campaign", "unknown", sentence),), status=400)


def _reminders(inspection: Inspection, now: datetime) -> list[Message]:
    return [
        Message(
            channel=REMIND,
            payload={
                "inspection": str(inspection.id),
                "hours": hours,
                "scheduled_for": inspection.scheduled_for.isoformat() if inspection.scheduled_for else "",
            },
            due_at=moment,
            dedupe=f"inspection-reminder:{inspection.id}:{hours}",
            summary=f"Reminder {hours} h before",
        )
        for hours, moment in rules.reminders(inspection.scheduled_for, now)
    ]


def create_campaign(db: Db, *, organization_id: int, name: str, now: datetime) -> Campaign:
    """A new campaign. Its name is the organization's own, once."""
    campaign = Campaign(id=uuid.uuid4(), organization_id=organization_id, name=name, created_at=now)
    db.add(campaign)
    db.flush()
    return campaign


def end(db: Db, id: uuid.UUID, *, by: Actor, now: datetime) -> Inspection:
    """Closes the inspection, seals its end, has the head of the chain stamped in the background.

    Ending a closed one again answers it as it is: no second event, no second stamp. Raises Conflict when expired.
    """
    stopped = take(db, id, now, in_status(Status.RECORDING), status=Status.OPEN.value)
    if stopped is not None:
        append(db, stopped, [("recording.stopped", {"by": _name(by)})], now)
    urls = db.config.tsa_urls
    taken = take(
        db,
        id,
        now,
        live(now),
        status=Status.CLOSED.value,
        ended_at=now,
        expires_on="",
        anchoring=(Anchoring.PENDING if urls else Anchoring.NO_AUTHORITY).value,
    )
    inspection = queries.get(db, id)
    if taken is None:
        rules.check_end(inspection, now)
        return inspection
    append(db, taken, [("session.ended", {"session": str(id), "by": _name(by)})], now)
    inspection = queries.get(db, id)
    messages = ask_authorities(db, inspection, urls, now)
    data = {"chain_head": inspection.chain_head, "chain_events": inspection.chain_length}
    tell(db, events.ENDED, inspection, by, now, data, messages)
    outbox.drop(db, "inspection", id, reason="The inspection has ended.", now=now, channel=REMIND)
    return inspection


def attend(db: Db, id: uuid.UUID, *, by: Actor, now: datetime) -> Inspection:
    """An operator is with the field user now, and has it. Raises Conflict when nobody is there or another was first."""
    now_theirs = {"assignee_id": int(by.id), "assignee_name": by.name} if by.kind == "person" and by.id else {}
    taken = take(
        db,
        id,
        now,
        in_status(Status.OPEN, Status.RECORDING),
        _i.attended_at.is_(None),
        attended_at=now,
        operator_name=by.name,
        **now_theirs,
    )
    if taken is None:
        rules.check_attend(queries.get(db, id), now)
        raise Conflict(CHANGED_MEANWHILE)
    append(db, taken, [("operator.joined", {"operator": _name(by)})], now)
    tell(db, events.ATTENDED, taken, by, now)
    return queries.get(db, id)


def start_recording(db: Db, id: uuid.UUID, *, by: Actor, now: datetime) -> Inspection:
    """Marks that a recording begins. Raises Conflict unless the inspection is open."""
    attended = func.coalesce(_i.attended_at, now, type_=_i.attended_at.type)
    taken = take(db, id, now, in_status(Status.OPEN), status=Status.RECORDING.value, attended_at=attended)
    if taken is None:
        rules.check_start_recording(queries.get(db, id), now)
        raise Conflict(CHANGED_MEANWHILE)
    append(db, taken, [("recording.started", {"by": _name(by)})], now)
    tell(db, events.RECORDING_STARTED, taken, by, now)
    return queries.get(db, id)


def stop_recording(db: Db, id: uuid.UUID, *, by: Actor, now: datetime) -> Inspection:
    """Marks that the recording ends. Raises Conflict unless it is running."""
    taken = take(db, id, now, in_status(Status.RECORDING), status=Status.OPEN.value)
    if taken is None:
        rules.check_stop_recording(queries.get(db, id), now)
        raise Conflict(CHANGED_MEANWHILE)
    append(db, taken, [("recording.stopped", {"by": _name(by)})], now)
    tell(db, events.RECORDING_STOPPED, taken, by, now)
    return queries.get(db, id)


def change_notes(db: Db, id: uuid.UUID, *, notes: str, seen: str, by: Actor, now: datetime) -> Inspection:
    """Changes what the invitee is told. `seen` is the SHA-256 of the notes the writer had in front of them.

    Raises Conflict when the inspection is over, or the notes are no longer the ones that were seen.
    """
    before = queries.get(db, id)
    rules.check_change_notes(before, now)
    if before.notes == notes:
        return before
    taken = None
    if same(sha256(before.notes), seen):
        taken = take(db, id, now, live(now), _i.notes == before.notes, notes=notes)
    if taken is None:
        rules.check_change_notes(queries.get(db, id), now)
        refusal = Conflict(
            "Somebody else changed the notes while you were writing. Yours were not saved: compare, then save again.",
            code="session.notes_changed",
        )
        refusal.current = sha256(queries.get(db, id).notes)
        raise refusal
    append(db, taken, [("notes.changed", {"notes": notes, "by": _name(by)})], now)
    search.keep(db, id)
    tell(db, events.NOTES_CHANGED, taken, by, now, {"before": before.notes, "after": notes})
    return queries.get(db, id)


def add_remark(db: Db, id: uuid.UUID, *, text: str, by: Actor, now: datetime) -> Inspection:
    """Seals a remark into the record. It cannot be taken back. Raises Conflict when the inspection is over."""
    taken = take(db, id, now, live(now))
    if taken is None:
        rules.check_add_remark(queries.get(db, id), now)
        raise Conflict(CHANGED_MEANWHILE)
    append(db, taken, [("remark.added", {"text": text, "by": _name(by)})], now)
    tell(db, events.REMARK_ADDED, taken, by, now, {"text": text})
    return queries.get(db, id)


def _name(by: Actor) -> str:
    """Who the chain says it was: the name, not an internal number."""
    return by.name
