"""Files that a prospect adds to an answer: by a plain form, which comes back with what became of each.

Each file is kept by itself, outside any transaction; the answer names it afterwards. One that is refused costs no
other.
"""

from collections.abc import Container, Sequence
from uuid import UUID, uuid4

from flask import Response, request
from werkzeug.datastructures import FileStorage

from app.accounts.access import public
from app.files import keeping, pictures, responses
from app.files.arriving import Arrival
from app.files.rules import LARGEST, UnfitFile
from app.kernel import clock
from app.kernel.api.request_body import takes
from app.kernel.db.transaction import database, db, side_transaction
from app.kernel.db.transaction import reading as at_rest
from app.kernel.errors import Conflict, Gone, Invalid, NotFound
from app.kernel.store import Store, store_at
from app.kernel.web.htmx import see_other
from app.prescreens import actions, links
from app.prescreens.forms import AnswerForm
from app.prescreens.models import Inquiry, Prescreen, QuestionType
from app.prescreens.public._pages import by_token, limit_requests, prospect, public_pages, url
from app.prescreens.public.answering import REVIEW, due, is_over
from app.prescreens.public.inquiry import inquiry_by_token
from app.prescreens.queries import files as kept_files
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.reading import ARRIVALS
from app.prescreens.rules import files
from app.prescreens.rules import inquiries as inquiry_rules
from app.prescreens.rules.questions import Question, applicable

MOST_AT_ONCE = 20
"""Files of one form that are looked at."""

Refusals = list[tuple[str, str]]
"""Name and code of each file that was refused."""

Stored = tuple[actions.NewFile, Arrival]
"""A file that lies in the store, and its mark there."""


@public_pages.post("/chat/<token>/files")
@public
@takes(LARGEST)
def add_files(organization: str, questionnaire: str, token: str) -> Response:
    """Adds the chosen files to the answer, or takes one out; without either it goes on to the next question."""
    form = AnswerForm()
    form.check()
    _limit()
    prescreen, found = by_token(organization, questionnaire, token, links.CHAT, at_rest())
    key = str(form.step.data)
    question = _asked(applicable(found.questions, prescreen.submission), key)
    if is_over(prescreen) or question is None:
        return see_other(url(".chat", found, token))
    chosen, gone = _chosen(), request.form.get("remove", "")
    if not chosen and not gone:
        return _onward(prescreen, found, token, key)
    new, refused = _received(question, chosen, prescreen.submission.get(key))
    try:
        if gone:
            with side_transaction() as own:
                actions.remove_file(own, prescreen.id, key, gone, by=prospect(found), now=clock.now())
        if new:
            with side_transaction() as own:
                ids = actions.add_files(
                    own, prescreen.id, key, [each for each, _ in new], by=prospect(found), now=clock.now()
                )
            _settle(new, ids)
    except (Invalid, Conflict, Gone) as refusal:
        _settle(new, frozenset())
        if isinstance(refusal, Gone) or getattr(refusal, "code", "") == "session.already_completed":
            return see_other(url(".chat", found, token))
        refused += [(each.name, _code(refusal)) for each, _ in new]
    if refused:
        actions.keep_refused(db(), prescreen, key, [], refused[0][1], files=refused)
    return see_other(url(".chat", found, token, step=key) + "#files")


@public_pages.get("/chat/<token>/files/<uuid:file_id>")
@public
def file_thumbnail(organization: str, questionnaire: str, token: str, file_id: UUID) -> Response:
    """The small copy of a picture that the prospect added, while they answer."""
    prescreen, _ = by_token(organization, questionnaire, token, links.CHAT, at_rest())
    return _thumbnail(prescreen, file_id, files.hashes(prescreen.submission))


@public_pages.get("/asked/<token>/files/<uuid:file_id>")
@public
def asked_file_thumbnail(organization: str, questionnaire: str, token: str, file_id: UUID) -> Response:
    """The same while they answer what is asked again: of what they added to it, and of nothing else."""
    inquiry, prescreen, _ = inquiry_by_token(organization, questionnaire, token, at_rest())
    return _thumbnail(prescreen, file_id, files.hashes(inquiry.adding))


@public_pages.post("/asked/<token>/files")
@public
@takes(LARGEST)
def add_asked_files(organization: str, questionnaire: str, token: str) -> Response:
    """Adds the chosen files to the answer to what is asked again, or takes one out; without either they are the answer,
    and it goes on to the next question."""
    form = AnswerForm()
    form.check()
    _limit()
    inquiry, prescreen, found = inquiry_by_token(organization, questionnaire, token, at_rest())
    key, by = str(form.step.data), prospect(found)
    question = _asked(inquiry_rules.asked_questions(inquiry, found.questions), key)
    chosen, gone = _chosen(), request.form.get("remove", "")
    if question is None or not _is_open(inquiry, prescreen):
        return see_other(url(".asked", found, token))
    if not chosen and not gone:
        return _answered(inquiry, found, token, key)
    new, refused = _received(question, chosen, inquiry.adding.get(key))
    try:
        if gone:
            with side_transaction() as own:
                actions.remove_asked_file(own, inquiry.id, key, gone, by=by, now=clock.now())
        if new:
            with side_transaction() as own:
                added = [each for each, _ in new]
                ids = actions.add_asked_files(own, inquiry.id, key, added, by=by, now=clock.now())
            _settle(new, ids)
    except (Invalid, Conflict, Gone) as refusal:
        _settle(new, frozenset())
        if isinstance(refusal, Gone) or getattr(refusal, "code", "") == "inquiry.answered":
            return see_other(url(".asked", found, token))
        refused += [(each.name, _code(refusal)) for each, _ in new]
    if refused:
        actions.keep_refused_inquiry(db(), inquiry, key, [], files=refused)
    return see_other(url(".asked", found, token, step=key) + "#files")


def _answered(inquiry: Inquiry, found: QuestionnaireDetail, token: str, key: str) -> Response:
    """On to the next question that is asked again, with what was added to this one."""
    try:
        actions.answer_inquiry(db(), inquiry.id, key, [], by=prospect(found), now=clock.now())
    except Invalid as refusal:
        actions.keep_refused_inquiry(db(), inquiry, key, [], files=[("", refusal.errors[0].code)])
        return see_other(url(".asked", found, token, step=key))
    except (Conflict, Gone):
        pass  # the page says it
    return see_other(url(".asked", found, token))


def _limit() -> None:
    """Refuses more forms, and more bytes, than one network may send."""
    limit_requests("files", files.ADDS_A_MINUTE)
    limit_requests("files", files.ADDS_AN_HOUR, seconds=3600)
    for _ in range(1 + (request.content_length or 0) // files.PORTION):
        limit_requests("file_bytes", files.PORTIONS_AN_HOUR, seconds=3600)


def _thumbnail(prescreen: Prescreen, file_id: UUID, named: set[str]) -> Response:
    rows = kept_files.of(at_rest(), prescreen.id).values()
    row = next((each for each in rows if each.id == file_id and each.sha256 in named), None)
    if row is None or row.thumbnail_sha256 is None:
        raise NotFound("There is no picture of this.")
    return responses.shown(
        responses.read(_store(), keeping.copies(row.id), row.thumbnail_sha256, "There is no picture of this."),
        pictures.JPEG,
    )


def _asked(questions: Sequence[Question], key: str) -> Question | None:
    return next((each for each in questions if each.key == key and each.type is QuestionType.FILE), None)


def _is_open(inquiry: Inquiry, prescreen: Prescreen) -> bool:
    try:
        inquiry_rules.check_open(inquiry, prescreen, clock.now())
    except (Conflict, Gone):
        return False
    return True


def _chosen() -> list[FileStorage]:
    """The files of the form. A field that was left empty is sent as a file without a name."""
    return [each for each in request.files.getlist("answer") if each.filename][:MOST_AT_ONCE]


def _onward(prescreen: Prescreen, found: QuestionnaireDetail, token: str, key: str) -> Response:
    """On to the question that is due, as after every answer."""
    try:
        actions.answer(db(), prescreen.id, key, [], by=prospect(found), now=clock.now())
    except Invalid as refusal:
        actions.keep_refused(db(), prescreen, key, [], refusal.errors[0].code)
        return see_other(url(".chat", found, token, step=key))
    prescreen, _ = by_token(found.organization_slug, found.slug, token, links.CHAT)
    return see_other(url(".chat", found, token, step=due(prescreen, found) or REVIEW))


def _received(question: Question, chosen: list[FileStorage], value: object) -> tuple[list[Stored], Refusals]:
    """The files that are taken, which lie in the store now, and why others are not."""
    new, refused = list[Stored](), Refusals()
    room = files.most(question) - (len(value) if isinstance(value, list) else 0)
    for each in chosen:
        name = keeping.file_name(each.filename or "")
        try:
            if len(new) >= room:
                refused.append((name, "too_many_files"))
                continue
            new.append(_kept(question, each, name))
        except UnfitFile as unfit:
            refused.append((name, f"file_{unfit.reason}"))
    return new, refused


def _kept(question: Question, file: FileStorage, name: str) -> Stored:
    """One file, in the store. Where it was taken is cut before the hash: nobody is asked for that here."""
    content = file.stream.read()
    facts = pictures.facts(content)
    files.check(question, facts, len(content))
    content = pictures.without_place(content, facts.mime)
    id = uuid4()
    arrival = ARRIVALS.keep(_store(), id, content)
    return actions.NewFile(id, name, arrival.sha256, len(content), facts.mime), arrival


def _settle(new: Sequence[Stored], named: Container[UUID]) -> None:
    """Deletes what no answer names, once it is known which are named."""
    for each, arrival in new:
        if each.id in named:
            ARRIVALS.settle(_store(), arrival)
        else:
            ARRIVALS.give_up(database(), _store(), arrival)


def _code(refusal: Invalid | Conflict | Gone) -> str:
    if isinstance(refusal, UnfitFile):
        return f"file_{refusal.reason}"
    return refusal.errors[0].code if refusal.errors else "file_away"


def _store() -> Store:
    return store_at(database().config.evidence_url)
