"""Writes of questionnaires: their drafts, their versions, and whether prospects may start.

A published version is never written again; prescreens keep the one they began with. Each change increments the revision
and records one event with what was before and after.
"""

import re
from collections.abc import Callable
from datetime import datetime
from itertools import count
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, record, stale_conflict
from app.kernel.db.columns import Attribute, Values
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.errors import Conflict, FieldError, Invalid, NotFound
from app.kernel.json_types import JsonObject
from app.kernel.text import normalization
from app.prescreens import events
from app.prescreens.measures import QuestionCount
from app.prescreens.models import Questionnaire, QuestionnaireVersion
from app.prescreens.queries import drafts
from app.prescreens.queries.drafts import EditedQuestionnaire
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import questionnaires as rules
from app.prescreens.rules.questionnaires import Content

Changing = Callable[[Content], Content]
"""What a change makes of the draft."""

UNKNOWN = "There is no such questionnaire, or it belongs to an organization that is not yours."


def make(
    db: Db, organization_id: int, name: str, content: Content, *, by: Actor, now: datetime, slug: str = ""
) -> UUID:
    """Makes a questionnaire with a draft and returns its id. Its address is proposed from its name and stays."""
    name = _checked_name(name)
    content = rules.tidied(content, name)
    id, base = uuid4(), slug or proposed_slug(name)
    for n in count(1):
        values = {
            "id": id,
            "organization_id": organization_id,
            "slug": base if n == 1 else f"{base[:54]}-{n}",
            "name": name,
            "current_version": 0,
            "is_open": True,
            "created_at": now,
            "revision": 1,
            "draft": content.stored(),
            "changed_at": now,
            "changed_by": by.name,
        }
        statement = insert_or_ignore(db, Questionnaire, ["organization_id", "slug"]).values(**values)
        if db.execute(statement.returning(Questionnaire.__table__.c.id)).first() is not None:
            break
        if slug:
            raise Conflict(
                f"There is already a questionnaire at {slug}. Nothing was created.", code="questionnaire.exists"
            )
    data = {"name": name, "slug": values["slug"], "questions": len(content.questions)}
    _record(db, events.QUESTIONNAIRE_MADE, id, organization_id, by, now, data)
    return id


def proposed_slug(name: str) -> str:
    """The address of a questionnaire, from the words of its name."""
    words = re.findall(r"[a-z0-9]+", normalization.fold(name))
    return "-".join(words)[:50].strip("-") or "questionnaire"


def rename(db: Db, id: UUID, name: str, *, reach: Reach, revision: int | None, by: Actor, now: datetime) -> None:
    """Gives it another name, everywhere at once; its address stays."""
    edited, name = _locked(db, id, reach, revision, by), _checked_name(name)
    if name != edited.name:
        data = {"before": edited.name, "after": name}
        _write(db, edited, {Questionnaire.name: name}, events.QUESTIONNAIRE_RENAMED, by, now, data)


def change_draft(
    db: Db,
    id: UUID,
    change: Changing,
    *,
    reach: Reach,
    revision: int | None,
    by: Actor,
    now: datetime,
) -> bool:
    """Writes the draft as `change` makes it, and returns whether anything differs.

    A draft that says what is published is none.
    """
    edited = _locked(db, id, reach, revision, by)
    before = drafts.drafted(db, edited)
    after = change(before)
    if after == before or (after := rules.tidied(after, edited.name)) == before:
        return False
    if len(after.questions) > rules.MOST_QUESTIONS:
        raise Invalid(f"A questionnaire has at most {rules.MOST_QUESTIONS} questions. Nothing was saved.")
    published = drafts.content(db, id, edited.current_version)
    values: Values = {
        Questionnaire.draft: None if after == published else after.stored(),
        Questionnaire.changed_at: now,
        Questionnaire.changed_by: by.name,
    }
    was, became = rules.recorded(before, after)
    _write(db, edited, values, events.DRAFT_CHANGED, by, now, {"before": was, "after": became})
    return True


def discard_draft(db: Db, id: UUID, *, reach: Reach, revision: int | None, by: Actor, now: datetime) -> None:
    """Forgets the draft; what is published stays. Raises Conflict when there is no draft or nothing is published."""
    edited = _locked(db, id, reach, revision, by)
    published = drafts.content(db, id, edited.current_version)
    if edited.draft is None or published is None:
        raise Conflict("There is no draft to discard. Nothing was changed.", code="questionnaire.no_draft")
    was, became = rules.recorded(Content.read(edited.draft), published)
    values: Values = {Questionnaire.draft: None, Questionnaire.changed_at: None, Questionnaire.changed_by: ""}
    _write(db, edited, values, events.DRAFT_DISCARDED, by, now, {"before": was, "after": became})


def publish(db: Db, id: UUID, reason: str, *, reach: Reach, revision: int | None, by: Actor, now: datetime) -> int:
    """Publishes the draft as the next version and returns its number. Prospects who start from now on get it.

    Raises NotFound, Conflict (changed since `revision`, or nothing differs), Invalid (something is unfinished).
    """
    edited = _locked(db, id, reach, revision, by)
    before = drafts.content(db, id, edited.current_version)
    after = drafts.drafted(db, edited)
    rules.check_publishable(after, before, drafts.published_types(db, id))
    return _publish(db, edited, before or Content(), after, _checked_reason(reason), by, now)


def restore(
    db: Db, id: UUID, number: int, reason: str, *, reach: Reach, revision: int | None, by: Actor, now: datetime
) -> int:
    """Publishes what an earlier version says as the next version, and returns its number. A draft stays as it is.

    Raises NotFound, Conflict (changed since `revision`, or it says what is published).
    """
    edited = _locked(db, id, reach, revision, by)
    before, after = (drafts.content(db, id, each) for each in (edited.current_version, number))
    if before is None or after is None:
        raise NotFound("There is no such version. Nothing was published.")
    if after == before:
        raise Conflict("That is what the published version says. Nothing was published.", code="nothing_differs")
    return _publish(db, edited, before, after, _checked_reason(reason), by, now, restored=number)


def set_open(db: Db, id: UUID, is_open: bool, *, reach: Reach, revision: int | None, by: Actor, now: datetime) -> None:
    """Lets prospects start, or no longer. Whoever is in the middle goes on. A repeat changes nothing."""
    edited = _locked(db, id, reach, None, by)
    if edited.is_open is is_open:
        return
    if revision is not None and edited.revision != revision:
        raise stale_conflict(db, events.QUESTIONNAIRE, id, revision, edited.revision, events.EVENTS, by)
    event_type = events.OPENED if is_open else events.CLOSED
    _write(db, edited, {Questionnaire.is_open: is_open}, event_type, by, now, {"before": not is_open, "after": is_open})


def set_blind(db: Db, id: UUID, blind: bool, *, reach: Reach, revision: int | None, by: Actor, now: datetime) -> None:
    """Lets prescreens that are started from now on begin with a blind first look, or not. A repeat changes nothing."""
    edited = _locked(db, id, reach, None, by)
    if edited.blind is blind:
        return
    if revision is not None and edited.revision != revision:
        raise stale_conflict(db, events.QUESTIONNAIRE, id, revision, edited.revision, events.EVENTS, by)
    event_type = events.BLIND_ON if blind else events.BLIND_OFF
    _write(db, edited, {Questionnaire.blind: blind}, event_type, by, now, {"before": not blind, "after": blind})


def delete_unused(db: Db, id: UUID, *, reach: Reach, revision: int | None, by: Actor, now: datetime) -> str:
    """Deletes a questionnaire that nobody has ever started, and returns its name. Raises NotFound, Conflict."""
    edited = _locked(db, id, reach, revision, by)
    used = "Somebody has answered this questionnaire, so it cannot be deleted. It can be closed. Nothing was changed."
    if drafts.started(db, edited.organization_id, id):
        raise Conflict(used, code="questionnaire.used")
    try:
        # Of drafts that were forgotten their counts are left.
        db.execute(delete(QuestionCount).where(QuestionCount.workflow_template_id == id))
        db.execute(delete(QuestionnaireVersion).where(QuestionnaireVersion.workflow_template_id == id))
        db.execute(delete(Questionnaire).where(Questionnaire.id == id))
    except IntegrityError:  # a prospect has started since
        raise Conflict(used, code="questionnaire.used") from None
    data = {"name": edited.name, "slug": edited.slug, "before": edited.draft, "version": edited.current_version}
    _record(db, events.DELETED, id, edited.organization_id, by, now, data)
    return edited.name


def _locked(db: Db, id: UUID, reach: Reach, revision: int | None, by: Actor) -> EditedQuestionnaire:
    """The questionnaire, which nobody else changes until this transaction ends.

    Raises NotFound, and Conflict when it has changed since `revision`.
    """
    edited = drafts.get(db, reach, id, lock=True)
    if edited is None:
        raise NotFound(UNKNOWN)
    if revision is not None and edited.revision != revision:
        raise stale_conflict(db, events.QUESTIONNAIRE, id, revision, edited.revision, events.EVENTS, by)
    return edited


def _publish(
    db: Db,
    edited: EditedQuestionnaire,
    before: Content,
    after: Content,
    reason: str,
    by: Actor,
    now: datetime,
    restored: int | None = None,
) -> int:
    number, stored = edited.current_version + 1, after.stored()
    db.execute(
        insert(QuestionnaireVersion).values(
            workflow_template_id=edited.id,
            number=number,
            introduction=stored["introduction"],
            questions=stored["questions"],
            texts=after.texts(),
            author=by.name,
            reason=reason,
            created_at=now,
        )
    )
    keeps_draft = restored is not None and edited.draft is not None and Content.read(edited.draft) != after
    values: dict[Attribute, object] = {Questionnaire.current_version: number}
    if not keeps_draft:
        values |= {Questionnaire.draft: None, Questionnaire.changed_at: None, Questionnaire.changed_by: ""}
    was, became = rules.recorded(before, after)
    data = {"version": number, "reason": reason, "before": was, "after": became}
    _write(db, edited, values, events.PUBLISHED, by, now, data | ({"restored": restored} if restored else {}))
    return number


def _write(
    db: Db,
    edited: EditedQuestionnaire,
    values: Values,
    event_type: EventType,
    by: Actor,
    now: datetime,
    data: JsonObject,
) -> None:
    db.execute(
        update(Questionnaire)
        .where(Questionnaire.id == edited.id)
        .values({**values, Questionnaire.revision: edited.revision + 1})
        .execution_options(synchronize_session=False)
    )
    _record(db, event_type, edited.id, edited.organization_id, by, now, data)


def _record(
    db: Db, event_type: EventType, id: UUID, organization_id: int, by: Actor, now: datetime, data: JsonObject
) -> None:
    record(
        db,
        event_type,
        subject_type=events.QUESTIONNAIRE,
        subject_id=id,
        organization_id=organization_id,
        by=by,
        now=now,
        data=data,
    )


def _checked_name(name: str) -> str:
    return _text("name", normalization.name(name), "Type a name.")


def _checked_reason(reason: str) -> str:
    return _text("reason", normalization.text(reason), "Say why: the reason is kept with the version.")


def _text(field: str, text: str, missing: str) -> str:
    limit = rules.LENGTHS[field]
    if not text or len(text) > limit:
        sentence = f"Use at most {limit:,} characters." if text else missing
        raise Invalid(sentence, errors=[FieldError(field, "invalid", sentence)])
    return text
