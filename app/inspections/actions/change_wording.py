"""Changing the words in which an organization asks for consent."""

from collections.abc import Mapping
from datetime import datetime

from app.inspections import events, rules
from app.inspections.locales import TRANSLATIONS, consent_wording
from app.inspections.models import OwnWording
from app.inspections.queries import own_wordings
from app.kernel.changes.events import Actor, stale_conflict
from app.kernel.changes.events import record as record_event
from app.kernel.crypto import sha256
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_once
from app.kernel.errors import Conflict
from app.kernel.text import normalization


def change_wording(
    db: Db,
    organization_id: int,
    locale: str,
    texts: Mapping[str, str],
    reason: str,
    *,
    revision: int | None,
    by: Actor,
    now: datetime,
) -> list[str]:
    """Adds a version of each subject whose text differs, and returns those subjects. An empty text goes back to the
    product's words. `revision` is the one that the user saw.

    Who was asked before keeps the words in which they were. Raises Invalid, Conflict (changed since).
    """
    texts = {subject: normalization.text(text) for subject, text in texts.items()}
    reason = normalization.name(reason)
    known = own_wordings.in_force(db, organization_id, locale)
    current = own_wordings.revision(known)
    if revision is not None and current != revision:
        subject = events.wording_of(organization_id, locale)
        raise stale_conflict(db, events.WORDING, subject, revision, current, events.EVENTS, by)
    before = {subject: known[subject].text if subject in known else "" for subject in texts}
    changed = [subject for subject in rules.SUBJECTS if subject in texts and texts[subject] != before[subject]]
    if not changed:
        return []
    rules.check_wording({subject: texts[subject] for subject in changed}, reason)
    t = TRANSLATIONS.translator(locale)
    for subject in changed:
        number = known[subject].number + 1 if subject in known else 1
        digest = sha256(consent_wording(subject, t, texts[subject]))
        values: Values = {
            OwnWording.organization_id: organization_id,
            OwnWording.subject: subject,
            OwnWording.locale: locale,
            OwnWording.number: number,
            OwnWording.text: texts[subject],
            OwnWording.sha256: digest,
            OwnWording.reason: reason,
            OwnWording.author: by.name,
            OwnWording.created_at: now,
        }
        if insert_once(db, OwnWording, values) is None:
            raise Conflict(
                "These words were changed at the same moment. Nothing was saved. Reload the page.", code="stale"
            )
        record_event(
            db,
            events.WORDING_CHANGED,
            subject_type=events.WORDING,
            subject_id=events.wording_of(organization_id, locale),
            organization_id=organization_id,
            by=by,
            now=now,
            data={
                "locale": locale,
                "subject": subject,
                "number": number,
                "before": before[subject],
                "after": texts[subject],
                "sha256": digest,
                "reason": reason,
            },
        )
    return changed
