"""Keeps what the open proposal of a session offers, until it ends: what it takes, and whether people agree."""

from datetime import datetime
from typing import cast

from sqlalchemy import delete, insert, update

from app.depositions import emails
from app.depositions.actions.follow_ups import hours_reminder_key
from app.depositions.events import SUBJECT
from app.depositions.models import BOOKED, Deposition, OfferedKey, Proposal
from app.depositions.queries import proposals
from app.depositions.rules.proposals import Agreement, ProposalState, best
from app.kernel.db.engine import Db
from app.kernel.outbox.dropping import drop


def offer(db: Db, deposition: Deposition, slots: list[str]) -> None:
    """Makes these hours of a session count as taken, in place of those before."""
    db.execute(delete(OfferedKey).where(OfferedKey.deposition_id == deposition.id))
    if slots:
        db.execute(insert(OfferedKey.__table__), proposals.offered(db, deposition, slots))


def follow(db: Db, deposition: Deposition, now: datetime) -> None:
    """Keeps up with what happened to a session of which other hours are offered.

    The proposal ends by itself when the session gets another hour, begins or is canceled. Otherwise its hours take
    what the session needs by now, of whoever manages it and takes part, and it is asked anew whether people agree.
    """
    if deposition.state not in BOOKED or deposition.sequence_at == now:
        end(db, deposition, now)
        return
    proposal = proposals.latest(db, deposition.id)
    if proposal is None or proposal.state != ProposalState.OPEN:
        return
    offer(db, deposition, proposal.slots)
    agreed = best(proposals.matrix(db, deposition, proposal).slots)
    stands = (Agreement.AGREED if agreed else Agreement.OPEN).value
    if stands != deposition.agreement:
        _keep(db, deposition, stands, proposal.answers_until)


def end(db: Db, deposition: Deposition, now: datetime, *, withdrawn: bool = False) -> bool:
    """Ends the open proposal of a session, whose hours are free again; whether there was one. E-mails about it that
    were not sent yet are not sent any more."""
    became = ProposalState.MOVED if deposition.state in BOOKED else ProposalState.OVER
    values = {
        Proposal.state: (ProposalState.WITHDRAWN if withdrawn else became).value,
        Proposal.ended_at: now,
    }
    is_open = (Proposal.deposition_id == deposition.id, Proposal.state == ProposalState.OPEN.value)
    ended = db.execute(update(Proposal).where(*is_open).values(values).returning(*Proposal.__table__.c)).first()
    if ended is None:
        return False
    offer(db, deposition, [])
    _keep(db, deposition, None, None)
    drop_unsent(db, deposition, cast(Proposal, ended), now)
    return True


def drop_unsent(db: Db, deposition: Deposition, proposal: Proposal, now: datetime) -> None:
    """Drops the e-mails and the reminder about the present hours of a proposal that were not sent yet."""
    marks = [
        emails.hours_dedupe(proposal, one.address, reminder=reminder)
        for one in proposals.people(db, proposal.id)
        for reminder in (False, True)
    ]
    marks.append(hours_reminder_key(proposal))
    drop(db, SUBJECT, deposition.id, reason="These hours are no longer offered.", now=now, dedupe=marks)


def _keep(db: Db, deposition: Deposition, agreement: str | None, answers_until: datetime | None) -> None:
    values = {Deposition.agreement: agreement, Deposition.answers_until: answers_until}
    db.execute(
        update(Deposition).where(Deposition.id == deposition.id).values(values),
        execution_options={"synchronize_session": False},
    )
