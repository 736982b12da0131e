"""A draft as a prospect would meet it: walked question by question, without making a row."""

import json
from uuid import UUID

from flask import Response, request, url_for

from app.accounts.access import allow
from app.kernel import clock
from app.kernel.db.transaction import reading
from app.kernel.errors import Invalid
from app.kernel.text.i18n import Translator
from app.kernel.web.arguments import Variables
from app.kernel.web.forms import DeskForm
from app.kernel.web.htmx import respond
from app.prescreens import presentation
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import Submission
from app.prescreens.presentation.files import file_control
from app.prescreens.queries import drafts
from app.prescreens.queries.drafts import EditedQuestionnaire
from app.prescreens.rules import answers
from app.prescreens.rules.question_types import TYPES, Reader
from app.prescreens.rules.questionnaires import Content
from app.prescreens.rules.questions import Question, applicable
from app.prescreens.views.filters import READERS, pages
from app.prescreens.views.questionnaires import edited

Typed = dict[str, list[str]]
"""What was typed for each question so far; it travels in the form, and nothing is kept."""


@pages.get("/questionnaires/<uuid:id>/preview")
@allow(*READERS)
def preview_questionnaire(id: UUID) -> Response:
    """The first question of the draft."""
    row = edited(id)
    return _walk(row, drafts.drafted(reading(), row), {}, None)


@pages.post("/questionnaires/<uuid:id>/preview")
@allow(*READERS)
def walk_questionnaire(id: UUID) -> Response:
    """The question after the one that was answered, or the same with why its answer would be refused."""
    row = edited(id)
    DeskForm().check()
    typed = _typed(request.form.get("given", ""))
    key = request.form.get("step", "")
    typed.pop(key, None)
    typed[key] = [value[:5001] for value in request.form.getlist("answer")[:200]]
    return _walk(row, drafts.drafted(reading(), row), typed, key)


def _walk(row: EditedQuestionnaire, content: Content, typed: Typed, answered: str | None) -> Response:
    t, reader = TRANSLATIONS.translator(row.locale), Reader.of(row.locale, row.time_zone, clock.now())
    submission: Submission = {}
    left_empty: list[str] = []
    refused = ""
    for question in content.questions:
        if question.key in typed and question in applicable(content.questions, submission):
            try:
                value = answers.check_answer(question, typed[question.key], reader)
            except Invalid as refusal:
                if question.key == answered:
                    refused = presentation.problem(question, refusal.errors[0].code, reader.today, t)
                continue
            if value is None:
                left_empty.append(question.key)
            else:
                submission[question.key] = value
    asked = applicable(content.questions, submission)
    due = answered if refused else answers.next_question(content.questions, submission, left_empty)
    place = next((n for n, question in enumerate(asked) if question.key == due), len(asked))
    due_question = asked[place] if place < len(asked) else None
    return respond(
        "prescreens/preview.html",
        row=row,
        earlier=[
            (each.label, presentation.answer_text(each, submission.get(each.key), t) or t("skipped"))
            for each in asked[:place]
        ],
        given=json.dumps({name: values for name, values in typed.items() if name != due}),
        **_control(due_question, typed.get(due or "", []) if refused else [], refused, row, t),
        number=place + 1,
        total=len(asked),
    )


def phone(row: EditedQuestionnaire, content: Content, opened: int | None) -> Variables:
    """The question that is open in the editor, for the phone beside it."""
    t = TRANSLATIONS.translator(row.locale)
    question = content.questions[opened or 0] if content.questions else None
    return {**_control(question, [], "", row, t), "number": (opened or 0) + 1, "total": len(content.questions)}


def _control(
    question: Question | None, values: list[str], problem: str, row: EditedQuestionnaire, t: Translator
) -> Variables:
    """The variables of the control of one question (control.html)."""
    return {
        "question": question,
        "kind": TYPES[question.type] if question else None,
        "currency": presentation.currency_name(question.currency, t) if question else "",
        "values": values,
        "files": (),
        **(file_control(question, t) if question else {}),
        "problem": problem,
        "as_text": bool(values),
        "t": t,
        "their_lang": None if row.locale.split("-")[0] == t.lang else row.locale,
        "walk_url": url_for(".walk_questionnaire", id=row.id),
    }


def _typed(text: str) -> Typed:
    """What earlier steps typed; nothing of a form that says anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    lists = {str(name): value for name, value in found.items() if isinstance(value, list)}
    return {name: [str(each) for each in values] for name, values in lists.items()}
