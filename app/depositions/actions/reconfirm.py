"""Saying whether a session takes place: by the person's own link, or on the phone to the team."""

from datetime import datetime

from app.depositions import events
from app.depositions.actions._write import record, write
from app.depositions.actions.people import answered
from app.depositions.models import BOOKED, Deposition
from app.depositions.queries import reconfirmation
from app.depositions.queries.reconfirmation import Respondent
from app.depositions.rules.reconfirmation import Answer, check_reconfirm
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound
from app.kernel.text.normalization import shown


def reconfirm(
    db: Db,
    deposition_id: int,
    key: str,
    answer: Answer,
    *,
    by: Actor,
    now: datetime,
    by_phone: bool = False,
    version: int | None = None,
    sequence: int | None = None,
) -> Deposition:
    """Keeps the answer of one respondent (their `key`), which can be changed until the start.

    An answer that is not yes brings the session before the team, and changes nothing else. With `sequence`, only while
    people have nothing newer to learn. Raises Conflict otherwise, NotFound for somebody who is not asked.
    """
    conditions = Deposition.starts_at > now
    if sequence is not None:
        conditions &= Deposition.sequence == sequence
    deposition = write(
        db,
        deposition_id,
        lambda current: check_reconfirm(current.state, ahead=current.starts_at > now),
        [state.value for state in BOOKED],
        {},
        by=by,
        now=now,
        version=version,
        only=conditions,
    )
    who = respondent(db, deposition, key)
    answered(db, deposition, who.kept_as, answer.value, by=by.name, now=now, kind=who.kind)
    reconfirmation.summarize(db, deposition)
    data = {"answer": answer.value, "person": shown(who.name, who.address), "by_phone": by_phone}
    record(db, events.RECONFIRMED, deposition, by=by, now=now, data=data)
    return deposition


def respondent(db: Db, deposition: Deposition, key: str) -> Respondent:
    """The respondent whom forms and links call so. Raises NotFound."""
    organization = reconfirmation.contact(db, deposition.organization_id)
    for one in reconfirmation.respondents(deposition, organization):
        if one.key == key:
            return one
    raise NotFound("This person is not asked about this session. Nothing was changed.")
