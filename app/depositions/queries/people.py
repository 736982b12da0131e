"""What each participant, manager and system knows of a deposition, and who knows something that no longer holds."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

from sqlalchemy import ColumnElement, Row, and_, bindparam, exists, false, func, not_, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from app.accounts.models import ApiKey
from app.depositions.models import Deposition, DepositionPerson, Kind, MessageState, State
from app.kernel.clock import iso
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.json_types import JsonObject

if TYPE_CHECKING:

    class Knowledge(DepositionPerson):
        """A row with every column of a person, and whether what they know is `outdated`."""

        outdated: bool

else:
    Knowledge = Row

FRESH = timedelta(minutes=1)
"""How often the same person's opening of a page, and a key's reading, are written at most."""

MATTERS = (State.SCHEDULED, State.READY, State.ACTIVE, State.CANCELED)
"""The states in which it matters whether somebody knows of it."""

READ = exists().where(ApiKey.organization_id == Deposition.organization_id, ApiKey.read_at > Deposition.sequence_at)
"""Whether the organization has read its requests through the API since the deposition last changed for others."""

_ON_ITS_WAY = and_(
    DepositionPerson.message_state == MessageState.WAITING.value,
    DepositionPerson.message_sequence == Deposition.sequence,
)
_BEHIND = and_(DepositionPerson.concerned, DepositionPerson.invited_sequence < Deposition.sequence)
_MISSED = and_(
    DepositionPerson.concerned,
    DepositionPerson.invited_sequence.is_(None),
    DepositionPerson.message_state.in_((MessageState.FAILED.value, MessageState.DROPPED.value)),
    Deposition.state != State.CANCELED.value,
)
_TAKEN_BACK = and_(
    DepositionPerson.concerned, DepositionPerson.invited_canceled, Deposition.state != State.CANCELED.value
)
_STILL_INVITED = and_(
    not_(DepositionPerson.concerned),
    DepositionPerson.invited_sequence.is_not(None),
    not_(DepositionPerson.invited_canceled),
)
OUTDATED = and_(
    Deposition.state.in_([state.value for state in MATTERS]),
    not_(func.coalesce(_ON_ITS_WAY, false())),
    or_(_BEHIND, _MISSED, _TAKEN_BACK, _STILL_INVITED),
    or_(DepositionPerson.kind != Kind.SYSTEM.value, not_(READ)),
)
"""Whether somebody holds an earlier state of the session than its present one, missed the only message about it, or
was told that they no longer take part and does again, and no message about it is on its way to them. A system that has
read the API since knows."""

_KNOWN = (
    select(*DepositionPerson.__table__.c, func.coalesce(OUTDATED, false()).label("outdated"))
    .join(Deposition, Deposition.id == DepositionPerson.deposition_id)
    .order_by(DepositionPerson.kind, DepositionPerson.address)
)


def address_key(address: str) -> str:
    """The form of an address in which two spellings of it are one."""
    return address.casefold()[:254]


def known(db: Db, deposition_id: int) -> Sequence[Knowledge]:
    """What is known of everybody who heard of a deposition."""
    rows = db.execute(_KNOWN.where(DepositionPerson.deposition_id == deposition_id))
    return cast(Sequence[Knowledge], rows.all())


def outdated(db: Db, deposition_id: int) -> Sequence[Knowledge]:
    """Those who know something of a deposition that no longer holds, and are not being told."""
    rows = db.execute(_KNOWN.where(DepositionPerson.deposition_id == deposition_id, OUTDATED))
    return cast(Sequence[Knowledge], rows.all())


def informed(db: Db, deposition: Deposition) -> frozenset[str]:
    """The addresses (`address_key`) of participants and managers whose server accepted the present invitation."""
    rows = db.execute(
        select(DepositionPerson.address).where(
            DepositionPerson.deposition_id == deposition.id,
            DepositionPerson.kind.in_((Kind.PARTICIPANT.value, Kind.MANAGER.value)),
            DepositionPerson.concerned,
            DepositionPerson.invited_sequence == deposition.sequence,
            not_(DepositionPerson.invited_canceled),
        )
    )
    return frozenset(rows.scalars())


def invited(db: Db, deposition_id: int, kind: Kind) -> frozenset[str]:
    """The addresses (`address_key`) of those whose server ever accepted an invitation to a deposition."""
    rows = db.execute(
        select(DepositionPerson.address).where(
            DepositionPerson.deposition_id == deposition_id,
            DepositionPerson.kind == kind.value,
            DepositionPerson.invited_sequence.is_not(None),
        )
    )
    return frozenset(rows.scalars())


def anybody_entered(db: Db, deposition_id: int) -> bool:
    """Whether somebody was led into the room of a deposition."""
    entered = (DepositionPerson.deposition_id == deposition_id, DepositionPerson.entered_at.is_not(None))
    return bool(db.execute(select(exists().where(*entered))).scalar())


class Arrivals(NamedTuple):
    """Who was led into the room of a deposition: the addresses (`address_key`) of participants and of managers, and
    whether somebody came who is not known."""

    participants: frozenset[str]
    managers: frozenset[str]
    unknown: bool


def arrivals(db: Db, deposition_id: int) -> Arrivals:
    """Who has entered."""
    entered = (DepositionPerson.deposition_id == deposition_id, DepositionPerson.entered_at.is_not(None))
    rows = db.execute(select(DepositionPerson.kind, DepositionPerson.address).where(*entered)).all()
    of = {kind: frozenset(row.address for row in rows if row.kind == kind) for kind in Kind}
    return Arrivals(of[Kind.PARTICIPANT], of[Kind.MANAGER], bool(of[Kind.VISITOR]))


def opened_lately(db: Db, deposition: Deposition, address: str, now: datetime, kind: Kind = Kind.PARTICIPANT) -> bool:
    """Whether it is written already that somebody has opened the session's page as it is now."""
    mine = (
        DepositionPerson.deposition_id == deposition.id,
        DepositionPerson.kind == kind.value,
        DepositionPerson.address == address_key(address),
        DepositionPerson.opened_sequence == deposition.sequence,
        DepositionPerson.opened_at > now - FRESH,
    )
    return bool(db.execute(select(exists().where(*mine))).scalar())


def last_read(db: Db, organization_id: int) -> datetime | None:
    """When one of the organization's systems last read its requests through the API."""
    found: datetime | None = db.execute(
        select(ApiKey.read_at)
        .where(ApiKey.organization_id == organization_id, ApiKey.read_at.is_not(None))
        .order_by(ApiKey.read_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    return found


_SOMEBODY = (
    select(DepositionPerson.deposition_id)
    .where(DepositionPerson.deposition_id == Deposition.id, OUTDATED)
    .correlate(Deposition)
    .exists()
)
_REFRESH = (
    update(Deposition.__table__)
    .where(Deposition.not_up_to_date != _SOMEBODY)
    .values({Deposition.not_up_to_date: _SOMEBODY})
)
_REFRESH_ONE: Prepared[object] = Prepared(_REFRESH.where(Deposition.id == bindparam("wanted")))


def refresh(db: Db, *which: ColumnElement[bool] | InstrumentedAttribute[bool]) -> None:
    """Brings `not_up_to_date` of these depositions in line with what is known of their people."""
    db.execute(_REFRESH.where(*which))


def refresh_one(db: Db, deposition_id: int) -> None:
    """The same of one deposition."""
    _REFRESH_ONE.run(db, {"wanted": deposition_id})


def receipt(
    deposition: Deposition, address: str = "", kind: Kind = Kind.PARTICIPANT, name: str = "", *, canceled: bool = False
) -> JsonObject:
    """What the acceptance of a message proves: that the recipient's server has this state of the session.

    A message that invites to the session, moves it or takes it back carries one. A reminder does not.
    """
    return {
        "kind": kind.value,
        "address": address_key(address),
        "name": name,
        "sequence": deposition.sequence,
        "starts_at": iso(deposition.starts_at),
        "canceled": canceled,
    }
