"""Offering the participants of a session other hours, their answers, and being done with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import insert, update

from app.depositions import emails, events
from app.depositions.actions import overlaps, proposals
from app.depositions.actions._write import locked, organization_name, record, write
from app.depositions.actions.follow_ups import hours_reminder
from app.depositions.models import BOOKED, Deposition, HourAnswer, Proposal, ProposalPerson
from app.depositions.queries import proposals as queries
from app.depositions.queries.people import address_key
from app.depositions.rules import slots as slot_rules
from app.depositions.rules.proposals import (
    NOTHING_OFFERED,
    Agreement,
    Answer,
    NewProposal,
    ProposalState,
    Via,
    best,
    check_new,
    check_open,
    check_propose,
    read_answers,
    written,
)
from app.depositions.rules.transitions import Span, busy
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore, insert_or_update
from app.kernel.errors import Conflict, NotFound
from app.kernel.text import datetimes
from app.kernel.text.normalization import shown

_STATES = [state.value for state in BOOKED]


def propose(
    db: Db, deposition_id: int, new: NewProposal, *, by: Actor, now: datetime, version: int | None = None
) -> Deposition:
    """Asks every participant which of these hours suit them. Where hours are offered already, these take their place:
    links stay the same, and what was answered about an hour that stays still counts.

    The hours count as taken until the proposal ends. Raises Invalid for hours that cannot be offered, Conflict for one
    that is no longer free.
    """
    hours = sorted(new.slots)

    def offered(session: overlaps.Hour) -> list[tuple[datetime, datetime]]:
        length = busy(session.starts_at, session.ends_at).ends_at - session.starts_at
        return [(at, at + length) for at in hours]

    # Whoever books near one of these hours comes before or after this.
    before = locked(db, deposition_id, hours=offered)
    recipients = emails.participants(before)
    until = new.answers_until or (slot_rules.answers_until(hours[0], now) if hours else now)
    deposition = write(
        db,
        deposition_id,
        lambda current: check_propose(current.state, len(recipients)),
        _STATES,
        {Deposition.agreement: Agreement.OPEN.value, Deposition.answers_until: until},
        by=by,
        now=now,
        version=version,
    )
    check_propose(deposition.state, len(recipients))
    check_new(new, len(recipients), now)
    _check_free(db, deposition, new, now)
    slots = [written(hour) for hour in hours]
    values = {
        "slots": slots,
        "quorum": new.quorum or len(recipients),
        "because": new.because.strip(),
        "proposed_at": now,
        "proposed_by": by.name,
        "answers_until": until,
    }
    former = queries.latest(db, deposition_id)
    if former is not None and former.state == ProposalState.OPEN:
        proposals.drop_unsent(db, deposition, former, now)
    proposal, changed = _kept(db, deposition, values)
    people = [
        {"proposal_id": proposal.id, "address": address_key(one.email), "name": one.name, "note": "", "zone": ""}
        for one in recipients
    ]
    db.execute(insert_or_ignore(db, ProposalPerson, ("proposal_id", "address")), people)
    everybody = ProposalPerson.proposal_id == proposal.id
    db.execute(update(ProposalPerson).where(everybody).values({ProposalPerson.reminded_at: None}))
    name = organization_name(db, deposition.organization_id)
    messages = [
        *emails.proposal(db, deposition, name, proposal, recipients, changed=changed),
        *hours_reminder(db, deposition, proposal, now),
    ]
    data = {
        "slots": [datetimes.moment(hour, deposition.zone) for hour in hours],
        "quorum": proposal.quorum,
        "people": len(recipients),
        "changed": changed,
    }
    record(db, events.HOURS_PROPOSED, deposition, by=by, now=now, data=data, messages=messages)
    return deposition


def _check_free(db: Db, deposition: Deposition, new: NewProposal, now: datetime) -> None:
    """Raises Conflict for an hour that would no longer be found."""
    within = Span(min(new.slots), max(new.slots) + (deposition.ends_at - deposition.starts_at))
    search = queries.search(db, deposition, within, own_clock_only=new.own_clock_only)
    for hour in sorted(new.slots):
        reason = slot_rules.why_not(search, hour, now)
        if reason:
            when = datetimes.moment(hour, deposition.zone)
            raise Conflict(
                f"{when} can no longer be offered: {reason}. Nothing was sent. Choose among the hours that are left.",
                code="proposal.taken",
            )


def _kept(db: Db, deposition: Deposition, values: dict[str, object]) -> tuple[Proposal, bool]:
    """The open proposal with these values, or a new one; and whether it offered something before."""
    is_open = (Proposal.deposition_id == deposition.id, Proposal.state == ProposalState.OPEN.value)
    changes = {**values, "version": Proposal.version + 1}
    columns = Proposal.__table__.c
    row = db.execute(update(Proposal).where(*is_open).values(changes).returning(*columns)).first()
    if row is not None:
        return cast(Proposal, row), True
    made = {"deposition_id": deposition.id, "state": ProposalState.OPEN.value, "version": 1, **values}
    return cast(Proposal, db.execute(insert(Proposal.__table__).values(made).returning(*columns)).one()), False


def answer_hours(
    db: Db,
    proposal_id: int,
    address: str,
    given: Mapping[str, str],
    *,
    by: Actor,
    now: datetime,
    note: str = "",
    zone: str = "",
) -> Deposition:
    """Keeps what a participant answers about each of the hours; until the proposal ends it can be changed.

    It moves nothing. Raises Conflict when it comes too late, or the hours were changed.
    """
    found = queries.by_id(db, proposal_id)
    if found is None:
        raise NotFound("There is no such proposal.")
    deposition = locked(db, found.deposition_id)
    proposal = cast(Proposal, queries.by_id(db, proposal_id))
    check_open(proposal.state, proposal.answers_until, now)
    person = _asked(db, deposition, proposal_id, address)
    answers = read_answers(proposal.slots, given)
    keep_answers(db, deposition, address, answers, Via.PAGE, now)
    values = {ProposalPerson.note: note, ProposalPerson.zone: zone, ProposalPerson.answered_at: now}
    mine = (ProposalPerson.proposal_id == proposal_id, ProposalPerson.address == address)
    db.execute(update(ProposalPerson).where(*mine).values(values))
    return record_answers(db, deposition, proposal, person, answers, note, by=by, now=now)


def _asked(db: Db, deposition: Deposition, proposal_id: int, address: str) -> str:
    """The name of somebody who is asked and still takes part. Raises NotFound."""
    present = {address_key(one.email): one for one in emails.participants(deposition)}
    if address not in present or address not in {one.address for one in queries.people(db, proposal_id)}:
        raise NotFound("You are not asked about this session. Nothing was changed.")
    return shown(present[address].name, present[address].email)


def keep_answers(
    db: Db, deposition: Deposition, address: str, answers: Mapping[datetime, Answer], via: Via, now: datetime
) -> None:
    rows = [
        {
            "deposition_id": deposition.id,
            "address": address,
            "starts_at": hour,
            "answer": answer.value,
            "via": via.value,
            "answered_at": now,
        }
        for hour, answer in answers.items()
    ]
    unique = ("deposition_id", "address", "starts_at")
    db.execute(insert_or_update(db, HourAnswer, unique, ("answer", "via", "answered_at")), rows)


def record_answers(
    db: Db,
    deposition: Deposition,
    proposal: Proposal | None,
    person: str,
    answers: Mapping[datetime, Answer],
    note: str,
    *,
    by: Actor,
    now: datetime,
) -> Deposition:
    """The event of answers, with the hour that everybody agrees to by now. The version grows, so that pages show it."""
    after = write(db, deposition.id, lambda _: None, [deposition.state], {}, by=by, now=now)
    agreed = best(queries.matrix(db, after, proposal).slots) if proposal else None
    data: dict[str, object] = {
        "person": person,
        "answers": [[datetimes.moment(hour, after.zone), answer.value] for hour, answer in answers.items()],
    }
    if note:
        data["note"] = note
    if agreed:
        data["agreed"] = datetimes.moment(agreed.starts_at, after.zone)
    record(db, events.HOURS_ANSWERED, after, by=by, now=now, data=data)
    return after


def withdraw_proposal(
    db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None
) -> Deposition:
    """Offers the hours no longer; the session stays where it is. Nobody is written to: the links say it."""
    before = locked(db, deposition_id)
    deposition = write(db, deposition_id, lambda _: None, [before.state], {}, by=by, now=now, version=version)
    if not proposals.end(db, deposition, now, withdrawn=True):
        raise Conflict(f"{NOTHING_OFFERED} Nothing was changed.", code="proposal.none")
    record(db, events.PROPOSAL_WITHDRAWN, deposition, by=by, now=now)
    return deposition
