"""What field users allow: the newest answer of each who is in, about each subject."""

import uuid
from collections.abc import Collection, Mapping
from typing import NamedTuple

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


class AskedWords(NamedTuple):
    """The words to which an answer was given, and their language."""

    locale: str
    text: str


class GivenAnswer(NamedTuple):
    """The newest answer of a field user about a subject, and all words to which they ever answered, in order, as far as
    they were kept."""

    answer: str
    words: tuple[AskedWords, ...]


def answers_of(db: Db, invite: Invite) -> dict[str, GivenAnswer]:
    """What one field user has answered last by the link that counts, by subject, with the words of each."""
    rows = db.execute(
        select(Consent.subject, Consent.answer, Consent.locale, ConsentWording.text)
        .outerjoin(ConsentWording, ConsentWording.sha256 == Consent.wording_sha256)
        .where(
            Consent.inspection_id == invite.inspection_id,
            Consent.invite_id == invite.id,
            Consent.issue == invite.issue,
        )
        .order_by(Consent.answered_at, Consent.id)
    )
    found: dict[str, GivenAnswer] = {}
    for subject, answer, locale, text in rows:
        earlier = found[subject].words if subject in found else ()
        asked = (AskedWords(locale or "", text),) if text else ()
        found[subject] = GivenAnswer(answer, tuple(dict.fromkeys((*earlier, *asked))))
    return found


def answered_subjects(db: Db, inspection_id: uuid.UUID) -> set[str]:
    """What anybody has answered about, also by a link that counts no more: the record has it."""
    return set(db.scalars(select(Consent.subject).where(Consent.inspection_id == inspection_id).distinct()))


def unasked(consents: Mapping[uuid.UUID, Mapping[str, str]], subject: str = "recording") -> int:
    """How many of the field users who are in have not answered about a subject."""
    return sum(subject not in answers for answers in consents.values())


def wordings(db: Db, wanted: Collection[str]) -> dict[str, str]:
    """The words in which consent was asked, by their SHA-256."""
    if not wanted:
        return {}
    columns = select(ConsentWording.sha256, ConsentWording.text)
    return {row.sha256: row.text for row in db.execute(columns.where(ConsentWording.sha256.in_(wanted)))}
