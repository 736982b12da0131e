"""Keeping what a calendar program answers to an invitation. It never changes a session."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import delete, select

from app.depositions import calendar, emails
from app.depositions.actions._write import COLUMNS, locked
from app.depositions.actions.propose import keep_answers, record_answers
from app.depositions.calendar_replies import Reply
from app.depositions.models import CalendarReply, Deposition, HourAnswer
from app.depositions.queries import proposals
from app.depositions.queries.people import address_key
from app.depositions.rules.proposals import ProposalState, Via, read_slot, why_closed
from app.kernel.changes.events import Actor
from app.kernel.crypto import sha256
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.text.normalization import shown

FARTHEST = timedelta(days=400)
"""How far ahead an hour is that a calendar may suggest."""


def keep_reply(db: Db, reply: Reply, message_id: str, *, now: datetime) -> str:
    """Keeps an answer in the table of the answers from pages, once for each Message-ID. Returns what became of it, in a
    few words. It counts only for somebody who is invited, about the hour of the session, an offered one, or one that
    they suggest and that lies ahead; the latest suggestion of a person takes the place of the one before."""
    found = _session(db, reply.uid)
    if found is None:
        return "about no session of ours"
    deposition = locked(db, found.id)
    address = address_key(reply.address)
    person = next((one for one in emails.participants(deposition) if address_key(one.email) == address), None)
    if person is None:
        return "from somebody who is not invited"
    hour = reply.starts_at
    proposal = proposals.latest(db, deposition.id)
    is_open = proposal is not None and proposal.state == ProposalState.OPEN
    offered = [read_slot(slot) for slot in proposal.slots] if proposal and is_open else []
    if proposal and is_open and hour in offered and why_closed(proposal.state, proposal.answers_until, now):
        return "too late"
    known = hour in (deposition.starts_at, *offered)
    if not known and not (reply.suggests and now < hour < now + FARTHEST):
        return "about an hour that is over or was never planned"
    values = {"message": sha256(message_id), "deposition_id": deposition.id, "read_at": now}
    kept = db.execute(
        insert_or_ignore(db, CalendarReply, ("message",)).values(values).returning(CalendarReply.message)
    ).first()
    if kept is None:
        return "read before"
    if not known:
        others = [deposition.starts_at, *offered]
        db.execute(
            delete(HourAnswer).where(
                HourAnswer.deposition_id == deposition.id,
                HourAnswer.address == address,
                HourAnswer.via == Via.CALENDAR.value,
                HourAnswer.starts_at.not_in(others),
            )
        )
    answers = {hour: reply.answer}
    keep_answers(db, deposition, address, answers, Via.CALENDAR, now)
    name = shown(person.name, person.email)
    by = Actor("participant", None, name, deposition.organization_id, "mail")
    record_answers(db, deposition, proposal if is_open else None, name, answers, "", by=by, now=now)
    return "kept"


def _session(db: Db, uid: str) -> Deposition | None:
    """The session that a UID of our calendar files names."""
    remote_id = calendar.session_of_uid(uid, db.config)
    if remote_id is None:
        return None
    found = select(*COLUMNS).where(Deposition.remote_session_id == remote_id)
    return cast(Deposition | None, db.execute(found).first())
