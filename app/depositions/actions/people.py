"""Keeping what each participant, manager and system knows of a deposition.

What was sent is kept with the message that sends it (`queued`), what arrived with the mark that the message was sent
(`RECEIPTS`), what somebody did when they do it (`opened`, `entered`, `answered`). Nothing is guessed.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, and_, case, delete, or_, select, update

from app.accounts.models import ApiKey
from app.depositions.actions.follow_ups import RECONFIRM, REMIND
from app.depositions.actions.overlaps import take_turns
from app.depositions.events import SUBJECT
from app.depositions.models import BOOKED, Deposition, DepositionPerson, Kind, MessageState, State
from app.depositions.queries.people import FRESH, address_key, last_read, refresh
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore, insert_or_update
from app.kernel.json_types import JsonObject
from app.kernel.outbox.dropping import drop
from app.kernel.outbox.outbox import DEAD, SENT, Message

KEY = ("deposition_id", "kind", "address")
_PAST = timedelta(days=1)


def queued(db: Db, deposition: Deposition, messages: Sequence[Message], now: datetime) -> None:
    """Keeps that these messages about the present state of a deposition are on their way."""
    receipts = [message.receipt for message in messages if message.receipt is not None]
    latest = ("name", "message_sequence", "message_state", "message_at")
    for canceled, updated in ((False, (*latest, "concerned")), (True, latest)):
        rows = [_row_of(deposition.id, receipt, now) for receipt in receipts if receipt["canceled"] is canceled]
        if rows:
            db.execute(insert_or_update(db, DepositionPerson, KEY, updated), rows)


def _row_of(deposition_id: int, receipt: JsonObject, now: datetime) -> JsonObject:
    return {
        "deposition_id": deposition_id,
        "kind": receipt["kind"],
        "address": receipt["address"],
        "name": receipt["name"],
        "concerned": True,
        "message_sequence": receipt["sequence"],
        "message_state": MessageState.WAITING.value,
        "message_at": now,
        "invited_sequence": _from_the_start(Kind(receipt["kind"])),
        "invited_canceled": False,
    }


def superseded(db: Db, deposition: Deposition, *, reason: str, now: datetime, besides: Sequence[str] = ()) -> None:
    """Drops the messages about an earlier state of a deposition that were not sent yet, `besides` those with these
    keys: they would come after the ones about the present state, or instead of them. An organization has a system when
    it is called, or reads."""
    if deposition.postback_url or last_read(db, deposition.organization_id):
        _ensure(db, deposition.id, Kind.SYSTEM, "")
    for channel in ("email", "webhook", REMIND, RECONFIRM):
        drop(db, SUBJECT, deposition.id, reason=reason, now=now, channel=channel, besides=besides)
    waiting = (
        DepositionPerson.deposition_id == deposition.id,
        DepositionPerson.message_state == MessageState.WAITING.value,
    )
    db.execute(
        update(DepositionPerson).where(*waiting).values({DepositionPerson.message_state: MessageState.DROPPED.value})
    )


def overtaken(db: Db, deposition: Deposition, messages: Sequence[Message], now: datetime) -> None:
    """Drops what was not sent yet to those to whom these messages go: it would come after them, and say what held
    before."""
    told = {(receipt["kind"], receipt["address"]) for each in messages if (receipt := each.receipt)}
    if told:

        def theirs(receipt: JsonObject) -> bool:
            return (receipt["kind"], receipt["address"]) in told

        drop(db, SUBJECT, deposition.id, reason="A later message says how it stands.", now=now, concerns=theirs)


def leave(db: Db, deposition: Deposition, kind: Kind, addresses: Collection[str]) -> None:
    """Keeps that these people no longer take part. Those who were invited are to hear that they are not."""
    keys = [address_key(address) for address in addresses]
    mine = (
        DepositionPerson.deposition_id == deposition.id,
        DepositionPerson.kind == kind.value,
        DepositionPerson.address.in_(keys),
    )
    db.execute(update(DepositionPerson).where(*mine).values({DepositionPerson.concerned: False}))


def follow_manager(db: Db, manager_id: int, address: str, now: datetime) -> None:
    """Gives a manager's sessions that are not over their new address; what they know goes with them.

    What waits to be sent to the former one is dropped: sessions of which they then know too little are shown so.
    """
    mine = (
        Deposition.manager_id == manager_id,
        Deposition.state.in_([state.value for state in (*BOOKED, State.ACTIVE)]),
    )
    found = select(Deposition.id, Deposition.starts_at, Deposition.ends_at).where(*mine).order_by(Deposition.id)
    hours = db.execute(found).all()
    if not hours:
        return
    take_turns(db, *((row.starts_at, row.ends_at) for row in hours))
    ids = [row.id for row in db.execute(found.with_for_update(key_share=True))]
    db.execute(update(Deposition).where(Deposition.id.in_(ids)).values({Deposition.manager_email: address}))
    key = address_key(address)
    known = (DepositionPerson.deposition_id.in_(ids), DepositionPerson.kind == Kind.MANAGER.value)
    # What a mailbox knew as that of a former manager ends with it.
    db.execute(delete(DepositionPerson).where(*known, DepositionPerson.address == key))
    theirs = (*known, DepositionPerson.concerned)
    unsent = DepositionPerson.message_state == MessageState.WAITING.value
    for id, former in db.execute(
        select(DepositionPerson.deposition_id, DepositionPerson.address).where(*theirs, unsent)
    ).all():
        reason = "The manager has another address."
        drop(db, SUBJECT, id, reason=reason, now=now, concerns=partial(_is_to_manager, former))
    state = case((unsent, MessageState.DROPPED.value), else_=DepositionPerson.message_state)
    values = {DepositionPerson.address: key, DepositionPerson.message_state: state}
    db.execute(update(DepositionPerson).where(*theirs).values(values))
    refresh(db, Deposition.id.in_(ids))


def _is_to_manager(address: str, receipt: JsonObject) -> bool:
    return (receipt["kind"], receipt["address"]) == (Kind.MANAGER.value, address)


def knows(db: Db, deposition: Deposition) -> None:
    """Keeps that the organization's system knows the present state, because it has made it."""
    _ensure(db, deposition.id, Kind.SYSTEM, "")
    values: Values = {
        DepositionPerson.invited_sequence: deposition.sequence,
        DepositionPerson.invited_at: deposition.sequence_at,
        DepositionPerson.invited_starts_at: deposition.starts_at,
    }
    db.execute(update(DepositionPerson).where(*_mine(deposition.id, Kind.SYSTEM, "")).values(values))


def opened(db: Db, deposition: Deposition, address: str, *, now: datetime, kind: Kind = Kind.PARTICIPANT) -> None:
    """Keeps that somebody has the session's page before them, and which state of it. Ask `opened_lately` before.

    It makes nobody count as told of that state: what their server accepted does.
    """
    _ensure(db, deposition.id, kind, address)
    values: Values = {DepositionPerson.opened_at: now, DepositionPerson.opened_sequence: deposition.sequence}
    db.execute(update(DepositionPerson).where(*_mine(deposition.id, kind, address)).values(values))


def entered(
    db: Db, deposition: Deposition, address: str | None, *, now: datetime, kind: Kind = Kind.PARTICIPANT
) -> None:
    """Keeps that somebody was led into the room for the first time; without an address, by the session's bare link."""
    who, key = (kind, address) if address is not None else (Kind.VISITOR, "")
    _ensure(db, deposition.id, who, key)
    first = DepositionPerson.entered_at.is_(None)
    values: Values = {DepositionPerson.entered_at: now}
    db.execute(update(DepositionPerson).where(*_mine(deposition.id, who, key), first).values(values))


def asked(db: Db, deposition: Deposition, address: str, *, now: datetime, kind: Kind = Kind.PARTICIPANT) -> None:
    """Keeps that somebody was asked whether the session, as it is now, takes place."""
    _ensure(db, deposition.id, kind, address)
    values: Values = {DepositionPerson.asked_at: now, DepositionPerson.asked_sequence: deposition.sequence}
    db.execute(update(DepositionPerson).where(*_mine(deposition.id, kind, address)).values(values))


def answered(
    db: Db,
    deposition: Deposition,
    address: str,
    answer: str,
    *,
    by: str,
    now: datetime,
    kind: Kind = Kind.PARTICIPANT,
) -> None:
    """Keeps what somebody answered to the present state of the session. `by` says who wrote it down, when another."""
    _ensure(db, deposition.id, kind, address)
    values: Values = {
        DepositionPerson.answer: answer,
        DepositionPerson.answered_at: now,
        DepositionPerson.answered_by: by,
        DepositionPerson.answer_sequence: deposition.sequence,
    }
    db.execute(update(DepositionPerson).where(*_mine(deposition.id, kind, address)).values(values))


def read(db: Db, organization_id: int, key_id: int, now: datetime) -> None:
    """Keeps that a key has read its organization's requests: what was true before is known to its system now."""
    old = or_(ApiKey.read_at.is_(None), ApiKey.read_at < now - FRESH, ApiKey.read_at > now)
    db.execute(update(ApiKey).where(ApiKey.id == key_id, old).values({ApiKey.read_at: now}))
    mine = (
        Deposition.not_up_to_date,
        Deposition.starts_at > now - _PAST,
        Deposition.organization_id == organization_id,
    )
    if db.dialect == "postgresql":
        # Several rows are locked by this, and by whoever writes one whose hour others share.
        hours = select(Deposition.starts_at, Deposition.ends_at).where(*mine)
        take_turns(db, *((row.starts_at, row.ends_at) for row in db.execute(hours)))
    refresh(db, *mine)


class _Receipts:
    """What a deposition keeps of the results of its messages (kernel/outbox/outbox.py, `Receipts`)."""

    def lock(self, db: Db, subject_id: str) -> None:
        """Locks the deposition: two results at once would each miss the other when the flag is made."""
        db.execute(select(Deposition.id).where(Deposition.id == int(subject_id)).with_for_update(key_share=True))

    def keep(self, db: Db, subject_id: str, receipt: JsonObject, state: str, now: datetime) -> None:
        """Keeps which invitation the recipient's server accepted, or that the message will not arrive."""
        deposition_id, sequence = int(subject_id), receipt["sequence"]
        mine = _mine(deposition_id, Kind(receipt["kind"]), receipt["address"])
        latest = DepositionPerson.message_sequence == sequence
        if state == SENT:
            known = DepositionPerson.invited_sequence
            newer = or_(known.is_(None), known <= sequence)
            invited: Values = {
                DepositionPerson.invited_sequence: sequence,
                DepositionPerson.invited_at: now,
                DepositionPerson.invited_starts_at: datetime.fromisoformat(receipt["starts_at"]),
                DepositionPerson.invited_canceled: receipt["canceled"],
            }
            db.execute(update(DepositionPerson).where(*mine, newer).values(invited))
        else:
            latest = and_(latest, DepositionPerson.message_state == MessageState.WAITING.value)
        became = {SENT: MessageState.ACCEPTED, DEAD: MessageState.FAILED}.get(state, MessageState.DROPPED)
        db.execute(update(DepositionPerson).where(*mine, latest).values({DepositionPerson.message_state: became.value}))
        refresh(db, Deposition.id == deposition_id)

    def still_true(self, db: Db, subject_id: str, receipt: JsonObject) -> bool:
        """Whether it takes the session back from somebody who has it no more, or gives it as it is to who has it."""
        mine = _mine(int(subject_id), Kind(receipt["kind"]), receipt["address"])
        facts = select(Deposition.sequence, Deposition.state, DepositionPerson.concerned)
        row = db.execute(facts.join(Deposition, Deposition.id == DepositionPerson.deposition_id).where(*mine)).first()
        if row is None:
            return False
        gone = row.state == State.CANCELED or not row.concerned
        return gone if receipt["canceled"] else not gone and row.sequence == receipt["sequence"]


RECEIPTS = _Receipts()


def _mine(deposition_id: int, kind: Kind, address: str) -> tuple[ColumnElement[bool], ...]:
    return (
        DepositionPerson.deposition_id == deposition_id,
        DepositionPerson.kind == kind.value,
        DepositionPerson.address == address_key(address),
    )


def _ensure(db: Db, deposition_id: int, kind: Kind, address: str) -> None:
    """A row of this person, where there is none yet."""
    values = {
        "deposition_id": deposition_id,
        "kind": kind.value,
        "address": address_key(address),
        "name": "",
        "concerned": True,
        "invited_sequence": _from_the_start(kind),
        "invited_canceled": False,
    }
    db.execute(insert_or_ignore(db, DepositionPerson, KEY).values(values))


def _from_the_start(kind: Kind) -> int | None:
    """The SEQUENCE of which the first row says that they know it: a system made the request, and got an answer."""
    return 0 if kind is Kind.SYSTEM else None
