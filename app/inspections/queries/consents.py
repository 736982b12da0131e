"""What field users allow: the newest answer of each who is in, about each subject."""

import uuid
from collections.abc import Collection, Mapping

from sqlalchemy import and_, select

from app.inspections.models import Consent, ConsentWording, Invite
from app.inspections.rules import FIELD
from app.kernel.db.engine import Db

Consents = dict[uuid.UUID, dict[str, str]]
"""By invite: subject → granted or denied. One who has not answered yet has an empty one."""


def consents(db: Db, inspection_id: uuid.UUID) -> Consents:
    """The answers of the field users who have joined by a link that still counts."""
    # The inspection is named twice, so that the index of the answers serves.
    mine = Consent.inspection_id == inspection_id
    answer = and_(mine, Consent.invite_id == Invite.id, Consent.issue == Invite.issue)
    rows = db.execute(
        select(Invite.id, Consent.subject, Consent.answer)
        .outerjoin(Consent, answer)
        .where(
            Invite.inspection_id == inspection_id,
            Invite.role == FIELD,
            Invite.joined_at.is_not(None),
            Invite.revoked_at.is_(None),
        )
        .order_by(Invite.created_at, Invite.id, Consent.answered_at, Consent.id)
    )
    found: Consents = {}
    for invite_id, subject, answered in rows:
        answers = found.setdefault(invite_id, {})
        if subject is not None:
            answers[subject] = answered
    return found


def unasked(consents: Mapping[uuid.UUID, Mapping[str, str]], subject: str = "recording") -> int:
    """How many of the field users who are in have not answered about a subject."""
    return sum(subject not in answers for answers in consents.values())


def wordings(db: Db, wanted: Collection[str]) -> dict[str, str]:
    """The words in which consent was asked, by their SHA-256."""
    if not wanted:
        return {}
    columns = select(ConsentWording.sha256, ConsentWording.text)
    return {row.sha256: row.text for row in db.execute(columns.where(ConsentWording.sha256.in_(wanted)))}
