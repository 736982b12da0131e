"""The words in which an organization asks for consent itself: those that count, and every version."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, tuple_, union_all

from app.inspections.models import OwnWording
from app.inspections.rules import SUBJECTS
from app.kernel.db.engine import Db

LISTED = 100
"""Versions that a page lists; the command has all."""


class Version(NamedTuple):
    """One version of an organization's own words. An empty `text` is the product's again."""

    subject: str
    locale: str
    number: int
    text: str
    sha256: str
    reason: str
    author: str
    created_at: datetime


_COLUMNS = tuple(getattr(OwnWording, name) for name in Version._fields)
_OF_LANGUAGE = (
    OwnWording.organization_id == bindparam("organization_id"),
    OwnWording.locale == bindparam("locale"),
)
# One end of the unique index for each subject, so that it costs the same however many versions there are.
_NEWEST = [
    select(*_COLUMNS).where(*_OF_LANGUAGE, OwnWording.subject == each).order_by(OwnWording.number.desc()).limit(1)
    for each in SUBJECTS
]
_IN_FORCE = union_all(*(select(each.subquery()) for each in _NEWEST))


def in_force(db: Db, organization_id: int, locale: str) -> dict[str, Version]:
    """The newest version of each subject that has one, in one language; of some the product's words count again."""
    rows = db.execute(_IN_FORCE, {"organization_id": organization_id, "locale": locale})
    return {row.subject: Version._make(row) for row in rows}


def own_texts(db: Db, organization_id: int, locale: str) -> dict[str, str]:
    """The organization's own words in a language, by subject; a subject without is asked in the product's."""
    return {subject: each.text for subject, each in in_force(db, organization_id, locale).items() if each.text}


def in_every_language(db: Db, organization_id: int) -> dict[tuple[str, str], Version]:
    """The newest version by language and subject."""
    mine = OwnWording.organization_id == organization_id
    key = (OwnWording.locale, OwnWording.subject)
    newest = select(*key, func.max(OwnWording.number)).where(mine).group_by(*key)
    rows = db.execute(select(*_COLUMNS).where(mine, tuple_(*key, OwnWording.number).in_(newest)))
    return {(row.locale, row.subject): Version._make(row) for row in rows}


def versions(db: Db, organization_id: int, locale: str, limit: int | None = LISTED) -> Sequence[Version]:
    """Every version in a language, the newest first."""
    mine = (OwnWording.organization_id == organization_id, OwnWording.locale == locale)
    rows = select(*_COLUMNS).where(*mine).order_by(OwnWording.id.desc()).limit(limit)
    return [Version._make(row) for row in db.execute(rows)]


def revision(found: dict[str, Version]) -> int:
    """How often the words of a language were changed, by those in force."""
    return sum(each.number for each in found.values())
