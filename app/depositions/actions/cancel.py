"""Taking a session back: by the team, by the organization itself, or by asking."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Row, case, func

from app.depositions import emails, events
from app.depositions.actions._write import T, organization_name, record, write
from app.depositions.models import BOOKED, State
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db


def cancel(
    db: Db, deposition_id: int, *, by: Actor, now: datetime, tell: bool = True, version: int | None = None
) -> Row:
    """The team cancels anything that has not begun. `tell`: everybody invited gets a letter."""
    return _cancel(
        db,
        deposition_id,
        lambda row: transitions.check_cancel(row.state),
        transitions.source_states("cancel"),
        tell,
        by,
        now,
        version,
    )


def withdraw(db: Db, deposition_id: int, *, organization_id: int, by: Actor, now: datetime, tell: bool) -> Row:
    """The organization cancels what nobody has booked yet ("Cancel Session Requests"). Raises Invalid otherwise."""
    return _cancel(
        db,
        deposition_id,
        lambda row: transitions.check_withdraw(row.state),
        [State.INITIAL.value],
        tell,
        by,
        now,
        organization_id=organization_id,
    )


def request_cancellation(db: Db, deposition_id: int, *, organization_id: int, by: Actor, now: datetime) -> Row:
    """The organization asks the team to cancel a booked session. Asked again, the first time stays."""
    d = write(
        db,
        deposition_id,
        lambda row: transitions.check_request_cancellation(row.state),
        [state.value for state in BOOKED],
        {
            "cancellation_requested_at": func.coalesce(T.cancellation_requested_at, now),
            "cancellation_open": True,
            "version": T.version + case((T.cancellation_requested_at.is_(None), 1), else_=0),
        },
        now=now,
        organization_id=organization_id,
    )
    if d.cancellation_requested_at == now:
        record(db, events.CANCELLATION_REQUESTED, d, by=by, now=now)
    return d


def _cancel(
    db: Db,
    deposition_id: int,
    check: Callable[[Row], None],
    states: Sequence[str],
    tell: bool,
    by: Actor,
    now: datetime,
    version: int | None = None,
    organization_id: int | None = None,
) -> Row:
    d = write(
        db,
        deposition_id,
        check,
        states,
        {
            "state": State.CANCELED.value,
            "canceled_at": now,
            "cancellation_open": False,
            "sequence": T.sequence + 1,
        },
        now=now,
        version=version,
        organization_id=organization_id,
    )
    letters = emails.canceled(db, d, organization_name(db, d.organization_id), now) if tell else []
    record(db, events.CANCELED, d, by=by, now=now, data={"told": tell}, messages=letters)
    return d
