"""The case file of a prescreen, for a complaint: what was asked, answered, decided and sent, in a ZIP with a PDF.

Its files are made for stock tools: SHA256SUMS is of all of them, and answers.json and criteria.json are the very bytes
whose SHA-256 the snapshot of the decision has. The same state gives the same bytes.
"""

import io
import json
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from textwrap import fill
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from app.dashboard.documents.kinds import CannotMake, File, Making
from app.files import keeping
from app.files.pictures import EXTENSIONS
from app.kernel import clock, pdf, store
from app.kernel.changes import events
from app.kernel.changes.event_types import TimelineEntry
from app.kernel.changes.events import Event
from app.kernel.db.engine import Database, Db
from app.kernel.json_types import JsonObject
from app.kernel.outbox import claims
from app.kernel.outbox.email import mime_message
from app.kernel.outbox.outbox import OutboxRow
from app.kernel.store import digest
from app.kernel.text import normalization
from app.kernel.text.i18n import Translator
from app.prescreens import emails, links, presentation
from app.prescreens.events import CASE_FILE_DOWNLOADED, CASE_FILE_REQUESTED, EVENTS, SUBJECT
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import DecisionSnapshot, Inquiry, Prescreen
from app.prescreens.presentation import answer_text
from app.prescreens.presentation import reasons as reasons_shown
from app.prescreens.queries import alike, detail, files, inquiries, questionnaires, reasons
from app.prescreens.queries.contact_history import home
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules import files as file_rules
from app.prescreens.rules import snapshots
from app.prescreens.rules.questions import read_questions
from app.prescreens.rules.reasons import Mirror

PDF, ANSWERS, CRITERIA, SUMS, NOTES = (
    "case-file.pdf",
    "answers.json",
    "criteria.json",
    "SHA256SUMS",
    "review-notes.txt",
)
MOST_PRINTED, LONGEST_PRINTED = 400, 4000
"""Answers, and characters of one, that the PDF prints; answers.json has them all."""


class Mail(NamedTuple):
    """An e-mail about the prescreen. `content` is None when it is not kept; in that of `secret` ones, links that are
    for the prospect alone have no proof. `kind` is empty where `subject` is known."""

    name: str
    to: str
    subject: str
    kind: str
    state: str
    created_at: datetime
    finished_at: datetime | None
    secret: bool
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that a case file is made of, read in one transaction."""

    prescreen: Prescreen
    questionnaire: QuestionnaireDetail
    organization_locale: str
    inquiries: Sequence[Inquiry]
    snapshot: DecisionSnapshot | None
    mirror: Mirror | None
    mails: Sequence[Mail]
    timeline: Sequence[TimelineEntry]
    files: Mapping[str, bytes]
    """The originals that the answers name, by their names in the ZIP."""
    notes: str | None
    """The team's notes about the decision; None unless they were asked for."""


def basis(db: Db, subject_id: str, _options: JsonObject) -> str:
    """What the content depends on: the newest event that is not about the case file itself, and the newest e-mail."""
    own = (*CASE_FILE_REQUESTED.stored_kinds, *CASE_FILE_DOWNLOADED.stored_kinds)
    mine = (Event.subject_type == SUBJECT, Event.subject_id == subject_id, Event.kind.not_in(own))
    about = (OutboxRow.subject_type == SUBJECT, OutboxRow.subject_id == subject_id, OutboxRow.channel == "email")
    newest = db.scalar(select(func.max(Event.id)).where(*mine))
    return f"{newest} {db.scalar(select(func.max(OutboxRow.changed_at_us)).where(*about))}"


def make(making: Making) -> File:
    """The ZIP, in the worker."""
    making.progress("Reading what was asked, answered, decided and sent")
    case = read(making.database, making.id, notes=bool(making.options.get("notes")))
    making.progress("Writing the PDF")
    return written(case, making.document.requested_at, making.document.requested_name, making.options.get("language"))


def read(database: Database, id: UUID, *, notes: bool) -> Case:
    """What a case file is made of. Raises CannotMake."""
    with database.read() as db:
        prescreen = detail.get(db, id)
        if prescreen is None:
            raise CannotMake("There is no such prescreen any more.")
        if prescreen.erased_at:
            raise CannotMake("What was personal in it was erased, so no case file can be made of it.")
        snapshot = reasons.snapshot(db, id)
        entries = [row for row in events.timeline(db, SUBJECT, id) if notes or "note" not in row.kind]
        case = Case(
            prescreen,
            questionnaires.of_prescreen(db, prescreen),
            home(db, prescreen.organization_id).locale,
            inquiries.of(db, id),
            snapshot,
            _mirror(db, prescreen, snapshot),
            _mails(database, db, id),
            EVENTS.timeline(reversed(entries)),
            {},
            (prescreen.review_notes or "") if notes else None,
        )
    shown = file_rules.shown(case.prescreen.submission, case.inquiries)
    return replace(case, files=dict(originals(database, [id], shown)))


def originals(
    database: Database, ids: Sequence[UUID], only: Collection[str] | None = None
) -> Iterator[tuple[str, bytes]]:
    """The originals of the files that are kept of prescreens, or of these SHA-256 alone, with their names in a ZIP.
    Raises CannotMake when one cannot be read now; one that is missing from the store is left out, and answers.json says
    which it was."""
    kept = store.store_at(database.config.evidence_url)
    with database.read() as db:
        found = [(row.id, row.sha256, row.mime) for row in files.every(db, ids)]
    rows = [row for row in found if only is None or row[1] in only]
    try:
        for id, sha256, mime in rows:
            with suppress(store.Missing, store.Damaged):
                yield f"files/{sha256}.{EXTENSIONS[mime]}", kept.get(keeping.originals(id), sha256)
    except store.Away:
        raise CannotMake("The store for evidence does not answer. Try again in a minute.") from None


def _mirror(db: Db, prescreen: Prescreen, snapshot: DecisionSnapshot | None) -> Mirror | None:
    if snapshot and snapshot.alike:
        return Mirror(*snapshot.alike)
    return alike.mirror_then(db, prescreen) if prescreen.reviewed_at else alike.mirror(db, prescreen)


def _mails(database: Database, db: Db, id: UUID) -> list[Mail]:
    about = (OutboxRow.subject_type == SUBJECT, OutboxRow.subject_id == str(id), OutboxRow.channel == "email")
    rows = db.scalars(
        select(OutboxRow).where(*about).order_by(OutboxRow.created_at, OutboxRow.event_id, OutboxRow.id)
    ).all()
    return [_mail(database, number, row) for number, row in enumerate(rows, start=1)]


def _mail(database: Database, number: int, row: OutboxRow) -> Mail:
    delivery = claims.delivery(database, row, row.created_at, {}) if row.payload else None
    if delivery and row.secret:
        texts = {part: links.without_proofs(delivery.payload[part]) for part in ("text", "html")}
        delivery = replace(delivery, payload={**delivery.payload, **texts})
    content = mime_message(delivery).as_bytes() if delivery else None
    title, _, address = row.summary.partition(" · ")
    payload = delivery.payload if delivery else {"subject": title, "to": address}
    kind = title.removeprefix("Prescreen ") if row.secret and not delivery else ""
    when = (row.state, row.created_at, row.finished_at)
    return Mail(f"mail/{number}.eml", payload["to"], payload["subject"], kind, *when, row.secret, content)


def _subject(mail: Mail, organization: str, t: Translator) -> str:
    """The subject, as it was sent; for one of which nothing is kept, that of its kind."""
    if mail.kind in emails.KINDS:
        return t(f"mail_{mail.kind}_subject", organization=organization)
    return mail.subject


def written(case: Case, at: datetime, by: str, language: str | None = None) -> File:
    """The ZIP of a case, as of a moment, for somebody. The words of its PDF and of how to check it are in a language
    that there are words in, the organization's unless one is chosen; the other files are for programs. Raises
    pdf.Failed."""
    t = TRANSLATIONS.translator(language or case.organization_locale)
    files = dict(_files(case, t))
    attached = [pdf.Attachment(name, files[name], f"{name}, as in the ZIP", "Source") for name in (ANSWERS, CRITERIA)]
    files[PDF] = pdf.render(pdf.Source(_page(case, files, at, by, t), at, attachments=attached))
    return File(f"case-file-{str(case.prescreen.id)[:8]}.zip", "application/zip", packed(files))


def packed(files: Mapping[str, bytes]) -> bytes:
    """A ZIP of these files and of their SHA-256 sums; the same files give the same bytes."""
    sums = "".join(f"{digest(content)}  {name}\n" for name, content in sorted(files.items())).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted({**files, SUMS: sums}.items()):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def how_to_check(t: Translator) -> str:
    """What HOW-TO-CHECK.txt says. Commands stand in lines of their own, so that they can be copied in any direction."""
    parts = (
        t("how_title"),
        f"1. {t('how_sums')}",
        f"    sha256sum -c {SUMS}",
        f"2. {t('how_hashes')}",
        f"    sha256sum {ANSWERS} {CRITERIA}",
        f"3. {t('how_files')}",
        f"4. {t('how_mails')}",
        t("how_json"),
        t("how_missing"),
    )
    return "\n\n".join(fill(part, 110, break_long_words=False) if part[0] != " " else part for part in parts) + "\n"


def _files(case: Case, t: Translator) -> Iterator[tuple[str, bytes]]:
    """The files besides the PDF. Their names are ours: nothing that somebody typed is in one."""
    yield "HOW-TO-CHECK.txt", how_to_check(t).encode()
    yield ANSWERS, snapshots.canonical(case.prescreen.submission)
    yield CRITERIA, snapshots.canonical(snapshots.criteria(case.questionnaire.questions))
    yield "questions.json", _json(_questions(case))
    yield "decision.json", _json(_decision(case))
    yield "activity.json", _json([{"at": clock.iso(each.at), "text": each.text} for each in case.timeline])
    yield from case.files.items()
    for mail in case.mails:
        if mail.content is not None:
            yield mail.name, mail.content
    if case.notes is not None:
        yield NOTES, case.notes.encode(errors="replace")


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1).encode(errors="replace") + b"\n"


def _questions(case: Case) -> JsonObject:
    """The questions as they were shown, and what was asked again."""
    asked = case.questionnaire
    return {
        "questionnaire": str(asked.id),
        "name": asked.name,
        "version": asked.number,
        "language": case.prescreen.locale,
        "introduction": asked.introduction,
        "questions": [question.stored() for question in asked.questions],
        "left_empty": case.prescreen.left_empty or [],
        "answered_at": {key: clock.iso(at) for key, at in _times(case).items()},
        "asked_again": [
            {
                "asked_at": clock.iso(inquiry.asked_at),
                "asked_by": inquiry.asked_by,
                "answered_at": clock.iso(inquiry.answered_at),
                "text": inquiry.text,
                "questions": [*inquiry.keys, *inquiry.added],
                "former_answers": inquiry.former,
            }
            for inquiry in case.inquiries
        ],
    }


def _times(case: Case) -> dict[str, datetime]:
    """When each answer was given as it stands, as far as that was kept."""
    return {key: datetime.fromisoformat(at) for key, at in (case.prescreen.answer_times or {}).items()}


def _decision(case: Case) -> JsonObject:
    """The decision and its snapshot. `alike` are those with the same key answers as of the decision, or as of now while
    there is none."""
    prescreen, snapshot = case.prescreen, case.snapshot
    found: JsonObject = {
        "prescreen": str(prescreen.id),
        "organization": case.questionnaire.organization_name,
        "status": prescreen.status,
        "review_status": prescreen.review_status,
        "started_at": clock.iso(prescreen.created_at),
        "answers_sent_at": clock.iso(prescreen.completed_at),
        "reviewed_at": clock.iso(prescreen.reviewed_at),
        "reviewed_by": prescreen.reviewed_by,
        "alike": {"approved": case.mirror.approved, "denied": case.mirror.denied} if case.mirror else None,
    }
    if snapshot is not None:
        found |= {
            name: getattr(snapshot, name)
            for name in ("via", "decided_by", "version", "template_version", "met", "reasons", "why")
        }
        found |= {name: getattr(snapshot, name) for name in ("answers_hash", "criteria_hash", "email_hash")}
        found |= {name: clock.iso(getattr(snapshot, name)) for name in ("seen_at", "pressed_at", "decided_at")}
    return found


def _page(case: Case, files: dict[str, bytes], at: datetime, by: str, t: Translator) -> str:
    prescreen, asked, snapshot = case.prescreen, case.questionnaire, case.snapshot
    further = [question for inquiry in case.inquiries for question in read_questions(inquiry.added)]
    questions = [*asked.questions, *further]
    answers = presentation.answer_rows(questions, prescreen.submission, t)
    name, times = presentation.name_of(prescreen), _times(case)
    return pdf.page(
        "prescreen-case-file.html",
        lang=t.lang,
        title=t("case_title", name=name),
        author=asked.organization_name,
        created=at,
        by=by,
        t=t,
        isolated=normalization.isolated,
        subject=lambda mail: _subject(mail, asked.organization_name, t),
        own=lambda text: as_written(text, t),
        moment=lambda moment: presentation.moment(moment, asked.time_zone, t),
        case=case,
        prescreen=prescreen,
        questionnaire=asked,
        hints={question.label: question.hint for question in questions},
        times={question.label: times[question.key] for question in questions if question.key in times},
        answers=[row._replace(answer=cut(row.answer, t)) for row in answers[:MOST_PRINTED]],
        further=answer_text(None, len(answers) - MOST_PRINTED, t) if len(answers) > MOST_PRINTED else "",
        left_empty=len(prescreen.left_empty or []),
        language=presentation.language_name(prescreen.locale),
        inquiries=[presentation.inquiry_row(inquiry, asked.questions, t) for inquiry in case.inquiries],
        snapshot=snapshot,
        reasons=reasons_shown.given(snapshot, asked.questions) if snapshot else [],
        sums={name: digest(content) for name, content in sorted(files.items())},
    )


def as_written(text: str, t: Translator) -> str:
    """A text of any language within words of `t`: each of its lines goes in its own direction, because WeasyPrint knows
    no `dir="auto"`."""
    if t.dir == "ltr" and normalization.isolated(text) == text:
        return text
    return "\n".join(f"\u2068{line}\u2069" for line in text.split("\n"))


def cut(text: str, t: Translator) -> str:
    """The beginning of a text that is too long to be printed."""
    if len(text) <= LONGEST_PRINTED:
        return text
    further = t("case_cut", number=answer_text(None, len(text) - LONGEST_PRINTED, t))
    return f"{text[:LONGEST_PRINTED]}… ({further})"
