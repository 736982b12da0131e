"""Proposals of other hours, what was answered about them, and what is known where other hours are looked for."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast

from sqlalchemy import bindparam, select, true

from app.accounts.models import Organization, Person
from app.depositions.emails import Participant, participants
from app.depositions.models import (
    ConflictKey,
    Deposition,
    HourAnswer,
    OfferedKey,
    Proposal,
    ProposalPerson,
)
from app.depositions.queries import conflicts, detail, managers
from app.depositions.queries.people import address_key
from app.depositions.rules import availability, day_ruler, slots
from app.depositions.rules import conflicts as conflict_rules
from app.depositions.rules.conflicts import LONGEST, Need, Requested
from app.depositions.rules.proposals import Standing, read_slot, standing
from app.depositions.rules.slots import DAYS, Clock, Search, Taken, WorkingManager
from app.depositions.rules.transitions import Span, busy
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict
from app.kernel.text.normalization import region_of

_COLUMNS = tuple(Proposal.__table__.c)
_PERSON_COLUMNS = tuple(ProposalPerson.__table__.c)
_TAKEN = {
    table: select(table.need, table.begins, table.ends).where(
        table.key.in_(bindparam("keys", expanding=True)),
        table.begins < bindparam("ends"),
        table.begins > bindparam("earliest"),
        table.ends > bindparam("begins"),
        table.deposition_id != bindparam("besides"),
    )
    for table in (ConflictKey, OfferedKey)
}


def latest(db: Db, deposition_id: int) -> Proposal | None:
    """The proposal that was made last."""
    newest = select(*_COLUMNS).where(Proposal.deposition_id == deposition_id).order_by(Proposal.id.desc()).limit(1)
    return cast(Proposal | None, db.execute(newest).first())


def by_id(db: Db, id: int) -> Proposal | None:
    """A proposal by its id."""
    return cast(Proposal | None, db.execute(select(*_COLUMNS).where(Proposal.id == id)).first())


def people(db: Db, proposal_id: int) -> list[ProposalPerson]:
    """Everybody who was asked, by address."""
    asked = select(*_PERSON_COLUMNS).where(ProposalPerson.proposal_id == proposal_id)
    return [cast(ProposalPerson, row) for row in db.execute(asked.order_by(ProposalPerson.address))]


def answers(db: Db, deposition_id: int) -> list[HourAnswer]:
    """Every answer about an hour of a deposition, by hour."""
    given = select(*HourAnswer.__table__.c).where(HourAnswer.deposition_id == deposition_id)
    rows = db.execute(given.order_by(HourAnswer.starts_at, HourAnswer.address))
    return [cast(HourAnswer, row) for row in rows]


class Matrix(NamedTuple):
    """A proposal with everybody who is asked and still takes part, and what they answered, by hour and address. `slots`
    are how the hours stand; `suggested` are answers about hours that are not offered; `added` take part and are not
    asked."""

    proposal: Proposal
    people: Sequence[ProposalPerson]
    given: Mapping[datetime, Mapping[str, HourAnswer]]
    slots: Sequence[Standing]
    suggested: Sequence[HourAnswer]
    added: Sequence[Participant]

    @property
    def silent(self) -> list[ProposalPerson]:
        """Those who have not answered about each of the hours."""
        return [one for one in self.people if not all(one.address in each for each in self.given.values())]

    @property
    def to_remind(self) -> list[ProposalPerson]:
        """Those who have not answered and were not reminded of these hours."""
        return [one for one in self.silent if one.reminded_at is None]


def matrix(db: Db, deposition: Deposition, proposal: Proposal) -> Matrix:
    """What was answered to a proposal."""
    present = {address_key(one.email): one for one in participants(deposition)}
    everybody = people(db, proposal.id)
    asked = [one for one in everybody if one.address in present]
    known = {one.address for one in everybody}
    added = [one for address, one in present.items() if address not in known]
    hours = [read_slot(slot) for slot in proposal.slots]
    given: dict[datetime, dict[str, HourAnswer]] = {hour: {} for hour in hours}
    suggested = []
    for answer in answers(db, deposition.id):
        if answer.starts_at in given:
            given[answer.starts_at][answer.address] = answer
        else:
            suggested.append(answer)
    deponent = address_key(deposition.deponent_email or "")
    addresses = [one.address for one in asked]
    stands = [
        standing(
            hour,
            {address: each.answer for address, each in given[hour].items()},
            addresses,
            proposal.quorum,
            deponent,
        )
        for hour in hours
    ]
    return Matrix(proposal, asked, given, stands, suggested, added)


def search(db: Db, deposition: Deposition, within: Span, *, own_clock_only: bool = False) -> Search:
    """What is known where other hours of a session are looked for within a time."""
    span = busy(deposition.starts_at, deposition.ends_at)
    manager = _manager(db, deposition, within)
    return Search(
        deposition.starts_at,
        span.ends_at - span.starts_at,
        _clocks(db, deposition),
        manager,
        _taken(db, deposition, within, manager.gap if manager else timedelta(0)),
        own_clock_only,
    )


def first_found(db: Db, deposition_id: int, now: datetime, *, own_clock_only: bool = False) -> tuple[datetime, ...]:
    """The hours that are offered where nobody chooses any. Raises Conflict with what stands in the way."""
    deposition = cast(Deposition, detail.get(db, deposition_id, true()))
    first = slots.first_day(now, deposition.zone)
    within = days_from(day_ruler.midnight(first, deposition.zone))
    found = slots.find(search(db, deposition, within, own_clock_only=own_clock_only), first, now)
    if len(found.slots) < slots.LEAST:
        raise Conflict(f"{slots.why_so_few(found)} Nothing was sent.", code="proposal.none_found")
    return tuple(found.slots[:3])


def days_from(first: datetime) -> Span:
    """The time that is looked through from a moment on."""
    return Span(first - timedelta(days=1), first + timedelta(days=DAYS + 2))


def _clocks(db: Db, deposition: Deposition) -> list[Clock]:
    """The zones that are known: the session's own, the organization's, and those of participants who have an account
    or whose browser named one when they answered."""
    organization = db.execute(
        select(Organization.time_zone, Organization.country).where(Organization.id == deposition.organization_id)
    ).one()
    country = organization.country or region_of(organization.time_zone)
    found = {deposition.zone: country, organization.time_zone: country}
    addresses = sorted({address_key(one.email) for one in participants(deposition)})
    accounts = db.execute(select(Person.time_zone).where(Person.email.in_(addresses))).scalars()
    answered = db.execute(
        select(ProposalPerson.zone)
        .join(Proposal, Proposal.id == ProposalPerson.proposal_id)
        .where(
            Proposal.deposition_id == deposition.id, ProposalPerson.address.in_(addresses), ProposalPerson.zone != ""
        )
    ).scalars()
    for zone in sorted({*accounts, *answered}):
        found.setdefault(zone, region_of(zone))
    return [Clock(zone, in_country) for zone, in_country in found.items()]


def _manager(db: Db, deposition: Deposition, within: Span) -> WorkingManager | None:
    if deposition.manager_id is None:
        return None
    manager = managers.get(db, deposition.manager_id)
    hours, absences = managers.timetable(db, manager.id, within)
    return WorkingManager(manager.zone, hours, absences, availability.gap(manager.buffer_before, manager.buffer_after))


def _taken(db: Db, deposition: Deposition, within: Span, gap: timedelta) -> list[Taken]:
    """What others take of what the session needs, sessions and offered hours alike."""
    keys = [
        key.key
        for key in conflict_rules.keys_of(at_hour(deposition, within.starts_at, within.ends_at), gap)
        if key.need != Need.REQUEST
    ]
    begins, ends = int(within.starts_at.timestamp()), int(within.ends_at.timestamp())
    values = {"keys": keys, "begins": begins, "ends": ends, "earliest": begins - LONGEST, "besides": deposition.id}
    rows = {row for statement in _TAKEN.values() for row in db.execute(statement, values)}
    return [Taken(need, Span(_instant(first), _instant(last))) for need, first, last in sorted(rows)]


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def at_hour(deposition: Deposition, starts_at: datetime, ends_at: datetime) -> Requested:
    """What the session would need at another hour."""
    return Requested(
        deposition.organization_id,
        starts_at,
        ends_at,
        deposition.zone,
        deposition.case_name,
        deposition.deponent_name,
        deposition.deponent_email,
        deposition.invites,
        deposition.details,
        deposition.manager_id,
    )


def offered(db: Db, deposition: Deposition, hours: Iterable[str]) -> list[dict[str, object]]:
    """The rows that say what these hours of a session would take."""
    span = busy(deposition.starts_at, deposition.ends_at)
    found: list[dict[str, object]] = []
    for hour in hours:
        starts_at = read_slot(hour)
        for key in conflicts.keys_of(db, at_hour(deposition, starts_at, starts_at + (span.ends_at - span.starts_at))):
            if key.need != Need.REQUEST:
                found.append({"deposition_id": deposition.id, **key._asdict()})
    return found
