"""Adding files to an answer, and taking one out again, by the prospect. What is added lies in the store already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select, update

from app.files.rules import UnfitFile
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict
from app.prescreens import events
from app.prescreens.actions._file_jobs import copy_job, tidy_job, tidy_jobs
from app.prescreens.actions._write import TRIES, record
from app.prescreens.actions.answer import BUSY, due_question, keep_answer
from app.prescreens.actions.ask import asked_question, keep_adding
from app.prescreens.answer_files import AnswerFile, FileCopies
from app.prescreens.models import Prescreen, QuestionType
from app.prescreens.rules import answers, files
from app.prescreens.rules.files import Named
from app.prescreens.rules.questions import Question


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that lies in the store, in a folder of this id."""

    id: UUID
    name: str
    sha256: str
    bytes: int
    mime: str

    @property
    def named(self) -> Named:
        return Named(self.name, self.sha256)


def add_files(db: Db, prescreen_id: UUID, key: str, new: Sequence[NewFile], *, by: Actor, now: datetime) -> set[UUID]:
    """Adds files to the answer to a question, and returns the ids of those that are kept: one that was added before is
    known already. Raises as `answer` does, and UnfitFile when there are too many."""
    for _ in range(TRIES):
        prescreen, questionnaire, question = due_question(db, prescreen_id, key, now)
        check_takes_files(question)
        former = files.named(prescreen.submission.get(key))
        value = answers.check_answer(question, files.added(former, (each.named for each in new)))
        if keep_answer(db, prescreen, questionnaire, question, value, by=by, now=now, asking=True) is not None:
            return keep_rows(db, prescreen, new, by=by, now=now)
    raise Conflict(BUSY)


def remove_file(db: Db, prescreen_id: UUID, key: str, sha256: str, *, by: Actor, now: datetime) -> None:
    """Takes a file out of an answer that was not sent; a second press changes nothing. The worker deletes it."""
    for _ in range(TRIES):
        prescreen, questionnaire, question = due_question(db, prescreen_id, key, now)
        check_takes_files(question)
        left = files.without(prescreen.submission.get(key), sha256)
        if left is None:
            return
        if keep_answer(db, prescreen, questionnaire, question, left or None, by=by, now=now, asking=True) is not None:
            return
    raise Conflict(BUSY)


def add_asked_files(
    db: Db, inquiry_id: UUID, key: str, new: Sequence[NewFile], *, by: Actor, now: datetime
) -> set[UUID]:
    """The same for a question that is asked again. They become its answer when that is sent."""
    prescreen, inquiry, _, question = asked_question(db, inquiry_id, key, now)
    check_takes_files(question)
    former = files.named(inquiry.adding.get(key))
    value = files.added(former, (each.named for each in new))
    answers.check_answer(question, value)
    keep_adding(db, prescreen, inquiry, {**inquiry.adding, key: value})
    return keep_rows(db, prescreen, new, by=by, now=now)


def remove_asked_file(db: Db, inquiry_id: UUID, key: str, sha256: str, *, by: Actor, now: datetime) -> None:
    """Takes a file out again of what is asked again; a second press changes nothing. The worker deletes it, unless an
    answer names it."""
    prescreen, inquiry, _, question = asked_question(db, inquiry_id, key, now)
    check_takes_files(question)
    left = files.without(inquiry.adding.get(key), sha256)
    if left is None:
        return
    keep_adding(db, prescreen, inquiry, {**inquiry.adding, key: left})
    jobs, organization_id, data = tidy_jobs(db, prescreen.id, [sha256]), prescreen.organization_id, {"sha256": [sha256]}
    record(db, events.FILE_REMOVED, prescreen.id, organization_id, by=by, now=now, data=data, messages=jobs)


def check_takes_files(question: Question) -> None:
    """Raises UnfitFile where a question asks for something else."""
    if question.type is not QuestionType.FILE:
        raise UnfitFile("not_taken", 415)


def keep_rows(db: Db, prescreen: Prescreen, new: Sequence[NewFile], *, by: Actor, now: datetime) -> set[UUID]:
    """The rows of files that an answer of the locked prescreen names now. Raises UnfitFile when there are too many."""
    mine = select(AnswerFile.sha256, AnswerFile.erased_at).where(AnswerFile.prescreen_id == prescreen.id)
    known = {row.sha256: row.erased_at for row in db.execute(mine)}
    fresh = {each.sha256: each for each in new if known.get(each.sha256, now) is not None}
    taken = select(func.coalesce(func.sum(AnswerFile.bytes), 0)).where(
        AnswerFile.prescreen_id == prescreen.id, AnswerFile.erased_at.is_(None)
    )
    if len(known.keys() | fresh.keys()) > files.MOST_ADDED:
        raise UnfitFile("full", 409)
    if db.execute(taken).scalar_one() + sum(each.bytes for each in fresh.values()) > files.LARGEST_ALL:
        raise UnfitFile("full", 409)
    for each in fresh.values():
        pictured = each.mime.startswith("image/")
        values: dict[str, object] = {
            "id": each.id,
            "bytes": each.bytes,
            "mime": each.mime,
            "copying": (FileCopies.PENDING if pictured else FileCopies.NONE).value,
            "copy_sha256": None,
            "thumbnail_sha256": None,
            "failure": "",
            "received_at": now,
            "read_at": now,
            "fault": "",
            "erased_at": None,
        }
        if each.sha256 in known:  # it was taken out before, and is added again
            former = (AnswerFile.prescreen_id == prescreen.id, AnswerFile.sha256 == each.sha256)
            db.execute(update(AnswerFile).where(*former).values(values))
        else:
            whose = {"prescreen_id": prescreen.id, "organization_id": prescreen.organization_id}
            db.execute(insert(AnswerFile).values({**values, **whose, "sha256": each.sha256}))
    if fresh:
        messages = [copy_job(each.id) for each in fresh.values() if each.mime.startswith("image/")]
        due = prescreen.expires_at + files.KEPT_AFTER
        messages += [tidy_job(each.id, due) for each in fresh.values()]
        data = {"sha256": list(fresh)}
        organization = prescreen.organization_id
        record(db, events.FILES_ADDED, prescreen.id, organization, by=by, now=now, data=data, messages=messages)
    return {each.id for each in fresh.values()}
