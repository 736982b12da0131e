"""Backfills: what the people of a deposition know, read once from the messages that a former version queued; and the
business day before sessions that it booked."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import func, select, update

from app.depositions import emails
from app.depositions.events import CANCELED, SUBJECT
from app.depositions.models import BOOKED, Deposition, DepositionPerson, Kind, MessageState, State
from app.depositions.queries import language_backfill, people, reconfirmation, roster_backfill
from app.depositions.rules.business_days import reconfirm_at
from app.kernel.changes.events import Event
from app.kernel.db.backfills import Backfill, Portion
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.json_types import JsonObject
from app.kernel.outbox.outbox import DEAD, QUEUED, RECEIPT, SENT, OutboxRow

_STATES = {SENT: MessageState.ACCEPTED, QUEUED: MessageState.WAITING, DEAD: MessageState.FAILED}


class _Message(NamedTuple):
    """A message about a deposition."""

    id: UUID
    channel: str
    summary: str
    state: str
    created_at: datetime
    finished_at: datetime | None
    payload: str
    event: str | None
    subject_id: str


def _people(db: Db, position: str | None, size: int) -> Portion:
    """Gives depositions that were booked or canceled the rows of those who were written to, and the flag where somebody
    knows what no longer holds. Of a cancellation nothing is said about systems: when they read was not kept."""
    table = Deposition.__table__
    after = [Deposition.id > int(position)] if position else []
    found = db.execute(select(*table.c).where(*after).order_by(Deposition.id).limit(size)).all()
    depositions = cast(Sequence[Deposition], [row for row in found if row.sequence > 0])
    ids = [row.id for row in depositions]
    messages = _messages(db, ids)
    rows = [row for each in depositions for row in _rows(db, each, messages.get(each.id, ()))]
    if rows:
        db.execute(insert_or_ignore(db, DepositionPerson, ["deposition_id", "kind", "address"]), rows)
    if ids:
        mine = Deposition.id.in_(ids)
        since: Values = {Deposition.sequence_at: func.coalesce(Deposition.canceled_at, Deposition.booked_at)}
        db.execute(update(Deposition).where(mine, Deposition.sequence_at.is_(None)).values(since))
        people.refresh(db, mine)
    return Portion(len(ids), str(found[-1].id) if len(found) == size else None)


def _messages(db: Db, ids: Sequence[int]) -> Mapping[int, Sequence[_Message]]:
    """The e-mails and webhooks about these depositions, the newest first."""
    about = (
        select(
            OutboxRow.id,
            OutboxRow.channel,
            OutboxRow.summary,
            OutboxRow.state,
            OutboxRow.created_at,
            OutboxRow.finished_at,
            OutboxRow.payload,
            Event.kind,
            OutboxRow.subject_id,
        )
        .outerjoin(Event, Event.id == OutboxRow.event_id)
        .where(OutboxRow.subject_type == SUBJECT, OutboxRow.subject_id.in_([str(id) for id in ids]))
        .where(OutboxRow.channel.in_(("email", "webhook")))
        .order_by(OutboxRow.created_at.desc(), OutboxRow.id)
    )
    grouped: dict[int, list[_Message]] = defaultdict(list)
    for message in map(_Message._make, db.execute(about)):
        grouped[int(message.subject_id)].append(message)
    return grouped


def _rows(db: Db, deposition: Deposition, messages: Sequence[_Message]) -> list[JsonObject]:
    """One row for each participant who was written to, and for a system that was called about a booking."""
    rows = []
    for one in emails.participants(deposition):
        ending = f" · {one.email}".casefold()
        theirs = [each for each in messages if each.channel == "email" and each.summary.casefold().endswith(ending)]
        if theirs:
            rows.append(_row(db, deposition, theirs, Kind.PARTICIPANT, one.email, one.name))
    webhooks = [each for each in messages if each.channel == "webhook"]
    if webhooks and deposition.state != State.CANCELED:
        rows.append(_row(db, deposition, webhooks, Kind.SYSTEM, "", ""))
    return rows


def _row(
    db: Db, deposition: Deposition, messages: Sequence[_Message], kind: Kind, address: str, name: str
) -> JsonObject:
    latest = messages[0]
    accepted = next((each for each in messages if each.state == SENT), None)
    for each in messages:
        if each.state in (QUEUED, DEAD) and each.payload:
            _give_receipt(db, each, _receipt(deposition, each, kind, address, name))
    known = _receipt(deposition, accepted, kind, address, name) if accepted else None
    return {
        "deposition_id": deposition.id,
        "kind": kind.value,
        "address": people.address_key(address),
        "name": name,
        "concerned": True,
        "message_sequence": _receipt(deposition, latest, kind, address, name)["sequence"],
        "message_state": _STATES.get(latest.state, MessageState.DROPPED).value,
        "message_at": latest.created_at,
        "invited_sequence": known["sequence"] if known else 0 if kind is Kind.SYSTEM else None,
        "invited_at": (accepted.finished_at or accepted.created_at) if accepted else None,
        "invited_starts_at": deposition.starts_at if accepted else None,
        "invited_canceled": bool(known and known["canceled"]),
    }


def _receipt(deposition: Deposition, message: _Message, kind: Kind, address: str, name: str) -> JsonObject:
    """The receipt of a message of a former version, which booked once and moved nothing."""
    canceled = message.event in CANCELED.stored_kinds
    receipt = people.receipt(deposition, address, kind, name, canceled=canceled)
    return receipt if canceled else {**receipt, "sequence": 1}


def _give_receipt(db: Db, message: _Message, receipt: JsonObject) -> None:
    """Writes the receipt into a message that may still be sent. One that cannot be read stays as it is."""
    text = db.vault.read(message.payload)
    if not text:
        return
    payload = json.loads(text)
    values: Values = {OutboxRow.payload: db.vault.encrypt(json.dumps({**payload, RECEIPT: receipt}))}
    db.execute(update(OutboxRow).where(OutboxRow.id == message.id).values(values))


def _reconfirm(db: Db, position: str | None, size: int) -> Portion:
    """Gives sessions that are booked the business day before them. Nobody is asked about them."""
    after = [Deposition.id > int(position)] if position else []
    columns = (Deposition.id, Deposition.starts_at, Deposition.zone, Deposition.organization_id)
    missing = (Deposition.state.in_([state.value for state in BOOKED]), Deposition.reconfirm_at.is_(None))
    rows = db.execute(select(*columns).where(*missing, *after).order_by(Deposition.id).limit(size)).all()
    regions = {id: reconfirmation.contact(db, id).region for id in {row.organization_id for row in rows}}
    for row in rows:
        moment = reconfirm_at(row.starts_at, row.zone, regions[row.organization_id])
        values: Values = {Deposition.reconfirm_at: moment}
        db.execute(update(Deposition).where(Deposition.id == row.id, Deposition.reconfirm_at.is_(None)).values(values))
    return Portion(len(rows), str(rows[-1].id) if len(rows) == size else None)


BACKFILLS = (
    language_backfill.LANGUAGES,
    roster_backfill.MANAGERS,
    Backfill("people.depositions", _people, ordered=True),
    Backfill("reconfirm.depositions", _reconfirm, ordered=True),
)
