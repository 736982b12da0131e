"""Writing once more about offered hours: to those who have not answered, and to those who take part only since."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update

from app.depositions import emails, events
from app.depositions.actions._write import locked, organization_name, record, write
from app.depositions.emails import Participant
from app.depositions.models import BOOKED, Deposition, Proposal, ProposalPerson
from app.depositions.queries import proposals as queries
from app.depositions.queries.people import address_key
from app.depositions.queries.proposals import Matrix
from app.depositions.rules.proposals import (
    NOTHING_OFFERED,
    ProposalState,
    check_ask_added,
    check_open,
    check_remind,
    quorum_with,
)
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.errors import Conflict
from app.kernel.outbox.outbox import Message
from app.kernel.text.normalization import shown

_STATES = [state.value for state in BOOKED]


def remind_hours(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Deposition:
    """Reminds those who have not answered about each of the offered hours, everybody once.

    Raises Conflict where no hours are offered, the time to answer is over, or nobody is left to be reminded.
    """
    deposition, found = _open(db, deposition_id, by=by, now=now, version=version)
    check_remind(len(found.to_remind))
    remind(db, deposition, found, by=by, now=now)
    return deposition


def remind(db: Db, deposition: Deposition, found: Matrix, *, by: Actor, now: datetime) -> int:
    """Reminds those who are left, in a transaction that holds the deposition. Returns how many."""
    addresses = {one.address for one in found.to_remind}
    people = [one for one in emails.participants(deposition) if address_key(one.email) in addresses]
    if not people:
        return 0
    mine = (ProposalPerson.proposal_id == found.proposal.id, ProposalPerson.address.in_(sorted(addresses)))
    db.execute(update(ProposalPerson).where(*mine).values({ProposalPerson.reminded_at: now}))
    messages = _messages(db, deposition, found.proposal, people, reminder=True)
    record(db, events.HOURS_REMINDED, deposition, by=by, now=now, data=_names(people), messages=messages)
    return len(people)


def ask_added(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Deposition:
    """Asks those who take part only since the hours were offered. Where everybody has to be able to come, so do they.

    Raises Conflict where no hours are offered, the time to answer is over, or nobody was added.
    """
    deposition, found = _open(db, deposition_id, by=by, now=now, version=version)
    people, proposal = found.added, found.proposal
    check_ask_added(len(people))
    rows = [
        {"proposal_id": proposal.id, "address": address_key(one.email), "name": one.name, "note": "", "zone": ""}
        for one in people
    ]
    db.execute(insert_or_ignore(db, ProposalPerson, ("proposal_id", "address")), rows)
    quorum = quorum_with(proposal.quorum, len(found.people), len(people))
    db.execute(update(Proposal).where(Proposal.id == proposal.id).values({Proposal.quorum: quorum}))
    messages = _messages(db, deposition, proposal, people)
    data = {**_names(people), "quorum": quorum}
    record(db, events.ADDED_ASKED, deposition, by=by, now=now, data=data, messages=messages)
    return deposition


def _open(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None) -> tuple[Deposition, Matrix]:
    """The session, written, and how its open proposal stands. Raises Conflict where there is none, or no longer."""
    locked(db, deposition_id)
    found = queries.latest(db, deposition_id)
    proposal = found if found is not None and found.state == ProposalState.OPEN else None

    def check(_: Deposition) -> None:
        if proposal is None:
            raise Conflict(f"{NOTHING_OFFERED} Nothing was sent.", code="proposal.none")

    deposition = write(db, deposition_id, check, _STATES, {}, by=by, now=now, version=version)
    check(deposition)
    assert proposal is not None
    check_open(proposal.state, proposal.answers_until, now)
    return deposition, queries.matrix(db, deposition, proposal)


def _messages(
    db: Db, deposition: Deposition, proposal: Proposal, people: Sequence[Participant], *, reminder: bool = False
) -> list[Message]:
    name = organization_name(db, deposition.organization_id)
    return emails.proposal(db, deposition, name, proposal, people, reminder=reminder)


def _names(people: Sequence[Participant]) -> dict[str, object]:
    return {"people": [shown(one.name, one.email) for one in people]}
